//! The CONNECT listener on real sockets: tunnels, refusals, clients that misbehave, and the end.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use axum::{
    Extension, Router,
    http::{HeaderMap, header::HOST},
    routing::get,
};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use server::{
    Scheme, Settings,
    journal::{Journal, Whose},
    proxy::{Proxy, serve},
    tls::{Material, install_provider},
};
use tokio::{sync::watch, task::JoinHandle};

/// Longer than anything here may take, far shorter than a hanging test.
const PATIENCE: Duration = Duration::from_secs(20);

const GRAPH: &str = "graph.microsoft.com";

struct Running {
    address: SocketAddr,
    ca: CertificateDer<'static>,
    journal: Arc<Journal>,
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
    // Both ends of every connection are in this process.
    server::descriptors::raise_limit();
    let directory = tempfile::tempdir().unwrap();
    let tls = Material::open(directory.path(), SystemTime::now()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let journal = Arc::new(Journal::new(Settings::default().now));
    let (stop, stopped) = watch::channel(false);
    let router = Router::new().route(
        "/where",
        get(
            |Extension(scheme): Extension<Scheme>, headers: HeaderMap| async move {
                format!("{}://{}", scheme.as_str(), headers[HOST].to_str().unwrap())
            },
        ),
    );
    Running {
        address: listener.local_addr().unwrap(),
        ca: CertificateDer::from_pem_file(directory.path().join("ca.pem")).unwrap(),
        journal: Arc::clone(&journal),
        stop,
        ended: tokio::task::spawn_blocking(move || {
            let proxy = Proxy {
                listener,
                tls: tls.server_config(),
                journal: Some(journal),
            };
            tokio::runtime::Handle::current().block_on(serve(proxy, router, stopped))
        }),
        _directory: directory,
    }
}

impl Running {
    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// What is answered to these bytes, until the listener closes.
    fn ask(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        // The listener may have refused before all is written.
        let _ = stream.write_all(bytes);
        text(stream)
    }

    /// A tunnel, opened with this request line.
    fn tunnel(&self, line: &str) -> TcpStream {
        let mut stream = self.connect();
        write!(
            stream,
            "{line}\r\nHost: {GRAPH}:443\r\nUser-Agent: test\r\n\r\n"
        )
        .unwrap();
        let mut answer = [0; 39];
        stream.read_exact(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer);
        assert!(
            answer.ends_with(" 200 Connection established\r\n\r\n"),
            "{answer}"
        );
        stream
    }

    fn tls(
        &self,
        stream: TcpStream,
        name: &'static str,
    ) -> StreamOwned<ClientConnection, TcpStream> {
        let mut roots = RootCertStore::empty();
        roots.add(self.ca.clone()).unwrap();
        let config = ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from(name).unwrap();
        StreamOwned::new(
            ClientConnection::new(Arc::new(config), name).unwrap(),
            stream,
        )
    }

