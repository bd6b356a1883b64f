//! `/_linkspan/doctor/{connection}`: an examination of a connection, for people and for machines.

mod answer;
mod format;
mod markdown;
mod sarif;
mod seen;
mod text;

pub(crate) use answer::connection_at;
pub use format::{Format, render};
