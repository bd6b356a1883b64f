//! Connections, their names and their schemas.

#![expect(clippy::unwrap_used, reason = "a suite for tests")]

use std::sync::Arc;

use graph::{
    ConnectionId, ConnectionState, DateTime, ErrorCode, OperationId, OperationStatus, PublicError,
};

use super::world::{
    NOW, World, connection, everyone, group, is_conflict, operation, registration, schema,
};
use crate::{
    kept::{Expected, SchemaVersion, Version},
    store::Store,
    visibility::Visibility,
};

/// A connection is found by its id in any case, keeps it as written, and its id is taken in any case.
pub async fn ids_are_compared_without_case(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let made = store
        .create_connection(&connection("Tickets"), None, None, NOW)
        .await
        .unwrap();
    assert_eq!(made.connection, connection("Tickets"));
    assert_eq!(made.version, Version(1));
    assert_eq!(made.schema_version, SchemaVersion(0));
    assert_eq!(made.schema, None);
    assert_eq!(made.created_at, NOW);
    for id in ["Tickets", "tickets", "TICKETS"] {
        let id = ConnectionId::kept(id);
        assert_eq!(store.connection(&id).await.unwrap().as_ref(), Some(&made));
        assert_eq!(visibility.connection(&id).as_ref(), Some(&made));
        let again = store
            .create_connection(&connection(id.as_str()), None, None, NOW)
            .await;
        assert!(is_conflict(&again));
    }
    let other = ConnectionId::kept("ticket");
    assert_eq!(store.connection(&other).await.unwrap(), None);
    assert_eq!(store.connections().await.unwrap(), [made]);
}

/// Connections are listed in the order they were made.
pub async fn listed_in_the_order_made(store: Arc<dyn Store>, _: Arc<Visibility>) {
    for id in ["zebra", "apple", "mango"] {
        store
            .create_connection(&connection(id), None, None, NOW)
            .await
            .unwrap();
    }
    let listed = store.connections().await.unwrap();
    let ids: Vec<&str> = listed
        .iter()
        .map(|kept| kept.connection.id.as_str())
        .collect();
    assert_eq!(ids, ["zebra", "apple", "mango"]);
    assert!(listed.is_sorted_by_key(|kept| kept.key));
}

/// An update replaces the members at the version it names, and no other.
pub async fn updates_expect_a_version(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let made = store
        .create_connection(&connection("tickets"), None, None, NOW)
        .await
        .unwrap();
    let mut changed = made.connection.clone();
    changed
        .members
        .insert("description".to_owned(), "All of them".into());
    let update = |expected| store.update_connection(made.key, &changed, Version(expected));
    assert!(is_conflict(&update(2).await));
    let kept = update(1).await.unwrap();
    assert_eq!((kept.version, &kept.connection), (Version(2), &changed));
    assert_eq!((kept.key, kept.created_at), (made.key, made.created_at));
    assert_eq!(visibility.connection_at(made.key), Some(kept));
    assert!(is_conflict(&update(1).await));
    store.delete_connection(made.key).await.unwrap();
    assert!(is_conflict(&update(2).await));
}

/// A deleted connection is out of everybody's sight at once, and its name is free; its number is not.
pub async fn names_are_free_after_deletion(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let old = World::new((store, visibility)).await;
    let written = old.put("T-1", "Printer", &everyone()).await;
    old.store.create_group(old.at, &group("eng")).await.unwrap();
    assert!(old.store.delete_connection(old.at).await.unwrap());
    assert!(!old.store.delete_connection(old.at).await.unwrap());
    let id = ConnectionId::kept("tickets");
    assert_eq!(old.store.connection(&id).await.unwrap(), None);
    assert_eq!(old.visibility.connection_at(old.at), None);
    is_gone(&old).await;

    let new = World::named(old.opened(), "TICKETS").await;
    assert!(new.at > old.at);
    assert_eq!(new.item("T-1").await, None);
    let again = new.put("T-1", "Scanner", &everyone()).await;
    assert!(again.ordinal > written.ordinal);
    assert_eq!(new.store.count_items(new.at).await.unwrap(), 1);
    is_gone(&old).await;
}

