//! A small world for the promises: one connection, items of one property, and eyes to look with.

#![expect(clippy::unwrap_used, reason = "a suite for tests")]

use std::sync::Arc;

use graph::{
    AccessType, Acl, AclType, ConnectionId, ConnectionKey, ConnectionOperation, ConnectionState,
    DateTime, ExternalConnection, ExternalGroup, ExternalItem, GroupId, ItemId, OperationId,
    OperationStatus, Property, PropertyType, Schema, Value,
};

use crate::{
    kept::{
        AclId, Expected, KeptConnection, KeptItem, Registration, SchemaVersion, Text, Version,
        Written,
    },
    membership::Memberships,
    store::{Store, StoreError},
    visibility::Visibility,
};

/// An opened store and its picture.
pub type Opened = (Arc<dyn Store>, Arc<Visibility>);

pub(super) const ALICE: &str = "0a1b2c3d-0000-4000-8000-00000000000a";
pub(super) const BOB: &str = "0a1b2c3d-0000-4000-8000-00000000000b";
pub(super) const CAROL: &str = "0a1b2c3d-0000-4000-8000-00000000000c";
pub(super) const NOW: DateTime = DateTime(17_000_000_000_000_000);
/// More bytes than any claim of these tests.
pub(super) const BYTES: usize = 1 << 30;

/// A store with one ready connection.
pub struct World {
    pub(super) store: Arc<dyn Store>,
    pub(super) visibility: Arc<Visibility>,
    pub(super) at: ConnectionKey,
    pub(super) admitted: SchemaVersion,
}

pub(super) fn connection(id: &str) -> ExternalConnection {
    ExternalConnection {
        id: ConnectionId::kept(id),
        state: ConnectionState::Draft,
        authorized_app_ids: vec!["5e11e500-0000-4000-8000-000000000001".to_owned()],
        members: [("name".to_owned(), "Tickets".into())]
            .into_iter()
            .collect(),
    }
}

pub(super) fn schema(properties: &[&str]) -> Schema {
    let property = |name: &&str| Property {
        name: (*name).to_owned(),
        kind: PropertyType::String,
        description: None,
        is_searchable: true,
        is_queryable: true,
        is_retrievable: true,
        is_refinable: false,
        is_exact_match_required: false,
        importance_score: None,
        labels: Vec::new(),
        aliases: Vec::new(),
    };
    Schema {
        base_type: "microsoft.graph.externalItem".to_owned(),
        properties: properties.iter().map(property).collect(),
    }
}

pub(super) fn operation(id: &str, status: OperationStatus) -> ConnectionOperation {
    ConnectionOperation {
        id: OperationId::kept(id),
        status,
        error: None,
    }
}

/// A registration that is due now.
pub(super) fn registration(id: &str, properties: &[&str]) -> Registration {
    Registration {
        operation: OperationId::kept(id),
        schema: Arc::new(schema(properties)),
        due: NOW,
    }
}

