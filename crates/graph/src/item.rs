//! `/external/connections/{id}/items/{id}`: what a client said and what the tenant accepted.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/externalconnectors-externalitem>

use crate::{acl::Acl, error::PublicError, id::ItemId, schema::Schema, value::Value};

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

/// What a client said about an item: members it named, shape checked, not yet held against a schema.
#[derive(Clone, Debug, Default)]
pub struct ItemDraft {
    /// `acl`, if named.
    pub acl: Option<Vec<Acl>>,
    /// `properties` as JSON members in order (annotations included), if named.
    pub properties: Option<serde_json::Map<String, serde_json::Value>>,
    /// `content`: `Some(None)` is an explicit null.
    pub content: Option<Option<ExternalItemContent>>,
    /// `informationProtectionLabel.sensitivityLabelId`: `Some(None)` is an explicit null.
    pub sensitivity_label_id: Option<Option<String>>,
    /// Members nobody knows, for `x-linkspan-advice`.
    pub ignored: Vec<String>,
}

impl ItemDraft {
    /// Reads a PUT or PATCH body, generously (`contract/external.md` §2.4, §7 to §9, `clients.md` §6).
    ///
    /// # Errors
    /// 400 naming the member, the value, the rule and the fix.
    pub fn read(id: &ItemId, body: &serde_json::Value) -> Result<Self, PublicError> {
        let _ = (id, body);
        unimplemented!()
    }

    /// Does the draft name everything a new item must have?
    pub fn is_whole(&self) -> bool {
        self.acl.is_some() && self.properties.is_some()
    }
}

impl Schema {
    /// The only door from what was said to what is accepted: members the draft does not name are kept from `existing`.
    ///
    /// # Errors
    /// 400 naming the property, the value, the rule and the fix.
    pub fn admit(
        &self,
        id: ItemId,
        draft: &ItemDraft,
        existing: Option<&ExternalItem>,
    ) -> Result<ExternalItem, PublicError> {
        let _ = (id, draft, existing);
        unimplemented!()
    }
}

impl ExternalItem {
    /// The item as the Graph prints it; `activities: []` included, context left to the server.
    pub fn to_json(&self, annotations: bool) -> serde_json::Value {
        let _ = annotations;
        unimplemented!()
    }

    /// Everything but the ACL, in the form the store keeps: self-describing, byte-stable for equal items.
    pub fn to_kept(&self) -> String {
        unimplemented!()
    }

    /// Reads back what [`ExternalItem::to_kept`] wrote.
    ///
    /// # Errors
    /// A sentence for the log when the text is not of that form.
    pub fn from_kept(id: ItemId, acl: Vec<Acl>, kept: &str) -> Result<Self, String> {
        let _ = (id, acl, kept);
        unimplemented!()
    }

    /// The value of a property, found without case.
    pub fn property(&self, name: &str) -> Option<&Value> {
        self.properties
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }
}
