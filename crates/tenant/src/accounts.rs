//! The tenant's own accounts: users, directory groups and apps, with what is needed to sign them in.

mod secret;

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use async_trait::async_trait;
use graph::Scope;

pub use self::secret::{Cost, Secret};
use crate::{
    membership::{Membership, MembershipError, Memberships},
    visibility::Visibility,
};

/// A user of the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Object id, lower-case GUID text.
    pub id: String,
    /// Short name, for example `alice`.
    pub name: String,
    /// `displayName`.
    pub display_name: String,
    /// `userPrincipalName`.
    pub upn: String,
    /// `mail`.
    pub mail: String,
    /// Is the user a guest?
    pub guest: bool,
    /// The password's digest.
    pub password: Secret,
}

/// A group of the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryGroup {
    /// Object id, lower-case GUID text.
    pub id: String,
    /// Short name, for example `engineering`.
    pub name: String,
    /// Object ids of its direct members: users and groups.
    pub members: Vec<String>,
}

/// An app that may ask for tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// Client id, lower-case GUID text.
    pub client_id: String,
    /// Short name, for example `connector`.
    pub name: String,
    /// The digests of its secrets; a public client has none.
    pub secrets: Vec<Secret>,
    /// The certificates (DER) that it may sign in with instead of a secret.
    pub certificates: Vec<Vec<u8>>,
    /// Where sign-in in a browser may send its users, beside loopback addresses.
    pub redirect_uris: Vec<String>,
    /// Application roles.
    pub roles: Vec<Scope>,
    /// Delegated scopes.
    pub scopes: Vec<Scope>,
    /// May users sign in through the app without its secret?
    pub public_client: bool,
}

/// All accounts of a tenant, small enough to be held in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accounts {
    /// Users, in the order they were made.
    pub users: Vec<User>,
    /// Directory groups, in the order they were made.
    pub groups: Vec<DirectoryGroup>,
    /// Apps, in the order they were made.
    pub apps: Vec<App>,
}

impl Accounts {
    /// The user of that object id or user principal name, found without case.
    pub fn user(&self, id_or_upn: &str) -> Option<&User> {
        self.users.iter().find(|user| {
            user.id.eq_ignore_ascii_case(id_or_upn) || user.upn.eq_ignore_ascii_case(id_or_upn)
        })
    }

    /// The app of that client id, found without case.
    pub fn app(&self, client_id: &str) -> Option<&App> {
        self.apps
            .iter()
            .find(|app| app.client_id.eq_ignore_ascii_case(client_id))
    }

    /// Object ids of all groups that hold this user or group, directly or through other groups; cycles are harmless.
    pub fn groups_of(&self, member: &str) -> Vec<String> {
        let mut parents: HashMap<&str, Vec<&str>> = HashMap::new();
        for group in &self.groups {
            for id in &group.members {
                parents.entry(id).or_default().push(&group.id);
            }
        }
        let mut seen = BTreeSet::new();
        let mut open = vec![member];
        while let Some(id) = open.pop() {
            for group in parents.get(id).into_iter().flatten() {
                if seen.insert(*group) {
                    open.push(group);
                }
            }
        }
        seen.into_iter().map(str::to_owned).collect()
    }
}

/// The tenant's own accounts as its [`Membership`], read from the live picture, so that a change counts in the epoch like any other.
pub struct OwnAccounts(pub Arc<Visibility>);

#[async_trait]
impl Membership for OwnAccounts {
    async fn of(&self, user: &str) -> Result<Memberships, MembershipError> {
        let accounts = self.0.accounts();
        let known = accounts
            .user(user)
            .ok_or_else(|| MembershipError::Unknown(user.to_owned()))?;
        Ok(Memberships {
            guest: known.guest,
            groups: accounts.groups_of(&known.id),
        })
    }
}
