//! A row that is committed but not published yet belongs to a later moment than the live picture: leaving a group, and the opening of an item to that group, in
//! one commit, can't be combined into an item that the user saw.

#![expect(clippy::unwrap_used, reason = "tests")]

mod world;

use std::{sync::Arc, time::Duration};

use graph::{AccessType, Acl, AclType, ExternalItem, GroupId, Identity, IdentityType, ItemId};
use tenant::{
    items,
    kept::{Expected, KeptConnection, Written},
    tasks,
    visibility::Held,
};

use crate::world::World;

fn user(name: &str) -> Identity {
    Identity {
        id: name.to_owned(),
        kind: IdentityType::User,
    }
}

fn item(open_to: &[&str]) -> ExternalItem {
    let acl = open_to.iter().map(|group| Acl {
        kind: AclType::ExternalGroup,
        value: (*group).to_owned(),
        access: AccessType::Grant,
    });
    ExternalItem {
        id: ItemId::kept("i0"),
        acl: acl.collect(),
        properties: vec![(
            "title".to_owned(),
            graph::Value::String("common".to_owned()),
        )],
        content: None,
        sensitivity_label_id: None,
    }
}

/// Keeps the writer busy while `work` is sent, so that all of it shares the next commit, and holds that commit's publication back.
async fn in_one_commit<F>(world: &Arc<World>, kept: &KeptConnection, work: F) -> Held
where
    F: Future<Output = ()> + Send + 'static,
{
    let busy = world.tenant.visibility.hold().await;
    let (distracted, at) = (Arc::clone(world), kept.key);
    let distracting = tasks::spawn("distraction", async move {
        let store = &distracted.tenant.store;
        let group = GroupId::kept("g0");
        store.add_member(at, &group, &user("bob")).await.unwrap()
    });
    let waits = || {
        let hold = world.tenant.visibility.hold();
        tokio::time::timeout(Duration::from_millis(20), hold)
    };
    while waits().await.is_ok() {}
    let next = Arc::clone(world);
    let next = tasks::spawn("next", async move { next.tenant.visibility.hold().await });
    tasks::spawn("work", work);
    tokio::time::sleep(Duration::from_millis(200)).await;
    drop(busy);
    assert_eq!(distracting.await.unwrap(), Some(true));
    next.await.unwrap()
}

async fn committed(world: &World, before: Written) {
    let store = &world.tenant.store;
    while store.items(&[before.ordinal]).await.unwrap()[0].version == before.version {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn sees(world: &World) -> bool {
    let alice = world::signed_in("alice");
    items::get_item(&world.tenant, &alice, "moments", "i0")
        .await
        .is_ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_committed_row_counts_only_once_it_is_published() {
    let world = Arc::new(World::new().await);
    world.directory(&["alice", "bob"], &[]).await;
    world.connection("moments", world::titles()).await;
    world.group("moments", "g0", &[user("alice")]).await;
    let kept = world.tenant.visibility.connections()[0].clone();
    let written = world
        .tenant
        .store
        .put_item(kept.key, &item(&[]), kept.schema_version, Expected::Absent)
        .await
        .unwrap();
    let (moved, at) = (Arc::clone(&world), Arc::clone(&kept));
    let held = in_one_commit(&world, &kept, async move {
        let (store, group, opened) = (&moved.tenant.store, GroupId::kept("g0"), item(&["g0"]));
        let expected = Expected::At(written.version);
        let (left, put) = tokio::join!(
            store.remove_member(at.key, &group, "alice"),
            store.put_item(at.key, &opened, at.schema_version, expected),
        );
        assert_eq!(left.unwrap(), Some(true));
        put.unwrap();
    })
    .await;
    let together = tokio::time::timeout(Duration::from_secs(5), committed(&world, written)).await;
    assert!(
        !sees(&world).await,
        "alice left the group before the item was opened to it"
    );
    drop(held);
    assert!(
        together.is_ok(),
        "both changes share a commit, or this test says nothing"
    );
    assert!(!sees(&world).await);
}
