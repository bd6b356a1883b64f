//! What is said to bytes that are no request.

use axum::{
    Router,
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use graph::{
    ErrorCode, PublicError,
    generous::{shown, start},
};
use http_body_util::BodyExt;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;

use super::{HEAD_BYTES_MAX, HEADERS_MAX};

/// Bytes of a request's target, as the protocol limits them.
const TARGET_BYTES_MAX: usize = 65_534;

/// Travels with a request that stands for what could not be read as one; it is answered with this refusal.
#[derive(Clone, Debug)]
pub(crate) struct Misheard(pub PublicError);

impl Misheard {
    /// What the protocol refused with that status, having heard this.
    pub(super) fn head(status: StatusCode, heard: &[u8]) -> Self {
        let (message, help) = match status {
            StatusCode::URI_TOO_LONG => (
                format!("The target of the request is longer than {TARGET_BYTES_MAX} bytes."),
                "Ask for less at once, or send what you ask for in the body of a batch.",
            ),
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => (
                format!(
                    "The head of the request has more than {HEADERS_MAX} headers, or is larger than {HEAD_BYTES_MAX} bytes."
                ),
                "Send fewer and shorter headers.",
            ),
            _ => (
                fault(heard)
                    .unwrap_or_else(|| "The head of the request cannot be read.".to_owned()),
                "A request begins with a line like `GET /v1.0/me HTTP/1.1`, and each of its headers is a line like `Accept: application/json`.",
            ),
        };
        Self::with(status, message, "request", help)
    }

    /// Plain HTTP where TLS is spoken.
    pub(super) fn not_secure(url: &str) -> Self {
        let message = "This port speaks HTTPS, and the request came as plain HTTP.";
        let help = format!("Use {url} instead.");
        Self::with(
            StatusCode::BAD_REQUEST,
            message.to_owned(),
            "request",
            &help,
        )
    }

    fn with(status: StatusCode, message: String, target: &str, help: &str) -> Self {
        let mut refusal = PublicError::new(ErrorCode::BadRequest, message);
        refusal.status = status.as_u16();
        Self(refusal.with_help(target, help))
    }

    /// The whole answer as it is written in HTTP/1.
    pub(super) async fn answer(self, router: Router) -> Vec<u8> {
        let mut request = Request::new(Body::empty());
        // Nobody knows what was asked for.
        *request.method_mut() = Method::from_bytes(b"-").unwrap_or_default();
        request.extensions_mut().insert(self);
        let Ok(response) = TowerToHyperService::new(router).call(request).await;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map(|body| body.to_bytes());
        let body = body.unwrap_or_default();
        let mut answer = format!("HTTP/1.1 {}\r\n", parts.status).into_bytes();
        // The router may have said the length already.
        let headers = parts.headers.iter();
        for (name, value) in headers.filter(|(name, _)| *name != header::CONTENT_LENGTH) {
            answer.extend_from_slice(name.as_str().as_bytes());
            answer.extend_from_slice(b": ");
            answer.extend_from_slice(value.as_bytes());
            answer.extend_from_slice(b"\r\n");
        }
        let end = format!(
            "connection: close\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        answer.extend_from_slice(end.as_bytes());
        answer.extend_from_slice(&body);
        answer
    }
}

/// What is wrong with a head, if it can be seen. Values of headers are secrets, so they are never repeated.
fn fault(heard: &[u8]) -> Option<String> {
    let mut lines = heard
        .split(|byte| *byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let first = lines.by_ref().find(|line| !line.is_empty())?;
    let words: Vec<&[u8]> = first.split(|byte| *byte == b' ').collect();
    let [method, target, version] = words.as_slice() else {
        return Some(format!(
            "The request begins with {}, which is not a method, a target and a version with one blank between each: blanks within a target are written `%20`.",
            quoted(first)
        ));
    };
    if !is_token(method) {
        return Some(format!("The method {} is none of HTTP.", quoted(method)));
    }
    if target.iter().any(|byte| !(b'!'..=b'~').contains(byte)) {
        return Some(format!(
            "The target {} has a character that must be percent-encoded.",
            quoted(target)
        ));
    }
    if ![&b"HTTP/1.1"[..], b"HTTP/1.0"].contains(version) {
        return Some(format!(
            "The version {} is not `HTTP/1.1`.",
            quoted(version)
        ));
    }
    let mut headers = lines.take_while(|line| !line.is_empty());
    headers.find_map(header_fault).or_else(|| {
        Some(format!("The target {} cannot be read.", quoted(target)))
            .filter(|_| !is_target(target))
    })
}

fn is_target(target: &[u8]) -> bool {
    target.starts_with(b"/") || target == b"*" || axum::http::Uri::try_from(target).is_ok()
}

fn header_fault(line: &[u8]) -> Option<String> {
    let colon = line.iter().position(|byte| *byte == b':');
    let (name, value) = line.split_at(colon.unwrap_or(line.len()));
    let value = value.strip_prefix(b":").unwrap_or(value).trim_ascii();
    if colon.is_none() || !is_token(name) {
        // A line that is none may be the rest of a secret.
        let known = if colon.is_some() {
            quoted(name)
        } else {
            "A line of the head".to_owned()
        };
        return Some(format!(
            "{known} is no name of a header with a colon behind it."
        ));
    }
    let name_is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
    if value
        .iter()
        .any(|byte| byte.is_ascii_control() && *byte != b'\t')
    {
        return Some(format!(
            "The header {} has a control character.",
            quoted(name)
        ));
    }
    if name_is("content-length") && !is_length(value) {
        return Some("The header `Content-Length` is no number of bytes.".to_owned());
    }
    if name_is("transfer-encoding") && !value.eq_ignore_ascii_case(b"chunked") {
        return Some("The header `Transfer-Encoding` is not `chunked`.".to_owned());
    }
    None
}

fn is_length(value: &[u8]) -> bool {
    let text = std::str::from_utf8(value).unwrap_or_default();
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u64>().is_ok()
}

fn is_token(word: &[u8]) -> bool {
    let is_fine = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !word.is_empty() && word.iter().all(is_fine)
}

/// The beginning of a client's bytes, without a query: it may hold a secret.
fn quoted(bytes: &[u8]) -> String {
    let bytes = bytes.get(..bytes.len().min(400)).unwrap_or_default();
    let path = bytes.split(|byte| *byte == b'?').next().unwrap_or_default();
    let more = if path.len() < bytes.len() { "?…" } else { "" };
    shown(&format!("{}{more}", start(&String::from_utf8_lossy(path))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_head_is_said() {
        let check = |head: &str, expect: &str| {
            let told = fault(head.as_bytes()).unwrap_or_default();
            assert!(told.contains(expect), "{head:?}: {told}");
            assert!(!told.contains("secret"), "{told}");
        };
        check("GET /a b?code=secret HTTP/1.1\r\n\r\n", "written `%20`");
        check("\r\nGET /a\0b HTTP/1.1\r\n\r\n", "percent-encoded");
        check("G(T /a HTTP/1.1\r\n\r\n", "The method `G(T`");
        check("GET /a HTTP/3\r\n\r\n", "The version `HTTP/3`");
        check(
            "GET /a HTTP/1.1\r\nX-Odd: secret\0\r\n\r\n",
            "The header `X-Odd`",
        );
        check(
            "GET /a HTTP/1.1\r\nX Odd: secret\r\n\r\n",
            "`X Odd` is no name",
        );
        check("GET /a HTTP/1.1\r\nsecret\r\n\r\n", "A line of the head");
        check(
            "GET /a HTTP/1.1\r\nContent-Length: many\r\n\r\n",
            "`Content-Length`",
        );
        check(
            "GET /a HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
            "`Transfer-Encoding`",
        );
        check("\x16\x03\x01", "`\\u{16}");
        assert_eq!(fault(b"GET /a HTTP/1.1\r\nAccept: */*\r\n\r\n"), None);
        assert_eq!(fault(b""), None);
    }
}
