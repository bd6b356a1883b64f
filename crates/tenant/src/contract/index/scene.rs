//! A small tenant without a store: items, their ACLs, and who asks.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use graph::{
    AccessType, Acl, AclType, ConnectionKey, ContentType, ExternalItem, ExternalItemContent,
    ItemId, Property, PropertyType, Schema, Value,
};

use crate::{
    analysis,
    index::{Document, Index, Upsert},
    kept::{AclId, Ordinal, Text, Version},
    membership::Memberships,
    search::plan::{Bound, Cancel, Criteria, Field, Hits, Plan, PropertyOf, Word},
    visibility::{Change, Lens, Visibility},
};

/// The first connection.
pub const HERE: ConnectionKey = ConnectionKey(7);
/// The second connection: some of its properties have the same names, but other types.
pub const THERE: ConnectionKey = ConnectionKey(112);

/// The seeded test users.
pub const USERS: [&str; 5] = ["alice", "bob", "carol", "dave", "erin"];

/// The picture and the numbers that were given out.
pub struct Scene {
    pub visibility: Arc<Visibility>,
    last_acl: u32,
}

impl Scene {
    pub fn new() -> Self {
        Self {
            visibility: Visibility::new(),
            last_acl: 0,
        }
    }

    /// Publishes like a store does: from a thread of its own.
    pub fn publish(&self, changes: Vec<Change>) {
        let visibility = Arc::clone(&self.visibility);
        thread::spawn(move || visibility.publish(changes))
            .join()
            .unwrap();
    }

    pub fn acl(&mut self, at: ConnectionKey, acl: &[Acl]) -> AclId {
        self.last_acl += 1;
        let id = AclId(self.last_acl);
        self.publish(vec![Change::Acl {
            id,
            at,
            acl: acl.to_vec(),
        }]);
        id
    }

    /// Makes items live under one ACL, with the words of version 1.
    pub fn show(&self, ordinals: impl IntoIterator<Item = u64>, acl: AclId) {
        let changes = ordinals
            .into_iter()
            .map(|ordinal| item_change(ordinal, 1, acl, None));
        self.publish(changes.collect());
    }

    pub fn lens(&self, user: &str, scope: &[ConnectionKey]) -> Lens {
        self.lens_of(user, &Memberships::default(), scope)
    }

    pub fn lens_of(&self, user: &str, memberships: &Memberships, scope: &[ConnectionKey]) -> Lens {
        let folded = self.visibility.fold(user, memberships);
        self.visibility.lens(&folded, scope)
    }
}

pub fn item_change(
    ordinal: u64,
    text: u32,
    acl: AclId,
    stale: Option<Vec<(Text, AclId)>>,
) -> Change {
    Change::Item {
        ordinal: Ordinal(ordinal),
        text: Text(text),
        acl,
        stale,
    }
}

pub fn grant(user: &str) -> Acl {
    entry(AccessType::Grant, AclType::User, user)
}

pub fn everyone() -> Acl {
    entry(AccessType::Grant, AclType::Everyone, "everyone")
}

pub fn entry(access: AccessType, kind: AclType, value: &str) -> Acl {
    Acl {
        kind,
        value: value.to_owned(),
        access,
    }
}

/// One property; flags: `s`earchable, `q`ueryable, e`x`act.
fn property(name: &str, kind: PropertyType, flags: &str) -> Property {
    Property {
        name: name.to_owned(),
        kind,
        description: None,
        is_searchable: flags.contains('s'),
        is_queryable: flags.contains('q'),
        is_retrievable: true,
        is_refinable: false,
        is_exact_match_required: flags.contains('x'),
        importance_score: None,
        labels: Vec::new(),
        aliases: Vec::new(),
    }
}

/// The schema of a connection.
pub fn schema(at: ConnectionKey) -> Arc<Schema> {
    let properties = if at == HERE {
        vec![
            property("title", PropertyType::String, "sq"),
            property("Note", PropertyType::String, "q"),
            property("tags", PropertyType::StringCollection, "sq"),
            property("code", PropertyType::String, "qx"),
            property("codes", PropertyType::StringCollection, "qx"),
            property("size", PropertyType::Int64, "q"),
            property("sizes", PropertyType::Int64Collection, "q"),
            property("ratio", PropertyType::Double, "q"),
            property("ratios", PropertyType::DoubleCollection, "q"),
            property("changed", PropertyType::DateTime, "q"),
            property("changes", PropertyType::DateTimeCollection, "q"),
            property("done", PropertyType::Boolean, "q"),
            property("owner", PropertyType::Principal, "q"),
            property("quiet", PropertyType::String, "s"),
            property("hidden", PropertyType::String, ""),
        ]
    } else {
        vec![
            property("title", PropertyType::String, "sq"),
            property("size", PropertyType::String, "q"),
            property("ratio", PropertyType::Int64, "q"),
            property("note", PropertyType::Boolean, "q"),
        ]
    };
    Arc::new(Schema {
        base_type: "microsoft.graph.externalItem".to_owned(),
        properties,
    })
}

/// A document with properties and text content.
pub fn document(
    at: ConnectionKey,
    properties: &[(&str, Value)],
    content: Option<&str>,
) -> Document {
    Document {
        at,
        item: ExternalItem {
            id: ItemId::admit("item").unwrap(),
            acl: Vec::new(),
            properties: properties
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect(),
            content: content.map(|content| ExternalItemContent {
                kind: ContentType::Text,
                value: Some(content.to_owned()),
            }),
            sensitivity_label_id: None,
        },
        schema: schema(at),
    }
}

