//! How much of each there may be, and what happens when that is reached.

use graph::{ErrorCode, PublicError};

use crate::{Error, Tenant};

/// Refuses one more connection than the tenant may have.
pub(crate) async fn connections(tenant: &Tenant) -> Result<(), Error> {
    let most = tenant.profile.connections_max;
    if tenant.store.connections().await?.len() < most {
        return Ok(());
    }
    Err(reached(
        "connections",
        format!(
            "The tenant has {most} connections, which is as many as it may have. Delete one first."
        ),
    )
    .into())
}

/// 403 in the Graph's word for a limit that waiting does not lift.
fn reached(target: &str, help: String) -> PublicError {
    PublicError::new(
        ErrorCode::QuotaLimitReached,
        "The quota limit has been reached.",
    )
    .with_help(target, help)
}
