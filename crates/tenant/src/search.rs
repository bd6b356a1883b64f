//! From a query to an answer: bind, trim, ask the index, and judge once more.

mod bind;
mod highlight;
mod hit;
pub mod plan;
mod query;
mod restriction;
pub(crate) mod second_lock;
mod summary;

pub use query::query;
