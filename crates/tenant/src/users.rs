//! The doors to `/me`, `/users` and `/groups`: the tenant's own accounts, as far as they are shown.

use graph::{PublicError, route::Door};

use crate::{
    Caller, Error, Tenant,
    accounts::{DirectoryGroup, User},
};

/// The signed-in user.
///
/// # Errors
/// 403 for an app's own token or without `User.Read`; 404 when the user is gone.
pub async fn get_me(tenant: &Tenant, caller: &Caller) -> Result<User, Error> {
    caller.may(Door::GetMe)?;
    user(tenant, caller.user.as_deref().unwrap_or_default()).await
}

/// All users.
///
/// # Errors
/// 403 without permission.
pub async fn list_users(tenant: &Tenant, caller: &Caller) -> Result<Vec<User>, Error> {
    caller.may(Door::ListUsers)?;
    Ok(tenant.store.accounts().await?.users.clone())
}

/// The user of that object id or user principal name.
///
/// # Errors
/// 403 without permission; 404 when there is no such user.
pub async fn get_user(tenant: &Tenant, caller: &Caller, id: &str) -> Result<User, Error> {
    caller.may(Door::GetUser)?;
    user(tenant, id).await
}

async fn user(tenant: &Tenant, id: &str) -> Result<User, Error> {
    let accounts = tenant.store.accounts().await?;
    let found = accounts.user(id).cloned();
    Ok(found.ok_or_else(|| PublicError::not_found("User"))?)
}

/// All directory groups.
///
/// # Errors
/// 403 without permission.
pub async fn list_directory_groups(
    tenant: &Tenant,
    caller: &Caller,
) -> Result<Vec<DirectoryGroup>, Error> {
    caller.may(Door::ListDirectoryGroups)?;
    Ok(tenant.store.accounts().await?.groups.clone())
}

/// The directory group of that object id.
///
/// # Errors
/// 403 without permission; 404 when there is no such group.
pub async fn get_directory_group(
    tenant: &Tenant,
    caller: &Caller,
    id: &str,
) -> Result<DirectoryGroup, Error> {
    caller.may(Door::GetDirectoryGroup)?;
    let accounts = tenant.store.accounts().await?;
    let mut groups = accounts.groups.iter();
    let found = groups.find(|group| group.id.eq_ignore_ascii_case(id));
    Ok(found
        .cloned()
        .ok_or_else(|| PublicError::not_found("Group"))?)
}
