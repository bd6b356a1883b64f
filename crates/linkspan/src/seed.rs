//! The published tenant, users, groups and apps of `linkspan dev`: the same on every machine, worthless as secrets.

use std::collections::BTreeSet;

use anyhow::ensure;
use graph::Scope;
use tenant::accounts::{Accounts, App, DirectoryGroup, Secret, User};
use uuid::Uuid;

/// The seeded tenant.
pub const TENANT: Uuid = Uuid::from_u128(0x5eed_0000_0000_4000_8000_0000_0000_0001);

/// A seeded app and its published secret.
pub struct SeededApp {
    /// Short name.
    pub name: &'static str,
    /// Client id.
    pub client_id: &'static str,
    /// Published secret; none for a public client.
    pub secret: Option<&'static str>,
    /// Application roles.
    pub roles: &'static [Scope],
    /// Delegated scopes.
    pub scopes: &'static [Scope],
}

/// A seeded user and its published password.
pub struct SeededUser {
    /// Short name.
    pub name: &'static str,
    /// Object id.
    pub id: &'static str,
    /// User principal name and mail.
    pub upn: &'static str,
    /// Published password.
    pub password: &'static str,
    /// Is it a guest?
    pub guest: bool,
}

/// A seeded directory group.
pub struct SeededGroup {
    /// Short name.
    pub name: &'static str,
    /// Object id.
    pub id: &'static str,
    /// Names of its direct members, users and groups.
    pub members: &'static [&'static str],
}

use Scope::{
    ExternalConnectionReadAll, ExternalConnectionReadWriteAll, ExternalConnectionReadWriteOwnedBy,
    ExternalItemReadAll, ExternalItemReadWriteAll, ExternalItemReadWriteOwnedBy, GroupReadAll,
    UserRead, UserReadAll,
};

const OWNED_ROLES: &[Scope] = &[
    ExternalConnectionReadWriteOwnedBy,
    ExternalItemReadWriteOwnedBy,
    UserReadAll,
    GroupReadAll,
];
const OWNED_SCOPES: &[Scope] = &[
    ExternalConnectionReadWriteOwnedBy,
    ExternalItemReadWriteOwnedBy,
    ExternalItemReadAll,
    UserRead,
];

/// The seeded apps.
pub const APPS: &[SeededApp] = &[
    SeededApp {
        name: "connector",
        client_id: "5eed0000-0000-4000-8000-0000000000a1",
        secret: Some("connector-secret-for-dev"),
        roles: OWNED_ROLES,
        scopes: OWNED_SCOPES,
    },
    SeededApp {
        name: "other-connector",
        client_id: "5eed0000-0000-4000-8000-0000000000a2",
        secret: Some("other-connector-secret-for-dev"),
        roles: OWNED_ROLES,
        scopes: OWNED_SCOPES,
    },
    SeededApp {
        name: "admin",
        client_id: "5eed0000-0000-4000-8000-0000000000a3",
        secret: Some("admin-secret-for-dev"),
        roles: &[
            ExternalConnectionReadWriteAll,
            ExternalItemReadWriteAll,
            UserReadAll,
            GroupReadAll,
        ],
        scopes: &[
            ExternalConnectionReadWriteAll,
            ExternalItemReadWriteAll,
            UserReadAll,
            GroupReadAll,
            UserRead,
        ],
    },
    SeededApp {
        name: "reader",
        client_id: "5eed0000-0000-4000-8000-0000000000a4",
        secret: Some("reader-secret-for-dev"),
        roles: &[ExternalConnectionReadAll, ExternalItemReadAll],
        scopes: &[ExternalConnectionReadAll, ExternalItemReadAll, UserRead],
    },
    SeededApp {
        name: "search",
        client_id: "5eed0000-0000-4000-8000-0000000000a5",
        secret: None,
        roles: &[],
        scopes: &[ExternalItemReadAll, ExternalConnectionReadAll, UserRead],
    },
];

/// The seeded users.
pub const USERS: &[SeededUser] = &[
    user(
        "alice",
        "5eed0000-0000-4000-8000-0000000000b1",
        "alice@linkspan.test",
        "alice-password-for-dev",
    ),
    user(
        "bob",
        "5eed0000-0000-4000-8000-0000000000b2",
        "bob@linkspan.test",
        "bob-password-for-dev",
    ),
    user(
        "carol",
        "5eed0000-0000-4000-8000-0000000000b3",
        "carol@linkspan.test",
        "carol-password-for-dev",
    ),
    user(
        "dave",
        "5eed0000-0000-4000-8000-0000000000b4",
        "dave@linkspan.test",
        "dave-password-for-dev",
    ),
    SeededUser {
        name: "erin",
        id: "5eed0000-0000-4000-8000-0000000000b5",
        upn: "erin@partner.test",
        password: "erin-password-for-dev",
        guest: true,
    },
];

