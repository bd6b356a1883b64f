//! Items: rows and commands.

use async_trait::async_trait;
use graph::{ConnectionKey, DateTime, ExternalItem, ItemId};
use rusqlite::Connection;
use tenant::{
    kept::{
        AclId, Expected, ItemLine, KeptActivity, KeptItem, Ordinal, SchemaVersion, Text, Version,
        Written,
    },
    store::{Claim, ItemStore, StoreError},
    survey::{Bounds, Survey},
    visibility::Change,
};

use super::{
    acls::{self, CanonicalAcl, Digest},
    counts::Counted,
    dirty, lists,
    open::Sqlite,
    step::Step,
    survey,
};
use crate::{
    fault::Fault,
    rows::{self, Columns, sql},
};

#[async_trait]
impl ItemStore for Sqlite {
    async fn item(&self, at: ConnectionKey, id: &ItemId) -> Result<Option<KeptItem>, StoreError> {
        let id = id.clone();
        self.readers.read(move |sql| item(sql, at, &id)).await
    }

    async fn put_item(
        &self,
        at: ConnectionKey,
        item: &ExternalItem,
        admitted: SchemaVersion,
        expected: Expected,
    ) -> Result<Written, StoreError> {
        let put = Put::new(at, item, admitted, expected);
        self.write(put.kept.len() + put.sent.len(), move |step| put.run(step))
            .await
    }

    async fn delete_item(
        &self,
        at: ConnectionKey,
        id: &ItemId,
    ) -> Result<Option<Written>, StoreError> {
        let id = id.clone();
        self.write(0, move |step| delete(step, at, &id)).await
    }

    async fn items(&self, ordinals: &[Ordinal]) -> Result<Vec<KeptItem>, StoreError> {
        let ordinals = ordinals.to_vec();
        self.readers.read(move |sql| items(sql, &ordinals)).await
    }

    async fn count_items(&self, at: ConnectionKey) -> Result<u64, StoreError> {
        Ok(self.counts.get(&Counted::Items(at)))
    }

    async fn count_all_items(&self) -> Result<u64, StoreError> {
        Ok(self.counts.get(&Counted::AllItems))
    }

    async fn list_items(
        &self,
        at: ConnectionKey,
        after: Option<&ItemId>,
        limit: u32,
    ) -> Result<Vec<ItemLine>, StoreError> {
        let after = after.cloned();
        self.readers
            .read(move |sql| lists::items(sql, at, after.as_ref(), limit))
            .await
    }

    async fn list_activities(
        &self,
        at: ConnectionKey,
        id: &ItemId,
        after: u64,
        limit: u32,
    ) -> Result<Option<Vec<KeptActivity>>, StoreError> {
        let id = id.clone();
        self.readers
            .read(move |sql| lists::activities(sql, at, &id, after, limit))
            .await
    }

    async fn survey(
        &self,
        at: ConnectionKey,
        properties: &[String],
        bounds: Bounds,
    ) -> Result<Survey, StoreError> {
        let properties = properties.to_vec();
        self.readers
            .read(move |sql| survey::survey(sql, at, &properties, &bounds))
            .await
    }

    async fn add_activities(
        &self,
        at: ConnectionKey,
        id: &ItemId,
        activities: &[String],
        now: DateTime,
    ) -> Result<bool, StoreError> {
        let id = id.clone();
        let activities = activities.to_vec();
        let weight = activities.iter().map(String::len).sum();
        self.write(weight, move |step| {
            add_activities(step, at, &id, &activities, now)
        })
        .await
    }

    async fn claim_dirty(&self, limit: u32, bytes: usize) -> Result<Claim, StoreError> {
        self.readers
            .read(move |sql| dirty::claim(sql, limit, bytes))
            .await
    }

    async fn done(&self, claim: &Claim) -> Result<(), StoreError> {
        let held: Vec<dirty::Held> = claim
            .lines
            .iter()
            .map(|line| (line.ordinal, line.version, line.text))
            .collect();
        self.write(0, move |step| dirty::done(step, &held)).await
    }

