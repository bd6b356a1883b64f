//! What comes to connections in its time: a registration comes into force, a deleted connection is released.
//!
//! When that is, is in the store, so a process that stops in between only does it later. It is in the tenant's time: where that goes back, or
//! another profile holds, what is due is brought forward to what the profile can give.

use std::{future::pending, sync::Arc, time::Duration};

use graph::{
    ConnectionOperation, ConnectionState, DateTime, ErrorCode, OperationStatus, PublicError,
};
use tokio::{sync::watch, time::timeout};
use tracing::error;

use crate::{
    Error, Tenant,
    clock::later,
    indexer,
    kept::{KeptConnection, Registration},
    limit,
    profile::Span,
    tasks::{Loop, stopped},
};

/// Wait this long, in real time, after a failure.
const RETRY: Duration = Duration::from_secs(1);

/// Starts the loop; it ends when `stop` becomes true.
pub fn start(tenant: &Arc<Tenant>, stop: &watch::Receiver<bool>) -> Loop {
    Loop::start("life", run(Arc::clone(tenant), stop.clone()))
}

async fn run(tenant: Arc<Tenant>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let next = match step(&tenant).await {
            Ok(next) => next,
            Err(failure) => {
                error!(?failure, "what was due failed; it will be tried again");
                let _ = timeout(RETRY, stopped(&mut stop)).await;
                continue;
            }
        };
        tokio::select! {
            () = stopped(&mut stop) => return,
            () = tenant.scheduled.notified() => {}
            () = sleep_until(&tenant, next) => {}
        }
    }
}

async fn sleep_until(tenant: &Tenant, next: Option<DateTime>) {
    match next {
        Some(next) => tenant.clock.sleep_until(next).await,
        None => pending().await,
    }
}

/// To be called when the clock was moved: what became due thereby is done when this returns, and what waited for the index long enough is in it.
///
/// # Errors
/// Fails when the store or the index does; the rest is done later then.
pub async fn catch_up(tenant: &Tenant) -> Result<(), Error> {
    step(tenant).await?;
    indexer::catch_up(tenant).await
}

/// Does everything that is due; says when the next thing is.
///
/// # Errors
/// Fails when the store does; what was due stays due then.
pub async fn step(tenant: &Tenant) -> Result<Option<DateTime>, Error> {
    let _alone = tenant.living.lock().await;
    let now = tenant.clock.now();
    let mut next = None;
    for kept in tenant.store.connections().await? {
        let Some((due, takes)) = due(tenant, &kept) else {
            continue;
        };
        let left = takes.left(now, due);
        if !left.is_zero() {
            let within = later(now, left);
            if within < due {
                tenant.store.bring_forward(kept.key, within).await?;
            }
            next = Some(next.map_or(within, |next: DateTime| next.min(within)));
        } else if kept.released_at.is_some() {
            release(tenant, &kept).await?;
        } else if let Some(registration) = &kept.registration {
            let outcome = outcome(tenant, &kept, registration);
            tenant.store.end_registration(kept.key, &outcome).await?;
            tenant.settled.notify_waiters();
        }
    }
    // The process may have been started again with more room.
    limit::ease(tenant).await?;
    Ok(next)
}

/// What a connection waits for: when it is due, and how long the whole of it takes. One that is being deleted has nothing else to wait for.
fn due(tenant: &Tenant, kept: &KeptConnection) -> Option<(DateTime, Span)> {
    let profile = &tenant.profile;
    let release = |at| (at, profile.connection_deletion);
    let registration = kept.registration.as_ref();
    kept.released_at
        .map(release)
        .or(registration.map(|pending| (pending.due, profile.schema_registration)))
}

/// The connection is gone for everyone; what it held is removed in the background.
pub(crate) async fn release(tenant: &Tenant, kept: &KeptConnection) -> Result<(), Error> {
    tenant.store.delete_connection(kept.key).await?;
    tenant.deleted.notify_one();
    tenant.settled.notify_waiters();
    limit::ease(tenant).await
}

/// How a registration ends.
fn outcome(
    tenant: &Tenant,
    kept: &KeptConnection,
    registration: &Registration,
) -> ConnectionOperation {
    let error = if tenant.profile.schema_registration_fails {
        Some(
            PublicError::new(
                ErrorCode::GeneralException,
                "Server error, something went wrong",
            )
            .with_help(
                "schema",
                "This server was told to let registrations fail. Register the schema again once it no longer is.",
            ),
        )
    } else if kept.connection.state == ConnectionState::Obsolete {
        Some(PublicError::invalid(
            "state",
            "The connection became obsolete before the schema came into force. Delete the connection and create it again.",
        ))
    } else {
        None
    };
    ConnectionOperation {
        id: registration.operation.clone(),
        status: if error.is_some() {
            OperationStatus::Failed
        } else {
            OperationStatus::Completed
        },
        error,
    }
}
