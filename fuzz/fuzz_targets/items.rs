//! Bodies of items, held against a schema with every type: what is admitted survives the store and the wire.
#![no_main]

use std::sync::LazyLock;

use graph::{ExternalItem, ItemDraft, ItemId, PublicError, Schema, SchemaDraft};
use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use linkspan_fuzz::{accepted, json, mutate_json};
use serde_json::{Value, json};

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let properties: Vec<Value> = [
        ("title", "string"),
        ("tags", "stringCollection"),
        ("count", "int64"),
        ("counts", "int64Collection"),
        ("price", "double"),
        ("prices", "doubleCollection"),
        ("open", "boolean"),
        ("due", "dateTime"),
        ("dues", "dateTimeCollection"),
        ("owner", "principal"),
        ("owners", "principalCollection"),
    ]
    .iter()
    .map(|(name, kind)| json!({"name": name, "type": kind, "isRetrievable": true}))
    .collect();
    let body = json!({"baseType": "microsoft.graph.externalItem", "properties": properties});
    SchemaDraft::read(&body)
        .expect("the schema keeps the rules")
        .schema
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate_json(data, size, max_size, seed)
});

fuzz_target!(|data: &[u8]| {
    let Some(body) = json(data) else { return };
    let Some(item) = accepted(admit(&body, None)) else {
        return;
    };
    let kept = item.to_kept();
    let again = ExternalItem::from_kept(item.id.clone(), item.acl.clone(), &kept)
        .expect("what was kept is readable");
    assert_eq!(again, item);
    assert_eq!(again.to_kept(), kept);
    for annotations in [true, false] {
        // A new item must name a property; a null does, but is not printed.
        let existing = item.properties.is_empty().then_some(&item);
        let again = admit(&item.to_json(annotations), existing);
        let again = again.expect("a printed item is accepted");
        assert_eq!(again, item);
    }
    // The same words over what they made change nothing.
    assert_eq!(admit(&body, Some(&item)), Ok(item));
});

fn admit(body: &Value, existing: Option<&ExternalItem>) -> Result<ExternalItem, PublicError> {
    let id = ItemId::kept("T-1");
    let draft = ItemDraft::read(&id, body)?;
    SCHEMA.admit(id, &draft, existing)
}
