//! The start: everything the picture and the writer must know, read in one transaction.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use graph::{Acl, ConnectionKey, GroupId};
use rusqlite::{Connection, TransactionBehavior};
use tenant::{
    kept::{AclId, Ordinal, Text},
    visibility::{Change, Visibility},
};
use uuid::Uuid;

use super::{
    accounts,
    acls::{Digest, Interned},
    counts::{Counted, Counts, Tally},
    file,
};
use crate::{
    fault::Fault,
    rows::{self, Columns, select_connection},
};

/// How many items are published at a time.
const CHUNK: usize = 16 << 10;

/// What was read.
pub(super) struct Filled {
    identity: Uuid,
    interned: Interned,
    counted: Tally,
    changes: Vec<Change>,
    items: Vec<Live>,
    stale: HashMap<Ordinal, Vec<(Text, AclId)>>,
}

/// An item as the picture knows it: a million of them must be small.
struct Live {
    ordinal: Ordinal,
    text: Text,
    acl: AclId,
}

/// Reads everything. ACLs that nothing names any more are removed on the way; their numbers stay used.
pub(super) fn read(sql: &mut Connection) -> Result<Filled, Fault> {
    let step = sql.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut changes = Vec::new();
    let identity = file::identity(&step)?;
    let living = connections(&step, &mut changes)?;
    let mut acls = Acls::read(&step)?;
    let (mut items, stale) = lines(&step, &mut acls)?;
    read_items(&step, &living, &mut acls, &mut items)?;
    let mut counted = count(&step, &living)?;
    let interned = acls.keep_used(&step, &living, &mut changes)?;
    members(&step, &living, &mut counted, &mut changes)?;
    changes.push(Change::Accounts(Arc::new(accounts::read(&step)?)));
    step.commit()?;
    Ok(Filled {
        identity,
        interned,
        counted,
        changes,
        items,
        stale,
    })
}

impl Filled {
    /// Hands everything to the picture and the counts; what is left is the store's identity and the writer's memory.
    pub(super) fn publish(mut self, visibility: &Visibility, counts: &Counts) -> (Uuid, Interned) {
        counts.begin(self.counted);
        visibility.publish(self.changes);
        for chunk in self.items.chunks(CHUNK) {
            let changes = chunk
                .iter()
                .map(|live| Change::Item {
                    ordinal: live.ordinal,
                    text: live.text,
                    acl: live.acl,
                    stale: self.stale.remove(&live.ordinal),
                })
                .collect();
            visibility.publish(changes);
        }
        (self.identity, self.interned)
    }
}

fn connections(
    sql: &Connection,
    changes: &mut Vec<Change>,
) -> Result<HashSet<ConnectionKey>, Fault> {
    let mut statement = sql.prepare(select_connection!("ORDER BY key"))?;
    let mut rows = statement.query(())?;
    let mut living = HashSet::new();
    while let Some(row) = rows.next()? {
        let kept = rows::connection(row)?;
        living.insert(kept.key);
        changes.push(Change::Connection(Arc::new(kept)));
    }
    Ok(living)
}

/// One ACL's row, and whether anything names it.
struct Row {
    id: AclId,
    at: ConnectionKey,
    hash: Digest,
    entries: String,
    used: bool,
}

/// All rows of ACLs in the order of their numbers, and where each stands.
struct Acls {
    rows: Vec<Row>,
    places: HashMap<AclId, usize>,
}

impl Acls {
    fn read(sql: &Connection) -> Result<Self, Fault> {
        let mut statement =
            sql.prepare("SELECT id, connection, hash, entries FROM acl ORDER BY id")?;
        let mut rows = statement.query(())?;
        let mut acls = Self {
            rows: Vec::new(),
            places: HashMap::new(),
        };
        while let Some(row) = rows.next()? {
            let columns = Columns::new(row, "acl", 0);
            let id = AclId(columns.get(0, "id")?);
            if id == AclId::NOBODY {
                return Err(columns.wrong("id", "0 is nobody and has no row"));
            }
            acls.places.insert(id, acls.rows.len());
            acls.rows.push(Row {
                id,
                at: ConnectionKey(columns.number(1, "connection")?),
                hash: columns.get(2, "hash")?,
                entries: columns.get(3, "entries")?,
                used: false,
            });
        }
        Ok(acls)
    }

    /// Notes that something names an ACL, and says whose it is; `None` when there is no such ACL.
    fn named(&mut self, id: AclId) -> Option<ConnectionKey> {
        let row = &mut self.rows[*self.places.get(&id)?];
        row.used = true;
        Some(row.at)
    }

