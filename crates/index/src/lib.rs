//! The memory of the truth, arranged for asking: implementers of [`tenant::index::Index`].
//!
//! [`open`] gives the embedded engine: one directory, one tantivy index, one tenant.

mod tantivy;

#[cfg(feature = "bench")]
pub use crate::tantivy::TantivyIndex;
pub use crate::tantivy::open;
