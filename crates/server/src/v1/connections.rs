//! `/external/connections`.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/externalconnectors-externalconnection>

use axum::http::StatusCode;
use graph::{
    ConnectionDraft, ConnectionPatch, ErrorCode, PublicError,
    odata::{Context, List, QueryOptions, Returned, TOP_MAX},
    route::Door,
};
use serde_json::Value;
use tenant::{
    Error, Tenant,
    connections::{self, Origin},
    kept::{KeptConnection, Ticket},
    schema,
};

use super::page::{self, Chunk, Row};
use crate::{ask::Ask, layers::quirks, respond::Answer};

/// The page of the operation asks for a description, the page of the type does not; we are content without.
const UNDESCRIBED: &str =
    "refuse a connection without `description`: the documentation of the operation requires one";

/// POST, and the early POST to `$ref`: 201.
pub(super) async fn create_connection(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let draft = said(ask).await?;
    let (ignored, repeat) = (draft.ignored.clone(), draft.used_authorized_apps);
    let fresh = ask.new_id().simple().to_string();
    let origin = Origin {
        fresh: &fresh,
        ticket: ticket(ask)?,
    };
    let kept = connections::create_connection(&ask.tenant, &ask.caller, draft, origin).await?;
    let mut members = to_json(&ask.tenant, ask.beta, &kept).await?;
    let remark = members["description"].is_null().then_some(UNDESCRIBED);
    if repeat {
        quirks::repeat_authorized_apps(&mut members);
    }
    let location = ask.url(&format!("external/connections/{}", kept.connection.id));
    let body = ask.in_context(Context::Entity(List::Connections), members);
    Ok(Answer::json(StatusCode::CREATED, body)
        .at(location)
        .ignoring("members", &ignored)
        .where_the_graph_would(remark))
}

/// The ticket of the flow in which an administrator enables a connector in Teams. It is a secret: it is kept, and shown nowhere.
fn ticket(ask: &Ask<'_>) -> Result<Option<Ticket>, PublicError> {
    let Some(sent) = ask.headers.get("graphconnectors-ticket") else {
        return Ok(None);
    };
    let text = sent.to_str().map_err(|_| {
        PublicError::invalid(
            "GraphConnectors-Ticket",
            "The header `GraphConnectors-Ticket` is not made of printable ASCII characters. Send the ticket as it came, or leave the header out.",
        )
    })?;
    Ok(Some(Ticket(text.to_owned())))
}

/// GET of the collection: 200 with those that the caller may read, on one page where nobody asks for pages.
pub(super) async fn list_connections(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let ask = &*ask;
    let list = List::Connections;
    let mut page = page::page(ask, list, TOP_MAX, |_| rows(ask)).await?;
    if page.options().expand.contains(&"schema") {
        for row in &mut page.rows {
            let id = row.members["id"].as_str().unwrap_or_default();
            row.members["schema"] = schema(ask, id).await?;
        }
    }
    Ok(page.answer(ask, list))
}

/// GET of their number: 200.
pub(super) async fn count_connections(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let ask = &*ask;
    page::count(ask, List::Connections, |_| rows(ask)).await
}

/// All connections that the caller may read.
async fn rows(ask: &Ask<'_>) -> Result<Chunk, Error> {
    let all = connections::list_connections(&ask.tenant, &ask.caller).await?;
    let mut rows = Vec::with_capacity(all.len());
    for kept in &all {
        rows.push(Row {
            // Keys count up and are never used twice, whatever the clock does.
            place: format!("{:020}", kept.key.0),
            members: to_json(&ask.tenant, ask.beta, kept).await?,
        });
    }
    Ok(Chunk::all(rows))
}

/// GET: 200.
pub(super) async fn get_connection(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let options = QueryOptions::read_one(ask.query, List::Connections.shape(ask.beta))?;
    let id = ask.params.connection();
    let kept = connections::get_connection(&ask.tenant, &ask.caller, id).await?;
    let mut members = to_json(&ask.tenant, ask.beta, &kept).await?;
    if options.expand.contains(&"schema") {
        members["schema"] = schema(ask, id).await?;
    }
    options.keep_selected(&mut members);
    let body = ask.in_context(Context::Entity(List::Connections), members);
    Ok(Answer::json(StatusCode::OK, body).ignoring("options", &options.ignored))
}

/// The expanded schema; null while there is none.
async fn schema(ask: &Ask<'_>, id: &str) -> Result<Value, Error> {
    match schema::get_schema(&ask.tenant, &ask.caller, id).await {
        Ok(schema) => Ok(schema.to_json(ask.beta)),
        Err(Error::Refused(refusal)) if refusal.code == ErrorCode::ItemNotFound => Ok(Value::Null),
        Err(error) => Err(error),
    }
}

/// PATCH: 204.
pub(super) async fn update_connection(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let body = ask
        .json("the members of an externalConnection to change")
        .await?;
    let id = ask.params.connection();
    let patch = ConnectionPatch::read(id, &body)?;
    let ignored = patch.ignored.clone();
    let advice = connections::update_connection(&ask.tenant, &ask.caller, id, patch).await?;
    let answer = if ask.exchange.prefers.returned == Some(Returned::Representation) {
        get_connection(ask).await?
    } else {
        Answer::bare(StatusCode::NO_CONTENT)
    };
    Ok(answer.ignoring("members", &ignored).advising(advice))
}

/// DELETE: 202; what the connection held is removed in the background.
pub(super) async fn delete_connection(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let id = ask.params.connection();
    connections::delete_connection(&ask.tenant, &ask.caller, id).await?;
    Ok(Answer::bare(StatusCode::ACCEPTED))
}

/// The connection as this version prints it; only beta counts its items.
async fn to_json(tenant: &Tenant, beta: bool, kept: &KeptConnection) -> Result<Value, Error> {
    let count = if beta {
        connections::ingested_items_count(tenant, kept).await?
    } else {
        None
    };
    Ok(kept.connection.to_json(beta, count))
}

/// What the body says; only beta and `$ref` make up an id.
async fn said(ask: &mut Ask<'_>) -> Result<ConnectionDraft, PublicError> {
    let draft = ConnectionDraft::read(&ask.json("an externalConnection").await?)?;
    if draft.id.is_none() && !ask.beta && ask.route.door != Door::CreateConnectionRef {
        return Err(PublicError::invalid(
            "id",
            "The connection has no `id`. Add one: 3 to 32 ASCII letters and digits, for example \"id\": \"partslist\".",
        ));
    }
    Ok(draft)
}