pub fn content(text: &str) -> Document {
    document(HERE, &[], Some(text))
}

pub fn upsert(ordinal: u64, text: u32, document: Option<Document>) -> Upsert {
    Upsert {
        ordinal: Ordinal(ordinal),
        version: Version(text),
        text: Text(text),
        document,
    }
}

/// Writes items with the words of version 1.
pub async fn write(index: &Arc<dyn Index>, items: impl IntoIterator<Item = (u64, Document)>) {
    let batch = items
        .into_iter()
        .map(|(ordinal, document)| upsert(ordinal, 1, Some(document)));
    index.apply(batch.collect()).await.unwrap();
}

pub fn plan(criteria: Criteria, lens: Lens, from: u32, size: u32) -> Plan {
    Plan {
        criteria,
        lens,
        from,
        size,
        deadline: Instant::now() + Duration::from_secs(60),
        cancel: Cancel::default(),
    }
}

/// A page. Whatever the query, hits are ordered by score and then by number.
pub async fn page(
    index: &Arc<dyn Index>,
    criteria: &Criteria,
    lens: &Lens,
    from: u32,
    size: u32,
) -> Hits {
    let plan = plan(criteria.clone(), lens.clone(), from, size);
    let hits = index.search(plan).await.unwrap();
    assert!(
        hits.hits.is_sorted_by(|left, right| {
            left.score > right.score || left.score == right.score && left.ordinal < right.ordinal
        }),
        "{criteria:?}: {hits:?}"
    );
    hits
}

/// All hits as numbers, in order of the numbers; the total must count them.
pub async fn all(index: &Arc<dyn Index>, criteria: &Criteria, lens: &Lens) -> Vec<u64> {
    let hits = page(index, criteria, lens, 0, 5000).await;
    let mut ordinals: Vec<_> = hits.hits.iter().map(|hit| hit.ordinal.0).collect();
    assert_eq!(hits.total, ordinals.len() as u64, "{criteria:?}");
    ordinals.sort_unstable();
    ordinals
}

/// Checks which items match.
pub async fn check(index: &Arc<dyn Index>, criteria: Criteria, lens: &Lens, expect: &[u64]) {
    assert_eq!(all(index, &criteria, lens).await, expect, "{criteria:?}");
}

/// Words of a query as the binder makes them; a trailing star marks a prefix.
pub fn tokens(text: &str) -> Vec<Word> {
    text.split_whitespace()
        .flat_map(|lexeme| {
            let mut words: Vec<_> = analysis::tokens(lexeme)
                .into_iter()
                .map(|token| Word {
                    token: token.text,
                    prefix: false,
                })
                .collect();
            if let Some(last) = words.last_mut() {
                last.prefix = lexeme.ends_with('*');
            }
            words
        })
        .collect()
}

pub fn words(text: &str) -> Criteria {
    words_on(Field::FullText, text)
}

pub fn words_on(on: Field, text: &str) -> Criteria {
    Criteria::Words {
        on,
        words: tokens(text),
    }
}

pub fn phrase(text: &str) -> Criteria {
    phrase_on(Field::FullText, text)
}

pub fn phrase_on(on: Field, text: &str) -> Criteria {
    Criteria::Phrase {
        on,
        words: tokens(text),
    }
}

pub fn near(left: Criteria, right: Criteria, distance: u16, ordered: bool) -> Criteria {
    Criteria::Near {
        left: Box::new(left),
        right: Box::new(right),
        distance,
        ordered,
    }
}

/// A property by its name in any case; exact if the first connection's schema says so.
pub fn of(at: ConnectionKey, name: &str) -> PropertyOf {
    PropertyOf {
        connection: at,
        name: name.to_ascii_lowercase(),
        exact: schema(at)
            .property(name)
            .is_some_and(|property| property.is_exact_match_required),
    }
}

pub fn on(name: &str) -> Field {
    Field::Property(of(HERE, name))
}

pub fn text(value: &str) -> Value {
    Value::String(value.to_owned())
}

pub fn texts(values: &[&str]) -> Value {
    Value::Strings(values.iter().map(|value| (*value).to_owned()).collect())
}

pub fn equals(name: &str, value: Value) -> Criteria {
    Criteria::Equals {
        property: of(HERE, name),
        value,
    }
}

pub fn starts_with(name: &str, start: &str) -> Criteria {
    let property = of(HERE, name);
    let mut words = if property.exact {
        vec![Word {
            token: analysis::fold(start),
            prefix: true,
        }]
    } else {
        tokens(start)
    };
    if let Some(last) = words.last_mut() {
        last.prefix = true;
    }
    Criteria::StartsWith { property, words }
}

pub fn range(name: &str, from: Bound, to: Bound) -> Criteria {
    Criteria::Range {
        property: of(HERE, name),
        from,
        to,
    }
}

pub fn exists(name: &str) -> Criteria {
    Criteria::Exists {
        property: of(HERE, name),
    }
}

pub fn not(criteria: Criteria) -> Criteria {
    Criteria::Not(Box::new(criteria))
}

/// A source of numbers that are the same in every run.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `sides`.
    pub fn below(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) % sides as u64) as usize
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// True once in so many times.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
}
