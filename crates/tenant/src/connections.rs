//! The door to `/external/connections`.

use std::sync::Arc;

use graph::{
    ConnectionDraft, ConnectionId, ConnectionPatch, ConnectionState, ErrorCode, ExternalConnection,
    PublicError, route::Door,
};

use crate::{
    Caller, Error, Tenant, access, error::Failure, kept::KeptConnection, store::StoreError,
};

/// How often a write that lost a race is tried again before the client is told to come back.
pub(crate) const ATTEMPTS: usize = 16;

/// Makes a connection in state `draft`; the calling app is put into `authorizedAppIds`. `fresh` is the id where the draft has none.
///
/// # Errors
/// 403 without permission; 409 `NameAlreadyExists` when the id is taken, whoever owns it.
pub async fn create_connection(
    tenant: &Tenant,
    caller: &Caller,
    draft: ConnectionDraft,
    fresh: &str,
) -> Result<Arc<KeptConnection>, Error> {
    caller.may(Door::CreateConnection)?;
    let mut authorized_app_ids = draft.authorized_app_ids;
    if !authorized_app_ids
        .iter()
        .any(|id| id.eq_ignore_ascii_case(&caller.app))
    {
        authorized_app_ids.push(caller.app.clone());
    }
    let connection = ExternalConnection {
        id: draft.id.unwrap_or_else(|| ConnectionId::kept(fresh)),
        state: ConnectionState::Draft,
        authorized_app_ids,
        members: draft.members,
    };
    match tenant
        .store
        .create_connection(&connection, tenant.clock.now())
        .await
    {
        Err(StoreError::Conflict) => Err(taken(&connection.id).into()),
        other => Ok(other?),
    }
}

fn taken(id: &ConnectionId) -> PublicError {
    PublicError::new(
        ErrorCode::NameAlreadyExists,
        "The specified resource name already exists.",
    )
    .with_help(
        "id",
        format!("A connection with the id '{id}' exists already (ids are compared without case). Choose another id, or delete that connection first."),
    )
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

/// Changes the members that the patch names.
///
/// # Errors
/// 403 without permission; 404 when it is absent or foreign.
pub async fn update_connection(
    tenant: &Tenant,
    caller: &Caller,
    id: &str,
    patch: ConnectionPatch,
) -> Result<(), Error> {
    for _ in 0..ATTEMPTS {
        let kept = access::connection(tenant, caller, Door::UpdateConnection, id).await?;
        let patched = patch.apply(&kept.connection);
        match tenant
            .store
            .update_connection(kept.key, &patched, kept.version)
            .await
        {
            Err(StoreError::Conflict) => {}
            other => return Ok(other.map(drop)?),
        }
    }
    Err(Failure::busy("connection"))
}

/// Deletes a connection with everything in it: it is gone for everyone at once, what it held is removed in the background.
///
/// # Errors
/// 403 without permission; 404 when it is absent or foreign.
pub async fn delete_connection(tenant: &Tenant, caller: &Caller, id: &str) -> Result<(), Error> {
    let kept = access::connection(tenant, caller, Door::DeleteConnection, id).await?;
    if !tenant.store.delete_connection(kept.key).await? {
        return Err(PublicError::not_found("Connection").into());
    }
    tenant.deleted.notify_one();
    Ok(())
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
