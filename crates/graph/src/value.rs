//! `externalItem.properties`: typed values and their JSON.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/externalconnectors-properties>

mod date_time;
mod read;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value as Json};

pub use date_time::DateTime;

/// The members of a principal that the Graph knows, in its order.
pub const PRINCIPAL_MEMBERS: [&str; 7] = [
    "email",
    "entraDisplayName",
    "entraId",
    "externalId",
    "externalName",
    "tenantId",
    "upn",
];

/// The `@odata.type` of a principal as we write it.
const PRINCIPAL_TYPE: &str = "#microsoft.graph.externalConnectors.principal";

/// A value that its schema accepted.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `string`.
    String(String),
    /// `int64`.
    Int64(i64),
    /// `double`; finite, and zero has no sign.
    Double(f64),
    /// `boolean`.
    Boolean(bool),
    /// `dateTime`.
    DateTime(DateTime),
    /// `stringCollection`.
    Strings(Vec<String>),
    /// `int64Collection`.
    Int64s(Vec<i64>),
    /// `doubleCollection`.
    Doubles(Vec<f64>),
    /// `dateTimeCollection`.
    DateTimes(Vec<DateTime>),
    /// `principal`.
    Principal(Principal),
    /// `principalCollection`.
    Principals(Vec<Principal>),
}

/// `microsoft.graph.externalConnectors.principal`: the members that were sent, in the Graph's order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Principal {
    /// Members by name, strings only.
    pub members: Vec<(String, String)>,
}

impl Value {
    /// The value as the Graph prints it; principals carry their `@odata.type` when annotations are wanted.
    pub fn to_json(&self, annotations: bool) -> Json {
        match self {
            Self::String(text) => Json::from(text.as_str()),
            Self::Int64(number) => Json::from(*number),
            Self::Double(number) => Json::from(*number),
            Self::Boolean(flag) => Json::from(*flag),
            Self::DateTime(at) => Json::from(at.to_string()),
            Self::Strings(texts) => Json::from(texts.as_slice()),
            Self::Int64s(numbers) => Json::from(numbers.as_slice()),
            Self::Doubles(numbers) => Json::from(numbers.as_slice()),
            Self::DateTimes(times) => times.iter().map(DateTime::to_string).collect(),
            Self::Principal(principal) => principal.to_json(annotations),
            Self::Principals(principals) => principals
                .iter()
                .map(|principal| principal.to_json(annotations))
                .collect(),
        }
    }

    /// What `name@odata.type` says before a collection; other values need no annotation beside them.
    pub fn annotation(&self) -> Option<&'static str> {
        match self {
            Self::Strings(_) => Some("Collection(String)"),
            Self::Int64s(_) => Some("Collection(Int64)"),
            Self::Doubles(_) => Some("Collection(Double)"),
            Self::DateTimes(_) => Some("Collection(DateTimeOffset)"),
            Self::Principals(_) => Some("Collection(microsoft.graph.externalConnectors.principal)"),
            Self::String(_)
            | Self::Int64(_)
            | Self::Double(_)
            | Self::Boolean(_)
            | Self::DateTime(_)
            | Self::Principal(_) => None,
        }
    }
}

impl Principal {
    /// A member's text, by the Graph's spelling of its name.
    pub fn member(&self, name: &str) -> Option<&str> {
        self.members
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The principal as the Graph prints it.
    pub fn to_json(&self, annotations: bool) -> Json {
        let mut object = Map::with_capacity(self.members.len() + 1);
        if annotations {
            object.insert("@odata.type".to_owned(), Json::from(PRINCIPAL_TYPE));
        }
        for (name, value) in &self.members {
            object.insert(name.clone(), Json::from(value.as_str()));
        }
        Json::Object(object)
    }
}
