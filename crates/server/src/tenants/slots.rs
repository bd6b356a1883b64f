//! A place for every tenant that was ever asked for, open or closed, and room for so many open ones.
//!
//! A request holds its tenant's place for reading; who opens, closes or changes the files holds it for writing, and so alone.
//! Who opens needs room first. Nobody holds a tenant open while he waits for room, so room comes: at the latest when a
//! request ends.

use std::{
    collections::HashMap,
    future::Future,
    ops::Deref,
    pin::pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use tenant::{Error, tasks};
use tokio::{
    sync::{
        Notify, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, OwnedSemaphorePermit, RwLock,
        Semaphore, watch,
    },
    time::{Instant, timeout, timeout_at},
};
use uuid::Uuid;

use super::{Bounds, Resident, Source, unavailable};
use crate::Now;

type Place = Arc<RwLock<Option<Guest>>>;

/// An open tenant and the room that it takes, which is free again when all of it has ended. The home tenant takes none.
struct Guest {
    resident: Resident,
    _room: Option<OwnedSemaphorePermit>,
}

/// Keeps a tenant open.
pub(crate) struct Lease {
    open: OwnedRwLockReadGuard<Option<Guest>, Resident>,
    /// Behind the place, so that it rings when that is free.
    _bell: Bell,
}

/// Rings when it is let go of.
struct Bell(Arc<Notify>);

impl Drop for Bell {
    fn drop(&mut self) {
        self.0.notify_waiters();
    }
}

/// One more, as long as it lives.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn one(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(count))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Deref for Lease {
    type Target = Resident;

    fn deref(&self) -> &Resident {
        &self.open
    }
}

#[derive(Clone)]
struct Slot {
    place: Place,
    /// When it was last asked for, in milliseconds since the slots began.
    used: Arc<AtomicU64>,
}

/// An open tenant that nobody uses, held alone.
struct Idle {
    place: OwnedRwLockWriteGuard<Option<Guest>>,
    used: u64,
    /// Does the tenant wait for somebody to sign in?
    awaits: bool,
}

/// The places.
#[derive(Clone)]
pub(crate) struct Slots(Arc<Places>);

struct Places {
    source: Arc<dyn Source>,
    bounds: Bounds,
    began: Instant,
    /// None is ever taken away: two places of one tenant could both be opened.
    slots: Mutex<HashMap<Uuid, Slot>>,
    room: Arc<Semaphore>,
    /// Rung when a tenant may have become idle or closed.
    let_go: Arc<Notify>,
    /// How many wait for room, and how many are being closed.
    waiting: Arc<AtomicUsize>,
    closing: Arc<AtomicUsize>,
}

impl Slots {
    pub fn new(source: Arc<dyn Source>, bounds: Bounds) -> Self {
        Self(Arc::new(Places {
            source,
            bounds,
            began: Instant::now(),
            slots: Mutex::default(),
            room: Arc::new(Semaphore::new(bounds.open_max)),
            let_go: Arc::default(),
            waiting: Arc::default(),
            closing: Arc::default(),
        }))
    }

    /// The tenant, opened if need be.
    pub async fn lease(&self, id: Uuid) -> Result<Lease, Error> {
        let until = Instant::now() + self.0.bounds.patience;
        let slot = self.slot(id);
        let place = timeout_at(until, Arc::clone(&slot.place).read_owned()).await;
        let place =
            place.map_err(|_| unavailable("the tenant's files are changed for too long"))?;
        let lease = match self.lease_of(place) {
            Some(open) => open,
            None => self.open(id, Arc::clone(&slot.place), until).await?,
        };
        slot.used.store(self.elapsed(), Ordering::Relaxed);
        Ok(lease)
    }

    /// The tenant if it is open and not being changed.
    pub fn lease_if_open(&self, id: Uuid) -> Option<Lease> {
        self.lease_of(self.slot(id).place.try_read_owned().ok()?)
    }

    fn lease_of(&self, place: OwnedRwLockReadGuard<Option<Guest>>) -> Option<Lease> {
        let open = OwnedRwLockReadGuard::try_map(place, |guest| {
            guest.as_ref().map(|guest| &guest.resident)
        });
        Some(Lease {
            open: open.ok()?,
            _bell: Bell(Arc::clone(&self.0.let_go)),
        })
    }

    /// In a task of its own: whoever asked may go away, but what is half open would keep the files locked.
    async fn open(&self, id: Uuid, place: Place, until: Instant) -> Result<Lease, Error> {
        let all = self.clone();
        let opening = tasks::spawn("opening", async move {
            let place = timeout_at(until, place.write_owned()).await;
            let mut place =
                place.map_err(|_| unavailable("another request opens the tenant for too long"))?;
            if place.is_none() {
                let room = match id == all.0.source.home() {
                    true => None,
                    false => Some(timeout_at(until, all.room()).await.map_err(|_| full())?),
                };
                *place = Some(Guest {
                    resident: all.0.source.open(id).await?,
                    _room: room,
                });
            }
            let lease = all.lease_of(place.downgrade());
            lease.ok_or_else(|| unavailable("the tenant was closed at once"))
        });
        opening.await.map_err(unavailable)?
    }

