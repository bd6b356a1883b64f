//! Listens: plain HTTP/1.1, and HTTP/1.1 or HTTP/2 over TLS, until it is told to stop.
//!
//! The accept loop is our own: over TLS the client's choice by ALPN decides the protocol, without it the first bytes do, and
//! a silent client must not stay for ever meanwhile.

mod farewell;
mod first;
mod guard;
mod misheard;

use std::{
    io,
    net::{IpAddr, SocketAddr, TcpListener as StdTcpListener},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{Extension, Router, response::Response};
use axum_server::{
    accept::Accept,
    tls_rustls::{RustlsAcceptor, RustlsConfig},
};
use first::First;
use guard::Guard;
use hyper::{
    body::Incoming,
    server::conn::{http1, http2},
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::graceful::{GracefulConnection, GracefulShutdown, Watcher},
    service::TowerToHyperService,
};
use rustls::ServerConfig;
use tenant::tasks;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{sleep, timeout},
};

use crate::{Scheme, layers::is_host, weather::Lost};

pub(crate) use farewell::farewell;
pub(crate) use misheard::Misheard;

/// How long open requests may go on after the word to stop.
pub(crate) const DRAIN: Duration = Duration::from_secs(10);

/// How long a client may take for its head, or stay silent between two requests.
const HEAD_TIMEOUT: Duration = Duration::from_secs(75);

/// How long a client may take for the TLS handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes of one request's head.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// Headers of one request in HTTP/1.
const HEADERS_MAX: usize = 100;

/// The same for HTTP/2, where the unit differs slightly.
const HEAD_LIST_BYTES_MAX: u32 = 64 * 1024;

/// Requests at the same time on one HTTP/2 connection.
const STREAMS_MAX: u32 = 128;

/// Bytes that a client may send ahead on one HTTP/2 stream, and on all streams of a connection.
const STREAM_WINDOW_BYTES: u32 = 512 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 4 * 1024 * 1024;

/// Pings on HTTP/2 connections, so that a client which vanished is noticed.
const PING_EVERY: Duration = Duration::from_secs(30);
const PONG_TIMEOUT: Duration = Duration::from_secs(20);

/// Connections of one listener at the same time; more wait in the system's queue.
const CONNECTIONS_MAX: usize = 4_096;

/// Pause after a failed accept, which usually means that file descriptors ran out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The sockets to serve, bound by the caller: a taken port is the caller's error to explain, and port 0 can be asked for.
#[derive(Debug, Default)]
pub struct Listeners {
    /// Plain HTTP.
    pub http: Option<StdTcpListener>,
    /// HTTPS, with the certificate to show and the protocols to offer.
    pub https: Option<(StdTcpListener, Arc<ServerConfig>)>,
}

/// Serves until `stop` says true or its sender is gone; then open requests have ten seconds to end.
///
/// # Errors
/// When a socket cannot be made ready. Trouble with single connections is logged and ends nothing else.
pub async fn serve(
    listeners: Listeners,
    router: Router,
    stop: watch::Receiver<bool>,
) -> io::Result<()> {
    let http = listeners.http.map(ready).transpose()?;
    let https = match listeners.https {
        Some((listener, config)) => Some((ready(listener)?, config)),
        None => None,
    };
    let secure_at = https
        .as_ref()
        .and_then(|(listener, _)| listener.local_addr().ok());
    let plain = async {
        if let Some(listener) = http {
            let mut door = Door::new(&router, Scheme::Http, None);
            door.secure_at = secure_at;
            door.serve(listener, stop.clone()).await;
        }
    };
    let secure = async {
        if let Some((listener, config)) = https {
            let door = Door::new(&router, Scheme::Https, Some(config));
            door.serve(listener, stop.clone()).await;
        }
    };
    tokio::join!(plain, secure);
    Ok(())
}

