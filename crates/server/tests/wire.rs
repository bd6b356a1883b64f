//! The router on a real socket: what only shows when bytes travel.

mod running;
mod world;

use std::io::Write;

use running::start;

const ITEM: &str = "/v1.0/external/connections/tickets/items/T-1";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_is_still_sending_gets_to_see_its_refusal() {
    let running = start().await;
    let bytes = 6 << 20;
    let head = format!(
        "PUT {ITEM} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {bytes}\r\n\r\n"
    );
    let answer = running.send(&head, vec![b' '; bytes]).await;
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    assert!(answer.contains("InvalidAuthenticationToken"));
    running.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_chunked_body_is_taken() {
    let running = start().await;
    let text = "word ".repeat(1 << 20);
    let json = format!(
        r#"{{"acl":[{{"type":"everyone","value":"everyone","accessType":"grant"}}],
            "properties":{{"title":"Long"}},"content":{{"type":"text","value":"{text}"}}}}"#
    );
    let mut body = Vec::new();
    for chunk in json.as_bytes().chunks(100_000) {
        write!(body, "{:x}\r\n", chunk.len()).unwrap();
        body.extend_from_slice(chunk);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"0\r\n\r\n");
    let head = format!(
        "PUT {ITEM} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {{token}}\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    let answer = running.send(&head, body).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{}", &answer[..300]);
    assert!(answer.len() > text.len());
    running.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_without_content_has_none_on_the_wire() {
    let running = start().await;
    let head = format!(
        "DELETE {ITEM} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {{token}}\r\n\r\n"
    );
    let answer = running.send(&head, Vec::new()).await.to_ascii_lowercase();
    assert!(answer.starts_with("http/1.1 204 "), "{answer}");
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
    assert!(!answer.contains("content-"), "{answer}");
    assert!(answer.contains("\r\ndate: "), "{answer}");
    running.end().await;
}
