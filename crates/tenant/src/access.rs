//! What every door asks first: may this caller do this, and to this connection?

use std::sync::Arc;

use graph::{
    ConnectionId, ConnectionState, PublicError, Scope,
    route::{Door, Method},
    search,
};

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
        // Each entry of a batch asks for its own.
        if door == Door::Batch {
            return Ok(());
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
    pub(crate) fn reaches_all(&self, door: Door) -> bool {
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
    let kept = kept.ok_or_else(|| PublicError::not_found("Connection"))?;
    open_in_its_state(&kept, door)?;
    Ok(kept)
}

/// Would the caller find the connection behind this door? For who counts requests before they are answered: what is
/// refused or not found must not count against whoever has the connection.
pub async fn finds(tenant: &Tenant, caller: &Caller, door: Door, id: &str) -> bool {
    connection(tenant, caller, door, id).await.is_ok()
}

/// Does a connection in this state, or on its way out, still open this door? (`contract/external.md` §13.1.) What a draft lacks says so itself, and
/// what is over a limit is refused where it is counted.
fn open_in_its_state(kept: &KeptConnection, door: Door) -> Result<(), PublicError> {
    if matches!(door, Door::GetConnection | Door::DeleteConnection) {
        return Ok(());
    }
    if kept.released_at.is_some() {
        return Err(PublicError::not_found("Connection").with_help(
            "connection",
            format!(
                "The connection '{}' is being deleted, and what it held is gone. Its id is free again when a GET of it answers 404.",
                kept.connection.id
            ),
        ));
    }
    let reads = door.route().method == Method::Get;
    let (state, rest) = match kept.connection.state {
        ConnectionState::Obsolete if !reads => ("obsolete", "it can only be read and deleted"),
        ConnectionState::LimitExceeded
            if matches!(door, Door::RegisterSchema | Door::RegisterSchemaPost) =>
        {
            (
                "limitExceeded",
                "its schema cannot be changed until items are deleted",
            )
        }
        _ => return Ok(()),
    };
    Err(PublicError::invalid(
        "state",
        format!(
            "The connection '{}' is in state {state}: {rest}.",
            kept.connection.id
        ),
    ))
}

/// Does the caller's permission for this door reach this connection?
pub(crate) fn visible(caller: &Caller, door: Door, kept: &KeptConnection) -> bool {
    caller.reaches_all(door) || caller.owns(kept)
}