    async fn end(self) -> Duration {
        let began = Instant::now();
        self.stop.send_replace(true);
        self.ended.await.unwrap().unwrap();
        began.elapsed()
    }
}

fn get_where(mut stream: impl Read + Write, host: &str) -> String {
    write!(
        stream,
        "GET /where HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let answer = text(stream);
    answer.rsplit("\r\n\r\n").next().unwrap().to_owned()
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

async fn ends(running: Arc<Running>) -> Duration {
    Arc::into_inner(running).unwrap().end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tunnel_leads_to_our_tls_under_the_name_that_was_asked_for() {
    let running = Arc::new(start());
    let there = Arc::clone(&running);
    beside(move || {
        for (line, name) in [
            ("CONNECT graph.microsoft.com:443 HTTP/1.1", GRAPH),
            ("CONNECT GRAPH.Microsoft.com:443 HTTP/1.0", GRAPH),
            (
                "CONNECT login.microsoftonline.com:443 HTTP/1.1",
                "login.microsoftonline.com",
            ),
            (
                "CONNECT graph.microsoft.us:443 HTTP/1.1",
                "graph.microsoft.us",
            ),
            (
                "CONNECT login.partner.microsoftonline.cn:443 HTTP/1.1",
                "login.partner.microsoftonline.cn",
            ),
        ] {
            let stream = there.tls(there.tunnel(line), name);
            assert_eq!(get_where(stream, name), format!("https://{name}"));
        }
    })
    .await;
    assert_eq!(running.journal.page(0, Whose::All).tunnels, 5);
    ends(running).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handshake_that_comes_with_the_head_is_not_lost() {
    let running = Arc::new(start());
    let there = Arc::clone(&running);
    beside(move || {
        let mut stream = there.connect();
        let mut tls = there.tls(there.connect(), GRAPH).conn;
        let mut bytes = b"CONNECT graph.microsoft.com:443 HTTP/1.1\r\n\r\n".to_vec();
        tls.write_tls(&mut bytes).unwrap();
        stream.write_all(&bytes).unwrap();
        let mut answer = [0; 39];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(
            get_where(StreamOwned::new(tls, stream), GRAPH),
            "https://graph.microsoft.com"
        );
    })
    .await;
    ends(running).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_else_is_refused_with_a_sentence() {
    let running = Arc::new(start());
    let there = Arc::clone(&running);
    beside(move || {
        for (request, status) in [
            ("CONNECT api.example:443 HTTP/1.1\r\n\r\n", "403"),
            ("CONNECT graph.microsoft.com:80 HTTP/1.1\r\n\r\n", "403"),
            ("CONNECT localhost:443 HTTP/1.1\r\n\r\n", "403"),
            ("CONNECT [::1]:443 HTTP/1.1\r\n\r\n", "403"),
            ("CONNECT [::1 HTTP/1.1\r\n\r\n", "403"),
            (
                "GET https://graph.microsoft.com/v1.0/me HTTP/1.1\r\n\r\n",
                "403",
            ),
            ("GET / HTTP/1.1\r\n\r\n", "403"),
            ("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", "403"),
            ("CONNECT\r\n\r\n", "400"),
            ("HELO you\r\n\r\n", "400"),
            ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400"),
            ("\u{16}\u{3}\u{1}\u{2}", "400"),
            ("garbage", "400"),
            ("\0\0\0\0", "400"),
        ] {
            let answer = there.ask(request.as_bytes());
            let expect = format!("HTTP/1.1 {status} ");
            assert!(answer.starts_with(&expect), "{request:?}: {answer}");
            let sentence = answer.split_once("\r\n\r\n").unwrap().1;
            assert!(
                sentence.contains("this listener carries CONNECT tunnels"),
                "{answer}"
            );
            assert!(sentence.contains("graph.microsoft.com"), "{answer}");
            assert_eq!(sentence.trim().lines().count(), 1, "{answer}");
        }
        let long = format!(
            "CONNECT {GRAPH}:443 HTTP/1.1\r\n{}",
            "X: y\r\n".repeat(20_000)
        );
        let answer = there.ask(long.as_bytes());
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    })
    .await;
    let page = running.journal.page(0, Whose::All);
    let hosts: Vec<_> = page
        .entries
        .iter()
        .filter_map(|entry| entry.about.as_deref())
        .collect();
    assert_eq!(
        hosts,
        [
            "api.example:443",
            "graph.microsoft.com:80",
            "localhost:443",
            "[::1]:443",
            "[::1"
        ]
    );
    ends(running).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_head_is_ended() {
    let running = Arc::new(start());
    let there = Arc::clone(&running);
    let (answer, took) = beside(move || {
        let mut stream = there.connect();
        let began = Instant::now();
        stream
            .write_all(b"CONNECT graph.microsoft.com:443 HTTP/1.1\r\n")
            .unwrap();
        // A byte a second would go on for ever; the whole head has its time.
        let mut slow = stream.try_clone().unwrap();
        std::thread::spawn(move || {
            while slow.write_all(b"X").is_ok() {
                std::thread::sleep(Duration::from_secs(1));
            }
        });
        (text(stream), began.elapsed())
    })
    .await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(took < Duration::from_secs(15), "{took:?}");
    ends(running).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_idle_tunnels_slow_nothing_down_and_end_at_once() {
    let running = Arc::new(start());
    let there = Arc::clone(&running);
    let (idle, took) = beside(move || {
        // Every fifth says nothing at all. The others wait for their answer, so that the system's queue stays short.
        let idle: Vec<_> = (0..1_000)
            .map(|number| match number % 5 {
                0 => there.connect(),
                _ => there.tunnel("CONNECT graph.microsoft.com:443 HTTP/1.1"),
            })
            .collect();
        let began = Instant::now();
        for _ in 0..20 {
            let stream = there.tunnel("CONNECT graph.microsoft.com:443 HTTP/1.1");
            let answer = get_where(there.tls(stream, GRAPH), GRAPH);
            assert_eq!(answer, "https://graph.microsoft.com");
        }
        (idle, began.elapsed())
    })
    .await;
    // Twenty connections with their handshakes, unoptimized and on a busy machine.
    assert!(took < Duration::from_secs(10), "{took:?}");
    let ended = ends(running).await;
    assert!(ended < Duration::from_secs(5), "{ended:?}");
    drop(idle);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_tunnels_than_there_may_be_are_turned_away() {
    let running = Arc::new(start());
    let there = Arc::clone(&running);
    let idle = beside(move || {
        let idle: Vec<_> = (0..2_048)
            .map(|_| there.tunnel("CONNECT graph.microsoft.com:443 HTTP/1.1"))
            .collect();
        let answer = there.ask(b"CONNECT graph.microsoft.com:443 HTTP/1.1\r\n\r\n");
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
        assert!(answer.contains("All 2048 tunnels are taken"), "{answer}");
        idle
    })
    .await;
    ends(running).await;
    drop(idle);
}
