//! Who stands for whom: the directory and a connection's external groups as one graph.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use graph::{Acl, AclType, Identity, IdentityType};

use crate::{accounts::Accounts, survey::Survey};

/// What is known of the principals that ACLs and groups name.
pub(super) struct Crowd {
    users: HashSet<String>,
    groups: HashSet<String>,
    external: HashSet<String>,
    /// Principals that are at least one known user.
    somebody: HashSet<Identity>,
    /// External groups with the external groups in them.
    nested: BTreeMap<String, BTreeSet<String>>,
    memberships_are_all: bool,
}

impl Crowd {
    pub(super) fn new(accounts: &Accounts, survey: &Survey) -> Self {
        let folded = |id: &String| id.to_ascii_lowercase();
        let users: HashSet<String> = accounts.users.iter().map(|it| folded(&it.id)).collect();
        let groups: HashSet<String> = accounts.groups.iter().map(|it| folded(&it.id)).collect();
        let mut holders: HashMap<Identity, Vec<Identity>> = HashMap::new();
        for group in &accounts.groups {
            let holder = identity(IdentityType::Group, folded(&group.id));
            for member in group.members.iter().map(folded) {
                let kind = if groups.contains(&member) {
                    IdentityType::Group
                } else {
                    IdentityType::User
                };
                let held = holders.entry(identity(kind, member)).or_default();
                held.push(holder.clone());
            }
        }
        let mut nested: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (group, member) in &survey.memberships {
            let id = group.as_str().to_owned();
            let holder = identity(IdentityType::ExternalGroup, id.clone());
            holders.entry(member.clone()).or_default().push(holder);
            if member.kind == IdentityType::ExternalGroup {
                nested.entry(id).or_default().insert(member.id.clone());
            }
        }
        Self {
            somebody: reached(&users, &holders),
            users,
            groups,
            external: (survey.groups.iter())
                .map(|id| id.as_str().to_owned())
                .collect(),
            nested,
            memberships_are_all: survey.memberships_are_all,
        }
    }

    /// Is it a user or group of the directory, or an external group that was made?
    pub(super) fn knows(&self, principal: &Identity) -> bool {
        match principal.kind {
            IdentityType::User => self.users.contains(&principal.id),
            IdentityType::Group => self.groups.contains(&principal.id),
            IdentityType::ExternalGroup => self.external.contains(&principal.id),
        }
    }

    /// Can an entry for this principal be about anybody? In doubt, yes.
    pub(super) fn is_somebody(&self, entry: &Acl) -> bool {
        let Some(principal) = principal(entry) else {
            return true;
        };
        let in_doubt = principal.kind == IdentityType::ExternalGroup && !self.memberships_are_all;
        self.somebody.contains(&principal) || in_doubt && self.knows(&principal)
    }

    /// One way through external groups that ends where it began.
    pub(super) fn cycle(&self) -> Option<Vec<String>> {
        let mut holders: HashMap<&str, Vec<&str>> = HashMap::new();
        for (group, members) in &self.nested {
            for member in members {
                holders.entry(member).or_default().push(group);
            }
        }
        // What contains no group that is left is in no cycle; what is left in the end leads on for ever.
        let counts = self.nested.iter();
        let mut left: BTreeMap<&str, usize> = counts
            .map(|(group, it)| (group.as_str(), it.len()))
            .collect();
        let leaves = holders.keys().copied();
        let mut gone: Vec<&str> = leaves.filter(|it| !left.contains_key(it)).collect();
        while let Some(member) = gone.pop() {
            for holder in holders.get(member).into_iter().flatten() {
                if let Some(count) = left.get_mut(holder) {
                    *count -= 1;
                    if *count == 0 {
                        left.remove(holder);
                        gone.push(holder);
                    }
                }
            }
        }
        let (mut way, mut places) = (Vec::new(), HashMap::new());
        let mut next = *left.keys().next()?;
        loop {
            way.push(next.to_owned());
            if let Some(began) = places.insert(next, way.len() - 1) {
                return Some(way.split_off(began));
            }
            let mut members = self.nested.get(next)?.iter();
            next = members.find(|member| left.contains_key(member.as_str()))?;
        }
    }
}

fn identity(kind: IdentityType, id: String) -> Identity {
    Identity { id, kind }
}

/// The principal that an entry names; `None` for everyone.
pub(super) fn principal(entry: &Acl) -> Option<Identity> {
    match entry.kind {
        AclType::User => Some(identity(
            IdentityType::User,
            entry.value.to_ascii_lowercase(),
        )),
        AclType::Group => Some(identity(
            IdentityType::Group,
            entry.value.to_ascii_lowercase(),
        )),
        AclType::ExternalGroup => Some(identity(IdentityType::ExternalGroup, entry.value.clone())),
        AclType::Everyone | AclType::EveryoneExceptGuests => None,
    }
}

/// All that hold a user, directly or through groups.
fn reached(
    users: &HashSet<String>,
    holders: &HashMap<Identity, Vec<Identity>>,
) -> HashSet<Identity> {
    let users = users.iter().cloned();
    let mut open: Vec<Identity> = users.map(|id| identity(IdentityType::User, id)).collect();
    let mut seen: HashSet<Identity> = open.iter().cloned().collect();
    while let Some(member) = open.pop() {
        for holder in holders.get(&member).into_iter().flatten() {
            if seen.insert(holder.clone()) {
                open.push(holder.clone());
            }
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use graph::GroupId;

    use super::*;

    fn cycle(nested: impl Iterator<Item = (String, String)>) -> Option<String> {
        let memberships = nested.map(|(group, member)| {
            let member = identity(IdentityType::ExternalGroup, member);
            (GroupId::kept(group), member)
        });
        let survey = Survey {
            memberships: memberships.collect(),
            ..Survey::default()
        };
        let cycle = Crowd::new(&Accounts::default(), &survey).cycle();
        cycle.map(|cycle| cycle.join(" "))
    }

    #[test]
    fn cycles_are_found_behind_what_leads_to_them() {
        let check = |nested: &[(&str, &str)], expect: Option<&str>| {
            let nested = nested
                .iter()
                .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()));
            assert_eq!(cycle(nested).as_deref(), expect);
        };
        check(&[], None);
        check(&[("a", "b"), ("a", "c"), ("b", "c")], None);
        check(&[("a", "a")], Some("a a"));
        check(
            &[("a", "0"), ("a", "b"), ("b", "c"), ("c", "b"), ("c", "d")],
            Some("b c b"),
        );
    }

    #[test]
    fn a_chain_as_long_as_may_be_is_followed_once() {
        let group = |at: u32| format!("{at:06}");
        let chain = || (0..100_000).map(|at| (group(at), group(at + 1)));
        assert_eq!(cycle(chain()), None);
        let back = std::iter::once((group(100_000), group(99_999)));
        assert_eq!(cycle(chain().chain(back)).unwrap(), "099999 100000 099999");
    }
}
