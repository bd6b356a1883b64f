//! The door to `/external/connections/{id}/items`.

use std::sync::Arc;

use graph::{
    ConnectionState, ExternalItem, ItemDraft, ItemId, PublicError, Schema, Scope, route::Door,
};

use crate::{
    Caller, Error, Tenant, access,
    connections::ATTEMPTS,
    error::Failure,
    kept::{Expected, KeptConnection, KeptItem},
    limit, schema,
    search::second_lock,
    store::StoreError,
};

/// Creates an item, or replaces the members that the draft names; those it does not name are kept.
///
/// # Errors
/// 403, 404 as for every door; 400 naming the property, the value, the rule and the fix; 412 for an item that should not be there
/// and is.
pub async fn put_item(
    tenant: &Tenant,
    caller: &Caller,
    connection: &str,
    id: ItemId,
    draft: ItemDraft,
) -> Result<ExternalItem, Error> {
    // A first crawl pushes new items: a whole draft is tried as one, which saves reading; if there is an item already the store says so.
    let mut guess_absent = draft.is_whole();
    for _ in 0..ATTEMPTS {
        let kept = access::connection(tenant, caller, Door::PutItem, connection).await?;
        let existing = if guess_absent {
            None
        } else {
            tenant.store.item(kept.key, &id).await?
        };
        if draft.only_if_absent && existing.is_some() {
            return Err(PublicError::present().into());
        }
        match write(tenant, caller, &kept, (&id, &draft), existing).await? {
            Some(item) => return Ok(item),
            None => guess_absent = false,
        }
    }
    Err(Failure::busy("item"))
}

/// Replaces the members of an existing item that the draft names (the older PATCH).
///
/// # Errors
/// As for [`put_item`]; 404 when there is no such item.
pub async fn update_item(
    tenant: &Tenant,
    caller: &Caller,
    connection: &str,
    id: ItemId,
    draft: ItemDraft,
) -> Result<ExternalItem, Error> {
    for _ in 0..ATTEMPTS {
        let kept = access::connection(tenant, caller, Door::UpdateItem, connection).await?;
        let existing = tenant.store.item(kept.key, &id).await?;
        let existing = existing.ok_or_else(|| PublicError::not_found("Item"))?;
        if let Some(item) = write(tenant, caller, &kept, (&id, &draft), Some(existing)).await? {
            return Ok(item);
        }
    }
    Err(Failure::busy("item"))
}

/// Admits a draft over what exists and writes it; `None` when that has to be looked at again because something has changed.
async fn write(
    tenant: &Tenant,
    caller: &Caller,
    kept: &KeptConnection,
    (id, draft): (&ItemId, &ItemDraft),
    existing: Option<KeptItem>,
) -> Result<Option<ExternalItem>, Error> {
    if let (None, Some(registration)) = (&kept.schema, &kept.registration) {
        schema::registered(tenant, kept, registration).await?;
        return Ok(None);
    }
    let schema = ready_schema(kept)?;
    let expected = existing
        .as_ref()
        .map_or(Expected::Absent, |item| Expected::At(item.version));
    let item = schema.admit(id.clone(), draft, existing.as_ref().map(|kept| &kept.item))?;
    kept.connection.admit_item(&item, &schema)?;
    match tenant
        .store
        .put_item(kept.key, &item, kept.schema_version, expected)
        .await
    {
        Err(StoreError::Conflict) => Ok(None),
        Err(StoreError::Full) => Err(limit::items_reached(tenant, kept).await?),
        Err(error) => Err(error.into()),
        Ok(_) => {
            tenant.progress.wrote(&caller.app, tenant.clock.now());
            tenant.dirty.notify_one();
            if kept.connection.state == ConnectionState::LimitExceeded {
                limit::ease(tenant).await?;
            }
            Ok(Some(item))
        }
    }
}

/// The schema of a connection that takes items.
fn ready_schema(kept: &KeptConnection) -> Result<Arc<Schema>, PublicError> {
    kept.schema.clone().ok_or_else(|| {
        PublicError::invalid(
            "schema",
            format!(
                "The connection '{0}' is in state draft: it has no schema yet, so it takes no items. PATCH /external/connections/{0}/schema first.",
                kept.connection.id
            ),
        )
    })
}

/// One item. A user's token that may only read sees it if the item's ACL admits the user; otherwise it is the 404 of an absent one.
///
/// # Errors
/// 403, 404 as for every door; 404 when there is no such item for this caller.
pub async fn get_item(
    tenant: &Tenant,
    caller: &Caller,
    connection: &str,
    id: &str,
) -> Result<ExternalItem, Error> {
    let kept = access::connection(tenant, caller, Door::GetItem, connection).await?;
    let found = tenant.store.item(kept.key, &ItemId::kept(id)).await?;
    let found = match (&caller.user, found) {
        (Some(user), Some(item)) if !writes(caller, &kept) => {
            second_lock::item(tenant, user, item.ordinal).await?
        }
        (_, found) => found,
    };
    Ok(found
        .map(|kept| kept.item)
        .ok_or_else(|| PublicError::not_found("Item"))?)
}

/// Some ids of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Those that the caller may see, in the order of their bytes.
    pub ids: Vec<ItemId>,
    /// The id behind which to go on; `None` at the end.
    pub rest: Option<ItemId>,
}

/// The ids of some items behind that id: at most `limit` are looked at. A user's token that may only read is shown those that [`get_item`]
/// would show, and nothing tells of the others.
///
/// # Errors
/// 403, 404 as for every door.
pub async fn list_items(
    tenant: &Tenant,
    caller: &Caller,
    connection: &str,
    after: Option<&ItemId>,
    limit: u32,
) -> Result<Listed, Error> {
    let kept = access::connection(tenant, caller, Door::ListItems, connection).await?;
    let mut lines = tenant.store.list_items(kept.key, after, limit).await?;
    let full = u32::try_from(lines.len()).is_ok_and(|length| length == limit);
    let rest = lines.last().filter(|_| full).map(|line| line.id.clone());
    if let Some(user) = &caller.user
        && !writes(caller, &kept)
    {
        let memberships = tenant.membership.of(user).await?;
        let folded = tenant.visibility.fold(user, &memberships);
        let lens = tenant.visibility.lens(&folded, &[kept.key]);
        lines.retain(|line| lens.admits(line.ordinal, line.text));
    }
    let ids = lines.into_iter().map(|line| line.id).collect();
    Ok(Listed { ids, rest })
}

/// May the caller write items here? Then it may read them, whatever their ACLs.
pub(crate) fn writes(caller: &Caller, kept: &KeptConnection) -> bool {
    caller.has(Scope::ExternalItemReadWriteAll)
        || caller.has(Scope::ExternalItemReadWriteOwnedBy) && caller.owns(kept)
}

/// Deletes an item.
///
/// # Errors
/// 403, 404 as for every door; 404 when there is no such item.
pub async fn delete_item(
    tenant: &Tenant,
    caller: &Caller,
    connection: &str,
    id: &str,
) -> Result<(), Error> {
    let kept = access::connection(tenant, caller, Door::DeleteItem, connection).await?;
    let deleted = tenant
        .store
        .delete_item(kept.key, &ItemId::kept(id))
        .await?;
    deleted.ok_or_else(|| PublicError::not_found("Item"))?;
    tenant.progress.wrote(&caller.app, tenant.clock.now());
    tenant.dirty.notify_one();
    limit::ease(tenant).await
}
