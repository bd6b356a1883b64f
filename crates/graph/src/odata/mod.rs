//! `/{version}/…?$filter=…`: OData's conventions as far as these resources need them.
//!
//! Documentation: <https://learn.microsoft.com/graph/query-parameters>

mod context;
mod metadata;
mod number;
mod path;
mod prefer;
mod query;

pub use context::{Context, context};
pub use metadata::Metadata;
pub use number::integer;
pub use path::{OwnedSegment, path, segments};
pub use prefer::Preference;
pub use query::{Filter, FilterProperty, QueryOptions};
