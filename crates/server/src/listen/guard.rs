//! Stands between a connection and its protocol: what the protocol would say by itself to a head that it cannot read is kept
//! back, so that it can be said in the Graph's words.

use std::{
    io::{self, ErrorKind, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::http::StatusCode;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::oneshot,
};

/// How much of what was sent is remembered, to see what is wrong with it.
const HEARD_BYTES_MAX: usize = 8 * 1024;

/// The protocol's own refusal is short, and has nothing but what every answer must have.
const REFUSAL_BYTES_MAX: usize = 256;

/// A connection whose protocol refused a head, given back by the [`Guard`].
#[derive(Debug)]
pub(super) struct Refused<S> {
    /// The connection; nothing was said on it.
    pub stream: S,
    /// What the protocol would have said: 400, 414 or 431.
    pub status: StatusCode,
    /// The beginning of what was sent since the last answer.
    pub heard: Vec<u8>,
}

/// A connection as the protocol sees it.
#[derive(Debug)]
pub(super) struct Guard<S> {
    /// There until the guard is dropped.
    stream: Option<S>,
    heard: Vec<u8>,
    refused: Option<StatusCode>,
    back: Option<oneshot::Sender<Refused<S>>>,
}

impl<S> Guard<S> {
    /// A guard, and where the connection comes back if its last head was refused.
    pub fn new(stream: S) -> (Self, oneshot::Receiver<Refused<S>>) {
        let (back, refused) = oneshot::channel();
        let guard = Self {
            stream: Some(stream),
            heard: Vec::new(),
            refused: None,
            back: Some(back),
        };
        (guard, refused)
    }
}

impl<S> Drop for Guard<S> {
    fn drop(&mut self) {
        if let (Some(status), Some(stream), Some(back)) =
            (self.refused, self.stream.take(), self.back.take())
        {
            let heard = std::mem::take(&mut self.heard);
            // Nobody waits for it once the server has ended.
            let _ = back.send(Refused {
                stream,
                status,
                heard,
            });
        }
    }
}

impl<S: Unpin> Guard<S> {
    /// The connection, or nothing once it was refused: then whatever the protocol does with it is done.
    fn inner(&mut self) -> Option<Pin<&mut S>> {
        if self.refused.is_some() {
            return None;
        }
        self.stream.as_mut().map(Pin::new)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guard<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let Some(stream) = self.inner() else {
            return Poll::Ready(Ok(()));
        };
        ready!(stream.poll_read(context, buffer))?;
        let room = HEARD_BYTES_MAX.saturating_sub(self.heard.len());
        let read = buffer.filled().iter().skip(before).take(room);
        self.heard.extend(read);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guard<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let refusal = refusal(bytes);
        if let Some((0, status)) = refusal {
            self.refused = Some(status);
        }
        let Some(stream) = self.inner() else {
            return Poll::Ready(Ok(bytes.len()));
        };
        // What comes before a refusal is the answer to a request before.
        let end = refusal.map_or(bytes.len(), |(at, _)| at);
        let written = ready!(stream.poll_write(context, bytes.get(..end).unwrap_or_default()))?;
        self.heard.clear();
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // A refusal is written by itself.
        if let [piece] = pieces {
            return self.poll_write(context, piece);
        }
        let Some(stream) = self.inner() else {
            return Poll::Ready(Err(ErrorKind::BrokenPipe.into()));
        };
        let written = ready!(stream.poll_write_vectored(context, pieces))?;
        self.heard.clear();
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.as_ref().is_some_and(S::is_write_vectored)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.inner() {
            Some(stream) => stream.poll_flush(context),
            None => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.inner() {
            Some(stream) => stream.poll_shutdown(context),
            None => Poll::Ready(Ok(())),
        }
    }
}

/// Where the protocol's own refusal begins, at the end of what is written, and its status: it has no body, and unlike all
/// answers of ours no `request-id`.
fn refusal(bytes: &[u8]) -> Option<(usize, StatusCode)> {
    if !bytes.ends_with(b"\r\n\r\n") {
        return None;
    }
    let from = bytes.len().saturating_sub(REFUSAL_BYTES_MAX);
    let end = bytes.get(from..)?;
    let at = end.windows(10).rposition(|part| part == b"HTTP/1.1 4")?;
    let head = std::str::from_utf8(end.get(at..)?)
        .ok()?
        .to_ascii_lowercase();
    let is_bare = head.contains("\r\ncontent-length: 0\r\n") && !head.contains("\r\nrequest-id:");
    let status = head.get(9..12)?.parse().ok()?;
    is_bare.then_some((from + at, status))
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    const OURS: &[u8] = b"HTTP/1.1 404 Not Found\r\nrequest-id: 1\r\ncontent-length: 0\r\n\r\n";
    const ITS_OWN: &[u8] = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\ndate: x\r\n\r\n";

    #[tokio::test]
    async fn only_what_the_protocol_says_by_itself_is_kept_back() {
        let (near, mut far) = tokio::io::duplex(1 << 16);
        let (mut guard, refused) = Guard::new(near);
        far.write_all(b"GET /").await.unwrap();
        guard.read_exact(&mut [0; 5]).await.unwrap();
        guard.write_all(OURS).await.unwrap();
        far.write_all(b"BAD").await.unwrap();
        guard.read_exact(&mut [0; 3]).await.unwrap();
        guard.write_all(&[OURS, ITS_OWN].concat()).await.unwrap();
        guard.shutdown().await.unwrap();
        drop(guard);
        let refused = refused.await.unwrap();
        assert_eq!(refused.status, 431);
        drop(refused.stream);
        let mut told = Vec::new();
        far.read_to_end(&mut told).await.unwrap();
        assert_eq!(told, [OURS, OURS].concat());
    }

    #[tokio::test]
    async fn a_connection_that_was_not_refused_does_not_come_back() {
        let (near, _far) = tokio::io::duplex(1 << 16);
        let (mut guard, refused) = Guard::new(near);
        for bytes in [OURS, b"HTTP/1.1 100 Continue\r\n\r\n"] {
            guard.write_all(bytes).await.unwrap();
        }
        drop(guard);
        assert!(refused.await.is_err());
    }
}
