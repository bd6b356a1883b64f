//! The port to the truth. Every method is one atomic step; there is no transaction to hold.
//!
//! An implementer promises:
//! - an acknowledged write survives a crash of the process and of the machine;
//! - whatever a write changes in the live picture is published to the tenant's [`Visibility`](crate::visibility::Visibility) in commit order, by the
//!   writer, before the write is acknowledged; at opening the picture is filled from the truth;
//! - numbers (connection keys, ordinals, ACL numbers) are never used twice;
//! - every write of an item that changes more than its ACL, and every deletion, leaves a dirty line in the same transaction, which stays until
//!   [`ItemStore::done`] has been told of that version;
//! - absent is `None`, not an error.

use std::sync::Arc;

use async_trait::async_trait;
use graph::{
    ConnectionId, ConnectionKey, ConnectionOperation, DateTime, ExternalConnection, ExternalGroup,
    ExternalItem, GroupId, Identity, ItemId, OperationId, Schema,
};
use uuid::Uuid;

use crate::{
    accounts::Accounts,
    kept::{
        Expected, ItemLine, KeptActivity, KeptConnection, KeptItem, Ordinal, Registration,
        SchemaVersion, Text, Ticket, Version, Written,
    },
    profile::Limits,
    survey::{Bounds, Survey},
};

/// Why the truth could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database is away, full or busy; nothing was changed.
    #[error("the store is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A row cannot be read back into a noun.
    #[error("the store is inconsistent: {table}.{column} of {key}: {why}")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row's key.
        key: String,
        /// What is wrong with it.
        why: String,
    },
    /// There are as many of these as there may be; nothing was changed.
    #[error("there is no room for one more")]
    Full,
    /// What the writer expected is not what is there; nothing was changed.
    #[error("the expected version is not there")]
    Conflict,
}

/// The sum of all doors' stores.
pub trait Store:
    ConnectionStore + ItemStore + GroupStore + OperationStore + AccountStore + Send + Sync
{
    /// The store's identity, made with it; an index that remembers another store is rebuilt.
    fn identity(&self) -> Uuid;

    /// From now on, one more than these is refused with `Full`; what is there stays. A store that was not told takes whatever comes.
    fn keep_within(&self, limits: Limits);
}

/// Connections and their schemas.
#[async_trait]
pub trait ConnectionStore {
    /// The connection of that id, found without case; `None` once deleted.
    async fn connection(
        &self,
        id: &ConnectionId,
    ) -> Result<Option<Arc<KeptConnection>>, StoreError>;

    /// All connections that are not deleted, in the order they were made.
    async fn connections(&self) -> Result<Vec<Arc<KeptConnection>>, StoreError>;

    /// Makes a connection at version 1. `Conflict` when the id is taken, compared without case.
    async fn create_connection(
        &self,
        connection: &ExternalConnection,
        created_by: Option<&str>,
        ticket: Option<Ticket>,
        now: DateTime,
    ) -> Result<Arc<KeptConnection>, StoreError>;

    /// Replaces a connection's members. `Conflict` when it is gone, being deleted, or no longer at `expected`.
    async fn update_connection(
        &self,
        at: ConnectionKey,
        connection: &ExternalConnection,
        expected: Version,
    ) -> Result<Arc<KeptConnection>, StoreError>;

    /// Notes when a connection that is being deleted is to be taken away. It keeps its id, and takes no writes any more, [`ConnectionStore::delete_connection`]
    /// excepted. `false` when it was gone or noted already.
    async fn release_connection(
        &self,
        at: ConnectionKey,
        when: DateTime,
    ) -> Result<bool, StoreError>;

    /// Lets what the connection waits for, the end of its registration or its release, be due at that moment if it is due later. `false`
    /// when it was gone.
    async fn bring_forward(&self, at: ConnectionKey, to: DateTime) -> Result<bool, StoreError>;

    /// Takes a connection out of the picture at once and frees its id; what it held is removed by [`ConnectionStore::purge`]. `false` when it was gone.
    async fn delete_connection(&self, at: ConnectionKey) -> Result<bool, StoreError>;

