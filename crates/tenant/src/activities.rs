//! The door to `/external/connections/{id}/items/{id}/activities`.

use graph::{ItemId, PublicError, activity::ActivityDraft, route::Door};

use crate::{Caller, Error, Tenant, access, kept::KeptActivity};

/// Keeps the accepted ones of some activities with an item; the others are answered one by one.
///
/// # Errors
/// 403, 404 as for every door; 404 when there is no such item.
pub async fn add_activities(
    tenant: &Tenant,
    caller: &Caller,
    connection: &str,
    id: &str,
    activities: Vec<ActivityDraft>,
) -> Result<Vec<ActivityDraft>, Error> {
    let kept = access::connection(tenant, caller, Door::AddActivities, connection).await?;
    let accepted: Vec<String> = activities
        .iter()
        .filter_map(|draft| draft.as_ref().ok())
        .map(|activity| activity.to_json().to_string())
        .collect();
    let there = tenant
        .store
        .add_activities(kept.key, &ItemId::kept(id), &accepted, tenant.clock.now())
        .await?;
    if there {
        Ok(activities)
    } else {
        Err(PublicError::not_found("Item").into())
    }
}

/// At most `limit` activities of an item behind that position.
///
/// # Errors
/// 403, 404 as for every door; 404 when there is no such item.
pub async fn list_activities(
    tenant: &Tenant,
    caller: &Caller,
    (connection, item): (&str, &str),
    after: u64,
    limit: u32,
) -> Result<Vec<KeptActivity>, Error> {
    let kept = access::connection(tenant, caller, Door::ListActivities, connection).await?;
    let activities = tenant
        .store
        .list_activities(kept.key, &ItemId::kept(item), after, limit)
        .await?;
    Ok(activities.ok_or_else(|| PublicError::not_found("Item"))?)
}

/// One activity, by the id that [`KeptActivity::id`] makes.
///
/// # Errors
/// 403, 404 as for every door; 404 when there is no such item or activity.
pub async fn get_activity(
    tenant: &Tenant,
    caller: &Caller,
    connection: &str,
    item: &str,
    id: &str,
) -> Result<KeptActivity, Error> {
    let kept = access::connection(tenant, caller, Door::GetActivity, connection).await?;
    let position = KeptActivity::position_in(id);
    let before = position.map_or(u64::MAX, |position| position.saturating_sub(1));
    let found = tenant
        .store
        .list_activities(kept.key, &ItemId::kept(item), before, 1)
        .await?
        .ok_or_else(|| PublicError::not_found("Item"))?;
    let first = found.into_iter().next();
    Ok(first
        .filter(|activity| activity.id() == id)
        .ok_or_else(|| PublicError::not_found("Activity"))?)
}
