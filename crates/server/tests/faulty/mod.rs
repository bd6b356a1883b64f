//! A real store that fails on command.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use graph::{
    ConnectionId, ConnectionKey, ConnectionOperation, DateTime, ExternalConnection, ExternalGroup,
    ExternalItem, GroupId, Identity, ItemId, OperationId, Schema,
};
use tenant::{
    accounts::Accounts,
    kept::{
        Expected, ItemLine, KeptActivity, KeptConnection, KeptItem, Ordinal, Registration,
        SchemaVersion, Ticket, Version, Written,
    },
    profile::Limits,
    store::{
        AccountStore, Claim, ConnectionStore, GroupStore, ItemStore, OperationStore, Store,
        StoreError,
    },
    survey::{Bounds, Survey},
};
use uuid::Uuid;

/// What no client may ever read.
pub const CANARY: &str = "nightingale";

/// How the store fails.
#[derive(Clone, Copy)]
pub enum Fault {
    Unavailable,
    Inconsistent,
    Panic,
}

/// A store that passes everything on while there is no fault.
pub struct Faulty {
    store: Arc<dyn Store>,
    fault: Arc<Mutex<Option<Fault>>>,
}

impl Faulty {
    pub fn new(store: Arc<dyn Store>, fault: Arc<Mutex<Option<Fault>>>) -> Self {
        Self { store, fault }
    }

    fn well(&self) -> Result<(), StoreError> {
        let fault = *self.fault.lock().unwrap();
        match fault {
            None => Ok(()),
            Some(Fault::Panic) => panic!("{CANARY}"),
            Some(Fault::Unavailable) => Err(StoreError::Unavailable(CANARY.into())),
            Some(Fault::Inconsistent) => Err(StoreError::Inconsistent {
                table: CANARY,
                column: CANARY,
                key: CANARY.to_owned(),
                why: CANARY.to_owned(),
            }),
        }
    }
}

impl Store for Faulty {
    fn identity(&self) -> Uuid {
        self.store.identity()
    }

    fn keep_within(&self, limits: Limits) {
        self.store.keep_within(limits);
    }
}

#[async_trait]
impl ConnectionStore for Faulty {
    async fn connection(
        &self,
        id: &ConnectionId,
    ) -> Result<Option<Arc<KeptConnection>>, StoreError> {
        self.well()?;
        self.store.connection(id).await
    }

    async fn connections(&self) -> Result<Vec<Arc<KeptConnection>>, StoreError> {
        self.well()?;
        self.store.connections().await
    }

    async fn create_connection(
        &self,
        connection: &ExternalConnection,
        created_by: Option<&str>,
        ticket: Option<Ticket>,
        now: DateTime,
    ) -> Result<Arc<KeptConnection>, StoreError> {
        self.well()?;
        self.store
            .create_connection(connection, created_by, ticket, now)
            .await
    }

    async fn release_connection(
        &self,
        at: ConnectionKey,
        when: DateTime,
    ) -> Result<bool, StoreError> {
        self.well()?;
        self.store.release_connection(at, when).await
    }

    async fn begin_registration(
        &self,
        at: ConnectionKey,
        registration: &Registration,
        expected: SchemaVersion,
    ) -> Result<Arc<KeptConnection>, StoreError> {
        self.well()?;
        self.store
            .begin_registration(at, registration, expected)
            .await
    }

    async fn end_registration(
        &self,
        at: ConnectionKey,
        operation: &ConnectionOperation,
    ) -> Result<Option<Arc<KeptConnection>>, StoreError> {
        self.well()?;
        self.store.end_registration(at, operation).await
    }

    async fn update_connection(
        &self,
        at: ConnectionKey,
        connection: &ExternalConnection,
        expected: Version,
    ) -> Result<Arc<KeptConnection>, StoreError> {
        self.well()?;
        self.store.update_connection(at, connection, expected).await
    }

    async fn bring_forward(&self, at: ConnectionKey, to: DateTime) -> Result<bool, StoreError> {
        self.well()?;
        self.store.bring_forward(at, to).await
    }

    async fn delete_connection(&self, at: ConnectionKey) -> Result<bool, StoreError> {
        self.well()?;
        self.store.delete_connection(at).await
    }

    async fn purge(&self, limit: u32) -> Result<bool, StoreError> {
        self.well()?;
        self.store.purge(limit).await
    }

    async fn register_schema(
        &self,
        at: ConnectionKey,
        schema: &Schema,
        expected: SchemaVersion,
        operation: &ConnectionOperation,
    ) -> Result<Arc<KeptConnection>, StoreError> {
        self.well()?;
        self.store
            .register_schema(at, schema, expected, operation)
            .await
    }
}

#[async_trait]
impl ItemStore for Faulty {
    async fn item(&self, at: ConnectionKey, id: &ItemId) -> Result<Option<KeptItem>, StoreError> {
        self.well()?;
        self.store.item(at, id).await
    }

    async fn put_item(
        &self,
        at: ConnectionKey,
        item: &ExternalItem,
        admitted: SchemaVersion,
        expected: Expected,
    ) -> Result<Written, StoreError> {
        self.well()?;
        self.store.put_item(at, item, admitted, expected).await
    }

