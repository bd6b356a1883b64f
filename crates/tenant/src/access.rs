//! What every door asks first: may this caller do this, and to this connection?

use std::sync::Arc;

use graph::{ConnectionId, PublicError, Scope, route::Door, search};

use crate::{Caller, Error, Tenant, kept::KeptConnection};

/// The permissions that reach only connections whose `authorizedAppIds` name the app.
const OWNED_BY: [Scope; 2] = [
    Scope::ExternalConnectionReadWriteOwnedBy,
    Scope::ExternalItemReadWriteOwnedBy,
];

impl Caller {
    /// Refuses with 403 unless the token carries a permission for the operation behind this door (`graph::route::ROUTES`).
    ///
    /// # Errors
    /// 403 `AccessDenied` naming what the token carries and what it would need.
    pub fn may(&self, door: Door) -> Result<(), PublicError> {
        let route = door.route();
        if door == Door::Query {
            return self.may_query(route.delegated);
        }
        self.require(route.delegated, route.application)
    }

    /// Only a user's token searches external items, and the search service says so in its own words (`contract/search.md` §13.3).
    fn may_query(&self, delegated: &[Scope]) -> Result<(), PublicError> {
        if self.user.is_none() {
            return Err(search::application_refused());
        }
        if self.has_any(delegated) {
            return Ok(());
        }
        let granted: Vec<_> = self
            .permissions
            .iter()
            .map(|scope| scope.as_str())
            .collect();
        Err(search::forbidden(&granted))
    }

    /// Does one of the permissions that suffice for this door reach every connection of the tenant?
    fn reaches_all(&self, door: Door) -> bool {
        let route = door.route();
        let wanted = if self.user.is_some() {
            route.delegated
        } else {
            route.application
        };
        wanted
            .iter()
            .any(|scope| !OWNED_BY.contains(scope) && self.has(*scope))
    }

    /// Is the app among those that may manage the connection?
    pub(crate) fn owns(&self, kept: &KeptConnection) -> bool {
        kept.connection
            .authorized_app_ids
            .iter()
            .any(|id| id.eq_ignore_ascii_case(&self.app))
    }
}

/// The connection of that id, if the caller may use this door on it. A foreign connection is the exact 404 of an absent one.
pub(crate) async fn connection(
    tenant: &Tenant,
    caller: &Caller,
    door: Door,
    id: &str,
) -> Result<Arc<KeptConnection>, Error> {
    caller.may(door)?;
    let kept = tenant
        .store
        .connection(&ConnectionId::kept(id))
        .await?
        .filter(|kept| visible(caller, door, kept));
    Ok(kept.ok_or_else(|| PublicError::not_found("Connection"))?)
}

/// Does the caller's permission for this door reach this connection?
pub(crate) fn visible(caller: &Caller, door: Door, kept: &KeptConnection) -> bool {
    caller.reaches_all(door) || caller.owns(kept)
}
