//! Clients that mean ill, or whose bytes arrive broken: every one is answered or hung up on, and nothing comes of it.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "hostile/bodies.rs"]
mod bodies;
#[path = "hostile/heads.rs"]
mod heads;
mod running;
mod world;

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpStream},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{body::Body, http::Request};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use hyper::body::Frame;
use running::{Running, start};
use world::{ITEM, Told, World};

const PATH: &str = "/v1.0/external/connections/tickets/items/T-1";
const NEW_PATH: &str = "/v1.0/external/connections/tickets/items/T-2";

/// A world in which only the connector's item T-1 is there.
async fn furnished() -> (World, String) {
    let world = World::new().await;
    let token = world.app("connector").await;
    world.furnish(&token).await;
    (world, token)
}

fn put(token: &str, path: &str) -> axum::http::request::Builder {
    Request::builder()
        .method("PUT")
        .uri(path)
        .header("host", "linkspan.test")
        .header("authorization", format!("Bearer {token}"))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn item(properties: &str) -> Vec<u8> {
    format!(r#"{{"acl":[],"properties":{properties}}}"#).into_bytes()
}

#[tokio::test]
async fn bodies_that_are_no_item_are_refused_and_leave_nothing() {
    let (world, token) = furnished().await;
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let plain = |body: Vec<u8>| (body, false);
    let cases = [
        plain(nested(10_000).into_bytes()),
        plain("[".repeat(100_000).into_bytes()),
        plain(item(&format!(r#"{{"title":{}}}"#, nested(5_000)))),
        plain(b"{\"acl\":[],\"properties\":{\"title\":\"\xff\"}}".to_vec()),
        plain(b"{\"acl\":[],\"properties\":{\"title\":\"\xed\xa0\x80\"}}".to_vec()),
        plain(item(r#"{"title":"\ud800"}"#)),
        plain(item(r#"{"title":"\udc00\ud800"}"#)),
        plain(item(r#"{"priority":1e400}"#)),
        plain(item(r#"{"priority":9223372036854775808}"#)),
        plain(item(&format!(r#"{{"priority":{}}}"#, "9".repeat(10_000)))),
        plain(item(r#"{"priority":NaN}"#)),
        plain(b"\0".repeat(1_000)),
        (gzip(ITEM.as_bytes())[..40].to_vec(), true),
        (ITEM.as_bytes().to_vec(), true),
        (gzip(&gzip(ITEM.as_bytes())), true),
    ];
    let before = world.send(&token, "GET", PATH, "").await.text;
    for (body, compressed) in cases {
        for path in [PATH, NEW_PATH] {
            let mut request = put(&token, path);
            if compressed {
                request = request.header("content-encoding", "gzip");
            }
            let told = world
                .ask(request.body(Body::from(body.clone())).unwrap())
                .await;
            assert_refused(&told, 400);
        }
    }
    assert_eq!(world.send(&token, "GET", PATH, "").await.text, before);
    assert_eq!(world.send(&token, "GET", NEW_PATH, "").await.status, 404);
}

fn assert_refused(told: &Told, status: u16) {
    assert_eq!(told.status, status, "{told:?}");
    assert!(told.text.len() < 4_096, "{told:?}");
    let error = &told.json()["error"];
    assert!(error["code"].is_string(), "{told:?}");
    assert_ne!(
        error["message"].as_str().unwrap_or_default(),
        "",
        "{told:?}"
    );
}

/// Blanks without end, and how many of them somebody took.
struct Endless(Arc<AtomicUsize>);

impl axum::body::HttpBody for Endless {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        const PIECE: &[u8] = &[b' '; 1 << 16];
        self.0.fetch_add(PIECE.len(), Ordering::SeqCst);
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(PIECE)))))
    }
}

#[tokio::test]
async fn a_body_above_the_limit_is_413_and_is_not_read_on() {
    let (world, token) = furnished().await;
    let limit = server::Settings::default().body_bytes_max;
    // What is read after the refusal is for the sender's sake, and is forgotten.
    let unwanted = 64 << 20;
    for (announced, gathered) in [(None, limit), (Some(usize::MAX), 0), (Some(limit + 1), 0)] {
        let taken = Arc::new(AtomicUsize::new(0));
        let mut request = put(&token, NEW_PATH);
        if let Some(bytes) = announced {
            request = request.header("content-length", bytes);
        }
        let body = Body::new(Endless(Arc::clone(&taken)));
        let told = world.ask(request.body(body).unwrap()).await;
        assert_refused(&told, 413);
        assert!(told.text.contains(&limit.to_string()), "{told:?}");
        let taken = taken.load(Ordering::SeqCst);
        assert!(taken <= gathered + unwanted + (1 << 18), "{taken}");
    }
    let bomb = gzip(&vec![b' '; limit + 1]);
    assert!(bomb.len() < 1 << 20, "{}", bomb.len());
    let request = put(&token, NEW_PATH).header("content-encoding", "gzip");
    let told = world.ask(request.body(Body::from(bomb)).unwrap()).await;
    assert_refused(&told, 413);
    assert_eq!(world.send(&token, "GET", NEW_PATH, "").await.status, 404);
}

impl Running {
    /// Writes what can be written, says that no more will come, and reads what can be read.
    async fn throw(&self, bytes: Vec<u8>) -> String {
        let at = self.at;
        let read = move || {
            let mut stream = TcpStream::connect(at).unwrap();
            stream
                .set_read_timeout(Some(Duration::from_secs(30)))
                .unwrap();
            // The server may hang up before all of it is written.
            let _ = stream.write_all(&bytes);
            let _ = stream.shutdown(Shutdown::Write);
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer);
            String::from_utf8_lossy(&answer).into_owned()
        };
        tokio::task::spawn_blocking(read).await.unwrap()
    }

    fn head(&self, method: &str, path: &str, headers: &str) -> String {
        let token = &self.token;
        format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n{headers}\r\n"
        )
    }

    async fn get(&self, path: &str) -> String {
        self.send(&self.head("GET", path, ""), Vec::new()).await
    }
}

fn assert_turned_away(answer: &str, what: &str) {
    let is_refusal = answer.starts_with("HTTP/1.1 4");
    assert!(answer.is_empty() || is_refusal, "{what}: {answer}");
    assert!(answer.len() < 4_096, "{what}: {} bytes", answer.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_framing_is_turned_away_and_leaves_nothing() {
    let running = start().await;
    let length = ITEM.len();
    let cases = [
        (
            "shorter than it says",
            format!("Content-Length: {}\r\n", length + 1),
            ITEM,
        ),
        (
            "two lengths",
            format!("Content-Length: {length}\r\nContent-Length: 5\r\n"),
            ITEM,
        ),
        ("no number", "Content-Length: many\r\n".to_owned(), ITEM),
        ("negative", "Content-Length: -1\r\n".to_owned(), ITEM),
        (
            "beyond 64 bits",
            "Content-Length: 99999999999999999999\r\n".to_owned(),
            ITEM,
        ),
        (
            "no chunks",
            "Transfer-Encoding: chunked\r\n".to_owned(),
            ITEM,
        ),
        (
            "a chunk of no number",
            "Transfer-Encoding: chunked\r\n".to_owned(),
            "xyz\r\n{}\r\n",
        ),
        (
            "a chunk that lies",
            "Transfer-Encoding: chunked\r\n".to_owned(),
            "5\r\n{}\r\n0\r\n\r\n",
        ),
        (
            "a chunk without end",
            "Transfer-Encoding: chunked\r\n".to_owned(),
            "ffffffffffffffffff\r\n{}",
        ),
        (
            "chunks that stop",
            "Transfer-Encoding: chunked\r\n".to_owned(),
            "2\r\n{}\r\n",
        ),
        (
            "an unknown transfer",
            "Transfer-Encoding: gzip\r\n".to_owned(),
            ITEM,
        ),
    ];
    for (what, headers, body) in cases {
        let head = running.head("PUT", NEW_PATH, &headers);
        let answer = running
            .throw([head.as_bytes(), body.as_bytes()].concat())
            .await;
        assert_turned_away(&answer, what);
        assert!(
            running.get(NEW_PATH).await.starts_with("HTTP/1.1 404 "),
            "{what}"
        );
    }
    // What comes after the length is another request, and this is none.
    let head = running.head("PUT", NEW_PATH, &format!("Content-Length: {length}\r\n"));
    let head = head.replace("Connection: close\r\n", "");
    let answer = running
        .throw(format!("{head}{ITEM}}}}}\r\n\r\n").into_bytes())
        .await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(answer.matches("HTTP/1.1 200 ").count(), 1, "{answer}");
    running.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_reads_only_when_it_has_sent_all_hears_of_the_limit() {
    let running = start().await;
    for headers in ["Content-Length: 33000000\r\n", ""] {
        let mut body = vec![b' '; 33_000_000];
        let mut headers = headers.to_owned();
        if headers.is_empty() {
            headers.push_str("Transfer-Encoding: chunked\r\n");
            body.splice(..0, *b"1f78a40\r\n");
            body.extend_from_slice(b"\r\n0\r\n\r\n");
        }
        let answer = running
            .send(&running.head("PUT", PATH, &headers), body)
            .await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
        assert!(answer.contains("30000000 bytes"), "{answer}");
    }
    running.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_dawdle_keep_nobody_waiting() {
    let running = start().await;
    let half_a_head = running
        .head("PUT", NEW_PATH, "")
        .replace("\r\n\r\n", "\r\n");
    let half_a_body = running.head("PUT", NEW_PATH, "Content-Length: 1000\r\n") + "{";
    let dawdlers: Vec<TcpStream> = ["", &half_a_head, &half_a_body]
        .iter()
        .cycle()
        .take(300)
        .map(|bytes| {
            let mut stream = TcpStream::connect(running.at).unwrap();
            stream.write_all(bytes.as_bytes()).unwrap();
            stream
        })
        .collect();
    let head = running.head("PUT", PATH, &format!("Content-Length: {}\r\n", ITEM.len()));
    let answer = running.send(&head, ITEM.as_bytes().to_vec()).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    drop(dawdlers);
    assert!(running.get(NEW_PATH).await.starts_with("HTTP/1.1 404 "));
    running.end().await;
}
