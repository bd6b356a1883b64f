//! The only way to start background work: every task has a name that shows in the log.

use std::future::Future;

use tokio::task::JoinHandle;
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
