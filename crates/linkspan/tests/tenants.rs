//! Many tenants in one process: each is on its own, made on first use, and goes back to the seed or to a snapshot as a whole.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod running;
#[path = "running/sign_in.rs"]
mod sign_in;
#[path = "tenants/time.rs"]
mod time;

use std::process::{Command, Output};

use reqwest::{Client, Method};
use running::Running;
use serde_json::{Value, json};

const CONNECTIONS: &str = "/v1.0/external/connections";
const SCHEMA: &str = r#"{"baseType":"microsoft.graph.externalItem","properties":[
    {"name":"title","type":"String","isSearchable":true,"isRetrievable":true,"labels":["title"]}]}"#;

/// A server, and a client that asks it.
struct World {
    running: Running,
    client: Client,
}

impl World {
    fn start(arguments: &[&str]) -> Self {
        Self {
            running: Running::start(arguments),
            client: sign_in::client(),
        }
    }

    fn url(&self) -> &str {
        self.running.ready["http_url"].as_str().unwrap()
    }

    /// A token of that tenant.
    async fn token(&self, tenant: &str, caller: &str) -> String {
        let mut ready = self.running.ready.clone();
        ready["tenant_id"] = json!(tenant);
        sign_in::token(&self.client, &ready, caller).await.unwrap()
    }

