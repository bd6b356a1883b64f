//! The truth in one SQLite file: one writer thread with group commit, a few readers, one checkpointer.

mod accounts;
mod acls;
mod checkpoints;
mod connections;
mod counts;
mod dirty;
mod file;
mod fill;
mod groups;
mod items;
mod lists;
mod open;
mod operations;
mod readers;
mod step;
mod survey;
mod writer;

pub use open::open;
