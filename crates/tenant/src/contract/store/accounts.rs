//! The tenant's own accounts.

#![expect(clippy::unwrap_used, reason = "a suite for tests")]

use std::sync::Arc;

use graph::Scope;

use super::world::{ALICE, BOB};
use crate::{
    accounts::{Accounts, App, Cost, DirectoryGroup, Secret, User},
    store::Store,
    visibility::Visibility,
};

pub(super) fn accounts() -> Accounts {
    let user = |id: &str, name: &str, guest| User {
        id: id.to_owned(),
        name: name.to_owned(),
        display_name: name.to_ascii_uppercase(),
        upn: format!("{name}@contoso.example"),
        mail: format!("{name}@mail.example"),
        guest,
        password: Secret::new(name.as_bytes(), "correct horse"),
    };
    let group = |id: &str, name: &str, members: &[&str]| DirectoryGroup {
        id: id.to_owned(),
        name: name.to_owned(),
        members: members.iter().map(|member| (*member).to_owned()).collect(),
    };
    let cost = Cost {
        memory: 8,
        passes: 1,
    };
    let mut bob = user(BOB, "bob", true);
    bob.password = Secret::slow(b"sixteen bytes ok", "slow horse", cost).unwrap();
    Accounts {
        users: vec![bob, user(ALICE, "alice", false)],
        groups: vec![
            group("g2", "sales", &[]),
            group("g1", "engineering", &["g2", BOB, ALICE]),
        ],
        apps: vec![
            App {
                client_id: "a2".to_owned(),
                name: "connector".to_owned(),
                secrets: vec![
                    Secret::new(b"saltsalt", "hidden"),
                    Secret::new(b"otherssalt", "also hidden"),
                ],
                certificates: vec![vec![0x30, 0, 0xff], vec![1]],
                redirect_uris: vec![
                    "https://portal.example/back".to_owned(),
                    "app://back".to_owned(),
                ],
                roles: vec![Scope::ExternalItemReadWriteAll, Scope::UserReadAll],
                scopes: Vec::new(),
                public_client: false,
            },
            App {
                client_id: "a1".to_owned(),
                name: "portal".to_owned(),
                secrets: Vec::new(),
                certificates: Vec::new(),
                redirect_uris: Vec::new(),
                roles: Vec::new(),
                scopes: vec![Scope::UserRead],
                public_client: true,
            },
        ],
    }
}

/// Accounts are replaced as a whole, which counts as a change of membership.
pub async fn replaced_as_a_whole(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    assert_eq!(*store.accounts().await.unwrap(), Accounts::default());
    let before = visibility.epoch();
    store.put_accounts(&accounts()).await.unwrap();
    assert_eq!(*store.accounts().await.unwrap(), accounts());
    assert_eq!(*visibility.accounts(), accounts());
    assert_ne!(visibility.epoch(), before);
    let mut fewer = accounts();
    fewer.users.remove(0);
    fewer.groups[1].members.remove(1);
    fewer.apps.clear();
    store.put_accounts(&fewer).await.unwrap();
    assert_eq!(*store.accounts().await.unwrap(), fewer);
}
