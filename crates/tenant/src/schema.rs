//! The door to `/external/connections/{id}/schema`.

use std::{sync::Arc, time::Duration};

use graph::{
    ConnectionOperation, ErrorCode, OperationId, OperationStatus, PublicError, Schema, SchemaDraft,
    route::Door,
};

use crate::{
    Caller, Error, Tenant, access,
    clock::later,
    connections::{ATTEMPTS, taken},
    error::Failure,
    kept::{KeptConnection, Registration},
    store::StoreError,
};

/// An item waits at most this long, in real time, for the registration that will let it in.
const PATIENCE: Duration = Duration::from_secs(2);

/// Registers a schema, or replaces the registered one where the rules of change allow it. How long that takes is the profile's; if no time, the
/// connection is ready when this returns.
///
/// # Errors
/// 403 without permission; 404 when the connection is absent or foreign; 400 naming the change that is not allowed; 409 `NameAlreadyExists` while
/// another registration runs.
pub async fn register_schema(
    tenant: &Tenant,
    caller: &Caller,
    connection: &str,
    draft: SchemaDraft,
    operation: OperationId,
) -> Result<ConnectionOperation, Error> {
    let profile = &tenant.profile;
    let takes = (profile.schema_registration).pick(profile.seed, operation.as_str());
    let at_once = takes.is_zero() && !profile.schema_registration_fails;
    let operation = ConnectionOperation {
        id: operation,
        status: if at_once {
            OperationStatus::Completed
        } else {
            OperationStatus::Inprogress
        },
        error: None,
    };
    let registration = Registration {
        operation: operation.id.clone(),
        schema: Arc::new(draft.schema),
        due: later(tenant.clock.now(), takes),
    };
    for _ in 0..ATTEMPTS {
        let kept = access::connection(tenant, caller, Door::RegisterSchema, connection).await?;
        if let Some(running) = &kept.registration {
            return Err(busy(running).into());
        }
        kept.connection.admit_schema(&registration.schema)?;
        if let Some(former) = &kept.schema {
            registration.schema.replaces(former)?;
        }
        let (store, at, expected) = (&tenant.store, kept.key, kept.schema_version);
        let written = if at_once {
            let schema = &registration.schema;
            store
                .register_schema(at, schema, expected, &operation)
                .await
        } else {
            store.begin_registration(at, &registration, expected).await
        };
        match written {
            Err(StoreError::Conflict) => {}
            other => {
                other?;
                tenant.scheduled.notify_one();
                return Ok(operation);
            }
        }
    }
    Err(Failure::busy("schema"))
}

fn busy(running: &Registration) -> PublicError {
    taken(
        "schema",
        format!(
            "The schema that was sent before is still being registered, by the operation '{}'. Wait until it is completed or failed.",
            running.operation
        ),
    )
}

/// The schema that was accepted last, whether or not it is in force already.
///
/// # Errors
/// 403 without permission; 404 when the connection is absent or foreign, or has no schema yet.
pub async fn get_schema(
    tenant: &Tenant,
    caller: &Caller,
    connection: &str,
) -> Result<Arc<Schema>, Error> {
    let kept = access::connection(tenant, caller, Door::GetSchema, connection).await?;
    let accepted = kept.registration.as_ref().map(|pending| &pending.schema);
    Ok(accepted
        .or(kept.schema.as_ref())
        .cloned()
        .ok_or_else(|| PublicError::not_found("Schema"))?)
}

/// Holds a write for a moment while the connection's first schema is being registered, if that moment can help; few at a time.
///
/// # Errors
/// 503 with the seconds that the registration still takes, when it does not end in time.
pub(crate) async fn registered(
    tenant: &Tenant,
    kept: &KeptConnection,
    registration: &Registration,
) -> Result<(), Error> {
    let takes = tenant.profile.schema_registration;
    let left = || takes.left(tenant.clock.now(), registration.due);
    if left() <= PATIENCE
        && let Ok(_place) = tenant.places.try_acquire()
        && tokio::time::timeout(PATIENCE, ended(tenant, kept))
            .await
            .is_ok()
    {
        return Ok(());
    }
    let seconds = left().as_secs_f64().ceil().max(1.0) as u32;
    Err(PublicError::new(
        ErrorCode::ServiceNotAvailable,
        "The service is temporarily unavailable. Please retry the request.",
    )
    .with_help(
        "schema",
        format!(
            "The connection '{}' takes items when its schema is registered: GET the operation '{}', or try again in {seconds} s.",
            kept.connection.id, registration.operation
        ),
    )
    .after(seconds)
    .into())
}

/// Resolves when the connection has no registration any more, perhaps because it is gone.
async fn ended(tenant: &Tenant, kept: &KeptConnection) {
    loop {
        let settled = tenant.settled.notified();
        let now = tenant.visibility.connection_at(kept.key);
        if now.is_none_or(|now| now.registration.is_none()) {
            return;
        }
        settled.await;
    }
}
