//! The index's to-do list: one line per item, kept until the index holds what it asks for.

use graph::ConnectionKey;
use rusqlite::Connection;
use tenant::{
    kept::{AclId, Ordinal, Text, Version},
    store::{Claim, Dirty},
    visibility::Change,
};

use super::step::Step;
use crate::{
    fault::Fault,
    rows::{self, Columns, sql},
};

/// How many old words of an item are remembered.
const STALE_MAX: usize = 4;

/// A line as it is kept.
struct Line {
    version: u32,
    stale: Vec<(Text, AclId)>,
}

fn find(step: &Step<'_>, ordinal: Ordinal) -> Result<Option<Line>, Fault> {
    let mut statement = step
        .sql
        .prepare_cached("SELECT ordinal, version, stale FROM dirty WHERE ordinal = ?1")?;
    let mut rows = statement.query([sql(ordinal.0)])?;
    rows.next()?
        .map(|row| {
            let columns = Columns::new(row, "dirty", 0);
            Ok(Line {
                version: columns.get(1, "version")?,
                stale: rows::stale(&columns.get::<Vec<u8>>(2, "stale")?)
                    .ok_or_else(|| columns.wrong("stale", "the last pair is cut off"))?,
            })
        })
        .transpose()
}

fn upsert(
    step: &Step<'_>,
    ordinal: Ordinal,
    version: Version,
    deleted: bool,
    stale: &[(Text, AclId)],
) -> Result<(), Fault> {
    step.sql
        .prepare_cached(
            "INSERT INTO dirty (ordinal, version, text, deleted, stale)
             VALUES (?1, ?2, ?2, ?3, ?4)
             ON CONFLICT (ordinal) DO UPDATE SET version = excluded.version,
                 text = excluded.text, deleted = excluded.deleted, stale = excluded.stale",
        )?
        .execute((sql(ordinal.0), version.0, deleted, rows::stale_bytes(stale)))?;
    Ok(())
}

/// A new item: the index cannot hold anything of it.
pub(super) fn mark_new(step: &Step<'_>, ordinal: Ordinal, version: Version) -> Result<(), Fault> {
    upsert(step, ordinal, version, false, &[])
}

/// New words. What they replace may still be in the index, and answers only to those who could read it last.
pub(super) fn mark_changed(
    step: &Step<'_>,
    ordinal: Ordinal,
    version: Version,
    superseded: (Text, AclId),
) -> Result<Vec<(Text, AclId)>, Fault> {
    let mut stale = find(step, ordinal)?.map_or_else(Vec::new, |line| line.stale);
    stale.push(superseded);
    let surplus = stale.len().saturating_sub(STALE_MAX);
    stale.drain(..surplus);
    upsert(step, ordinal, version, false, &stale)?;
    Ok(stale)
}

/// Takes an item's rows away, closes it at once and leaves a line. `version` is that of the deletion.
pub(super) fn remove_item(
    step: &mut Step<'_>,
    ordinal: Ordinal,
    version: Version,
) -> Result<(), Fault> {
    const ROWS: [&str; 3] = [
        "DELETE FROM item WHERE ordinal = ?1",
        "DELETE FROM body WHERE ordinal = ?1",
        "DELETE FROM activity WHERE ordinal = ?1",
    ];
    for statement in ROWS {
        step.sql
            .prepare_cached(statement)?
            .execute([sql(ordinal.0)])?;
    }
    upsert(step, ordinal, version, true, &[])?;
    step.change(Change::Item {
        ordinal,
        text: Text(version.0),
        acl: AclId::NOBODY,
        stale: Some(Vec::new()),
    });
    Ok(())
}

