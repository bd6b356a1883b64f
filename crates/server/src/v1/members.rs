//! `/external/connections/{id}/groups/{id}/members`.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/externalconnectors-identity>

use axum::http::StatusCode;
use graph::{
    Identity, IdentityType,
    odata::{Context, List, QueryOptions},
};
use serde_json::Value;
use tenant::{Error, groups};

use super::page::{self, Chunk, Row, SIZE, Span};
use crate::{ask::Ask, respond::Answer};

/// Between the id and the kind of a member in its place: less than every letter of an id.
const BETWEEN: char = '\0';

/// GET of the collection: 200.
pub(super) async fn list_members(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let (ask, list) = (&*ask, list(ask));
    let page = page::page(ask, list, SIZE, |span| rows(ask, span)).await?;
    Ok(page.answer(ask, list))
}

/// GET of their number: 200.
pub(super) async fn count_members(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let ask = &*ask;
    page::count(ask, list(ask), |span| rows(ask, span)).await
}

fn list<'a>(ask: &'a Ask<'_>) -> List<'a> {
    let (connection, group) = (ask.params.connection(), ask.params.group());
    List::Members { connection, group }
}

async fn rows(ask: &Ask<'_>, span: Span) -> Result<Chunk, Error> {
    let after = span.after.as_deref().and_then(at);
    let place = (ask.params.connection(), ask.params.group());
    let (tenant, caller, limit) = (&ask.tenant, &ask.caller, span.limit);
    let members = groups::list_members(tenant, caller, place, after.as_ref(), limit).await?;
    let row = |member: &Identity| {
        let members = member.to_json();
        let kind = members["type"].as_str().unwrap_or_default();
        Row {
            place: format!("{}{BETWEEN}{kind}", member.id),
            members,
        }
    };
    Ok(Chunk::upto(limit, members.iter().map(row).collect()))
}

/// The member that a place speaks of.
fn at(place: &str) -> Option<Identity> {
    let (id, kind) = place.split_once(BETWEEN)?;
    let kind: IdentityType = serde_json::from_value(Value::String(kind.to_owned())).ok()?;
    let id = id.to_owned();
    Some(Identity { id, kind })
}

/// GET: 200.
pub(super) async fn get_member(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let options = QueryOptions::read_one(ask.query, list(ask).shape(ask.beta))?;
    let (connection, group) = (ask.params.connection(), ask.params.group());
    let member = ask.params.member();
    let member = groups::get_member(&ask.tenant, &ask.caller, connection, group, member).await?;
    let mut members = member.to_json();
    options.keep_selected(&mut members);
    let body = ask.in_context(Context::Entity(list(ask)), members);
    Ok(Answer::json(StatusCode::OK, body).ignoring("options", &options.ignored))
}

/// POST to `members`: 201.
pub(super) async fn add_member(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let body = ask.json("an identity").await?;
    let member = Identity::read(&body)?;
    let ignored = Identity::MEMBERS.unknown(&body, ask.beta);
    let (connection, group) = (ask.params.connection(), ask.params.group());
    let member = groups::add_member(&ask.tenant, &ask.caller, connection, group, member).await?;
    let id = ask.url(&list(ask).member_path(&member.id));
    let body = ask.in_context(Context::Entity(list(ask)), member.to_json());
    Ok(Answer::json(StatusCode::CREATED, body)
        .called(id)
        .ignoring("members", &ignored))
}

/// DELETE of a member: 204.
pub(super) async fn remove_member(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let (connection, group) = (ask.params.connection(), ask.params.group());
    let member = ask.params.member();
    groups::remove_member(&ask.tenant, &ask.caller, connection, group, member).await?;
    Ok(Answer::bare(StatusCode::NO_CONTENT))
}
