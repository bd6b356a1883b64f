//! `linkspan app`, `linkspan user`, `linkspan group` and `linkspan keys`: changes to a data directory that no server uses.

mod alter;
mod apps;
mod groups;
mod keys;
mod open;
pub mod rules;
mod users;

pub use self::{
    apps::{AppCommand, app},
    groups::{GroupCommand, group},
    keys::{KeysCommand, keys},
    users::{UserCommand, user},
};
