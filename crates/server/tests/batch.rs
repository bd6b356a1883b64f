//! `$batch`: entries are requests, each with an answer of its own.

#![expect(clippy::unwrap_used, reason = "tests")]

mod faulty;
mod world;

use std::sync::{Arc, Mutex};

use faulty::{CANARY, Fault, Faulty};
use serde_json::{Value, json};
use server::journal::{Journal, Whose};
use world::{ITEM, SCHEMA, Told, World};

fn entry(id: &str, method: &str, url: &str) -> Value {
    json!({"id": id, "method": method, "url": url})
}

fn with_body(id: &str, method: &str, url: &str, body: &str) -> Value {
    let body: Value = serde_json::from_str(body).unwrap();
    json!({"id": id, "method": method, "url": url, "body": body,
           "headers": {"Content-Type": "application/json"}})
}

fn after(mut entry: Value, before: &[&str]) -> Value {
    entry["dependsOn"] = json!(before);
    entry
}

async fn send(world: &World, token: &str, entries: &[Value]) -> Told {
    let body = json!({"requests": entries}).to_string();
    world.send(token, "POST", "/v1.0/$batch", &body).await
}

/// The answers of the entries, in their order.
async fn answers(world: &World, token: &str, entries: &[Value]) -> Vec<Value> {
    let told = send(world, token, entries).await;
    assert_eq!(told.status, 200, "{told:?}");
    assert!(
        told.header("content-type")
            .unwrap()
            .starts_with("application/json;odata.metadata=")
    );
    let told = told.json();
    let responses = told["responses"].as_array().unwrap().clone();
    let ids = |list: &[Value]| -> Vec<Value> { list.iter().map(|one| one["id"].clone()).collect() };
    assert_eq!(ids(&responses), ids(entries));
    responses
}

fn statuses(answers: &[Value]) -> Vec<u64> {
    answers
        .iter()
        .map(|one| one["status"].as_u64().unwrap())
        .collect()
}

#[tokio::test]
async fn a_connector_walks_in_one_envelope_sent_the_wrong_way_round() {
    let world = World::new().await;
    let token = &world.app("connector").await;
    let item = "/external/connections/tickets/items/T-1";
    let answers = answers(
        &world,
        token,
        &[
            after(entry("gone", "DELETE", item), &["read"]),
            after(entry("read", "GET", item), &["Put"]),
            after(with_body("put", "put", &item[1..], ITEM), &["schema"]),
            after(
                with_body("schema", "PATCH", "/connections/tickets/schema", SCHEMA),
                &["make"],
            ),
            with_body(
                "make",
                "POST",
                "/external/connections",
                r#"{"id":"tickets","name":"Tickets"}"#,
            ),
            after(
                entry("count", "GET", "/external/connections/$count"),
                &["make"],
            ),
            entry("nobody", "GET", "/external/connections/absent"),
        ],
    )
    .await;
    assert_eq!(statuses(&answers), [204, 200, 200, 202, 201, 200, 404]);
    let [gone, read, put, schema, make, count, nobody] = answers.as_slice() else {
        unreachable!("seven were sent")
    };
    assert!(gone.get("body").is_none() && schema.get("body").is_none());
    assert_eq!(read["body"]["properties"]["title"], "Printer on fire");
    assert_eq!(
        put["body"]["@odata.context"],
        "http://linkspan.test/v1.0/$metadata#external/connections('tickets')/items/$entity"
    );
    let location = schema["headers"]["Location"].as_str().unwrap();
    assert!(
        location.starts_with("http://linkspan.test/v1.0/external/connections/tickets/operations/")
    );
    assert_eq!(make["headers"]["OData-Version"], "4.0");
    assert_eq!(make["headers"]["Cache-Control"], "no-cache");
    assert_eq!(
        (&count["body"], &count["headers"]["Content-Type"]),
        (&json!("1"), &json!("text/plain"))
    );
    let inner = &nobody["body"]["error"]["innerError"];
    assert_eq!(inner["request-id"], nobody["headers"]["request-id"]);
    // Each has an id of its own.
    let mut ids: Vec<String> = answers
        .iter()
        .map(|one| one["headers"]["request-id"].to_string())
        .collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), answers.len());
}

