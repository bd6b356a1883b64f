//! What only the store knows about a noun: keys, ordinals, versions.

use std::{fmt, sync::Arc};

use graph::{
    ConnectionKey, DateTime, ExternalConnection, ExternalItem, ItemId, OperationId, Schema,
    activity::Activity,
};

/// An item's number in the tenant, for life; an item deleted and created again gets a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ordinal(pub u64);

/// How often a thing has been written, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version(pub u32);

/// The version of the last write that changed more than the ACL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Text(pub u32);

/// The number of one distinct, canonical ACL of one connection; [`AclId::NOBODY`] admits nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AclId(pub u32);

impl AclId {
    /// The ACL of what does not exist: admits nobody, whoever asks.
    pub const NOBODY: Self = Self(0);
}

/// How often a connection's schema has been registered; 0 before the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SchemaVersion(pub u32);

/// A connection with what the store knows about it.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptConnection {
    /// The connection's number.
    pub key: ConnectionKey,
    /// The connection.
    pub connection: ExternalConnection,
    /// Its schema, once one was accepted.
    pub schema: Option<Arc<Schema>>,
    /// How often the schema has been registered.
    pub schema_version: SchemaVersion,
    /// How often the connection itself has been written.
    pub version: Version,
    /// When it was created.
    pub created_at: DateTime,
    /// The app that made it; unknown of some that are older than this member.
    pub created_by: Option<String>,
    /// The registration of a schema that runs, if one does.
    pub registration: Option<Arc<Registration>>,
    /// When it is released, once it is being deleted.
    pub released_at: Option<DateTime>,
    /// What it was made with.
    pub ticket: Option<Ticket>,
}

/// A registration of a schema that runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Registration {
    /// The operation that tells of it.
    pub operation: OperationId,
    /// The schema to come.
    pub schema: Arc<Schema>,
    /// When it comes into force.
    pub due: DateTime,
}

/// A `GraphConnectors-Ticket`: a secret, so it does not show when it is printed for a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Ticket(pub String);

impl fmt::Debug for Ticket {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Ticket(…)")
    }
}

/// An item with what the store knows about it.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptItem {
    /// Its connection's number.
    pub at: ConnectionKey,
    /// Its number.
    pub ordinal: Ordinal,
    /// How often it has been written.
    pub version: Version,
    /// The version of its words.
    pub text: Text,
    /// The number of its ACL.
    pub acl: AclId,
    /// The item.
    pub item: ExternalItem,
}

/// What a list knows of an item before the item is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemLine {
    /// Its number.
    pub ordinal: Ordinal,
    /// Its id.
    pub id: ItemId,
    /// The version of its words.
    pub text: Text,
}

/// An activity with what the store knows about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptActivity {
    /// Its item's number.
    pub item: Ordinal,
    /// Its place among all activities; those of one item keep theirs as long as the item is there.
    pub position: u64,
    /// The activity.
    pub activity: Activity,
}

impl KeptActivity {
    /// The activity's id: never used twice, because its item's number is not.
    pub fn id(&self) -> String {
        format!("{}-{}", self.item.0, self.position)
    }

    /// The position that an id speaks of, if it is one of ours.
    pub(crate) fn position_in(id: &str) -> Option<u64> {
        id.split_once('-')?.1.parse().ok()
    }
}

/// What a write did to an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its number.
    pub ordinal: Ordinal,
    /// Its version after the write.
    pub version: Version,
    /// The version of its words after the write.
    pub text: Text,
    /// Its ACL after the write.
    pub acl: AclId,
}

/// What a writer believes to be there; a store answers `Conflict` when it is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// No such item.
    Absent,
    /// The item at this version.
    At(Version),
}
