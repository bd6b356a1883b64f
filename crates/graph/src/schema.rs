//! `/external/connections/{id}/schema`: properties, their flags and labels, and the rules between them.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/externalconnectors-schema>

use serde::{Deserialize, Serialize};

use crate::error::PublicError;

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

/// A semantic label, by the metadata's name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Label(String);

impl Label {
    /// The label's name as the metadata spells it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a client said about a schema.
#[derive(Clone, Debug)]
pub struct SchemaDraft {
    /// The accepted form, to be held against the registered schema by [`Schema::replaces`].
    pub schema: Schema,
    /// Members nobody knows, for `x-linkspan-advice`.
    pub ignored: Vec<String>,
}

impl SchemaDraft {
    /// Reads a PATCH or POST body and checks every rule of `contract/external.md` §4.2 and §5.
    ///
    /// # Errors
    /// 400 naming the property, the value, the rule and the fix.
    pub fn read(body: &serde_json::Value) -> Result<Self, PublicError> {
        let _ = body;
        unimplemented!()
    }
}

impl Schema {
    /// May this schema follow `former`? (`contract/external.md` §6)
    ///
    /// # Errors
    /// 400 naming the property and the change that is not allowed.
    pub fn replaces(&self, former: &Self) -> Result<(), PublicError> {
        let _ = former;
        unimplemented!()
    }

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

    /// The schema as the Graph prints it; beta adds `isExactMatchRequired` and `rankingHint`.
    pub fn to_json(&self, beta: bool) -> serde_json::Value {
        let _ = beta;
        unimplemented!()
    }
}
