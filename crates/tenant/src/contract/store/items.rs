//! Items: what a write expects, what it leaves, and who sees it from then on.

#![expect(clippy::unwrap_used, reason = "a suite for tests")]

use std::{collections::BTreeSet, sync::Arc};

use graph::{AclType, ContentType, ExternalItemContent, ItemId, OperationStatus, Value};

use super::world::{
    ALICE, BOB, NOW, World, activity, at, deny, everyone, grant, is_conflict, item, only,
    operation, schema,
};
use crate::{
    kept::{AclId, Expected, Ordinal, Text, Version},
    store::Store,
    tasks,
    visibility::Visibility,
};

/// What was written is read, with its numbers.
pub async fn writes_are_read(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let world = World::new((store, visibility)).await;
    let mut item = item("T-1", "Printer", &everyone());
    item.properties.push(("count".to_owned(), Value::Int64(-7)));
    item.content = Some(ExternalItemContent {
        kind: ContentType::Text,
        value: Some("Toner is \u{1f5a8} \"empty\"\n".to_owned()),
    });
    item.sensitivity_label_id = Some("label".to_owned());
    let written = world
        .store
        .put_item(world.at, &item, world.admitted, Expected::Absent)
        .await
        .unwrap();
    assert_eq!((written.version, written.text), (Version(1), Text(1)));
    assert_ne!(written.acl, AclId::NOBODY);
    let kept = world.item("T-1").await.unwrap();
    assert_eq!(kept.item, item);
    assert_eq!((kept.at, kept.ordinal), (world.at, written.ordinal));
    assert_eq!((kept.version, kept.text), (written.version, written.text));
    assert_eq!(kept.acl, written.acl);
    // An item's id is compared with its case.
    assert_eq!(world.item("t-1").await, None);
    assert_eq!(
        world.put("t-1", "Other", &everyone()).await.version,
        Version(1)
    );
}

/// A write that expects something else than what is there changes nothing.
pub async fn writes_expect(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let world = World::new((store, visibility)).await;
    let put = |title, expected| {
        let world = &world;
        async move { world.try_put("T-1", title, &everyone(), expected).await }
    };
    assert!(is_conflict(&put("none", at(1)).await));
    assert_eq!(world.lines().await, []);
    let first = put("one", Expected::Absent).await.unwrap();
    let before = world.item("T-1").await;
    let lines = world.lines().await;
    for expected in [Expected::Absent, at(2), at(0)] {
        assert!(is_conflict(&put("none", expected).await));
    }
    assert_eq!(world.item("T-1").await, before);
    assert_eq!(world.lines().await, lines);
    assert_eq!(
        world.visibility.live(first.ordinal),
        (first.text, first.acl)
    );
    let second = put("two", at(1)).await.unwrap();
    assert_eq!(
        (second.ordinal, second.version),
        (first.ordinal, Version(2))
    );
    assert!(is_conflict(&put("none", at(1)).await));
}

/// An item admitted under another version of the schema is not written.
pub async fn writes_expect_a_schema(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let mut world = World::new((store, visibility)).await;
    let first = world.put("T-1", "Printer", &everyone()).await;
    world.catch_up().await;
    let done = operation("o2", OperationStatus::Completed);
    let kept = world
        .store
        .register_schema(world.at, &schema(&["title", "body"]), world.admitted, &done)
        .await
        .unwrap();
    let late = world.try_put("T-1", "Scanner", &everyone(), at(1)).await;
    assert!(is_conflict(&late));
    let late = world
        .try_put("T-2", "Scanner", &everyone(), Expected::Absent)
        .await;
    assert!(is_conflict(&late));
    world.admitted = kept.schema_version;
    // The same words under another schema may have to be indexed otherwise.
    let second = world.put("T-1", "Printer", &everyone()).await;
    assert_eq!((second.ordinal, second.text), (first.ordinal, Text(2)));
    assert_eq!(world.lines().await, [(first.ordinal.0, 2, false)]);
}

