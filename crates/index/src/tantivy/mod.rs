//! The embedded engine.

mod answer;
mod apply;
mod collector;
mod failure;
mod mapping;
mod near;
mod open;
mod prefix;
mod query;
mod range;
mod terms;
mod watch;

#[cfg(feature = "bench")]
pub use self::open::TantivyIndex;
pub use self::open::open;
