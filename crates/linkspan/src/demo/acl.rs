//! Who may see an entry.

use serde_json::{Value, json};

use super::source::{Deny, Entry, Principal, Rules, share};
use crate::seed::{self, TENANT};

/// Does the entry grant or deny?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Grant.
    Grant,
    /// Deny, which wins.
    Deny,
}

/// Who is meant by an ACL entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meant {
    /// Everyone, guests too.
    Everyone,
    /// Everyone but guests.
    EveryoneExceptGuests,
    /// A user or group.
    One(Principal),
}

/// An ACL entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AclEntry {
    /// Grant or deny.
    pub access: Access,
    /// Whom.
    pub meant: Meant,
}

/// Of a hundred entries, so many are for everyone …
const EVERYONE: u64 = 20;
/// … and so many more for everyone but guests. The others are for the owner's and the section's group.
const EXCEPT_GUESTS: u64 = 20;
/// Of a hundred, so many are for one seeded user besides, so many for a directory group, so many for every team.
const ONE_USER: u64 = 3;
const ONE_GROUP: u64 = 3;
const EVERY_TEAM: u64 = 4;

const USERS: [&str; 4] = ["alice", "bob", "carol", "dave"];
const GROUPS: [&str; 2] = ["staff", "board"];

/// The ACL of an entry whose owner's external group is given: the same in every run.
pub fn acl(entry: &Entry, owner_group: &str, rules: &Rules) -> Vec<AclEntry> {
    if rules.nobody.contains(&entry.section.as_str()) {
        return Vec::new();
    }
    let mut acl = base(entry, owner_group);
    let extra = share(&entry.id, "extra");
    match extra % 100 {
        at if at < ONE_USER => acl.push(grant(Principal::User(pick(&USERS, extra)))),
        at if at < ONE_USER + ONE_GROUP => acl.push(grant(Principal::Group(pick(&GROUPS, extra)))),
        at if at < ONE_USER + ONE_GROUP + EVERY_TEAM => acl.push(external("archive")),
        _ => {}
    }
    let denies = rules.denies.iter().filter(|deny| denied(deny, entry));
    acl.extend(denies.map(|deny| AclEntry {
        access: Access::Deny,
        meant: Meant::One(deny.who.into()),
    }));
    acl
}

fn base(entry: &Entry, owner_group: &str) -> Vec<AclEntry> {
    let open = |meant| {
        vec![AclEntry {
            access: Access::Grant,
            meant,
        }]
    };
    match share(&entry.id, "base") % 100 {
        _ if entry.essential => open(Meant::Everyone),
        at if at < EVERYONE => open(Meant::Everyone),
        at if at < EVERYONE + EXCEPT_GUESTS => open(Meant::EveryoneExceptGuests),
        _ => vec![
            external(owner_group),
            external(&format!("section-{}", entry.section)),
        ],
    }
}

fn denied(deny: &Deny, entry: &Entry) -> bool {
    deny.section == entry.section && share(&entry.id, "deny").is_multiple_of(deny.one_in)
}

fn pick(from: &[&'static str], share: u64) -> &'static str {
    let at = usize::try_from(share / 100 % from.len() as u64).unwrap_or(0);
    from[at]
}

fn grant(principal: Principal) -> AclEntry {
    AclEntry {
        access: Access::Grant,
        meant: Meant::One(principal),
    }
}

fn external(group: &str) -> AclEntry {
    grant(Principal::ExternalGroup(group.to_owned()))
}

/// The ACL as the API takes it.
pub fn json(acl: &[AclEntry]) -> Value {
    acl.iter()
        .map(|entry| {
            let (kind, value) = match &entry.meant {
                Meant::Everyone => ("everyone", TENANT.to_string()),
                Meant::EveryoneExceptGuests => ("everyoneExceptGuests", TENANT.to_string()),
                Meant::One(principal) => identity(principal),
            };
            let access = match entry.access {
                Access::Grant => "grant",
                Access::Deny => "deny",
            };
            json!({ "type": kind, "value": value, "accessType": access })
        })
        .collect()
}

/// The type and id of a user or group as the API takes them, in ACLs and as members alike.
pub fn identity(principal: &Principal) -> (&'static str, String) {
    match principal {
        Principal::User(name) => ("user", seed::id_of(name).to_owned()),
        Principal::Group(name) => ("group", seed::id_of(name).to_owned()),
        Principal::ExternalGroup(id) => ("externalGroup", id.clone()),
    }
}
