//! The doors of the API: one file per noun, one function per operation.

mod activities;
mod connections;
mod course;
mod directory;
mod directory_groups;
mod groups;
mod items;
mod members;
mod open;
mod operations;
mod page;
mod quota;
mod schema;
mod search;
mod token;
mod users;
mod walks;

pub(crate) use open::open;
pub(crate) use walks::Walks;
