//! What every fuzz target holds the readers to: what is refused is refused well.

mod mutate;

use graph::{PublicError, PublicErrorDetail};
use serde_json::Value;

pub use mutate::mutate_json;

/// Bytes that all texts of one refusal may have together; each of them quotes the client only in part.
const REFUSAL_BYTES_MAX: usize = 8_192;

/// The input as JSON, read as a request body is.
pub fn json(data: &[u8]) -> Option<Value> {
    serde_json::from_slice(data).ok()
}

/// Panics unless the refusal is one that a client can use: 4xx, or 501 for what is not served, and a text of bounded length
/// at every place where one is due.
pub fn assert_refusal(refusal: &PublicError) {
    assert!(
        matches!(refusal.status, 400..=499 | 501),
        "not for a client: {refusal:?}"
    );
    let mut bytes = text(&refusal.message) + refusal.target.as_deref().map_or(0, text);
    if let Some(inner) = &refusal.inner {
        bytes += text(&inner.code) + text(&inner.message);
    }
    bytes += details(&refusal.details);
    assert!(bytes <= REFUSAL_BYTES_MAX, "{bytes} bytes: {refusal:?}");
}

/// [`assert_refusal`] for what was refused; what was accepted is handed on.
pub fn accepted<T>(read: Result<T, PublicError>) -> Option<T> {
    read.inspect_err(assert_refusal).ok()
}

fn details(details: &[PublicErrorDetail]) -> usize {
    let bytes = details.iter().map(|detail| {
        text(&detail.code)
            + text(&detail.message)
            + detail.target.as_deref().map_or(0, text)
            + self::details(&detail.details)
    });
    bytes.sum()
}

fn text(text: &str) -> usize {
    assert!(!text.trim().is_empty(), "an empty text in a refusal");
    text.len()
}
