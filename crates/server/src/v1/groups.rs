//! `/external/connections/{id}/groups` and their members.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/externalconnectors-externalgroup>

use axum::http::StatusCode;
use graph::{
    ExternalGroup, GroupDraft, GroupPatch, Identity,
    odata::{Context, List, Returned},
};
use serde_json::Value;
use tenant::{Error, groups};

use crate::{ask::Ask, respond::Answer};

/// POST: 201.
pub(super) async fn create_group(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let draft = GroupDraft::read(&ask.json("an externalGroup").await?)?;
    let ignored = draft.ignored.clone();
    let connection = ask.params.connection();
    let group = groups::create_group(&ask.tenant, &ask.caller, connection, draft).await?;
    let id = ask.url(&List::Groups { connection }.member_path(group.id.as_str()));
    Ok(Answer::json(StatusCode::CREATED, printed(ask, &group))
        .called(id)
        .ignoring("members", &ignored))
}

/// GET: 200.
pub(super) async fn get_group(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let (connection, group) = (ask.params.connection(), ask.params.group());
    let group = groups::get_group(&ask.tenant, &ask.caller, connection, group).await?;
    Ok(Answer::json(StatusCode::OK, printed(ask, &group)))
}

/// PATCH: 204.
pub(super) async fn update_group(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let patch = GroupPatch::read(
        &ask.json("the members of an externalGroup to change")
            .await?,
    )?;
    let ignored = patch.ignored.clone();
    let (connection, group) = (ask.params.connection(), ask.params.group());
    groups::update_group(&ask.tenant, &ask.caller, connection, group, patch).await?;
    if ask.exchange.prefers.returned == Some(Returned::Representation) {
        return Ok(get_group(ask).await?.ignoring("members", &ignored));
    }
    Ok(Answer::bare(StatusCode::NO_CONTENT).ignoring("members", &ignored))
}

/// DELETE: 204.
pub(super) async fn delete_group(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let (connection, group) = (ask.params.connection(), ask.params.group());
    groups::delete_group(&ask.tenant, &ask.caller, connection, group).await?;
    Ok(Answer::bare(StatusCode::NO_CONTENT))
}

/// POST to `members`: 201.
pub(super) async fn add_member(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let member = Identity::read(&ask.json("an identity").await?)?;
    let (connection, group) = (ask.params.connection(), ask.params.group());
    let member = groups::add_member(&ask.tenant, &ask.caller, connection, group, member).await?;
    let list = List::Members { connection, group };
    let id = ask.url(&list.member_path(&member.id));
    let body = ask.in_context(Context::Entity(list), member.to_json());
    Ok(Answer::json(StatusCode::CREATED, body).called(id))
}

/// DELETE of a member: 204.
pub(super) async fn remove_member(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let (connection, group) = (ask.params.connection(), ask.params.group());
    let member = ask.params.member();
    groups::remove_member(&ask.tenant, &ask.caller, connection, group, member).await?;
    Ok(Answer::bare(StatusCode::NO_CONTENT))
}

fn printed(ask: &Ask<'_>, group: &ExternalGroup) -> Value {
    let connection = ask.params.connection();
    ask.in_context(
        Context::Entity(List::Groups { connection }),
        group.to_json(),
    )
}
