//! External groups and who is in them.

#![expect(clippy::unwrap_used, reason = "a suite for tests")]

use std::sync::Arc;

use graph::{AclType, ExternalGroup, GroupId, Identity, IdentityType};

use super::world::{ALICE, BOB, World, deny, everyone, grant, group, is_conflict};
use crate::{membership::Memberships, store::Store, visibility::Visibility};

fn member(kind: IdentityType, id: &str) -> Identity {
    Identity {
        id: id.to_owned(),
        kind,
    }
}

impl World {
    async fn add(&self, group: &str, kind: IdentityType, id: &str) -> Option<bool> {
        let group = GroupId::kept(group);
        let added = self
            .store
            .add_member(self.at, &group, &member(kind, id))
            .await;
        added.unwrap()
    }

    async fn remove(&self, group: &str, id: &str) -> Option<bool> {
        let group = GroupId::kept(group);
        let removed = self.store.remove_member(self.at, &group, id).await;
        removed.unwrap()
    }

    /// The external groups that a user counts as, on this connection.
    fn groups_of(&self, user: &str) -> Vec<String> {
        let folded = self.visibility.fold(user, &Memberships::default());
        let groups = folded.audience.external.get(&self.at);
        groups.into_iter().flatten().cloned().collect()
    }
}

/// A group is made, found with its case, renamed and deleted.
pub async fn groups_are_kept(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let world = World::new((store, visibility)).await;
    let (store, at, eng) = (&world.store, world.at, group("Eng"));
    assert!(!store.update_group(at, &eng).await.unwrap());
    assert!(!store.delete_group(at, &eng.id).await.unwrap());
    store.create_group(at, &eng).await.unwrap();
    assert!(is_conflict(&store.create_group(at, &eng).await));
    store.create_group(at, &group("eng")).await.unwrap();
    assert_eq!(store.group(at, &eng.id).await.unwrap(), Some(eng.clone()));
    let renamed = ExternalGroup {
        display_name: None,
        description: Some("All who build".to_owned()),
        ..eng.clone()
    };
    assert!(store.update_group(at, &renamed).await.unwrap());
    assert_eq!(store.group(at, &eng.id).await.unwrap(), Some(renamed));
    assert!(store.delete_group(at, &eng.id).await.unwrap());
    assert_eq!(store.group(at, &eng.id).await.unwrap(), None);
    assert!(store.group(at, &group("eng").id).await.unwrap().is_some());
}

/// A change of membership holds for the next request, and counts.
pub async fn members_are_live_at_once(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let world = World::new((store, visibility)).await;
    let user = IdentityType::User;
    assert_eq!(world.add("eng", user, ALICE).await, None);
    assert_eq!(world.remove("eng", ALICE).await, None);
    world
        .store
        .create_group(world.at, &group("eng"))
        .await
        .unwrap();
    let acl = [grant(AclType::ExternalGroup, "eng")];
    let written = world.put("T-1", "Printer", &acl).await;
    let denied = [everyone(), vec![deny(AclType::ExternalGroup, "eng")]].concat();
    let closed = world.put("T-2", "Printer", &denied).await;
    assert!(!world.sees_now(ALICE, written) && world.sees_now(ALICE, closed));

    let before = world.visibility.epoch();
    assert_eq!(
        world.add("eng", user, &ALICE.to_ascii_uppercase()).await,
        Some(true)
    );
    let added = world.visibility.epoch();
    assert_ne!(added, before);
    assert!(world.sees_now(ALICE, written) && !world.sees_now(ALICE, closed));
    assert!(!world.sees_now(BOB, written));
    assert_eq!(world.add("eng", user, ALICE).await, Some(false));
    assert_eq!(world.visibility.epoch(), added);

    assert_eq!(world.remove("eng", BOB).await, Some(false));
    assert_eq!(
        world.remove("eng", &ALICE.to_ascii_uppercase()).await,
        Some(true)
    );
    assert_ne!(world.visibility.epoch(), added);
    assert!(!world.sees_now(ALICE, written) && world.sees_now(ALICE, closed));
    assert_eq!(world.remove("eng", ALICE).await, Some(false));
}

