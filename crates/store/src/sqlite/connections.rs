//! Connections and their schemas: rows and commands. They are read from the picture, which the writer keeps.

use std::sync::Arc;

use async_trait::async_trait;
use graph::{
    ConnectionId, ConnectionKey, ConnectionOperation, ConnectionState, DateTime,
    ExternalConnection, OperationStatus, Schema,
};
use rusqlite::OptionalExtension;
use tenant::{
    kept::{KeptConnection, Registration, SchemaVersion, Ticket, Version},
    store::{ConnectionStore, StoreError},
    visibility::Change,
};

use super::{dirty, open::Sqlite, operations, step::Step};
use crate::{
    fault::Fault,
    rows::{self, Columns, select_connection, sql},
};

#[async_trait]
impl ConnectionStore for Sqlite {
    async fn connection(
        &self,
        id: &ConnectionId,
    ) -> Result<Option<Arc<KeptConnection>>, StoreError> {
        Ok(self.visibility.connection(id))
    }

    async fn connections(&self) -> Result<Vec<Arc<KeptConnection>>, StoreError> {
        Ok(self.visibility.connections())
    }

    async fn create_connection(
        &self,
        connection: &ExternalConnection,
        created_by: Option<&str>,
        ticket: Option<Ticket>,
        now: DateTime,
    ) -> Result<Arc<KeptConnection>, StoreError> {
        let fresh = KeptConnection {
            key: ConnectionKey(0),
            connection: connection.clone(),
            schema: None,
            schema_version: SchemaVersion(0),
            version: Version(1),
            created_at: now,
            created_by: created_by.map(str::to_owned),
            registration: None,
            released_at: None,
            ticket,
        };
        let kept = connection.to_kept();
        self.write(kept.len(), move |step| create(step, fresh.clone(), &kept))
            .await
    }

    async fn update_connection(
        &self,
        at: ConnectionKey,
        connection: &ExternalConnection,
        expected: Version,
    ) -> Result<Arc<KeptConnection>, StoreError> {
        let connection = connection.clone();
        let kept = connection.to_kept();
        self.write(kept.len(), move |step| {
            update(step, at, &connection, &kept, expected)
        })
        .await
    }

    async fn release_connection(
        &self,
        at: ConnectionKey,
        when: DateTime,
    ) -> Result<bool, StoreError> {
        self.write(0, move |step| release(step, at, when)).await
    }

    async fn bring_forward(&self, at: ConnectionKey, to: DateTime) -> Result<bool, StoreError> {
        self.write(0, move |step| bring_forward(step, at, to)).await
    }

    async fn delete_connection(&self, at: ConnectionKey) -> Result<bool, StoreError> {
        self.write(0, move |step| delete(step, at)).await
    }

    async fn purge(&self, limit: u32) -> Result<bool, StoreError> {
        self.write(0, move |step| purge(step, limit)).await
    }

    async fn register_schema(
        &self,
        at: ConnectionKey,
        schema: &Schema,
        expected: SchemaVersion,
        operation: &ConnectionOperation,
    ) -> Result<Arc<KeptConnection>, StoreError> {
        let text = text(schema);
        let schema = Arc::new(schema.clone());
        let operation = operation.clone();
        self.write(text.len(), move |step| {
            let kept = idle(step, at, expected)?;
            operations::keep(step, at, &operation)?;
            install(step, kept, &schema, &text)
        })
        .await
    }

    async fn begin_registration(
        &self,
        at: ConnectionKey,
        registration: &Registration,
        expected: SchemaVersion,
    ) -> Result<Arc<KeptConnection>, StoreError> {
        let text = text(&registration.schema);
        let registration = Arc::new(registration.clone());
        self.write(text.len(), move |step| {
            let kept = idle(step, at, expected)?;
            begin(step, kept, &registration, &text)
        })
        .await
    }

    async fn end_registration(
        &self,
        at: ConnectionKey,
        operation: &ConnectionOperation,
    ) -> Result<Option<Arc<KeptConnection>>, StoreError> {
        let operation = operation.clone();
        self.write(0, move |step| end(step, at, &operation)).await
    }
}

/// The connection as it is in this transaction; `None` once deleted.
fn find(step: &Step<'_>, at: ConnectionKey) -> Result<Option<KeptConnection>, Fault> {
    let mut statement = step
        .sql
        .prepare_cached(select_connection!("AND key = ?1"))?;
    let mut rows = statement.query([sql(at.0)])?;
    rows.next()?.map(rows::connection).transpose()
}

