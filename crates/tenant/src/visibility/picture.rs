//! ACLs by number and by principal, the graph of external groups, connections and accounts.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use graph::{AccessType, Acl, Audience, ConnectionId, ConnectionKey, Identity, IdentityType};

use super::{Allowed, Change, Principal};
use crate::{
    accounts::Accounts,
    kept::{AclId, KeptConnection},
    membership::Memberships,
};

/// An interned ACL.
struct Entry {
    at: ConnectionKey,
    acl: Vec<Acl>,
}

/// Which ACLs of a connection grant to, or deny, one principal.
#[derive(Default)]
struct Postings {
    grants: Vec<AclId>,
    denies: Vec<AclId>,
}

/// Everything of the picture that is behind the lock.
#[derive(Default)]
pub(super) struct Picture {
    acls: Vec<Option<Entry>>,
    postings: HashMap<ConnectionKey, HashMap<Principal, Postings>>,
    /// Member → external groups that hold it directly.
    parents: HashMap<Principal, HashSet<Principal>>,
    /// External group → its direct members, to undo the edges when it goes.
    members: HashMap<Principal, HashSet<Principal>>,
    connections: BTreeMap<ConnectionKey, Arc<KeptConnection>>,
    by_id: HashMap<String, ConnectionKey>,
    accounts: Arc<Accounts>,
}

fn principal_of(at: ConnectionKey, member: &Identity) -> Principal {
    match member.kind {
        IdentityType::User => Principal::User(member.id.to_ascii_lowercase()),
        IdentityType::Group => Principal::Group(member.id.to_ascii_lowercase()),
        IdentityType::ExternalGroup => Principal::External(at, member.id.clone()),
    }
}

impl Picture {
    pub(super) fn add_acl(&mut self, id: AclId, at: ConnectionKey, acl: &[Acl]) {
        let index = id.0 as usize;
        if self.acls.len() <= index {
            self.acls.resize_with(index + 1, || None);
        }
        let postings = self.postings.entry(at).or_default();
        for entry in acl {
            let of = postings.entry(Principal::of(at, entry)).or_default();
            match entry.access {
                AccessType::Grant => of.grants.push(id),
                AccessType::Deny => of.denies.push(id),
            }
        }
        self.acls[index] = Some(Entry {
            at,
            acl: acl.to_vec(),
        });
    }

    /// Forgets the ACLs and groups of a connection that is gone.
    pub(super) fn forget(&mut self, at: ConnectionKey) {
        self.postings.remove(&at);
        for entry in &mut self.acls {
            entry.take_if(|entry| entry.at == at);
        }
        let external =
            |principal: &Principal| matches!(principal, Principal::External(key, _) if *key == at);
        self.members.retain(|group, _| !external(group));
        self.parents.retain(|member, groups| {
            groups.retain(|group| !external(group));
            !external(member) && !groups.is_empty()
        });
    }

    /// One change of membership, of a connection or of accounts.
    pub(super) fn change(&mut self, change: Change) {
        match change {
            Change::Connection(kept) => {
                self.by_id.insert(kept.connection.id.folded(), kept.key);
                self.connections.insert(kept.key, kept);
            }
            Change::ConnectionGone(at) => {
                if let Some(kept) = self.connections.remove(&at) {
                    let id = kept.connection.id.folded();
                    // The name may already belong to a younger connection.
                    if self.by_id.get(&id) == Some(&at) {
                        self.by_id.remove(&id);
                    }
                }
            }
            Change::MemberAdded { at, group, member } => {
                let group = Principal::External(at, group.as_str().to_owned());
                let member = principal_of(at, &member);
                self.members
                    .entry(group.clone())
                    .or_default()
                    .insert(member.clone());
                self.parents.entry(member).or_default().insert(group);
            }
            Change::MemberRemoved { at, group, member } => {
                let group = Principal::External(at, group.as_str().to_owned());
                let member = principal_of(at, &member);
                if let Some(members) = self.members.get_mut(&group) {
                    members.remove(&member);
                }
                self.unlink(&member, &group);
            }
            Change::GroupGone { at, group } => {
                let group = Principal::External(at, group.as_str().to_owned());
                for member in self.members.remove(&group).unwrap_or_default() {
                    self.unlink(&member, &group);
                }
            }
            Change::Accounts(accounts) => self.accounts = accounts,
            Change::Acl { .. }
            | Change::Item { .. }
            | Change::Stale { .. }
            | Change::ConnectionPurged(_) => {}
        }
    }

