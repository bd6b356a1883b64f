//! A place for every tenant that was ever asked for, open or closed.
//!
//! A request holds its tenant's place for reading; who opens, closes or changes the files holds it for writing, and so alone.

use std::{
    collections::HashMap,
    future::Future,
    ops::Deref,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tenant::{Error, tasks};
use tokio::{
    sync::{Notify, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock, watch},
    time::{Instant, timeout},
};
use uuid::Uuid;

use super::{Bounds, Resident, Source, unavailable};
use crate::Now;

/// How long requests that are under way may hold up who wants a tenant alone; new ones wait behind that.
const PATIENCE: Duration = Duration::from_secs(20);

type Place = Arc<RwLock<Option<Resident>>>;

/// Keeps a tenant open.
pub(crate) struct Lease(OwnedRwLockReadGuard<Option<Resident>, Resident>);

impl Deref for Lease {
    type Target = Resident;

    fn deref(&self) -> &Resident {
        &self.0
    }
}

#[derive(Clone)]
struct Slot {
    place: Place,
    /// When it was last asked for, in milliseconds since the slots began.
    used: Arc<AtomicU64>,
}

/// The places.
pub(crate) struct Slots {
    source: Arc<dyn Source>,
    bounds: Bounds,
    began: Instant,
    /// None is ever taken away: two places of one tenant could both be opened.
    slots: Mutex<HashMap<Uuid, Slot>>,
    /// Rung when a tenant was opened.
    opened: Arc<Notify>,
}

impl Slots {
    pub fn new(source: Arc<dyn Source>, bounds: Bounds) -> Self {
        Self {
            source,
            bounds,
            began: Instant::now(),
            slots: Mutex::default(),
            opened: Arc::default(),
        }
    }

    /// The tenant, opened if need be.
    pub async fn lease(&self, id: Uuid) -> Result<Lease, Error> {
        let slot = self.slot(id);
        let open = OwnedRwLockReadGuard::try_map(
            Arc::clone(&slot.place).read_owned().await,
            Option::as_ref,
        );
        let open = match open {
            Ok(open) => open,
            Err(closed) => {
                drop(closed);
                self.open(id, Arc::clone(&slot.place)).await?
            }
        };
        slot.used.store(self.elapsed(), Ordering::Relaxed);
        Ok(Lease(open))
    }

    /// The tenant if it is open and not being changed.
    pub fn lease_if_open(&self, id: Uuid) -> Option<Lease> {
        let place = self.slot(id).place.try_read_owned().ok()?;
        let open = OwnedRwLockReadGuard::try_map(place, Option::as_ref).ok()?;
        Some(Lease(open))
    }

    /// In a task of its own: whoever asked may go away, but what is half open would keep the files locked.
    async fn open(
        &self,
        id: Uuid,
        place: Place,
    ) -> Result<OwnedRwLockReadGuard<Option<Resident>, Resident>, Error> {
        let (source, opened) = (Arc::clone(&self.source), Arc::clone(&self.opened));
        let opening = tasks::spawn("opening", async move {
            let mut place = place.write_owned().await;
            if place.is_none() {
                *place = Some(source.open(id).await?);
                opened.notify_one();
            }
            OwnedRwLockReadGuard::try_map(place.downgrade(), Option::as_ref)
                .map_err(|_| unavailable("the tenant was closed at once"))
        });
        opening.await.map_err(unavailable)?
    }

    /// Closes the tenant once the requests under way are answered, lets `work` at its files, and lets requests in again,
    /// which open it anew. What has begun goes on to its end, whoever asked for it.
    pub async fn alone<T: Send + 'static>(
        &self,
        id: Uuid,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        let place = timeout(PATIENCE, self.slot(id).place.write_owned())
            .await
            .map_err(|_| unavailable("requests of the tenant are under way for too long"))?;
        let done = tasks::spawn("alone with a tenant", async move {
            let mut place = place;
            empty(&mut place).await?;
            work.await
        });
        done.await.map_err(unavailable)?
    }

    /// Closes tenants that are idle or too many, until `stop` becomes true; never this one.
    pub async fn sweep(&self, home: Uuid, now: Now, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            tokio::select! {
                () = tasks::stopped(&mut stop) => return,
                () = self.opened.notified() => {}
                () = tokio::time::sleep(self.bounds.idle / 4) => {}
            }
            let seconds = u64::try_from(now().as_second()).unwrap_or_default();
            self.close_idle(home, seconds).await;
        }
    }

    async fn close_idle(&self, home: Uuid, now: u64) {
        let mut open: Vec<(u64, Slot)> = Vec::new();
        for (_, slot) in self.slots().iter().filter(|(id, _)| **id != home) {
            // A place that is held for writing is being opened or changed; it is not idle.
            if slot.place.try_read().is_ok_and(|place| place.is_some()) {
                open.push((slot.used.load(Ordering::Relaxed), slot.clone()));
            }
        }
        open.sort_by_key(|(used, _)| *used);
        let idle = u64::try_from(self.bounds.idle.as_millis()).unwrap_or(u64::MAX);
        let last = self.elapsed().saturating_sub(idle);
        let mut too_many = open.len().saturating_sub(self.bounds.open_max);
        for (used, slot) in open {
            if used > last && too_many == 0 {
                return;
            }
            let Ok(mut place) = slot.place.try_write_owned() else {
                continue;
            };
            if place.as_ref().is_some_and(|open| open.issuer.awaits(now)) {
                continue;
            }
            too_many = too_many.saturating_sub(1);
            emptied(&mut place).await;
        }
    }

    /// Closes all, once their requests are answered.
    pub async fn close(&self) {
        let slots: Vec<Slot> = self.slots().values().cloned().collect();
        let closing: Vec<_> = slots
            .into_iter()
            .map(|slot| {
                tasks::spawn("closing", async move {
                    emptied(&mut slot.place.write_owned().await).await;
                })
            })
            .collect();
        for task in closing {
            if let Err(error) = task.await {
                tracing::error!(%error, "a tenant could not be closed");
            }
        }
    }

    fn slot(&self, id: Uuid) -> Slot {
        let mut slots = self.slots();
        let slot = slots.entry(id).or_insert_with(|| Slot {
            place: Arc::default(),
            used: Arc::new(AtomicU64::new(self.elapsed())),
        });
        slot.clone()
    }

    fn slots(&self) -> std::sync::MutexGuard<'_, HashMap<Uuid, Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn elapsed(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// Closes what is open there. What did not end in time is in the place no longer, but may hold the files.
async fn empty(place: &mut OwnedRwLockWriteGuard<Option<Resident>>) -> Result<(), Error> {
    match place.take() {
        Some(resident) => resident.close().await,
        None => Ok(()),
    }
}

/// Closes what is open there, for nobody who could be told how that went.
async fn emptied(place: &mut OwnedRwLockWriteGuard<Option<Resident>>) {
    if let Err(error) = empty(place).await {
        tracing::error!(?error, "a tenant could not be closed");
    }
}
