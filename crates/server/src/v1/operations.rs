//! `/external/connections/{id}/operations/{id}`.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/externalconnectors-connectionoperation>

use axum::http::StatusCode;
use graph::{
    OperationId,
    odata::{Context, List, QueryOptions},
};
use tenant::{Error, operations};

use super::page::{self, Chunk, Row, SIZE, Span};
use crate::{ask::Ask, respond::Answer};

/// GET of the collection: 200.
pub(super) async fn list_operations(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let (ask, list) = (&*ask, list(ask));
    let page = page::page(ask, list, SIZE, |span| rows(ask, span)).await?;
    Ok(page.answer(ask, list))
}

/// GET of their number: 200.
pub(super) async fn count_operations(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let ask = &*ask;
    page::count(ask, list(ask), |span| rows(ask, span)).await
}

fn list<'a>(ask: &'a Ask<'_>) -> List<'a> {
    let connection = ask.params.connection();
    List::Operations { connection }
}

async fn rows(ask: &Ask<'_>, span: Span) -> Result<Chunk, Error> {
    let connection = ask.params.connection();
    let after = span.after.map(OperationId::kept);
    let (tenant, caller, limit) = (&ask.tenant, &ask.caller, span.limit);
    let operations =
        operations::list_operations(tenant, caller, connection, after.as_ref(), limit).await?;
    let row = |operation: &graph::ConnectionOperation| Row {
        place: operation.id.to_string(),
        members: operation.to_json(),
    };
    Ok(Chunk::upto(limit, operations.iter().map(row).collect()))
}

/// GET: 200.
pub(super) async fn get_operation(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let options = QueryOptions::read_one(ask.query, list(ask).shape(ask.beta))?;
    let (connection, operation) = (ask.params.connection(), ask.params.operation());
    let operation =
        operations::get_operation(&ask.tenant, &ask.caller, connection, operation).await?;
    let mut members = operation.to_json();
    options.keep_selected(&mut members);
    let body = ask.in_context(Context::Entity(list(ask)), members);
    Ok(Answer::json(StatusCode::OK, body).ignoring("options", &options.ignored))
}
