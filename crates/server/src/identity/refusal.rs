//! Refusals of sign-in, in the shape that SDKs read: an OAuth error word and an `AADSTS` number.
//!
//! Documentation: <https://learn.microsoft.com/entra/identity-platform/reference-error-codes>

use serde_json::json;
use uuid::Uuid;

use super::{chance, sign_in::Answer};

/// What sign-in refuses, and why. The text is for the client: it names the thing and the fix, and never holds a secret.
#[derive(Debug)]
pub(super) struct Refusal {
    pub status: u16,
    /// The word of RFC 6749, section 5.2.
    pub error: &'static str,
    /// The number behind `AADSTS`.
    pub code: u32,
    pub text: String,
    /// A header that explains the refusal to HTTP.
    pub header: Option<(&'static str, &'static str)>,
}

impl Refusal {
    pub fn new(status: u16, error: &'static str, code: u32, text: impl Into<String>) -> Self {
        Self {
            status,
            error,
            code,
            text: text.into(),
            header: None,
        }
    }

    /// A field of the form is not there, or empty.
    pub fn missing(field: &str) -> Self {
        Self::new(
            400,
            "invalid_request",
            90014,
            format!("The request body must hold the field '{field}'."),
        )
    }

    /// The credentials of the grant (a refresh token, a user's name and password) are not good.
    pub fn grant(code: u32, text: impl Into<String>) -> Self {
        Self::new(400, "invalid_grant", code, text)
    }

    /// The client did not prove who it is.
    pub fn client(code: u32, text: impl Into<String>) -> Self {
        Self::new(401, "invalid_client", code, text)
    }

    /// The path takes another method.
    pub fn method(allowed: &'static str, given: &str) -> Self {
        let mut refusal = Self::new(
            405,
            "invalid_request",
            900_561,
            format!(
                "This endpoint takes {allowed} requests only; it got {}.",
                quote(given)
            ),
        );
        refusal.header = Some(("allow", allowed));
        refusal
    }

    /// The body is larger than sign-in reads.
    pub fn too_large(bytes_max: usize) -> Self {
        Self::new(
            413,
            "invalid_request",
            90023,
            format!("The request body is larger than {bytes_max} bytes."),
        )
    }

    /// Something broke on our side.
    pub fn broken() -> Self {
        Self::new(
            500,
            "server_error",
            50000,
            "The token could not be issued. The server's log says more.",
        )
    }

    /// What a redirect says: the words of [`Refusal::answer`] as parameters.
    pub fn parameters(
        self,
        client_request_id: Option<&str>,
        now: u64,
    ) -> Vec<(&'static str, String)> {
        let correlation = correlation(client_request_id);
        let description = self.description(chance::unique(), correlation, &timestamp(now));
        vec![
            ("error", self.error.to_owned()),
            ("error_description", description),
        ]
    }

    fn description(&self, trace: Uuid, correlation: Uuid, timestamp: &str) -> String {
        format!(
            "AADSTS{}: {} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {timestamp}",
            self.code, self.text
        )
    }

    /// The refusal as an answer. The client's own request id is kept if it is a GUID.
    pub fn answer(self, client_request_id: Option<&str>, now: u64) -> Answer {
        tracing::info!(
            status = self.status,
            error = self.error,
            code = self.code,
            "sign-in refused"
        );
        let trace = chance::unique();
        let correlation = correlation(client_request_id);
        let timestamp = timestamp(now);
        let body = json!({
            "error": self.error,
            "error_description": self.description(trace, correlation, &timestamp),
            "error_codes": [self.code],
            "timestamp": timestamp,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": format!("https://login.microsoftonline.com/error?code={}", self.code),
        });
        let mut answer = Answer::json(self.status, &body).not_stored();
        if let Some((name, value)) = self.header {
            answer.headers.push((name, value.to_owned()));
        }
        answer
    }
}

/// The client's own request id if it is a GUID, else a new one.
fn correlation(client_request_id: Option<&str>) -> Uuid {
    client_request_id
        .and_then(|id| Uuid::try_parse(id.trim()).ok())
        .unwrap_or_else(chance::unique)
}

/// `YYYY-MM-DD HH:MM:SSZ`.
fn timestamp(now: u64) -> String {
    i64::try_from(now)
        .ok()
        .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok())
        .unwrap_or(jiff::Timestamp::MAX)
        .strftime("%Y-%m-%d %H:%M:%SZ")
        .to_string()
}

/// A value of the client, quoted, shortened to what a reader can use.
pub(super) fn quote(value: &str) -> String {
    const CHARACTERS_MAX: usize = 100;
    let mut shown: String = value.chars().take(CHARACTERS_MAX).collect();
    if shown.len() < value.len() {
        shown.push('…');
    }
    format!("'{shown}'")
}
