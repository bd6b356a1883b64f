//! The door to `/me`.

use graph::{PublicError, route::Door};

use crate::{Caller, Error, Tenant, accounts::User};

/// The signed-in user.
///
/// # Errors
/// 403 for an app's own token or without `User.Read`; 404 when the user is gone.
pub async fn get_me(tenant: &Tenant, caller: &Caller) -> Result<User, Error> {
    caller.may(Door::GetMe)?;
    let accounts = tenant.store.accounts().await?;
    let user = caller.user.as_deref().and_then(|id| accounts.user(id));
    Ok(user
        .cloned()
        .ok_or_else(|| PublicError::not_found("User"))?)
}
