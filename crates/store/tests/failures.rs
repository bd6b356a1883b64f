//! What goes wrong is told, named, and spoils nothing else.

#![expect(clippy::unwrap_used, reason = "tests")]

mod nouns;

use std::{path::Path, sync::Arc, time::Duration};

use graph::{ConnectionKey, ItemId};
use rusqlite::Connection;
use tenant::{
    kept::{Expected, SchemaVersion, Version, Written},
    store::{Store, StoreError},
    visibility::Visibility,
};
use tokio::{task::JoinSet, time::timeout};

use self::nouns::{item, ready, sees};

/// A store with one ready connection.
struct World {
    store: Arc<dyn Store>,
    visibility: Arc<Visibility>,
    at: ConnectionKey,
}

impl World {
    async fn new(directory: &Path) -> Self {
        let visibility = Visibility::new();
        let store = store::open(directory, Arc::clone(&visibility)).unwrap();
        let at = ready(&*store, "tickets").await.unwrap().key;
        Self {
            store,
            visibility,
            at,
        }
    }

    async fn put(&self, id: &str, title: &str, expected: Expected) -> Result<Written, StoreError> {
        let item = item(id, title, title);
        self.store
            .put_item(self.at, &item, SchemaVersion(1), expected)
            .await
    }

    async fn title(&self, id: &str) -> Option<String> {
        let item = self.store.item(self.at, &ItemId::kept(id)).await.unwrap();
        item.map(|kept| kept.item.acl[0].value.clone())
    }
}

/// The file, from outside.
fn outside(directory: &Path) -> Connection {
    Connection::open(directory.join("store.sqlite")).unwrap()
}

fn is_unavailable<T>(answer: &Result<T, StoreError>) -> bool {
    matches!(answer, Err(StoreError::Unavailable(_)))
}

