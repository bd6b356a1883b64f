//! How much there is, and how much there may be.

#![expect(clippy::unwrap_used, reason = "a suite for tests")]

use std::sync::Arc;

use graph::{Identity, IdentityType};
use tokio::task::JoinSet;

use super::world::{ALICE, BOB, CAROL, World, everyone, group};
use crate::{
    kept::Expected,
    profile::Limits,
    store::{Store, StoreError},
    visibility::Visibility,
};

fn user(id: &str) -> Identity {
    Identity {
        id: id.to_owned(),
        kind: IdentityType::User,
    }
}

fn is_full<T>(outcome: &Result<T, StoreError>) -> bool {
    matches!(outcome, Err(StoreError::Full))
}

impl World {
    /// Items of this connection and of all.
    async fn counts(&self) -> (u64, u64) {
        let own = self.store.count_items(self.at).await.unwrap();
        (own, self.store.count_all_items().await.unwrap())
    }

    async fn try_new(&self, id: &str) -> Result<(), StoreError> {
        self.try_put(id, "Printer", &everyone(), Expected::Absent)
            .await
            .map(drop)
    }
}

/// New items count up, deleted ones down, everything else not at all.
pub async fn items_are_counted(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let one = World::new((store, visibility)).await;
    assert_eq!(one.counts().await, (0, 0));
    let two = World::named(one.opened(), "parts").await;
    for id in ["a", "b", "c"] {
        one.put(id, "Printer", &everyone()).await;
    }
    two.put("a", "Wheel", &everyone()).await;
    assert_eq!((one.counts().await, two.counts().await), ((3, 4), (1, 4)));
    one.put("a", "Scanner", &everyone()).await;
    assert!(one.try_new("a").await.is_err());
    assert_eq!(one.counts().await, (3, 4));
    assert!(one.delete("a").await.is_some());
    assert!(one.delete("a").await.is_none());
    assert_eq!((one.counts().await, two.counts().await), ((2, 3), (1, 3)));

    one.store.delete_connection(one.at).await.unwrap();
    assert_eq!((one.counts().await, two.counts().await), ((0, 1), (1, 1)));
    while one.store.purge(1).await.unwrap() {}
    assert_eq!((one.counts().await, two.counts().await), ((0, 1), (1, 1)));
}

/// A new item beyond the limit of its connection is refused, and leaves nothing behind; an item that is there can be written.
pub async fn items_of_a_connection_are_limited(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let world = World::new((store, visibility)).await;
    world.store.keep_within(Limits {
        items_per_connection: 2,
        ..Limits::NONE
    });
    for id in ["a", "b"] {
        world.try_new(id).await.unwrap();
    }
    let lines = world.lines().await;
    assert!(is_full(&world.try_new("c").await));
    assert_eq!(world.item("c").await, None);
    assert_eq!((world.counts().await, world.lines().await), ((2, 2), lines));
    world.put("a", "Scanner", &everyone()).await;
    world.delete("b").await;
    world.try_new("c").await.unwrap();
    assert!(is_full(&world.try_new("b").await));
    let other = World::named(world.opened(), "parts").await;
    other.try_new("a").await.unwrap();
    // A limit below what there is removes nothing.
    world.store.keep_within(Limits {
        items_per_connection: 0,
        ..Limits::NONE
    });
    assert_eq!(world.counts().await, (2, 3));
    world.store.keep_within(Limits::NONE);
    world.try_new("b").await.unwrap();
}

/// All connections together are limited; what was deleted with its connection makes room at once.
pub async fn items_of_a_tenant_are_limited(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let one = World::new((store, visibility)).await;
    let two = World::named(one.opened(), "parts").await;
    one.store.keep_within(Limits {
        items_per_tenant: 2,
        ..Limits::NONE
    });
    one.try_new("a").await.unwrap();
    two.try_new("a").await.unwrap();
    assert!(is_full(&one.try_new("b").await) && is_full(&two.try_new("b").await));
    one.store.delete_connection(one.at).await.unwrap();
    two.try_new("b").await.unwrap();
    assert!(is_full(&two.try_new("c").await));
}

/// Writers at once are never more than there is room for, and never fewer.
pub async fn a_limit_holds_for_writers_at_once(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let world = Arc::new(World::new((store, visibility)).await);
    world.store.keep_within(Limits {
        items_per_connection: 10,
        ..Limits::NONE
    });
    let mut writers = JoinSet::new();
    for n in 0..40 {
        let world = Arc::clone(&world);
        writers.spawn(async move { world.try_new(&n.to_string()).await });
    }
    let outcomes = writers.join_all().await;
    let full = outcomes.iter().filter(|outcome| is_full(outcome)).count();
    assert_eq!((full, world.counts().await), (30, (10, 10)));
    assert_eq!(world.lines().await.len(), 10);
}

/// Groups of all connections are limited.
pub async fn groups_are_limited(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let one = World::new((store, visibility)).await;
    let two = World::named(one.opened(), "parts").await;
    let store = &one.store;
    store.keep_within(Limits {
        groups: 2,
        ..Limits::NONE
    });
    store.create_group(one.at, &group("eng")).await.unwrap();
    store.create_group(two.at, &group("eng")).await.unwrap();
    assert!(is_full(&store.create_group(one.at, &group("ops")).await));
    let eng = group("eng");
    assert!(store.delete_group(one.at, &eng.id).await.unwrap());
    assert!(!store.delete_group(one.at, &eng.id).await.unwrap());
    store.create_group(one.at, &group("ops")).await.unwrap();
    assert!(is_full(&store.create_group(one.at, &eng).await));
    store.delete_connection(two.at).await.unwrap();
    store.create_group(one.at, &eng).await.unwrap();
    while store.purge(10).await.unwrap() {}
    assert!(is_full(&store.create_group(one.at, &group("new")).await));
}

/// Members of each group are limited; one who is a member already takes no room, and a new group of an old name begins empty.
pub async fn members_are_limited(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let world = World::new((store, visibility)).await;
    let (store, at, eng) = (&world.store, world.at, group("eng"));
    store.keep_within(Limits {
        group_members: 2,
        ..Limits::NONE
    });
    store.create_group(at, &eng).await.unwrap();
    store.create_group(at, &group("ops")).await.unwrap();
    let add = |id| {
        let (member, group) = (user(id), eng.id.clone());
        async move { store.add_member(at, &group, &member).await }
    };
    for id in [ALICE, BOB] {
        assert_eq!(add(id).await.unwrap(), Some(true));
    }
    assert!(is_full(&add(CAROL).await));
    assert_eq!(add(ALICE).await.unwrap(), Some(false));
    let ops = group("ops").id;
    let elsewhere = store.add_member(at, &ops, &user(CAROL)).await;
    assert_eq!(elsewhere.unwrap(), Some(true));
    let removed = store.remove_member(at, &eng.id, ALICE).await;
    assert_eq!(removed.unwrap(), Some(true));
    assert_eq!(add(CAROL).await.unwrap(), Some(true));
    assert!(is_full(&add(ALICE).await));
    store.delete_group(at, &eng.id).await.unwrap();
    store.create_group(at, &eng).await.unwrap();
    for id in [ALICE, BOB] {
        assert_eq!(add(id).await.unwrap(), Some(true));
    }
    assert!(is_full(&add(CAROL).await));
}