const fn user(
    name: &'static str,
    id: &'static str,
    upn: &'static str,
    password: &'static str,
) -> SeededUser {
    SeededUser {
        name,
        id,
        upn,
        password,
        guest: false,
    }
}

/// The seeded directory groups.
pub const GROUPS: &[SeededGroup] = &[
    SeededGroup {
        name: "engineering",
        id: "5eed0000-0000-4000-8000-0000000000c1",
        members: &["alice", "bob"],
    },
    SeededGroup {
        name: "staff",
        id: "5eed0000-0000-4000-8000-0000000000c2",
        members: &["engineering", "carol"],
    },
    SeededGroup {
        name: "board",
        id: "5eed0000-0000-4000-8000-0000000000c3",
        members: &["dave"],
    },
];

/// The object id of a seeded user or group.
pub fn id_of(name: &str) -> &'static str {
    USERS
        .iter()
        .map(|user| (user.name, user.id))
        .chain(GROUPS.iter().map(|group| (group.name, group.id)))
        .find(|(known, _)| *known == name)
        .map(|(_, id)| id)
        .expect("only seeded names are asked for")
}

/// The seeded app of that name.
pub fn app(name: &str) -> &'static SeededApp {
    APPS.iter()
        .find(|app| app.name == name)
        .expect("only seeded names are asked for")
}

/// The seeded user of that name.
pub fn seeded_user(name: &str) -> &'static SeededUser {
    USERS
        .iter()
        .find(|user| user.name == name)
        .expect("only seeded names are asked for")
}

/// Accounts to start with, and the credentials whose text is known.
pub struct Seed {
    /// As the store keeps them.
    pub accounts: Accounts,
    /// What of them may be shown.
    pub clear: ClearText,
}

/// The text behind digests, of credentials that were published or that came in a file.
#[derive(Default)]
pub struct ClearText(Vec<(Secret, String)>);

impl ClearText {
    /// Remembers the text of a digest.
    pub fn add(&mut self, secret: Secret, text: &str) {
        self.0.push((secret, text.to_owned()));
    }

    /// The text of this very digest; a changed password has another one.
    pub fn of(&self, secret: &Secret) -> Option<&str> {
        let known = self.0.iter().find(|(known, _)| known == secret);
        known.map(|(_, text)| text.as_str())
    }
}

/// The published accounts with their published credentials.
pub fn published() -> Seed {
    let accounts = accounts();
    let mut clear = ClearText::default();
    for (user, seeded) in accounts.users.iter().zip(USERS) {
        clear.add(user.password.clone(), seeded.password);
    }
    for (app, seeded) in accounts.apps.iter().zip(APPS) {
        for (secret, text) in app.secrets.iter().zip(seeded.secret) {
            clear.add(secret.clone(), text);
        }
    }
    Seed { accounts, clear }
}

/// Are these accounts fit for real use: are there any, and is none of them published?
pub fn real(accounts: &Accounts) -> anyhow::Result<()> {
    let published = published_among(accounts);
    ensure!(
        published.is_empty(),
        "everybody knows the credentials of {}, because `linkspan dev` or `examples/seed.yaml` publishes them: remove them with `linkspan app remove` and `linkspan user remove`, or serve another data directory",
        published.into_iter().collect::<Vec<_>>().join(", ")
    );
    ensure!(
        accounts.apps.iter().any(|app| lets_in(app, accounts)),
        "nobody could sign in: an app needs a secret or a certificate, or must be a public client while there are users. Add an app with `linkspan app add NAME --data DIR`, then its secret with `linkspan app add-secret`, and users with `linkspan user add`"
    );
    Ok(())
}

/// Can somebody sign in through the app?
fn lets_in(app: &App, accounts: &Accounts) -> bool {
    let proves_itself = !app.secrets.is_empty() || !app.certificates.is_empty();
    proves_itself || (app.public_client && !accounts.users.is_empty())
}

