//! What the demo loads, whatever it was read from, and the rules that decide who sees it.

use serde_json::{Map, Value};

use super::query::Query;

/// Something to load: its entries, its schema and the documented rules of who sees what.
pub struct Source {
    /// Connection id.
    pub connection: &'static str,
    /// Connection name.
    pub name: &'static str,
    /// Connection description.
    pub description: &'static str,
    /// What entries are called, in the plural.
    pub noun: &'static str,
    /// Body of `PATCH …/schema`.
    pub schema: Value,
    /// The queries that the table shows.
    pub queries: [Query; 3],
    /// Who sees what.
    pub rules: &'static Rules,
    /// What to load.
    pub entries: Vec<Entry>,
}

/// One thing to load.
#[derive(Debug, PartialEq)]
pub struct Entry {
    /// Item id.
    pub id: String,
    /// The section it belongs to: letters, digits and hyphens.
    pub section: String,
    /// Who looks after it.
    pub owner: Owner,
    /// Is it for everyone, whatever the rules say of its section?
    pub essential: bool,
    /// Values by the schema, without the owner.
    pub properties: Map<String, Value>,
    /// The text.
    pub content: String,
}

/// Who looks after an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A team, by its slug.
    Team(String),
    /// A person, by a private key that is neither stored nor sent.
    Person(String),
}

/// Who is meant by an ACL entry or is a member of an external group. Users and directory groups go by their seeded names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// A seeded user.
    User(&'static str),
    /// A seeded directory group.
    Group(&'static str),
    /// An external group of the connection.
    ExternalGroup(String),
}

/// The documented rules of one source.
pub struct Rules {
    /// Areas and the sections whose readers they are.
    pub areas: &'static [Area],
    /// Seeded users and directory groups in external groups.
    pub joins: &'static [Join],
    /// Sections that read each other's entries; both hold the other, which makes a cycle.
    pub twins: &'static [(&'static str, &'static str)],
    /// Sections whose entries have an empty ACL, so that nobody sees them.
    pub nobody: &'static [&'static str],
    /// Denies, by section.
    pub denies: &'static [Deny],
}

/// An external group `area-{name}` that is a member of `section-{section}` for each of its sections.
pub struct Area {
    /// Name.
    pub name: &'static str,
    /// Sections.
    pub sections: &'static [&'static str],
}

/// A seeded user or directory group is a member of an external group.
pub struct Join {
    /// External group id.
    pub group: &'static str,
    /// Who joins.
    pub who: Who,
}

/// A deny on a share of a section's entries.
pub struct Deny {
    /// Section.
    pub section: &'static str,
    /// Every how many-th entry; 1 for all.
    pub one_in: u64,
    /// Who is denied.
    pub who: Who,
}

/// [`Principal`] as a constant.
#[derive(Clone, Copy, Debug)]
pub enum Who {
    /// A seeded user.
    User(&'static str),
    /// A seeded directory group.
    Group(&'static str),
    /// An external group.
    ExternalGroup(&'static str),
}

impl From<Who> for Principal {
    fn from(who: Who) -> Self {
        match who {
            Who::User(name) => Self::User(name),
            Who::Group(name) => Self::Group(name),
            Who::ExternalGroup(id) => Self::ExternalGroup(id.to_owned()),
        }
    }
}

/// Lower-case letters, digits and hyphens between words; empty when the text has neither letter nor digit.
pub fn slug(text: &str) -> String {
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect::<Vec<_>>()
        .join("-")
}

/// A number for shares ("every fifth") that is the same in every run (FNV-1a, then mixed so that low bits count).
pub fn share(id: &str, purpose: &str) -> u64 {
    let hash = purpose
        .bytes()
        .chain([0])
        .chain(id.bytes())
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    let mixed = (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 29)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_even_enough() {
        let hits = (0..10_000)
            .filter(|number| share(&number.to_string(), "test").is_multiple_of(5))
            .count();
        assert!((1_800..2_200).contains(&hits), "{hits}");
        assert_ne!(share("a", "b"), share("b", "a"));
    }

    #[test]
    fn slugs_are_group_ids() {
        assert_eq!(slug("Qt/KDE  (extra)"), "qt-kde-extra");
        assert_eq!(slug("…"), "");
    }
}
