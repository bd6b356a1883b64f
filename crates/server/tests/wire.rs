//! The router on a real socket: what only shows when bytes travel.

#![expect(clippy::unwrap_used, reason = "tests")]

mod world;

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
};

use server::listen::{Listeners, serve};
use tokio::{sync::watch, task::JoinHandle};
use world::World;

struct Running {
    at: SocketAddr,
    token: String,
    stop: watch::Sender<bool>,
    ended: JoinHandle<std::io::Result<()>>,
    _world: World,
}

async fn start() -> Running {
    let world = World::new().await;
    let token = world.app("connector").await;
    world.furnish(&token).await;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let (stop, stopped) = watch::channel(false);
    let router = world.router.clone();
    let listeners = Listeners {
        http: Some(listener),
        https: None,
    };
    Running {
        at,
        token,
        stop,
        ended: tenant::tasks::spawn("server", serve(listeners, router, stopped)),
        _world: world,
    }
}

impl Running {
    /// Sends a request, body and all, and only then reads the answer.
    async fn send(&self, head: &str, body: Vec<u8>) -> String {
        let at = self.at;
        let head = head.replace("{token}", &self.token);
        tokio::task::spawn_blocking(move || {
            let mut stream = TcpStream::connect(at).unwrap();
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(&body).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        })
        .await
        .unwrap()
    }

    async fn end(self) {
        self.stop.send_replace(true);
        self.ended.await.unwrap().unwrap();
    }
}

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
