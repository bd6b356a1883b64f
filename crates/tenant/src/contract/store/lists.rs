//! Lists: in steps behind a key that never changes, whatever is written in between.

#![expect(clippy::unwrap_used, reason = "a suite for tests")]

use std::sync::Arc;

use graph::{GroupId, Identity, IdentityType, ItemId, OperationId, OperationStatus};

use super::world::{ALICE, BOB, NOW, World, activity, everyone, group, operation, schema};
use crate::{
    kept::{ItemLine, KeptActivity, SchemaVersion},
    store::Store,
    visibility::Visibility,
};

impl World {
    async fn items(&self, after: Option<&str>, limit: u32) -> Vec<ItemLine> {
        let after = after.map(ItemId::kept);
        let listed = self.store.list_items(self.at, after.as_ref(), limit).await;
        listed.unwrap()
    }

    async fn item_ids(&self, after: Option<&str>, limit: u32) -> Vec<String> {
        let lines = self.items(after, limit).await;
        lines.iter().map(|line| line.id.to_string()).collect()
    }

    async fn group_ids(&self, after: Option<&str>, limit: u32) -> Vec<String> {
        let after = after.map(GroupId::kept);
        let listed = self.store.list_groups(self.at, after.as_ref(), limit).await;
        listed.unwrap().iter().map(|g| g.id.to_string()).collect()
    }

    async fn members(
        &self,
        group: &str,
        after: Option<&Identity>,
        limit: u32,
    ) -> Option<Vec<Identity>> {
        let group = GroupId::kept(group);
        let listed = self.store.list_members(self.at, &group, after, limit).await;
        listed.unwrap()
    }

    async fn join(&self, group: &str, members: &[Identity]) {
        for member in members {
            let group = GroupId::kept(group);
            let added = self.store.add_member(self.at, &group, member).await;
            assert_eq!(added.unwrap(), Some(true));
        }
    }

    async fn activities(&self, item: &str, after: u64, limit: u32) -> Option<Vec<KeptActivity>> {
        let id = ItemId::kept(item);
        let listed = self.store.list_activities(self.at, &id, after, limit).await;
        listed.unwrap()
    }

    async fn operation_ids(&self, after: Option<&str>, limit: u32) -> Vec<String> {
        let after = after.map(OperationId::kept);
        let listed = self
            .store
            .list_operations(self.at, after.as_ref(), limit)
            .await;
        listed.unwrap().iter().map(|o| o.id.to_string()).collect()
    }
}

fn member(kind: IdentityType, id: &str) -> Identity {
    Identity {
        id: id.to_owned(),
        kind,
    }
}

/// Items come in the order of their ids' bytes; a step goes on behind an id whether it is still there or not.
pub async fn items_in_steps(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let world = World::new((store, visibility)).await;
    let elsewhere = World::named(world.opened(), "parts").await;
    elsewhere.put("P-1", "Screw", &everyone()).await;
    for id in ["c", "ä", "B", "a"] {
        world.put(id, "Printer", &everyone()).await;
    }
    assert_eq!(world.item_ids(None, 9).await, ["B", "a", "c", "ä"]);
    assert_eq!(world.item_ids(None, 2).await, ["B", "a"]);
    world.delete("a").await;
    world.put("0", "Printer", &everyone()).await;
    let changed = world.put("c", "Scanner", &everyone()).await;
    assert_eq!(world.item_ids(Some("a"), 2).await, ["c", "ä"]);
    assert_eq!(world.item_ids(Some("ä"), 2).await, Vec::<String>::new());
    let line = world.items(Some("a"), 1).await.remove(0);
    assert_eq!((line.ordinal, line.text), (changed.ordinal, changed.text));
}

/// Groups come in the order of their ids' bytes.
pub async fn groups_in_steps(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let world = World::new((store, visibility)).await;
    let elsewhere = World::named(world.opened(), "parts").await;
    for (world, id) in [
        (&world, "b"),
        (&world, "A"),
        (&elsewhere, "aa"),
        (&world, "a"),
    ] {
        let made = world.store.create_group(world.at, &group(id)).await;
        made.unwrap();
    }
    assert_eq!(world.group_ids(None, 9).await, ["A", "a", "b"]);
    assert_eq!(world.group_ids(None, 1).await, ["A"]);
    assert_eq!(world.group_ids(Some("A"), 9).await, ["a", "b"]);
}

