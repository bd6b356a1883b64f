//! A store of an older layout is brought to the newest one, with everything in it.

use graph::Scope;
use rusqlite::Connection;
use sha2::{Digest, Sha256};
use tenant::visibility::Visibility;

const FIRST: &str = include_str!("../src/sqlite/migrations/0001.sql");

fn digest(salt: &str, secret: &str) -> Vec<u8> {
    Sha256::new()
        .chain_update(salt)
        .chain_update(secret)
        .finalize()
        .to_vec()
}

#[tokio::test]
async fn secrets_of_the_first_layout_still_open() {
    let directory = tempfile::tempdir().unwrap();
    let file = Connection::open(directory.path().join("store.sqlite")).unwrap();
    file.execute_batch(FIRST).unwrap();
    file.execute(
        "INSERT INTO user (id, name, display_name, upn, mail, guest, salt, digest)
         VALUES ('a', 'alice', 'Alice', 'alice@contoso.example', '', 0, CAST('saltsalt' AS BLOB), ?1)",
        [digest("saltsalt", "correct horse")],
    )
    .unwrap();
    file.execute(
        "INSERT INTO app (client_id, name, salt, digest, roles, scopes, public_client)
         VALUES ('c', 'connector', CAST('saltsalt' AS BLOB), ?1, 'User.Read.All', '', 0),
             ('p', 'portal', NULL, NULL, '', 'User.Read', 1)",
        [digest("saltsalt", "hidden")],
    )
    .unwrap();
    file.close().unwrap();
    let identity = {
        let store = store::open(directory.path(), Visibility::new()).unwrap();
        let accounts = store.accounts().await.unwrap();
        let alice = accounts.user("alice@contoso.example").unwrap();
        assert!(alice.password.is("correct horse") && !alice.password.is("hidden"));
        let connector = accounts.app("c").unwrap();
        assert!(connector.secrets.iter().any(|secret| secret.is("hidden")));
        assert_eq!(connector.roles, [Scope::UserReadAll]);
        let portal = accounts.app("p").unwrap();
        assert!(portal.secrets.is_empty() && portal.public_client);
        store.identity()
    };
    // Brought up once, it is opened like any other.
    let store = store::open(directory.path(), Visibility::new()).unwrap();
    assert_eq!(store.identity(), identity);
}

#[tokio::test]
async fn a_connection_of_one_app_was_made_by_it() {
    let directory = tempfile::tempdir().unwrap();
    let file = Connection::open(directory.path().join("store.sqlite")).unwrap();
    file.execute_batch(FIRST).unwrap();
    for (id, apps) in [
        ("alone", r#"["one"]"#),
        ("shared", r#"["one","two"]"#),
        ("lost", "[]"),
    ] {
        let kept = format!(
            r#"{{"format":1,"id":"{id}","state":"draft","authorizedAppIds":{apps},"members":{{}}}}"#
        );
        file.execute(
            "INSERT INTO connection (id, folded, kept, schema_version, version, created_at, deleted)
             VALUES (?1, ?1, ?2, 0, 1, 0, 0)",
            [id, &kept],
        )
        .unwrap();
    }
    file.close().unwrap();
    let store = store::open(directory.path(), Visibility::new()).unwrap();
    let connections = store.connections().await.unwrap();
    let made: Vec<_> = connections
        .iter()
        .map(|kept| (kept.connection.id.as_str(), kept.created_by.as_deref()))
        .collect();
    assert_eq!(
        made,
        [("alone", Some("one")), ("shared", None), ("lost", None)]
    );
}