async fn is_gone(world: &World) {
    let (store, at) = (&world.store, world.at);
    let eng = group("eng");
    assert_eq!(world.kept().await, None);
    assert_eq!(world.item("T-1").await, None);
    assert_eq!(world.delete("T-1").await, None);
    assert_eq!(store.count_items(at).await.unwrap(), 0);
    assert_eq!(store.group(at, &eng.id).await.unwrap(), None);
    assert!(!store.update_group(at, &eng).await.unwrap());
    assert!(!store.delete_group(at, &eng.id).await.unwrap());
    assert!(is_conflict(&store.create_group(at, &group("new")).await));
    let operation = store.operation(at, &OperationId::kept("o1")).await;
    assert_eq!(operation.unwrap(), None);
    let put = world
        .try_put("T-2", "Printer", &everyone(), Expected::Absent)
        .await;
    assert!(is_conflict(&put));
}

/// A schema makes a draft ready, counts, and expects the version it replaces; the operation can be asked for.
pub async fn schemas_expect_a_version(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let made = store
        .create_connection(&connection("tickets"), None, None, NOW)
        .await
        .unwrap();
    let register = |properties: &'static [&'static str], expected, id| {
        let operation = operation(id, OperationStatus::Completed);
        let (store, key) = (Arc::clone(&store), made.key);
        async move {
            let expected = SchemaVersion(expected);
            store
                .register_schema(key, &schema(properties), expected, &operation)
                .await
        }
    };
    assert!(is_conflict(&register(&["title"], 1, "o0").await));
    let first = register(&["title"], 0, "o1").await.unwrap();
    assert_eq!(first.schema.as_deref(), Some(&schema(&["title"])));
    assert_eq!(first.schema_version, SchemaVersion(1));
    assert_eq!(first.connection.state, ConnectionState::Ready);
    assert_eq!(visibility.connection_at(made.key), Some(first));
    assert!(is_conflict(&register(&["title"], 0, "o2").await));
    let second = register(&["title", "body"], 1, "o3").await.unwrap();
    assert_eq!(second.schema.as_deref(), Some(&schema(&["title", "body"])));
    assert_eq!(second.schema_version, SchemaVersion(2));
    for (id, found) in [("o0", false), ("o1", true), ("o2", false), ("o3", true)] {
        let kept = store.operation(made.key, &OperationId::kept(id)).await;
        let expect = found.then(|| operation(id, OperationStatus::Completed));
        assert_eq!(kept.unwrap(), expect, "{id}");
    }
    // Who read the draft cannot bring it back.
    let late = store.update_connection(made.key, &made.connection, made.version);
    assert!(is_conflict(&late.await));
    store.delete_connection(made.key).await.unwrap();
    assert!(is_conflict(&register(&["title"], 2, "o4").await));
}

/// A registration that takes time shows its schema and its operation, lets nothing else begin, and comes into force when it is completed.
pub async fn registrations_take_their_time(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let made = store
        .create_connection(&connection("tickets"), None, None, NOW)
        .await
        .unwrap();
    let (at, none) = (made.key, SchemaVersion(0));
    let first = registration("o1", &["title"]);
    let late = store.begin_registration(at, &first, SchemaVersion(1)).await;
    assert!(is_conflict(&late));
    let begun = store.begin_registration(at, &first, none).await.unwrap();
    assert_eq!(begun.registration.as_deref(), Some(&first));
    assert_eq!((&begun.schema, begun.schema_version), (&None, none));
    assert_eq!(begun.connection.state, ConnectionState::Draft);
    assert_eq!(visibility.connection_at(at), Some(Arc::clone(&begun)));
    let status = async |id: &str| {
        let found = store.operation(at, &OperationId::kept(id)).await.unwrap();
        found.map(|operation| operation.status)
    };
    assert_eq!(status("o1").await, Some(OperationStatus::Inprogress));

    let second = registration("o2", &["title"]);
    assert!(is_conflict(
        &store.begin_registration(at, &second, none).await
    ));
    let done = operation("o2", OperationStatus::Completed);
    let at_once = store.register_schema(at, &second.schema, none, &done).await;
    assert!(is_conflict(&at_once));
    assert_eq!(store.end_registration(at, &done).await.unwrap(), None);
    assert_eq!(status("o2").await, None);
    // The connection itself can be changed meanwhile.
    let updated = store.update_connection(at, &made.connection, made.version);
    assert_eq!(updated.await.unwrap().registration, begun.registration);

    let done = operation("o1", OperationStatus::Completed);
    let ended = store.end_registration(at, &done).await.unwrap().unwrap();
    assert_eq!(ended.registration, None);
    assert_eq!(ended.schema.as_deref(), Some(&schema(&["title"])));
    assert_eq!(ended.schema_version, SchemaVersion(1));
    assert_eq!(ended.connection.state, ConnectionState::Ready);
    assert!(ended.version > made.version);
    assert_eq!(visibility.connection_at(at), Some(ended));
    assert_eq!(status("o1").await, Some(OperationStatus::Completed));
    assert_eq!(store.end_registration(at, &done).await.unwrap(), None);
}