/// One more, or an error when the numbers are used up.
fn next(number: u32, column: &'static str, at: ConnectionKey) -> Result<u32, Fault> {
    number
        .checked_add(1)
        .ok_or_else(|| Fault::inconsistent("connection", column, at.0, "all versions are used up"))
}

fn publish(step: &mut Step<'_>, kept: KeptConnection) -> Arc<KeptConnection> {
    let kept = Arc::new(kept);
    step.change(Change::Connection(Arc::clone(&kept)));
    kept
}

fn create(
    step: &mut Step<'_>,
    fresh: KeptConnection,
    kept: &str,
) -> Result<Arc<KeptConnection>, Fault> {
    let id = &fresh.connection.id;
    let folded = id.folded();
    let taken = step
        .sql
        .prepare_cached("SELECT 1 FROM connection WHERE folded = ?1 AND deleted = 0")?
        .query_row([&folded], |_| Ok(()))
        .optional()?;
    if taken.is_some() {
        return Err(Fault::conflict());
    }
    step.sql
        .prepare_cached(
            "INSERT INTO connection
                 (id, folded, kept, schema_version, version, created_at, created_by, ticket, deleted)
             VALUES (?1, ?2, ?3, 0, 1, ?4, ?5, ?6, 0)",
        )?
        .execute((
            id.as_str(),
            &folded,
            kept,
            fresh.created_at.0,
            &fresh.created_by,
            fresh.ticket.as_ref().map(|ticket| &ticket.0),
        ))?;
    let row = step.sql.last_insert_rowid();
    let key = u64::try_from(row)
        .map_err(|error| Fault::inconsistent("connection", "key", row, error.to_string()))?;
    let key = ConnectionKey(key);
    Ok(publish(step, KeptConnection { key, ..fresh }))
}

fn update(
    step: &mut Step<'_>,
    at: ConnectionKey,
    connection: &ExternalConnection,
    kept: &str,
    expected: Version,
) -> Result<Arc<KeptConnection>, Fault> {
    let former = find(step, at)?
        .filter(|former| former.version == expected && former.released_at.is_none())
        .ok_or_else(Fault::conflict)?;
    if former.connection.id != connection.id {
        let why = format!(
            "`{}` cannot become `{}`: an id never changes",
            former.connection.id, connection.id
        );
        return Err(Fault::inconsistent("connection", "id", at.0, why));
    }
    let version = next(former.version.0, "version", at)?;
    step.sql
        .prepare_cached("UPDATE connection SET kept = ?2, version = ?3 WHERE key = ?1")?
        .execute((sql(at.0), kept, version))?;
    let kept = KeptConnection {
        connection: connection.clone(),
        version: Version(version),
        ..former
    };
    Ok(publish(step, kept))
}

fn text(schema: &Schema) -> String {
    serde_json::to_string(schema).expect("a schema is made of texts and flags")
}

/// A connection whose schema has that version and that nothing else happens to.
fn idle(
    step: &Step<'_>,
    at: ConnectionKey,
    expected: SchemaVersion,
) -> Result<KeptConnection, Fault> {
    find(step, at)?
        .filter(|kept| {
            kept.schema_version == expected
                && kept.registration.is_none()
                && kept.released_at.is_none()
        })
        .ok_or_else(Fault::conflict)
}

/// Puts a schema into force.
fn install(
    step: &mut Step<'_>,
    mut kept: KeptConnection,
    schema: &Arc<Schema>,
    text: &str,
) -> Result<Arc<KeptConnection>, Fault> {
    let at = kept.key;
    kept.registration = None;
    kept.schema = Some(Arc::clone(schema));
    kept.schema_version = SchemaVersion(next(kept.schema_version.0, "schema_version", at)?);
    if kept.connection.state == ConnectionState::Draft {
        kept.connection.state = ConnectionState::Ready;
        // Whoever read the draft and writes it back must not undo this.
        kept.version = Version(next(kept.version.0, "version", at)?);
    }
    step.sql
        .prepare_cached(
            "UPDATE connection SET kept = ?2, schema = ?3, schema_version = ?4, version = ?5,
                 pending = NULL, operation = NULL, due = NULL
             WHERE key = ?1",
        )?
        .execute((
            sql(at.0),
            kept.connection.to_kept(),
            text,
            kept.schema_version.0,
            kept.version.0,
        ))?;
    Ok(publish(step, kept))
}

