//! What a store must promise. Every function takes a fresh, empty store and the picture that it fills.

pub mod accounts;
pub mod connections;
pub mod dirty;
pub mod groups;
pub mod items;
pub mod limits;
pub mod lists;
pub mod purge;
pub mod reopening;
pub mod stale;
pub mod survey;
mod world;

pub use self::world::{Opened, World};
