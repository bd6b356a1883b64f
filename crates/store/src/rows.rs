//! Rows into nouns and back. A row that is not what we wrote is an error that names it.

use std::sync::Arc;

use graph::{
    Acl, ConnectionKey, ConnectionOperation, DateTime, ExternalConnection, ExternalGroup,
    ExternalItem, GroupId, Identity, IdentityType, ItemId, OperationId, OperationStatus, Schema,
    activity::Activity,
};
use rusqlite::{Row, types::FromSql, types::ValueRef};
use tenant::kept::{
    AclId, KeptConnection, KeptItem, Ordinal, Registration, SchemaVersion, Text, Ticket, Version,
};

use crate::{fault::Fault, refusal};

/// Some columns of a row; the first of them is the row's key.
#[derive(Clone, Copy)]
pub(crate) struct Columns<'a> {
    row: &'a Row<'a>,
    table: &'static str,
    first: usize,
}

impl<'a> Columns<'a> {
    /// The columns from `first` on, which came from `table`.
    pub(crate) fn new(row: &'a Row<'a>, table: &'static str, first: usize) -> Self {
        Self { row, table, first }
    }

    /// The value `offset` columns after the key.
    pub(crate) fn get<T: FromSql>(&self, offset: usize, column: &'static str) -> Result<T, Fault> {
        self.row
            .get(self.first + offset)
            .map_err(|error| self.wrong(column, error.to_string()))
    }

    /// The text `offset` columns after the key, without a copy.
    pub(crate) fn text(&self, offset: usize, column: &'static str) -> Result<&'a str, Fault> {
        let value = self.row.get_ref(self.first + offset)?;
        value
            .as_str()
            .map_err(|error| self.wrong(column, error.to_string()))
    }

    /// A number of ours, `offset` columns after the key.
    pub(crate) fn number(&self, offset: usize, column: &'static str) -> Result<u64, Fault> {
        let number: i64 = self.get(offset, column)?;
        u64::try_from(number).map_err(|error| self.wrong(column, error.to_string()))
    }

    /// The error of a column that does not hold what we wrote.
    pub(crate) fn wrong(&self, column: &'static str, why: impl Into<String>) -> Fault {
        let key = match self.row.get_ref(self.first) {
            Ok(ValueRef::Integer(key)) => key.to_string(),
            Ok(ValueRef::Text(key)) => String::from_utf8_lossy(key).into_owned(),
            _ => "an unreadable key".to_owned(),
        };
        Fault::inconsistent(self.table, column, key, why)
    }
}

/// A number of ours as the engine holds it. Numbers that it cannot hold were never given out, and no row has the largest one.
pub(crate) fn sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Selects what [`connection`] reads, of the connections that are not deleted and fulfill a further condition.
macro_rules! select_connection {
    ($condition:literal) => {
        concat!(
            "SELECT key, id, kept, schema, schema_version, version, created_at, pending, operation,
                 due, released_at, ticket, created_by
             FROM connection WHERE deleted = 0 ",
            $condition
        )
    };
}
pub(crate) use select_connection;

/// What [`select_connection`] selects.
pub(crate) fn connection(row: &Row<'_>) -> Result<KeptConnection, Fault> {
    let columns = Columns::new(row, "connection", 0);
    let connection = ExternalConnection::from_kept(columns.text(2, "kept")?)
        .map_err(|why| columns.wrong("kept", why))?;
    if connection.id.as_str() != columns.text(1, "id")? {
        return Err(columns.wrong("id", "it is not the id in kept"));
    }
    let schema = schema(columns, 3, "schema")?;
    let registration = schema_registration(columns)?.map(Arc::new);
    Ok(KeptConnection {
        key: ConnectionKey(columns.number(0, "key")?),
        connection,
        schema,
        schema_version: SchemaVersion(columns.get(4, "schema_version")?),
        version: Version(columns.get(5, "version")?),
        created_at: DateTime(columns.get(6, "created_at")?),
        created_by: columns.get(12, "created_by")?,
        registration,
        released_at: columns.get::<Option<i64>>(10, "released_at")?.map(DateTime),
        ticket: columns.get::<Option<String>>(11, "ticket")?.map(Ticket),
    })
}

fn schema(
    columns: Columns<'_>,
    offset: usize,
    column: &'static str,
) -> Result<Option<Arc<Schema>>, Fault> {
    columns
        .get::<Option<String>>(offset, column)?
        .map(|text| serde_json::from_str(&text).map(Arc::new))
        .transpose()
        .map_err(|error| columns.wrong(column, error.to_string()))
}

/// `pending, operation, due`, all or none of them.
fn schema_registration(columns: Columns<'_>) -> Result<Option<Registration>, Fault> {
    let Some(schema) = schema(columns, 7, "pending")? else {
        return Ok(None);
    };
    Ok(Some(Registration {
        schema,
        operation: OperationId::kept(columns.text(8, "operation")?),
        due: DateTime(columns.get(9, "due")?),
    }))
}

/// `ordinal, connection, id, version, text, acl` of an item, then `acl, kept` of its body, from column `first` on.
/// The second value is how many bytes the body takes.
pub(crate) fn item(row: &Row<'_>, first: usize) -> Result<(KeptItem, usize), Fault> {
    let columns = Columns::new(row, "item", first);
    let body = Columns::new(row, "body", first);
    let sent = body.text(6, "acl")?;
    let kept = body.text(7, "kept")?;
    let acl: Vec<Acl> =
        serde_json::from_str(sent).map_err(|error| body.wrong("acl", error.to_string()))?;
    let id = ItemId::kept(columns.text(2, "id")?);
    let item = ExternalItem::from_kept(id, acl, kept).map_err(|why| body.wrong("kept", why))?;
    let item = KeptItem {
        at: ConnectionKey(columns.number(1, "connection")?),
        ordinal: Ordinal(columns.number(0, "ordinal")?),
        version: Version(columns.get(3, "version")?),
        text: Text(columns.get(4, "text")?),
        acl: AclId(columns.get(5, "acl")?),
        item,
    };
    Ok((item, sent.len() + kept.len()))
}

/// `id, display_name, description`.
pub(crate) fn group(row: &Row<'_>) -> Result<ExternalGroup, Fault> {
    let columns = Columns::new(row, "external_group", 0);
    Ok(ExternalGroup {
        id: GroupId::kept(columns.text(0, "id")?),
        display_name: columns.get(1, "display_name")?,
        description: columns.get(2, "description")?,
    })
}

/// The member as it is kept and compared: object ids are compared without case, external ids with it.
pub(crate) fn folded(member: &Identity) -> Identity {
    let id = match member.kind {
        IdentityType::User | IdentityType::Group => member.id.to_ascii_lowercase(),
        IdentityType::ExternalGroup => member.id.clone(),
    };
    Identity {
        id,
        kind: member.kind,
    }
}

/// `member_id, kind`, from column `first` on.
pub(crate) fn member(row: &Row<'_>, first: usize) -> Result<Identity, Fault> {
    let columns = Columns::new(row, "member", first);
    let kind = match columns.text(1, "kind")? {
        "user" => IdentityType::User,
        "group" => IdentityType::Group,
        "externalGroup" => IdentityType::ExternalGroup,
        other => return Err(columns.wrong("kind", format!("`{other}` is no kind of member"))),
    };
    Ok(Identity {
        id: columns.get(0, "member_id")?,
        kind,
    })
}

/// The status of an operation as a text.
pub(crate) const fn status_text(status: OperationStatus) -> &'static str {
    match status {
        OperationStatus::Inprogress => "inprogress",
        OperationStatus::Completed => "completed",
        OperationStatus::Failed => "failed",
    }
}

