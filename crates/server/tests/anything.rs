//! Whatever is sent: a well-formed answer comes back, never a failure of ours, and what was refused has changed nothing.

#![expect(clippy::unwrap_used, reason = "tests")]

mod world;

use std::sync::atomic::{AtomicU32, Ordering};

use axum::{
    body::Body,
    http::{HeaderValue, Request},
};
use graph::route::{Door, Method, ROUTES, Route, Serving};
use proptest::{
    prelude::*,
    test_runner::{TestCaseError, TestRunner},
};
use serde_json::{Map, Value, json};
use tokio::runtime::Runtime;
use world::{ITEM, SCHEMA, Told, World};

const CASES: u32 = 300;

/// What no write that is refused may have changed; `{n}` is the id of what may be created.
const SEEN: [&str; 7] = [
    "/v1.0/external/connections/tickets",
    "/v1.0/external/connections/tickets/schema",
    "/v1.0/external/connections/tickets/items/T-1",
    "/v1.0/external/connections/tickets/items/{n}",
    "/v1.0/external/connections/tickets/groups/staff",
    "/v1.0/external/connections/tickets/groups/{n}",
    "/v1.0/external/connections/{n}",
];

/// A furnished world and the runtime that it lives on.
struct Stage {
    runtime: Runtime,
    world: World,
    token: String,
    /// The token of alice, since only people search.
    user: String,
    count: AtomicU32,
}

impl Stage {
    fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let (world, token, user) = runtime.block_on(async {
            let world = World::new().await;
            let token = world.app("connector").await;
            world.furnish(&token).await;
            let user = world.user("alice", "connector").await;
            (world, token, user)
        });
        Self {
            runtime,
            world,
            token,
            user,
            count: AtomicU32::new(0),
        }
    }

    fn send(&self, method: &str, path: &str, body: &str) -> Told {
        self.runtime
            .block_on(self.world.send(&self.token, method, path, body))
    }

    fn ask(&self, request: Request<Body>) -> Told {
        self.runtime.block_on(self.world.ask(request))
    }

    /// What can be read of everything that a write could change.
    fn seen(&self, id: &str) -> Vec<Option<String>> {
        let read = |path: &&str| {
            let told = self.send("GET", &path.replace("{n}", id), "");
            (told.status == 200).then_some(told.text)
        };
        SEEN.iter().map(read).collect()
    }
}

fn check<S: Strategy>(strategy: S, test: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = ProptestConfig {
        cases: CASES,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    TestRunner::new(config).run(&strategy, test).unwrap();
}

/// A success, or a refusal that a client can use.
fn well_formed(told: &Told) -> Result<(), TestCaseError> {
    let status = told.status.as_u16();
    prop_assert!(status < 500 || status == 501, "{:?}", told);
    if status < 400 {
        return Ok(());
    }
    prop_assert!(told.text.len() < 16_384, "{:?}", told);
    if told
        .header("content-type")
        .is_some_and(|it| it.starts_with("application/json"))
    {
        let body: Result<Value, _> = serde_json::from_str(&told.text);
        prop_assert!(body.is_ok(), "{:?}", told);
        let error = &body.unwrap()["error"];
        // Sign-in speaks its own language, where the error is a word.
        prop_assert!(
            error.is_string() || (error["code"].is_string() && error["message"].is_string()),
            "{:?}",
            told
        );
    }
    Ok(())
}

/// Every served door that takes a body.
fn write_doors() -> Vec<&'static Route> {
    ROUTES
        .iter()
        .filter(|route| route.serving == Serving::Served)
        .filter(|route| !matches!(route.method, Method::Get | Method::Delete))
        .collect()
}

