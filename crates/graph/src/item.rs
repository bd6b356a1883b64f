//! `/external/connections/{id}/items/{id}`: what a client said and what the tenant accepted.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/externalconnectors-externalitem>

mod admit;
mod kept;
mod read;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value as Json, json};

use crate::{acl::Acl, id::ItemId, value::Value};

/// An accepted item: every property is declared by the schema and has its type.
#[derive(Clone, Debug, PartialEq)]
pub struct ExternalItem {
    /// The id, from the path.
    pub id: ItemId,
    /// Entries as sent, in their order; empty means nobody.
    pub acl: Vec<Acl>,
    /// Properties under the schema's spelling, in the order sent; no nulls.
    pub properties: Vec<(String, Value)>,
    /// The full text, if any.
    pub content: Option<ExternalItemContent>,
    /// `informationProtectionLabel.sensitivityLabelId`.
    pub sensitivity_label_id: Option<String>,
}

/// `externalItemContent`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalItemContent {
    /// Text or HTML.
    pub kind: ContentType,
    /// The text; `null` is kept as absent.
    pub value: Option<String>,
}

/// `externalItemContentType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentType {
    /// Plain text.
    Text,
    /// HTML, stripped before indexing.
    Html,
}

impl ContentType {
    /// The type as the Graph spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Html => "html",
        }
    }
}

/// What a client said about an item: members it named, shape checked, not yet held against a schema.
#[derive(Clone, Debug, Default)]
pub struct ItemDraft {
    /// `acl`, if named.
    pub acl: Option<Vec<Acl>>,
    /// `properties` as JSON members in order (annotations included), if named.
    pub properties: Option<Map<String, Json>>,
    /// `content`: `Some(None)` is an explicit null.
    pub content: Option<Option<ExternalItemContent>>,
    /// `informationProtectionLabel.sensitivityLabelId`: `Some(None)` is an explicit null.
    pub sensitivity_label_id: Option<Option<String>>,
    /// Must there be no such item yet? That is what `If-None-Match: *` says.
    pub only_if_absent: bool,
    /// Members nobody knows, for `x-linkspan-advice`.
    pub ignored: Vec<String>,
    /// Sentences about what is allowed but will disappoint, for `x-linkspan-advice`.
    pub advice: Vec<String>,
}

impl ItemDraft {
    /// Does the draft name everything a new item must have?
    pub fn is_whole(&self) -> bool {
        self.acl.is_some() && self.properties.is_some()
    }
}

impl ExternalItem {
    /// The item as the Graph prints it; `activities: []` included, context left to the server.
    ///
    /// With annotations, `name@odata.type` stands before every array of `properties`.
    pub fn to_json(&self, annotations: bool) -> Json {
        let mut json = Map::with_capacity(6);
        json.insert("id".to_owned(), Json::from(self.id.as_str()));
        json.insert(
            "acl".to_owned(),
            self.acl.iter().map(Acl::to_json).collect(),
        );
        json.insert("properties".to_owned(), self.properties_json(annotations));
        if let Some(content) = &self.content {
            json.insert(
                "content".to_owned(),
                json!({"type": content.kind.as_str(), "value": content.value}),
            );
        }
        if let Some(label) = &self.sensitivity_label_id {
            json.insert(
                "informationProtectionLabel".to_owned(),
                json!({"sensitivityLabelId": label}),
            );
        }
        json.insert("activities".to_owned(), Json::Array(Vec::new()));
        Json::Object(json)
    }

    fn properties_json(&self, annotations: bool) -> Json {
        let mut json = Map::with_capacity(self.properties.len());
        for (name, value) in &self.properties {
            if annotations && let Some(annotation) = value.annotation() {
                json.insert(format!("{name}@odata.type"), Json::from(annotation));
            }
            json.insert(name.clone(), value.to_json(annotations));
        }
        Json::Object(json)
    }

    /// The text of the content, if any; HTML is not stripped here.
    pub fn content_text(&self) -> Option<&str> {
        self.content.as_ref()?.value.as_deref()
    }

    /// The value of a property, found without case.
    pub fn property(&self, name: &str) -> Option<&Value> {
        self.properties
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }
}
