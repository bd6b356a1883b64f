//! The external groups of the demo: owners, sections, areas and who is in them.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    people::Pseudonyms,
    source::{Entry, Owner, Principal, Rules},
};

/// Every how many-th maintainer has dave as a stand-in.
const STAND_IN: usize = 10;

/// An external group to create.
#[derive(Debug, PartialEq, Eq)]
pub struct ExternalGroup {
    /// Id.
    pub id: String,
    /// Display name.
    pub display_name: String,
    /// Direct members.
    pub members: Vec<Principal>,
}

/// The external groups that the entries' ACLs name, and the documented ones above and below them:
///
/// - `team-…` and `maintainer-…`: who looks after entries; dave stands in for every tenth maintainer;
/// - `section-…`: readers of a section, with its area as a member (and its twin section, in a circle);
/// - `area-…`: readers of several sections;
/// - `teams`: all `team-…` groups; `archive`: `teams`, so that it reaches users over three steps;
/// - besides, whatever the source's rules say joins what.
pub fn groups(entries: &[Entry], people: &Pseudonyms, rules: &Rules) -> Vec<ExternalGroup> {
    let mut plan = Plan::default();
    let mut teams = BTreeSet::new();
    let sections: BTreeSet<_> = entries.iter().map(|entry| entry.section.as_str()).collect();
    for entry in entries {
        let id = people.group(&entry.owner);
        if let Owner::Team(_) = entry.owner {
            teams.insert(id.clone());
        }
        let stand_in = people
            .number(&entry.owner)
            .is_some_and(|number| number.is_multiple_of(STAND_IN));
        plan.name(&id, people.shown(&entry.owner));
        if stand_in {
            plan.join(&id, Principal::User("dave"));
        }
    }
    for section in &sections {
        plan.name(
            &format!("section-{section}"),
            format!("Readers of {section}"),
        );
    }
    for area in rules.areas {
        let id = format!("area-{}", area.name);
        plan.name(&id, format!("Area {}", area.name));
        for section in area.sections.iter().filter(|name| sections.contains(*name)) {
            plan.join(
                &format!("section-{section}"),
                Principal::ExternalGroup(id.clone()),
            );
        }
    }
    for (one, other) in rules.twins {
        for (group, member) in [(one, other), (other, one)] {
            let member = Principal::ExternalGroup(format!("section-{member}"));
            plan.join(&format!("section-{group}"), member);
        }
    }
    for join in rules.joins {
        plan.join(join.group, join.who.into());
        if join.group.starts_with("team-") {
            teams.insert(join.group.to_owned());
        }
    }
    for team in teams {
        plan.join("teams", Principal::ExternalGroup(team));
    }
    plan.join("archive", Principal::ExternalGroup("teams".to_owned()));
    plan.finish()
}

/// Groups by id: name and members.
#[derive(Default)]
struct Plan(BTreeMap<String, (Option<String>, Vec<Principal>)>);

impl Plan {
    fn name(&mut self, id: &str, display_name: String) {
        self.0.entry(id.to_owned()).or_default().0 = Some(display_name);
    }

    fn join(&mut self, id: &str, member: Principal) {
        let members = &mut self.0.entry(id.to_owned()).or_default().1;
        if !members.contains(&member) {
            members.push(member);
        }
    }

    fn finish(self) -> Vec<ExternalGroup> {
        self.0
            .into_iter()
            .map(|(id, (display_name, members))| ExternalGroup {
                display_name: display_name.unwrap_or_else(|| id.clone()),
                id,
                members,
            })
            .collect()
    }
}
