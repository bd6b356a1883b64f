//! What a deleted connection held is removed in small steps.

#![expect(clippy::unwrap_used, reason = "a suite for tests")]

use std::sync::Arc;

use graph::{GroupId, Identity, IdentityType};

use super::world::{ALICE, World, everyone, group, only};
use crate::{kept::AclId, membership::Memberships, store::Store, visibility::Visibility};

/// There is nothing to do while nothing was deleted.
pub async fn nothing_to_do(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    assert!(!store.purge(10).await.unwrap());
    let world = World::new((store, visibility)).await;
    world.put("T-1", "Printer", &everyone()).await;
    assert!(!world.store.purge(10).await.unwrap());
    assert!(world.item("T-1").await.is_some());
}

/// Every step removes so many items at most, closes them and tells the index; other connections are not touched.
pub async fn in_small_steps(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let world = World::new((store, visibility)).await;
    let elsewhere = World::named(world.opened(), "parts").await;
    let stays = elsewhere.put("P-1", "Wheel", &everyone()).await;
    let mut all = Vec::new();
    for id in ["a", "b", "c", "d", "e"] {
        all.push(world.put(id, id, &only(ALICE)).await);
    }
    world.catch_up().await;
    world.store.delete_connection(world.at).await.unwrap();
    let closed = || all.iter().filter(|item| world.is_nobodys(**item)).count();
    assert!(world.store.purge(0).await.unwrap());
    assert_eq!((closed(), world.lines().await.len()), (0, 0));
    assert!(world.store.purge(2).await.unwrap());
    assert_eq!((closed(), world.lines().await.len()), (2, 2));
    assert!(world.store.purge(2).await.unwrap());
    let mut more = true;
    for _ in 0..3 {
        more = world.store.purge(2).await.unwrap();
    }
    assert!(!more);
    assert_eq!(closed(), 5);
    let lines = world.lines().await;
    assert_eq!(lines.len(), 5);
    assert!(
        lines
            .iter()
            .all(|(_, version, gone)| *gone && *version == 2)
    );
    assert!(elsewhere.sees_now(ALICE, stays));
    assert!(elsewhere.item("P-1").await.is_some());
}

/// Groups and members go as well; the next connection of that name starts without them.
pub async fn groups_go_as_well(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let world = World::new((store, visibility)).await;
    let eng = GroupId::kept("eng");
    let alice = Identity {
        id: ALICE.to_owned(),
        kind: IdentityType::User,
    };
    world
        .store
        .create_group(world.at, &group("eng"))
        .await
        .unwrap();
    world
        .store
        .add_member(world.at, &eng, &alice)
        .await
        .unwrap();
    world.put("T-1", "Printer", &everyone()).await;
    world.store.delete_connection(world.at).await.unwrap();
    let new = World::new(world.opened()).await;
    let fresh = new.put("T-1", "Printer", &everyone()).await;
    while world.store.purge(10).await.unwrap() {}
    let folded = world.visibility.fold(ALICE, &Memberships::default());
    assert!(folded.audience.external.is_empty());
    assert_eq!(new.store.group(new.at, &eng).await.unwrap(), None);
    assert!(new.sees_now(ALICE, fresh));
    assert_eq!(new.kept().await.map(|kept| kept.key), Some(new.at));
}

/// Several deleted connections are purged one after the other.
pub async fn one_after_the_other(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let mut all = Vec::new();
    for id in ["one", "two", "three"] {
        let opened = (Arc::clone(&store), Arc::clone(&visibility));
        let world = World::named(opened, id).await;
        for id in ["a", "b", "c"] {
            all.push(world.put(id, id, &everyone()).await);
        }
        store.delete_connection(world.at).await.unwrap();
    }
    let mut rounds = 0;
    while store.purge(2).await.unwrap() {
        rounds += 1;
        assert!(rounds < 20);
    }
    assert!(rounds >= 4);
    for item in all {
        assert_eq!(visibility.live(item.ordinal).1, AclId::NOBODY);
    }
}