fn begin(
    step: &mut Step<'_>,
    kept: KeptConnection,
    registration: &Arc<Registration>,
    text: &str,
) -> Result<Arc<KeptConnection>, Fault> {
    let operation = ConnectionOperation {
        id: registration.operation.clone(),
        status: OperationStatus::Inprogress,
        error: None,
    };
    operations::keep(step, kept.key, &operation)?;
    step.sql
        .prepare_cached(
            "UPDATE connection SET pending = ?2, operation = ?3, due = ?4 WHERE key = ?1",
        )?
        .execute((
            sql(kept.key.0),
            text,
            operation.id.as_str(),
            registration.due.0,
        ))?;
    let registration = Some(Arc::clone(registration));
    let kept = KeptConnection {
        registration,
        ..kept
    };
    Ok(publish(step, kept))
}

fn end(
    step: &mut Step<'_>,
    at: ConnectionKey,
    operation: &ConnectionOperation,
) -> Result<Option<Arc<KeptConnection>>, Fault> {
    let Some(mut kept) = find(step, at)? else {
        return Ok(None);
    };
    let running = kept.registration.take();
    let Some(running) = running.filter(|running| running.operation == operation.id) else {
        return Ok(None);
    };
    operations::keep(step, at, operation)?;
    if operation.status == OperationStatus::Completed {
        let schema = &running.schema;
        return install(step, kept, schema, &text(schema)).map(Some);
    }
    step.sql
        .prepare_cached(
            "UPDATE connection SET pending = NULL, operation = NULL, due = NULL WHERE key = ?1",
        )?
        .execute([sql(at.0)])?;
    Ok(Some(publish(step, kept)))
}

fn release(step: &mut Step<'_>, at: ConnectionKey, when: DateTime) -> Result<bool, Fault> {
    let Some(kept) = find(step, at)?.filter(|kept| kept.released_at.is_none()) else {
        return Ok(false);
    };
    step.sql
        .prepare_cached("UPDATE connection SET released_at = ?2 WHERE key = ?1")?
        .execute((sql(at.0), when.0))?;
    let released_at = Some(when);
    publish(
        step,
        KeptConnection {
            released_at,
            ..kept
        },
    );
    Ok(true)
}

fn bring_forward(step: &mut Step<'_>, at: ConnectionKey, to: DateTime) -> Result<bool, Fault> {
    let Some(mut kept) = find(step, at)? else {
        return Ok(false);
    };
    // What is not awaited is null, and stays so.
    step.sql
        .prepare_cached(
            "UPDATE connection SET due = min(due, ?2), released_at = min(released_at, ?2)
             WHERE key = ?1",
        )?
        .execute((sql(at.0), to.0))?;
    kept.released_at = kept.released_at.map(|due| due.min(to));
    if let Some(running) = &mut kept.registration {
        let running = Arc::make_mut(running);
        running.due = running.due.min(to);
    }
    publish(step, kept);
    Ok(true)
}

fn delete(step: &mut Step<'_>, at: ConnectionKey) -> Result<bool, Fault> {
    let changed = step
        .sql
        .prepare_cached("UPDATE connection SET deleted = 1 WHERE key = ?1 AND deleted = 0")?
        .execute([sql(at.0)])?;
    if changed == 0 {
        return Ok(false);
    }
    step.connection_gone(at);
    Ok(true)
}

/// The deleted connection to be purged next.
fn deleted(step: &Step<'_>) -> Result<Option<ConnectionKey>, Fault> {
    let mut statement = step
        .sql
        .prepare_cached("SELECT key FROM connection WHERE deleted = 1 ORDER BY key LIMIT 1")?;
    let mut rows = statement.query(())?;
    rows.next()?
        .map(|row| Columns::new(row, "connection", 0).number(0, "key"))
        .transpose()
        .map(|key| key.map(ConnectionKey))
}

/// One round: every round leaves the rows such that the next one, or the next start, can go on.
fn purge(step: &mut Step<'_>, limit: u32) -> Result<bool, Fault> {
    let mut left = limit;
    while let Some(at) = deleted(step)? {
        let removed = dirty::remove_items(step, at, left)?;
        left = left.saturating_sub(removed);
        if left == 0 {
            return Ok(true);
        }
        remove_rest(step, at)?;
    }
    Ok(false)
}

/// Removes what a connection without items still has, and the connection.
fn remove_rest(step: &mut Step<'_>, at: ConnectionKey) -> Result<(), Fault> {
    const REST: [&str; 5] = [
        "DELETE FROM acl WHERE connection = ?1",
        "DELETE FROM member WHERE connection = ?1",
        "DELETE FROM external_group WHERE connection = ?1",
        "DELETE FROM operation WHERE connection = ?1",
        "DELETE FROM connection WHERE key = ?1",
    ];
    for statement in REST {
        step.sql.prepare_cached(statement)?.execute([sql(at.0)])?;
    }
    step.purged(at);
    Ok(())
}
