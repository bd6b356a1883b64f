//! Who a caller counts as, and the definition of visibility.

use std::collections::{BTreeSet, HashMap};

use crate::{
    acl::{AccessType, Acl, AclType},
    id::ConnectionKey,
};

/// The principals a caller counts as: the user, its directory groups, and per connection its external groups, all transitive.
///
/// Object ids are lower-case GUID text; external group ids keep their case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audience {
    /// The user's object id.
    pub user: String,
    /// Guests are not part of `everyoneExceptGuests`.
    pub guest: bool,
    /// Directory groups, transitive.
    pub groups: BTreeSet<String>,
    /// External groups, transitive, per connection, because that is where they live.
    pub external: HashMap<ConnectionKey, BTreeSet<String>>,
}

/// May this audience see this item, and because of which entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The first entry that grants, if any.
    pub granted_by: Option<Acl>,
    /// The first entry that denies, if any.
    pub denied_by: Option<Acl>,
}

impl Verdict {
    /// Visible means granted and not denied.
    pub fn may_see(&self) -> bool {
        self.granted_by.is_some() && self.denied_by.is_none()
    }
}

impl Audience {
    /// The definition of visibility: deny beats grant, and an empty list means nobody.
    pub fn judge(&self, at: ConnectionKey, acl: &[Acl]) -> Verdict {
        let first = |access| {
            acl.iter()
                .find(|entry| entry.access == access && self.is(at, entry))
                .cloned()
        };
        Verdict {
            granted_by: first(AccessType::Grant),
            denied_by: first(AccessType::Deny),
        }
    }

    /// Does the audience count as the principal of this entry?
    fn is(&self, at: ConnectionKey, entry: &Acl) -> bool {
        match entry.kind {
            AclType::Everyone => true,
            AclType::EveryoneExceptGuests => !self.guest,
            AclType::User => entry.value.eq_ignore_ascii_case(&self.user),
            AclType::Group => self.groups.contains(&entry.value.to_ascii_lowercase()),
            AclType::ExternalGroup => self
                .external
                .get(&at)
                .is_some_and(|groups| groups.contains(&entry.value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: &str = "0a1b2c3d-0000-4000-8000-00000000000a";
    const TEAM: &str = "0a1b2c3d-0000-4000-8000-0000000000aa";
    const HERE: ConnectionKey = ConnectionKey(1);
    const THERE: ConnectionKey = ConnectionKey(2);

    fn alice() -> Audience {
        Audience {
            user: ALICE.to_owned(),
            guest: false,
            groups: [TEAM.to_owned()].into(),
            external: [(HERE, ["Eng".to_owned()].into())].into(),
        }
    }

    fn entry(access: AccessType, kind: AclType, value: &str) -> Acl {
        Acl {
            kind,
            value: value.to_owned(),
            access,
        }
    }

    fn grant(kind: AclType, value: &str) -> Acl {
        entry(AccessType::Grant, kind, value)
    }

    fn deny(kind: AclType, value: &str) -> Acl {
        entry(AccessType::Deny, kind, value)
    }

    #[track_caller]
    fn check(audience: &Audience, acl: &[Acl], expect: bool) {
        assert_eq!(audience.judge(HERE, acl).may_see(), expect, "{acl:?}");
    }

    #[test]
    fn an_empty_list_means_nobody() {
        check(&alice(), &[], false);
        check(&Audience::default(), &[], false);
    }

    #[test]
    fn one_grant_is_enough() {
        use AclType::{Everyone, EveryoneExceptGuests, ExternalGroup, Group, User};
        let alice = alice();
        check(&alice, &[grant(User, ALICE)], true);
        check(&alice, &[grant(User, "bob")], false);
        check(&alice, &[grant(Group, TEAM)], true);
        check(&alice, &[grant(Group, ALICE)], false);
        check(&alice, &[grant(User, TEAM)], false);
        check(&alice, &[grant(ExternalGroup, "Eng")], true);
        check(&alice, &[grant(ExternalGroup, TEAM)], false);
        check(&alice, &[grant(Everyone, "whatever")], true);
        check(&alice, &[grant(EveryoneExceptGuests, "")], true);
        check(&alice, &[grant(User, "bob"), grant(Group, TEAM)], true);
    }

    #[test]
    fn deny_wins_wherever_it_stands() {
        use AclType::{Everyone, EveryoneExceptGuests, ExternalGroup, Group, User};
        let alice = alice();
        for denied in [
            deny(User, ALICE),
            deny(Group, TEAM),
            deny(ExternalGroup, "Eng"),
            deny(Everyone, ""),
            deny(EveryoneExceptGuests, ""),
        ] {
            let granted = grant(User, ALICE);
            check(&alice, &[granted.clone(), denied.clone()], false);
            check(&alice, &[denied.clone(), granted], false);
            check(&alice, &[denied], false);
        }
        check(&alice, &[grant(Everyone, ""), deny(User, "bob")], true);
        check(&alice, &[deny(User, "bob")], false);
    }

    #[test]
    fn guests_are_everyone_but_not_everyone_except_guests() {
        let guest = Audience {
            guest: true,
            ..alice()
        };
        check(&guest, &[grant(AclType::Everyone, "")], true);
        check(&guest, &[grant(AclType::EveryoneExceptGuests, "")], false);
        check(
            &guest,
            &[
                grant(AclType::Everyone, ""),
                deny(AclType::EveryoneExceptGuests, ""),
            ],
            true,
        );
        check(&guest, &[grant(AclType::User, ALICE)], true);
    }

    #[test]
    fn object_ids_match_in_any_case_and_external_ids_do_not() {
        let alice = alice();
        check(
            &alice,
            &[grant(AclType::User, &ALICE.to_ascii_uppercase())],
            true,
        );
        check(
            &alice,
            &[grant(AclType::Group, &TEAM.to_ascii_uppercase())],
            true,
        );
        check(
            &alice,
            &[
                grant(AclType::Everyone, ""),
                deny(AclType::Group, &TEAM.to_ascii_uppercase()),
            ],
            false,
        );
        check(&alice, &[grant(AclType::ExternalGroup, "eng")], false);
    }

    #[test]
    fn external_groups_live_in_their_connection() {
        let acl = [grant(AclType::ExternalGroup, "Eng")];
        assert!(alice().judge(HERE, &acl).may_see());
        assert!(!alice().judge(THERE, &acl).may_see());
        let acl = [
            grant(AclType::Everyone, ""),
            deny(AclType::ExternalGroup, "Eng"),
        ];
        assert!(!alice().judge(HERE, &acl).may_see());
        assert!(alice().judge(THERE, &acl).may_see());
    }

    #[test]
    fn the_verdict_names_the_first_entry_of_each_kind() {
        let acl = [
            grant(AclType::User, "bob"),
            grant(AclType::Group, TEAM),
            grant(AclType::User, ALICE),
            deny(AclType::ExternalGroup, "Eng"),
            deny(AclType::Everyone, ""),
        ];
        let verdict = alice().judge(HERE, &acl);
        assert_eq!(verdict.granted_by.as_ref(), Some(&acl[1]));
        assert_eq!(verdict.denied_by.as_ref(), Some(&acl[3]));
        assert!(!verdict.may_see());
    }
}