/// A body that the door accepts, or one to begin with.
fn good(door: Door, id: &str) -> Value {
    let parsed = |text: &str| serde_json::from_str(text).unwrap();
    match door {
        Door::CreateConnection | Door::CreateConnectionRef | Door::UpdateConnection => json!({
            "id": id, "name": "Any", "description": "d",
            "configuration": {"authorizedAppIds": ["00000000-0000-0000-0000-0000000000c1"]},
            "activitySettings": {"urlToItemResolvers": [{
                "@odata.type": "#microsoft.graph.externalConnectors.itemIdResolver", "priority": 1, "itemId": "{id}",
                "urlMatchInfo": {"baseUrls": ["https://x.test"], "urlPattern": "/(?<id>[0-9]+)"}}]}}),
        Door::RegisterSchema | Door::RegisterSchemaPost => parsed(SCHEMA),
        Door::PutItem | Door::UpdateItem => parsed(ITEM),
        Door::AddActivities => json!({"activities": [{
            "type": "viewed", "startDateTime": "2026-03-18T11:00:00Z",
            "performedBy": {"type": "user", "id": "00000000-0000-0000-0000-0000000000a1"}}]}),
        Door::CreateGroup | Door::UpdateGroup => {
            json!({"id": id, "displayName": "Any", "description": null})
        }
        Door::AddMember => json!({"id": "00000000-0000-0000-0000-0000000000a2", "type": "user"}),
        Door::Batch => json!({"requests": [
            {"id": "1", "method": "GET", "url": "/external/connections/tickets"},
            {"id": "2", "method": "POST", "url": "/external/connections/tickets/groups", "dependsOn": ["1"],
             "headers": {"Content-Type": "application/json"}, "body": {"id": id}}]}),
        _ => {
            json!({"requests": [{"entityTypes": ["externalItem"], "contentSources": ["/external/connections/tickets"],
            "query": {"queryString": "printer"}, "from": 0, "size": 5, "fields": ["title"]}]})
        }
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec![
            "",
            "id",
            "text",
            "{id}",
            "True",
            "1e400",
            "externalItem",
            "a/b",
            "$batch",
            "ä\0"
        ])
        .prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("(id|name|type|value|@odata.type|.{0,4})", inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// Puts `noise` in the place of one node, counted from the root.
fn disturb(body: &mut Value, place: prop::sample::Index, noise: Value) {
    let mut pointers = vec![String::new()];
    let mut at = 0;
    while let Some(pointer) = pointers.get(at).cloned() {
        match body.pointer(&pointer) {
            Some(Value::Array(entries)) => {
                pointers.extend((0..entries.len()).map(|entry| format!("{pointer}/{entry}")));
            }
            Some(Value::Object(members)) => pointers.extend(
                members
                    .keys()
                    .map(|name| format!("{pointer}/{}", name.replace('/', "~1"))),
            ),
            _ => {}
        }
        at += 1;
    }
    if let Some(node) = body.pointer_mut(&pointers[place.index(pointers.len())]) {
        *node = noise;
    }
}

#[test]
fn any_json_to_any_write_door() {
    let stage = Stage::new();
    let doors = write_doors();
    assert!(doors.len() > 10, "{}", doors.len());
    let sent = (
        prop::sample::select(doors),
        any::<prop::sample::Index>(),
        any_json(),
        any::<bool>(),
    );
    let (refused, accepted) = (AtomicU32::new(0), AtomicU32::new(0));
    check(sent, |(route, place, noise, fresh)| {
        let id = format!("new{}", stage.count.fetch_add(1, Ordering::SeqCst));
        let mut body = good(route.door, &id);
        disturb(&mut body, place, noise);
        let version = if route.beta_only { "beta" } else { "v1.0" };
        let path = route
            .path
            .replace("{connection}", "tickets")
            .replace("{item}", if fresh { &id } else { "T-1" })
            .replace("{group}", "staff");
        let before = stage.seen(&id);
        let token = match route.door {
            Door::Query => &stage.user,
            _ => &stage.token,
        };
        let url = format!("/{version}{path}");
        let body = body.to_string();
        let sent = stage.world.send(token, route.method.as_str(), &url, &body);
        let told = stage.runtime.block_on(sent);
        well_formed(&told)?;
        if told.status.is_success() {
            accepted.fetch_add(1, Ordering::SeqCst);
        } else {
            refused.fetch_add(1, Ordering::SeqCst);
            prop_assert_eq!(
                stage.seen(&id),
                before,
                "{} {} {}: {:?}",
                route.method,
                path,
                body,
                told
            );
        }
        // The next case finds the world as this one did.
        stage.send("DELETE", &format!("/v1.0/external/connections/{id}"), "");
        stage.send(
            "DELETE",
            &format!("/v1.0/external/connections/tickets/items/{id}"),
            "",
        );
        Ok(())
    });
    assert!(refused.into_inner() > CASES / 10);
    assert!(accepted.into_inner() > CASES / 20);
}

#[test]
fn any_path_and_query() {
    let stage = Stage::new();
    let piece = prop_oneof![
        6 => prop::sample::select(vec![
            "v1.0", "beta", "V1.0", "external", "connections", "tickets", "connections('tickets')", "items", "T-1",
            "groups", "staff", "members", "schema", "operations", "search", "query", "$count", "$batch", "$metadata",
            "me", "users", "%24count", "addActivities", "oauth2", "token", "common", "devicecode", "_linkspan", "journal",
            "%", "%zz", "%ff", "%2F", "%00", "..", "('", "()", "'",
        ]).prop_map(str::to_owned),
        1 => "[!-~&&[^/?#\"<>\\\\^`{|}]]{0,12}",
        1 => "x{0,3000}",
    ];
    let path = prop::collection::vec(piece, 0..9).prop_map(|pieces| pieces.join("/"));
    let option = prop_oneof![
        4 => prop::sample::select(vec![
            "$filter=name%20eq%20'a'", "$filter=not%20(", "$filter='", "$select=id", "$top=-1", "$top=1", "$count=true",
            "$orderby=name%20desc", "$expand=schema", "$skip=99999", "$skiptoken=x", "$search=%22a%22", "since=-1", "%", "&",
        ]).prop_map(str::to_owned),
        1 => "[$a-z]{0,8}=[!-~&&[^#\"<>\\\\^`{|}]]{0,20}",
    ];
    let query = prop::collection::vec(option, 0..4).prop_map(|options| options.join("&"));
    let method = prop::sample::select(vec!["GET", "GET", "POST", "PUT", "PATCH", "OPTIONS", "XYZ"]);
    let version = prop::sample::select(vec![
        "/v1.0/",
        "/beta/",
        "/v1.0/external/",
        "/beta//external/connections/",
        "/",
    ]);
    check(
        (method, version, path, query),
        |(method, version, path, query)| {
            let url = format!("{version}{path}?{query}");
            let request = Request::builder()
                .method(method)
                .uri(&url)
                .header("host", "linkspan.test")
                .header("authorization", format!("Bearer {}", stage.token));
            // What is no URL in HTTP never comes as far as this.
            let Ok(request) = request.body(Body::from("{}")) else {
                return Ok(());
            };
            well_formed(&stage.ask(request))
        },
    );
}

#[test]
fn any_headers() {
    let stage = Stage::new();
    let name = prop::sample::select(vec![
        "accept",
        "accept-encoding",
        "accept-language",
        "authorization",
        "client-request-id",
        "connection",
        "consistencylevel",
        "content-encoding",
        "content-length",
        "content-type",
        "cookie",
        "expect",
        "forwarded",
        "host",
        "if-match",
        "if-none-match",
        "origin",
        "prefer",
        "range",
        "sdkversion",
        "te",
        "transfer-encoding",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-http-method-override",
    ]);
    let value = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        "(Bearer |odata.metadata=none|respond-async|gzip|[,;=\" ]|[0-9]{1,20}|a\\.b\\.c|.){0,8}"
            .prop_map(String::into_bytes),
    ];
    let headers = prop::collection::vec((name, value), 0..4);
    let asked = prop::sample::select(vec![
        ("GET", "/v1.0/external/connections/tickets/items/T-1", ""),
        ("PUT", "/v1.0/external/connections/tickets/items/T-1", ITEM),
        ("GET", "/beta/external/connections?$top=1", ""),
        ("POST", "/v1.0/search/query", "{}"),
        ("POST", "/common/oauth2/v2.0/token", "grant_type=password"),
    ]);
    check(
        (asked, headers, any::<bool>()),
        |((method, path, body), headers, signed_in)| {
            let mut request = Request::builder()
                .method(method)
                .uri(path)
                .body(Body::from(body))
                .unwrap();
            let sent = request.headers_mut();
            sent.insert("host", HeaderValue::from_static("linkspan.test"));
            for (name, value) in headers {
                if let Ok(value) = HeaderValue::from_bytes(&value) {
                    sent.append(name, value);
                }
            }
            if signed_in {
                let token = format!("Bearer {}", stage.token);
                sent.insert("authorization", HeaderValue::from_str(&token).unwrap());
            }
            well_formed(&stage.ask(request))
        },
    );
}
