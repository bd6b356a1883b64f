//! How many items, groups and members there are. The writer counts them in step with its commits, so that nobody else has to.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use graph::{ConnectionKey, GroupId};
use tenant::{profile::Limits, store::StoreError};

use crate::fault::Fault;

/// What is counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Counted {
    /// Items of a connection.
    Items(ConnectionKey),
    /// Items of all connections that are not deleted.
    AllItems,
    /// External groups of a connection.
    Groups(ConnectionKey),
    /// External groups of all connections that are not deleted.
    AllGroups,
    /// Members of an external group.
    Members(ConnectionKey, GroupId),
}

/// Counts as of the last commit, and how far they may go; shared by the writer and the readers.
#[derive(Clone, Default)]
pub(super) struct Counts(Arc<Mutex<Committed>>);

struct Committed {
    of: Tally,
    limits: Limits,
}

impl Default for Committed {
    fn default() -> Self {
        Self {
            of: Tally::default(),
            limits: Limits::NONE,
        }
    }
}

/// Counts, or differences of counts.
#[derive(Default)]
pub(super) struct Tally(HashMap<Counted, i64>);

impl Tally {
    pub(super) fn add(&mut self, counted: Counted, by: i64) {
        *self.0.entry(counted).or_default() += by;
    }

    fn get(&self, counted: &Counted) -> i64 {
        self.0.get(counted).copied().unwrap_or_default()
    }
}

impl Counts {
    /// Begins with what there is.
    pub(super) fn begin(&self, of: Tally) {
        self.committed().of = of;
    }

    pub(super) fn limit(&self, limits: Limits) {
        self.committed().limits = limits;
    }

    /// How many there are.
    pub(super) fn get(&self, counted: &Counted) -> u64 {
        u64::try_from(self.committed().of.get(counted)).unwrap_or_default()
    }

    fn committed(&self) -> MutexGuard<'_, Committed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a transaction changes in the counts; forgotten if it is not committed.
#[derive(Default)]
pub(super) struct Difference {
    tally: Tally,
    gone: Vec<ConnectionKey>,
}

impl Difference {
    /// One more of each of these; `Full` and nothing changed when one of them is at its limit.
    pub(super) fn one_more<const N: usize>(
        &mut self,
        counts: &Counts,
        all: [Counted; N],
    ) -> Result<(), Fault> {
        let committed = counts.committed();
        let is_full = all.iter().any(|counted| {
            let count = committed.of.get(counted) + self.tally.get(counted);
            let limits = &committed.limits;
            let most = match counted {
                Counted::Items(_) => limits.items_per_connection,
                Counted::AllItems => limits.items_per_tenant,
                Counted::Groups(_) => u64::MAX,
                Counted::AllGroups => limits.groups,
                Counted::Members(..) => limits.group_members,
            };
            u64::try_from(count).is_ok_and(|count| count >= most)
        });
        if is_full {
            return Err(Fault::Store(StoreError::Full));
        }
        for counted in all {
            self.tally.add(counted, 1);
        }
        Ok(())
    }

    /// Fewer of one thing.
    pub(super) fn fewer(&mut self, counted: Counted, by: usize) {
        self.tally
            .add(counted, -i64::try_from(by).unwrap_or(i64::MAX));
    }

    /// A group with all its members is gone.
    pub(super) fn group_gone(&mut self, counts: &Counts, at: ConnectionKey, group: &GroupId) {
        let members = Counted::Members(at, group.clone());
        let count = counts.committed().of.get(&members) + self.tally.get(&members);
        self.tally.add(members, -count);
        self.fewer(Counted::Groups(at), 1);
        self.fewer(Counted::AllGroups, 1);
    }

    /// A connection with all it holds is gone; what is left of it is not counted any more.
    pub(super) fn connection_gone(&mut self, counts: &Counts, at: ConnectionKey) {
        let committed = counts.committed();
        for (part, whole) in [
            (Counted::Items(at), Counted::AllItems),
            (Counted::Groups(at), Counted::AllGroups),
        ] {
            let count = committed.of.get(&part) + self.tally.get(&part);
            self.tally.add(whole, -count);
        }
        self.gone.push(at);
    }

    /// Brings the counts up to the commit.
    pub(super) fn settle(self, counts: &Counts) {
        let mut committed = counts.committed();
        for (counted, by) in self.tally.0 {
            if committed.of.get(&counted) + by == 0 {
                committed.of.0.remove(&counted);
            } else {
                committed.of.add(counted, by);
            }
        }
        if !self.gone.is_empty() {
            committed.of.0.retain(|counted, _| match counted {
                Counted::Items(at) | Counted::Groups(at) | Counted::Members(at, _) => {
                    !self.gone.contains(at)
                }
                Counted::AllItems | Counted::AllGroups => true,
            });
        }
    }
}
