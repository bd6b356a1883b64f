//! `/external/connections/{id}/items/{id}`.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/externalconnectors-externalitem>

use axum::http::StatusCode;
use graph::{
    ExternalItem, ItemDraft, ItemId, activity,
    odata::{Context, List},
};
use serde_json::Value;
use tenant::{Error, items};

use crate::{ask::Ask, respond::Answer};

/// PUT: 200 with the whole item, whether it was there before or not.
pub(super) async fn put_item(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let (id, draft, ignored) = said(ask).await?;
    let connection = ask.params.connection();
    let item = items::put_item(&ask.tenant, &ask.caller, connection, id, draft).await?;
    Ok(Answer::json(StatusCode::OK, printed(ask, &item)).ignoring("members", &ignored))
}

/// PATCH, the older spelling of an update: 200 with the whole item.
pub(super) async fn update_item(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let (id, draft, ignored) = said(ask).await?;
    let connection = ask.params.connection();
    let item = items::update_item(&ask.tenant, &ask.caller, connection, id, draft).await?;
    Ok(Answer::json(StatusCode::OK, printed(ask, &item)).ignoring("members", &ignored))
}

/// GET: 200.
pub(super) async fn get_item(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let (connection, id) = (ask.params.connection(), ask.params.item());
    let item = items::get_item(&ask.tenant, &ask.caller, connection, id).await?;
    Ok(Answer::json(StatusCode::OK, printed(ask, &item)))
}

/// DELETE: 204.
pub(super) async fn delete_item(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let (connection, id) = (ask.params.connection(), ask.params.item());
    items::delete_item(&ask.tenant, &ask.caller, connection, id).await?;
    Ok(Answer::bare(StatusCode::NO_CONTENT))
}

/// POST: 200, or 207 when an activity was refused; each has its own result.
pub(super) async fn add_activities(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let sent = ask.json("an object with activities").await?;
    let drafts = activity::read(&sent)?;
    let (connection, id) = (ask.params.connection(), ask.params.item());
    let drafts = items::add_activities(&ask.tenant, &ask.caller, connection, id, drafts).await?;
    let status = StatusCode::from_u16(activity::status(&drafts)).unwrap_or(StatusCode::OK);
    let results = activity::results_json(&sent, &drafts);
    Ok(Answer::json(
        status,
        ask.in_context(Context::ActivityResults, results),
    ))
}

/// The id in the path and the draft in the body; and what of it nobody knows.
async fn said(ask: &mut Ask<'_>) -> Result<(ItemId, ItemDraft, Vec<String>), Error> {
    let id = ItemId::admit(ask.params.item())?;
    let body = ask.json("an externalItem").await?;
    let draft = ItemDraft::read(&id, &body)?;
    let ignored = draft.ignored.clone();
    Ok((id, draft, ignored))
}

fn printed(ask: &Ask<'_>, item: &ExternalItem) -> Value {
    let connection = ask.params.connection();
    ask.in_context(
        Context::Entity(List::Items { connection }),
        item.to_json(true),
    )
}
