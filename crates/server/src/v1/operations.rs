//! `/external/connections/{id}/operations/{id}`.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/externalconnectors-connectionoperation>

use axum::http::StatusCode;
use graph::odata::{Context, List};
use tenant::{Error, operations};

use crate::{ask::Ask, respond::Answer};

/// GET: 200.
pub(super) async fn get_operation(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let connection = ask.params.connection();
    let operation = ask.params.operation();
    let operation =
        operations::get_operation(&ask.tenant, &ask.caller, connection, operation).await?;
    let body = ask.in_context(
        Context::Entity(List::Operations { connection }),
        operation.to_json(),
    );
    Ok(Answer::json(StatusCode::OK, body))
}