/// Removes at most `limit` items of a connection; how many it were.
pub(super) fn remove_items(
    step: &mut Step<'_>,
    at: ConnectionKey,
    limit: u32,
) -> Result<u32, Fault> {
    let mut items = Vec::new();
    {
        let mut statement = step
            .sql
            .prepare_cached("SELECT ordinal, version FROM item WHERE connection = ?1 LIMIT ?2")?;
        let mut rows = statement.query((sql(at.0), limit))?;
        while let Some(row) = rows.next()? {
            let columns = Columns::new(row, "item", 0);
            items.push((
                Ordinal(columns.number(0, "ordinal")?),
                Version(columns.get(1, "version")?),
            ));
        }
    }
    let mut removed = 0;
    for (ordinal, version) in items {
        remove_item(step, ordinal, next(ordinal, version)?)?;
        removed += 1;
    }
    Ok(removed)
}

/// The version after this one, or an error when they are used up.
pub(super) fn next(ordinal: Ordinal, version: Version) -> Result<Version, Fault> {
    version.0.checked_add(1).map(Version).ok_or_else(|| {
        Fault::inconsistent("item", "version", ordinal.0, "all versions are used up")
    })
}

/// The oldest lines with the current rows.
pub(super) fn claim(sql: &Connection, limit: u32, bytes: usize) -> Result<Claim, Fault> {
    // An item whose connection was deleted counts as deleted, although its rows are still to be purged.
    let mut statement = sql.prepare_cached(
        "SELECT d.ordinal, d.version, d.text, d.deleted OR c.deleted,
                d.ordinal, i.connection, i.id, i.version, i.text, i.acl, b.acl, b.kept
         FROM dirty d
         LEFT JOIN item i ON i.ordinal = d.ordinal
         LEFT JOIN body b ON b.ordinal = d.ordinal
         LEFT JOIN connection c ON c.key = i.connection
         ORDER BY d.since LIMIT ?1",
    )?;
    let mut rows = statement.query([limit])?;
    let mut claim = Claim {
        lines: Vec::new(),
        is_all: true,
    };
    let mut left = bytes;
    while let Some(row) = rows.next()? {
        let columns = Columns::new(row, "dirty", 0);
        let (item, size) = if columns.get::<bool>(3, "deleted")? {
            (None, 0)
        } else {
            let (item, size) = rows::item(row, 4)?;
            (Some(item), size)
        };
        if size > left && !claim.lines.is_empty() {
            claim.is_all = false;
            break;
        }
        left = left.saturating_sub(size);
        claim.lines.push(Dirty {
            ordinal: Ordinal(columns.number(0, "ordinal")?),
            version: Version(columns.get(1, "version")?),
            text: Text(columns.get(2, "text")?),
            item,
        });
    }
    claim.is_all &= claim.lines.len() < limit as usize;
    Ok(claim)
}

/// What the index holds now: item, version and text of every claimed line.
pub(super) type Held = (Ordinal, Version, Text);

/// Forgets the lines that the index has caught up with, and of the others the words it no longer holds.
pub(super) fn done(step: &mut Step<'_>, held: &[Held]) -> Result<(), Fault> {
    for &(ordinal, version, text) in held {
        let Some(line) = find(step, ordinal)? else {
            continue;
        };
        let before = line.stale.len();
        let mut stale = line.stale;
        if line.version == version.0 {
            step.sql
                .prepare_cached("DELETE FROM dirty WHERE ordinal = ?1")?
                .execute([sql(ordinal.0)])?;
            stale.clear();
        } else {
            stale.retain(|(old, _)| *old >= text);
            if stale.len() < before {
                step.sql
                    .prepare_cached("UPDATE dirty SET stale = ?2 WHERE ordinal = ?1")?
                    .execute((sql(ordinal.0), rows::stale_bytes(&stale)))?;
            }
        }
        if stale.len() < before {
            step.change(Change::Stale { ordinal, stale });
        }
    }
    Ok(())
}

/// A line for every item that has none.
pub(super) fn mark_all(step: &Step<'_>) -> Result<(), Fault> {
    step.sql
        .prepare_cached(
            "INSERT INTO dirty (ordinal, version, text, deleted, stale)
             SELECT i.ordinal, i.version, i.text, 0, x''
             FROM item i JOIN connection c ON c.key = i.connection AND c.deleted = 0
             WHERE true
             ORDER BY i.ordinal
             ON CONFLICT (ordinal) DO NOTHING",
        )?
        .execute(())?;
    Ok(())
}
