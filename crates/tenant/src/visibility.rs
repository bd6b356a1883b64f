//! The tenant's live picture of who may see what: changed by the store's writer in commit order, before it acknowledges a write.
//!
//! Three things live here: per ordinal the live `text` and ACL number (lock-free), the ACLs and external groups (behind one short lock), and the epoch, which
//! counts every change of membership. A search remembers the epoch it began with; if it moved, the search runs again.

mod allowed;
mod live;
mod picture;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicU64, Ordering},
    },
};

use graph::{Acl, AclType, Audience, ConnectionId, ConnectionKey, GroupId, Identity};

pub use self::allowed::Allowed;
use self::{live::Live, picture::Picture};
use crate::{
    accounts::Accounts,
    kept::{AclId, KeptConnection, Ordinal, Text},
    membership::Memberships,
};

/// How many audiences are remembered before the memory is emptied.
const REMEMBERED_MAX: usize = 1024;

/// A count of all changes of membership; a search that spans two values runs again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Epoch(u64);

/// One change of the picture, published in commit order.
#[derive(Clone, Debug)]
pub enum Change {
    /// A new distinct ACL of a connection.
    Acl {
        /// Its number, larger than all before.
        id: AclId,
        /// Its connection.
        at: ConnectionKey,
        /// Its entries, canonical or not.
        acl: Vec<Acl>,
    },
    /// An item was written or deleted ([`AclId::NOBODY`]).
    Item {
        /// Its number.
        ordinal: Ordinal,
        /// The version of its words.
        text: Text,
        /// Its ACL.
        acl: AclId,
        /// The old words the index may still hold, each with the last ACL under which they were live, if that list changed.
        stale: Option<Vec<(Text, AclId)>>,
    },
    /// The index confirmed some words: the old words it may still hold.
    Stale {
        /// The item's number.
        ordinal: Ordinal,
        /// The list; empty forgets.
        stale: Vec<(Text, AclId)>,
    },
    /// A connection was made or changed.
    Connection(Arc<KeptConnection>),
    /// A connection was deleted.
    ConnectionGone(ConnectionKey),
    /// What a deleted connection held is gone: its ACLs and groups may be forgotten.
    ConnectionPurged(ConnectionKey),
    /// A member was added to an external group.
    MemberAdded {
        /// The group's connection.
        at: ConnectionKey,
        /// The group.
        group: GroupId,
        /// The member.
        member: Identity,
    },
    /// A member was removed from an external group.
    MemberRemoved {
        /// The group's connection.
        at: ConnectionKey,
        /// The group.
        group: GroupId,
        /// The member.
        member: Identity,
    },
    /// An external group was deleted, and with it its memberships.
    GroupGone {
        /// The group's connection.
        at: ConnectionKey,
        /// The group.
        group: GroupId,
    },
    /// Users, directory groups or apps changed.
    Accounts(Arc<Accounts>),
}

/// The live picture. One per tenant, shared by its store and its searches.
#[derive(Default)]
pub struct Visibility {
    live: Arc<Live>,
    picture: RwLock<Picture>,
    epoch: AtomicU64,
    /// Publication of membership changes waits for searches that hold a read guard.
    gate: Arc<tokio::sync::RwLock<()>>,
    remembered: Mutex<HashMap<String, Remembered>>,
}

/// What is remembered of one user between requests.
struct Remembered {
    memberships: Memberships,
    folded: Folded,
    allowed: HashMap<Vec<ConnectionKey>, Arc<Allowed>>,
}

/// An audience and the epoch at which it was folded.
#[derive(Clone)]
pub struct Folded {
    /// Who the caller counts as.
    pub audience: Arc<Audience>,
    /// The membership epoch it holds for.
    pub epoch: Epoch,
}

/// Holds back the publication of membership changes while it lives.
pub struct Held(
    #[expect(dead_code, reason = "held, not read")] tokio::sync::OwnedRwLockReadGuard<()>,
);

impl Visibility {
    /// An empty picture: nobody sees anything.
    pub fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    /// Publishes changes in their order. To be called by the store's writer thread only, after the commit and before the acknowledgment.
    ///
    /// Changes of membership wait for searches that hold a guard, and count in the epoch. Must not be called from inside an async task.
    pub fn publish(&self, changes: Vec<Change>) {
        for change in changes {
            match change {
                Change::Item {
                    ordinal,
                    text,
                    acl,
                    stale,
                } => {
                    // The old words must be known as old before the new ones are live.
                    if let Some(stale) = stale {
                        self.live.set_stale(ordinal, stale);
                    }
                    self.live.set(ordinal, text, acl);
                }
                Change::Stale { ordinal, stale } => self.live.set_stale(ordinal, stale),
                Change::Acl { id, at, acl } => self.write().add_acl(id, at, &acl),
                Change::ConnectionPurged(at) => self.write().forget(at),
                membership => {
                    let gate = self.gate.blocking_write();
                    self.write().change(membership);
                    self.epoch.fetch_add(1, Ordering::SeqCst);
                    drop(gate);
                }
            }
        }
    }

