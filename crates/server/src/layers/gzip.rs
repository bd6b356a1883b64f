//! Compresses the larger answers of the API for clients that take gzip.

use std::io::Write;

use axum::{
    body::{Body, HttpBody},
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http_body_util::BodyExt;

/// A smaller answer is sent as it is: it fits a packet, and gzip might make it larger.
const BYTES_MIN: u64 = 1_024;

/// From this many bytes on an answer is compressed beside the async threads.
const INLINE_BYTES_MAX: usize = 64 << 10;

/// The answer, compressed where that is worth it and the request's headers take it.
pub(crate) async fn gzip(asked: &HeaderMap, mut response: Response) -> Response {
    if response.body().size_hint().lower() < BYTES_MIN {
        return response;
    }
    let vary = HeaderValue::from_static("Accept-Encoding");
    response.headers_mut().append(header::VARY, vary);
    if !takes_gzip(asked) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    // The answers of the API are all there before they are sent.
    let plain = body.collect().await;
    let plain = plain
        .map(http_body_util::Collected::to_bytes)
        .unwrap_or_default();
    let deflated = if plain.len() <= INLINE_BYTES_MAX {
        deflated(&plain)
    } else {
        let plain = plain.clone();
        let beside = tokio::task::spawn_blocking(move || deflated(&plain)).await;
        beside.ok().flatten()
    };
    let body = match deflated {
        Some(bytes) => {
            let coding = HeaderValue::from_static("gzip");
            parts.headers.insert(header::CONTENT_ENCODING, coding);
            bytes
        }
        None => plain,
    };
    Response::from_parts(parts, Body::from(body))
}

fn deflated(plain: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 4), Compression::fast());
    encoder.write_all(plain).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

/// Is gzip among the codings that are taken? What is said of it by name goes before what is said of all.
fn takes_gzip(asked: &HeaderMap) -> bool {
    let (mut by_name, mut of_all) = (None, false);
    let values = asked.get_all(header::ACCEPT_ENCODING).into_iter();
    let words = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    for word in words {
        let (coding, parameter) = word.split_once(';').unwrap_or((word, ""));
        let quality = parameter
            .split_once('=')
            .and_then(|(_, quality)| quality.trim().parse::<f32>().ok());
        let taken = quality.is_none_or(|quality| quality > 0.0);
        match coding.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => by_name = Some(taken),
            "*" => of_all = taken,
            _ => {}
        }
    }
    by_name.unwrap_or(of_all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codings_are_read() {
        let check = |values: &[&'static str], expect: bool| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::ACCEPT_ENCODING, HeaderValue::from_static(value));
            }
            assert_eq!(takes_gzip(&headers), expect, "{values:?}");
        };
        check(&[], false);
        check(&["identity"], false);
        check(&["br, deflate"], false);
        check(&["gzip"], true);
        check(&["br, GZIP;q=0.5"], true);
        check(&["br", "deflate, gzip"], true);
        check(&["gzip;q=0"], false);
        check(&["gzip; q=0.000, *"], false);
        check(&["*"], true);
        check(&["*;q=0"], false);
        check(&["*;q=0, gzip"], true);
    }
}
