//! Operations: rows.

use async_trait::async_trait;
use graph::{ConnectionKey, ConnectionOperation, OperationId};
use tenant::store::{OperationStore, StoreError};

use super::{lists, open::Sqlite, step::Step};
use crate::{
    fault::Fault,
    refusal,
    rows::{self, sql},
};

#[async_trait]
impl OperationStore for Sqlite {
    async fn operation(
        &self,
        at: ConnectionKey,
        id: &OperationId,
    ) -> Result<Option<ConnectionOperation>, StoreError> {
        let id = id.clone();
        self.readers
            .read(move |connection| {
                let mut statement = connection.prepare_cached(
                    "SELECT o.id, o.status, o.error FROM operation o
                     JOIN connection c ON c.key = o.connection AND c.deleted = 0
                     WHERE o.connection = ?1 AND o.id = ?2",
                )?;
                let mut rows = statement.query((sql(at.0), id.as_str()))?;
                rows.next()?.map(rows::operation).transpose()
            })
            .await
    }

    async fn list_operations(
        &self,
        at: ConnectionKey,
        after: Option<&OperationId>,
        limit: u32,
    ) -> Result<Vec<ConnectionOperation>, StoreError> {
        let after = after.cloned();
        self.readers
            .read(move |sql| lists::operations(sql, at, after.as_ref(), limit))
            .await
    }
}

/// Keeps an operation, in place of an older state of it.
pub(super) fn keep(
    step: &Step<'_>,
    at: ConnectionKey,
    operation: &ConnectionOperation,
) -> Result<(), Fault> {
    step.sql
        .prepare_cached(
            "INSERT INTO operation (connection, id, status, error) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (connection, id) DO UPDATE SET status = excluded.status,
                 error = excluded.error",
        )?
        .execute((
            sql(at.0),
            operation.id.as_str(),
            rows::status_text(operation.status),
            operation.error.as_ref().map(refusal::write),
        ))?;
    Ok(())
}