/// What is awaited comes earlier when it is brought forward, and never later.
pub async fn due_moments_brought_forward(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let tickets = connection("tickets");
    let made = store.create_connection(&tickets, None, None, NOW);
    let at = made.await.unwrap().key;
    let first = registration("o1", &["title"]);
    let none = SchemaVersion(0);
    store.begin_registration(at, &first, none).await.unwrap();
    let due = || {
        let kept = visibility.connection_at(at).unwrap();
        let running = kept.registration.as_ref().map(|running| running.due);
        (running, kept.released_at)
    };
    let before = |ticks| DateTime(first.due.0 - ticks);
    for (to, then) in [
        (before(-1), before(0)),
        (before(7), before(7)),
        (before(5), before(7)),
    ] {
        assert!(store.bring_forward(at, to).await.unwrap());
        assert_eq!(due(), (Some(then), None));
    }
    assert!(store.release_connection(at, before(0)).await.unwrap());
    assert!(store.bring_forward(at, before(9)).await.unwrap());
    assert_eq!(due(), (Some(before(9)), Some(before(9))));
    assert!(store.delete_connection(at).await.unwrap());
    assert!(!store.bring_forward(at, before(9)).await.unwrap());
}

/// A connection that is being deleted keeps its id and is found, and takes nothing any more.
pub async fn connections_on_their_way_out(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let world = World::new((store, visibility)).await;
    let (store, at) = (&world.store, world.at);
    let written = world.put("T-1", "Printer", &everyone()).await;
    store.create_group(at, &group("eng")).await.unwrap();
    assert!(store.release_connection(at, NOW).await.unwrap());
    assert!(!store.release_connection(at, DateTime(0)).await.unwrap());
    let kept = world.kept().await.unwrap();
    assert_eq!(kept.released_at, Some(NOW));
    assert_eq!(world.visibility.connection_at(at), Some(kept));
    let same = connection("TICKETS");
    let again = store.create_connection(&same, None, None, NOW);
    assert!(is_conflict(&again.await));
    let expected = Expected::At(written.version);
    let put = world.try_put("T-1", "Scanner", &everyone(), expected).await;
    assert!(is_conflict(&put));
    assert_eq!(world.delete("T-1").await, None);
    assert!(is_conflict(&store.create_group(at, &group("new")).await));
    assert!(!store.update_group(at, &group("eng")).await.unwrap());
    let late = registration("o2", &["title"]);
    let begun = store.begin_registration(at, &late, world.admitted).await;
    assert!(is_conflict(&begun));
    let kept = world.kept().await.unwrap();
    let patched = store.update_connection(at, &kept.connection, kept.version);
    assert!(is_conflict(&patched.await));
    assert_eq!(world.kept().await, Some(kept));
    assert!(!store.purge(10).await.unwrap());

    assert!(store.delete_connection(at).await.unwrap());
    assert!(!store.release_connection(at, NOW).await.unwrap());
    assert_eq!(world.kept().await, None);
    let same = connection("TICKETS");
    let again = store.create_connection(&same, None, None, NOW);
    assert_eq!(again.await.unwrap().released_at, None);
}

/// An operation that failed leaves a draft a draft, and its reason can be read; the next one may begin.
pub async fn failed_operations_keep_their_reason(store: Arc<dyn Store>, _: Arc<Visibility>) {
    let made = store
        .create_connection(&connection("tickets"), None, None, NOW)
        .await
        .unwrap();
    let mut failed = operation("o1", OperationStatus::Failed);
    failed.error = Some(
        PublicError::new(ErrorCode::InvalidRequest, "No.").with_help("schema", "Try another."),
    );
    let (at, none) = (made.key, SchemaVersion(0));
    let first = registration("o1", &["title"]);
    store.begin_registration(at, &first, none).await.unwrap();
    let kept = store.end_registration(at, &failed).await.unwrap().unwrap();
    assert_eq!(kept.connection.state, ConnectionState::Draft);
    assert_eq!((&kept.registration, &kept.schema), (&None, &None));
    assert_eq!((kept.schema_version, kept.version), (none, made.version));
    let second = registration("o2", &["title"]);
    assert!(store.begin_registration(at, &second, none).await.is_ok());
    let read = store.operation(made.key, &failed.id).await.unwrap();
    assert_eq!(read, Some(failed));
}
