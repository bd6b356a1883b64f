//! One transaction of the writer while it is made: the rows, and what the picture will hear once they are committed.

use graph::{ConnectionKey, GroupId};
use rusqlite::{Connection, OptionalExtension};
use tenant::{kept::AclId, visibility::Change};

use super::{
    acls::{CanonicalAcl, Digest, Interned},
    counts::{Counted, Counts, Difference},
};
use crate::{
    fault::Fault,
    rows::{Columns, sql},
};

/// What a command works on.
pub(super) struct Step<'a> {
    /// Inside a transaction that holds the write lock.
    pub(super) sql: &'a Connection,
    interned: &'a Interned,
    counts: &'a Counts,
    outcome: Outcome,
}

/// What has to happen in memory when a transaction is committed, and is forgotten when it is not.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) changes: Vec<Change>,
    interned: Interned,
    added: Vec<(ConnectionKey, Digest, AclId)>,
    purged: Vec<ConnectionKey>,
    difference: Difference,
}

impl Outcome {
    /// Brings the writer's memory up to the commit; what is left is for the picture.
    pub(super) fn settle(self, interned: &mut Interned, counts: &Counts) -> Vec<Change> {
        self.difference.settle(counts);
        for (at, hash, id) in self.added {
            interned.add(at, hash, id);
        }
        for at in self.purged {
            interned.forget(at);
        }
        self.changes
    }
}

impl<'a> Step<'a> {
    pub(super) fn new(sql: &'a Connection, interned: &'a Interned, counts: &'a Counts) -> Self {
        Self {
            sql,
            interned,
            counts,
            outcome: Outcome::default(),
        }
    }

    pub(super) fn into_outcome(self) -> Outcome {
        self.outcome
    }

    /// To be published after the commit.
    pub(super) fn change(&mut self, change: Change) {
        self.outcome.changes.push(change);
    }

    /// One more of each of these; `Full` and nothing changed when one of them is at its limit.
    pub(super) fn one_more<const N: usize>(&mut self, all: [Counted; N]) -> Result<(), Fault> {
        self.outcome.difference.one_more(self.counts, all)
    }

    /// Fewer of one thing.
    pub(super) fn fewer(&mut self, counted: Counted, by: usize) {
        self.outcome.difference.fewer(counted, by);
    }

    /// A group with all its members is gone.
    pub(super) fn group_gone(&mut self, at: ConnectionKey, group: &GroupId) {
        let difference = &mut self.outcome.difference;
        difference.group_gone(self.counts, at, group);
        let group = group.clone();
        self.change(Change::GroupGone { at, group });
    }

    /// A connection is gone for everyone; its rows may still be there.
    pub(super) fn connection_gone(&mut self, at: ConnectionKey) {
        self.outcome.difference.connection_gone(self.counts, at);
        self.change(Change::ConnectionGone(at));
    }

    /// The connection's ACLs have no rows any more.
    pub(super) fn purged(&mut self, at: ConnectionKey) {
        self.outcome.purged.push(at);
        self.change(Change::ConnectionPurged(at));
    }

    /// How often the schema of a connection has been registered; `None` when the connection is gone or being deleted.
    pub(super) fn schema_version(&self, at: ConnectionKey) -> Result<Option<u32>, Fault> {
        let mut statement = self.sql.prepare_cached(
            "SELECT key, schema_version FROM connection
             WHERE key = ?1 AND deleted = 0 AND released_at IS NULL",
        )?;
        let mut rows = statement.query([sql(at.0)])?;
        rows.next()?
            .map(|row| Columns::new(row, "connection", 0).get(1, "schema_version"))
            .transpose()
    }

    /// Does the connection take writes?
    pub(super) fn has(&self, at: ConnectionKey) -> Result<bool, Fault> {
        let found = self
            .sql
            .prepare_cached(
                "SELECT 1 FROM connection WHERE key = ?1 AND deleted = 0 AND released_at IS NULL",
            )?
            .query_row([sql(at.0)], |_| Ok(()))
            .optional()?;
        Ok(found.is_some())
    }

    /// The number of an ACL of a connection; a new one gets a row and is published.
    pub(super) fn intern(&mut self, at: ConnectionKey, acl: &CanonicalAcl) -> Result<AclId, Fault> {
        let known = self
            .interned
            .get(at, &acl.hash)
            .or_else(|| self.outcome.interned.get(at, &acl.hash));
        if let Some(id) = known {
            return Ok(id);
        }
        self.sql
            .prepare_cached("INSERT INTO acl (connection, hash, entries) VALUES (?1, ?2, ?3)")?
            .execute((sql(at.0), acl.hash, &acl.entries))?;
        let row = self.sql.last_insert_rowid();
        let id = u32::try_from(row).map(AclId).map_err(|_| {
            Fault::inconsistent("acl", "id", row, "all numbers of ACLs are used up")
        })?;
        self.outcome.interned.add(at, acl.hash, id);
        self.outcome.added.push((at, acl.hash, id));
        self.change(Change::Acl {
            id,
            at,
            acl: acl.acl.clone(),
        });
        Ok(id)
    }
}
