//! The last words on a connection.

use std::time::Duration;

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::timeout,
};

/// How long a client that is turned away may take to read why, and how much it may still send meanwhile.
const PATIENCE: Duration = Duration::from_secs(2);
const BYTES_MAX: u64 = 256 * 1024;

/// Says it, and waits until it is read: a socket that is closed over unread bytes takes the answer with it.
pub(crate) async fn farewell(mut stream: impl AsyncRead + AsyncWrite + Unpin, answer: &[u8]) {
    let said = async {
        stream.write_all(answer).await?;
        stream.shutdown().await?;
        let mut rest = stream.take(BYTES_MAX);
        tokio::io::copy(&mut rest, &mut tokio::io::sink()).await
    };
    // Whoever does not read in time is left alone.
    let _ = timeout(PATIENCE, said).await;
}
