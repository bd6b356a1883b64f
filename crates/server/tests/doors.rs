//! Every row of the table: no token is 401, a wrong permission 403, an unknown segment 400, and what is not served 501.

mod world;

use graph::{
    Scope,
    route::{Door, ROUTES, Route, Serving, Voice},
};
use serde_json::json;
use world::{ITEM, SCHEMA, World};

/// The row's path below both versions, or below beta alone.
fn paths(route: &Route) -> Vec<String> {
    let path = route
        .path
        .replace("{connection}", "tickets")
        .replace("{item}", "T-1")
        .replace("{group}", "staff")
        .replace("{member}", "00000000-0000-0000-0000-0000000000a1")
        .replace("{operation}", "none")
        .replace("{activity}", "a1")
        .replace("{acronym}", "a1")
        .replace("{bookmark}", "a1")
        .replace("{qna}", "a1")
        .replace("{source}", "a1")
        .replace("{setting}", "a1")
        .replace("{user}", "alice");
    assert!(!path.contains('{'), "{path}");
    let versions: &[&str] = if route.beta_only {
        &["beta"]
    } else {
        &["v1.0", "beta"]
    };
    versions
        .iter()
        .map(|version| format!("/{version}{path}"))
        .collect()
}

fn each() -> impl Iterator<Item = (&'static Route, String)> {
    ROUTES
        .iter()
        .flat_map(|route| paths(route).into_iter().map(move |path| (route, path)))
}

#[tokio::test]
async fn without_a_token_every_row_is_401() {
    let world = World::new().await;
    for (route, path) in each() {
        for token in ["", "nonsense", "a.b.c"] {
            let told = world.send(token, route.method.as_str(), &path, "{").await;
            told.assert_gateway_error(401, "InvalidAuthenticationToken");
            let challenge = told.header("www-authenticate").unwrap();
            assert!(challenge.starts_with("Bearer "), "{challenge}");
        }
    }
}

#[tokio::test]
async fn without_the_permission_every_served_row_is_403_before_the_body_is_read() {
    let world = World::new().await;
    let tokens = [
        world.app("stranger").await,
        world.user("alice", "stranger").await,
    ];
    let mut seen = 0;
    // A batch asks for none; its entries do. A token has some permission, and theirs is to read the directory's groups.
    let asks = |route: &Route| {
        let spared = route.door == Door::Batch || route.application.contains(&Scope::GroupReadAll);
        route.serving == Serving::Served && !spared
    };
    for (route, path) in each().filter(|(route, _)| asks(route)) {
        for token in &tokens {
            let told = world.send(token, route.method.as_str(), &path, "{").await;
            match route.voice {
                Voice::Gateway => told.assert_gateway_error(403, "AccessDenied"),
                Voice::Search => {
                    assert_eq!(told.status, 403, "{told:?}");
                    assert_eq!(told.json()["error"]["code"], "Forbidden");
                    assert_eq!(told.json()["error"]["httpCode"], 403);
                }
            }
            assert!(told.header("x-linkspan-advice").is_some() || route.voice == Voice::Search);
            seen += 1;
        }
    }
    assert!(seen > 40, "{seen}");
}

#[tokio::test]
async fn what_is_not_served_says_so_whatever_the_permission() {
    let world = World::new().await;
    let tokens = [world.app("stranger").await, world.app("connector").await];
    for (route, path) in each() {
        for token in &tokens {
            let expect = match route.serving {
                Serving::Served => continue,
                Serving::Refused(reason) => (501, "notSupported", reason),
                Serving::Absent => (404, "UnknownError", ""),
            };
            let told = world.send(token, route.method.as_str(), &path, "{").await;
            told.assert_gateway_error(expect.0, expect.1);
            assert_eq!(told.json()["error"]["message"], expect.2, "{path}");
        }
    }
    for path in ["/v1.0/$metadata", "/beta/%24metadata", "/v1.0", "/V1.0/"] {
        let told = world.send(&tokens[1], "GET", path, "").await;
        told.assert_gateway_error(501, "notSupported");
    }
}

#[tokio::test]
async fn an_unknown_segment_is_400_and_an_unknown_version_404() {
    let world = World::new().await;
    let token = world.app("connector").await;
    for (route, path) in each() {
        let path = format!("{path}/nonsense/nonsense");
        let told = world.send(&token, route.method.as_str(), &path, "").await;
        told.assert_gateway_error(400, "BadRequest");
        assert_eq!(
            told.json()["error"]["message"],
            "Resource not found for the segment 'nonsense'.",
            "{path}"
        );
    }
    for path in ["/search/query", "/v2.0/me", "/external"] {
        let told = world.send(&token, "GET", path, "").await;
        told.assert_gateway_error(404, "BadRequest");
        let first = path.split('/').nth(1).unwrap();
        assert_eq!(
            told.json()["error"]["message"],
            format!("Invalid version: {first}")
        );
    }
}

