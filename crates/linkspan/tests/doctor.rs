//! `linkspan doctor` as it is used at a terminal and in CI: the built binary against a running one.

#![expect(clippy::unwrap_used, reason = "tests")]

mod running;
#[path = "running/sign_in.rs"]
mod sign_in;

use std::process::{Command, Output, Stdio};

use reqwest::{Client, Method};
use running::Running;
use serde_json::{Value, json};

const CONNECTOR: [&str; 4] = [
    "--client-id",
    "5eed0000-0000-4000-8000-0000000000a1",
    "--client-secret",
    "connector-secret-for-dev",
];
const ALICE: &str = "5eed0000-0000-4000-8000-0000000000b1";

/// `linkspan doctor` with a clean environment.
fn command(server: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_linkspan"));
    command
        .args(["doctor", "--server", server])
        .args(arguments)
        .stdin(Stdio::null());
    for name in [
        "AZURE_TENANT_ID",
        "AZURE_CLIENT_ID",
        "AZURE_CLIENT_SECRET",
        "NO_COLOR",
    ] {
        command.env_remove(name);
    }
    command
}

/// The exit code, and what was printed.
fn told(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (
        output.status.code().unwrap(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

fn doctor(server: &str, arguments: &[&str]) -> (i32, String, String) {
    told(&command(server, arguments).output().unwrap())
}

struct Api {
    client: Client,
    url: String,
    token: String,
}

impl Api {
    async fn send(&self, method: Method, path: &str, body: Value) {
        let url = format!("{}/v1.0/external/connections{path}", self.url);
        let request = self.client.request(method, url).bearer_auth(&self.token);
        let answer = request.json(&body).send().await.unwrap();
        assert!(
            answer.status().is_success(),
            "{path}: {}",
            answer.text().await.unwrap()
        );
    }

    /// A connection that lacks nothing that fails, and one that lacks nearly everything.
    async fn furnish(&self) {
        let property = |name: &str, label: &str, is_text: bool| {
            json!({ "name": name, "type": "string", "isSearchable": is_text, "isQueryable": true, "isRetrievable": true,
                    "description": "Says it.", "aliases": [format!("{name}2")], "labels": [label] })
        };
        let good = json!({ "id": "good", "name": "Support tickets", "description": "What broke, where, and how it was mended." });
        self.send(Method::POST, "", good).await;
        let schema = json!({ "baseType": "microsoft.graph.externalItem", "properties": [
            property("title", "title", true), property("url", "url", false), property("icon", "iconUrl", false),
        ] });
        self.send(Method::PATCH, "/good/schema", schema).await;
        let item = json!({
            "acl": [{ "type": "user", "value": ALICE, "accessType": "grant" }],
            "properties": { "title": "Printer", "url": "https://tickets.example/1" },
            "content": { "type": "text", "value": "It burns." },
        });
        self.send(Method::PUT, "/good/items/1", item).await;

        self.send(Method::POST, "", json!({ "id": "bad", "name": "bad" }))
            .await;
        let schema = json!({ "baseType": "microsoft.graph.externalItem", "properties": [{ "name": "x", "type": "int64" }] });
        self.send(Method::PATCH, "/bad/schema", schema).await;
        let item = json!({ "acl": [{ "type": "everyone", "value": "everyone", "accessType": "grant" }], "properties": { "x": 1 } });
        self.send(Method::PUT, "/bad/items/1", item).await;
    }
}

#[tokio::test]
async fn a_good_and_a_bad_connection_in_every_form() {
    let running = Running::start(&["dev", "--ephemeral", "--proxy", "127.0.0.1:0"]);
    let url = running.ready["http_url"].as_str().unwrap().to_owned();
    let client = sign_in::client();
    let token = sign_in::token(&client, &running.ready, "connector").await;
    let api = Api {
        client,
        url: url.clone(),
        token: token.unwrap(),
    };
    api.furnish().await;

    let (code, text, _) = doctor(&url, &["good"]);
    assert_eq!(code, 0, "{text}");
    for line in [
        "good  'Support tickets', ready, 1 items, 1 sampled\n",
        "\n  ✓ label-title ",
        "\n  ! refinable ",
        "\nsearch   ",
        " passed, ",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(
        !text.contains('\u{1b}') && text.lines().all(|line| line.chars().count() <= 120),
        "{text}"
    );
    assert_eq!(doctor(&url, &["good", "--fail-on", "warning"]).0, 1);

    let (code, text, _) = doctor(&url, &["bad", "--format", "markdown"]);
    assert_eq!(code, 1, "{text}");
    assert!(
        text.contains("- ! **acl-everyone**: 100 % of items (1 of 1)"),
        "{text}"
    );
    let (code, text, _) = doctor(&url, &["bad", "--format", "sarif", "--fail-on", "failure"]);
    let log: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, &log["version"]), (1, &json!("2.1.0")));

    // As the connector itself: the journal saw it.
    let (code, text, _) = doctor(
        &url,
        &[&["good", "--format", "json"], &CONNECTOR[..]].concat(),
    );
    let examination: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(code, 0, "{text}");
    let checks = examination["checks"].as_array().unwrap();
    let of = |id: &str| checks.iter().find(|check| check["id"] == id).unwrap();
    assert_eq!(of("permissions-unused")["verdict"], "pass", "{text}");
    assert_eq!(of("permissions-missing")["verdict"], "pass", "{text}");
    let score = |id: &str| examination["scores"][id].as_u64().unwrap();
    assert!(score("search") > 80 && score("copilot") > 80, "{text}");
    let page: Value = api
        .client
        .get(format!("{url}/_linkspan/doctor/bad"))
        .bearer_auth(&api.token)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert!(page["scores"]["search"].as_u64() < Some(50), "{page}");

    nothing_to_examine(&url);

    // Over HTTPS, with our CA, and not with another one.
    let https = running.ready["https_url"].as_str().unwrap();
    let ca = running.ready["ca_file"].as_str().unwrap();
    let (code, text, said) = doctor(https, &["good", "--ca", ca]);
    assert_eq!(code, 0, "{text}{said}");
    let (code, _, said) = doctor(https, &["good"]);
    assert_eq!(code, 2);
    assert!(said.contains("ertificate"), "{said}");
    let (code, _, said) = doctor(https, &["good", "--ca", "Cargo.toml"]);
    assert_eq!(code, 2);
    assert!(said.contains("the CA Cargo.toml cannot be used"), "{said}");
}

/// What cannot be examined ends with 2 and says why.
fn nothing_to_examine(url: &str) {
    let (code, text, said) = doctor(url, &["nothing"]);
    assert_eq!((code, text.as_str()), (2, ""));
    assert!(
        said.contains("'nothing' could not be examined: ") && said.contains("404 Not Found"),
        "{said}"
    );
    let mut wrong = command(url, &["good"]);
    wrong
        .env("AZURE_CLIENT_ID", CONNECTOR[1])
        .env("AZURE_CLIENT_SECRET", "wrong");
    let (code, _, said) = told(&wrong.output().unwrap());
    assert_eq!(code, 2);
    assert!(
        said.contains("signing in with AZURE_CLIENT_ID and AZURE_CLIENT_SECRET was refused"),
        "{said}"
    );
    let other = [
        "--client-id",
        "5eed0000-0000-4000-8000-0000000000a2",
        "--client-secret",
        "other-connector-secret-for-dev",
    ];
    assert_eq!(doctor(url, &[&["good"], &other[..]].concat()).0, 2);
    let (code, _, said) = doctor("http://127.0.0.1:1", &["good"]);
    assert_eq!(code, 2);
    assert!(said.contains("does not answer"), "{said}");
    assert_eq!(doctor(url, &["good", "--format", "xml"]).0, 2);
    assert_eq!(doctor("ftp://localhost", &["good"]).0, 2);
}
