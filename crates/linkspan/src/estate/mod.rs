//! The tenants of a data directory: one directory each, with its truth and its memory.

mod dial;
mod home;
mod keep;
mod open;
mod shelf;

pub use self::{
    home::{Purpose, home},
    open::Estate,
};
