//! Maintainers without their names: teams keep a slug of the team's name, persons get a number.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::source::{Entry, Owner, slug};

/// Words that say that a maintainer is not one person.
const TEAM_WORDS: [&str; 12] = [
    "team",
    "teams",
    "group",
    "maintainers",
    "maintenance",
    "project",
    "force",
    "packagers",
    "developers",
    "admins",
    "committee",
    "packages",
];

/// Words that say nothing about what a team is for.
const EMPTY_WORDS: [&str; 8] = [
    "debian",
    "packaging",
    "package",
    "devel",
    "task",
    "the",
    "pkg",
    "alioth",
];

/// The key of the order in which persons are numbered, so that numbers do not follow names.
const ORDER: Uuid = Uuid::from_u128(0x5eed_0000_0000_4000_8000_0000_0000_0d01);

/// Reads a `Maintainer` field: `Name <address>`.
pub fn owner(maintainer: &str) -> Owner {
    let (name, address) = maintainer
        .split_once('<')
        .map_or((maintainer, ""), |(name, rest)| {
            (name, rest.trim_end().trim_end_matches('>'))
        });
    let address = address.trim().to_ascii_lowercase();
    // What stands in brackets may be the name of a person's team, or a team's person.
    let outside = name.split('(').next().unwrap_or(name);
    let words = slug(outside);
    let is_team = words.split('-').any(|word| TEAM_WORDS.contains(&word));
    if is_team {
        return Owner::Team(purpose(&words));
    }
    match mailing_list(&address) {
        Some(list) => Owner::Team(purpose(&slug(list))),
        None if address.is_empty() => Owner::Person(name.trim().to_lowercase()),
        None => Owner::Person(address),
    }
}

/// The local part of an address that belongs to a list or a team, not to a person.
fn mailing_list(address: &str) -> Option<&str> {
    let (local, host) = address.split_once('@')?;
    if let Some(team) = local.strip_prefix("team+") {
        return Some(team);
    }
    host.split('.')
        .any(|part| part == "lists" || part.ends_with("-lists"))
        .then_some(local)
}

/// The words that say what a team is for.
fn purpose(words: &str) -> String {
    let kept: Vec<_> = words
        .split('-')
        .filter(|word| !TEAM_WORDS.contains(word) && !EMPTY_WORDS.contains(word))
        .collect();
    if kept.is_empty() {
        "general".to_owned()
    } else {
        kept.join("-")
    }
}

/// The numbers of persons.
pub struct Pseudonyms {
    numbers: BTreeMap<String, usize>,
}

impl Pseudonyms {
    /// Numbers the persons among the owners, in an order that their names do not show.
    pub fn of(entries: &[Entry]) -> Self {
        let persons: BTreeSet<_> = entries
            .iter()
            .filter_map(|entry| match &entry.owner {
                Owner::Person(key) => Some((Uuid::new_v5(&ORDER, key.as_bytes()), key)),
                Owner::Team(_) => None,
            })
            .collect();
        let numbers = persons
            .into_iter()
            .enumerate()
            .map(|(at, (_, key))| (key.clone(), at + 1))
            .collect();
        Self { numbers }
    }

    /// The number of a person; `None` for teams and unknown persons.
    pub fn number(&self, owner: &Owner) -> Option<usize> {
        match owner {
            Owner::Person(key) => self.numbers.get(key).copied(),
            Owner::Team(_) => None,
        }
    }

    /// How many persons there are.
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// What hits show as the owner.
    pub fn shown(&self, owner: &Owner) -> String {
        match owner {
            Owner::Team(slug) => format!("Team {slug}"),
            Owner::Person(_) => format!("Maintainer {:04}", self.number(owner).unwrap_or(0)),
        }
    }

    /// The external group of the owner.
    pub fn group(&self, owner: &Owner) -> String {
        match owner {
            Owner::Team(slug) => format!("team-{slug}"),
            Owner::Person(_) => format!("maintainer-{:04}", self.number(owner).unwrap_or(0)),
        }
    }
}

/// The text with every mail address taken out.
pub fn without_addresses(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for piece in text.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end_matches(char::is_whitespace);
        let is_address = word
            .split_once('@')
            .is_some_and(|(local, host)| !local.is_empty() && host.contains('.'));
        if is_address {
            out.push_str("(address)");
            out.push_str(&piece[word.len()..]);
        } else {
            out.push_str(piece);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;

    fn team(maintainer: &str, expect: &str) {
        assert_eq!(
            owner(maintainer),
            Owner::Team(expect.to_owned()),
            "{maintainer}"
        );
    }

    #[test]
    fn teams_keep_a_slug() {
        team("Debian Python Team <team+python@example.test>", "python");
        team("Debian Qt/KDE Maintainers <x@lists.example.test>", "qt-kde");
        team("Debian Go Packaging Team <team+go@example.test>", "go");
        team(
            "Debian+Example MATE Packaging Team <x@example.test>",
            "example-mate",
        );
        team(
            "Debian OpenThing <team+openthing@example.test>",
            "openthing",
        );
        team(
            "Debian Thing <pkg-thing-devel@alioth-lists.example.test>",
            "thing",
        );
        team("Maintainers <x@example.test>", "general");
    }

    #[test]
    fn persons_are_known_by_their_address_alone() {
        let person = |text: &str| Owner::Person(text.to_owned());
        assert_eq!(
            owner("Alice <Alice@linkspan.test>"),
            person("alice@linkspan.test")
        );
        assert_eq!(
            owner("A. (Games Team) <alice@linkspan.test>"),
            person("alice@linkspan.test")
        );
        assert_eq!(owner("Bob"), person("bob"));
    }

    #[test]
    fn numbers_are_stable_and_names_do_not_leak() {
        let entry = |owner| Entry {
            id: "a".to_owned(),
            section: "b".to_owned(),
            owner,
            essential: false,
            properties: Map::new(),
            content: String::new(),
        };
        let owners = ["alice", "bob", "carol", "dave"]
            .map(|name| owner(&format!("{name} <{name}@linkspan.test>")));
        let forward: Vec<_> = owners.iter().cloned().map(entry).collect();
        let backward: Vec<_> = owners.iter().rev().cloned().map(entry).collect();
        let (one, two) = (Pseudonyms::of(&forward), Pseudonyms::of(&backward));
        assert_eq!(one.len(), 4);
        let shown: BTreeSet<_> = owners.iter().map(|owner| one.shown(owner)).collect();
        assert_eq!(
            shown.iter().map(String::as_str).collect::<Vec<_>>(),
            [
                "Maintainer 0001",
                "Maintainer 0002",
                "Maintainer 0003",
                "Maintainer 0004"
            ]
        );
        for owner in &owners {
            assert_eq!(one.shown(owner), two.shown(owner));
            assert_eq!(
                one.group(owner).replace("maintainer-", "Maintainer "),
                one.shown(owner)
            );
        }
        // The order is the key's, not the alphabet's.
        assert_ne!(
            owners.each_ref().map(|owner| one.number(owner).unwrap()),
            [1, 2, 3, 4]
        );
    }

    #[test]
    fn addresses_are_taken_out_of_texts() {
        assert_eq!(
            without_addresses("Write to <alice@linkspan.test>,\n or @home, user@host a@b.c"),
            "Write to (address)\n or @home, user@host (address)"
        );
    }
}
