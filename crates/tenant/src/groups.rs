//! The door to `/external/connections/{id}/groups` and their members.

use graph::{ExternalGroup, GroupDraft, GroupId, GroupPatch, Identity, PublicError, route::Door};

use crate::{Caller, Error, Tenant, access, connections::taken, limit, store::StoreError};

/// Makes an external group; ACLs may have named it before.
///
/// # Errors
/// 403, 404 as for every door; 409 `NameAlreadyExists` when the id is taken.
pub async fn create_group(
    tenant: &Tenant,
    caller: &Caller,
    connection: &str,
    draft: GroupDraft,
) -> Result<ExternalGroup, Error> {
    let kept = access::connection(tenant, caller, Door::CreateGroup, connection).await?;
    match tenant.store.create_group(kept.key, &draft.group).await {
        Err(StoreError::Conflict) => Err(taken(
            "id",
            format!(
                "The connection has a group with the id '{}' already. PATCH it, or choose another id.",
                draft.group.id
            ),
        )
        .into()),
        Err(StoreError::Full) => Err(limit::groups(tenant).into()),
        other => Ok(other.map(|()| draft.group)?),
    }
}

/// At most `limit` external groups of a connection behind that id.
///
/// # Errors
/// 403, 404 as for every door.
pub async fn list_groups(
    tenant: &Tenant,
    caller: &Caller,
    connection: &str,
    after: Option<&GroupId>,
    limit: u32,
) -> Result<Vec<ExternalGroup>, Error> {
    let kept = access::connection(tenant, caller, Door::ListGroups, connection).await?;
    Ok(tenant.store.list_groups(kept.key, after, limit).await?)
}

/// One external group.
///
/// # Errors
/// 403, 404 as for every door; 404 when there is no such group.
pub async fn get_group(
    tenant: &Tenant,
    caller: &Caller,
    connection: &str,
    group: &str,
) -> Result<ExternalGroup, Error> {
    let kept = access::connection(tenant, caller, Door::GetGroup, connection).await?;
    let found = tenant.store.group(kept.key, &GroupId::kept(group)).await?;
    Ok(found.ok_or_else(absent)?)
}

/// Changes the names of an external group.
///
/// # Errors
/// 403, 404 as for every door; 404 when there is no such group.
pub async fn update_group(
    tenant: &Tenant,
    caller: &Caller,
    connection: &str,
    group: &str,
    patch: GroupPatch,
) -> Result<(), Error> {
    let kept = access::connection(tenant, caller, Door::UpdateGroup, connection).await?;
    let found = tenant.store.group(kept.key, &GroupId::kept(group)).await?;
    let patched = patch.apply(&found.ok_or_else(absent)?);
    found_or(tenant.store.update_group(kept.key, &patched).await?)
}

/// Deletes an external group and its memberships; ACLs that name it just stop matching.
///
/// # Errors
/// 403, 404 as for every door; 404 when there is no such group.
pub async fn delete_group(
    tenant: &Tenant,
    caller: &Caller,
    connection: &str,
    group: &str,
) -> Result<(), Error> {
    let kept = access::connection(tenant, caller, Door::DeleteGroup, connection).await?;
    found_or(
        tenant
            .store
            .delete_group(kept.key, &GroupId::kept(group))
            .await?,
    )
}

/// At most `limit` members of an external group behind that one.
///
/// # Errors
/// 403, 404 as for every door; 404 when there is no such group.
pub async fn list_members(
    tenant: &Tenant,
    caller: &Caller,
    (connection, group): (&str, &str),
    after: Option<&Identity>,
    limit: u32,
) -> Result<Vec<Identity>, Error> {
    let kept = access::connection(tenant, caller, Door::ListMembers, connection).await?;
    let members = tenant
        .store
        .list_members(kept.key, &GroupId::kept(group), after, limit)
        .await?;
    Ok(members.ok_or_else(absent)?)
}

/// One member; of several with this id, of different kinds, the first.
///
/// # Errors
/// 403, 404 as for every door; 404 when there is no such group or member.
pub async fn get_member(
    tenant: &Tenant,
    caller: &Caller,
    connection: &str,
    group: &str,
    member: &str,
) -> Result<Identity, Error> {
    let kept = access::connection(tenant, caller, Door::GetMember, connection).await?;
    let members = tenant
        .store
        .members_called(kept.key, &GroupId::kept(group), member)
        .await?
        .ok_or_else(absent)?;
    let first = members.into_iter().next();
    Ok(first.ok_or_else(|| PublicError::not_found("Member"))?)
}

/// Adds a member; adding it again is no error. It holds for the next request.
///
/// # Errors
/// 403, 404 as for every door; 404 when there is no such group; 409 `NameAlreadyExists` when the id is that of a member of another type.
pub async fn add_member(
    tenant: &Tenant,
    caller: &Caller,
    connection: &str,
    group: &str,
    member: Identity,
) -> Result<Identity, Error> {
    let kept = access::connection(tenant, caller, Door::AddMember, connection).await?;
    let group = GroupId::kept(group);
    match tenant.store.add_member(kept.key, &group, &member).await {
        Err(StoreError::Conflict) => {
            let known = tenant.store.members_called(kept.key, &group, &member.id);
            let known = known.await?.into_iter().flatten().next();
            Err(namesake(&group, &member, known.as_ref()).into())
        }
        Err(StoreError::Full) => Err(limit::members(tenant, &group).into()),
        other => Ok(other?.map(|_| member).ok_or_else(absent)?),
    }
}

/// 409: the id is that of another member, which a client could not tell from this one.
fn namesake(group: &GroupId, member: &Identity, known: Option<&Identity>) -> PublicError {
    let kind = known.map_or("another type", |known| known.kind.as_str());
    taken(
        "id",
        format!(
            "The group '{group}' has the member '{}' of type {kind} already, and a member's id is its key: it cannot be of type {} too. DELETE that member first.",
            member.id,
            member.kind.as_str()
        ),
    )
}

/// Removes a member. It holds for the next request.
///
/// # Errors
/// 403, 404 as for every door; 404 when there is no such group or member.
pub async fn remove_member(
    tenant: &Tenant,
    caller: &Caller,
    connection: &str,
    group: &str,
    member: &str,
) -> Result<(), Error> {
    let kept = access::connection(tenant, caller, Door::RemoveMember, connection).await?;
    let removed = tenant
        .store
        .remove_member(kept.key, &GroupId::kept(group), member)
        .await?
        .ok_or_else(absent)?;
    if removed {
        Ok(())
    } else {
        Err(PublicError::not_found("Member").into())
    }
}

fn absent() -> PublicError {
    PublicError::not_found("Group")
}

fn found_or(found: bool) -> Result<(), Error> {
    if found { Ok(()) } else { Err(absent().into()) }
}
