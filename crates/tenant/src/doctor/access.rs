//! Access: who may see the items, and whether those who are named exist.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use graph::{AccessType, Acl, AclType, ExternalConnection, Identity, IdentityType};

use super::{
    Check, Verdict,
    crowd::{Crowd, principal},
    items::{grouped, named, percent},
    rules::{
        ACL_EVERYONE, ACL_NOBODY, GROUP_CYCLES, GROUPS_EMPTY, GROUPS_MISSING, GROUPS_UNUSED,
        PRINCIPALS_UNKNOWN,
    },
};
use crate::{
    accounts::Accounts,
    survey::{SharedAcl, Survey},
};

pub(super) fn checks(
    connection: &ExternalConnection,
    survey: &Survey,
    accounts: &Accounts,
) -> Vec<Check> {
    let crowd = Crowd::new(accounts, survey);
    let mentioned = mentioned(survey);
    vec![
        everyone(connection, survey),
        nobody(survey, &crowd),
        groups_missing(survey, &crowd, &mentioned),
        groups_empty(survey),
        groups_unused(survey, &mentioned),
        principals_unknown(&crowd, &mentioned),
        match crowd.cycle() {
            Some(cycle) => GROUP_CYCLES.warning(cycle.join(" → ")),
            None if survey.groups.is_empty() => GROUP_CYCLES.unknown("there is no group"),
            None => GROUP_CYCLES.pass("none"),
        },
    ]
}

/// Everybody whom ACLs or external groups name, and whether a deny does.
fn mentioned(survey: &Survey) -> BTreeMap<Identity, bool> {
    let mut mentioned = BTreeMap::new();
    for entry in survey.acls.iter().flat_map(|shared| &shared.acl) {
        if let Some(principal) = principal(entry) {
            *mentioned.entry(principal).or_default() |= entry.access == AccessType::Deny;
        }
    }
    for (_, member) in &survey.memberships {
        mentioned.entry(member.clone()).or_default();
    }
    mentioned
}

fn is_everyone(entry: &Acl) -> bool {
    matches!(
        entry.kind,
        AclType::Everyone | AclType::EveryoneExceptGuests
    )
}

fn is_open(acl: &[Acl]) -> bool {
    let is = |access, entry: &Acl| entry.access == access && is_everyone(entry);
    acl.iter().any(|entry| is(AccessType::Grant, entry))
        && !acl.iter().any(|entry| is(AccessType::Deny, entry))
}

/// Nobody is certain if everyone is denied, or if no grant is to somebody who is not denied under the same name.
fn is_nobodys(acl: &[Acl], crowd: &Crowd) -> bool {
    let denied = |grant: &Acl| {
        acl.iter().any(|entry| {
            entry.access == AccessType::Deny
                && (entry.kind == AclType::Everyone
                    || (entry.kind, &entry.value) == (grant.kind, &grant.value))
        })
    };
    !acl.iter().any(|entry| {
        entry.access == AccessType::Grant && crowd.is_somebody(entry) && !denied(entry)
    })
}

fn items_where(survey: &Survey, is: impl Fn(&[Acl]) -> bool) -> u64 {
    let shared = survey.acls.iter().filter(|shared| is(&shared.acl));
    shared.map(|shared: &SharedAcl| shared.items).sum()
}

/// Of which items something is said, if not of all.
fn of(survey: &Survey) -> (u64, String) {
    let counted = survey.acls.iter().map(|shared| shared.items).sum();
    let bounds = if counted == survey.items {
        String::new()
    } else {
        format!(", of {} in all", grouped(survey.items))
    };
    (counted, bounds)
}

fn everyone(connection: &ExternalConnection, survey: &Survey) -> Check {
    let (counted, bounds) = of(survey);
    if counted == 0 {
        return ACL_EVERYONE.unknown("no ACL was read");
    }
    let open = items_where(survey, is_open);
    let found = format!(
        "{} of items ({} of {}{bounds}) grant everyone or everyoneExceptGuests",
        percent(open, counted),
        grouped(open),
        grouped(counted)
    );
    if open == counted && !connection.is_of_people() {
        ACL_EVERYONE.warning(found)
    } else {
        ACL_EVERYONE.pass(found)
    }
}

fn nobody(survey: &Survey, crowd: &Crowd) -> Check {
    let (counted, bounds) = of(survey);
    if counted == 0 {
        return ACL_NOBODY.unknown("no ACL was read");
    }
    let hidden = items_where(survey, |acl| is_nobodys(acl, crowd));
    let found = format!(
        "{} of {}{bounds} items are visible to nobody",
        grouped(hidden),
        grouped(counted)
    );
    match hidden {
        0 => ACL_NOBODY.pass(found),
        _ if hidden == counted => ACL_NOBODY.failure(found),
        _ => ACL_NOBODY.warning(found),
    }
}

