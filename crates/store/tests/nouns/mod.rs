//! The few nouns that the tests of this crate write.

use graph::{
    AccessType, Acl, AclType, ConnectionId, ConnectionKey, ConnectionOperation, ConnectionState,
    DateTime, ExternalConnection, ExternalItem, ItemId, OperationId, OperationStatus, Schema,
    Value,
};
use tenant::{
    kept::{KeptConnection, Ordinal, SchemaVersion},
    membership::Memberships,
    store::{Store, StoreError},
    visibility::Visibility,
};

/// Makes a connection that takes items, or what is still missing of it.
pub async fn ready(
    store: &dyn Store,
    id: &str,
) -> Result<std::sync::Arc<KeptConnection>, StoreError> {
    let connection = ExternalConnection {
        id: ConnectionId::kept(id),
        state: ConnectionState::Draft,
        authorized_app_ids: Vec::new(),
        members: [("name".to_owned(), "Tickets".into())]
            .into_iter()
            .collect(),
    };
    let schema = Schema {
        base_type: "microsoft.graph.externalItem".to_owned(),
        properties: Vec::new(),
    };
    let operation = ConnectionOperation {
        id: OperationId::kept("o1"),
        status: OperationStatus::Completed,
        error: None,
    };
    let kept = match store.connection(&connection.id).await? {
        Some(kept) => kept,
        None => {
            store
                .create_connection(&connection, None, None, DateTime(0))
                .await?
        }
    };
    if kept.schema.is_some() {
        return Ok(kept);
    }
    store
        .register_schema(kept.key, &schema, SchemaVersion(0), &operation)
        .await
}

/// An item that one user may see.
pub fn item(id: &str, title: &str, user: &str) -> ExternalItem {
    ExternalItem {
        id: ItemId::kept(id),
        acl: vec![Acl {
            kind: AclType::User,
            value: user.to_owned(),
            access: AccessType::Grant,
        }],
        properties: vec![("title".to_owned(), Value::String(title.to_owned()))],
        content: None,
        sensitivity_label_id: None,
    }
}

/// Would a copy of an item's live words be counted for this user?
pub fn sees(visibility: &Visibility, at: ConnectionKey, user: &str, ordinal: Ordinal) -> bool {
    let folded = visibility.fold(user, &Memberships::default());
    let (text, _) = visibility.live(ordinal);
    visibility.lens(&folded, &[at]).admits(ordinal, text)
}
