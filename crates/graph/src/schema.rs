//! `/external/connections/{id}/schema`: properties, their flags and labels, and the rules between them.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/externalconnectors-schema>

mod label;
mod read;
mod replace;
mod rules;

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

pub use label::Label;

/// The only base type there is.
pub const BASE_TYPE: &str = "microsoft.graph.externalItem";

/// An accepted schema.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Schema {
    /// Always `microsoft.graph.externalItem`.
    pub base_type: String,
    /// 1 to 128 properties.
    pub properties: Vec<Property>,
}

/// One property of a schema.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Property {
    /// At most 32 letters and digits; looked up without case.
    pub name: String,
    /// The type; immutable.
    #[serde(rename = "type")]
    pub kind: PropertyType,
    /// At most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The value joins the full text.
    pub is_searchable: bool,
    /// Usable as `name:value` in KQL.
    pub is_queryable: bool,
    /// May be returned in hits.
    pub is_retrievable: bool,
    /// Usable for aggregations, filters and sorting.
    pub is_refinable: bool,
    /// Only the whole value matches; answered on beta alone.
    #[serde(default)]
    pub is_exact_match_required: bool,
    /// `rankingHint.importanceScore`; answered on beta alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub importance_score: Option<String>,
    /// Semantic labels.
    pub labels: Vec<Label>,
    /// Further names in queries and refiners.
    pub aliases: Vec<String>,
}

/// `propertyType`, answered in camelCase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the Graph's own names say it")]
pub enum PropertyType {
    String,
    Int64,
    Double,
    DateTime,
    Boolean,
    StringCollection,
    Int64Collection,
    DoubleCollection,
    DateTimeCollection,
    Principal,
    PrincipalCollection,
}

/// What a client said about a schema.
#[derive(Clone, Debug)]
pub struct SchemaDraft {
    /// The accepted form, to be held against the registered schema by [`Schema::replaces`].
    pub schema: Schema,
    /// Members nobody knows, for `x-linkspan-advice`.
    pub ignored: Vec<String>,
}

impl Schema {
    /// The property of that name, found without case (names only, not aliases).
    pub fn property(&self, name: &str) -> Option<&Property> {
        self.properties
            .iter()
            .find(|property| property.name.eq_ignore_ascii_case(name))
    }

    /// The property meant by a name, an alias or `label_{label}`, in that order.
    pub fn resolve(&self, name: &str) -> Option<&Property> {
        self.property(name).or_else(|| {
            let labelled = |property: &&Property| {
                name.get(..6)
                    .is_some_and(|prefix| prefix.eq_ignore_ascii_case("label_"))
                    && property
                        .labels
                        .iter()
                        .any(|label| label.as_str().eq_ignore_ascii_case(&name[6..]))
            };
            self.properties
                .iter()
                .find(|property| {
                    property
                        .aliases
                        .iter()
                        .any(|alias| alias.eq_ignore_ascii_case(name))
                })
                .or_else(|| self.properties.iter().find(labelled))
        })
    }

    /// The property that carries a label.
    pub fn labelled(&self, label: &str) -> Option<&Property> {
        self.properties
            .iter()
            .find(|property| property.labels.iter().any(|l| l.as_str() == label))
    }

    /// Where the property of that name stands, found without case.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.properties
            .iter()
            .position(|property| property.name.eq_ignore_ascii_case(name))
    }

    /// The properties whose values join the full text.
    pub fn searchable(&self) -> impl Iterator<Item = &Property> {
        self.properties.iter().filter(|it| it.is_searchable)
    }

    /// The properties usable as `name:value` in KQL.
    pub fn queryable(&self) -> impl Iterator<Item = &Property> {
        self.properties.iter().filter(|it| it.is_queryable)
    }

    /// The properties that hits may carry.
    pub fn retrievable(&self) -> impl Iterator<Item = &Property> {
        self.properties.iter().filter(|it| it.is_retrievable)
    }

    /// The properties usable for aggregations, filters and sorting.
    pub fn refinable(&self) -> impl Iterator<Item = &Property> {
        self.properties.iter().filter(|it| it.is_refinable)
    }

    /// Sentences about what is allowed but will disappoint, for `x-linkspan-advice`: the labels that
    /// results need to look well.
    pub fn advice(&self) -> Vec<String> {
        ["title", "url", "iconUrl"]
            .into_iter()
            .filter(|label| self.labelled(label).is_none())
            .map(|label| {
                format!("No property carries the label {label}; results show better with it.")
            })
            .collect()
    }

    /// Sentences about labels that the documentation declares and does not support, for `x-linkspan-advice`.
    pub fn labels_without_effect(&self) -> Vec<String> {
        let labels = self.properties.iter().flat_map(|it| &it.labels);
        labels
            .filter(|label| label.is_without_effect())
            .map(|label| {
                format!("The label {label} is declared and not supported; it has no effect.")
            })
            .collect()
    }

    /// The schema as the Graph prints it; beta adds `isExactMatchRequired` and `rankingHint`.
    pub fn to_json(&self, beta: bool) -> Value {
        let properties: Vec<Value> = self
            .properties
            .iter()
            .map(|property| property.to_json(beta))
            .collect();
        json!({"baseType": self.base_type, "properties": properties})
    }
}

