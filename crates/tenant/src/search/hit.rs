//! One hit, as the Graph shows it (`contract/search.md` §5).

use std::sync::Arc;

use graph::{ExternalItem, Property, Schema, search::SearchHit};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{highlight::Highlight, summary};
use crate::kept::{KeptConnection, KeptItem, Ordinal};

/// Members of `resource.properties` that no schema declares.
const SERVICE: [&str; 5] = [
    "substrateContentDomainId",
    "substrateLocationId",
    "documentId",
    "immutableEntryId",
    "id",
];

/// What one request wants to be told of its hits.
pub(super) struct Teller<'a> {
    pub(super) tenant: Uuid,
    pub(super) scope: &'a [Arc<KeptConnection>],
    pub(super) fields: &'a [String],
    pub(super) highlight: &'a Highlight,
}

impl Teller<'_> {
    /// The hit of an item; `None` when its connection has lost its schema, which a ready one never does.
    pub(super) fn hit(&self, item: &KeptItem, rank: u32) -> Option<SearchHit> {
        let kept = self.scope.iter().find(|kept| kept.key == item.at)?;
        let schema = kept.schema.as_deref()?;
        let numbers = Numbers::of(self.tenant, item.ordinal);
        let member = |name| numbers.member(name, self.tenant, kept, item);
        let mut properties = Members::new();
        for field in self.fields {
            field_of(&mut properties, field, schema, item, member);
        }
        if self.fields.is_empty() {
            for property in schema.properties.iter().filter(|p| p.is_retrievable) {
                insert(&mut properties, &property.name, property, &item.item);
            }
            properties.extend(SERVICE.map(|name| (name.to_owned(), member(name))));
        }
        Some(SearchHit {
            hit_id: numbers.hit_id.clone(),
            rank,
            summary: summary::summary(&item.item, schema, self.highlight),
            content_source: kept.connection.id.as_str().to_owned(),
            properties,
        })
    }
}

type Members = serde_json::Map<String, serde_json::Value>;

/// One requested field: a retrievable property by name, alias or label, or a service property; anything else is just missing.
fn field_of(
    to: &mut Members,
    field: &str,
    schema: &Schema,
    item: &KeptItem,
    service: impl Fn(&'static str) -> serde_json::Value,
) {
    match schema.resolve(field) {
        Some(property) if property.is_retrievable => {
            // A name comes back as the schema spells it, an alias or label as it was asked for.
            let key = if property.name.eq_ignore_ascii_case(field) {
                &property.name
            } else {
                field
            };
            insert(to, key, property, &item.item);
        }
        Some(_) => {}
        None => {
            let named = SERVICE
                .into_iter()
                .find(|name| name.eq_ignore_ascii_case(field));
            if let Some(name) = named {
                to.insert(name.to_owned(), service(name));
            }
        }
    }
}

fn insert(to: &mut Members, key: &str, property: &Property, item: &ExternalItem) {
    if let Some(value) = item.property(&property.name) {
        to.insert(key.to_owned(), value.to_json(false));
    }
}

/// What is shown of an item's number: keyed hashes, because a running number would tell how much is hidden.
struct Numbers {
    hit_id: String,
    document_id: u64,
    entry: String,
}

impl Numbers {
    fn of(tenant: Uuid, ordinal: Ordinal) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"linkspan hit");
        hash.update(tenant.as_bytes());
        hash.update(ordinal.0.to_be_bytes());
        let digest = hash.finalize();
        let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
        let document = digest[..8]
            .iter()
            .fold(0u64, |number, byte| number << 8 | u64::from(*byte));
        Self {
            hit_id: format!("AAMk{}=", hex(&digest[8..20])),
            // Clients in JavaScript read numbers exactly up to 2^53.
            document_id: document >> 11,
            entry: hex(&digest[20..32]),
        }
    }

    fn member(
        &self,
        name: &'static str,
        tenant: Uuid,
        kept: &KeptConnection,
        item: &KeptItem,
    ) -> serde_json::Value {
        match name {
            "substrateContentDomainId" => {
                let domain = Uuid::new_v5(&tenant, &kept.key.0.to_be_bytes());
                format!("{}@{tenant},{}", domain.simple(), item.item.id).into()
            }
            "substrateLocationId" => format!("APP:GCS_{}@{tenant}", kept.connection.id).into(),
            "documentId" => self.document_id.into(),
            "immutableEntryId" => self.entry.clone().into(),
            _ => self.hit_id.clone().into(),
        }
    }
}