/// Members come by id, whatever their kind; those of no group are none.
pub async fn members_in_steps(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    use IdentityType::{ExternalGroup, Group, User};
    let world = World::new((store, visibility)).await;
    assert_eq!(world.members("eng", None, 9).await, None);
    for id in ["eng", "empty"] {
        let made = world.store.create_group(world.at, &group(id)).await;
        made.unwrap();
    }
    assert_eq!(world.members("empty", None, 9).await, Some(vec![]));
    let all = [
        member(Group, ALICE),
        member(User, BOB),
        member(ExternalGroup, "Outer"),
    ];
    let mut shuffled = all.clone();
    shuffled.reverse();
    world.join("eng", &shuffled).await;
    assert_eq!(world.members("eng", None, 9).await, Some(all.to_vec()));
    for at in 1..all.len() {
        let step = world.members("eng", Some(&all[at - 1]), 1).await;
        assert_eq!(step, Some(vec![all[at].clone()]));
    }
}

/// A member is found by its id, without case for users and groups.
pub async fn members_by_id(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    use IdentityType::{ExternalGroup, Group, User};
    let world = World::new((store, visibility)).await;
    let called = async |group: &str, id: &str| {
        let group = GroupId::kept(group);
        let found = world.store.members_called(world.at, &group, id).await;
        found.unwrap()
    };
    assert_eq!(called("eng", ALICE).await, None);
    let made = world.store.create_group(world.at, &group("eng")).await;
    made.unwrap();
    let [one, outer] = [member(User, ALICE), member(ExternalGroup, "Outer")];
    let lower = member(Group, "outer");
    let all = [one.clone(), outer.clone()];
    world.join("eng", &all).await;
    let found = Some(vec![one]);
    assert_eq!(called("eng", &ALICE.to_ascii_uppercase()).await, found);
    assert_eq!(called("eng", "Outer").await, Some(vec![outer.clone()]));
    assert_eq!(called("eng", "outer").await, Some(vec![]));
    world.join("eng", std::slice::from_ref(&lower)).await;
    assert_eq!(called("eng", "outer").await, Some(vec![lower.clone()]));
    assert_eq!(called("eng", "OUTER").await, Some(vec![lower]));
    assert_eq!(called("eng", "Outer").await, Some(vec![outer]));
}

/// Operations come in the order of their ids' bytes.
pub async fn operations_in_steps(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let world = World::new((store, visibility)).await;
    let done = operation("o0", OperationStatus::Completed);
    let registered = world
        .store
        .register_schema(world.at, &schema(&["title"]), world.admitted, &done)
        .await;
    assert_eq!(registered.unwrap().schema_version, SchemaVersion(2));
    assert_eq!(world.operation_ids(None, 9).await, ["o0", "o1"]);
    assert_eq!(world.operation_ids(None, 1).await, ["o0"]);
    assert_eq!(world.operation_ids(Some("o0"), 9).await, ["o1"]);
}

/// Activities come in the order they came; an item made again has none.
pub async fn activities_in_steps(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let world = World::new((store, visibility)).await;
    assert_eq!(world.activities("T-1", 0, 9).await, None);
    let written = world.put("T-1", "Printer", &everyone()).await;
    world.put("T-2", "Printer", &everyone()).await;
    for (item, second) in [("T-1", 3), ("T-2", 2), ("T-1", 1)] {
        let id = ItemId::kept(item);
        let kept = world
            .store
            .add_activities(world.at, &id, &[activity(second)], NOW)
            .await;
        assert!(kept.unwrap());
    }
    let all = world.activities("T-1", 0, 9).await.unwrap();
    let told: Vec<String> = all
        .iter()
        .map(|kept| kept.activity.to_json().to_string())
        .collect();
    assert_eq!(told, [activity(3), activity(1)]);
    assert!(all.iter().all(|kept| kept.item == written.ordinal));
    let first = world.activities("T-1", 0, 1).await.unwrap();
    assert_eq!(first, all[..1]);
    let rest = world.activities("T-1", all[0].position, 9).await.unwrap();
    assert_eq!(rest, all[1..]);
    world.delete("T-1").await;
    assert_eq!(world.activities("T-1", 0, 9).await, None);
    world.put("T-1", "Printer", &everyone()).await;
    assert_eq!(world.activities("T-1", 0, 9).await, Some(vec![]));
}

/// A deleted connection has nothing to list, before it is purged and after.
pub async fn gone_with_the_connection(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let world = World::new((store, visibility)).await;
    world.put("T-1", "Printer", &everyone()).await;
    let made = world.store.create_group(world.at, &group("eng")).await;
    made.unwrap();
    world
        .join("eng", &[member(IdentityType::User, ALICE)])
        .await;
    assert!(world.store.delete_connection(world.at).await.unwrap());
    for _ in 0..2 {
        assert_eq!(world.item_ids(None, 9).await, Vec::<String>::new());
        assert_eq!(world.group_ids(None, 9).await, Vec::<String>::new());
        assert_eq!(world.operation_ids(None, 9).await, Vec::<String>::new());
        assert_eq!(world.members("eng", None, 9).await, None);
        assert_eq!(world.activities("T-1", 0, 9).await, None);
        while world.store.purge(100).await.unwrap() {}
    }
}
