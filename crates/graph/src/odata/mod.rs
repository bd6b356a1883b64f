//! `/{version}/…?$filter=…`: OData's conventions as far as these resources need them.
//!
//! Documentation: <https://learn.microsoft.com/graph/query-parameters>

mod context;
mod filter;
mod list;
mod metadata;
mod number;
mod order;
mod path;
mod prefer;
mod query;
mod shape;
pub mod shapes;
mod types;

pub use context::{Context, context};
pub use filter::Filter;
pub use list::List;
pub use metadata::Metadata;
pub use number::integer;
pub use order::Order;
pub use path::{OwnedSegment, path, segments};
pub use prefer::{Preferences, Returned};
pub use query::{QueryOptions, TOP_MAX};
pub use shape::{Kind, Property, Shape};
pub use types::annotate;
