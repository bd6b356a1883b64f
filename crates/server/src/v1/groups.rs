//! `/external/connections/{id}/groups`.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/externalconnectors-externalgroup>

use axum::http::StatusCode;
use graph::{
    ExternalGroup, GroupDraft, GroupId, GroupPatch,
    odata::{Context, List, QueryOptions, Returned},
};
use serde_json::Value;
use tenant::{Error, groups};

use super::page::{self, Chunk, Row, SIZE, Span};
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

/// GET of the collection: 200.
pub(super) async fn list_groups(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let (ask, list) = (&*ask, list(ask));
    let page = page::page(ask, list, SIZE, |span| rows(ask, span)).await?;
    Ok(page.answer(ask, list))
}

/// GET of their number: 200.
pub(super) async fn count_groups(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let ask = &*ask;
    page::count(ask, list(ask), |span| rows(ask, span)).await
}

fn list<'a>(ask: &'a Ask<'_>) -> List<'a> {
    let connection = ask.params.connection();
    List::Groups { connection }
}

async fn rows(ask: &Ask<'_>, span: Span) -> Result<Chunk, Error> {
    let connection = ask.params.connection();
    let after = span.after.map(GroupId::kept);
    let (tenant, caller, limit) = (&ask.tenant, &ask.caller, span.limit);
    let groups = groups::list_groups(tenant, caller, connection, after.as_ref(), limit).await?;
    let row = |group: &ExternalGroup| Row {
        place: group.id.to_string(),
        members: group.to_json(),
    };
    Ok(Chunk::upto(limit, groups.iter().map(row).collect()))
}

/// GET: 200.
pub(super) async fn get_group(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let options = QueryOptions::read_one(ask.query, list(ask).shape(ask.beta))?;
    let (connection, group) = (ask.params.connection(), ask.params.group());
    let group = groups::get_group(&ask.tenant, &ask.caller, connection, group).await?;
    let mut body = printed(ask, &group);
    options.keep_selected(&mut body);
    Ok(Answer::json(StatusCode::OK, body).ignoring("options", &options.ignored))
}

/// PATCH: 204.
pub(super) async fn update_group(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let body = ask
        .json("the members of an externalGroup to change")
        .await?;
    let (connection, group) = (ask.params.connection(), ask.params.group());
    let patch = GroupPatch::read(group, &body)?;
    let ignored = patch.ignored.clone();
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

fn printed(ask: &Ask<'_>, group: &ExternalGroup) -> Value {
    ask.in_context(Context::Entity(list(ask)), group.to_json())
}