    /// Room for one more. Where there is none, the tenant that was used longest ago is closed; several are, for several
    /// who wait.
    async fn room(&self) -> OwnedSemaphorePermit {
        if let Ok(room) = Arc::clone(&self.0.room).try_acquire_owned() {
            return room;
        }
        let mut room = pin!(Arc::clone(&self.0.room).acquire_owned());
        let _waits = Counted::one(&self.0.waiting);
        loop {
            let mut let_go = pin!(self.0.let_go.notified());
            let_go.as_mut().enable();
            self.close_oldest();
            tokio::select! {
                room = &mut room => return room.expect("the semaphore is never closed"),
                () = let_go => {}
            }
        }
    }

    /// Begins to close the tenant that was used longest ago, if fewer are being closed than are waited for. Those in which
    /// somebody is about to sign in go last.
    fn close_oldest(&self) {
        let slots = self.slots();
        if self.0.closing.load(Ordering::Relaxed) >= self.0.waiting.load(Ordering::Relaxed) {
            return;
        }
        // A sign-in that has run out counts too: its tenant only goes later.
        let idle = self.idle(&slots, 0);
        if let Some(oldest) = idle.min_by_key(|idle| (idle.awaits, idle.used)) {
            self.close_idle(oldest);
        }
    }

    /// In a task of its own; there is room when it has ended.
    fn close_idle(&self, idle: Idle) {
        let mut place = idle.place;
        let counted = Counted::one(&self.0.closing);
        let bell = Bell(Arc::clone(&self.0.let_go));
        tasks::spawn("closing", async move {
            emptied(&mut place).await;
            // Whoever hears the bell must see the count without this one.
            drop((place, counted));
            drop(bell);
        });
    }

    /// Closes the tenant once the requests under way are answered, lets `work` at its files, and lets requests in again,
    /// which open it anew. What has begun goes on to its end, whoever asked for it.
    pub async fn alone<T: Send + 'static>(
        &self,
        id: Uuid,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        let place = timeout(self.0.bounds.patience, self.slot(id).place.write_owned())
            .await
            .map_err(|_| unavailable("requests of the tenant are under way for too long"))?;
        let done = tasks::spawn("alone with a tenant", async move {
            let mut place = place;
            empty(&mut place).await?;
            work.await
        });
        done.await.map_err(unavailable)?
    }

    /// Closes tenants that are idle, until `stop` becomes true.
    pub async fn sweep(&self, now: Now, mut stop: watch::Receiver<bool>) {
        let patience = self.0.bounds.idle;
        while !*stop.borrow() {
            tokio::select! {
                () = tasks::stopped(&mut stop) => return,
                () = tokio::time::sleep(patience / 4) => {}
            }
            let seconds = u64::try_from(now().as_second()).unwrap_or_default();
            let patience = u64::try_from(patience.as_millis()).unwrap_or(u64::MAX);
            let last = self.elapsed().saturating_sub(patience);
            let slots = self.slots();
            self.idle(&slots, seconds)
                .filter(|idle| idle.used <= last && !idle.awaits)
                .for_each(|idle| self.close_idle(idle));
        }
    }

    /// The open tenants that nobody uses, without the home tenant. Whoever looks has locked the slots until he has let go
    /// of what he does not close: another one who looks meanwhile would take it for used.
    fn idle(&self, slots: &HashMap<Uuid, Slot>, now: u64) -> impl Iterator<Item = Idle> {
        let home = self.0.source.home();
        let others = slots.iter().filter(move |(id, _)| **id != home);
        others.filter_map(move |(_, slot)| {
            let place = Arc::clone(&slot.place).try_write_owned().ok()?;
            let awaits = place.as_ref()?.resident.issuer.awaits(now);
            let used = slot.used.load(Ordering::Relaxed);
            Some(Idle {
                place,
                used,
                awaits,
            })
        })
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
        self.0.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn elapsed(&self) -> u64 {
        u64::try_from(self.0.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// Closes what is open there. What did not end in time is in the place no longer, but may hold the files.
async fn empty(place: &mut OwnedRwLockWriteGuard<Option<Guest>>) -> Result<(), Error> {
    match place.take() {
        Some(guest) => guest.resident.close().await,
        None => Ok(()),
    }
}

/// Closes what is open there, for nobody who could be told how that went.
async fn emptied(place: &mut OwnedRwLockWriteGuard<Option<Guest>>) {
    if let Err(error) = empty(place).await {
        tracing::error!(?error, "a tenant could not be closed");
    }
}

fn full() -> Error {
    unavailable("as many tenants are open as may be, and requests of all of them are under way")
}
