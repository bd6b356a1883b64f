//! Accepts tunnels and hands each to our own TLS door: what is inside of one is a connection like any other.

use std::{
    io::{self, Cursor},
    net::TcpListener as StdTcpListener,
    pin::pin,
    sync::Arc,
    time::Duration,
};

use axum::Router;
use hyper_util::server::graceful::GracefulShutdown;
use rustls::ServerConfig;
use tenant::tasks;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, join},
    net::TcpStream,
    sync::{Semaphore, watch},
    time::timeout,
};

use super::head::{self, Ended, Refusal};
use crate::{
    Scheme,
    journal::Journal,
    listen::{DRAIN, Door, Place, accept, at_once, farewell, peer, ready, said},
};

/// Tunnels at the same time; more are refused. It leaves the other listeners their share of file descriptors.
const TUNNELS_MAX: usize = 2_048;

/// Clients at the same time that are being told that all tunnels are taken; more are told nothing.
const TURNED_AWAY_MAX: usize = 64;

/// How long a new tunnel may stay silent; what is inside of it has the time-outs of every other connection.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// The CONNECT listener and what its tunnels lead to.
pub struct Proxy {
    /// The socket, bound by the caller. It asks nobody who he is: it belongs on a loopback address.
    pub listener: StdTcpListener,
    /// The certificate that is shown inside of the tunnels.
    pub tls: Arc<ServerConfig>,
    /// Where refused hosts are written down.
    pub journal: Option<Arc<Journal>>,
}

/// Serves until `stop` says true or its sender is gone; then open requests have ten seconds to end.
///
/// # Errors
/// When the socket cannot be made ready.
pub async fn serve(proxy: Proxy, router: Router, stop: watch::Receiver<bool>) -> io::Result<()> {
    let listener = ready(proxy.listener)?;
    let tunnels = Tunnels {
        door: Door::new(&router, Scheme::Https, Some(proxy.tls)),
        journal: proxy.journal,
        stop: stop.clone(),
    };
    let graceful = GracefulShutdown::new();
    let (end, over) = watch::channel(false);
    let places = Arc::new(Semaphore::new(TUNNELS_MAX));
    let lobby = Arc::new(Semaphore::new(TURNED_AWAY_MAX));
    let mut stopped = pin!(said(stop));
    loop {
        let stream = tokio::select! {
            biased;
            () = &mut stopped => break,
            stream = accept(&listener) => stream,
        };
        if let Ok(permit) = Arc::clone(&places).try_acquire_owned() {
            let place = Place {
                draining: graceful.watcher(),
                over: over.clone(),
                peer: peer(&stream),
                permit,
            };
            tasks::spawn("tunnel", tunnels.clone().carry(stream, place));
        } else if let Ok(permit) = Arc::clone(&lobby).try_acquire_owned() {
            tasks::spawn("turned away", async move {
                refuse(stream, &head::full(TUNNELS_MAX)).await;
                drop(permit);
            });
        }
    }
    drop(listener);
    if timeout(DRAIN, graceful.shutdown()).await.is_err() {
        tracing::warn!("tunnels were still busy when the time to drain was over");
    }
    end.send_replace(true);
    Ok(())
}

/// What all tunnels share.
#[derive(Clone)]
struct Tunnels {
    door: Door,
    journal: Option<Arc<Journal>>,
    stop: watch::Receiver<bool>,
}

impl Tunnels {
    async fn carry(self, mut stream: TcpStream, place: Place) {
        at_once(&stream);
        let head = tokio::select! {
            head = head::read(&mut stream) => head,
            () = said(self.stop.clone()) => return,
        };
        match head {
            Ok(head) => {
                if let Some(journal) = &self.journal {
                    journal.note_tunnel();
                }
                let answer = format!("{} 200 Connection established\r\n\r\n", head.version);
                if stream.write_all(answer.as_bytes()).await.is_err() {
                    return;
                }
                if head.ahead.is_empty() && !self.begins(&stream).await {
                    return;
                }
                let (from, to) = stream.into_split();
                let from = Cursor::new(head.ahead).chain(from);
                self.door.speak(join(from, to), place).await;
            }
            Err(Ended::Refused(refusal)) => {
                tracing::info!(
                    status = refusal.status,
                    target = refusal.target,
                    "tunnel refused"
                );
                if let (Some(journal), Some(target)) = (&self.journal, &refusal.target) {
                    journal.note_refused_tunnel(target, &refusal.sentence);
                }
                refuse(stream, &refusal).await;
            }
            Err(Ended::Gone) => {}
        }
    }
}

impl Tunnels {
    /// Waits for the first byte inside of a tunnel: one that stays silent is not worth waiting for, least of all at the end.
    async fn begins(&self, stream: &TcpStream) -> bool {
        // A socket may be called readable when there is nothing to read: only a byte that is seen counts.
        let mut first = [0];
        tokio::select! {
            begun = timeout(SILENCE_MAX, stream.peek(&mut first)) => matches!(begun, Ok(Ok(1))),
            () = said(self.stop.clone()) => false,
        }
    }
}

async fn refuse(stream: TcpStream, refusal: &Refusal) {
    let body = format!("{}\n", refusal.sentence);
    let answer = format!(
        "HTTP/1.1 {}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        refusal.status,
        body.len()
    );
    farewell(stream, answer.as_bytes()).await;
}