    async fn mark_all_dirty(&self) -> Result<(), StoreError> {
        self.write(0, |step| dirty::mark_all(step)).await
    }
}

fn item(
    connection: &Connection,
    at: ConnectionKey,
    id: &ItemId,
) -> Result<Option<KeptItem>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT i.ordinal, i.connection, i.id, i.version, i.text, i.acl, b.acl, b.kept
         FROM item i
         JOIN connection c ON c.key = i.connection AND c.deleted = 0
         LEFT JOIN body b ON b.ordinal = i.ordinal
         WHERE i.connection = ?1 AND i.id = ?2",
    )?;
    let mut rows = statement.query((sql(at.0), id.as_str()))?;
    let item = rows.next()?.map(|row| rows::item(row, 0)).transpose()?;
    Ok(item.map(|(item, _)| item))
}

fn items(connection: &Connection, ordinals: &[Ordinal]) -> Result<Vec<KeptItem>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT i.ordinal, i.connection, i.id, i.version, i.text, i.acl, b.acl, b.kept
         FROM item i
         JOIN connection c ON c.key = i.connection AND c.deleted = 0
         LEFT JOIN body b ON b.ordinal = i.ordinal
         WHERE i.ordinal = ?1",
    )?;
    let mut items = Vec::with_capacity(ordinals.len());
    for ordinal in ordinals {
        let mut rows = statement.query([sql(ordinal.0)])?;
        if let Some(row) = rows.next()? {
            items.push(rows::item(row, 0)?.0);
        }
    }
    Ok(items)
}

/// What the writer has to know of an item before it changes it.
struct Former {
    ordinal: Ordinal,
    version: Version,
    text: Text,
    acl: AclId,
    hash: Digest,
}

fn former(step: &Step<'_>, at: ConnectionKey, id: &str) -> Result<Option<Former>, Fault> {
    let mut statement = step.sql.prepare_cached(
        "SELECT ordinal, version, text, acl, hash FROM item WHERE connection = ?1 AND id = ?2",
    )?;
    let mut rows = statement.query((sql(at.0), id))?;
    rows.next()?
        .map(|row| {
            let columns = Columns::new(row, "item", 0);
            Ok(Former {
                ordinal: Ordinal(columns.number(0, "ordinal")?),
                version: Version(columns.get(1, "version")?),
                text: Text(columns.get(2, "text")?),
                acl: AclId(columns.get(3, "acl")?),
                hash: columns.get(4, "hash")?,
            })
        })
        .transpose()
}

/// A write of an item, with everything that can be made ready before it is the writer's turn.
struct Put {
    at: ConnectionKey,
    id: ItemId,
    kept: String,
    sent: String,
    acl: CanonicalAcl,
    hash: Digest,
    admitted: SchemaVersion,
    expected: Expected,
}

impl Put {
    fn new(
        at: ConnectionKey,
        item: &ExternalItem,
        admitted: SchemaVersion,
        expected: Expected,
    ) -> Self {
        let kept = item.to_kept();
        // The schema's version counts, because the same values may be indexed otherwise under another one.
        let hash = acls::digest(&[&admitted.0.to_le_bytes(), kept.as_bytes()]);
        Self {
            at,
            id: item.id.clone(),
            sent: acls::text(&item.acl),
            acl: CanonicalAcl::of(&item.acl),
            kept,
            hash,
            admitted,
            expected,
        }
    }

    fn run(&self, step: &mut Step<'_>) -> Result<Written, Fault> {
        if step.schema_version(self.at)? != Some(self.admitted.0) {
            return Err(Fault::conflict());
        }
        match (former(step, self.at, self.id.as_str())?, self.expected) {
            (None, Expected::Absent) => self.insert(step),
            (Some(former), Expected::At(version)) if former.version == version => {
                self.replace(step, &former)
            }
            _ => Err(Fault::conflict()),
        }
    }

