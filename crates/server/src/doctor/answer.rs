//! The request: who asks, about which connection, in which form.

use axum::{http::header, response::Response};
use graph::{
    PublicError,
    route::{Method, Voice},
};
use tenant::{Error, Failure, FailureKind, doctor};

use super::{Format, render, seen};
use crate::{
    respond,
    router::{Front, Visit, text},
    said,
};

/// The connection that a path asks to examine.
pub(crate) fn connection_at(path: &str) -> Option<&str> {
    let connection = path
        .trim_start_matches('/')
        .strip_prefix("_linkspan/doctor/")?;
    (!connection.contains('/')).then_some(connection)
}

impl Front {
    /// An examination, for those who may read the connection and all of its items.
    pub(crate) async fn doctor(&self, visit: Visit<'_>, connection: &str) -> Response {
        let Visit {
            exchange,
            parts,
            body,
        } = visit;
        if parts.method != "GET" {
            return respond::method_not_allowed(exchange, &[Method::Get]);
        }
        let (lease, caller) = match self.tenants.caller(exchange, &parts.headers).await {
            Ok(found) => found,
            Err(none) => return none.answer(exchange),
        };
        let tenant = &lease.tenant;
        let examined = async {
            let accept = text(&parts.headers, &header::ACCEPT).unwrap_or_default();
            let format = asked(parts.uri.query(), accept)?;
            said::nothing(body, &parts.headers).await?;
            let journal = self.settings.journal.as_ref();
            let seen = journal.map(|journal| seen::deeds(journal, tenant.id, connection));
            let seen: Option<Vec<_>> = seen
                .as_ref()
                .map(|seen| seen.iter().map(seen::Seen::deed).collect());
            let examination = doctor::examine(tenant, &caller, connection, seen.as_deref()).await?;
            let told = render(&examination, format).map_err(broken)?;
            Ok(respond::document(format.media_type(), told))
        };
        match examined.await {
            Ok(response) => response,
            Err(error) => respond::error(exchange, error, Voice::Gateway),
        }
    }
}

fn broken(error: serde_json::Error) -> Error {
    Error::Failed(Failure {
        kind: FailureKind::Broken,
        source: Box::new(error),
    })
}

/// The form that the query names, else the one that the header names.
fn asked(query: Option<&str>, accept: &str) -> Result<Format, PublicError> {
    let fields = said::query(query, &["format"])?;
    let Some(name) = fields.get("format") else {
        return Ok(Format::accepted(accept));
    };
    let rule = || format!("it must be one of {}", Format::NAMES.join(", "));
    Format::parse(name).ok_or_else(|| said::refused("format", &name.as_str().into(), &rule()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_one_connection() {
        assert_eq!(connection_at("/_linkspan/doctor/tickets"), Some("tickets"));
        assert_eq!(connection_at("_linkspan/doctor/"), Some(""));
        assert_eq!(connection_at("/_linkspan/doctor/a/b"), None);
        assert_eq!(connection_at("/_linkspan/journal"), None);
    }

    #[test]
    fn the_query_wins_and_is_held_to_what_is_known() {
        let of = |query: &str| asked(Some(query), "text/markdown").ok();
        assert_eq!(of(""), Some(Format::Markdown));
        assert_eq!(of("format=sarif"), Some(Format::Sarif));
        for query in ["format=xml", "format", "form=json", "format=json&x=1"] {
            let refusal = asked(Some(query), "").unwrap_err();
            assert_eq!(refusal.status, 400, "{query}");
            assert!(refusal.details[0].message.contains("format"), "{query}");
        }
    }
}
