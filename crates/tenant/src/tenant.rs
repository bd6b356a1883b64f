//! A tenant: the thing that holds connections. A value made of a store, an index, a membership and a clock.

use std::sync::Arc;

use tokio::sync::{Mutex, Notify, Semaphore};
use uuid::Uuid;

use crate::{
    Profile, accounts::OwnAccounts, clock::Clock, index::Index, membership::Membership,
    profile::Limits, progress::Progress, store::Store, visibility::Visibility,
};

/// How many items may wait at the same time for a schema to be registered; more of them are told to come back.
const PLACES: usize = 64;

/// A tenant's ports and its live picture; the doors are free functions that take it first.
pub struct Tenant {
    /// The tenant's GUID: the `tid` of its tokens.
    pub id: Uuid,
    /// The truth.
    pub store: Arc<dyn Store>,
    /// The memory of the truth.
    pub index: Arc<dyn Index>,
    /// Who belongs to which directory groups.
    pub membership: Arc<dyn Membership>,
    /// The tenant's time.
    pub clock: Arc<dyn Clock>,
    /// How long things take, and how much there may be.
    pub profile: Profile,
    /// Who may see what, now.
    pub visibility: Arc<Visibility>,
    /// Rung after every write that leaves a dirty line; the indexer listens.
    pub dirty: Notify,
    /// How far the index is behind the writes.
    pub progress: Progress,
    /// Held by whoever carries dirty lines to the index.
    pub indexing: Mutex<()>,
    /// Held by whoever carries all that has waited long enough.
    pub(crate) sweeping: Mutex<()>,
    /// Held by whoever does what is due.
    pub(crate) living: Mutex<()>,
    /// Held by an examination: it reads for seconds, and readers are few.
    pub examining: Mutex<()>,
    /// Rung after every deletion of a connection; the purge listens.
    pub deleted: Notify,
    /// Rung when something was noted that is to happen later; the loop of [`life`](crate::life) listens.
    pub scheduled: Notify,
    /// Rung when a registration has ended; items that wait for it listen.
    pub(crate) settled: Notify,
    /// Held by whoever makes a connection.
    pub(crate) creating: Mutex<()>,
    /// Places for items that wait.
    pub(crate) places: Semaphore,
}

impl Tenant {
    /// A tenant of these ports, in which nothing takes time.
    pub fn new(
        id: Uuid,
        store: Arc<dyn Store>,
        index: Arc<dyn Index>,
        clock: Arc<dyn Clock>,
        visibility: Arc<Visibility>,
    ) -> Self {
        store.keep_within(Limits::of(&Profile::INSTANT));
        Self {
            id,
            store,
            index,
            membership: Arc::new(OwnAccounts(Arc::clone(&visibility))),
            clock,
            profile: Profile::INSTANT,
            visibility,
            dirty: Notify::new(),
            progress: Progress::default(),
            indexing: Mutex::new(()),
            sweeping: Mutex::new(()),
            living: Mutex::new(()),
            examining: Mutex::new(()),
            deleted: Notify::new(),
            scheduled: Notify::new(),
            settled: Notify::new(),
            creating: Mutex::new(()),
            places: Semaphore::new(PLACES),
        }
    }

    /// The same tenant, living otherwise.
    #[must_use]
    pub fn with_profile(self, profile: Profile) -> Self {
        self.store.keep_within(Limits::of(&profile));
        Self { profile, ..self }
    }
}