/// The accounts that everybody knows how to sign in as: under a published id, or with a published credential.
fn published_among(accounts: &Accounts) -> BTreeSet<String> {
    let apps = accounts.apps.iter().filter(|app| {
        let is_known = |secret: &Secret| {
            let mut known = APPS.iter().filter_map(|seeded| seeded.secret);
            known.any(|text| secret.is(text)) || secret.is(EXAMPLE_SECRET)
        };
        APPS.iter()
            .any(|seeded| seeded.client_id.eq_ignore_ascii_case(&app.client_id))
            || app.secrets.iter().any(is_known)
    });
    let users = accounts.users.iter().filter(|user| {
        USERS.iter().any(|seeded| {
            // A slow digest takes its time, so it is only compared where the name fits too.
            let is_worth_it = matches!(user.password, Secret::Quick { .. })
                || seeded.name.eq_ignore_ascii_case(&user.name)
                || seeded.upn.eq_ignore_ascii_case(&user.upn);
            let of_example = || user.password.is(&example_password(seeded.name));
            seeded.id.eq_ignore_ascii_case(&user.id)
                || (is_worth_it && (user.password.is(seeded.password) || of_example()))
        })
    });
    let apps = apps.map(|app| format!("app '{}'", app.name));
    apps.chain(users.map(|user| format!("user '{}'", user.name)))
        .collect()
}

/// The secret in `examples/seed.yaml`, which everybody can read too.
const EXAMPLE_SECRET: &str = "a long random text";

/// The password there.
fn example_password(name: &str) -> String {
    format!("a password for {name}")
}

/// The seed as the store keeps it.
fn accounts() -> Accounts {
    let users = USERS.iter().map(|seeded| User {
        id: seeded.id.to_owned(),
        name: seeded.name.to_owned(),
        display_name: capitalized(seeded.name),
        upn: seeded.upn.to_owned(),
        mail: seeded.upn.to_owned(),
        guest: seeded.guest,
        // A published password needs no secret salt.
        password: Secret::new(seeded.id.as_bytes(), seeded.password),
    });
    let groups = GROUPS.iter().map(|seeded| DirectoryGroup {
        id: seeded.id.to_owned(),
        name: seeded.name.to_owned(),
        members: seeded
            .members
            .iter()
            .map(|name| id_of(name).to_owned())
            .collect(),
    });
    let apps = APPS.iter().map(|seeded| App {
        client_id: seeded.client_id.to_owned(),
        name: seeded.name.to_owned(),
        secrets: seeded
            .secret
            .map(|secret| Secret::new(seeded.client_id.as_bytes(), secret))
            .into_iter()
            .collect(),
        certificates: Vec::new(),
        redirect_uris: Vec::new(),
        roles: seeded.roles.to_vec(),
        scopes: seeded.scopes.to_vec(),
        public_client: true,
    });
    Accounts {
        users: users.collect(),
        groups: groups.collect(),
        apps: apps.collect(),
    }
}

fn capitalized(name: &str) -> String {
    let mut letters = name.chars();
    letters
        .next()
        .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_credentials_are_known_again() {
        let told = real(&Accounts::default()).unwrap_err().to_string();
        assert!(told.contains("linkspan app add"), "{told}");
        let told = real(&accounts()).unwrap_err().to_string();
        for name in ["connector", "search", "alice", "erin"] {
            assert!(told.contains(&format!("'{name}'")), "{told}");
        }
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/seed.yaml");
        let example = crate::seed_file::read(std::path::Path::new(file)).unwrap();
        assert_eq!(published_among(&example.accounts).len(), 4);
        // Other ids do not help as long as the secret or the password is a published one.
        let mut kept = accounts();
        kept.apps.truncate(1);
        kept.users.truncate(1);
        kept.apps[0].client_id = Uuid::from_u128(1).to_string();
        kept.users[0].id = Uuid::from_u128(2).to_string();
        let cost = tenant::accounts::Cost {
            memory: 8,
            passes: 1,
        };
        let slow = |text| Secret::slow(&[7; 16], text, cost).unwrap();
        kept.users[0].password = slow("alice-password-for-dev");
        assert_eq!(published_among(&kept).len(), 2);
        kept.users[0].password = slow("another");
        kept.apps[0].secrets = vec![Secret::new(b"salt-salt", "another")];
        assert!(real(&kept).is_ok());
        // Without a secret it lets users in, as long as it may and there are any.
        kept.apps[0].secrets.clear();
        assert!(real(&kept).is_ok());
        kept.users.clear();
        assert!(real(&kept).is_err());
    }

    #[test]
    fn staff_holds_engineering_and_carol() {
        let accounts = accounts();
        let groups = |name| {
            let mut groups = accounts.groups_of(id_of(name));
            groups.sort();
            groups
        };
        assert_eq!(groups("alice"), [id_of("engineering"), id_of("staff")]);
        assert_eq!(groups("carol"), [id_of("staff")]);
        assert_eq!(groups("dave"), [id_of("board")]);
        assert_eq!(groups("erin"), [""; 0]);
    }
}