#[tokio::test]
async fn what_waits_for_a_failure_is_not_begun() {
    let world = World::new().await;
    let token = &world.app("connector").await;
    world.furnish(token).await;
    let item = "/external/connections/tickets/items/T-1";
    let answers = answers(
        &world,
        token,
        &[
            entry("absent", "GET", "/external/connections/absent"),
            after(entry("a", "DELETE", item), &["absent"]),
            after(entry("b", "DELETE", item), &["a"]),
            entry("read", "GET", item),
        ],
    )
    .await;
    assert_eq!(statuses(&answers), [404, 424, 424, 200]);
    assert_eq!(answers[1]["body"]["error"]["code"], "FailedDependency");
    let message = answers[2]["body"]["error"]["message"].as_str().unwrap();
    assert!(message.contains("entry `a`"), "{message}");
    let told = world.send(token, "GET", &format!("/v1.0{item}"), "").await;
    assert_eq!(told.status, 200, "what was not begun has done nothing");
}

#[tokio::test]
async fn an_entry_is_refused_as_a_request_of_its_own_would_be() {
    let world = World::new().await;
    world.furnish(&world.app("connector").await).await;
    let stranger = &world.user("alice", "stranger").await;
    let query = r#"{"requests":[{"entityTypes":["externalItem"],"query":{"queryString":"x"}}]}"#;
    let answers = answers(
        &world,
        stranger,
        &[
            entry("denied", "GET", "/external/connections/tickets"),
            with_body("search", "POST", "/search/query", query),
            entry("segment", "GET", "/external/colours"),
            entry("method", "PUT", "/search/query"),
            entry("beta", "GET", "/external/connections/tickets/quota"),
            entry("metadata", "GET", "/$metadata"),
            entry("escape", "GET", "/external/connections/%zz"),
        ],
    )
    .await;
    assert_eq!(statuses(&answers), [403, 403, 400, 405, 405, 501, 400]);
    assert_eq!(answers[0]["body"]["error"]["code"], "AccessDenied");
    assert_eq!(answers[1]["body"]["error"]["httpCode"], 403);
    assert_eq!(answers[3]["headers"]["Allow"], "POST");
    assert_eq!(answers[4]["body"]["error"]["code"], "Request_BadRequest");
    // Under /beta the path is known, and says why it is not served.
    let body = json!({"requests": [entry("beta", "GET", "/external/connections/tickets/quota")]});
    let told = world
        .send(stranger, "POST", "/beta/$batch", &body.to_string())
        .await
        .json();
    assert_ne!(told["responses"][0]["status"], 405);
    // Without a token there is no batch, and so no entry.
    send(&world, "", &[entry("a", "GET", "/me")])
        .await
        .assert_gateway_error(401, "InvalidAuthenticationToken");
}

#[tokio::test]
async fn wishes_of_the_batch_hold_for_entries_that_have_none() {
    let world = World::new().await;
    let token = &world.app("connector").await;
    world.furnish(token).await;
    let url = "/external/connections/tickets";
    let mut own = entry("own", "GET", url);
    own["headers"] = json!({"accept": "application/json", "client-request-id": "mine"});
    let body = json!({"requests": [entry("none", "GET", url), own]}).to_string();
    let request = axum::http::Request::post("/v1.0/$batch")
        .header("host", "linkspan.test")
        .header("authorization", format!("Bearer {token}"))
        .header("accept", "application/json;odata.metadata=none")
        .header("client-request-id", "theirs")
        .body(body.into())
        .unwrap();
    let told = world.ask(request).await.json();
    let [none, own] = told["responses"].as_array().unwrap().as_slice() else {
        unreachable!("two were sent")
    };
    assert!(none["body"].get("@odata.context").is_none());
    assert_eq!(none["headers"]["client-request-id"], "theirs");
    assert!(own["body"]["@odata.context"].is_string());
    assert_eq!(own["headers"]["client-request-id"], "mine");
}

#[tokio::test]
async fn a_next_link_is_fit_to_be_followed() {
    let world = World::new().await;
    let token = &world.app("connector").await;
    for id in ["one", "two"] {
        let body = json!({"id": id, "name": "Same name"}).to_string();
        world
            .send(token, "POST", "/v1.0/external/connections", &body)
            .await;
    }
    let list = entry(
        "list",
        "GET",
        "/external/connections?$filter=name eq 'Same name'&$top=1",
    );
    let answers = answers(&world, token, &[list]).await;
    let next = answers[0]["body"]["@odata.nextLink"].as_str().unwrap();
    let path = next.strip_prefix("http://linkspan.test").unwrap();
    let told = world.send(token, "GET", path, "").await.json();
    assert_eq!(told["value"].as_array().unwrap().len(), 1, "{next}");
}

