//! The listeners on real sockets: both protocols, clients that misbehave, and the end.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use axum::{Extension, Router, routing::get};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use server::{
    Scheme,
    listen::{Listeners, serve},
    tls::{Material, install_provider},
};
use tokio::{sync::watch, task::JoinHandle};

/// Both listeners, running.
struct Running {
    http: SocketAddr,
    https: SocketAddr,
    ca: CertificateDer<'static>,
    stop: watch::Sender<bool>,
    ended: JoinHandle<std::io::Result<()>>,
    _directory: tempfile::TempDir,
}

#[expect(
    clippy::disallowed_methods,
    reason = "the client checks the certificate by the real clock"
)]
fn start() -> Running {
    install_provider();
    let directory = tempfile::tempdir().unwrap();
    let tls = Material::open(directory.path(), SystemTime::now()).unwrap();
    let bind = || TcpListener::bind("127.0.0.1:0").unwrap();
    let (http, https) = (bind(), bind());
    let (stop, stopped) = watch::channel(false);
    let router = Router::new()
        .route(
            "/scheme",
            get(|Extension(scheme): Extension<Scheme>| async move { scheme.as_str() }),
        )
        .route(
            "/slow",
            get(|| async {
                tokio::time::sleep(Duration::from_millis(500)).await;
                "slow"
            }),
        );
    Running {
        http: http.local_addr().unwrap(),
        https: https.local_addr().unwrap(),
        ca: CertificateDer::from_pem_file(directory.path().join("ca.pem")).unwrap(),
        stop,
        ended: tokio::task::spawn_blocking(move || {
            let listeners = Listeners {
                http: Some(http),
                https: Some((https, tls.server_config())),
            };
            tokio::runtime::Handle::current().block_on(serve(listeners, router, stopped))
        }),
        _directory: directory,
    }
}

impl Running {
    /// What a whole answer reads like when the connection is closed after it.
    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.http).unwrap();
        stream.write_all(request(path).as_bytes()).unwrap();
        text(stream)
    }

    fn tls(&self, protocol: &[u8]) -> StreamOwned<ClientConnection, TcpStream> {
        let mut roots = RootCertStore::empty();
        roots.add(self.ca.clone()).unwrap();
        let mut config = ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![protocol.to_vec()];
        let name = ServerName::try_from("localhost").unwrap();
        let client = ClientConnection::new(Arc::new(config), name).unwrap();
        StreamOwned::new(client, TcpStream::connect(self.https).unwrap())
    }

    async fn end(self) -> Duration {
        let began = Instant::now();
        self.stop.send_replace(true);
        self.ended.await.unwrap().unwrap();
        began.elapsed()
    }
}

fn request(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
}

/// A GET in HTTP/2, frame by frame: what the first data frame of the answer holds.
fn modern(mut stream: impl Read + Write, path: &str) -> String {
    // The header block: GET, https, the path, the authority; the first two and the names by their static numbers.
    let mut block = vec![0x82, 0x87, 0x04, u8::try_from(path.len()).unwrap()];
    block.extend_from_slice(path.as_bytes());
    block.extend_from_slice(b"\x41\x09localhost");
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
    bytes.extend_from_slice(&[0, 0, u8::try_from(block.len()).unwrap(), 1, 5, 0, 0, 0, 1]);
    bytes.extend_from_slice(&block);
    stream.write_all(&bytes).unwrap();
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).unwrap();
        let length = usize::from(head[1]) * 256 + usize::from(head[2]);
        let mut payload = vec![0; length];
        stream.read_exact(&mut payload).unwrap();
        if head[3] == 0 {
            return String::from_utf8(payload).unwrap();
        }
    }
}

fn text(mut stream: impl Read) -> String {
    let mut bytes = Vec::new();
    // A TLS peer may close without saying so; what came is what counts.
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_listeners_answer_and_know_their_scheme() {
    let running = Arc::new(start());
    let there = Arc::clone(&running);
    beside(move || {
        let plain = there.get("/scheme");
        assert!(plain.starts_with("HTTP/1.1 200"), "{plain}");
        assert!(plain.ends_with("\r\n\r\nhttp"), "{plain}");
        let mut secure = there.tls(b"http/1.1");
        secure.write_all(request("/scheme").as_bytes()).unwrap();
        let secure = text(secure);
        assert!(secure.ends_with("\r\n\r\nhttps"), "{secure}");
        assert_eq!(modern(there.tls(b"h2"), "/scheme"), "https");
    })
    .await;
    let running = Arc::into_inner(running).unwrap();
    assert!(running.end().await < Duration::from_secs(5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_listener_knows_what_the_other_one_speaks() {
    let running = Arc::new(start());
    let there = Arc::clone(&running);
    beside(move || {
        // HTTP/2 without TLS is spoken by those who know that it is.
        let plain = TcpStream::connect(there.http).unwrap();
        assert_eq!(modern(plain, "/scheme"), "http");
        // Who speaks plainly to the secure port is answered plainly; what is said is the router's.
        let mut wrong = TcpStream::connect(there.https).unwrap();
        wrong.write_all(request("/scheme").as_bytes()).unwrap();
        assert!(text(wrong).starts_with("HTTP/1.1 404 "));
        // A handshake cannot be answered; it ends at once.
        let mut wrong = TcpStream::connect(there.http).unwrap();
        wrong.write_all(b"\x16\x03\x01\x00\x05hello").unwrap();
        assert_eq!(text(wrong), "");
    })
    .await;
    let running = Arc::into_inner(running).unwrap();
    assert!(running.end().await < Duration::from_secs(5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_misbehave_disturb_nobody_else() {
    let running = Arc::new(start());
    let there = Arc::clone(&running);
    beside(move || {
        let _silent = TcpStream::connect(there.http).unwrap();
        let _silent_tls = TcpStream::connect(there.https).unwrap();
        let mut garbage = TcpStream::connect(there.https).unwrap();
        garbage.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        drop(garbage);
        let mut long = TcpStream::connect(there.http).unwrap();
        let head = format!("GET /{} HTTP/1.1\r\n", "x".repeat(200_000));
        // The server may hang up before all of it is written.
        let _ = long.write_all(head.as_bytes());
        let refused = text(long);
        assert!(
            refused.is_empty() || refused.starts_with("HTTP/1.1 4"),
            "{refused}"
        );
        assert!(there.get("/scheme").ends_with("http"));
        let mut secure = there.tls(b"http/1.1");
        secure.write_all(request("/scheme").as_bytes()).unwrap();
        assert!(text(secure).ends_with("https"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_under_way_may_end_and_nothing_new_begins() {
    let running = Arc::new(start());
    let there = Arc::clone(&running);
    let slow = tokio::task::spawn_blocking(move || there.get("/slow"));
    let idle = TcpStream::connect(running.http).unwrap();
    tokio::time::sleep(Duration::from_millis(150)).await;
    running.stop.send_replace(true);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(TcpStream::connect(running.http).is_err());
    assert!(slow.await.unwrap().ends_with("slow"));
    let running = Arc::into_inner(running).unwrap();
    // An idle connection does not hold the end up.
    assert!(running.end().await < Duration::from_secs(5));
    drop(idle);
}
