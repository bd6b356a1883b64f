//! The door to `/external/connections/{id}/schema`.

use std::sync::Arc;

use graph::{
    ConnectionOperation, OperationId, OperationStatus, PublicError, Schema, SchemaDraft,
    route::Door,
};

use crate::{
    Caller, Error, Tenant, access, connections::ATTEMPTS, error::Failure, store::StoreError,
};

/// Registers a schema, or replaces the registered one where the rules of change allow it. The connection is ready when this returns.
///
/// # Errors
/// 403 without permission; 404 when the connection is absent or foreign; 400 naming the change that is not allowed.
pub async fn register_schema(
    tenant: &Tenant,
    caller: &Caller,
    connection: &str,
    draft: SchemaDraft,
    operation: OperationId,
) -> Result<ConnectionOperation, Error> {
    let operation = ConnectionOperation {
        id: operation,
        status: OperationStatus::Completed,
        error: None,
    };
    for _ in 0..ATTEMPTS {
        let kept = access::connection(tenant, caller, Door::RegisterSchema, connection).await?;
        if let Some(former) = &kept.schema {
            draft.schema.replaces(former)?;
        }
        match tenant
            .store
            .register_schema(kept.key, &draft.schema, kept.schema_version, &operation)
            .await
        {
            Err(StoreError::Conflict) => {}
            other => return Ok(other.map(|_| operation)?),
        }
    }
    Err(Failure::busy("schema"))
}

/// The registered schema.
///
/// # Errors
/// 403 without permission; 404 when the connection is absent or foreign, or has no schema yet.
pub async fn get_schema(
    tenant: &Tenant,
    caller: &Caller,
    connection: &str,
) -> Result<Arc<Schema>, Error> {
    let kept = access::connection(tenant, caller, Door::GetSchema, connection).await?;
    Ok(kept
        .schema
        .clone()
        .ok_or_else(|| PublicError::not_found("Schema"))?)
}