pub(crate) fn ready(listener: StdTcpListener) -> io::Result<TcpListener> {
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

/// What the connections of one listener share.
#[derive(Clone)]
pub(crate) struct Door {
    router: Router,
    tls: Option<RustlsAcceptor>,
    /// Where TLS is spoken, if it is not here.
    secure_at: Option<SocketAddr>,
    /// Was it logged that somebody speaks TLS where it is not spoken? Once says it.
    has_warned: Arc<AtomicBool>,
}

/// The address that a request came from.
#[derive(Clone, Copy)]
pub(crate) struct Peer(pub IpAddr);

/// A connection's place among those of its listener, and the two words that end it.
pub(crate) struct Place {
    /// Told when the connection should end after the request that is under way.
    pub draining: Watcher,
    /// Told when it must end.
    pub over: watch::Receiver<bool>,
    /// Who is at the other end.
    pub peer: Option<Peer>,
    /// Given back when it has ended.
    pub permit: OwnedSemaphorePermit,
}

impl Door {
    /// The door of a listener: what it answers, and the certificate it shows if it is a secure one.
    pub fn new(router: &Router, scheme: Scheme, tls: Option<Arc<ServerConfig>>) -> Self {
        Self {
            router: router.clone().layer(Extension(scheme)),
            tls: tls.map(|config| {
                RustlsAcceptor::new(RustlsConfig::from_config(config))
                    .handshake_timeout(HANDSHAKE_TIMEOUT)
            }),
            secure_at: None,
            has_warned: Arc::default(),
        }
    }

    async fn serve(self, listener: TcpListener, stop: watch::Receiver<bool>) {
        let graceful = GracefulShutdown::new();
        let (end, over) = watch::channel(false);
        let permits = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let mut stopped = pin!(said(stop.clone()));
        loop {
            let next = async {
                let permit = Arc::clone(&permits).acquire_owned().await;
                (accept(&listener).await, permit)
            };
            let (stream, permit) = tokio::select! {
                biased;
                () = &mut stopped => break,
                next = next => next,
            };
            // The semaphore is never closed, so there always is a permit.
            let Ok(permit) = permit else { break };
            let place = Place {
                draining: graceful.watcher(),
                over: over.clone(),
                peer: peer(&stream),
                permit,
            };
            tasks::spawn(
                "connection",
                self.clone().greet(stream, place, stop.clone()),
            );
        }
        // New connections are refused from here on instead of waiting for nobody.
        drop(listener);
        if timeout(DRAIN, graceful.shutdown()).await.is_err() {
            tracing::warn!("connections were still busy when the time to drain was over");
        }
        end.send_replace(true);
    }

    /// Looks at the first bytes: who speaks the wrong protocol is told so where it can be told.
    async fn greet(self, stream: TcpStream, place: Place, stop: watch::Receiver<bool>) {
        at_once(&stream);
        let patience = match &self.tls {
            Some(_) => HANDSHAKE_TIMEOUT,
            None => HEAD_TIMEOUT,
        };
        let first = tokio::select! {
            first = timeout(patience, First::of(&stream)) => first.ok().flatten(),
            () = said(stop) => None,
        };
        match (&self.tls, first) {
            (_, None) => {}
            (Some(_), Some(First::Tls)) | (None, Some(First::Http1 { .. })) => {
                self.speak(stream, place).await;
            }
            (None, Some(First::Http2)) => self.speak_http2(stream, place).await,
            (None, Some(First::Tls)) => self.warn(),
            (Some(_), Some(first)) => {
                let url = secure_url(first, &stream);
                let answer = Misheard::not_secure(&url).answer(self.router).await;
                farewell(stream, &answer).await;
            }
        }
    }

    /// A client that shakes hands understands nothing that could be told to it here.
    fn warn(&self) {
        if self.has_warned.swap(true, Ordering::Relaxed) {
            return;
        }
        match self.secure_at {
            Some(at) => {
                tracing::warn!(%at, "a client spoke TLS to the plain port: HTTPS is at the other one")
            }
            None => {
                tracing::warn!("a client spoke TLS to the plain port, and there is none for HTTPS")
            }
        }
    }

    /// Shakes hands where the listener is a secure one, and speaks the protocol that was agreed.
    pub async fn speak<S>(self, stream: S, place: Place)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let Some(tls) = &self.tls else {
            return self.speak_http1(stream, place).await;
        };
        match tls.accept(stream, ()).await {
            Err(error) => tracing::debug!(%error, "the TLS handshake failed"),
            Ok((stream, ())) if stream.get_ref().1.alpn_protocol() == Some(b"h2") => {
                self.speak_http2(stream, place).await;
            }
            Ok((stream, ())) => self.speak_http1(stream, place).await,
        }
    }

    async fn speak_http1<S>(self, stream: S, place: Place)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (guard, refused) = Guard::new(stream);
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .max_headers(HEADERS_MAX)
            .max_buf_size(HEAD_BYTES_MAX)
            .serve_connection(
                TokioIo::new(guard),
                answering(self.router.clone(), place.peer),
            );
        let _permit = live(connection, place).await;
        // Most often the guard is gone and gave nothing back.
        if let Ok(refused) = refused.await {
            let misheard = Misheard::head(refused.status, &refused.heard);
            let answer = misheard.answer(self.router).await;
            farewell(refused.stream, &answer).await;
        }
    }

    async fn speak_http2<S>(self, stream: S, place: Place)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let connection = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_header_list_size(HEAD_LIST_BYTES_MAX)
            .max_concurrent_streams(STREAMS_MAX)
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .keep_alive_interval(PING_EVERY)
            .keep_alive_timeout(PONG_TIMEOUT)
            .serve_connection(TokioIo::new(stream), answering(self.router, place.peer));
        drop(live(connection, place).await);
    }
}