/// A write that changes the ACL alone holds for the next request and gives the index nothing to do.
pub async fn acl_only_writes_are_live_at_once(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let world = World::new((store, visibility)).await;
    let first = world.put("T-1", "Printer", &everyone()).await;
    assert!(world.sees_now(ALICE, first) && world.sees_now(BOB, first));
    world.catch_up().await;
    let second = world.put("T-1", "Printer", &only(ALICE)).await;
    assert_eq!((second.version, second.text), (Version(2), Text(1)));
    assert_ne!(second.acl, first.acl);
    assert!(world.sees(ALICE, second, Text(1)));
    assert!(!world.sees(BOB, second, Text(1)));
    assert_eq!(world.lines().await, []);
    assert_eq!(world.item("T-1").await.unwrap().item.acl, only(ALICE));
    let third = world.put("T-1", "Printer", &[]).await;
    assert_eq!((third.version, third.text), (Version(3), Text(1)));
    assert!(!world.sees(ALICE, third, Text(1)));
    let fourth = world.put("T-1", "Printer", &everyone()).await;
    assert_eq!(fourth.acl, first.acl);
    assert!(world.sees(BOB, fourth, Text(1)));
    assert_eq!(world.lines().await, []);
}

/// An ACL-only write on an item that the index has still to take over does not make the line newer.
pub async fn acl_only_writes_leave_lines_alone(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let world = World::new((store, visibility)).await;
    let first = world.put("T-1", "Printer", &everyone()).await;
    let claim = world.store.claim_dirty(10, 1000).await.unwrap();
    world.put("T-1", "Printer", &only(ALICE)).await;
    assert_eq!(world.lines().await, [(first.ordinal.0, 1, false)]);
    world.store.done(&claim).await.unwrap();
    assert_eq!(world.lines().await, []);
}

/// Lists of one meaning share a number within a connection; the entries come back as they were sent.
pub async fn equal_acls_share_a_number(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let world = World::new((store, visibility)).await;
    let one = [grant(AclType::User, ALICE), deny(AclType::User, BOB)];
    let upper = ALICE.to_ascii_uppercase();
    let other = [
        deny(AclType::User, BOB),
        grant(AclType::User, &upper),
        deny(AclType::User, BOB),
    ];
    let first = world.put("T-1", "Printer", &one).await;
    let second = world.put("T-2", "Printer", &other).await;
    assert_eq!(first.acl, second.acl);
    assert!(world.sees_now(ALICE, second) && !world.sees_now(BOB, second));
    assert_eq!(world.item("T-2").await.unwrap().item.acl, other);
    let third = world.put("T-3", "Printer", &one[..1]).await;
    assert_ne!(third.acl, first.acl);
    // The same entries sent otherwise are kept as sent.
    world.put("T-1", "Printer", &other).await;
    assert_eq!(world.item("T-1").await.unwrap().item.acl, other);

    let elsewhere = World::named(world.opened(), "parts").await;
    let fourth = elsewhere.put("T-1", "Printer", &one).await;
    assert_ne!(fourth.acl, first.acl);
    assert!(elsewhere.sees_now(ALICE, fourth) && !world.sees_now(ALICE, fourth));
}

/// An empty list is an ACL like any other and admits nobody.
pub async fn empty_lists_admit_nobody(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let world = World::new((store, visibility)).await;
    let written = world.put("T-1", "Printer", &[]).await;
    assert_ne!(written.acl, AclId::NOBODY);
    assert!(!world.sees_now(ALICE, written));
    assert_eq!(world.item("T-1").await.unwrap().item.acl, []);
}