/// `table.column of key`, if the store says that it is inconsistent.
fn place<T>(answer: Result<T, StoreError>) -> Option<String> {
    match answer {
        Err(StoreError::Inconsistent {
            table, column, key, ..
        }) => Some(format!("{table}.{column} of {key}")),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_write_that_fails_does_not_spoil_its_neighbors() {
    let directory = tempfile::tempdir().unwrap();
    let world = Arc::new(World::new(directory.path()).await);
    let visibility = Arc::clone(&world.visibility);
    outside(directory.path())
        .execute_batch(
            "CREATE TRIGGER poison BEFORE INSERT ON body WHEN NEW.kept LIKE '%poison%'
             BEGIN SELECT RAISE(ABORT, 'poisoned'); END",
        )
        .unwrap();
    let user = |n: u64| format!("u{}", n / 3);
    let mut puts = JoinSet::new();
    for n in 0..210 {
        let world = Arc::clone(&world);
        puts.spawn(async move {
            // Three neighbors share an ACL that none of them finds; in every other three the first one is poisoned.
            let title = if n % 6 == 0 { "poison" } else { "fine" };
            let item = item(&format!("T-{n}"), title, &user(n));
            let put = world
                .store
                .put_item(world.at, &item, SchemaVersion(1), Expected::Absent);
            (n, put.await)
        });
    }
    let mut written = Vec::new();
    for (n, answer) in puts.join_all().await {
        assert_eq!(is_unavailable(&answer), n % 6 == 0, "{n}: {answer:?}");
        written.extend(answer.ok().map(|item| (n, item)));
    }
    assert_eq!(written.len(), 175);
    outside(directory.path())
        .execute_batch("DROP TRIGGER poison")
        .unwrap();
    let at = world.at;
    drop(world);
    let again = Visibility::new();
    let store = store::open(directory.path(), Arc::clone(&again)).unwrap();
    assert_eq!(store.count_items(at).await.unwrap(), 175);
    for (n, item) in written {
        for picture in [&visibility, &again] {
            assert!(sees(picture, at, &user(n), item.ordinal), "{n}");
            assert!(!sees(picture, at, &user(n + 3), item.ordinal), "{n}");
            assert!(!sees(picture, at, &user(n + 210), item.ordinal), "{n}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_lock_makes_writes_unavailable_for_a_while() {
    let directory = tempfile::tempdir().unwrap();
    let world = World::new(directory.path()).await;
    world.put("T-1", "one", Expected::Absent).await.unwrap();
    let foreign = outside(directory.path());
    foreign.execute_batch("BEGIN IMMEDIATE").unwrap();
    let second = Expected::At(Version(1));
    assert!(is_unavailable(&world.put("T-1", "two", second).await));
    assert_eq!(world.title("T-1").await.as_deref(), Some("one"));
    foreign.execute_batch("ROLLBACK").unwrap();
    let written = world.put("T-1", "two", second).await.unwrap();
    assert_eq!(written.version, Version(2));
    assert_eq!(world.title("T-1").await.as_deref(), Some("two"));
}

#[tokio::test]
async fn a_store_is_opened_once_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let world = World::new(directory.path()).await;
    let second = store::open(directory.path(), Visibility::new());
    let Err(StoreError::Unavailable(why)) = second else {
        unreachable!("the store was opened twice")
    };
    assert!(why.to_string().contains("store.lock"), "{why}");
    drop(world);
    store::open(directory.path(), Visibility::new()).unwrap();
}

#[tokio::test]
async fn a_directory_that_cannot_be_made_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "not a directory").unwrap();
    assert!(is_unavailable(&store::open(
        &file.join("data"),
        Visibility::new()
    )));
    std::fs::write(directory.path().join("store.sqlite"), [b'x'; 8192]).unwrap();
    let answer = place(store::open(directory.path(), Visibility::new()));
    assert_eq!(answer.as_deref(), Some("store.file of store.sqlite"));
}

/// Nobody listens to the answers, and the store is closed with the writes still waiting: they are carried out.
#[tokio::test]
async fn what_was_sent_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let world = World::new(directory.path()).await;
    for n in 0..500 {
        let id = format!("T-{n}");
        let put = world.put(&id, "sent", Expected::Absent);
        // Polled once, which sends it, and dropped.
        let _ = timeout(Duration::ZERO, put).await;
    }
    let at = world.at;
    drop(world);
    let store = store::open(directory.path(), Visibility::new()).unwrap();
    assert_eq!(store.count_items(at).await.unwrap(), 500);
    assert_eq!(
        store.claim_dirty(1000, 1 << 20).await.unwrap().lines.len(),
        500
    );
}

/// Changes the file of a store with one item from outside; opening it must say where.
async fn is_named_at_the_start(change: &str, expect: &str) {
    let directory = tempfile::tempdir().unwrap();
    let world = World::new(directory.path()).await;
    world.put("T-1", "one", Expected::Absent).await.unwrap();
    drop(world);
    let file = outside(directory.path());
    file.execute_batch(change).unwrap();
    file.close().unwrap();
    let answer = place(store::open(directory.path(), Visibility::new()));
    assert_eq!(answer.as_deref(), Some(expect), "{change}");
}

#[tokio::test]
async fn a_registration_that_cannot_be_read_back_is_named_at_the_start() {
    is_named_at_the_start(
        "UPDATE connection SET pending = '{}', operation = 'o', due = 1",
        "connection.pending of 1",
    )
    .await;
    is_named_at_the_start(
        "UPDATE connection SET pending = schema, due = 1",
        "connection.operation of 1",
    )
    .await;
}

#[tokio::test]
async fn a_row_that_cannot_be_read_back_is_named_at_the_start() {
    let check = is_named_at_the_start;
    check(
        "PRAGMA user_version = 99",
        "store.user_version of store.sqlite",
    )
    .await;
    check(
        "PRAGMA user_version = -1",
        "store.user_version of store.sqlite",
    )
    .await;
    check("UPDATE meta SET value = 'x'", "meta.value of identity").await;
    check("UPDATE connection SET kept = 'x'", "connection.kept of 1").await;
    check("UPDATE connection SET id = 'other'", "connection.id of 1").await;
    check(
        "UPDATE connection SET schema = '{}'",
        "connection.schema of 1",
    )
    .await;
    check(
        "UPDATE connection SET version = -1",
        "connection.version of 1",
    )
    .await;
    check("UPDATE acl SET entries = '[{}]'", "acl.entries of 1").await;
    check("UPDATE acl SET hash = x'00'", "acl.hash of 1").await;
    check("UPDATE acl SET id = 0", "acl.id of 0").await;
    check("UPDATE item SET acl = 7", "item.acl of 1").await;
    check("UPDATE item SET acl = 0", "item.acl of 1").await;
    check("UPDATE acl SET connection = 7", "item.acl of 1").await;
    check("UPDATE item SET text = 4294967296", "item.text of 1").await;
    check("UPDATE dirty SET stale = x'01'", "dirty.stale of 1").await;
    check(
        "UPDATE dirty SET stale = x'0100000007000000'",
        "dirty.stale of 1",
    )
    .await;
    check(
        "INSERT INTO member VALUES (1, 'eng', 'alice', 'robot')",
        "member.kind of alice",
    )
    .await;
    check(
        "INSERT INTO user (id, name, display_name, upn, mail, guest, password)
         VALUES ('i', 'n', 'd', 'u', 'm', 0, 'x')",
        "user.password of 1",
    )
    .await;
    check(
        "INSERT INTO app (client_id, name, secrets, roles, scopes, public_client)
         VALUES ('c', 'n', 'x', '', '', 0)",
        "app.secrets of 1",
    )
    .await;
    check(
        "INSERT INTO app (client_id, name, roles, scopes, public_client)
         VALUES ('c', 'n', 'Sesame.Open', '', 0)",
        "app.roles of 1",
    )
    .await;
}

#[tokio::test]
async fn a_row_that_cannot_be_read_back_is_named_when_asked_for() {
    let check = async |change: &str, expect: &str| {
        let directory = tempfile::tempdir().unwrap();
        let world = World::new(directory.path()).await;
        let written = world.put("T-1", "one", Expected::Absent).await.unwrap();
        outside(directory.path()).execute_batch(change).unwrap();
        let store = &world.store;
        let item = store.item(world.at, &ItemId::kept("T-1")).await;
        assert_eq!(place(item).as_deref(), Some(expect), "{change}");
        let items = store.items(&[written.ordinal]).await;
        assert_eq!(place(items).as_deref(), Some(expect), "{change}");
        let claim = store.claim_dirty(10, 1000).await;
        assert_eq!(place(claim).as_deref(), Some(expect), "{change}");
    };
    check("UPDATE body SET kept = 'x'", "body.kept of 1").await;
    check("UPDATE body SET acl = '{}'", "body.acl of 1").await;
    check("DELETE FROM body", "body.acl of 1").await;
    check("UPDATE item SET version = -1", "item.version of 1").await;
}

#[tokio::test]
async fn a_line_without_its_item_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let world = World::new(directory.path()).await;
    world.put("T-1", "one", Expected::Absent).await.unwrap();
    outside(directory.path())
        .execute_batch("DELETE FROM item")
        .unwrap();
    let claim = world.store.claim_dirty(10, 1000).await;
    assert_eq!(place(claim).as_deref(), Some("dirty.deleted of 1"));
}

#[tokio::test]
async fn versions_never_wrap() {
    let directory = tempfile::tempdir().unwrap();
    let world = World::new(directory.path()).await;
    world.put("T-1", "one", Expected::Absent).await.unwrap();
    outside(directory.path())
        .execute_batch("UPDATE item SET version = 4294967295")
        .unwrap();
    let last = Expected::At(Version(u32::MAX));
    let put = world.put("T-1", "two", last).await;
    assert_eq!(place(put).as_deref(), Some("item.version of 1"));
    let delete = world
        .store
        .delete_item(world.at, &ItemId::kept("T-1"))
        .await;
    assert_eq!(place(delete).as_deref(), Some("item.version of 1"));
    assert_eq!(world.title("T-1").await.as_deref(), Some("one"));
    // The writer goes on.
    world.put("T-2", "two", Expected::Absent).await.unwrap();
}