    async fn send(&self, token: &str, method: Method, path: &str, body: Value) -> (u16, Value) {
        let request = self
            .client
            .request(method, format!("{}{path}", self.url()))
            .bearer_auth(token);
        let answer = match body {
            Value::Null => request.send().await.unwrap(),
            body => request.json(&body).send().await.unwrap(),
        };
        let status = answer.status().as_u16();
        let bytes = answer.bytes().await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    async fn get(&self, token: &str, path: &str) -> (u16, Value) {
        self.send(token, Method::GET, path, Value::Null).await
    }

    /// The names of the connections that a token shows.
    async fn connections(&self, token: &str) -> Vec<String> {
        let (status, list) = self.get(token, CONNECTIONS).await;
        assert_eq!(status, 200, "{list}");
        let all = list["value"].as_array().unwrap().iter();
        all.map(|one| one["id"].as_str().unwrap().to_owned())
            .collect()
    }

    /// A connection with a schema and one item for everyone.
    async fn furnish(&self, token: &str, id: &str, title: &str) {
        let at = format!("{CONNECTIONS}/{id}");
        let schema: Value = serde_json::from_str(SCHEMA).unwrap();
        let item = json!({
            "acl": [{ "type": "everyone", "value": "everyone", "accessType": "grant" }],
            "properties": { "title": title },
        });
        for (method, path, body) in [
            (Method::POST, CONNECTIONS, json!({ "id": id, "name": id })),
            (Method::PATCH, &format!("{at}/schema"), schema),
            (Method::PUT, &format!("{at}/items/one"), item),
        ] {
            let (status, told) = self.send(token, method, path, body).await;
            assert!(status < 300, "{path}: {status} {told}");
        }
    }

    /// How many items a user of that tenant finds; a search waits for the index as long as it must.
    async fn found(&self, token: &str, words: &str) -> u64 {
        let body = json!({ "requests": [{
            "entityTypes": ["externalItem"], "contentSources": ["/external/connections/*"],
            "query": { "queryString": words },
        }] });
        let mut total = 0;
        for _ in 0..100 {
            let (status, told) = self
                .send(token, Method::POST, "/v1.0/search/query", body.clone())
                .await;
            assert_eq!(status, 200, "{told}");
            total = told["value"][0]["hitsContainers"][0]["total"]
                .as_u64()
                .unwrap();
            if total > 0 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        total
    }

    /// Runs a command on this server.
    fn command(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_linkspan"))
            .args(arguments)
            .args(["--server", self.url()])
            .env_remove("AZURE_CLIENT_ID")
            .output()
            .unwrap()
    }

    fn done(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn refused(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments);
        assert!(!output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stderr).unwrap()
    }
}

fn tid(token: &str) -> String {
    let claims = token.split('.').nth(1).unwrap();
    // The claims are JSON in base64url: decoded by hand, four letters at a time.
    let mut bytes = Vec::new();
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (mut bits, mut count) = (0_u32, 0);
    for letter in claims.bytes() {
        let six = letters.iter().position(|known| *known == letter).unwrap();
        bits = (bits << 6) | u32::try_from(six).unwrap();
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 0xff).unwrap());
        }
    }
    let claims: Value = serde_json::from_slice(&bytes).unwrap();
    claims["tid"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn every_unknown_segment_is_a_tenant_of_its_own_with_the_seeded_accounts() {
    let world = World::start(&["dev", "--ephemeral", "--tenants-max", "5"]);
    let home = world.running.ready["tenant_id"].as_str().unwrap();
    for own in [
        "common",
        "Organizations",
        "consumers",
        "linkspan.test",
        home,
    ] {
        assert_eq!(tid(&world.token(own, "connector").await), home, "{own}");
    }
    let guid = "6f9619ff-8b86-d011-b42d-00c04fc964ff";
    assert_eq!(tid(&world.token(guid, "connector").await), guid);
    let contoso = tid(&world.token("contoso.onmicrosoft.com", "alice").await);
    assert_eq!(
        tid(&world.token("CONTOSO.onmicrosoft.com", "bob").await),
        contoso
    );
    assert_eq!(tid(&world.token(&contoso, "bob").await), contoso);
    let odd = tid(&world
        .token("fa15d692-e9c7-4460-a743-29f29522229", "dave")
        .await);
    let one = tid(&world.token("one", "dave").await);
    let mut all = vec![home.to_owned(), guid.to_owned(), contoso, odd, one];
    let admin = world.token("common", "admin").await;
    let (_, list) = world.get(&admin, "/_linkspan/tenants").await;
    let listed = list["value"].as_array().unwrap().iter();
    let mut listed: Vec<_> = listed
        .map(|one| one["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(listed[0], home);
    listed.sort();
    all.sort();
    assert_eq!(listed, all);
    assert_eq!(list["value"][0]["isHome"], true);

    // There are as many as there may be.
    let configuration = format!("{}/two/v2.0/.well-known/openid-configuration", world.url());
    let answer = world.client.get(configuration).send().await.unwrap();
    assert_eq!(answer.status(), 400);
    let told: Value = answer.json().await.unwrap();
    assert_eq!(told["error_codes"], json!([90002]), "{told}");
    let said = told["error_description"].as_str().unwrap();
    for wanted in [
        "'two'",
        "linkspan reset --all",
        "--tenants-max",
        "5 tenants",
    ] {
        assert!(said.contains(wanted), "{said}");
    }
    let said = world.done(&["reset", "--all"]);
    assert!(said.contains("4 others are gone"), "{said}");
    world.token("two", "connector").await;
}

#[tokio::test]
async fn tokens_of_one_tenant_never_count_in_another() {
    let world = World::start(&["dev", "--ephemeral"]);
    let home = world.token("common", "connector").await;
    world.furnish(&home, "tickets", "saltmarsh").await;
    let other = world.token("other", "connector").await;
    assert!(world.connections(&other).await.is_empty());
    world.furnish(&other, "tickets", "heath").await;
    let reader = world.token("other", "alice").await;
    assert_eq!(world.found(&reader, "heath").await, 1);
    let reader = world.token("common", "alice").await;
    assert_eq!(world.found(&reader, "saltmarsh").await, 1);
    let body = json!({ "requests": [{ "entityTypes": ["externalItem"],
        "contentSources": ["/external/connections/tickets"], "query": { "queryString": "heath" } }] });
    let (_, told) = world
        .send(&reader, Method::POST, "/v1.0/search/query", body)
        .await;
    assert_eq!(told["value"][0]["hitsContainers"][0]["total"], 0, "{told}");
}

#[tokio::test]
async fn what_a_sign_in_gives_out_counts_in_its_tenant_alone() {
    let world = World::start(&["dev", "--ephemeral"]);
    let search = "5eed0000-0000-4000-8000-0000000000a5";
    let ask = async |tenant: &str, door: &str, form: String| -> (u16, Value) {
        let url = format!("{}/{tenant}/oauth2/v2.0/{door}", world.url());
        let answer = world.client.post(url).body(form).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    };
    let scope = "https://graph.microsoft.com/.default%20offline_access";
    let alice = "username=alice@linkspan.test&password=alice-password-for-dev";
    let form = format!("grant_type=password&client_id={search}&scope={scope}&{alice}");
    let (_, told) = ask("other", "token", form).await;
    let other = tid(told["access_token"].as_str().unwrap());
    let refresh = told["refresh_token"].as_str().unwrap();
    let form = format!("grant_type=refresh_token&client_id={search}&refresh_token={refresh}");
    let (status, told) = ask("common", "token", form.clone()).await;
    assert_eq!(
        (status, &told["error"]),
        (400, &json!("invalid_grant")),
        "{told}"
    );
    assert_eq!(ask("other", "token", form).await.0, 200);

    let form = format!("client_id={search}&scope={scope}");
    let (_, told) = ask("other", "devicecode", form).await;
    let page = told["verification_uri"].as_str().unwrap();
    assert!(page.contains(&format!("/{other}/devicelogin")), "{page}");
    let code = told["device_code"].as_str().unwrap();
    let form = format!("grant_type=device_code&client_id={search}&device_code={code}");
    assert_eq!(
        ask("common", "token", form.clone()).await.1["error"],
        "bad_verification_code"
    );
    assert_eq!(
        ask("other", "token", form).await.1["error"],
        "authorization_pending"
    );
}

#[tokio::test]
async fn an_admin_of_another_tenant_is_one_there_only() {
    let world = World::start(&["dev", "--ephemeral"]);
    let home = world.token("common", "connector").await;
    let other = world.token("other", "connector").await;
    for token in [&home, &other] {
        world.furnish(token, "tickets", "saltmarsh").await;
    }
    let admin = world.token("other", "admin").await;
    for (method, path, body) in [
        (Method::GET, "/_linkspan/journal?tenant=common", Value::Null),
        (Method::GET, "/_linkspan/journal?tenant=*", Value::Null),
        (
            Method::GET,
            "/_linkspan/snapshots?tenant=common",
            Value::Null,
        ),
        (Method::GET, "/_linkspan/tenants", Value::Null),
        (
            Method::POST,
            "/_linkspan/reset",
            json!({ "tenant": "common" }),
        ),
        (
            Method::POST,
            "/_linkspan/reset",
            json!({ "tenant": "third" }),
        ),
        (Method::POST, "/_linkspan/reset", json!({ "all": true })),
    ] {
        let (status, told) = world.send(&admin, method, path, body).await;
        assert_eq!(status, 403, "{path}: {told}");
    }
    let (_, list) = world
        .get(&world.token("common", "admin").await, "/_linkspan/tenants")
        .await;
    assert_eq!(list["value"].as_array().unwrap().len(), 2, "{list}");
    let (status, _) = world
        .send(&admin, Method::POST, "/_linkspan/reset", json!({}))
        .await;
    assert_eq!(status, 200);
    assert!(world.connections(&other).await.is_empty());
    assert_eq!(world.connections(&home).await, ["tickets"]);
    // Nobody else is one at all.
    let (status, _) = world
        .send(&home, Method::POST, "/_linkspan/reset", json!({}))
        .await;
    assert_eq!(status, 403);
    let (status, _) = world
        .send("", Method::GET, "/_linkspan/snapshots", Value::Null)
        .await;
    assert_eq!(status, 401);
}

#[tokio::test]
async fn a_reset_leaves_the_accounts_and_their_tokens_and_no_connection() {
    let world = World::start(&["dev", "--ephemeral"]);
    let token = world.token("common", "connector").await;
    let reader = world.token("common", "alice").await;
    for (arguments, told) in [
        (&["reset"][..], "as the seed says"),
        (&["reset", "--empty"], "as they were"),
        (&["reset", "--tenant", "common"], "as the seed says"),
    ] {
        world.furnish(&token, "tickets", "saltmarsh").await;
        assert_eq!(world.found(&reader, "saltmarsh").await, 1, "{arguments:?}");
        let said = world.done(arguments);
        assert!(said.contains(told), "{said}");
        assert!(world.connections(&token).await.is_empty(), "{arguments:?}");
    }
    let admin = world.token("common", "admin").await;
    for (body, wanted) in [
        (json!({ "emtpy": true }), "emtpy"),
        (json!({ "tenant": 7 }), "tenant"),
        (json!({ "all": true, "empty": true }), "empty"),
        (json!({ "name": "x" }), "name"),
        (json!({ "tenant": "../up" }), "../up"),
        (json!({ "tenant": "" }), "letter or digit"),
        (json!({ "tenant": "_linkspan" }), "letter or digit"),
        (json!({ "tenant": null }), "tenant"),
        (json!([]), "object"),
        (json!([null, null, true]), "object"),
    ] {
        let (status, told) = world
            .send(&admin, Method::POST, "/_linkspan/reset", body)
            .await;
        assert_eq!(status, 400, "{told}");
        assert!(told["error"].to_string().contains(wanted), "{told}");
    }
    let asked = "/_linkspan/reset?tenant=tenz";
    let (status, told) = world.send(&admin, Method::POST, asked, json!({})).await;
    assert_eq!(status, 400, "{told}");
    let body = json!({ "advance": "PT1M" });
    let asked = "/_linkspan/clock?by=PT1M";
    let (status, _) = world.send(&admin, Method::POST, asked, body.clone()).await;
    assert_eq!(status, 400);
    let asked = "/_linkspan/clock";
    let (status, _) = world.send(&admin, Method::DELETE, asked, body).await;
    assert_eq!(status, 400);
    world.refused(&["reset", "--tenant="]);
    let (_, list) = world.get(&admin, "/_linkspan/tenants").await;
    assert_eq!(list["value"].as_array().unwrap().len(), 1, "{list}");
    let (status, _) = world.get(&admin, "/_linkspan/reset").await;
    assert_eq!(status, 405);
    let (status, _) = world.get(&admin, "/_linkspan/snapshots/a/b/c").await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn no_request_sees_half_a_reset() {
    let world = World::start(&["dev", "--ephemeral"]);
    let token = world.token("common", "connector").await;
    let admin = world.token("common", "admin").await;
    for name in ["aaa", "bbb", "ccc"] {
        world.furnish(&token, name, name).await;
    }
    let looks = async {
        let mut seen = Vec::new();
        for _ in 0..40 {
            seen.push(world.connections(&token).await.len());
        }
        seen
    };
    let reset = world.send(&admin, Method::POST, "/_linkspan/reset", json!({}));
    let (seen, (status, _)) = tokio::join!(looks, reset);
    assert_eq!(status, 200);
    assert!(seen.iter().all(|count| [0, 3].contains(count)), "{seen:?}");
    assert_eq!(seen.last(), Some(&0), "{seen:?}");
}

#[tokio::test]
async fn snapshots_bring_truth_and_index_back_into_any_tenant() {
    let directory = tempfile::tempdir().unwrap();
    let arguments = ["dev", "--data", directory.path().to_str().unwrap()];
    let world = World::start(&arguments);
    let token = world.token("common", "connector").await;
    world.furnish(&token, "tickets", "saltmarsh").await;
    let said = world.done(&["snapshot", "save", "base"]);
    assert!(said.starts_with("base "), "{said}");
    let taken = world.refused(&["snapshot", "save", "base"]);
    assert!(taken.contains("'base' already"), "{taken}");
    world.done(&["reset"]);
    world.furnish(&token, "others", "heath").await;
    world.done(&["snapshot", "restore", "base"]);
    world.done(&["snapshot", "restore", "base", "--tenant", "a-test"]);
    for tenant in ["common", "a-test"] {
        let token = world.token(tenant, "connector").await;
        assert_eq!(world.connections(&token).await, ["tickets"], "{tenant}");
        let reader = world.token(tenant, "alice").await;
        assert_eq!(world.found(&reader, "saltmarsh").await, 1, "{tenant}");
    }
    // What was restored goes on by itself.
    let test = world.token("a-test", "connector").await;
    world.furnish(&test, "more", "meadow").await;
    let reader = world.token("a-test", "alice").await;
    assert_eq!(world.found(&reader, "meadow").await, 1);
    assert_eq!(world.connections(&token).await, ["tickets"]);
    for name in ["../base", ".base", "a b", ""] {
        world.refused(&["snapshot", "save", name]);
        world.refused(&["snapshot", "restore", name]);
    }
    let told = world.refused(&["snapshot", "restore", "nothing"]);
    assert!(told.contains("there are: base"), "{told}");
    drop(world);

    // Everything outlives the process, even one that is killed.
    let world = World::start(&arguments);
    assert_eq!(world.connections(&test).await.len(), 2);
    let list: Value = serde_json::from_str(&world.done(&["snapshot", "list", "--json"])).unwrap();
    assert_eq!(list[0]["name"], "base");
    assert_eq!(list[0]["tenant"], world.running.ready["tenant_id"]);
    assert!(list[0]["bytes"].as_u64().unwrap() > 0);
    let admin = world.token("common", "admin").await;
    let (_, tenants) = world.get(&admin, "/_linkspan/tenants").await;
    assert_eq!(tenants["value"][1]["names"], json!(["a-test"]), "{tenants}");
    world.done(&["snapshot", "remove", "base"]);
    assert_eq!(world.done(&["snapshot", "list"]), "");
}

#[tokio::test]
async fn a_tenants_snapshots_are_for_its_own_admin_and_the_seeded_one() {
    let world = World::start(&["dev", "--ephemeral"]);
    let (one, two) = (
        world.token("one", "admin").await,
        world.token("two", "admin").await,
    );
    world
        .furnish(
            &world.token("one", "connector").await,
            "tickets",
            "saltmarsh",
        )
        .await;
    let path = "/_linkspan/snapshots";
    let body = json!({ "name": "of-one" });
    assert_eq!(world.send(&one, Method::POST, path, body).await.0, 201);
    let names = async |token: &str| -> Vec<String> {
        let (status, list) = world.get(token, path).await;
        assert_eq!(status, 200, "{list}");
        let all = list["value"].as_array().unwrap().iter();
        all.map(|one| one["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&one).await, ["of-one"]);
    assert!(names(&two).await.is_empty());
    // A foreign one and none at all have one answer.
    for (method, door) in [(Method::POST, "/restore"), (Method::DELETE, "")] {
        let mut answers = Vec::new();
        for name in ["of-one", "nowhere"] {
            let asked = format!("{path}/{name}{door}");
            let (status, told) = world.send(&two, method.clone(), &asked, Value::Null).await;
            let told = json!([status, told["error"]["message"], told["error"]["details"]]);
            answers.push(told.to_string().replace(name, "?"));
        }
        assert!(answers[0].starts_with("[404,"), "{answers:?}");
        assert_eq!(answers[0], answers[1]);
    }
    assert!(
        world
            .connections(&world.token("two", "connector").await)
            .await
            .is_empty()
    );
    for (arguments, wanted) in [
        (&["snapshot", "list", "--tenant", "one"][..], true),
        (&["snapshot", "list", "--tenant", "two"], false),
        (&["snapshot", "list"], true),
    ] {
        assert_eq!(world.done(arguments).contains("of-one"), wanted);
    }
    world.done(&["snapshot", "restore", "of-one", "--tenant", "two"]);
    let asked = format!("{path}/of-one");
    let gone = world.send(&one, Method::DELETE, &asked, Value::Null).await;
    assert_eq!(gone.0, 204);

    // Who only looks makes no tenant.
    for arguments in [
        &["snapshot", "save", "x", "--tenant", "never-heard"][..],
        &["snapshot", "list", "--tenant", "never-heard"],
        &["doctor", "tickets", "--tenant", "never-heard"],
    ] {
        let said = world.refused(arguments);
        for wanted in ["never-heard", "common, ", "one", "Sign in to it once"] {
            assert!(said.contains(wanted), "{arguments:?}: {said}");
        }
    }
    let examined = world.command(&["doctor", "tickets", "--tenant", "two"]);
    assert_ne!(examined.status.code(), Some(2), "{examined:?}");
}

#[tokio::test]
async fn the_journal_shows_each_tenant_its_own() {
    let world = World::start(&["dev", "--ephemeral", "--proxy", "127.0.0.1:0"]);
    for (tenant, connection) in [("common", "ours"), ("one", "theirs")] {
        let token = world.token(tenant, "connector").await;
        world.furnish(&token, connection, "saltmarsh").await;
    }
    let seen = async |token: &str, query: &str| -> String {
        let (status, page) = world
            .get(token, &format!("/_linkspan/journal{query}"))
            .await;
        assert_eq!(status, 200, "{page}");
        page["entries"].to_string()
    };
    let admin = world.token("common", "admin").await;
    let one = world.token("one", "admin").await;
    for (token, query, ours, theirs) in [
        (&admin, "", true, false),
        (&admin, "?tenant=common", true, false),
        (&admin, "?tenant=one", false, true),
        (&admin, "?tenant=*", true, true),
        (&one, "", false, true),
        (&one, "?tenant=one", false, true),
    ] {
        let entries = seen(token, query).await;
        assert_eq!(entries.contains("ours"), ours, "{query}: {entries}");
        assert_eq!(entries.contains("theirs"), theirs, "{query}: {entries}");
        assert!(entries.contains("/{tenant}/oauth2/v2.0/token"), "{entries}");
    }
    for query in ["?tenant=never-heard", "?tenent=one", "?since=1&since=2"] {
        let (status, told) = world
            .get(&admin, &format!("/_linkspan/journal{query}"))
            .await;
        assert_eq!(status, 400, "{told}");
    }
    // So the doctor judges permissions in every tenant, by what was done there.
    let said = world.command(&["doctor", "theirs", "--tenant", "one", "--format", "json"]);
    let said = String::from_utf8(said.stdout).unwrap();
    let told: Value = serde_json::from_str(&said).unwrap();
    let checks = told["checks"].as_array().unwrap();
    let of = checks
        .iter()
        .find(|check| check["id"] == "permissions-missing");
    assert_eq!(of.unwrap()["verdict"], "pass", "{said}");
}
