//! How much of each there may be, what happens when that is reached, and how much is left.

use graph::{ConnectionState, ErrorCode, GroupId, PublicError, route::Door};

use crate::{Caller, Error, Tenant, access, connections, kept::KeptConnection};

/// `GET /external/connections/{id}/quota`: how many items the connection may still take, the smaller of what it and what the tenant has left.
///
/// # Errors
/// 403 without permission; 404 when the connection is absent or foreign.
pub async fn get_quota(tenant: &Tenant, caller: &Caller, connection: &str) -> Result<u64, Error> {
    let kept = access::connection(tenant, caller, Door::GetQuota, connection).await?;
    items_remaining(tenant, &kept).await
}

async fn items_remaining(tenant: &Tenant, kept: &KeptConnection) -> Result<u64, Error> {
    let (profile, store) = (&tenant.profile, &tenant.store);
    let own = store.count_items(kept.key).await?;
    let all = store.count_all_items().await?;
    let in_connection = profile.items_per_connection_max.saturating_sub(own);
    Ok(in_connection.min(profile.items_per_tenant_max.saturating_sub(all)))
}

/// There is no room for a new item: the connection says so in its state, and the client hears why.
pub(crate) async fn items_reached(tenant: &Tenant, kept: &KeptConnection) -> Result<Error, Error> {
    connections::set_state(tenant, kept.key, |state| {
        (state == ConnectionState::Ready).then_some(ConnectionState::LimitExceeded)
    })
    .await?;
    let most = &tenant.profile;
    let help = format!(
        "The connection '{}' takes no new items: a connection may hold {} and the tenant {}, and one of the two does. Items that are there can still be updated; delete some that are no longer needed.",
        kept.connection.id, most.items_per_connection_max, most.items_per_tenant_max
    );
    Ok(reached("items", help).into())
}

/// Opens connections again that were at their limit and have room now.
pub(crate) async fn ease(tenant: &Tenant) -> Result<(), Error> {
    for kept in tenant.store.connections().await? {
        if kept.connection.state == ConnectionState::LimitExceeded
            && items_remaining(tenant, &kept).await? > 0
        {
            connections::set_state(tenant, kept.key, |state| {
                (state == ConnectionState::LimitExceeded).then_some(ConnectionState::Ready)
            })
            .await?;
        }
    }
    Ok(())
}

/// Refuses one more connection than the tenant may have.
pub(crate) async fn connections(tenant: &Tenant) -> Result<(), Error> {
    let most = tenant.profile.connections_max;
    if tenant.store.connections().await?.len() < most {
        return Ok(());
    }
    let help = format!(
        "The tenant has {most} connections, as many as it may have; one that is being deleted counts until it is gone. Delete one first."
    );
    Err(reached("connections", help).into())
}

/// One external group too many.
pub(crate) fn groups(tenant: &Tenant) -> PublicError {
    let most = tenant.profile.groups_max;
    let help = format!(
        "The tenant has {most} external groups, as many as it may have. Delete groups that are no longer needed."
    );
    reached("groups", help)
}

/// One member too many.
pub(crate) fn members(tenant: &Tenant, group: &GroupId) -> PublicError {
    let most = tenant.profile.group_members_max;
    let help = format!(
        "The group '{group}' has {most} members, as many as it may have. Make groups members of the group instead."
    );
    reached("members", help)
}

/// 403 in the Graph's word for a limit that waiting does not lift.
fn reached(target: &str, help: String) -> PublicError {
    PublicError::new(
        ErrorCode::QuotaLimitReached,
        "The quota limit has been reached.",
    )
    .with_help(target, help)
}