#[tokio::test]
async fn a_broken_envelope_is_refused_as_a_whole() {
    let world = World::new().await;
    let token = &world.app("connector").await;
    let made = with_body(
        "a",
        "POST",
        "/external/connections",
        r#"{"id":"tickets","name":"T"}"#,
    );
    let mut stranger = entry("b", "GET", "/me");
    stranger["headers"] = json!({"Authorization": "Bearer another"});
    for (second, target) in [
        (entry("A", "GET", "/me"), "requests[1].id"),
        (entry("b", "GET", "/v1.0/me"), "requests[1].url"),
        (entry("b", "POST", "/$batch"), "requests[1].url"),
        (
            after(entry("b", "GET", "/me"), &["c"]),
            "requests[1].dependsOn",
        ),
        (stranger, "requests[1].headers"),
    ] {
        let told = send(&world, token, &[made.clone(), second]).await;
        told.assert_gateway_error(400, "BadRequest");
        assert_eq!(told.json()["error"]["target"], target);
    }
    for body in ["", "{", "[]"] {
        let told = world.send(token, "POST", "/v1.0/$batch", body).await;
        told.assert_gateway_error(400, "BadRequest");
    }
    let told = world
        .send(token, "GET", "/v1.0/external/connections/tickets", "")
        .await;
    assert_eq!(
        told.status, 404,
        "nothing of a refused batch was carried out"
    );
}

#[tokio::test]
async fn a_failing_entry_harms_no_other_and_says_nothing_of_the_failure() {
    let fault = Arc::new(Mutex::new(None));
    let world = World::with(|store| Arc::new(Faulty::new(store, Arc::clone(&fault)))).await;
    let alice = &world.user("alice", "connector").await;
    for (kind, status, retry) in [
        (Fault::Inconsistent, 500, None),
        (Fault::Panic, 500, None),
        (Fault::Unavailable, 503, Some("1")),
    ] {
        *fault.lock().unwrap() = Some(kind);
        let entries = [
            entry("list", "GET", "/external/connections"),
            entry("metadata", "GET", "/$metadata"),
        ];
        let told = send(&world, alice, &entries).await;
        assert!(!told.text.contains(CANARY), "{told:?}");
        let told = told.json();
        let [list, metadata] = told["responses"].as_array().unwrap().as_slice() else {
            unreachable!("two were sent")
        };
        assert_eq!(list["status"], status, "{told}");
        assert_eq!(list["headers"]["Retry-After"].as_str(), retry);
        assert_eq!(
            list["body"]["error"]["innerError"]["request-id"],
            list["headers"]["request-id"]
        );
        assert_eq!(metadata["status"], 501);
    }
}

#[tokio::test]
async fn an_answer_without_room_says_that_it_was_carried_out() {
    let world = World::set(|store| store, |settings| settings.body_bytes_max = 4_000).await;
    let token = &world.app("connector").await;
    world.furnish(token).await;
    let url = "/external/connections/tickets/items/T-1";
    let entries: Vec<Value> = (0..20).map(|n| entry(&n.to_string(), "GET", url)).collect();
    let answers = answers(&world, token, &entries).await;
    let fits = answers.iter().filter(|one| one["status"] == 200).count();
    assert!((1..20).contains(&fits), "{fits}");
    let refused = answers.iter().find(|one| one["status"] == 413).unwrap();
    let error = &refused["body"]["error"];
    assert_eq!(error["code"], "RequestEntityTooLarge");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.starts_with("The request was carried out with status 200,"),
        "{message}"
    );
    assert_eq!(
        error["innerError"]["request-id"],
        refused["headers"]["request-id"]
    );
}

#[tokio::test]
async fn the_journal_notes_the_batch_and_each_entry() {
    let journal = Arc::new(Journal::new(Arc::new(|| {
        "2026-03-18T12:00:00Z".parse().unwrap()
    })));
    let kept = Arc::clone(&journal);
    let world = World::set(|store| store, |settings| settings.journal = Some(kept)).await;
    let token = &world.app("connector").await;
    let since = journal.last();
    let make = r#"{"id":"tickets","name":"Tickets"}"#;
    let entries = [
        with_body("a", "POST", "/external/connections", make),
        after(entry("b", "GET", "/connections/tickets/schema"), &["a"]),
    ];
    answers(&world, token, &entries).await;
    let noted: Vec<(String, u16, bool)> = journal
        .page(since, Whose::Tenant(world.tenant.id))
        .entries
        .into_iter()
        .map(|entry| {
            (
                format!("{} {}", entry.method, entry.path),
                entry.status,
                entry.bytes > 0,
            )
        })
        .collect();
    assert_eq!(
        noted,
        [
            ("POST /external/connections".to_owned(), 201, true),
            (
                "GET /external/connections/{connection}/schema".to_owned(),
                404,
                false
            ),
            ("POST /$batch".to_owned(), 200, true),
        ]
    );
}
