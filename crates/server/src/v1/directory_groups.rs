//! `/groups`: the groups of the directory, not those of a connection.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/group>

use axum::http::StatusCode;
use graph::odata::{Context, List, QueryOptions};
use serde_json::{Value, json};
use tenant::{Error, accounts::DirectoryGroup, users};

use super::{
    directory::{self, Unset},
    page::{self, Chunk, Row, SIZE},
};
use crate::{ask::Ask, respond::Answer};

/// Members that are lists.
const LISTS: Unset = &[
    "creationOptions",
    "groupTypes",
    "proxyAddresses",
    "resourceBehaviorOptions",
    "resourceProvisioningOptions",
];

/// GET: 200.
pub(super) async fn get_directory_group(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let options = QueryOptions::read_one(ask.query, List::DirectoryGroups.shape(ask.beta))?;
    let id = ask.params.group();
    let group = users::get_directory_group(&ask.tenant, &ask.caller, id).await?;
    let mut members = to_json(&group);
    options.keep_selected(&mut members);
    let body = ask.in_context(Context::Entity(List::DirectoryGroups), members);
    Ok(Answer::json(StatusCode::OK, body).ignoring("options", &options.ignored))
}

/// GET of the collection: 200.
pub(super) async fn list_directory_groups(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let ask = &*ask;
    let page = page::page(ask, List::DirectoryGroups, SIZE, |_| rows(ask)).await?;
    Ok(page.answer(ask, List::DirectoryGroups))
}

/// GET of their number: 200.
pub(super) async fn count_directory_groups(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let ask = &*ask;
    page::count(ask, List::DirectoryGroups, |_| rows(ask)).await
}

async fn rows(ask: &Ask<'_>) -> Result<Chunk, Error> {
    let all = users::list_directory_groups(&ask.tenant, &ask.caller).await?;
    let row = |group: &DirectoryGroup| Row {
        place: group.id.clone(),
        members: to_json(group),
    };
    Ok(Chunk::all(all.iter().map(row).collect()))
}

/// These groups are security groups without a mailbox.
fn to_json(group: &DirectoryGroup) -> Value {
    let kept = json!({
        "id": group.id,
        "displayName": group.name,
        "mailNickname": group.name,
        "mailEnabled": false,
        "securityEnabled": true,
    });
    directory::whole(List::DirectoryGroups, &kept, LISTS)
}
