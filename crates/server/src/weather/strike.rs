//! What a client gets to see of a fault.

use axum::response::Response;
use graph::{ErrorCode, InnerError, PublicError, route::Voice};

use super::fault::{Fault, Kind};
use crate::{
    journal::Refusal,
    layers::Exchange,
    respond::{self, FAILED, UNAVAILABLE},
};

/// What a front door before the Graph answers when it finds nobody behind it: a page for people, and no JSON.
const PAGE: &str = "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head>\n\
<body><h1>Bad gateway</h1><p>The service behind this address did not answer.</p></body></html>\n";

/// Marks an answer that is to be lost: the listener ends the connection instead of sending it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the answer is lost, as a fault wanted it")]
pub(crate) struct Lost;

/// 429 in the Graph's words (`contract/external.md` §15.2); the help says why.
pub(super) fn too_many(help: String) -> PublicError {
    let code = ErrorCode::TooManyRequests;
    let mut refusal =
        PublicError::new(code, "Please retry again later.").with_help("Retry-After", help);
    refusal.inner = Some(InnerError {
        code: "429".to_owned(),
        source: None,
        message: "Please retry after".to_owned(),
    });
    refusal
}

/// The answer that a fault gives.
pub(super) fn struck(exchange: &Exchange, fault: &Fault) -> Response {
    let done = if fault.after {
        "The work was done, and its answer lost"
    } else {
        "Nothing was done"
    };
    let help = format!(
        "The fault {} fell on this request, as this server was told. {done}.",
        fault.kind.as_str()
    );
    let refusal = match fault.kind {
        Kind::TooManyRequests => too_many(help),
        Kind::Unavailable | Kind::CreatedAnyway => {
            PublicError::new(ErrorCode::ServiceNotAvailable, UNAVAILABLE).with_help("fault", help)
        }
        Kind::BadGateway => return respond::page(502, PAGE, &help),
        Kind::Internal | Kind::Latency | Kind::Reset => {
            PublicError::new(ErrorCode::GeneralException, FAILED).with_help("fault", help)
        }
    };
    let refusal = refusal.after(fault.retry_after.unwrap_or_default());
    let mut response = respond::error(exchange, refusal.into(), Voice::Gateway);
    if fault.kind == Kind::Reset {
        response.extensions_mut().insert(Lost);
        response.extensions_mut().insert(Refusal {
            code: fault.kind.as_str().into(),
            message: "The connection ended without an answer.".into(),
        });
    }
    response
}
