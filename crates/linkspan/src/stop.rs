//! Ctrl-C and SIGTERM, listened for from the moment the listener is made: whoever reads the ready file may send one at once.

use std::future::Future;

use anyhow::bail;

/// Listens for the word to stop.
pub struct Stop {
    #[cfg(unix)]
    signals: [tokio::signal::unix::Signal; 2],
}

#[cfg(unix)]
impl Stop {
    /// Begins to listen.
    pub fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let signals = [
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
        ];
        Ok(Self { signals })
    }

    /// Returns when the word has come, also if it came before this was asked.
    pub async fn requested(&mut self) -> std::io::Result<()> {
        let [interrupt, terminate] = &mut self.signals;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        Ok(())
    }
}

#[cfg(not(unix))]
impl Stop {
    /// There is nothing to prepare: Ctrl-C is listened for when it is asked for.
    pub fn listen() -> std::io::Result<Self> {
        Ok(Self {})
    }

    /// Returns on Ctrl-C.
    pub async fn requested(&mut self) -> std::io::Result<()> {
        tokio::signal::ctrl_c().await
    }
}

impl Stop {
    /// Closes what was told to stop; whoever says the word once more does not want to wait for that.
    ///
    /// # Errors
    /// The word came again; or the closing failed.
    pub async fn unless_again(
        mut self,
        closing: impl Future<Output = anyhow::Result<()>>,
    ) -> anyhow::Result<()> {
        tokio::select! {
            closed = closing => closed,
            again = self.requested() => {
                again?;
                bail!("stopped at once, as it was told twice: answers that were under way are lost, what was acknowledged is kept")
            }
        }
    }
}
