//! What an implementation of a port must promise, in code: called by the tests of every engine.

pub mod index;
pub mod store;
