//! Surveys: counts over the narrow rows of a connection's items, and some of their bodies, one at a time.

use graph::{ConnectionKey, ExternalItem, GroupId, ItemId, Value};
use rusqlite::Connection;
use tenant::survey::{Bounds, Sampled, SharedAcl, Survey, TEXT_BYTES_MAX};

use crate::{
    fault::Fault,
    rows::{self, Columns, sql},
};

/// Nothing is found in a connection that is gone.
pub(super) fn survey(
    connection: &Connection,
    at: ConnectionKey,
    properties: &[String],
    bounds: &Bounds,
) -> Result<Survey, Fault> {
    let mut found = Survey::default();
    // The writer's own count may be ahead of what this transaction sees.
    let mut items = connection.prepare_cached(
        "SELECT c.key, (SELECT count(*) FROM item i WHERE i.connection = c.key)
         FROM connection c WHERE c.key = ?1 AND c.deleted = 0",
    )?;
    let mut rows = items.query([sql(at.0)])?;
    let Some(row) = rows.next()? else {
        return Ok(found);
    };
    found.items = Columns::new(row, "item", 0).number(1, "connection")?;
    found.counted = found.items.min(u64::from(bounds.counted));
    found.with_activities = with_activities(connection, at, bounds)?;
    acls(connection, at, bounds, &mut found)?;
    found.sample = sample(connection, at, (properties, found.counted), bounds)?;
    groups(connection, at, bounds, &mut found)?;
    memberships(connection, at, bounds, &mut found)?;
    Ok(found)
}

fn with_activities(
    connection: &Connection,
    at: ConnectionKey,
    bounds: &Bounds,
) -> Result<u64, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT ?1, count(*) FROM (SELECT ordinal FROM item WHERE connection = ?1 ORDER BY id LIMIT ?2) i
         WHERE EXISTS (SELECT 1 FROM activity a WHERE a.ordinal = i.ordinal)",
    )?;
    let mut rows = statement.query((sql(at.0), bounds.counted))?;
    rows.next()?.map_or(Ok(0), |row| {
        Columns::new(row, "activity", 0).number(1, "ordinal")
    })
}

fn acls(
    connection: &Connection,
    at: ConnectionKey,
    bounds: &Bounds,
    found: &mut Survey,
) -> Result<(), Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT a.id, a.entries, u.items FROM (
             SELECT acl, count(*) AS items FROM
                 (SELECT acl FROM item WHERE connection = ?1 ORDER BY id LIMIT ?2)
             GROUP BY acl) u
         JOIN acl a ON a.id = u.acl ORDER BY u.items DESC, a.id",
    )?;
    let mut rows = statement.query((sql(at.0), bounds.counted))?;
    let mut bytes = 0;
    while let Some(row) = rows.next()? {
        let columns = Columns::new(row, "acl", 0);
        let entries = columns.text(1, "entries")?;
        bytes += entries.len() as u64;
        if found.acls.len() == bounds.acls as usize || bytes > bounds.acl_bytes {
            return Ok(());
        }
        let acl = serde_json::from_str(entries)
            .map_err(|error| columns.wrong("entries", error.to_string()))?;
        let items = columns.number(2, "items")?;
        found.acls.push(SharedAcl { acl, items });
    }
    found.acls_are_all = true;
    Ok(())
}

fn sample(
    connection: &Connection,
    at: ConnectionKey,
    (properties, counted): (&[String], u64),
    bounds: &Bounds,
) -> Result<Vec<Sampled>, Fault> {
    let step = counted.div_ceil(u64::from(bounds.sampled.max(1))).max(1);
    let mut statement = connection.prepare_cached(
        "SELECT i.ordinal, i.id, octet_length(b.kept) FROM (
             SELECT ordinal, id, row_number() OVER (ORDER BY id) - 1 AS position FROM item
             WHERE connection = ?1 ORDER BY id LIMIT ?2) i
         JOIN body b ON b.ordinal = i.ordinal WHERE i.position % ?3 = 0 ORDER BY i.id LIMIT ?4",
    )?;
    let mut rows = statement.query((sql(at.0), bounds.counted, sql(step), bounds.sampled))?;
    let mut bodies =
        connection.prepare_cached("SELECT ordinal, kept FROM body WHERE ordinal = ?1")?;
    let (mut sample, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let columns = Columns::new(row, "item", 0);
        let length = columns.number(2, "kept")?;
        if bytes + length > bounds.sampled_bytes {
            continue;
        }
        bytes += length;
        let id = ItemId::kept(columns.text(1, "id")?);
        let mut body = bodies.query([sql(columns.number(0, "ordinal")?)])?;
        if let Some(body) = body.next()? {
            let body = Columns::new(body, "body", 0);
            let item = ExternalItem::from_kept(id, Vec::new(), body.text(1, "kept")?)
                .map_err(|why| body.wrong("kept", why))?;
            sample.push(told(item, properties));
        }
    }
    Ok(sample)
}

fn told(item: ExternalItem, properties: &[String]) -> Sampled {
    let text = |name: &String| match item.property(name) {
        Some(Value::String(text)) => {
            Some(text[..text.floor_char_boundary(TEXT_BYTES_MAX)].to_owned())
        }
        _ => None,
    };
    Sampled {
        has_content: item.content_text().is_some_and(|it| !it.trim().is_empty()),
        texts: properties.iter().map(text).collect(),
        id: item.id,
    }
}

fn groups(
    connection: &Connection,
    at: ConnectionKey,
    bounds: &Bounds,
    found: &mut Survey,
) -> Result<(), Fault> {
    let mut statement = connection
        .prepare_cached("SELECT id FROM external_group WHERE connection = ?1 ORDER BY id")?;
    let mut rows = statement.query([sql(at.0)])?;
    while let Some(row) = rows.next()? {
        if found.groups.len() == bounds.groups as usize {
            return Ok(());
        }
        let id = Columns::new(row, "external_group", 0).text(0, "id")?;
        found.groups.push(GroupId::kept(id));
    }
    found.groups_are_all = true;
    Ok(())
}

fn memberships(
    connection: &Connection,
    at: ConnectionKey,
    bounds: &Bounds,
    found: &mut Survey,
) -> Result<(), Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT group_id, member_id, kind FROM member WHERE connection = ?1
         ORDER BY group_id, member_id, kind",
    )?;
    let mut rows = statement.query([sql(at.0)])?;
    while let Some(row) = rows.next()? {
        if found.memberships.len() == bounds.memberships as usize {
            return Ok(());
        }
        let group = Columns::new(row, "member", 0).text(0, "group_id")?;
        let member = rows::member(row, 1)?;
        found.memberships.push((GroupId::kept(group), member));
    }
    found.memberships_are_all = true;
    Ok(())
}
