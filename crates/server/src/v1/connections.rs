//! `/external/connections`.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/externalconnectors-externalconnection>

use axum::http::StatusCode;
use graph::{ConnectionDraft, ConnectionPatch, PublicError, odata::Context, route::Door};
use serde_json::Value;
use tenant::{Error, Tenant, connections, kept::KeptConnection};

use super::page;
use crate::{ask::Ask, layers::quirks, respond::Answer};

/// The page of the operation asks for a description, the page of the type does not; we are content without.
const UNDESCRIBED: &str =
    "refuse a connection without `description`: the documentation of the operation requires one";

/// POST, and the early POST to `$ref`: 201.
pub(super) async fn create_connection(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let draft = said(ask).await?;
    let (ignored, repeat) = (draft.ignored.clone(), draft.used_authorized_apps);
    let fresh = ask.new_id().simple().to_string();
    let kept = connections::create_connection(&ask.tenant, &ask.caller, draft, &fresh).await?;
    let mut members = to_json(&ask.tenant, ask.beta, &kept).await?;
    let remark = members["description"].is_null().then_some(UNDESCRIBED);
    if repeat {
        quirks::repeat_authorized_apps(&mut members);
    }
    let location = ask.url(&format!("external/connections/{}", kept.connection.id));
    let body = ask.in_context(Context::Connection, members);
    Ok(Answer::json(StatusCode::CREATED, body)
        .at(location)
        .ignoring("members", &ignored)
        .where_the_graph_would(remark))
}

/// GET of the collection: 200 with those that the caller may read.
pub(super) async fn list_connections(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let options = ask.options()?;
    let all = connections::list_connections(&ask.tenant, &ask.caller).await?;
    let page = page::page(all, &options)?;
    let mut value = Vec::with_capacity(page.shown.len());
    for kept in &page.shown {
        let mut member = to_json(&ask.tenant, ask.beta, kept).await?;
        options.keep_selected(&mut member);
        value.push(member);
    }
    let next = page.link(&ask.url("external/connections"), ask.query);
    let members = page::members(options.count.then_some(page.total), next, value);
    let body = ask.in_context(Context::Connections(&options.select), members);
    Ok(Answer::json(StatusCode::OK, body).ignoring("options", &options.ignored))
}

/// GET: 200.
pub(super) async fn get_connection(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let id = ask.params.connection();
    let kept = connections::get_connection(&ask.tenant, &ask.caller, id).await?;
    let members = to_json(&ask.tenant, ask.beta, &kept).await?;
    let body = ask.in_context(Context::Connection, members);
    Ok(Answer::json(StatusCode::OK, body))
}

/// PATCH: 204.
pub(super) async fn update_connection(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let body = ask
        .json("the members of an externalConnection to change")
        .await?;
    let patch = ConnectionPatch::read(&body)?;
    let ignored = patch.ignored.clone();
    let id = ask.params.connection();
    connections::update_connection(&ask.tenant, &ask.caller, id, patch).await?;
    Ok(Answer::bare(StatusCode::NO_CONTENT).ignoring("members", &ignored))
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
