//! The process is killed while tenants are reset and restored, again and again. Each must be whole afterwards: as it was
//! before or as it was to be, never between.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod running;
#[path = "running/sign_in.rs"]
mod sign_in;

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use reqwest::{Client, Method};
use running::Running;
use serde_json::{Value, json};
use tokio::{task::JoinSet, time::sleep};

const ROUNDS: usize = 10;
/// The latest moment of a kill after the work has begun, in milliseconds.
const KILLED_WITHIN: u64 = 400;
const TENANTS: [&str; 2] = ["common", "a-test"];
const ITEMS: usize = 12;
const CONNECTIONS: &str = "/v1.0/external/connections";

/// A server at work.
#[derive(Clone)]
struct Session {
    client: Client,
    ready: Value,
    admin: String,
}

/// What a tenant holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// As the seed says.
    Seed,
    /// As in the snapshot.
    Snapshot,
}

impl Session {
    async fn open(running: &Running) -> Self {
        let client = sign_in::client();
        let admin = sign_in::token(&client, &running.ready, "admin").await;
        Self {
            admin: admin.unwrap(),
            ready: running.ready.clone(),
            client,
        }
    }

    /// Status and body; an error when no answer came.
    async fn send(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<(u16, Value), reqwest::Error> {
        let url = format!("{}{path}", self.ready["http_url"].as_str().unwrap());
        let mut request = self.client.request(method, url).bearer_auth(token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        let text = answer.text().await?;
        Ok((status, serde_json::from_str(&text).unwrap_or_default()))
    }

    async fn token(&self, tenant: &str, caller: &str) -> String {
        let mut ready = self.ready.clone();
        ready["tenant_id"] = json!(tenant);
        sign_in::token(&self.client, &ready, caller).await.unwrap()
    }

    /// A connection with a schema and items, kept as a snapshot.
    async fn furnish(&self) {
        let token = self.token("common", "connector").await;
        let at = format!("{CONNECTIONS}/tickets");
        let schema = json!({ "baseType": "microsoft.graph.externalItem", "properties": [
            { "name": "title", "type": "string", "isSearchable": true, "isRetrievable": true, "labels": ["title"] },
        ] });
        let item = json!({
            "acl": [{ "type": "everyone", "value": "everyone", "accessType": "grant" }],
            "properties": { "title": "saltmarsh" },
        });
        let connection = json!({ "id": "tickets", "name": "Tickets" });
        let mut asked = vec![
            (Method::POST, CONNECTIONS.to_owned(), connection),
            (Method::PATCH, format!("{at}/schema"), schema),
        ];
        for number in 0..ITEMS {
            asked.push((Method::PUT, format!("{at}/items/{number}"), item.clone()));
        }
        for (method, path, body) in asked {
            let (status, told) = self.send(&token, method, &path, Some(body)).await.unwrap();
            assert!(status < 300, "{path}: {status} {told}");
        }
        let path = "/_linkspan/snapshots";
        let saved = self
            .send(
                &self.admin,
                Method::POST,
                path,
                Some(json!({ "name": "base" })),
            )
            .await;
        assert_eq!(saved.unwrap().0, 201);
    }

    async fn put(&self, tenant: &str, state: State) -> Result<(), reqwest::Error> {
        let path = match state {
            State::Seed => "/_linkspan/reset",
            State::Snapshot => "/_linkspan/snapshots/base/restore",
        };
        let body = json!({ "tenant": tenant });
        let (status, told) = self
            .send(&self.admin, Method::POST, path, Some(body))
            .await?;
        assert_eq!(status, 200, "{told}");
        Ok(())
    }

    /// What a tenant holds, which must be the one or the other in every respect.
    async fn state(&self, tenant: &str) -> State {
        let token = self.token(tenant, "connector").await;
        let (_, list) = self
            .send(&token, Method::GET, CONNECTIONS, None)
            .await
            .unwrap();
        let is_seed = list["value"].as_array().unwrap().is_empty();
        let wanted = if is_seed { 0 } else { ITEMS };
        for number in 0..ITEMS {
            let path = format!("{CONNECTIONS}/tickets/items/{number}");
            let (status, told) = self.send(&token, Method::GET, &path, None).await.unwrap();
            assert_eq!(status, if is_seed { 404 } else { 200 }, "{tenant}: {told}");
        }
        let reader = self.token(tenant, "alice").await;
        let body = json!({ "requests": [{ "entityTypes": ["externalItem"],
            "contentSources": ["/external/connections/*"], "query": { "queryString": "saltmarsh" } }] });
        let mut total = Value::Null;
        for _ in 0..100 {
            let path = "/v1.0/search/query";
            let (status, told) = self
                .send(&reader, Method::POST, path, Some(body.clone()))
                .await
                .unwrap();
            assert_eq!(status, 200, "{told}");
            total = told["value"][0]["hitsContainers"][0]["total"].clone();
            if total == wanted {
                break;
            }
            sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(total, wanted, "{tenant}");
        if is_seed {
            State::Seed
        } else {
            State::Snapshot
        }
    }
}

/// Puts a tenant from one state into the other until nobody answers; what was acknowledged last, and what was asked for then.
async fn work(session: Session, tenant: &'static str, first: State) -> (State, State) {
    let mut last = first;
    loop {
        let next = match last {
            State::Seed => State::Snapshot,
            State::Snapshot => State::Seed,
        };
        if session.put(tenant, next).await.is_err() {
            return (last, next);
        }
        last = next;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_reset_or_restore_leaves_one_state_or_the_other() {
    let directory = tempfile::tempdir().unwrap();
    let arguments = ["dev", "--data", directory.path().to_str().unwrap()];
    let mut running = Running::start(&arguments);
    let mut session = Session::open(&running).await;
    session.furnish().await;
    session.put("a-test", State::Seed).await.unwrap();
    let mut states = [State::Snapshot, State::Seed];
    for round in 0..ROUNDS {
        let mut working = JoinSet::new();
        for (place, tenant) in TENANTS.into_iter().enumerate() {
            let (session, state) = (session.clone(), states[place]);
            working.spawn(async move { (place, work(session, tenant, state).await) });
        }
        // Any moment will do: what is asserted holds at every one.
        let moment = RandomState::new().hash_one(round) % KILLED_WITHIN;
        sleep(Duration::from_millis(moment)).await;
        running.child.kill().unwrap();
        running.child.wait().unwrap();
        let ended = working.join_all().await;
        running = Running::start(&arguments);
        session = Session::open(&running).await;
        for (place, (acknowledged, asked)) in ended {
            let state = session.state(TENANTS[place]).await;
            let told = format!(
                "round {round}, killed after {moment} ms, {}",
                TENANTS[place]
            );
            assert!([acknowledged, asked].contains(&state), "{told}");
            states[place] = state;
        }
    }
}
