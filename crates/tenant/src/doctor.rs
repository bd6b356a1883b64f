//! Advice: how ready a connection is for search and for Copilot, what is missing, and what to do about it.

mod access;
mod connection;
mod crowd;
mod examination;
mod items;
mod rules;
mod schema;
mod usage;

use graph::{ErrorCode, PublicError, Schema, route::Door, schema::BASE_TYPE};

pub use self::{
    examination::{Area, Check, Examination, Examined, Scores, Tally, Verdict, Weight},
    usage::Deed,
};
use crate::{Caller, Error, Tenant, access as permission, items as item_door, survey::Bounds};

/// Examines a connection, with all its ACLs: for apps that manage it, and for those who may read everything.
///
/// `seen` is what a journal knows of apps and this connection; `None` when there is no journal.
///
/// # Errors
/// 403, 404 as for every door; 403 for a user who may read only the items that are his.
pub async fn examine(
    tenant: &Tenant,
    caller: &Caller,
    connection: &str,
    seen: Option<&[Deed<'_>]>,
) -> Result<Examination, Error> {
    let kept = permission::connection(tenant, caller, Door::GetConnection, connection).await?;
    permission::connection(tenant, caller, Door::GetItem, connection).await?;
    if caller.user.is_some() && !item_door::writes(caller, &kept) {
        return Err(only_for_writers().into());
    }
    let empty = Schema {
        base_type: BASE_TYPE.to_owned(),
        properties: Vec::new(),
    };
    let schema = kept.schema.as_deref().unwrap_or(&empty);
    let asked = ["title", "url"].map(|label| {
        let property = schema.labelled(label);
        property.map_or(String::new(), |property| property.name.clone())
    });
    let _alone = tenant.examining.lock().await;
    let survey = tenant.store.survey(kept.key, &asked, Bounds::USUAL).await?;
    let accounts = tenant.visibility.accounts();

    let mut checks = connection::checks(&kept.connection, schema, &survey);
    checks.extend(schema::checks(schema));
    checks.extend(items::checks(schema, &survey));
    checks.extend(access::checks(&kept.connection, &survey, &accounts));
    checks.extend(usage::checks(schema, &survey));
    let apps = usage::apps(caller, &kept, &accounts);
    checks.extend(usage::permissions(&apps, seen));
    Ok(Examination::new(&kept.connection, &survey, checks))
}

/// A user who may read only what its own ACLs grant must not learn of the others'.
fn only_for_writers() -> PublicError {
    PublicError::new(
        ErrorCode::AccessDenied,
        "Insufficient privileges to complete the operation.",
    )
    .with_help(
        "Authorization",
        "An examination tells of all items, also of those that the user may not see. Sign in as the app that manages the connection, or with \
         ExternalItem.ReadWrite.All.",
    )
}
