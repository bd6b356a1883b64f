//! The doors of the API: one file per noun, one function per operation.

mod connections;
mod groups;
mod items;
mod open;
mod operations;
mod page;
mod schema;
mod search;
mod token;
mod users;

pub(crate) use open::open;
