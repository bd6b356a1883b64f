//! `$filter=name eq 'a'`: what the members of a collection can be filtered, sorted and narrowed by.
//!
//! Documentation: <https://learn.microsoft.com/graph/query-parameters>

use std::cmp::Ordering;

use serde_json::Value;

use crate::value::DateTime;

/// What the query options of one collection may name.
#[derive(Debug, PartialEq, Eq)]
pub struct Shape {
    /// Every member that a resource may have, for `$select`.
    pub members: &'static [&'static str],
    /// The members that have members themselves, with their names; none for an open type, which takes any.
    pub parts: &'static [(&'static str, &'static [&'static str])],
    /// The members that `$filter` and `$orderby` take.
    pub properties: &'static [Property],
    /// What `$expand` takes.
    pub expand: &'static [&'static str],
}

/// A member that can be filtered and sorted by.
#[derive(Debug, PartialEq, Eq)]
pub struct Property {
    /// The member's name in JSON.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Does a resource keep it for life?
    pub is_fixed: bool,
}

/// What a property holds; every one may be null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A text, compared letter by letter.
    Text,
    /// A text or enum member, compared without case.
    Folded,
    /// A number.
    Number,
    /// True or false.
    Flag,
    /// A point in time.
    Moment,
}

impl Kind {
    /// What a literal of this kind looks like, for messages.
    pub(super) const fn example(self) -> &'static str {
        match self {
            Self::Text | Self::Folded => "a text in single quotes",
            Self::Number => "a number",
            Self::Flag => "true or false",
            Self::Moment => "a point in time such as 2026-01-31T12:00:00Z, without quotes",
        }
    }
}

/// A value that can be compared with others of its kind.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar {
    Null,
    Flag(bool),
    /// A double: the numbers of these resources are counts, far below 2^53.
    Number(f64),
    Moment(DateTime),
    /// Folded already where case does not count.
    Text(String),
}

impl Scalar {
    /// Null comes before everything, as OData asks; other kinds never meet.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Null, Self::Null) => Ordering::Equal,
            (Self::Null, _) => Ordering::Less,
            (_, Self::Null) => Ordering::Greater,
            (Self::Flag(a), Self::Flag(b)) => a.cmp(b),
            (Self::Number(a), Self::Number(b)) => a.total_cmp(b),
            (Self::Moment(a), Self::Moment(b)) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            _ => Ordering::Equal,
        }
    }
}

impl Property {
    /// The resource's value; what is absent or of another kind is null.
    pub(super) fn of(&self, resource: &Value) -> Scalar {
        let value = &resource[self.name];
        match self.kind {
            Kind::Text | Kind::Folded => value.as_str().map(|text| self.text(text)),
            Kind::Number => value.as_f64().map(Scalar::Number),
            Kind::Flag => value.as_bool().map(Scalar::Flag),
            Kind::Moment => value
                .as_str()
                .and_then(|text| DateTime::parse(text).ok())
                .map(Scalar::Moment),
        }
        .unwrap_or(Scalar::Null)
    }

    pub(super) fn text(&self, text: &str) -> Scalar {
        Scalar::Text(match self.kind {
            Kind::Folded => text.to_lowercase(),
            _ => text.to_owned(),
        })
    }
}

impl Shape {
    /// The property of that name, found without case.
    pub(super) fn property(&self, name: &str) -> Option<&'static Property> {
        self.properties
            .iter()
            .find(|property| property.name.eq_ignore_ascii_case(name))
    }

    /// The names of all properties, for messages.
    pub(super) fn property_names(&self) -> String {
        let names: Vec<&str> = self.properties.iter().map(|p| p.name).collect();
        names.join(", ")
    }
}
