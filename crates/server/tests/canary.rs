//! A store that fails on command, with a word in its error that no client may ever read.

mod faulty;
mod world;

use std::sync::{Arc, Mutex};

use faulty::{CANARY, Fault, Faulty};
use graph::route::{Door, ROUTES, Serving};
use world::{ITEM, SCHEMA, World};

const BASE: &str = "/external/connections";

/// A request that would succeed if the store did.
fn request(door: Door) -> (&'static str, String, &'static str) {
    let at = |method, path: &str, body| (method, format!("{BASE}{path}"), body);
    match door {
        Door::ListConnections => at("GET", "", ""),
        Door::CountConnections => at("GET", "/$count", ""),
        Door::CreateConnection => at("POST", "", r#"{"id":"parts","name":"Parts"}"#),
        Door::CreateConnectionRef => at("POST", "/$ref", r#"{"name":"Parts"}"#),
        Door::GetConnection => at("GET", "/tickets", ""),
        Door::UpdateConnection => at("PATCH", "/tickets", r#"{"name":"New"}"#),
        Door::DeleteConnection => at("DELETE", "/tickets", ""),
        Door::GetSchema => at("GET", "/tickets/schema", ""),
        Door::RegisterSchema => at("PATCH", "/tickets/schema", SCHEMA),
        Door::RegisterSchemaPost => at("POST", "/tickets/schema", SCHEMA),
        Door::ListOperations => at("GET", "/tickets/operations", ""),
        Door::CountOperations => at("GET", "/tickets/operations/$count", ""),
        Door::GetOperation => at("GET", "/tickets/operations/1", ""),
        Door::GetQuota => at("GET", "/tickets/quota", ""),
        Door::ListItems => at("GET", "/tickets/items", ""),
        Door::CountItems => at("GET", "/tickets/items/$count", ""),
        Door::GetItem => at("GET", "/tickets/items/T-1", ""),
        Door::PutItem => at("PUT", "/tickets/items/T-1", ITEM),
        Door::UpdateItem => at("PATCH", "/tickets/items/T-1", ITEM),
        Door::DeleteItem => at("DELETE", "/tickets/items/T-1", ""),
        Door::ListActivities => at("GET", "/tickets/items/T-1/activities", ""),
        Door::CountActivities => at("GET", "/tickets/items/T-1/activities/$count", ""),
        Door::GetActivity => at("GET", "/tickets/items/T-1/activities/1-1", ""),
        Door::GetPerformedBy => at("GET", "/tickets/items/T-1/activities/1-1/performedBy", ""),
        Door::AddActivities => at(
            "POST",
            "/tickets/items/T-1/addActivities",
            r#"{"activities":[{"type":"viewed","startDateTime":"2026-01-01T00:00:00Z","performedBy":{"type":"user","id":"00000000-0000-0000-0000-0000000000a1"}}]}"#,
        ),
        Door::ListGroups => at("GET", "/tickets/groups", ""),
        Door::CountGroups => at("GET", "/tickets/groups/$count", ""),
        Door::CreateGroup => at("POST", "/tickets/groups", r#"{"id":"guests"}"#),
        Door::GetGroup => at("GET", "/tickets/groups/staff", ""),
        Door::UpdateGroup => at("PATCH", "/tickets/groups/staff", r#"{"displayName":"S"}"#),
        Door::DeleteGroup => at("DELETE", "/tickets/groups/staff", ""),
        Door::ListMembers => at("GET", "/tickets/groups/staff/members", ""),
        Door::CountMembers => at("GET", "/tickets/groups/staff/members/$count", ""),
        Door::GetMember => at(
            "GET",
            "/tickets/groups/staff/members/00000000-0000-0000-0000-0000000000a1",
            "",
        ),
        Door::AddMember => at(
            "POST",
            "/tickets/groups/staff/members",
            r#"{"id":"00000000-0000-0000-0000-0000000000a2","type":"user"}"#,
        ),
        Door::RemoveMember => at(
            "DELETE",
            "/tickets/groups/staff/members/00000000-0000-0000-0000-0000000000a1",
            "",
        ),
        Door::Query => (
            "POST",
            "/search/query".to_owned(),
            r#"{"requests":[{"entityTypes":["externalItem"],"contentSources":["/external/connections/tickets"],"query":{"queryString":"printer"}}]}"#,
        ),
        Door::GetMe => ("GET", "/me".to_owned(), ""),
        Door::ListUsers => ("GET", "/users".to_owned(), ""),
        Door::CountUsers => ("GET", "/users/$count".to_owned(), ""),
        Door::GetUser => ("GET", "/users/alice@linkspan.test".to_owned(), ""),
        Door::ListDirectoryGroups => ("GET", "/groups".to_owned(), ""),
        Door::CountDirectoryGroups => ("GET", "/groups/$count".to_owned(), ""),
        Door::GetDirectoryGroup => ("GET", "/groups/none".to_owned(), ""),
        Door::Batch | Door::Refused => unreachable!("it does not meet the store"),
    }
}

#[tokio::test]
async fn no_answer_repeats_what_the_store_said() {
    let fault = Arc::new(Mutex::new(None));
    let world = World::with(|store| Arc::new(Faulty::new(store, Arc::clone(&fault)))).await;
    let connector = world.app("connector").await;
    let alice = world.user("alice", "connector").await;
    world.furnish(&connector).await;
    let served = || {
        ROUTES
            .iter()
            .filter(|route| route.serving == Serving::Served && route.door != Door::Batch)
    };

    for (kind, status, code) in [
        (Fault::Inconsistent, 500, "GeneralException"),
        (Fault::Unavailable, 503, "serviceNotAvailable"),
        (Fault::Panic, 500, "GeneralException"),
    ] {
        *fault.lock().unwrap() = Some(kind);
        let both = served().flat_map(|route| [(route, "v1.0"), (route, "beta")]);
        for (route, version) in
            both.filter(|(route, version)| !route.beta_only || *version == "beta")
        {
            let (method, path, body) = request(route.door);
            assert_eq!(method, route.method.as_str());
            let token = if route.application.is_empty() {
                &alice
            } else {
                &connector
            };
            let told = world
                .send(token, method, &format!("/{version}{path}"), body)
                .await;
            told.assert_gateway_error(status, code);
            assert_eq!(told.header("retry-after"), (status == 503).then_some("1"));
            assert!(!format!("{told:?}").contains(CANARY), "{path}: {told:?}");
        }
    }

    // The same requests are answered once the store is well again, so it was the store that they met.
    *fault.lock().unwrap() = None;
    for route in served().filter(|route| route.method.as_str() == "GET") {
        let (method, path, body) = request(route.door);
        let token = if route.application.is_empty() {
            &alice
        } else {
            &connector
        };
        let told = world
            .send(token, method, &format!("/beta{path}"), body)
            .await;
        // No operation, activity or group has that id.
        let expect = match route.door {
            Door::GetOperation
            | Door::GetActivity
            | Door::GetPerformedBy
            | Door::GetDirectoryGroup => 404,
            _ => 200,
        };
        assert_eq!(told.status, expect, "{path}: {told:?}");
    }
}

#[tokio::test]
async fn a_probe_hears_that_the_store_is_away_and_that_it_is_back() {
    let fault = Arc::new(Mutex::new(None));
    let world = World::with(|store| Arc::new(Faulty::new(store, Arc::clone(&fault)))).await;
    for (kind, status) in [(None, 200), (Some(Fault::Unavailable), 503), (None, 200)] {
        *fault.lock().unwrap() = kind;
        let told = world.send("", "GET", "/readyz", "").await;
        assert_eq!(told.status, status, "{told:?}");
        assert!(!told.text.contains(CANARY), "{told:?}");
        // That it lives is another question.
        assert_eq!(world.send("", "GET", "/healthz", "").await.status, 200);
    }
}
