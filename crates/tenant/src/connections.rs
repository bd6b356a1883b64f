//! The door to `/external/connections`.

use std::sync::Arc;

use graph::{
    ConnectionDraft, ConnectionId, ConnectionKey, ConnectionPatch, ConnectionState, ErrorCode,
    ExternalConnection, PublicError, route::Door,
};

use crate::{
    Caller, Error, Tenant, access,
    clock::later,
    error::Failure,
    kept::{KeptConnection, Ticket},
    life, limit,
    store::StoreError,
};

/// How often a write that lost a race is tried again before the client is told to come back.
pub(crate) const ATTEMPTS: usize = 16;

/// What a new connection has that its body does not say.
pub struct Origin<'a> {
    /// The id where the draft has none.
    pub fresh: &'a str,
    /// The `GraphConnectors-Ticket` that came with the request.
    pub ticket: Option<Ticket>,
}

/// Makes a connection in state `draft`; the calling app is put into `authorizedAppIds`.
///
/// # Errors
/// 403 without permission, or when the tenant has as many connections as it may; 409 `NameAlreadyExists` when the id is taken, whoever owns it.
pub async fn create_connection(
    tenant: &Tenant,
    caller: &Caller,
    draft: ConnectionDraft,
    origin: Origin<'_>,
) -> Result<Arc<KeptConnection>, Error> {
    caller.may(Door::CreateConnection)?;
    let mut connection = ExternalConnection {
        id: draft.id.unwrap_or_else(|| ConnectionId::kept(origin.fresh)),
        state: ConnectionState::Draft,
        authorized_app_ids: draft.authorized_app_ids,
        members: draft.members,
    };
    connection.authorize(&caller.app);
    let (store, id) = (&tenant.store, &connection.id);
    // Two could count the same connections and both find room.
    let _alone = tenant.creating.lock().await;
    if store.connection(id).await?.is_none() {
        limit::connections(tenant).await?;
    }
    let now = tenant.clock.now();
    let created_by = Some(caller.app.as_str());
    match store.create_connection(&connection, created_by, origin.ticket, now).await {
        Err(StoreError::Conflict) => Err(taken("id", format!(
            "A connection with the id '{id}' exists already, or is still being deleted (ids are compared without case). Choose another id, or delete that connection first."
        )).into()),
        other => Ok(other?),
    }
}

/// 409 in the words that clients know.
pub(crate) fn taken(target: &str, help: String) -> PublicError {
    PublicError::new(
        ErrorCode::NameAlreadyExists,
        "The specified resource name already exists.",
    )
    .with_help(target, help)
}

/// The connections that the caller may read, in the order they were made.
///
/// # Errors
/// 403 without permission.
pub async fn list_connections(
    tenant: &Tenant,
    caller: &Caller,
) -> Result<Vec<Arc<KeptConnection>>, Error> {
    caller.may(Door::ListConnections)?;
    let mut all = tenant.store.connections().await?;
    all.retain(|kept| access::visible(caller, Door::ListConnections, kept));
    Ok(all)
}

/// One connection.
///
/// # Errors
/// 403 without permission; 404 when it is absent or foreign.
pub async fn get_connection(
    tenant: &Tenant,
    caller: &Caller,
    id: &str,
) -> Result<Arc<KeptConnection>, Error> {
    access::connection(tenant, caller, Door::GetConnection, id).await
}

/// Changes the members that the patch names. The app that made the connection stays among those that manage it; the sentence says so where the patch
/// left it out.
///
/// # Errors
/// 403 without permission; 404 when it is absent or foreign; 400 when what the connection holds does not allow the change.
pub async fn update_connection(
    tenant: &Tenant,
    caller: &Caller,
    id: &str,
    patch: ConnectionPatch,
) -> Result<Option<String>, Error> {
    for _ in 0..ATTEMPTS {
        let kept = access::connection(tenant, caller, Door::UpdateConnection, id).await?;
        let mut patched = patch.apply(&kept.connection);
        if let Some(schema) = &kept.schema {
            patched.admit_schema(schema)?;
        }
        if patched.is_of_people() && !kept.connection.is_of_people() {
            let items = tenant.store.count_items(kept.key).await?;
            patched.admit_category(items)?;
        }
        let creator = kept.created_by.as_deref();
        let stayed = creator.filter(|creator| patched.authorize(creator));
        match tenant
            .store
            .update_connection(kept.key, &patched, kept.version)
            .await
        {
            Err(StoreError::Conflict) => {}
            other => {
                other?;
                return Ok(stayed.map(|app| {
                    format!("The app {app} made this connection and stays in authorizedAppIds; other apps can be taken out.")
                }));
            }
        }
    }
    Err(Failure::busy("connection"))
}

/// Deletes a connection with everything in it: that is out of everybody's sight at once and removed in the background. The connection itself still
/// answers for as long as the profile says; deleting it again meanwhile changes nothing.
///
/// # Errors
/// 403 without permission; 404 when it is absent or foreign.
pub async fn delete_connection(tenant: &Tenant, caller: &Caller, id: &str) -> Result<(), Error> {
    let kept = access::connection(tenant, caller, Door::DeleteConnection, id).await?;
    if kept.released_at.is_some() {
        return Ok(());
    }
    let profile = &tenant.profile;
    let takes = profile
        .connection_deletion
        .pick(profile.seed, kept.connection.id.as_str());
    if takes.is_zero() {
        return life::release(tenant, &kept).await;
    }
    let when = later(tenant.clock.now(), takes);
    tenant.store.release_connection(kept.key, when).await?;
    tenant.scheduled.notify_one();
    tenant.settled.notify_waiters();
    Ok(())
}

/// Takes a connection out of use for good: it can be read and deleted, and no more. No client may do this; the service does.
///
/// # Errors
/// 404 when there is no such connection.
pub async fn retire(tenant: &Tenant, id: &str) -> Result<(), Error> {
    let kept = tenant.store.connection(&ConnectionId::kept(id)).await?;
    let kept = kept.ok_or_else(|| PublicError::not_found("Connection"))?;
    set_state(tenant, kept.key, |_| Some(ConnectionState::Obsolete)).await
}

/// Sets a connection's state to what follows from the present one; `None` leaves it. One that is gone, or being
/// deleted, keeps the state that it had.
pub(crate) async fn set_state(
    tenant: &Tenant,
    at: ConnectionKey,
    next: impl Fn(ConnectionState) -> Option<ConnectionState>,
) -> Result<(), Error> {
    for _ in 0..ATTEMPTS {
        let kept = tenant.visibility.connection_at(at);
        let Some(kept) = kept.filter(|kept| kept.released_at.is_none()) else {
            return Ok(());
        };
        let mut connection = kept.connection.clone();
        match next(connection.state) {
            Some(state) if state != connection.state => connection.state = state,
            _ => return Ok(()),
        }
        let updated = tenant
            .store
            .update_connection(at, &connection, kept.version)
            .await;
        match updated {
            Err(StoreError::Conflict) => {}
            other => return Ok(other.map(drop)?),
        }
    }
    Err(Failure::busy("connection"))
}

/// `ingestedItemsCount` (beta): how many items the connection holds; `None` in state `draft`.
///
/// # Errors
/// Fails when the store does.
pub async fn ingested_items_count(
    tenant: &Tenant,
    kept: &KeptConnection,
) -> Result<Option<u64>, Error> {
    if kept.connection.state == ConnectionState::Draft {
        return Ok(None);
    }
    Ok(Some(tenant.store.count_items(kept.key).await?))
}
