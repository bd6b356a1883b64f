//! Heads that cannot be read, or came to the wrong port: they are refused like anything else.

use serde_json::Value;

use super::*;

/// A refusal in the shape of all errors, and the text of it.
fn refusal(answer: &str, status: u16, what: &str) -> String {
    let begins = format!("HTTP/1.1 {status} ");
    assert!(answer.starts_with(&begins), "{what}: {answer}");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let error: Value = serde_json::from_str(body).unwrap();
    let id = error["error"]["innerError"]["request-id"].as_str().unwrap();
    let stamp = format!("request-id: {id}\r\n");
    assert!(head.contains(&stamp), "{what}: {answer}");
    let lengths = head.matches("\r\ncontent-length: ").count();
    assert_eq!(lengths, 1, "{what}: {answer}");
    body.to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_head_is_said() {
    let running = start().await;
    let many: String = (0..5_000).map(|n| format!("X-{n}: y\r\n")).collect();
    let large = format!("X-Large: {}\r\n", "y".repeat(200_000));
    let long = format!("/v1.0/{}", "x".repeat(65_530));
    let head = |headers: &str| running.head("GET", PATH, headers);
    for (head, status, expect) in [
        (head(&many), 431, "more than 100 headers"),
        (head(&large), 431, "65536 bytes"),
        (running.head("GET", &long, ""), 414, "65534 bytes"),
        (
            head("X-Odd: a\0b\r\n"),
            400,
            "The header `X-Odd` has a control character.",
        ),
        (head("X Odd: a\r\n"), 400, "`X Odd` is no name"),
        (head("Content-Length: many\r\n"), 400, "`Content-Length`"),
        (running.head("GET", "/v1.0/a b", ""), 400, "`%20`"),
        (running.head("G(T", PATH, ""), 400, "The method `G(T`"),
        ("GET /v1.0/me HTTP/1.1\r\n\r\n".to_owned(), 400, "Host"),
        (
            "CONNECT graph.microsoft.com:443 HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
            405,
            "CONNECT is for a proxy",
        ),
    ] {
        let answer = running.throw(head.into_bytes()).await;
        let told = refusal(&answer, status, expect);
        assert!(told.contains(expect), "{expect}: {answer}");
    }
    // Behind a request that is fine, on the same connection.
    let fine = head("").replace("Connection: close\r\n", "");
    let both = format!("{fine}G(T / HTTP/1.1\r\n\r\n");
    let answer = running.throw(both.into_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let second = answer.find("HTTP/1.1 400 ").unwrap();
    refusal(&answer[second..], 400, "behind another one");
    running.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plain_http_at_the_secure_port_is_told_where_it_belongs() {
    let running = start().await;
    let mut stream = TcpStream::connect(running.secure_at).unwrap();
    let plain = "GET /v1.0/me HTTP/1.1\r\nHost: localhost:7743\r\n\r\n";
    stream.write_all(plain.as_bytes()).unwrap();
    let read = move || {
        let mut told = String::new();
        stream.read_to_string(&mut told).unwrap();
        told
    };
    let answer = tokio::task::spawn_blocking(read).await.unwrap();
    let told = refusal(&answer, 400, "plain");
    assert!(
        told.contains("Use https://localhost:7743/ instead."),
        "{told}"
    );
    running.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_url_that_fits_is_answered_and_repeated_only_in_part() {
    let running = start().await;
    for path in ["", "external/connections/", "external/connections?$filter="] {
        let path = format!("/v1.0/{path}{}", "x".repeat(50_000));
        let answer = running.get(&path).await;
        assert!(answer.starts_with("HTTP/1.1 40"), "{answer}");
        let body = answer.split("\r\n\r\n").nth(1).unwrap();
        let error: Value = serde_json::from_str(body).unwrap();
        assert_ne!(error["error"]["message"], "", "{answer}");
        assert!(answer.len() < 4_096, "{}", answer.len());
    }
    running.end().await;
}
