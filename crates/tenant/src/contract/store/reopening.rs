//! What must be the same after the store was closed and opened again. `open` opens the same store with a new, empty picture.

#![expect(clippy::unwrap_used, reason = "a suite for tests")]

use graph::{
    AclType, ConnectionId, ConnectionKey, GroupId, Identity, IdentityType, ItemId, OperationId,
    OperationStatus,
};

use super::{
    accounts::accounts,
    world::{
        ALICE, BOB, NOW, Opened, World, connection, everyone, grant, group, is_conflict, only,
        operation, registration,
    },
};
use crate::{
    kept::{AclId, Expected, SchemaVersion, Text, Ticket},
    profile::Limits,
    store::StoreError,
};

impl World {
    /// The same connection in a store that was opened again. The former store must be closed by now.
    fn again((store, visibility): Opened, former: &Former) -> Self {
        Self {
            store,
            visibility,
            at: former.at,
            admitted: former.admitted,
        }
    }
}

/// What a test remembers of a world while its store is closed.
struct Former {
    at: ConnectionKey,
    admitted: SchemaVersion,
}

impl Former {
    fn of(world: &World) -> Self {
        Self {
            at: world.at,
            admitted: world.admitted,
        }
    }
}

/// Who makes a connection.
const APP: Option<&str> = Some("app");

fn ticket() -> Option<Ticket> {
    Some(Ticket("opaque".to_owned()))
}

fn alice() -> Identity {
    Identity {
        id: ALICE.to_owned(),
        kind: IdentityType::User,
    }
}

/// Everything that was acknowledged is there, for readers and in the picture.
pub async fn everything_is_kept(open: impl Fn() -> Opened) {
    let world = World::new(open()).await;
    let identity = world.store.identity();
    let draft = connection("Drafts");
    let store = &world.store;
    let made = store.create_connection(&draft, APP, ticket(), NOW);
    let made = made.await.unwrap();
    let running = registration("o9", &["title"]);
    let begun = store.begin_registration(made.key, &running, made.schema_version);
    begun.await.unwrap();
    let leaving = connection("Leaving");
    let made = store.create_connection(&leaving, None, None, NOW);
    let made = made.await.unwrap();
    store.release_connection(made.key, NOW).await.unwrap();
    let connections = world.store.connections().await.unwrap();
    let group = group("eng");
    world.store.create_group(world.at, &group).await.unwrap();
    world
        .store
        .add_member(world.at, &group.id, &alice())
        .await
        .unwrap();
    world.store.put_accounts(&accounts()).await.unwrap();
    let acl = [grant(AclType::ExternalGroup, "eng")];
    let one = world.put("T-1", "Printer", &acl).await;
    let two = world.put("T-2", "Scanner", &only(BOB)).await;
    let items = world
        .store
        .items(&[one.ordinal, two.ordinal])
        .await
        .unwrap();
    let lines = world.lines().await;
    let former = Former::of(&world);
    drop(world);

    let world = World::again(open(), &former);
    assert_eq!(world.store.identity(), identity);
    assert_eq!(world.store.connections().await.unwrap(), connections);
    let found = world.store.connection(&ConnectionId::kept("dRAFTS")).await;
    assert_eq!(
        found.unwrap().map(|kept| kept.connection.clone()),
        Some(draft)
    );
    let kept = world.store.group(world.at, &group.id).await.unwrap();
    assert_eq!(kept, Some(group));
    let eng = GroupId::kept("eng");
    let again = world.store.add_member(world.at, &eng, &alice()).await;
    assert_eq!(again.unwrap(), Some(false));
    assert_eq!(*world.store.accounts().await.unwrap(), accounts());
    let kept = world
        .store
        .items(&[one.ordinal, two.ordinal])
        .await
        .unwrap();
    assert_eq!(kept, items);
    assert_eq!(world.lines().await, lines);
    for written in [one, two] {
        let live = world.visibility.live(written.ordinal);
        assert_eq!(live, (written.text, written.acl));
    }
    assert!(world.sees_now(ALICE, one) && !world.sees_now(BOB, one));
    assert!(world.sees_now(BOB, two) && !world.sees_now(ALICE, two));
    let kept = world
        .store
        .operation(world.at, &OperationId::kept("o1"))
        .await;
    let expect = operation("o1", OperationStatus::Completed);
    assert_eq!(kept.unwrap(), Some(expect));
}

/// Numbers are never used twice, even when what had them is long gone.
pub async fn numbers_are_never_used_twice(open: impl Fn() -> Opened) {
    let world = World::new(open()).await;
    let first = world.put("T-1", "Printer", &only(ALICE)).await;
    world.delete("T-1").await;
    world.catch_up().await;
    let last = World::named(world.opened(), "last").await;
    let last_at = last.at;
    last.store.delete_connection(last.at).await.unwrap();
    while last.store.purge(10).await.unwrap() {}
    let former = Former::of(&world);
    drop((world, last));

    let world = World::again(open(), &former);
    let second = world.put("T-1", "Printer", &only(ALICE)).await;
    assert!(second.ordinal > first.ordinal);
    // Nothing named the ACL any more, so it was collected and comes back under another number.
    assert!(second.acl > first.acl);
    let next = World::named(world.opened(), "last").await;
    assert!(next.at > last_at);
    assert!(world.sees_now(ALICE, second) && world.is_nobodys(first));
}

