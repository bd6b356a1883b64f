//! One request and its answer: the ids that name it, the time it began, and how the client wants to be answered.

use axum::http::HeaderMap;
use graph::odata::{Metadata, Preferences};
use jiff::Timestamp;
use uuid::Uuid;

use crate::Settings;

/// A longer `client-request-id` is not echoed.
const CLIENT_REQUEST_ID_BYTES_MAX: usize = 128;

/// What every answer needs to know about the request that it answers.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    /// Ours, new for every request.
    pub request_id: Uuid,
    /// The client's own, if it is fit to be echoed; otherwise ours.
    pub client_request_id: String,
    /// When the request came in.
    pub began_at: Timestamp,
    /// How much control information the client wants.
    pub metadata: Metadata,
    /// What the client prefers.
    pub prefers: Preferences,
}

impl Exchange {
    /// Reads what the headers say about the answer.
    pub fn begin(settings: &Settings, headers: &HeaderMap) -> Self {
        let request_id = (settings.ids)();
        let texts = |name: &str| {
            let values = headers.get_all(name).into_iter();
            values.filter_map(|value| value.to_str().ok())
        };
        let client_request_id = texts("client-request-id")
            .next()
            .filter(|id| is_echoed(id))
            .map_or_else(|| request_id.to_string(), str::to_owned);
        Self {
            request_id,
            client_request_id,
            began_at: (settings.now)(),
            metadata: Metadata::read(texts("accept")),
            prefers: Preferences::read(texts("prefer")),
        }
    }

    /// When the request came in, in seconds since 1970.
    pub fn began_at_seconds(&self) -> u64 {
        u64::try_from(self.began_at.as_second()).unwrap_or_default()
    }

    /// The time the request came in, as errors print it: no zone, no fraction.
    pub fn date(&self) -> String {
        self.began_at.strftime("%Y-%m-%dT%H:%M:%S").to_string()
    }
}

/// Only what is safe in a header, in JSON and in a log line is repeated.
fn is_echoed(id: &str) -> bool {
    (1..=CLIENT_REQUEST_ID_BYTES_MAX).contains(&id.len())
        && id.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn begin(name: &'static str, value: &str) -> Exchange {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        Exchange::begin(&Settings::default(), &headers)
    }

    #[test]
    fn the_clients_id_is_echoed_when_it_is_printable_and_short() {
        let id = "a1 b2";
        assert_eq!(begin("client-request-id", id).client_request_id, id);
        for odd in ["", "ä", "a\tb", &"x".repeat(129)] {
            let exchange = begin("client-request-id", odd);
            assert_eq!(
                exchange.client_request_id,
                exchange.request_id.to_string(),
                "{odd:?}"
            );
        }
    }

    #[test]
    fn request_ids_differ() {
        let first = begin("accept", "*/*");
        let second = begin("accept", "*/*");
        assert_ne!(first.request_id, second.request_id);
    }

    #[test]
    fn wishes_are_read() {
        let exchange = begin("accept", "application/json;odata.metadata=none");
        assert_eq!(exchange.metadata, Metadata::None);
        let exchange = begin("prefer", "include-unknown-enum-members");
        assert!(exchange.prefers.unknown_enum_members);
    }

    #[test]
    fn the_date_has_neither_zone_nor_fraction() {
        let settings = Settings {
            now: std::sync::Arc::new(|| "2026-01-31T12:00:00.75Z".parse().unwrap()),
            ..Settings::default()
        };
        let exchange = Exchange::begin(&settings, &HeaderMap::new());
        assert_eq!(exchange.date(), "2026-01-31T12:00:00");
    }
}
