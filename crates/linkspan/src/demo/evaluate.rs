//! The plain evaluation: who sees which item for which query, straight from the demo's own ACLs, groups and texts.
//!
//! It is written to be read, not to be fast, and shares no code with what it checks.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{
    acl::{Access, AclEntry, Meant},
    groups::ExternalGroup,
    query::{Means, Query},
    source::Principal,
    words::words,
};
use crate::seed::{self, SeededUser};

/// An item as it is sent.
pub struct Item {
    /// Id.
    pub id: String,
    /// Values by the schema.
    pub properties: Map<String, Value>,
    /// The text.
    pub content: String,
    /// Who may see it.
    pub acl: Vec<AclEntry>,
}

/// Which seeded names and external groups stand for a user.
pub struct Picture {
    user: &'static str,
    guest: bool,
    directory: BTreeSet<&'static str>,
    external: BTreeSet<String>,
}

impl Picture {
    /// Follows memberships until nothing is added.
    pub fn of(user: &SeededUser, groups: &[ExternalGroup]) -> Self {
        let mut picture = Self {
            user: user.name,
            guest: user.guest,
            directory: BTreeSet::new(),
            external: BTreeSet::new(),
        };
        loop {
            let before = picture.directory.len() + picture.external.len();
            for group in seed::GROUPS {
                let members = group.members;
                if members
                    .iter()
                    .any(|name| *name == picture.user || picture.directory.contains(name))
                {
                    picture.directory.insert(group.name);
                }
            }
            for group in groups {
                if group.members.iter().any(|member| picture.is(member)) {
                    picture.external.insert(group.id.clone());
                }
            }
            if picture.directory.len() + picture.external.len() == before {
                return picture;
            }
        }
    }

    fn is(&self, principal: &Principal) -> bool {
        match principal {
            Principal::User(name) => self.user == *name,
            Principal::Group(name) => self.directory.contains(name),
            Principal::ExternalGroup(id) => self.external.contains(id),
        }
    }

    /// Does search show the user items with this ACL? Some grant, no deny; guests see nothing through search.
    pub fn sees(&self, acl: &[AclEntry]) -> bool {
        let any = |access| {
            acl.iter().any(|entry| {
                entry.access == access
                    && match &entry.meant {
                        Meant::Everyone => true,
                        Meant::EveryoneExceptGuests => !self.guest,
                        Meant::One(principal) => self.is(principal),
                    }
            })
        };
        !self.guest && any(Access::Grant) && !any(Access::Deny)
    }
}

/// Which of an item's properties free text looks at, and which restrictions may name, by the schema that was sent.
pub struct Flags {
    searchable: BTreeSet<String>,
    queryable: BTreeSet<String>,
}

impl Flags {
    /// Reads the schema that is sent.
    pub fn of(schema: &Value) -> Self {
        let named = |flag: &str| {
            schema["properties"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|property| property[flag] == true)
                .filter_map(|property| property["name"].as_str().map(str::to_owned))
                .collect()
        };
        Self {
            searchable: named("isSearchable"),
            queryable: named("isQueryable"),
        }
    }
}

/// Which of the queries an item matches, whoever asks.
pub fn matches<const N: usize>(item: &Item, flags: &Flags, queries: &[Query; N]) -> [bool; N] {
    let mut free = vec![words(&item.content).collect::<Vec<_>>()];
    for name in &flags.searchable {
        free.extend(texts(item, name));
    }
    queries.map(|query| holds(&query.means, item, flags, &free))
}

fn holds(means: &Means, item: &Item, flags: &Flags, free: &[Vec<String>]) -> bool {
    let any = |test: &dyn Fn(&str) -> bool| free.iter().flatten().any(|word| test(word));
    match means {
        Means::Word(word) => any(&|found| found == *word),
        Means::Prefix(start) => any(&|found| found.starts_with(start)),
        Means::Phrase(phrase) => free
            .iter()
            .any(|text| text.windows(phrase.len()).any(|found| found == *phrase)),
        Means::In(property, word) => {
            flags.queryable.contains(*property)
                && texts(item, property)
                    .iter()
                    .flatten()
                    .any(|found| found == word)
        }
        Means::Not(means) => !holds(means, item, flags, free),
        Means::All(all) => all.iter().all(|means| holds(means, item, flags, free)),
    }
}

/// The words of each text that a property holds.
fn texts(item: &Item, property: &str) -> Vec<Vec<String>> {
    match item.properties.get(property) {
        Some(Value::String(text)) => vec![words(text).collect()],
        Some(Value::Array(values)) => values
            .iter()
            .filter_map(Value::as_str)
            .map(|text| words(text).collect())
            .collect(),
        _ => Vec::new(),
    }
}
