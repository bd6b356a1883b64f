//! `/external/connections/{id}/items/{id}/activities`.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/externalconnectors-externalactivity>

use axum::http::StatusCode;
use graph::{
    activity,
    odata::{Context, List, QueryOptions, shapes},
};
use serde_json::{Value, json};
use tenant::{Error, activities, kept::KeptActivity};

use super::page::{self, Chunk, Row, SIZE, Span};
use crate::{ask::Ask, respond::Answer};

const PERFORMED_BY: &str = "performedBy";

/// POST: 200, or 207 when an activity was refused; each has its own result.
pub(super) async fn add_activities(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let sent = ask.json("an object with activities").await?;
    let drafts = activity::read(&sent)?;
    let (connection, id) = (ask.params.connection(), ask.params.item());
    let drafts =
        activities::add_activities(&ask.tenant, &ask.caller, connection, id, drafts).await?;
    let status = StatusCode::from_u16(activity::status(&drafts)).unwrap_or(StatusCode::OK);
    let results = activity::results_json(&sent, &drafts);
    let body = ask.in_context(Context::ActivityResults, results);
    let ignored = activity::MEMBERS.unknown(&sent, ask.beta);
    Ok(Answer::json(status, body).ignoring("members", &ignored))
}

/// GET of the collection: 200.
pub(super) async fn list_activities(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let (ask, list) = (&*ask, list(ask));
    let mut page = page::page(ask, list, SIZE, |span| rows(ask, span)).await?;
    if !page.options().expand.contains(&PERFORMED_BY) {
        for row in &mut page.rows {
            collapse(&mut row.members);
        }
    }
    Ok(page.answer(ask, list))
}

/// GET of their number: 200.
pub(super) async fn count_activities(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let ask = &*ask;
    page::count(ask, list(ask), |span| rows(ask, span)).await
}

fn list<'a>(ask: &'a Ask<'_>) -> List<'a> {
    let (connection, item) = (ask.params.connection(), ask.params.item());
    List::Activities { connection, item }
}

async fn rows(ask: &Ask<'_>, span: Span) -> Result<Chunk, Error> {
    let place = (ask.params.connection(), ask.params.item());
    let after = span.after.and_then(|place| place.parse().ok());
    let (tenant, caller, limit) = (&ask.tenant, &ask.caller, span.limit);
    let kept = activities::list_activities(tenant, caller, place, after.unwrap_or_default(), limit)
        .await?;
    let row = |kept: &KeptActivity| Row {
        place: format!("{:020}", kept.position),
        members: to_json(kept),
    };
    Ok(Chunk::upto(limit, kept.iter().map(row).collect()))
}

/// GET: 200.
pub(super) async fn get_activity(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let options = QueryOptions::read_one(ask.query, list(ask).shape(ask.beta))?;
    let mut members = to_json(&one(ask).await?);
    if !options.expand.contains(&PERFORMED_BY) {
        collapse(&mut members);
    }
    options.keep_selected(&mut members);
    let body = ask.in_context(Context::Entity(list(ask)), members);
    Ok(Answer::json(StatusCode::OK, body).ignoring("options", &options.ignored))
}

/// GET of who did it: 200.
pub(super) async fn get_performed_by(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let options = QueryOptions::read_one(ask.query, &shapes::MEMBERS)?;
    let mut members = one(ask).await?.activity.performed_by.to_json();
    options.keep_selected(&mut members);
    let context = Context::PerformedBy {
        connection: ask.params.connection(),
        item: ask.params.item(),
        activity: ask.params.activity(),
    };
    let body = ask.in_context(context, members);
    Ok(Answer::json(StatusCode::OK, body).ignoring("options", &options.ignored))
}

async fn one(ask: &Ask<'_>) -> Result<KeptActivity, Error> {
    let (connection, item) = (ask.params.connection(), ask.params.item());
    let activity = ask.params.activity();
    activities::get_activity(&ask.tenant, &ask.caller, connection, item, activity).await
}

fn to_json(kept: &KeptActivity) -> Value {
    let mut members = json!({ "id": kept.id() });
    if let (Value::Object(members), Value::Object(own)) = (&mut members, kept.activity.to_json()) {
        members.extend(own);
    }
    members
}

/// Who did it is a resource of its own, shown where the query expands it.
fn collapse(members: &mut Value) {
    if let Value::Object(members) = members {
        members.shift_remove(PERFORMED_BY);
    }
}
