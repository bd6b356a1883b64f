//! Each tenant lives in its own time: moved by its own admin, kept over a start, copied with a snapshot, gone with a reset.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{CONNECTIONS, SCHEMA, World};

const CLOCK: &str = "/_linkspan/clock";
const TICKETS: &str = "/v1.0/external/connections/tickets";
const DAY: i64 = 86_400;

impl World {
    /// Moves the clock of the token's tenant.
    async fn advance(&self, token: &str, by: &str) {
        let said = json!({ "advance": by });
        let (status, told) = self.send(token, Method::POST, CLOCK, said).await;
        assert_eq!(status, 200, "{told}");
    }

    /// How many days the clock of the token's tenant is ahead.
    async fn days_ahead(&self, token: &str) -> i64 {
        let (status, told) = self.get(token, CLOCK).await;
        assert_eq!(status, 200, "{told}");
        told["ahead_seconds"].as_i64().unwrap() / DAY
    }

    async fn connection(&self, token: &str, id: &str) -> u16 {
        let said = json!({ "id": id, "name": id });
        let made = self.send(token, Method::POST, CONNECTIONS, said);
        made.await.0
    }

    async fn register(&self, token: &str) {
        let schema: Value = serde_json::from_str(SCHEMA).unwrap();
        let path = format!("{TICKETS}/schema");
        let asked = self.send(token, Method::PATCH, &path, schema);
        assert_eq!(asked.await.0, 202);
    }

    /// Brings the item in; the status, and the seconds after which to come again.
    async fn put(&self, token: &str) -> (u16, Option<u64>) {
        let item = json!({
            "acl": [{ "type": "everyone", "value": "everyone", "accessType": "grant" }],
            "properties": { "title": "Printer" },
        });
        let url = format!("{}{TICKETS}/items/T-1", self.url());
        let request = self.client.put(url).bearer_auth(token).json(&item);
        let answer = request.send().await.unwrap();
        let wait = answer.headers().get("retry-after");
        let wait = wait.map(|seconds| seconds.to_str().unwrap().parse().unwrap());
        (answer.status().as_u16(), wait)
    }
}

#[tokio::test]
async fn each_tenant_has_its_own_time_and_keeps_it() {
    let data = tempfile::tempdir().unwrap();
    let directory = data.path().to_str().unwrap();
    let arguments = ["dev", "--data", directory, "--profile", "graph"];
    let world = World::start(&arguments);
    let (home, admin) = (
        world.token("common", "admin").await,
        world.token("one", "admin").await,
    );
    world.advance(&admin, "P30D").await;
    assert_eq!(world.days_ahead(&admin).await, 30);
    assert_eq!(world.days_ahead(&home).await, 0);
    let shown = world.done(&["clock", "advance", "P2D", "--tenant", "two"]);
    let two = world.token("two", "admin").await;
    assert_eq!(world.days_ahead(&two).await, 2, "{shown}");
    // What is the server's is not theirs.
    assert_eq!(world.get(&two, "/_linkspan/faults").await.0, 403);
    let connector = world.token("one", "connector").await;
    assert_eq!(world.get(&connector, CLOCK).await.0, 403);
    assert_eq!(world.connection(&connector, "tickets").await, 201);
    world.register(&connector).await;
    drop(world);

    let world = World::start(&arguments);
    let admin = world.token("one", "admin").await;
    let connector = world.token("one", "connector").await;
    assert_eq!(world.days_ahead(&admin).await, 30);
    let (status, wait) = world.put(&connector).await;
    assert!(
        status == 503 && (1..=900).contains(&wait.unwrap()),
        "{status} {wait:?}"
    );
    world.done(&["snapshot", "save", "late", "--tenant", "one"]);
    // Real time is a month before the registration is due, and nobody waits a month for it.
    let back = world.send(&admin, Method::DELETE, CLOCK, Value::Null).await;
    assert_eq!((back.0, &back.1["ahead_seconds"]), (200, &json!(0)));
    let (status, wait) = world.put(&connector).await;
    assert!(
        status == 503 && (1..=900).contains(&wait.unwrap()),
        "{status} {wait:?}"
    );
    world.done(&["snapshot", "restore", "late", "--tenant", "three"]);
    let three = world.token("three", "admin").await;
    assert_eq!(world.days_ahead(&three).await, 30);
    world.done(&["reset", "--tenant", "three"]);
    assert_eq!(world.days_ahead(&three).await, 0);
}

/// After the clock's answer nothing that was due then is still to come.
#[tokio::test]
async fn the_next_request_sees_what_became_due() {
    let world = World::start(&["dev", "--ephemeral", "--profile", "graph"]);
    let (admin, connector) = (
        world.token("common", "admin").await,
        world.token("common", "connector").await,
    );
    assert_eq!(world.connection(&connector, "tickets").await, 201);
    world.register(&connector).await;
    world.advance(&admin, "PT15M").await;
    let (_, told) = world
        .get(&connector, &format!("{TICKETS}/operations"))
        .await;
    assert_eq!(told["value"][0]["status"], "completed", "{told}");
    assert_eq!(world.get(&connector, TICKETS).await.1["state"], "ready");
    assert_eq!(world.put(&connector).await.0, 200);

    let alice = world.token("common", "alice").await;
    let search = json!({ "requests": [{
        "entityTypes": ["externalItem"], "contentSources": ["/external/connections/tickets"],
        "query": { "queryString": "printer" },
    }] });
    world.advance(&admin, "PT15M").await;
    let (_, told) = world
        .send(&alice, Method::POST, "/v1.0/search/query", search)
        .await;
    assert_eq!(told["value"][0]["hitsContainers"][0]["total"], 1, "{told}");

    // As many connections as there may be, until one is really gone.
    for number in 1..30 {
        let id = format!("more{number}");
        assert_eq!(world.connection(&connector, &id).await, 201);
    }
    assert_eq!(world.connection(&connector, "another").await, 403);
    let gone = world.send(&connector, Method::DELETE, TICKETS, Value::Null);
    assert!(gone.await.0 < 300);
    assert_eq!(world.get(&connector, TICKETS).await.0, 200);
    assert_eq!(world.connection(&connector, "another").await, 403);
    world.advance(&admin, "PT5M").await;
    assert_eq!(world.get(&connector, TICKETS).await.0, 404);
    assert_eq!(world.connection(&connector, "another").await, 201);
}