/// Groups in groups count; a deleted group lets go of its members.
pub async fn groups_in_groups(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let world = World::new((store, visibility)).await;
    for id in ["inner", "outer", "Inner"] {
        world
            .store
            .create_group(world.at, &group(id))
            .await
            .unwrap();
    }
    world.add("inner", IdentityType::User, ALICE).await;
    world
        .add("outer", IdentityType::ExternalGroup, "inner")
        .await;
    assert_eq!(world.groups_of(ALICE), ["inner", "outer"]);
    // Ids of external groups keep their case.
    assert_eq!(world.remove("outer", "INNER").await, Some(false));
    assert_eq!(
        world
            .add("outer", IdentityType::ExternalGroup, "Inner")
            .await,
        Some(true)
    );
    assert_eq!(world.groups_of(ALICE), ["inner", "outer"]);
    world
        .store
        .delete_group(world.at, &GroupId::kept("inner"))
        .await
        .unwrap();
    assert_eq!(world.groups_of(ALICE), Vec::<String>::new());
    // Made again it has no members, although the outer group still names it.
    world
        .store
        .create_group(world.at, &group("inner"))
        .await
        .unwrap();
    assert_eq!(world.groups_of(ALICE), Vec::<String>::new());
    world.add("inner", IdentityType::User, ALICE).await;
    assert_eq!(world.groups_of(ALICE), ["inner", "outer"]);
}

/// An id names one member, of whatever kind: one of another kind with the same id is refused.
pub async fn one_member_by_id(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    use IdentityType::{ExternalGroup, Group, User};
    let world = World::new((store, visibility)).await;
    let made = world.store.create_group(world.at, &group("eng")).await;
    made.unwrap();
    let eng = GroupId::kept("eng");
    let kinds = [User, Group, ExternalGroup];
    for kind in kinds {
        assert_eq!(world.add("eng", kind, ALICE).await, Some(true));
        for other in kinds.into_iter().filter(|other| *other != kind) {
            let again = member(other, ALICE);
            let refused = world.store.add_member(world.at, &eng, &again).await;
            assert!(is_conflict(&refused));
        }
        assert_eq!(world.add("eng", kind, ALICE).await, Some(false));
        let members = world.store.list_members(world.at, &eng, None, 9).await;
        assert_eq!(members.unwrap(), Some(vec![member(kind, ALICE)]));
        assert_eq!(world.remove("eng", ALICE).await, Some(true));
        assert_eq!(world.groups_of(ALICE), Vec::<String>::new());
        assert_eq!(world.remove("eng", ALICE).await, Some(false));
    }
    // Only users and groups are found without case, and what is called exactly so comes first.
    let shouted = ALICE.to_ascii_uppercase();
    assert_eq!(world.add("eng", User, ALICE).await, Some(true));
    assert_eq!(world.add("eng", ExternalGroup, &shouted).await, Some(true));
    assert_eq!(world.remove("eng", &shouted).await, Some(true));
    assert_eq!(world.groups_of(ALICE), ["eng"]);
    assert_eq!(world.remove("eng", &shouted).await, Some(true));
    assert_eq!(world.groups_of(ALICE), Vec::<String>::new());
}

/// Groups live in their connection.
pub async fn groups_are_the_connections(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let world = World::new((store, visibility)).await;
    let elsewhere = World::named(world.opened(), "parts").await;
    for world in [&world, &elsewhere] {
        world
            .store
            .create_group(world.at, &group("eng"))
            .await
            .unwrap();
    }
    world.add("eng", IdentityType::User, ALICE).await;
    assert_eq!(world.groups_of(ALICE), ["eng"]);
    assert_eq!(elsewhere.groups_of(ALICE), Vec::<String>::new());
    world
        .store
        .delete_group(world.at, &GroupId::kept("eng"))
        .await
        .unwrap();
    let kept = elsewhere
        .store
        .group(elsewhere.at, &GroupId::kept("eng"))
        .await;
    assert!(kept.unwrap().is_some());
}
