//! Lists: some rows of a collection behind a key that never changes, in the order of that key.

use graph::{
    ConnectionKey, ConnectionOperation, ExternalGroup, GroupId, Identity, ItemId, OperationId,
};
use rusqlite::{Connection, Params, Row};
use tenant::kept::{ItemLine, KeptActivity, Ordinal, Text};

use crate::{
    fault::Fault,
    rows::{self, Columns, sql},
};

/// The condition of the members that an id names: without case for users and groups, unless there is a member with exactly that id.
/// Its parameters are the connection, the group, the id, and the id in lower case.
macro_rules! called {
    () => {
        "WHERE connection = ?1 AND group_id = ?2
         AND (member_id = ?3 OR (kind <> 'externalGroup' AND member_id = ?4 AND NOT EXISTS
             (SELECT 1 FROM member m WHERE m.connection = ?1 AND m.group_id = ?2 AND m.member_id = ?3)))"
    };
}
pub(super) use called;

/// No key is empty, so all of them are behind the empty one.
const BEGINNING: &str = "";

fn all<T>(
    connection: &Connection,
    statement: &str,
    parameters: impl Params,
    read: impl Fn(&Row<'_>) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let mut statement = connection.prepare_cached(statement)?;
    let mut rows = statement.query(parameters)?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(read(row)?);
    }
    Ok(all)
}

pub(super) fn items(
    connection: &Connection,
    at: ConnectionKey,
    after: Option<&ItemId>,
    limit: u32,
) -> Result<Vec<ItemLine>, Fault> {
    all(
        connection,
        "SELECT i.ordinal, i.id, i.text FROM item i
         JOIN connection c ON c.key = i.connection AND c.deleted = 0
         WHERE i.connection = ?1 AND i.id > ?2 ORDER BY i.id LIMIT ?3",
        (sql(at.0), after.map_or(BEGINNING, ItemId::as_str), limit),
        |row| {
            let columns = Columns::new(row, "item", 0);
            Ok(ItemLine {
                ordinal: Ordinal(columns.number(0, "ordinal")?),
                id: ItemId::kept(columns.text(1, "id")?),
                text: Text(columns.get(2, "text")?),
            })
        },
    )
}

/// `None` when there is no such item.
pub(super) fn activities(
    connection: &Connection,
    at: ConnectionKey,
    id: &ItemId,
    after: u64,
    limit: u32,
) -> Result<Option<Vec<KeptActivity>>, Fault> {
    let item = all(
        connection,
        "SELECT i.ordinal FROM item i
         JOIN connection c ON c.key = i.connection AND c.deleted = 0
         WHERE i.connection = ?1 AND i.id = ?2",
        (sql(at.0), id.as_str()),
        |row| Columns::new(row, "item", 0).number(0, "ordinal"),
    )?;
    let Some(ordinal) = item.first() else {
        return Ok(None);
    };
    all(
        connection,
        "SELECT position, activity FROM activity
         WHERE ordinal = ?1 AND position > ?2 ORDER BY position LIMIT ?3",
        (sql(*ordinal), sql(after), limit),
        |row| {
            let columns = Columns::new(row, "activity", 0);
            Ok(KeptActivity {
                item: Ordinal(*ordinal),
                position: columns.number(0, "position")?,
                activity: rows::activity(row)?,
            })
        },
    )
    .map(Some)
}

pub(super) fn operations(
    connection: &Connection,
    at: ConnectionKey,
    after: Option<&OperationId>,
    limit: u32,
) -> Result<Vec<ConnectionOperation>, Fault> {
    all(
        connection,
        "SELECT o.id, o.status, o.error FROM operation o
         JOIN connection c ON c.key = o.connection AND c.deleted = 0
         WHERE o.connection = ?1 AND o.id > ?2 ORDER BY o.id LIMIT ?3",
        (
            sql(at.0),
            after.map_or(BEGINNING, OperationId::as_str),
            limit,
        ),
        rows::operation,
    )
}

pub(super) fn groups(
    connection: &Connection,
    at: ConnectionKey,
    after: Option<&GroupId>,
    limit: u32,
) -> Result<Vec<ExternalGroup>, Fault> {
    all(
        connection,
        "SELECT g.id, g.display_name, g.description FROM external_group g
         JOIN connection c ON c.key = g.connection AND c.deleted = 0
         WHERE g.connection = ?1 AND g.id > ?2 ORDER BY g.id LIMIT ?3",
        (sql(at.0), after.map_or(BEGINNING, GroupId::as_str), limit),
        rows::group,
    )
}

/// The members of a group that is there.
pub(super) fn members(
    connection: &Connection,
    at: ConnectionKey,
    group: &GroupId,
    after: Option<&Identity>,
    limit: u32,
) -> Result<Vec<Identity>, Fault> {
    let (id, kind) = after.map_or((BEGINNING, BEGINNING), |member| {
        (member.id.as_str(), member.kind.as_str())
    });
    all(
        connection,
        "SELECT member_id, kind FROM member
         WHERE connection = ?1 AND group_id = ?2 AND (member_id, kind) > (?3, ?4)
         ORDER BY member_id, kind LIMIT ?5",
        (sql(at.0), group.as_str(), id, kind, limit),
        |row| rows::member(row, 0),
    )
}

/// The members of that id, whatever their kind, of a group that is there.
pub(super) fn members_called(
    connection: &Connection,
    at: ConnectionKey,
    group: &GroupId,
    id: &str,
) -> Result<Vec<Identity>, Fault> {
    all(
        connection,
        concat!(
            "SELECT member_id, kind FROM member ",
            called!(),
            " ORDER BY member_id, kind"
        ),
        (sql(at.0), group.as_str(), id, id.to_ascii_lowercase()),
        |row| rows::member(row, 0),
    )
}