    async fn delete_item(
        &self,
        at: ConnectionKey,
        id: &ItemId,
    ) -> Result<Option<Written>, StoreError> {
        self.well()?;
        self.store.delete_item(at, id).await
    }

    async fn items(&self, ordinals: &[Ordinal]) -> Result<Vec<KeptItem>, StoreError> {
        self.well()?;
        self.store.items(ordinals).await
    }

    async fn count_all_items(&self) -> Result<u64, StoreError> {
        self.well()?;
        self.store.count_all_items().await
    }

    async fn count_items(&self, at: ConnectionKey) -> Result<u64, StoreError> {
        self.well()?;
        self.store.count_items(at).await
    }

    async fn list_items(
        &self,
        at: ConnectionKey,
        after: Option<&ItemId>,
        limit: u32,
    ) -> Result<Vec<ItemLine>, StoreError> {
        self.well()?;
        self.store.list_items(at, after, limit).await
    }

    async fn list_activities(
        &self,
        at: ConnectionKey,
        id: &ItemId,
        after: u64,
        limit: u32,
    ) -> Result<Option<Vec<KeptActivity>>, StoreError> {
        self.well()?;
        self.store.list_activities(at, id, after, limit).await
    }

    async fn survey(
        &self,
        at: ConnectionKey,
        properties: &[String],
        bounds: Bounds,
    ) -> Result<Survey, StoreError> {
        self.well()?;
        self.store.survey(at, properties, bounds).await
    }

    async fn add_activities(
        &self,
        at: ConnectionKey,
        id: &ItemId,
        activities: &[String],
        now: DateTime,
    ) -> Result<bool, StoreError> {
        self.well()?;
        self.store.add_activities(at, id, activities, now).await
    }

    async fn claim_dirty(&self, limit: u32, bytes: usize) -> Result<Claim, StoreError> {
        self.well()?;
        self.store.claim_dirty(limit, bytes).await
    }

    async fn done(&self, claim: &Claim) -> Result<(), StoreError> {
        self.well()?;
        self.store.done(claim).await
    }

    async fn mark_all_dirty(&self) -> Result<(), StoreError> {
        self.well()?;
        self.store.mark_all_dirty().await
    }
}

#[async_trait]
impl GroupStore for Faulty {
    async fn create_group(
        &self,
        at: ConnectionKey,
        group: &ExternalGroup,
    ) -> Result<(), StoreError> {
        self.well()?;
        self.store.create_group(at, group).await
    }

    async fn group(
        &self,
        at: ConnectionKey,
        id: &GroupId,
    ) -> Result<Option<ExternalGroup>, StoreError> {
        self.well()?;
        self.store.group(at, id).await
    }

    async fn list_groups(
        &self,
        at: ConnectionKey,
        after: Option<&GroupId>,
        limit: u32,
    ) -> Result<Vec<ExternalGroup>, StoreError> {
        self.well()?;
        self.store.list_groups(at, after, limit).await
    }

    async fn list_members(
        &self,
        at: ConnectionKey,
        group: &GroupId,
        after: Option<&Identity>,
        limit: u32,
    ) -> Result<Option<Vec<Identity>>, StoreError> {
        self.well()?;
        self.store.list_members(at, group, after, limit).await
    }

    async fn members_called(
        &self,
        at: ConnectionKey,
        group: &GroupId,
        member: &str,
    ) -> Result<Option<Vec<Identity>>, StoreError> {
        self.well()?;
        self.store.members_called(at, group, member).await
    }

    async fn update_group(
        &self,
        at: ConnectionKey,
        group: &ExternalGroup,
    ) -> Result<bool, StoreError> {
        self.well()?;
        self.store.update_group(at, group).await
    }

    async fn delete_group(&self, at: ConnectionKey, id: &GroupId) -> Result<bool, StoreError> {
        self.well()?;
        self.store.delete_group(at, id).await
    }

    async fn add_member(
        &self,
        at: ConnectionKey,
        group: &GroupId,
        member: &Identity,
    ) -> Result<Option<bool>, StoreError> {
        self.well()?;
        self.store.add_member(at, group, member).await
    }

    async fn remove_member(
        &self,
        at: ConnectionKey,
        group: &GroupId,
        member: &str,
    ) -> Result<Option<bool>, StoreError> {
        self.well()?;
        self.store.remove_member(at, group, member).await
    }
}

#[async_trait]
impl OperationStore for Faulty {
    async fn operation(
        &self,
        at: ConnectionKey,
        id: &OperationId,
    ) -> Result<Option<ConnectionOperation>, StoreError> {
        self.well()?;
        self.store.operation(at, id).await
    }

    async fn list_operations(
        &self,
        at: ConnectionKey,
        after: Option<&OperationId>,
        limit: u32,
    ) -> Result<Vec<ConnectionOperation>, StoreError> {
        self.well()?;
        self.store.list_operations(at, after, limit).await
    }
}

#[async_trait]
impl AccountStore for Faulty {
    async fn accounts(&self) -> Result<Arc<Accounts>, StoreError> {
        self.well()?;
        self.store.accounts().await
    }

    async fn put_accounts(&self, accounts: &Accounts) -> Result<(), StoreError> {
        self.well()?;
        self.store.put_accounts(accounts).await
    }
}