/// Those of some kinds who are named and not known; a deny among them is a failure, because it keeps nobody out.
fn unknown_among(
    crowd: &Crowd,
    mentioned: &BTreeMap<Identity, bool>,
    is_asked: impl Fn(IdentityType) -> bool,
) -> (Vec<String>, usize, Verdict) {
    let asked = || mentioned.iter().filter(|(it, _)| is_asked(it.kind));
    let unknown = || asked().filter(|(principal, _)| !crowd.knows(principal));
    let verdict = if unknown().any(|(_, denies)| *denies) {
        Verdict::Failure
    } else if unknown().next().is_some() {
        Verdict::Warning
    } else {
        Verdict::Pass
    };
    let names = unknown().map(|(principal, denies)| {
        let ending = if *denies { " (denied)" } else { "" };
        format!("{}{ending}", principal.id)
    });
    (names.collect(), asked().count(), verdict)
}

fn groups_missing(survey: &Survey, crowd: &Crowd, mentioned: &BTreeMap<Identity, bool>) -> Check {
    let is_external = |kind| kind == IdentityType::ExternalGroup;
    let (names, count, verdict) = unknown_among(crowd, mentioned, is_external);
    if !survey.groups_are_all {
        return GROUPS_MISSING.unknown(too_many(survey));
    }
    match verdict {
        Verdict::Pass if count == 0 => GROUPS_MISSING.unknown("none is named"),
        Verdict::Pass => {
            GROUPS_MISSING.pass(format!("all {} that are named", grouped(count as u64)))
        }
        _ => {
            let found = format!(
                "{} of {} were never made: {}",
                grouped(names.len() as u64),
                grouped(count as u64),
                named(&names)
            );
            GROUPS_MISSING.ended(verdict, found)
        }
    }
}

fn too_many(survey: &Survey) -> String {
    format!(
        "there are more groups or memberships than the {} and {} that were read",
        grouped(survey.groups.len() as u64),
        grouped(survey.memberships.len() as u64)
    )
}

fn groups_empty(survey: &Survey) -> Check {
    if !survey.memberships_are_all || !survey.groups_are_all {
        return GROUPS_EMPTY.unknown(too_many(survey));
    }
    let full: HashSet<&str> = survey
        .memberships
        .iter()
        .map(|(it, _)| it.as_str())
        .collect();
    let empty = survey.groups.iter().map(|group| group.as_str());
    let empty: Vec<String> = empty
        .filter(|group| !full.contains(group))
        .map(str::to_owned)
        .collect();
    let count = survey.groups.len() as u64;
    match (count, empty.len() as u64) {
        (0, _) => GROUPS_EMPTY.unknown("there is no group"),
        (_, 0) => GROUPS_EMPTY.pass(format!("all {}", grouped(count))),
        (_, without) => GROUPS_EMPTY.warning(format!(
            "{} of {} have none: {}",
            grouped(without),
            grouped(count),
            named(&empty)
        )),
    }
}

fn groups_unused(survey: &Survey, mentioned: &BTreeMap<Identity, bool>) -> Check {
    if !survey.acls_are_all || !survey.memberships_are_all || survey.counted < survey.items {
        return GROUPS_UNUSED.unknown("there are more ACLs or memberships than were read");
    }
    let used: BTreeSet<&str> = mentioned
        .keys()
        .filter(|it| it.kind == IdentityType::ExternalGroup)
        .map(|it| it.id.as_str())
        .collect();
    let unused: Vec<String> = survey
        .groups
        .iter()
        .filter(|group| !used.contains(group.as_str()))
        .map(|group| group.as_str().to_owned())
        .collect();
    let count = grouped(survey.groups.len() as u64);
    match unused.len() {
        0 if survey.groups.is_empty() => GROUPS_UNUSED.unknown("there is no group"),
        0 => GROUPS_UNUSED.pass(format!("all {count}")),
        without => {
            GROUPS_UNUSED.warning(format!("{without} of {count} are not: {}", named(&unused)))
        }
    }
}

fn principals_unknown(crowd: &Crowd, mentioned: &BTreeMap<Identity, bool>) -> Check {
    let is_of_directory = |kind| kind != IdentityType::ExternalGroup;
    let (names, count, verdict) = unknown_among(crowd, mentioned, is_of_directory);
    let of = grouped(count as u64);
    match verdict {
        Verdict::Pass if count == 0 => PRINCIPALS_UNKNOWN.unknown("nobody is named"),
        Verdict::Pass => PRINCIPALS_UNKNOWN.pass(format!("all {of} that are named")),
        _ => {
            let without = grouped(names.len() as u64);
            let found = format!("{without} of {of} are not: {}", named(&names));
            PRINCIPALS_UNKNOWN.ended(verdict, found)
        }
    }
}
