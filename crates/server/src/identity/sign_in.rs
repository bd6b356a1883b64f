//! What the router hands in, and what it gets back: no HTTP library in sight, so that sign-in can be tested as a function.

use std::net::IpAddr;

use serde::Serialize;

/// A request to one of the sign-in paths, or to any path that is not an API version.
pub struct SignIn<'a> {
    /// `GET`, `POST`, …
    pub method: &'a str,
    /// The path as sent, percent-encoded.
    pub path: &'a str,
    /// The query without `?`, as sent.
    pub query: Option<&'a str>,
    /// Scheme and authority that the client used, without a slash at the end: `https://localhost:7743`.
    pub base: &'a str,
    /// The header `Authorization`.
    pub authorization: Option<&'a str>,
    /// The header `Cookie`.
    pub cookie: Option<&'a str>,
    /// The header `client-request-id`.
    pub client_request_id: Option<&'a str>,
    /// The address that the request came from, if it is known.
    pub from: Option<IpAddr>,
    /// The body, at most [`SignIn::BODY_BYTES_MAX`] bytes of it are accepted.
    pub body: &'a [u8],
}

impl SignIn<'_> {
    /// The largest body that sign-in reads, in bytes.
    pub const BODY_BYTES_MAX: usize = 64 * 1024;
}

/// Shows what may be logged: body, query and credentials stay out.
impl std::fmt::Debug for SignIn<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignIn")
            .field("method", &self.method)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// The answer of a sign-in path.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers with lower-case names, `content-type` included.
    pub headers: Vec<(&'static str, String)>,
    /// JSON, or a page for people.
    pub body: Vec<u8>,
}

/// Shows what may be logged: a body may hold tokens.
impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl Answer {
    /// A JSON answer.
    pub(super) fn json(status: u16, body: &impl Serialize) -> Self {
        Self {
            status,
            headers: vec![("content-type", "application/json; charset=utf-8".to_owned())],
            body: serde_json::to_vec(body).expect("JSON values and strings can be written"),
        }
    }

    /// Sends the browser somewhere else, with GET.
    pub(super) fn redirect(address: String) -> Self {
        Self {
            status: 303,
            headers: vec![("location", address)],
            body: Vec::new(),
        }
        .not_stored()
    }

    /// Keeps the answer out of every cache on its way (RFC 6749, section 5.1).
    pub(super) fn not_stored(mut self) -> Self {
        self.headers.push(("cache-control", "no-store".to_owned()));
        self.headers.push(("pragma", "no-cache".to_owned()));
        self
    }
}