    /// The current membership epoch.
    pub fn epoch(&self) -> Epoch {
        Epoch(self.epoch.load(Ordering::SeqCst))
    }

    /// Holds back every change of membership until the guard is dropped.
    pub async fn hold(&self) -> Held {
        Held(Arc::clone(&self.gate).read_owned().await)
    }

    /// All accounts of the tenant.
    pub fn accounts(&self) -> Arc<Accounts> {
        self.read().accounts()
    }

    /// The connection of that id, found without case; `None` once deleted.
    pub fn connection(&self, id: &ConnectionId) -> Option<Arc<KeptConnection>> {
        self.read().connection(id)
    }

    /// All connections that are not deleted, in the order they were made.
    pub fn connections(&self) -> Vec<Arc<KeptConnection>> {
        self.read().connections()
    }

    /// The connection of that number; `None` once deleted.
    pub fn connection_at(&self, at: ConnectionKey) -> Option<Arc<KeptConnection>> {
        self.read().connection_at(at)
    }

    /// The live words and ACL of an item; ([`Text`] 0, [`AclId::NOBODY`]) when there is none.
    pub fn live(&self, ordinal: Ordinal) -> (Text, AclId) {
        self.live.get(ordinal)
    }

    /// Folds a user and its memberships into everything it counts as, external groups included.
    pub fn fold(&self, user: &str, memberships: &Memberships) -> Folded {
        let mut remembered = self.remembered();
        if let Some(known) = remembered.get(user)
            && known.folded.epoch == self.epoch()
            && known.memberships == *memberships
        {
            return known.folded.clone();
        }
        // The lock on the picture is held while the epoch is read, so that the fold belongs to that epoch: epochs move after the picture, hence the older
        // of two possible values is taken and the search that uses it runs again.
        let epoch = self.epoch();
        let folded = Folded {
            audience: Arc::new(self.read().fold(user, memberships)),
            epoch,
        };
        if remembered.len() >= REMEMBERED_MAX {
            remembered.clear();
        }
        remembered.insert(
            user.to_owned(),
            Remembered {
                memberships: memberships.clone(),
                folded: folded.clone(),
                allowed: HashMap::new(),
            },
        );
        folded
    }

    /// The lens of an audience on some connections: what the index may count.
    pub fn lens(&self, folded: &Folded, scope: &[ConnectionKey]) -> Lens {
        let mut scope = scope.to_vec();
        scope.sort_unstable();
        scope.dedup();
        let former = self
            .remembered()
            .get(&folded.audience.user)
            .filter(|known| Arc::ptr_eq(&known.folded.audience, &folded.audience))
            .and_then(|known| known.allowed.get(&scope).cloned());
        let allowed = self
            .read()
            .allowed(&folded.audience, &scope, former.clone());
        if former.is_none_or(|former| !Arc::ptr_eq(&former, &allowed))
            && let Some(known) = self.remembered().get_mut(&folded.audience.user)
            && Arc::ptr_eq(&known.folded.audience, &folded.audience)
        {
            if known.allowed.len() >= REMEMBERED_MAX {
                known.allowed.clear();
            }
            known.allowed.insert(scope, Arc::clone(&allowed));
        }
        Lens {
            live: Arc::clone(&self.live),
            allowed,
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Picture> {
        self.picture.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Picture> {
        self.picture.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn remembered(&self) -> std::sync::MutexGuard<'_, HashMap<String, Remembered>> {
        self.remembered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Decides which copies in an index count for one search. One function for top-k, totals, and everything to come.
#[derive(Clone)]
pub struct Lens {
    live: Arc<Live>,
    allowed: Arc<Allowed>,
}

impl Lens {
    /// May this copy (the item's number and the version of the words it holds) be counted?
    ///
    /// A copy of the live words is judged by the live ACL alone. A copy of older words counts only if both the last ACL of those words and the live one
    /// admit. Any other copy counts for nobody.
    #[inline]
    pub fn admits(&self, ordinal: Ordinal, text: Text) -> bool {
        let (live_text, acl) = self.live.get(ordinal);
        self.allowed.contains(acl)
            && (live_text == text
                || self
                    .live
                    .stale(ordinal, text)
                    .is_some_and(|last| self.allowed.contains(last)))
    }

    /// Is there no ACL that this lens admits?
    pub fn is_blind(&self) -> bool {
        self.allowed.is_empty()
    }
}

/// Which principal an entry names, per connection for external groups.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Principal {
    Everyone,
    EveryoneExceptGuests,
    User(String),
    Group(String),
    External(ConnectionKey, String),
}

impl Principal {
    fn of(at: ConnectionKey, entry: &Acl) -> Self {
        match entry.kind {
            AclType::Everyone => Self::Everyone,
            AclType::EveryoneExceptGuests => Self::EveryoneExceptGuests,
            AclType::User => Self::User(entry.value.to_ascii_lowercase()),
            AclType::Group => Self::Group(entry.value.to_ascii_lowercase()),
            AclType::ExternalGroup => Self::External(at, entry.value.clone()),
        }
    }
}
