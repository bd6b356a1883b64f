//! The cases of `fixtures/kql-cases.json` over HTTP. Those that name a moment by today's date need a clock that stands still;
//! `crates/tenant/tests/kql_cases.rs` runs them, and all others too.

use std::{
    collections::BTreeSet,
    fs,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{corpus, play, target::Target};

/// Words of the query language that mean another moment every day (rule D5).
const DATE_WORDS: [&str; 7] = [
    ":today",
    ":yesterday",
    "\"this week\"",
    "\"this month\"",
    "\"last month\"",
    "\"this year\"",
    "\"last year\"",
];

/// How many cases have one of them.
const WITH_DATE_WORDS: usize = 8;

/// How long all items may take to be found.
const FOUND_WITHIN: Duration = Duration::from_secs(20);

/// Puts the fixture's items and asks every query as a user who may see all of them.
pub async fn all(target: &Target) {
    let text =
        fs::read_to_string(corpus::root().join("fixtures/kql-cases.json")).expect("the cases");
    let file: Value = serde_json::from_str(&text).expect("the cases are JSON");
    let connection = target
        .variables()
        .fill("${c}")
        .expect("every transcript has a connection");
    put(target, &connection, &file)
        .await
        .expect("the fixture is taken");
    let cases = file["cases"].as_array().expect("a list of cases");
    let (mut asked, mut left_out, mut wrong) = (0, 0, Vec::new());
    for case in cases {
        let query = case["query"].as_str().expect("a case has a query");
        if DATE_WORDS
            .iter()
            .any(|word| query.to_lowercase().contains(word))
        {
            left_out += 1;
            continue;
        }
        asked += 1;
        if let Err(why) = ask(target, &connection, query, case).await {
            wrong.push(format!("{query:?} ({}): {why}", case["rule"]));
        }
    }
    println!("{asked} cases of the query language asked, {left_out} left to the still clock");
    assert_eq!(left_out, WITH_DATE_WORDS, "cases with date words");
    assert!(
        wrong.is_empty(),
        "{} of {asked} cases:\n{}\n{}",
        wrong.len(),
        wrong.join("\n"),
        target.said()
    );
}

async fn put(target: &Target, connection: &str, file: &Value) -> Result<(), String> {
    let base = format!("/v1.0/external/connections/{connection}");
    let body = json!({ "id": connection, "name": "KQL" });
    play::must(target, 201, ("post", "/v1.0/external/connections"), &body).await?;
    let body = json!({ "baseType": "microsoft.graph.externalItem", "properties": file["schema"] });
    play::must(target, 202, ("patch", &format!("{base}/schema")), &body).await?;
    let items = file["items"].as_array().expect("a list of items");
    for item in items {
        let mut body = json!({
            "acl": [{ "type": "everyone", "value": "everyone", "accessType": "grant" }],
            "properties": item["properties"],
        });
        if let Some(content) = item["content"].as_str() {
            body["content"] = json!({ "type": "text", "value": content });
        }
        let id = item["id"].as_str().expect("an item has an id");
        play::must(target, 200, ("put", &format!("{base}/items/{id}")), &body).await?;
    }
    let deadline = Instant::now() + FOUND_WITHIN;
    loop {
        let answer = play::search(target, "alice", connection, "*").await?;
        if ids(&answer.body).0.len() == items.len() {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(format!(
                "not all items are found within {FOUND_WITHIN:?}: {:?}",
                answer.body
            ));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn ask(target: &Target, connection: &str, query: &str, case: &Value) -> Result<(), String> {
    let answer = play::search(target, "alice", connection, query).await?;
    let status = if case["error"] == 400 { 400 } else { 200 };
    if answer.status != status {
        return Err(format!(
            "the status is {}; expected {status}",
            answer.status
        ));
    }
    if status == 400 {
        return Ok(());
    }
    let matches = case["matches"].as_array().into_iter().flatten();
    let expected: BTreeSet<String> = matches
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    let (found, total) = ids(&answer.body);
    if found != expected {
        return Err(format!(
            "found {found:?}; expected {expected:?} ({})",
            case["why"]
        ));
    }
    if total != Some(expected.len() as u64) {
        return Err(format!("total is {total:?}; expected {}", expected.len()));
    }
    Ok(())
}

/// The item ids as clients read them from hits, and the total.
fn ids(body: &Option<Value>) -> (BTreeSet<String>, Option<u64>) {
    let container = body
        .as_ref()
        .map_or(&Value::Null, |body| &body["value"][0]["hitsContainers"][0]);
    let ids = container["hits"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|hit| hit["resource"]["properties"]["substrateContentDomainId"].as_str())
        .filter_map(|domain| domain.split(',').nth(1))
        .map(str::to_owned)
        .collect();
    (ids, container["total"].as_u64())
}