/// The router as the protocols want it: an answer that is to be lost is none.
fn answering(
    router: Router,
    peer: Option<Peer>,
) -> impl Service<hyper::Request<Incoming>, Response = Response, Error = Lost, Future: Send + 'static>
{
    let service = TowerToHyperService::new(router);
    service_fn(move |mut request: hyper::Request<Incoming>| {
        if let Some(peer) = peer {
            request.extensions_mut().insert(peer);
        }
        let answering = service.call(request);
        async move {
            let Ok(response) = answering.await;
            let is_lost = response.extensions().get::<Lost>().is_some();
            if is_lost { Err(Lost) } else { Ok(response) }
        }
    })
}

/// A connection's life: until it ends by itself, or the time to drain is over. Its place is given back to the caller.
async fn live<C>(connection: C, place: Place) -> OwnedSemaphorePermit
where
    C: GracefulConnection<Error = hyper::Error>,
{
    tokio::select! {
        ended = place.draining.watch(connection) => {
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection ended badly");
            }
        }
        () = said(place.over) => {}
    }
    place.permit
}

/// Where a client that came with plain HTTP should have gone: the host that it named, if it named one.
fn secure_url(first: First, stream: &TcpStream) -> String {
    let host = match first {
        First::Http1 { host } => host.filter(|host| is_host(host)),
        First::Tls | First::Http2 => None,
    };
    let host = host.or_else(|| stream.local_addr().ok().map(|at| at.to_string()));
    format!("https://{}/", host.unwrap_or_default())
}

/// Answers are whole when they are written: waiting for more to send only costs time.
pub(crate) fn at_once(stream: &TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
}

/// Who is at the other end of a connection.
pub(crate) fn peer(stream: &TcpStream) -> Option<Peer> {
    stream.peer_addr().ok().map(|address| Peer(address.ip()))
}

/// The next connection, whatever happened to others.
pub(crate) async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Ends when the word is said, or when nobody is left who could say it.
pub(crate) async fn said(mut word: watch::Receiver<bool>) {
    let _ = word.wait_for(|said| *said).await;
}