#[tokio::test]
async fn another_method_is_405_and_names_the_right_ones() {
    let world = World::new().await;
    let token = world.app("connector").await;
    for (route, path) in each() {
        for method in ["HEAD", "OPTIONS", "TRACE"] {
            let told = world.send(&token, method, &path, "").await;
            assert_eq!(told.status, 405, "{method} {path}");
            // An answer to HEAD has no body.
            if method != "HEAD" {
                told.assert_gateway_error(405, "Request_BadRequest");
            }
            let allow = told.header("allow").unwrap();
            assert!(allow.split(", ").any(|name| name == route.method.as_str()));
        }
    }
    let told = world
        .send(&token, "DELETE", "/v1.0/external/connections", "")
        .await;
    assert_eq!(told.header("allow"), Some("GET, POST"));
    let told = world.send("", "POST", "/healthz", "").await;
    assert_eq!(told.status, 405);
}

#[tokio::test]
async fn people_and_probes_get_a_plain_answer() {
    let world = World::new().await;
    for path in ["/", "/healthz", "/readyz"] {
        let told = world.send("", "GET", path, "").await;
        assert_eq!(told.status, 200);
        assert_eq!(
            told.header("content-type"),
            Some("text/plain; charset=utf-8")
        );
        assert!(told.header("request-id").is_some());
    }
}

#[tokio::test]
async fn a_server_that_stops_sends_new_clients_elsewhere() {
    let world = World::new().await;
    let asked = async |method| world.send("", method, "/readyz", "").await.status;
    assert_eq!(asked("GET").await, 200);
    assert_eq!(asked("POST").await, 405);
    world.stop.send_replace(true);
    assert_eq!(asked("GET").await, 503);
    assert_eq!(asked("HEAD").await, 503);
    // What is under way is answered, and nobody should kill the process meanwhile.
    assert_eq!(world.send("", "GET", "/healthz", "").await.status, 200);
}

