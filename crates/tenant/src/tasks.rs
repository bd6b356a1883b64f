//! The only way to start background work: every task has a name that shows in the log.

use std::{future::Future, time::Duration};

use tokio::{sync::watch, task::JoinHandle, time::timeout};
use tracing::Instrument;

/// Starts a named task.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that spawns"
)]
pub fn spawn<F>(name: &'static str, task: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tokio::spawn(task.instrument(tracing::info_span!("task", name)))
}

/// How long a loop that was told to stop may take for the step that it is in.
const LAST_STEP: Duration = Duration::from_secs(20);

/// A loop that goes on until it is told to stop.
pub struct Loop {
    name: &'static str,
    task: JoinHandle<()>,
}

impl Loop {
    /// Starts a named loop.
    pub fn start(name: &'static str, work: impl Future<Output = ()> + Send + 'static) -> Self {
        let task = spawn(name, work);
        Self { name, task }
    }

    /// Waits until the loop, which was told to stop, has ended. One that takes too long is broken off, which the log says; false then.
    pub async fn ended(mut self) -> bool {
        let name = self.name;
        match timeout(LAST_STEP, &mut self.task).await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                tracing::error!(name, %error, "a background loop had ended");
                true
            }
            Err(_) => {
                tracing::error!(
                    name,
                    "waited {LAST_STEP:?} for the end of a loop; it is broken off"
                );
                self.task.abort();
                false
            }
        }
    }
}

/// Resolves when `stop` is true, also if it was before, and when nobody can say so any more.
pub async fn stopped(stop: &mut watch::Receiver<bool>) {
    drop(stop.wait_for(|stop| *stop).await);
}
