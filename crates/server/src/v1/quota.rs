//! `/external/connections/{id}/quota`, on `/beta`.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/externalconnectors-connectionquota>

use axum::http::StatusCode;
use graph::odata::{Context, QueryOptions, shapes};
use serde_json::json;
use tenant::{Error, limit};

use crate::{ask::Ask, respond::Answer};

/// GET: 200.
pub(super) async fn get_quota(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let options = QueryOptions::read_one(ask.query, &shapes::QUOTA)?;
    let connection = ask.params.connection();
    let remaining = limit::get_quota(&ask.tenant, &ask.caller, connection).await?;
    let mut members = json!({ "itemsRemaining": remaining });
    options.keep_selected(&mut members);
    let body = ask.in_context(Context::Quota { connection }, members);
    Ok(Answer::json(StatusCode::OK, body).ignoring("options", &options.ignored))
}
