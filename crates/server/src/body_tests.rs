use std::io::Write;

use axum::http::HeaderValue;
use flate2::{Compression, write::GzEncoder};
use serde_json::json;

use super::*;

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| {
            (
                name.parse::<axum::http::HeaderName>().unwrap(),
                HeaderValue::from_static(value),
            )
        })
        .collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

async fn json(
    bytes: impl Into<Vec<u8>>,
    pairs: &[(&'static str, &'static str)],
) -> Result<Value, PublicError> {
    let mut incoming = Incoming::new(Body::from(bytes.into()), 4 << 20, &Arc::default());
    incoming.json(&headers(pairs), "a thing").await
}

#[tokio::test]
async fn json_is_read_whatever_the_content_type() {
    for label in ["application/json", "application/x-www-form-urlencoded", "?"] {
        let read = json(br#"{"a":1}"#.as_slice(), &[("content-type", label)]).await;
        assert_eq!(read.unwrap(), json!({"a": 1}));
    }
    let read = json(b"\xef\xbb\xbf{\"a\":1}".as_slice(), &[]).await;
    assert_eq!(read.unwrap(), json!({"a": 1}));
}

#[tokio::test]
async fn gzip_is_inflated_within_the_limit() {
    let gzipped = [("content-encoding", "gzip")];
    assert_eq!(json(gzip(b"[1]"), &gzipped).await.unwrap(), json!([1]));
    let large = format!("\"{}\"", "x".repeat(3 << 20));
    assert_eq!(
        json(gzip(large.as_bytes()), &gzipped)
            .await
            .unwrap()
            .as_str()
            .unwrap()
            .len(),
        3 << 20
    );
    let bomb = gzip(&vec![b' '; (4 << 20) + 1]);
    assert!(bomb.len() < 100_000);
    assert_eq!(json(bomb, &gzipped).await.unwrap_err().status, 413);
    let error = json(b"not gzip".as_slice(), &gzipped).await.unwrap_err();
    assert_eq!((error.status, error.code), (400, ErrorCode::BadRequest));
    let mut cut = gzip(large.as_bytes());
    cut.truncate(cut.len() / 2);
    assert_eq!(json(cut, &gzipped).await.unwrap_err().status, 400);
}

#[tokio::test]
async fn other_codings_are_415() {
    for coding in ["br", "deflate", "gzip, gzip", "gzip,br"] {
        let pair = [("content-encoding", coding)];
        let error = json(b"{}".as_slice(), &pair).await.unwrap_err();
        assert_eq!(error.status, 415, "{coding}");
        assert!(error.message.contains(coding), "{}", error.message);
    }
    for coding in ["identity", "", "Identity"] {
        let pair = [("content-encoding", coding)];
        assert_eq!(
            json(b"{}".as_slice(), &pair).await.unwrap(),
            json!({}),
            "{coding}"
        );
    }
}

#[tokio::test]
async fn the_limit_holds_with_and_without_a_length() {
    let announced = [("content-length", "4194305")];
    let error = json(b"{}".as_slice(), &announced).await.unwrap_err();
    assert_eq!(
        (error.status, error.code),
        (413, ErrorCode::RequestEntityTooLarge)
    );
    let just_fits = vec![b' '; (4 << 20) - 2];
    let mut body = just_fits.clone();
    body.extend_from_slice(b"{}");
    assert_eq!(json(body.clone(), &[]).await.unwrap(), json!({}));
    body.push(b' ');
    assert_eq!(json(body, &[]).await.unwrap_err().status, 413);
}

#[tokio::test]
async fn bodies_in_pieces_are_put_together() {
    let (sender, mut incoming) = {
        let (sender, receiver) = tokio::sync::mpsc::channel::<Bytes>(4);
        (
            sender,
            Incoming::new(Body::new(Pieces(receiver)), 1 << 20, &Arc::default()),
        )
    };
    for piece in [&b"{\"a\""[..], b":", b"[1,", b"2]}"] {
        sender.send(Bytes::copy_from_slice(piece)).await.unwrap();
    }
    drop(sender);
    let read = incoming.json(&HeaderMap::new(), "a thing").await.unwrap();
    assert_eq!(read, json!({"a": [1, 2]}));
}

/// A chunked body.
struct Pieces(tokio::sync::mpsc::Receiver<Bytes>);

impl axum::body::HttpBody for Pieces {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, Self::Error>>> {
        self.0
            .poll_recv(context)
            .map(|piece| piece.map(|piece| Ok(hyper::body::Frame::data(piece))))
    }
}

#[tokio::test]
async fn a_body_may_neither_pause_nor_drip_for_ever() {
    let (sender, receiver) = tokio::sync::mpsc::channel::<Bytes>(4);
    let mut silent = Incoming::new(Body::new(Pieces(receiver)), 1 << 20, &Arc::default());
    silent.patience.pause = Duration::from_millis(1);
    sender.send(Bytes::from_static(b"[")).await.unwrap();
    let refused = silent.json(&HeaderMap::new(), "a thing").await.unwrap_err();
    assert_eq!((refused.status, refused.code), (400, ErrorCode::BadRequest));
    assert!(refused.message.contains("stopped"), "{}", refused.message);

    // Even a piece that is there does not help when the whole time is over.
    let (sender, receiver) = tokio::sync::mpsc::channel::<Bytes>(4);
    let mut dripping = Incoming::new(Body::new(Pieces(receiver)), 1 << 20, &Arc::default());
    dripping.patience.whole = Duration::ZERO;
    sender.send(Bytes::from_static(b"[")).await.unwrap();
    let refused = dripping.read(&HeaderMap::new()).await.unwrap_err();
    assert_eq!((refused.status, refused.code), (400, ErrorCode::BadRequest));
    assert_eq!(dripping.bytes_in(), 0);
}

#[tokio::test]
async fn what_is_not_json_is_refused_with_its_place() {
    let message = |bytes: &'static [u8]| async move {
        let error = json(bytes, &[]).await.unwrap_err();
        assert_eq!((error.status, error.code), (400, ErrorCode::BadRequest));
        error.message
    };
    for empty in [&b""[..], b" \r\n"] {
        assert_eq!(
            message(empty).await,
            "The request body is empty: a thing in JSON is expected."
        );
    }
    let told = message(b"{\n  \"a\": x}").await;
    assert!(told.contains("at line 2, column 8: "), "{told}");
    let told = message(b"{\"a\": \"\xff\"}").await;
    assert!(told.contains("the byte at offset 7 is not UTF-8"), "{told}");
    let told = message(b"{} {}").await;
    assert!(told.contains("trailing characters"), "{told}");
}

#[tokio::test]
async fn depth_is_bounded() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(json(nested(127), &[]).await.is_ok());
    let error = json(nested(200), &[]).await.unwrap_err();
    assert_eq!(error.status, 400);
    assert!(
        error.message.contains("recursion limit"),
        "{}",
        error.message
    );
}