/// An activity as it is kept, at some second of a minute.
pub(super) fn activity(second: u32) -> String {
    let performed_by = format!(r#"{{"id":"{ALICE}","type":"user"}}"#);
    format!(
        r#"{{"type":"viewed","startDateTime":"2026-01-31T12:00:{second:02}Z","performedBy":{performed_by}}}"#
    )
}

pub(super) fn grant(kind: AclType, value: &str) -> Acl {
    Acl {
        kind,
        value: value.to_owned(),
        access: AccessType::Grant,
    }
}

pub(super) fn deny(kind: AclType, value: &str) -> Acl {
    Acl {
        access: AccessType::Deny,
        ..grant(kind, value)
    }
}

pub(super) fn everyone() -> Vec<Acl> {
    vec![grant(AclType::Everyone, "everyone")]
}

pub(super) fn only(user: &str) -> Vec<Acl> {
    vec![grant(AclType::User, user)]
}

pub(super) fn item(id: &str, title: &str, acl: &[Acl]) -> ExternalItem {
    ExternalItem {
        id: ItemId::kept(id),
        acl: acl.to_vec(),
        properties: vec![("title".to_owned(), Value::String(title.to_owned()))],
        content: None,
        sensitivity_label_id: None,
    }
}

pub(super) fn group(id: &str) -> ExternalGroup {
    ExternalGroup {
        id: GroupId::kept(id),
        display_name: Some(format!("Group {id}")),
        description: None,
    }
}

pub(super) fn is_conflict<T>(answer: &Result<T, StoreError>) -> bool {
    matches!(answer, Err(StoreError::Conflict))
}

impl World {
    /// Makes the connection `tickets` with a schema.
    pub(super) async fn new((store, visibility): Opened) -> Self {
        Self::named((store, visibility), "tickets").await
    }

    pub(super) async fn named((store, visibility): Opened, id: &str) -> Self {
        let kept = store
            .create_connection(&connection(id), None, None, NOW)
            .await
            .unwrap();
        let done = operation("o1", OperationStatus::Completed);
        let kept = store
            .register_schema(kept.key, &schema(&["title"]), SchemaVersion(0), &done)
            .await
            .unwrap();
        Self {
            store,
            visibility,
            at: kept.key,
            admitted: kept.schema_version,
        }
    }

    /// Lets go of the store without waiting for anything.
    pub(super) fn opened(&self) -> Opened {
        (Arc::clone(&self.store), Arc::clone(&self.visibility))
    }

    pub(super) async fn try_put(
        &self,
        id: &str,
        title: &str,
        acl: &[Acl],
        expected: Expected,
    ) -> Result<Written, StoreError> {
        self.store
            .put_item(self.at, &item(id, title, acl), self.admitted, expected)
            .await
    }

    /// Writes an item, whatever version it has.
    pub(super) async fn put(&self, id: &str, title: &str, acl: &[Acl]) -> Written {
        let expected = match self.item(id).await {
            None => Expected::Absent,
            Some(kept) => Expected::At(kept.version),
        };
        self.try_put(id, title, acl, expected).await.unwrap()
    }

    pub(super) async fn delete(&self, id: &str) -> Option<Written> {
        let id = ItemId::kept(id);
        self.store.delete_item(self.at, &id).await.unwrap()
    }

    pub(super) async fn item(&self, id: &str) -> Option<KeptItem> {
        self.store.item(self.at, &ItemId::kept(id)).await.unwrap()
    }

    pub(super) async fn kept(&self) -> Option<Arc<KeptConnection>> {
        let connections = self.store.connections().await.unwrap();
        connections.into_iter().find(|kept| kept.key == self.at)
    }

    /// Everything that waits for the index: number, version, and whether the item is gone.
    pub(super) async fn lines(&self) -> Vec<(u64, u32, bool)> {
        let claim = self.store.claim_dirty(1000, BYTES).await.unwrap();
        let lines = claim.lines.iter();
        lines
            .map(|line| (line.ordinal.0, line.version.0, line.item.is_none()))
            .collect()
    }

    /// The index holds everything.
    pub(super) async fn catch_up(&self) {
        let claim = self.store.claim_dirty(1000, BYTES).await.unwrap();
        self.store.done(&claim).await.unwrap();
        assert_eq!(self.lines().await, []);
    }

    /// Would a copy of these words be counted for this user?
    pub(super) fn sees(&self, user: &str, written: Written, text: Text) -> bool {
        let folded = self.visibility.fold(user, &Memberships::default());
        let lens = self.visibility.lens(&folded, &[self.at]);
        lens.admits(written.ordinal, text)
    }

    /// Would a copy of the words just written be counted for this user?
    pub(super) fn sees_now(&self, user: &str, written: Written) -> bool {
        self.sees(user, written, written.text)
    }

    pub(super) fn is_nobodys(&self, written: Written) -> bool {
        self.visibility.live(written.ordinal).1 == AclId::NOBODY
    }
}

pub(super) fn at(version: u32) -> Expected {
    Expected::At(Version(version))
}
