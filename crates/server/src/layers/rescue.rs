//! Catches a panic in the answering of one request, so that it costs one request and not a connection.

use std::{
    any::Any,
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::Poll,
};

/// What a panic said, for the log only.
#[derive(Debug)]
pub(crate) struct Panicked(pub String);

/// Runs the future; a panic inside it becomes an error.
pub(crate) async fn rescue<F: Future>(future: F) -> Result<F::Output, Panicked> {
    let mut future = pin!(future);
    // The future is never polled again after a panic, so no broken state of its own can be seen; what it shares with
    // others (locks, the store's queue) guards itself.
    poll_fn(
        move |context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Err(payload) => Poll::Ready(Err(Panicked(text(payload.as_ref())))),
        },
    )
    .await
}

fn text(payload: &(dyn Any + Send)) -> String {
    payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a text".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_becomes_an_error_and_a_value_passes() {
        assert_eq!(rescue(async { 7 }).await.unwrap(), 7);
        let Err(Panicked(text)) = rescue::<_>(async {
            tokio::task::yield_now().await;
            panic!("number {}", 7)
        })
        .await;
        assert_eq!(text, "number 7");
    }
}