    /// Removes at most `limit` items of deleted connections, leaving dirty lines, and then their ACLs and groups. `true` while there is more to do.
    async fn purge(&self, limit: u32) -> Result<bool, StoreError>;

    /// Sets a connection's schema, makes the connection ready and keeps the (completed) operation, all at once.
    /// `Conflict` when the connection is gone or being deleted, its schema no longer at `expected`, or another registration runs.
    async fn register_schema(
        &self,
        at: ConnectionKey,
        schema: &Schema,
        expected: SchemaVersion,
        operation: &ConnectionOperation,
    ) -> Result<Arc<KeptConnection>, StoreError>;

    /// Keeps a registration that takes time, with its operation `inprogress`; the schema is not in force yet. `Conflict` as for
    /// [`ConnectionStore::register_schema`].
    async fn begin_registration(
        &self,
        at: ConnectionKey,
        registration: &Registration,
        expected: SchemaVersion,
    ) -> Result<Arc<KeptConnection>, StoreError>;

    /// Ends the registration of that operation: completed, its schema is in force and a draft is ready; failed, all is as it was before.
    /// `None` when no such registration runs.
    async fn end_registration(
        &self,
        at: ConnectionKey,
        operation: &ConnectionOperation,
    ) -> Result<Option<Arc<KeptConnection>>, StoreError>;
}

/// Items and the index's to-do list.
#[async_trait]
pub trait ItemStore {
    /// The item of that id.
    async fn item(&self, at: ConnectionKey, id: &ItemId) -> Result<Option<KeptItem>, StoreError>;

    /// Writes an item that was admitted under schema version `admitted`.
    ///
    /// `Conflict` when the connection is gone, its schema has another version, or the item is not as `expected`; `Full` when it is new and there is no
    /// room for it. Nothing is changed then.
    async fn put_item(
        &self,
        at: ConnectionKey,
        item: &ExternalItem,
        admitted: SchemaVersion,
        expected: Expected,
    ) -> Result<Written, StoreError>;

    /// Deletes an item; `None` when there was none.
    async fn delete_item(
        &self,
        at: ConnectionKey,
        id: &ItemId,
    ) -> Result<Option<Written>, StoreError>;

    /// The current items of these numbers; those that do not exist (any more) are left out. One consistent view of all of them.
    async fn items(&self, ordinals: &[Ordinal]) -> Result<Vec<KeptItem>, StoreError>;

    /// How many items the connection holds; answered without counting.
    async fn count_items(&self, at: ConnectionKey) -> Result<u64, StoreError>;

    /// How many items all connections hold that are not deleted; answered without counting.
    async fn count_all_items(&self) -> Result<u64, StoreError>;

    /// At most `limit` items behind that id, in the order of their ids' bytes.
    async fn list_items(
        &self,
        at: ConnectionKey,
        after: Option<&ItemId>,
        limit: u32,
    ) -> Result<Vec<ItemLine>, StoreError>;

    /// At most `limit` activities of an item behind that position, in the order they came; `None` when there is no such item.
    async fn list_activities(
        &self,
        at: ConnectionKey,
        id: &ItemId,
        after: u64,
        limit: u32,
    ) -> Result<Option<Vec<KeptActivity>>, StoreError>;

    /// Counts and samples the connection's items and groups, in one consistent view; an empty survey when it is gone. Of every sampled item
    /// the texts of these properties are told, found without case.
    async fn survey(
        &self,
        at: ConnectionKey,
        properties: &[String],
        bounds: Bounds,
    ) -> Result<Survey, StoreError>;

    /// Keeps activities (as accepted JSON texts) with an item; `false` when there is no such item.
    async fn add_activities(
        &self,
        at: ConnectionKey,
        id: &ItemId,
        activities: &[String],
        now: DateTime,
    ) -> Result<bool, StoreError>;

    /// The oldest dirty lines with the *current* rows, at most `limit` lines and about `bytes` bytes of items (at least one line if there is one).
    /// Nothing is taken off the list: that is what [`ItemStore::done`] does.
    async fn claim_dirty(&self, limit: u32, bytes: usize) -> Result<Claim, StoreError>;

    /// The index holds these versions durably: forget their lines unless something newer came.
    async fn done(&self, claim: &Claim) -> Result<(), StoreError>;

