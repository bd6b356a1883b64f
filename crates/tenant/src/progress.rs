//! How far the index is behind the writes: an app that writes and then searches finds what it wrote.
//!
//! Searches of other apps wait a moment when there is little to wait for, and never while a crawl is running.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use graph::DateTime;
use tokio::sync::{Notify, watch};

/// A search waits for its app's own writes at most this long.
const PATIENCE: Duration = Duration::from_secs(1);
/// A search of another app waits at most this long …
const COURTESY: Duration = Duration::from_millis(250);
/// … and only if at most so many writes are not in the index yet.
const COURTESY_WRITES: u64 = 32;
/// How many apps are remembered before the memory is emptied; a forgotten app's searches just do not wait.
const APPS_MAX: usize = 1024;

/// Counts of acknowledged writes, and up to which of them the index has everything.
pub struct Progress {
    written: AtomicU64,
    indexed: watch::Sender<u64>,
    last_of_app: Mutex<HashMap<String, u64>>,
    waiting: Mutex<Waiting>,
    /// Rung by a search that waits, so that the indexer cuts its rest short.
    hurry: Notify,
}

/// What an index that takes its time lets wait.
#[derive(Default)]
struct Waiting {
    /// Since when something waits, by the tenant's clock.
    since: Option<DateTime>,
    /// How many sweeps there were before the one that will carry it.
    sweeps: u64,
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            written: AtomicU64::new(0),
            indexed: watch::Sender::new(0),
            last_of_app: Mutex::default(),
            waiting: Mutex::default(),
            hurry: Notify::new(),
        }
    }
}

impl Progress {
    /// An app's write is about to be acknowledged.
    pub(crate) fn wrote(&self, app: &str, now: DateTime) {
        let number = self.written.fetch_add(1, Ordering::SeqCst) + 1;
        self.waits(now);
        let mut last = self.last_of_app();
        if let Some(known) = last.get_mut(app) {
            *known = number;
            return;
        }
        if last.len() >= APPS_MAX {
            last.clear();
        }
        last.insert(app.to_owned(), number);
    }

    /// The writes acknowledged so far; to be read before a claim, which then holds all of them.
    pub(crate) fn written(&self) -> u64 {
        self.written.load(Ordering::SeqCst)
    }

    /// Something waits for the index: since when, and which sweep will carry it. Where the clock went back behind that, it waits from now on.
    pub(crate) fn waits(&self, now: DateTime) -> (DateTime, u64) {
        let mut waiting = self.waiting();
        let since = waiting.since.map_or(now, |since| since.min(now));
        waiting.since = Some(since);
        (since, waiting.sweeps)
    }

    /// All that waited is carried; what is written from here on waits anew.
    pub(crate) fn sweep(&self) {
        let mut waiting = self.waiting();
        waiting.since = None;
        waiting.sweeps += 1;
    }

    /// Nothing waited when so many writes were acknowledged.
    pub(crate) fn nothing_waits(&self, written: u64) {
        let mut waiting = self.waiting();
        if self.written() == written {
            waiting.since = None;
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The index has every write up to this number.
    pub(crate) fn indexed(&self, up_to: u64) {
        self.indexed.send_replace(up_to);
    }

    /// Waits, within bounds, until the index has what the app wrote, or the little that others wrote.
    pub(crate) async fn caught_up(&self, app: &str) {
        let own = self.last_of_app().get(app).copied().unwrap_or_default();
        let all = self.written();
        let has = *self.indexed.borrow();
        if own > has {
            self.hurry.notify_one();
            self.reaches(own, PATIENCE).await;
        } else if all > has && all - has <= COURTESY_WRITES {
            self.reaches(all, COURTESY).await;
        }
    }

    /// Whoever waited too long searches what there is.
    async fn reaches(&self, wanted: u64, patience: Duration) {
        let mut indexed = self.indexed.subscribe();
        let _ = tokio::time::timeout(patience, indexed.wait_for(|has| *has >= wanted)).await;
    }

    /// Resolves when a search waits.
    pub(crate) async fn hurried(&self) {
        self.hurry.notified().await;
    }

    fn last_of_app(&self) -> MutexGuard<'_, HashMap<String, u64>> {
        self.last_of_app
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
