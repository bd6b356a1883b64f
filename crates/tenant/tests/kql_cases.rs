//! The cases of `conformance/fixtures/kql-cases.json`, all of them, on the real engines and a clock that stands still where the cases
//! have it.

#![expect(clippy::unwrap_used, reason = "tests")]

mod world;

use std::{collections::BTreeSet, fs, sync::Arc};

use graph::{ErrorCode, search::SearchRequest};
use serde_json::{Value, json};
use tenant::{
    Error,
    search::{self, plan::Cancel},
};

use crate::world::{World, signed_in};

/// A file that lost its cases would pass otherwise.
const CASES_MIN: usize = 165;

#[tokio::test]
async fn every_case_finds_its_items_and_no_others() {
    let file = file();
    let world = filled(&file).await;
    let connection = file["connectionId"].as_str().unwrap();
    let cases = file["cases"].as_array().unwrap();
    assert!(cases.len() >= CASES_MIN, "{} cases", cases.len());
    let mut wrong = Vec::new();
    for case in cases {
        let query = case["query"].as_str().unwrap();
        let told = if case["error"] == 400 {
            refused(&world, connection, query).await
        } else {
            found(&world, connection, query, &case["matches"]).await
        };
        if let Err(told) = told {
            wrong.push(format!(
                "{query:?} ({}: {}): {told}",
                case["rule"], case["why"]
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} cases:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}

fn file() -> Value {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../conformance/fixtures/kql-cases.json"
    );
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// A world with the fixture's items, which the one user may all see.
async fn filled(file: &Value) -> World {
    let world = World::new().await;
    let now = world.tenant.clock.now().to_string();
    assert_eq!(
        now,
        file["clock"].as_str().unwrap(),
        "the world's clock and the cases'"
    );
    world.directory(&["alice"], &[]).await;
    let connection = file["connectionId"].as_str().unwrap();
    let schema =
        json!({ "baseType": "microsoft.graph.externalItem", "properties": file["schema"] });
    world.connection(connection, schema).await;
    for item in file["items"].as_array().unwrap() {
        let mut body = json!({
            "acl": [{ "type": "everyone", "value": "everyone", "accessType": "grant" }],
            "properties": item["properties"],
        });
        if let Some(content) = item["content"].as_str() {
            body["content"] = json!({ "type": "text", "value": content });
        }
        world
            .put(connection, item["id"].as_str().unwrap(), body)
            .await;
    }
    world.settle().await;
    world
}

async fn found(
    world: &World,
    connection: &str,
    query: &str,
    matches: &Value,
) -> Result<(), String> {
    let found = world.find("alice", connection, query).await;
    let ids: BTreeSet<&str> = found.ids.iter().map(String::as_str).collect();
    let expected: BTreeSet<&str> = matches
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    if ids != expected || found.total != expected.len() as u64 {
        return Err(format!(
            "found {ids:?}, total {}; expected {expected:?}",
            found.total
        ));
    }
    Ok(())
}

/// Some queries that say nothing are refused when the request is read, the others when they are parsed.
async fn refused(world: &World, connection: &str, query: &str) -> Result<(), String> {
    let body = json!({ "requests": [{
        "entityTypes": ["externalItem"],
        "contentSources": [format!("/external/connections/{connection}")],
        "query": { "queryString": query },
    }] });
    let refusal = match SearchRequest::read_all(&body, false) {
        Err(refusal) => refusal,
        Ok(requests) => {
            let tenant = Arc::clone(&world.tenant);
            let alice = signed_in("alice");
            let answered = search::query(tenant, &alice, requests, Cancel::default());
            match answered.await {
                Err(Error::Refused(refusal)) => *refusal,
                Err(Error::Failed(failure)) => return Err(format!("failed: {failure:?}")),
                Ok(_) => return Err("answered; expected 400".to_owned()),
            }
        }
    };
    if (refusal.status, refusal.code) == (400, ErrorCode::BadRequest) {
        Ok(())
    } else {
        Err(format!(
            "refused with {} {:?}",
            refusal.status, refusal.code
        ))
    }
}