impl Property {
    /// Do queries know the property by this name or alias, without case?
    pub fn is_called(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
            || self
                .aliases
                .iter()
                .any(|alias| alias.eq_ignore_ascii_case(name))
    }

    /// The first label for whose sake the property must be retrievable.
    ///
    /// Labels of profiles ask for nothing: the flags of their properties mean nothing, and the page of people connectors sets none.
    pub fn label_to_return(&self) -> Option<&Label> {
        self.labels.iter().find(|label| !label.is_of_people())
    }

    fn to_json(&self, beta: bool) -> Value {
        let mut json = Map::with_capacity(11);
        let mut put = |name: &str, value: Value| json.insert(name.to_owned(), value);
        put("name", Value::from(self.name.as_str()));
        put("type", Value::from(self.kind.as_str()));
        if let Some(description) = &self.description {
            put("description", Value::from(description.as_str()));
        }
        put("isSearchable", Value::from(self.is_searchable));
        put("isQueryable", Value::from(self.is_queryable));
        put("isRetrievable", Value::from(self.is_retrievable));
        put("isRefinable", Value::from(self.is_refinable));
        if beta {
            put(
                "isExactMatchRequired",
                Value::from(self.is_exact_match_required),
            );
            if let Some(score) = &self.importance_score {
                put("rankingHint", json!({"importanceScore": score}));
            }
        }
        put("labels", self.labels.iter().map(Label::as_str).collect());
        put("aliases", Value::from(self.aliases.as_slice()));
        Value::Object(json)
    }
}

/// Every property type with its name on the wire.
pub(crate) const PROPERTY_TYPES: [(&str, PropertyType); 11] = [
    ("string", PropertyType::String),
    ("int64", PropertyType::Int64),
    ("double", PropertyType::Double),
    ("dateTime", PropertyType::DateTime),
    ("boolean", PropertyType::Boolean),
    ("stringCollection", PropertyType::StringCollection),
    ("int64Collection", PropertyType::Int64Collection),
    ("doubleCollection", PropertyType::DoubleCollection),
    ("dateTimeCollection", PropertyType::DateTimeCollection),
    ("principal", PropertyType::Principal),
    ("principalCollection", PropertyType::PrincipalCollection),
];

impl PropertyType {
    /// The type as the Graph spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Int64 => "int64",
            Self::Double => "double",
            Self::DateTime => "dateTime",
            Self::Boolean => "boolean",
            Self::StringCollection => "stringCollection",
            Self::Int64Collection => "int64Collection",
            Self::DoubleCollection => "doubleCollection",
            Self::DateTimeCollection => "dateTimeCollection",
            Self::Principal => "principal",
            Self::PrincipalCollection => "principalCollection",
        }
    }

    /// Is a value of this type an array?
    pub const fn is_collection(self) -> bool {
        matches!(
            self,
            Self::StringCollection
                | Self::Int64Collection
                | Self::DoubleCollection
                | Self::DateTimeCollection
                | Self::PrincipalCollection
        )
    }

    /// Is it `string` or `stringCollection`?
    pub const fn is_text(self) -> bool {
        matches!(self, Self::String | Self::StringCollection)
    }

    /// Is it `principal` or `principalCollection`?
    pub const fn is_principal(self) -> bool {
        matches!(self, Self::Principal | Self::PrincipalCollection)
    }
}

impl fmt::Display for PropertyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests;
