//! `/{version}/…`: the closed table of the protocol's operations, and the way from a path to its row.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/indexing-api-overview>

mod doors;
mod find;
mod row;
mod table;

pub use find::{Found, Params, Segment, find};
pub use row::{Door, Method, Route, Serving, Voice};
pub use table::ROUTES;
