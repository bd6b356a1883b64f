//! `/external/connections/{id}/schema`.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/externalconnectors-schema>

use axum::http::StatusCode;
use graph::{
    OperationId, SchemaDraft,
    odata::{Context, QueryOptions, shapes},
};
use tenant::{Error, schema};

use crate::{ask::Ask, respond::Answer};

/// PATCH or the older POST: 202 and where to ask how far it is.
pub(super) async fn register_schema(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let draft = SchemaDraft::read(&ask.json("a schema").await?)?;
    let (ignored, advice) = (draft.ignored.clone(), draft.schema.labels_without_effect());
    let connection = ask.params.connection();
    let id = OperationId::kept(ask.new_id().to_string());
    let operation =
        schema::register_schema(&ask.tenant, &ask.caller, connection, draft, id).await?;
    let path = format!(
        "external/connections/{connection}/operations/{}",
        operation.id
    );
    Ok(Answer::bare(StatusCode::ACCEPTED)
        .at(ask.url(&path))
        .ignoring("members", &ignored)
        .advising(advice))
}

/// GET: 200.
pub(super) async fn get_schema(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let options = QueryOptions::read_one(ask.query, &shapes::SCHEMA)?;
    let connection = ask.params.connection();
    let schema = schema::get_schema(&ask.tenant, &ask.caller, connection).await?;
    let mut members = schema.to_json(ask.beta);
    options.keep_selected(&mut members);
    let body = ask.in_context(Context::Schema { connection }, members);
    Ok(Answer::json(StatusCode::OK, body).ignoring("options", &options.ignored))
}