    fn unlink(&mut self, member: &Principal, group: &Principal) {
        if let Some(groups) = self.parents.get_mut(member) {
            groups.remove(group);
            if groups.is_empty() {
                self.parents.remove(member);
            }
        }
    }

    /// Everything a user counts as: a walk over the groups; cycles are harmless.
    pub(super) fn fold(&self, user: &str, memberships: &Memberships) -> Audience {
        let mut external: HashMap<ConnectionKey, BTreeSet<String>> = HashMap::new();
        let mut open = vec![Principal::User(user.to_ascii_lowercase())];
        let groups: BTreeSet<String> = memberships
            .groups
            .iter()
            .map(|group| group.to_ascii_lowercase())
            .collect();
        open.extend(groups.iter().cloned().map(Principal::Group));
        while let Some(member) = open.pop() {
            for group in self.parents.get(&member).into_iter().flatten() {
                if let Principal::External(at, id) = group
                    && external.entry(*at).or_default().insert(id.clone())
                {
                    open.push(group.clone());
                }
            }
        }
        Audience {
            user: user.to_owned(),
            guest: memberships.guest,
            groups,
            external,
        }
    }

    /// The bitmap of an audience on some connections; a former one is extended by the ACLs that came since.
    pub(super) fn allowed(
        &self,
        audience: &Audience,
        scope: &[ConnectionKey],
        former: Option<Arc<Allowed>>,
    ) -> Arc<Allowed> {
        let mark = self.acls.len() as u32;
        let Some(former) = former else {
            return Arc::new(self.allowed_from_postings(audience, scope, mark));
        };
        if former.mark() == mark {
            return former;
        }
        let mut allowed = (*former).clone();
        allowed.extend(mark);
        for id in former.mark()..mark {
            let visible = self.acls[id as usize].as_ref().is_some_and(|entry| {
                scope.binary_search(&entry.at).is_ok()
                    && audience.judge(entry.at, &entry.acl).may_see()
            });
            allowed.set(AclId(id), visible);
        }
        Arc::new(allowed)
    }

    fn allowed_from_postings(
        &self,
        audience: &Audience,
        scope: &[ConnectionKey],
        mark: u32,
    ) -> Allowed {
        let mut allowed = Allowed::default();
        allowed.extend(mark);
        for at in scope {
            let Some(postings) = self.postings.get(at) else {
                continue;
            };
            let counts_as = principals(audience, *at)
                .filter_map(|principal| postings.get(&principal))
                .collect::<Vec<_>>();
            for id in counts_as.iter().flat_map(|of| &of.grants) {
                allowed.set(*id, true);
            }
            for id in counts_as.iter().flat_map(|of| &of.denies) {
                allowed.set(*id, false);
            }
        }
        allowed
    }

    pub(super) fn accounts(&self) -> Arc<Accounts> {
        Arc::clone(&self.accounts)
    }

    pub(super) fn connection(&self, id: &ConnectionId) -> Option<Arc<KeptConnection>> {
        self.connection_at(*self.by_id.get(&id.folded())?)
    }

    pub(super) fn connection_at(&self, at: ConnectionKey) -> Option<Arc<KeptConnection>> {
        self.connections.get(&at).cloned()
    }

    pub(super) fn connections(&self) -> Vec<Arc<KeptConnection>> {
        self.connections.values().cloned().collect()
    }
}

/// The principals an audience counts as at one connection.
fn principals(audience: &Audience, at: ConnectionKey) -> impl Iterator<Item = Principal> {
    let everyone = std::iter::once(Principal::Everyone)
        .chain((!audience.guest).then_some(Principal::EveryoneExceptGuests));
    let directory = std::iter::once(Principal::User(audience.user.to_ascii_lowercase()))
        .chain(audience.groups.iter().cloned().map(Principal::Group));
    let external = audience
        .external
        .get(&at)
        .into_iter()
        .flatten()
        .cloned()
        .map(move |id| Principal::External(at, id));
    everyone.chain(directory).chain(external)
}
