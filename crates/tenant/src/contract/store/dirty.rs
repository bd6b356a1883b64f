//! The to-do list for the index.

#![expect(clippy::unwrap_used, reason = "a suite for tests")]

use std::sync::Arc;

use graph::{OperationStatus, Value};

use super::world::{BYTES, World, everyone, only, operation, schema};
use crate::{kept::Ordinal, store::Store, visibility::Visibility};

/// Lines come in the order in which their items first became dirty, with the current rows, and stay until they are done.
pub async fn oldest_first_with_current_rows(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let world = World::new((store, visibility)).await;
    let a = world.put("a", "1", &everyone()).await;
    let b = world.put("b", "1", &everyone()).await;
    let c = world.put("c", "1", &everyone()).await;
    world.delete("b").await;
    world.put("a", "2", &everyone()).await;
    let lines = [
        (a.ordinal.0, 2, false),
        (b.ordinal.0, 2, true),
        (c.ordinal.0, 1, false),
    ];
    assert_eq!(world.lines().await, lines);
    assert_eq!(world.lines().await, lines);
    let claim = world.store.claim_dirty(1, BYTES).await.unwrap();
    let [line] = claim.lines.as_slice() else {
        unreachable!("one line was asked for")
    };
    let kept = line.item.as_ref().unwrap();
    assert_eq!(kept.item.properties[0].1, Value::String("2".to_owned()));
    assert_eq!(
        (line.text, Some(kept)),
        (kept.text, world.item("a").await.as_ref())
    );
    world.store.done(&claim).await.unwrap();
    assert_eq!(world.lines().await, lines[1..]);
    // Dirty once more, the item stands at the end.
    world.put("a", "3", &everyone()).await;
    assert_eq!(
        world.lines().await,
        [lines[1], lines[2], (a.ordinal.0, 3, false)]
    );
}

/// A claim is bounded by lines and by bytes, but never empty while there is a line.
pub async fn claims_are_bounded(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let world = World::new((store, visibility)).await;
    let long = "x".repeat(10_000);
    for id in ["a", "b", "c", "d"] {
        world.put(id, &long, &everyone()).await;
    }
    let check = async |limit, bytes, expect| {
        let claim = world.store.claim_dirty(limit, bytes).await.unwrap();
        assert_eq!(claim.lines.len(), expect, "{limit} {bytes}");
        assert_eq!(claim.is_all, expect == 4, "{limit} {bytes}");
    };
    check(0, BYTES, 0).await;
    check(3, BYTES, 3).await;
    check(10, BYTES, 4).await;
    check(10, 25_000, 2).await;
    check(10, 1, 1).await;
    check(10, 0, 1).await;
}

/// Done forgets a line only if nothing newer came.
pub async fn done_spares_what_is_newer(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let world = World::new((store, visibility)).await;
    let a = world.put("a", "1", &everyone()).await;
    let b = world.put("b", "1", &everyone()).await;
    world.put("c", "1", &everyone()).await;
    let claim = world.store.claim_dirty(10, BYTES).await.unwrap();
    world.put("a", "2", &everyone()).await;
    world.delete("b").await;
    world.store.done(&claim).await.unwrap();
    let lines = [(a.ordinal.0, 2, false), (b.ordinal.0, 2, true)];
    assert_eq!(world.lines().await, lines);
    // Told once more, an old claim changes nothing.
    world.store.done(&claim).await.unwrap();
    assert_eq!(world.lines().await, lines);
    world.catch_up().await;
    world.store.done(&claim).await.unwrap();
    assert_eq!(world.lines().await, []);
}

/// For a rebuild every item gets a line, and keeps the one it has.
pub async fn all_can_be_marked(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let world = World::new((store, visibility)).await;
    let a = world.put("a", "1", &everyone()).await;
    let b = world.put("b", "1", &everyone()).await;
    world.put("b", "1", &only("bob")).await;
    let c = world.put("c", "1", &everyone()).await;
    world.catch_up().await;
    world.delete("c").await;
    let c = (c.ordinal.0, 2, true);
    world.store.mark_all_dirty().await.unwrap();
    let lines = world.lines().await;
    assert_eq!(lines, [c, (a.ordinal.0, 1, false), (b.ordinal.0, 2, false)]);
    world.store.mark_all_dirty().await.unwrap();
    assert_eq!(world.lines().await, lines);
    let claim = world.store.claim_dirty(10, BYTES).await.unwrap();
    let texts: Vec<(Ordinal, u32)> = claim
        .lines
        .iter()
        .map(|line| (line.ordinal, line.text.0))
        .collect();
    assert_eq!(texts[1..], [(a.ordinal, 1), (b.ordinal, 1)]);
    world.catch_up().await;
}

/// What belongs to a deleted connection is claimed as gone, before and after it is purged.
pub async fn deleted_connections_are_claimed_as_gone(
    store: Arc<dyn Store>,
    visibility: Arc<Visibility>,
) {
    let world = World::new((store, visibility)).await;
    let a = world.put("a", "1", &everyone()).await;
    world.store.delete_connection(world.at).await.unwrap();
    assert_eq!(world.lines().await, [(a.ordinal.0, 1, true)]);
    world.catch_up().await;
    world.store.mark_all_dirty().await.unwrap();
    assert_eq!(world.lines().await, []);
    assert!(!world.store.purge(10).await.unwrap());
    assert_eq!(world.lines().await, [(a.ordinal.0, 2, true)]);
    world.catch_up().await;
}

/// Registering a schema leaves lines alone: what has to be indexed anew is the tenant's to say.
pub async fn schemas_leave_lines_alone(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let world = World::new((store, visibility)).await;
    world.put("a", "1", &everyone()).await;
    world.catch_up().await;
    let done = operation("o2", OperationStatus::Completed);
    world
        .store
        .register_schema(world.at, &schema(&["title", "body"]), world.admitted, &done)
        .await
        .unwrap();
    assert_eq!(world.lines().await, []);
}
