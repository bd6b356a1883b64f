//! `/{version}/…`: from a door back to its row.
//!
//! Documentation: <https://learn.microsoft.com/graph/permissions-reference>

use super::{Door, ROUTES, Route};

impl Door {
    /// The row of this door; [`Door::Refused`] has many, of which this is the first.
    pub fn route(self) -> &'static Route {
        ROUTES
            .iter()
            .find(|route| route.door == self)
            .expect("every door has a row in the table")
    }
}