    /// Publishes those in use, except of deleted connections, and removes the rows of the others.
    fn keep_used(
        self,
        connection: &Connection,
        living: &HashSet<ConnectionKey>,
        changes: &mut Vec<Change>,
    ) -> Result<Interned, Fault> {
        let mut remove = connection.prepare("DELETE FROM acl WHERE id = ?1")?;
        let mut interned = Interned::default();
        for row in self.rows {
            if !row.used {
                remove.execute([row.id.0])?;
                continue;
            }
            if !living.contains(&row.at) {
                continue;
            }
            let acl: Vec<Acl> = serde_json::from_str(&row.entries).map_err(|error| {
                Fault::inconsistent("acl", "entries", row.id.0, error.to_string())
            })?;
            interned.add(row.at, row.hash, row.id);
            changes.push(Change::Acl {
                id: row.id,
                at: row.at,
                acl,
            });
        }
        Ok(interned)
    }
}

type Lines = (Vec<Live>, HashMap<Ordinal, Vec<(Text, AclId)>>);

/// What the to-do list knows: items that are gone, and old words of the others.
fn lines(sql: &Connection, acls: &mut Acls) -> Result<Lines, Fault> {
    let mut statement = sql.prepare("SELECT ordinal, text, deleted, stale FROM dirty")?;
    let mut rows = statement.query(())?;
    let mut gone = Vec::new();
    let mut all = HashMap::new();
    while let Some(row) = rows.next()? {
        let columns = Columns::new(row, "dirty", 0);
        let ordinal = Ordinal(columns.number(0, "ordinal")?);
        if columns.get(2, "deleted")? {
            gone.push(Live {
                ordinal,
                text: Text(columns.get(1, "text")?),
                acl: AclId::NOBODY,
            });
            continue;
        }
        let stale = rows::stale(&columns.get::<Vec<u8>>(3, "stale")?)
            .ok_or_else(|| columns.wrong("stale", "the last pair is cut off"))?;
        if let Some((_, acl)) = stale.iter().find(|(_, acl)| acls.named(*acl).is_none()) {
            return Err(columns.wrong("stale", format!("there is no ACL {}", acl.0)));
        }
        if !stale.is_empty() {
            all.insert(ordinal, stale);
        }
    }
    Ok((gone, all))
}

fn read_items(
    sql: &Connection,
    living: &HashSet<ConnectionKey>,
    acls: &mut Acls,
    items: &mut Vec<Live>,
) -> Result<(), Fault> {
    let mut statement = sql.prepare("SELECT ordinal, connection, text, acl FROM item")?;
    let mut rows = statement.query(())?;
    // Neighbors mostly share their connection.
    let mut last = None;
    let mut lives = false;
    while let Some(row) = rows.next()? {
        let columns = Columns::new(row, "item", 0);
        let at = Some(ConnectionKey(columns.number(1, "connection")?));
        if at != last {
            last = at;
            lives = at.is_some_and(|at| living.contains(&at));
        }
        let acl = AclId(columns.get(3, "acl")?);
        if acls.named(acl) != at {
            let why = format!("there is no ACL {} of this connection", acl.0);
            return Err(columns.wrong("acl", why));
        }
        items.push(Live {
            ordinal: Ordinal(columns.number(0, "ordinal")?),
            text: Text(columns.get(2, "text")?),
            acl: if lives { acl } else { AclId::NOBODY },
        });
    }
    Ok(())
}

/// How many items and groups there are; the engine counts them in their indexes.
fn count(sql: &Connection, living: &HashSet<ConnectionKey>) -> Result<Tally, Fault> {
    let mut counted = Tally::default();
    for (table, all) in [
        ("item", Counted::AllItems),
        ("external_group", Counted::AllGroups),
    ] {
        let query = format!("SELECT connection, count(*) FROM {table} GROUP BY connection");
        let mut statement = sql.prepare(&query)?;
        let mut rows = statement.query(())?;
        while let Some(row) = rows.next()? {
            let at = ConnectionKey(Columns::new(row, "connection", 0).number(0, "key")?);
            if !living.contains(&at) {
                continue;
            }
            let count = row.get(1)?;
            let part = match all {
                Counted::AllItems => Counted::Items(at),
                _ => Counted::Groups(at),
            };
            counted.add(part, count);
            counted.add(all.clone(), count);
        }
    }
    Ok(counted)
}

fn members(
    sql: &Connection,
    living: &HashSet<ConnectionKey>,
    counted: &mut Tally,
    changes: &mut Vec<Change>,
) -> Result<(), Fault> {
    let mut statement = sql.prepare("SELECT group_id, connection, member_id, kind FROM member")?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        let columns = Columns::new(row, "member", 0);
        let at = ConnectionKey(columns.number(1, "connection")?);
        if living.contains(&at) {
            let group = GroupId::kept(columns.text(0, "group_id")?);
            counted.add(Counted::Members(at, group.clone()), 1);
            changes.push(Change::MemberAdded {
                at,
                group,
                member: rows::member(row, 2)?,
            });
        }
    }
    Ok(())
}
