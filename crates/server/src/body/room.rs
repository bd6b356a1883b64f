//! How much of the memory all bodies may take together. Who finds no room waits, and not for ever.

use std::{sync::Arc, time::Duration};

use graph::{ErrorCode, PublicError, limits::BODY_VALUES_MAX};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// So many bytes of every body are read without asking for room.
pub(super) const FREE_BYTES: usize = 256 << 10;

/// What a body is reckoned to take while it is answered: its text is in memory as sent, as a tree, as a draft and as what is
/// kept; and each of its values costs so much in the tree.
const PER_BYTE: usize = 4;
const PER_VALUE: usize = 256;

/// What a body may be reckoned to take and still count as small.
const SMALL: usize = 1 << 20;

/// The rooms, in bytes. One body of the largest size and with the most values must fit into one.
const READING: usize = 128 << 20;
const SMALL_ONES: usize = 64 << 20;
const LARGE_ONES: usize = 256 << 20;
const _: () = assert!(
    PER_BYTE * graph::limits::ITEM_BODY_BYTES_MAX + PER_VALUE * BODY_VALUES_MAX <= LARGE_ONES
);

/// How long a body waits for room, and seconds after which one that found none may come again.
const PATIENCE: Duration = Duration::from_secs(10);
const RETRY_AFTER: u32 = 5;

/// A body's room; it is given back when this is dropped.
pub(super) type Taken = OwnedSemaphorePermit;

/// Whose body it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// A request's own.
    Request,
    /// That of an entry, while the batch around it has its room already.
    Entry,
}

/// What all bodies of the process share. No body asks for room where one that waits for it has room already, so none
/// waits in a circle: reading goes before parsing, and a batch before its entries.
pub(crate) struct Rooms {
    reading: Arc<Semaphore>,
    small: Arc<Semaphore>,
    large: Arc<Semaphore>,
    entries: Arc<Semaphore>,
    patience: Duration,
}

impl Default for Rooms {
    fn default() -> Self {
        let room = |bytes| Arc::new(Semaphore::new(bytes));
        Self {
            reading: room(READING),
            small: room(SMALL_ONES),
            large: room(LARGE_ONES),
            entries: room(LARGE_ONES),
            patience: PATIENCE,
        }
    }
}

impl Rooms {
    /// Room for bytes that are to be read.
    pub(super) async fn to_read(&self, bytes: usize) -> Result<Taken, PublicError> {
        self.take(&self.reading, bytes.min(READING)).await
    }

    /// Room for what becomes of a body that was read. Small ones have a room of their own, where no large one is before them.
    pub(super) async fn to_parse(
        &self,
        whose: Whose,
        bytes: usize,
        values: usize,
    ) -> Result<Taken, PublicError> {
        let weight = (bytes * PER_BYTE + values * PER_VALUE).min(LARGE_ONES);
        let room = match whose {
            Whose::Entry => &self.entries,
            Whose::Request if weight <= SMALL => &self.small,
            Whose::Request => &self.large,
        };
        self.take(room, weight).await
    }

    async fn take(&self, room: &Arc<Semaphore>, bytes: usize) -> Result<Taken, PublicError> {
        let permits = u32::try_from(bytes).unwrap_or(u32::MAX);
        if let Ok(taken) = Arc::clone(room).try_acquire_many_owned(permits) {
            return Ok(taken);
        }
        let waiting = Arc::clone(room).acquire_many_owned(permits);
        match timeout(self.patience, waiting).await {
            Ok(Ok(taken)) => Ok(taken),
            Ok(Err(_)) | Err(_) => Err(full(self.patience)),
        }
    }
}

fn full(patience: Duration) -> PublicError {
    let message = "The server is busy with other large request bodies.";
    PublicError::new(ErrorCode::ServiceNotAvailable, message)
        .with_help(
            "body",
            format!(
                "It waited {} seconds for room; send it again after the time in `Retry-After`, and fewer large ones at once.",
                patience.as_secs()
            ),
        )
        .after(RETRY_AFTER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_without_room_is_sent_away_and_small_ones_are_not_held_up() {
        let rooms = Rooms {
            patience: Duration::ZERO,
            ..Rooms::default()
        };
        let large = || rooms.to_parse(Whose::Request, 30_000_000, BODY_VALUES_MAX);
        let first = large().await.unwrap();
        let refused = large().await.unwrap_err();
        assert_eq!(
            (refused.status, refused.code),
            (503, ErrorCode::ServiceNotAvailable)
        );
        assert_eq!(refused.retry_after.unwrap().get(), RETRY_AFTER);
        drop(rooms.to_parse(Whose::Request, 2_000, 50).await.unwrap());
        // A batch that has its room would wait for itself if its entries asked for the same one.
        let entry = rooms.to_parse(Whose::Entry, 30_000_000, BODY_VALUES_MAX);
        drop(entry.await.unwrap());
        drop(first);
        drop(large().await.unwrap());
    }

    #[tokio::test]
    async fn who_waits_gets_the_room_that_is_left() {
        let rooms = Arc::new(Rooms::default());
        let first = rooms.to_read(READING).await.unwrap();
        let mut second = std::pin::pin!(rooms.to_read(1));
        assert!(futures_util::poll!(&mut second).is_pending());
        drop(first);
        drop(second.await.unwrap());
    }
}
