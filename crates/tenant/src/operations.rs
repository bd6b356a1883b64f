//! The door to `/external/connections/{id}/operations`.

use graph::{ConnectionOperation, OperationId, PublicError, route::Door};

use crate::{Caller, Error, Tenant, access};

/// At most `limit` operations of a connection behind that id.
///
/// # Errors
/// 403, 404 as for every door.
pub async fn list_operations(
    tenant: &Tenant,
    caller: &Caller,
    connection: &str,
    after: Option<&OperationId>,
    limit: u32,
) -> Result<Vec<ConnectionOperation>, Error> {
    let kept = access::connection(tenant, caller, Door::ListOperations, connection).await?;
    let store = &tenant.store;
    Ok(store.list_operations(kept.key, after, limit).await?)
}

/// One operation.
///
/// # Errors
/// 403 without permission; 404 when the connection is absent or foreign, or has no such operation.
pub async fn get_operation(
    tenant: &Tenant,
    caller: &Caller,
    connection: &str,
    operation: &str,
) -> Result<ConnectionOperation, Error> {
    let kept = access::connection(tenant, caller, Door::GetOperation, connection).await?;
    let found = tenant
        .store
        .operation(kept.key, &OperationId::kept(operation))
        .await?;
    Ok(found.ok_or_else(|| PublicError::not_found("Operation"))?)
}