#[tokio::test]
async fn the_walk_of_a_connector() {
    let world = World::new().await;
    let token = &world.app("connector").await;
    let base = "/v1.0/external/connections";
    let go = async |method: &str, path: &str, body: &str| {
        world
            .send(token, method, &format!("{base}{path}"), body)
            .await
    };
    assert_eq!(go("GET", "/tickets", "").await.status, 404);
    let made = go(
        "POST",
        "",
        r#"{"id":"tickets","name":"Tickets","colour":"red"}"#,
    )
    .await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(made.json()["state"], "draft");
    assert_eq!(
        made.header("x-linkspan-advice"),
        Some("These members are not taken here and had no effect: colour.")
    );
    go("POST", "", r#"{"id":"Tickets","name":"Tickets"}"#)
        .await
        .assert_gateway_error(409, "NameAlreadyExists");
    assert_eq!(go("GET", "/tickets/schema", "").await.status, 404);

    let taken = go("PATCH", "/tickets/schema", SCHEMA).await;
    assert_eq!((taken.status.as_u16(), taken.text.as_str()), (202, ""));
    assert_eq!(taken.header("content-type"), None);
    let location = taken.header("location").unwrap();
    let path = location
        .strip_prefix("http://linkspan.test/v1.0/external/connections")
        .unwrap();
    let operation = go("GET", path, "").await.json();
    assert_eq!(operation["status"], "completed");
    assert!(location.ends_with(operation["id"].as_str().unwrap()));
    assert_eq!(go("GET", "/tickets", "").await.json()["state"], "ready");
    assert_eq!(go("GET", "/tickets/schema", "").await.status, 200);

    let put = go("PUT", "/tickets/items/T-1", ITEM).await;
    assert_eq!(put.status, 200, "{put:?}");
    assert_eq!(put.json()["properties"]["title"], "Printer on fire");
    let got = go("GET", "/tickets/items/T-1", "").await;
    assert_eq!(got.text, put.text);
    let removed = go("DELETE", "/tickets/items/T-1", "").await;
    assert_eq!((removed.status.as_u16(), removed.text.as_str()), (204, ""));
    go("GET", "/tickets/items/T-1", "")
        .await
        .assert_gateway_error(404, "ItemNotFound");
    let gone = go("DELETE", "/tickets", "").await;
    assert_eq!((gone.status.as_u16(), gone.text.as_str()), (202, ""));
    assert_eq!(go("GET", "/tickets", "").await.status, 404);
}

#[tokio::test]
async fn spellings_of_a_path_lead_to_the_same_door() {
    let world = World::new().await;
    let token = &world.app("connector").await;
    world.furnish(token).await;
    let straight = "/v1.0/external/connections/tickets/items/T-1";
    let expect = world.send(token, "GET", straight, "").await;
    assert_eq!(expect.status, 200);
    for path in [
        "/v1.0//external/connections/tickets/items/T-1",
        "//v1.0/external/connections/tickets/items/T-1/",
        "/v1.0/connections/tickets/items/T-1",
        "/v1.0/external/connections('tickets')/items('T-1')",
        "/V1.0/External/Connections/TICKETS/Items/%54%2D1",
    ] {
        let told = world.send(token, "GET", path, "").await;
        assert_eq!(told.status, 200, "{path}");
        assert_eq!(
            told.json()["properties"],
            expect.json()["properties"],
            "{path}"
        );
    }
    for bad in [
        "/v1.0/external/connections/%zz",
        "/v1.0/external/connections('x",
    ] {
        let told = world.send(token, "GET", bad, "").await;
        told.assert_gateway_error(400, "BadRequest");
    }
}

#[tokio::test]
async fn a_list_is_filtered_selected_counted_and_paged() {
    let world = World::new().await;
    let token = &world.app("connector").await;
    for (id, name) in [("one", "First"), ("two", "Second"), ("three", "Third")] {
        let body = json!({"id": id, "name": name}).to_string();
        let told = world
            .send(token, "POST", "/v1.0/external/connections", &body)
            .await;
        assert_eq!(told.status, 201);
    }
    let list = async |query: &str| {
        let path = format!("/v1.0/external/connections?{query}");
        world.send(token, "GET", &path, "").await.json()
    };
    let told = list("%24filter=name%20eq%20'Second'&$select=id").await;
    assert_eq!(
        told,
        json!({
            "@odata.context": "http://linkspan.test/v1.0/$metadata#connections(id)",
            "value": [{"id": "two"}],
        })
    );
    let mut next = "http://linkspan.test/v1.0/external/connections?$top=2&$count=true".to_owned();
    let mut ids = Vec::new();
    let mut rounds = 0;
    while let Some(path) = next.strip_prefix("http://linkspan.test") {
        let told = world.send(token, "GET", path, "").await.json();
        assert_eq!(told["@odata.count"], 3);
        let value = told["value"].as_array().unwrap();
        ids.extend(
            value
                .iter()
                .map(|member| member["id"].as_str().unwrap().to_owned()),
        );
        next = told["@odata.nextLink"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        rounds += 1;
    }
    assert_eq!(rounds, 2);
    ids.sort();
    assert_eq!(ids, ["one", "three", "two"]);
    let told = world
        .send(
            token,
            "GET",
            "/v1.0/external/connections?$filter=name%20like%20'x'",
            "",
        )
        .await;
    told.assert_gateway_error(400, "BadRequest");
}

#[tokio::test]
async fn a_search_trims_and_speaks_in_its_own_voice() {
    let world = World::new().await;
    world.furnish(&world.app("connector").await).await;
    let alice = &world.user("alice", "connector").await;
    let search = async |body: &str| world.send(alice, "POST", "/v1.0/search/query", body).await;
    let told = search(
        r#"{"requests":[{"entityTypes":["externalItem"],"contentSources":["/external/connections/tickets"],
            "query":{"queryString":"printer"}}]}"#,
    )
    .await;
    assert_eq!(told.status, 200, "{told:?}");
    let container = &told.json()["value"][0]["hitsContainers"][0];
    assert_eq!(container["total"], 1, "{told:?}");
    assert_eq!(
        container["hits"][0]["resource"]["properties"]["title"],
        "Printer on fire"
    );
    for body in [
        "{",
        "{}",
        r#"{"requests":[{"entityTypes":["externalItem"],"contentSources":["/external/connections/tickets"],
            "query":{"queryString":""}}]}"#,
    ] {
        let told = search(body).await;
        assert_eq!(told.status, 400);
        let told = told.json();
        assert_eq!(told["error"]["httpCode"], 400, "{told}");
        assert!(told["Instrumentation"]["TraceId"].is_string());
        assert_eq!(told["error"]["innerError"], json!(null));
    }
}

#[tokio::test]
async fn the_signed_in_user_is_shown() {
    let world = World::new().await;
    let alice = world.user("alice", "connector").await;
    let told = world
        .send(
            &alice,
            "GET",
            "/v1.0//me?$select=displayName,mail,userPrincipalName",
            "",
        )
        .await;
    assert_eq!(
        told.json(),
        json!({
            "@odata.context": "http://linkspan.test/v1.0/$metadata#users/$entity",
            "displayName": "alice",
            "mail": "alice@linkspan.test",
            "userPrincipalName": "alice@linkspan.test",
        })
    );
}

#[tokio::test]
async fn a_missing_id_is_made_up_on_beta_and_ref_alone() {
    let world = World::new().await;
    let token = &world.app("connector").await;
    let body = r#"{"name":"Tickets"}"#;
    let told = world
        .send(token, "POST", "/v1.0/external/connections", body)
        .await;
    told.assert_gateway_error(400, "InvalidRequest");
    assert_eq!(told.json()["error"]["target"], "id");
    for path in [
        "/beta/external/connections",
        "/v1.0/external/connections/$ref",
    ] {
        let told = world.send(token, "POST", path, body).await;
        assert_eq!(told.status, 201, "{told:?}");
        let id = told.json()["id"].as_str().unwrap().to_owned();
        assert!(
            id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()),
            "{id}"
        );
    }
}