/// `id, status, error`.
pub(crate) fn operation(row: &Row<'_>) -> Result<ConnectionOperation, Fault> {
    let columns = Columns::new(row, "operation", 0);
    let status = match columns.text(1, "status")? {
        "inprogress" => OperationStatus::Inprogress,
        "completed" => OperationStatus::Completed,
        "failed" => OperationStatus::Failed,
        other => return Err(columns.wrong("status", format!("`{other}` is no status"))),
    };
    let error = columns
        .get::<Option<String>>(2, "error")?
        .map(|text| refusal::read(&text))
        .transpose()
        .map_err(|why| columns.wrong("error", why))?;
    Ok(ConnectionOperation {
        id: OperationId::kept(columns.text(0, "id")?),
        status,
        error,
    })
}

/// `activity` in the second column.
pub(crate) fn activity(row: &Row<'_>) -> Result<Activity, Fault> {
    let columns = Columns::new(row, "activity", 0);
    Activity::from_kept(columns.text(1, "activity")?).map_err(|why| columns.wrong("activity", why))
}

/// The old words that the index may still hold, eight bytes each: text and ACL, least byte first.
pub(crate) fn stale_bytes(stale: &[(Text, AclId)]) -> Vec<u8> {
    stale
        .iter()
        .flat_map(|(text, acl)| [text.0.to_le_bytes(), acl.0.to_le_bytes()])
        .flatten()
        .collect()
}

/// Reads back what [`stale_bytes`] wrote; `None` when the bytes are not of that form.
pub(crate) fn stale(bytes: &[u8]) -> Option<Vec<(Text, AclId)>> {
    let (pairs, rest) = bytes.as_chunks::<8>();
    rest.is_empty().then(|| {
        pairs
            .iter()
            .map(|&[a, b, c, d, e, f, g, h]| {
                (
                    Text(u32::from_le_bytes([a, b, c, d])),
                    AclId(u32::from_le_bytes([e, f, g, h])),
                )
            })
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stale_lists_come_back() {
        for list in [
            vec![],
            vec![(Text(1), AclId(2))],
            vec![(Text(u32::MAX), AclId(7)), (Text(3), AclId(u32::MAX))],
        ] {
            assert_eq!(stale(&stale_bytes(&list)), Some(list));
        }
        assert_eq!(stale(&[1, 2, 3]), None);
    }

    #[test]
    fn members_are_folded_by_kind() {
        let of = |kind, id: &str| {
            folded(&Identity {
                id: id.to_owned(),
                kind,
            })
            .id
        };
        assert_eq!(of(IdentityType::User, "Ab"), "ab");
        assert_eq!(of(IdentityType::Group, "Ab"), "ab");
        assert_eq!(of(IdentityType::ExternalGroup, "Ab"), "Ab");
    }
}
