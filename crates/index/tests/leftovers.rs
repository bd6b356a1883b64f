//! What a killed process leaves behind between writing files and committing them does not stand in the way.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{fs, path::Path, sync::Arc};

use graph::{ConnectionKey, ItemDraft, ItemId, SchemaDraft};
use serde_json::{Value, json};
use tenant::{
    index::{Document, Upsert},
    kept::{Ordinal, Text, Version},
};
use uuid::Uuid;

/// The item of that number, in that version.
fn item(number: u64, version: u32) -> Upsert {
    let property = json!({"name": "title", "type": "string", "isSearchable": true});
    let body = json!({"baseType": "microsoft.graph.externalItem", "properties": [property]});
    let schema = SchemaDraft::read(&body).unwrap().schema;
    let id = ItemId::kept(format!("T-{number}"));
    let said = json!({"acl": [], "properties": {"title": "Printer"}});
    let draft = ItemDraft::read(&id, &said).unwrap();
    Upsert {
        ordinal: Ordinal(number),
        version: Version(version),
        text: Text(version),
        document: Some(Document {
            at: ConnectionKey(1),
            item: schema.admit(id, &draft, None).unwrap(),
            schema: Arc::new(schema),
        }),
    }
}

fn read(file: &Path) -> Value {
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

/// Files under the names that the next commits take for what is deleted, as managed files of the engine.
fn leave_behind(directory: &Path) {
    let meta = read(&directory.join("meta.json"));
    let managed = directory.join(".managed.json");
    let mut names = read(&managed);
    for segment in meta["segments"].as_array().unwrap() {
        let id = segment["segment_id"].as_str().unwrap().replace('-', "");
        let last = meta["opstamp"].as_u64().unwrap();
        for opstamp in last + 1..last + 100 {
            let name = format!("{id}.{opstamp}.del");
            fs::write(directory.join(&name), "cut off").unwrap();
            names.as_array_mut().unwrap().push(name.into());
        }
    }
    fs::write(managed, names.to_string()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_were_never_committed_give_way() {
    let directory = tempfile::tempdir().unwrap();
    let opened = index::open(directory.path()).unwrap();
    opened.reset(Uuid::from_u128(7)).await.unwrap();
    let all: Vec<Upsert> = (1..=9).map(|number| item(number, 1)).collect();
    opened.apply(all).await.unwrap();
    drop(opened);
    leave_behind(directory.path());

    let opened = index::open(directory.path()).unwrap();
    opened.apply(vec![item(4, 2)]).await.unwrap();
}