    fn insert(&self, step: &mut Step<'_>) -> Result<Written, Fault> {
        step.one_more([Counted::Items(self.at), Counted::AllItems])?;
        let acl = step.intern(self.at, &self.acl)?;
        step.sql
            .prepare_cached(
                "INSERT INTO item (connection, id, version, text, acl, hash)
                 VALUES (?1, ?2, 1, 1, ?3, ?4)",
            )?
            .execute((sql(self.at.0), self.id.as_str(), acl.0, self.hash))?;
        let row = step.sql.last_insert_rowid();
        let ordinal = u64::try_from(row)
            .map(Ordinal)
            .map_err(|error| Fault::inconsistent("item", "ordinal", row, error.to_string()))?;
        step.sql
            .prepare_cached("INSERT INTO body (ordinal, acl, kept) VALUES (?1, ?2, ?3)")?
            .execute((row, &self.sent, &self.kept))?;
        dirty::mark_new(step, ordinal, Version(1))?;
        let written = Written {
            ordinal,
            version: Version(1),
            text: Text(1),
            acl,
        };
        Ok(publish(step, written, None))
    }

    fn replace(&self, step: &mut Step<'_>, former: &Former) -> Result<Written, Fault> {
        let ordinal = former.ordinal;
        let version = dirty::next(ordinal, former.version)?;
        let acl = step.intern(self.at, &self.acl)?;
        let same = former.hash == self.hash;
        let text = if same { former.text } else { Text(version.0) };
        step.sql
            .prepare_cached(
                "UPDATE item SET version = ?2, text = ?3, acl = ?4, hash = ?5 WHERE ordinal = ?1",
            )?
            .execute((sql(ordinal.0), version.0, text.0, acl.0, self.hash))?;
        let stale = if same {
            step.sql
                .prepare_cached("UPDATE body SET acl = ?2 WHERE ordinal = ?1 AND acl <> ?2")?
                .execute((sql(ordinal.0), &self.sent))?;
            None
        } else {
            step.sql
                .prepare_cached("UPDATE body SET acl = ?2, kept = ?3 WHERE ordinal = ?1")?
                .execute((sql(ordinal.0), &self.sent, &self.kept))?;
            let superseded = (former.text, former.acl);
            Some(dirty::mark_changed(step, ordinal, version, superseded)?)
        };
        let written = Written {
            ordinal,
            version,
            text,
            acl,
        };
        Ok(publish(step, written, stale))
    }
}

fn publish(step: &mut Step<'_>, written: Written, stale: Option<Vec<(Text, AclId)>>) -> Written {
    step.change(Change::Item {
        ordinal: written.ordinal,
        text: written.text,
        acl: written.acl,
        stale,
    });
    written
}

fn delete(step: &mut Step<'_>, at: ConnectionKey, id: &ItemId) -> Result<Option<Written>, Fault> {
    if !step.has(at)? {
        return Ok(None);
    }
    let Some(former) = former(step, at, id.as_str())? else {
        return Ok(None);
    };
    let version = dirty::next(former.ordinal, former.version)?;
    dirty::remove_item(step, former.ordinal, version)?;
    step.fewer(Counted::Items(at), 1);
    step.fewer(Counted::AllItems, 1);
    Ok(Some(Written {
        ordinal: former.ordinal,
        version,
        text: Text(version.0),
        acl: AclId::NOBODY,
    }))
}

fn add_activities(
    step: &mut Step<'_>,
    at: ConnectionKey,
    id: &ItemId,
    activities: &[String],
    now: DateTime,
) -> Result<bool, Fault> {
    if !step.has(at)? {
        return Ok(false);
    }
    let Some(former) = former(step, at, id.as_str())? else {
        return Ok(false);
    };
    let mut statement = step.sql.prepare_cached(
        "INSERT INTO activity (ordinal, created_at, activity) VALUES (?1, ?2, ?3)",
    )?;
    for activity in activities {
        statement.execute((sql(former.ordinal.0), now.0, activity))?;
    }
    Ok(true)
}
