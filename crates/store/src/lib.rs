//! The truth: every connection, item, group and account, kept durably and answered exactly.
//!
//! One engine so far, SQLite, embedded. Nobody outside sees SQL, a row or a driver's error.

mod fault;
mod refusal;
mod rows;
mod sqlite;

pub use sqlite::open;