/// A deleted item is nobody's at once; created again it is another item.
pub async fn deleted_items_come_back_as_others(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let world = World::new((store, visibility)).await;
    let first = world.put("T-1", "Printer", &everyone()).await;
    let gone = world.delete("T-1").await.unwrap();
    assert_eq!((gone.ordinal, gone.version), (first.ordinal, Version(2)));
    assert_eq!(gone.acl, AclId::NOBODY);
    assert!(world.is_nobodys(first));
    assert!(!world.sees(ALICE, first, first.text) && !world.sees_now(ALICE, gone));
    assert_eq!(world.item("T-1").await, None);
    assert_eq!(world.delete("T-1").await, None);
    assert_eq!(world.store.items(&[first.ordinal]).await.unwrap(), []);
    assert!(is_conflict(
        &world.try_put("T-1", "Printer", &everyone(), at(2)).await
    ));
    let second = world.put("T-1", "Printer", &everyone()).await;
    assert!(second.ordinal > first.ordinal);
    assert_eq!((second.version, second.text), (Version(1), Text(1)));
    assert!(world.is_nobodys(first) && world.sees_now(ALICE, second));
    let lines = [(first.ordinal.0, 2, true), (second.ordinal.0, 1, false)];
    assert_eq!(world.lines().await, lines);
}

/// Items are found by number, those that do not exist are left out; they are counted per connection.
pub async fn found_by_number_and_counted(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let world = World::new((store, visibility)).await;
    let elsewhere = World::named(world.opened(), "parts").await;
    let mut ordinals = BTreeSet::new();
    for id in ["a", "b", "c"] {
        ordinals.insert(world.put(id, id, &everyone()).await.ordinal);
    }
    ordinals.insert(elsewhere.put("d", "d", &everyone()).await.ordinal);
    let mut asked: Vec<Ordinal> = ordinals.iter().copied().rev().collect();
    asked.extend([Ordinal(1 << 40), Ordinal(u64::MAX)]);
    let items = world.store.items(&asked).await.unwrap();
    let found: BTreeSet<Ordinal> = items.iter().map(|kept| kept.ordinal).collect();
    assert_eq!((found, items.len()), (ordinals, 4));
    assert!(items.iter().all(|kept| {
        let id = kept.item.id.as_str();
        (kept.at == elsewhere.at) == (id == "d")
    }));
    world.delete("b").await;
    assert_eq!(world.store.count_items(world.at).await.unwrap(), 2);
    assert_eq!(world.store.count_items(elsewhere.at).await.unwrap(), 1);
    assert_eq!(world.store.items(&asked).await.unwrap().len(), 3);
}

/// Activities are kept with an item, without giving the index anything to do.
pub async fn activities_need_an_item(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let world = World::new((store, visibility)).await;
    world.put("T-1", "Printer", &everyone()).await;
    world.catch_up().await;
    let before = world.item("T-1").await;
    let activities = [activity(1)];
    for (id, expect) in [("T-1", true), ("T-1", true), ("T-2", false)] {
        let id = ItemId::kept(id);
        let kept = world
            .store
            .add_activities(world.at, &id, &activities, NOW)
            .await;
        assert_eq!(kept.unwrap(), expect);
    }
    assert_eq!(world.item("T-1").await, before);
    assert_eq!(world.lines().await, []);
}

/// Many writers at once: every item has its own number, and of two that expect the same one wins.
pub async fn writers_at_once(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let world = Arc::new(World::new((store, visibility)).await);
    let mut writers = Vec::new();
    for n in 0..300 {
        let world = Arc::clone(&world);
        // Every item is written twice, by two tasks.
        writers.push(tasks::spawn("writer", async move {
            let (id, user) = (format!("T-{}", n / 2), format!("user{}", n % 7));
            let (title, acl) = (format!("{n}"), only(&user));
            let put = world.try_put(&id, &title, &acl, Expected::Absent).await;
            (n, user, put)
        }));
    }
    let mut won = Vec::new();
    let mut ordinals = BTreeSet::new();
    for writer in writers {
        let (n, user, answer) = writer.await.unwrap();
        if is_conflict(&answer) {
            continue;
        }
        let written = answer.unwrap();
        assert!(world.sees_now(&user, written));
        ordinals.insert(written.ordinal);
        won.push((n, written));
    }
    assert_eq!((won.len(), ordinals.len()), (150, 150));
    for (n, written) in won {
        let kept = world.item(&format!("T-{}", n / 2)).await.unwrap();
        assert_eq!(kept.ordinal, written.ordinal);
        assert_eq!(kept.item.properties[0].1, Value::String(format!("{n}")));
    }
    assert_eq!(world.lines().await.len(), 150);
}
