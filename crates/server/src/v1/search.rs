//! `/search/query`.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/search-query>

use std::sync::Arc;

use axum::http::StatusCode;
use graph::{
    PublicError,
    odata::Context,
    search::{MEMBERS, SearchRequest, responses_json},
};
use serde_json::Value;
use tenant::{
    Error,
    search::{self, plan::Cancel},
};

use crate::{ask::Ask, body::unfit, respond::Answer};

/// POST: 200 with one response per request.
pub(super) async fn query(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let ending = Ending(Cancel::default());
    let expected = "an object with requests";
    let sent = ask.body.parsed(ask.headers, expected, last_said).await?;
    let requests = SearchRequest::read_all(&sent, ask.beta)?;
    let responses = search::query(
        Arc::clone(&ask.tenant),
        &ask.caller,
        requests,
        ending.0.clone(),
    )
    .await?;
    let body = ask.in_context(Context::SearchResponses, responses_json(&responses));
    let ignored = MEMBERS.unknown(&sent, ask.beta);
    Ok(Answer::json(StatusCode::OK, body).ignoring("members", &ignored))
}

/// Real clients write the same member of a query twice, and the last one counts: unlike what is written, a question cannot
/// show anybody more than he may see.
fn last_said(text: &str) -> Result<Value, PublicError> {
    serde_json::from_str(text).map_err(unfit)
}

/// Ends the search when it is dropped: after the answer that is nothing, and before it the client is gone.
struct Ending(Cancel);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_request_ends_its_search() {
        let cancel = Cancel::default();
        drop(Ending(cancel.clone()));
        assert!(cancel.is_canceled());
    }
}