/// An ACL that an item or old words still name keeps its number.
pub async fn acls_in_use_keep_their_numbers(open: impl Fn() -> Opened) {
    let world = World::new(open()).await;
    let first = world.put("T-1", "1", &only(ALICE)).await;
    world.put("T-2", "1", &only(BOB)).await;
    world.catch_up().await;
    let third = world.put("T-1", "2", &everyone()).await;
    let former = Former::of(&world);
    drop(world);

    let world = World::again(open(), &former);
    // Only the old words of T-1 name alice's ACL now.
    assert!(world.sees(ALICE, third, Text(1)) && !world.sees(BOB, third, Text(1)));
    let fourth = world.put("T-3", "1", &only(ALICE)).await;
    assert_eq!(fourth.acl, first.acl);
    assert_eq!(world.put("T-4", "1", &everyone()).await.acl, third.acl);
}

/// Old words are known after a restart as well, the last four of them, and forgotten when done.
pub async fn old_words_are_kept(open: impl Fn() -> Opened) {
    let world = World::new(open()).await;
    let mut last = world.put("T-1", "1", &everyone()).await;
    for title in ["2", "3", "4", "5", "6"] {
        last = world.put("T-1", title, &everyone()).await;
    }
    let gone = world.put("T-2", "1", &everyone()).await;
    world.put("T-2", "2", &everyone()).await;
    world.delete("T-2").await;
    let former = Former::of(&world);
    drop(world);

    let world = World::again(open(), &former);
    let seen = |written| {
        (0..9)
            .filter(|text| world.sees(ALICE, written, Text(*text)))
            .collect::<Vec<u32>>()
    };
    assert_eq!(seen(last), [2, 3, 4, 5, 6]);
    assert_eq!(seen(gone), Vec::<u32>::new());
    world.catch_up().await;
    assert_eq!(seen(last), [6]);
}

/// A purge that was interrupted goes on after a restart; until then nobody sees what is left.
pub async fn purging_goes_on(open: impl Fn() -> Opened) {
    let world = World::new(open()).await;
    let mut all = Vec::new();
    for id in ["a", "b", "c"] {
        all.push(world.put(id, id, &everyone()).await);
    }
    world
        .store
        .create_group(world.at, &group("eng"))
        .await
        .unwrap();
    world.store.delete_connection(world.at).await.unwrap();
    assert!(world.store.purge(1).await.unwrap());
    let former = Former::of(&world);
    drop(world);

    let world = World::again(open(), &former);
    assert_eq!(world.store.connections().await.unwrap(), []);
    assert!(all.iter().all(|item| world.is_nobodys(*item)));
    let id = ItemId::kept("c");
    assert_eq!(world.store.item(world.at, &id).await.unwrap(), None);
    assert!(world.store.purge(1).await.unwrap());
    while world.store.purge(1).await.unwrap() {}
    let lines = world.lines().await;
    assert_eq!(lines.len(), 3);
    assert!(lines.iter().all(|(_, _, gone)| *gone));
    drop(world);

    let world = World::again(open(), &former);
    assert_eq!(world.lines().await, lines);
    assert!(!world.store.purge(1).await.unwrap());
    let put = world.try_put("a", "a", &everyone(), Expected::Absent).await;
    assert!(is_conflict(&put));
    assert!(
        all.iter()
            .all(|item| world.visibility.live(item.ordinal).1 == AclId::NOBODY)
    );
}

/// What there is counts after a restart as before, without what was deleted and is still to be purged.
pub async fn counts_are_found_again(open: impl Fn() -> Opened) {
    let world = World::new(open()).await;
    let (at, eng) = (world.at, group("eng"));
    let gone = World::named(world.opened(), "parts").await;
    for world in [&world, &gone] {
        world.put("a", "Printer", &everyone()).await;
        world.put("b", "Scanner", &everyone()).await;
        world.store.create_group(world.at, &eng).await.unwrap();
        let added = world.store.add_member(world.at, &eng.id, &alice()).await;
        assert_eq!(added.unwrap(), Some(true));
    }
    gone.store.delete_connection(gone.at).await.unwrap();
    let former = Former::of(&world);
    drop((world, gone));

    let world = World::again(open(), &former);
    let store = &world.store;
    assert_eq!(store.count_items(at).await.unwrap(), 2);
    assert_eq!(store.count_all_items().await.unwrap(), 2);
    store.keep_within(Limits {
        items_per_connection: 2,
        items_per_tenant: 2,
        groups: 1,
        group_members: 1,
    });
    let put = world.try_put("c", "c", &everyone(), Expected::Absent).await;
    assert!(matches!(put, Err(StoreError::Full)));
    let made = store.create_group(at, &group("ops")).await;
    assert!(matches!(made, Err(StoreError::Full)));
    let bob = Identity {
        id: BOB.to_owned(),
        ..alice()
    };
    let added = store.add_member(at, &eng.id, &bob).await;
    assert!(matches!(added, Err(StoreError::Full)));
}
