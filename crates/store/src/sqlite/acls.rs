//! Distinct ACLs and their numbers.

use std::collections::HashMap;

use graph::{Acl, AclType, ConnectionKey};
use sha2::{Digest as _, Sha256};
use tenant::kept::AclId;

/// The first half of a SHA-256.
pub(super) type Digest = [u8; 16];

/// The digest of some parts, one after the other.
pub(super) fn digest(parts: &[&[u8]]) -> Digest {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    let whole: [u8; 32] = hash.finalize().into();
    std::array::from_fn(|at| whole[at])
}

/// A list of entries in the one form that all lists of the same meaning share.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct CanonicalAcl {
    pub(super) hash: Digest,
    pub(super) entries: String,
    pub(super) acl: Vec<Acl>,
}

impl CanonicalAcl {
    /// Order and repetition mean nothing, nor does the case of an object id, nor the value of an entry for everyone.
    pub(super) fn of(acl: &[Acl]) -> Self {
        let mut acl: Vec<Acl> = acl
            .iter()
            .map(|entry| Acl {
                kind: entry.kind,
                value: match entry.kind {
                    AclType::User | AclType::Group => entry.value.to_ascii_lowercase(),
                    AclType::ExternalGroup => entry.value.clone(),
                    AclType::Everyone | AclType::EveryoneExceptGuests => String::new(),
                },
                access: entry.access,
            })
            .collect();
        acl.sort_unstable_by(|a, b| {
            (a.kind, &a.value, a.access).cmp(&(b.kind, &b.value, b.access))
        });
        acl.dedup();
        let entries = text(&acl);
        Self {
            hash: digest(&[entries.as_bytes()]),
            entries,
            acl,
        }
    }
}

/// Entries as a text.
pub(super) fn text(acl: &[Acl]) -> String {
    serde_json::to_string(acl).expect("entries are made of texts")
}

/// The numbers of all ACLs that are in use, known to the writer alone.
#[derive(Default)]
pub(super) struct Interned(HashMap<ConnectionKey, HashMap<Digest, AclId>>);

impl Interned {
    pub(super) fn get(&self, at: ConnectionKey, hash: &Digest) -> Option<AclId> {
        self.0.get(&at)?.get(hash).copied()
    }

    pub(super) fn add(&mut self, at: ConnectionKey, hash: Digest, id: AclId) {
        self.0.entry(at).or_default().insert(hash, id);
    }

    pub(super) fn forget(&mut self, at: ConnectionKey) {
        self.0.remove(&at);
    }
}

#[cfg(test)]
mod tests {
    use graph::AccessType;

    use super::*;

    fn entry(kind: AclType, value: &str, access: AccessType) -> Acl {
        Acl {
            kind,
            value: value.to_owned(),
            access,
        }
    }

    #[test]
    fn lists_of_one_meaning_are_one() {
        use AccessType::{Deny, Grant};
        use AclType::{Everyone, ExternalGroup, User};
        let check = |a: &[Acl], b: &[Acl], same: bool| {
            let (a, b) = (CanonicalAcl::of(a), CanonicalAcl::of(b));
            assert_eq!(a == b, same, "{a:?} {b:?}");
            assert_eq!(a.hash == b.hash, same, "{a:?} {b:?}");
        };
        let alice = || entry(User, "Alice", Grant);
        let eng = || entry(ExternalGroup, "Eng", Deny);
        check(&[alice(), eng()], &[eng(), alice(), eng()], true);
        check(&[alice()], &[entry(User, "aLICE", Grant)], true);
        check(&[eng()], &[entry(ExternalGroup, "eng", Deny)], false);
        check(&[alice()], &[entry(User, "Alice", Deny)], false);
        check(
            &[entry(Everyone, "everyone", Grant)],
            &[entry(Everyone, "", Grant)],
            true,
        );
        check(&[], &[alice()], false);
    }
}