    /// Marks every item dirty, for an index that has to be rebuilt.
    async fn mark_all_dirty(&self) -> Result<(), StoreError>;
}

/// Some lines of the to-do list for the index.
#[derive(Clone, Debug, Default)]
pub struct Claim {
    /// The lines, oldest first.
    pub lines: Vec<Dirty>,
    /// Are these all the lines there were?
    pub is_all: bool,
}

/// One line of the to-do list for the index: at most one per item.
#[derive(Clone, Debug)]
pub struct Dirty {
    /// The item's number.
    pub ordinal: Ordinal,
    /// The version to be indexed.
    pub version: Version,
    /// The version of its words.
    pub text: Text,
    /// The item as it is now; `None` when it was deleted.
    pub item: Option<KeptItem>,
}

/// External groups and their members.
#[async_trait]
pub trait GroupStore {
    /// Makes a group. `Conflict` when the id is taken or the connection is gone, `Full` when there are as many groups as there may be.
    async fn create_group(
        &self,
        at: ConnectionKey,
        group: &ExternalGroup,
    ) -> Result<(), StoreError>;

    /// The group of that id.
    async fn group(
        &self,
        at: ConnectionKey,
        id: &GroupId,
    ) -> Result<Option<ExternalGroup>, StoreError>;

    /// At most `limit` groups behind that id, in the order of their ids' bytes.
    async fn list_groups(
        &self,
        at: ConnectionKey,
        after: Option<&GroupId>,
        limit: u32,
    ) -> Result<Vec<ExternalGroup>, StoreError>;

    /// At most `limit` members of a group behind that one, in the order of the bytes of their ids and then of the names of their kinds;
    /// `None` when there is no such group.
    async fn list_members(
        &self,
        at: ConnectionKey,
        group: &GroupId,
        after: Option<&Identity>,
        limit: u32,
    ) -> Result<Option<Vec<Identity>>, StoreError>;

    /// The members of that id, whatever their kind; `None` when there is no such group. The id is compared as in [`GroupStore::remove_member`].
    async fn members_called(
        &self,
        at: ConnectionKey,
        group: &GroupId,
        member: &str,
    ) -> Result<Option<Vec<Identity>>, StoreError>;

    /// Replaces a group's names; `false` when there is none.
    async fn update_group(
        &self,
        at: ConnectionKey,
        group: &ExternalGroup,
    ) -> Result<bool, StoreError>;

    /// Deletes a group and its memberships (as a group; it stays a member of others by name only until they drop it); `false` when there was none.
    async fn delete_group(&self, at: ConnectionKey, id: &GroupId) -> Result<bool, StoreError>;

    /// Adds a member: `None` when there is no such group, `Some(false)` when it was one already. `Conflict` when the id is that of a member of another kind;
    /// `Full` when the group has as many as it may.
    async fn add_member(
        &self,
        at: ConnectionKey,
        group: &GroupId,
        member: &Identity,
    ) -> Result<Option<bool>, StoreError>;

    /// Removes the members of that id, whatever their kind: `None` when there is no such group, `Some(false)` when there was no such member.
    /// The id is compared without case for users and groups, unless there is a member with exactly that id.
    async fn remove_member(
        &self,
        at: ConnectionKey,
        group: &GroupId,
        member: &str,
    ) -> Result<Option<bool>, StoreError>;
}

/// Operations.
#[async_trait]
pub trait OperationStore {
    /// The operation of that id.
    async fn operation(
        &self,
        at: ConnectionKey,
        id: &OperationId,
    ) -> Result<Option<ConnectionOperation>, StoreError>;

    /// At most `limit` operations behind that id, in the order of their ids' bytes.
    async fn list_operations(
        &self,
        at: ConnectionKey,
        after: Option<&OperationId>,
        limit: u32,
    ) -> Result<Vec<ConnectionOperation>, StoreError>;
}

/// The tenant's own accounts.
#[async_trait]
pub trait AccountStore {
    /// All accounts.
    async fn accounts(&self) -> Result<Arc<Accounts>, StoreError>;

    /// Replaces all accounts; counts as a change of membership.
    async fn put_accounts(&self, accounts: &Accounts) -> Result<(), StoreError>;
}
