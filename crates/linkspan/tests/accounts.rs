//! Accounts by the command line and by a seed file, as the running server then knows them.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::{
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
    time::Duration,
};

use reqwest::StatusCode;
use serde_json::Value;

mod running;

use running::Running;

/// Runs `linkspan` on a data directory, with a line on its standard input.
fn command(data: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_linkspan"))
        .args(arguments)
        .arg("--data")
        .arg(data)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}

fn done(data: &Path, arguments: &[&str], input: &str) -> String {
    let output = command(data, arguments, input);
    let text = String::from_utf8(output.stdout).unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {text}{error}");
    text
}

fn refused(data: &Path, arguments: &[&str]) -> String {
    let output = command(data, arguments, "");
    assert!(!output.status.success(), "{arguments:?}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

async fn token(running: &Running, fields: &[(&str, &str)]) -> (StatusCode, Value) {
    let url = format!(
        "{}/common/oauth2/v2.0/token",
        running.ready["http_url"].as_str().unwrap()
    );
    post(&url, fields).await
}

async fn post(url: &str, fields: &[(&str, &str)]) -> (StatusCode, Value) {
    // Secrets and passwords of these tests need no encoding.
    let body: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.post(url).body(body.join("&")).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

const CRAWLER: &str = "00000000-0000-4000-8000-00000000aaaa";

#[tokio::test]
async fn what_the_commands_add_signs_in_and_stays() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path();
    let at = data.to_str().unwrap().to_owned();
    let start = || Running::start(&["dev", "--data", &at]);
    // The published accounts come first, so that there is something to add to.
    let running = start();
    let told = refused(data, &["app", "list"]);
    assert!(told.contains("another linkspan uses it"), "{told}");
    let told = refused(data, &["keys", "rotate"]);
    assert!(told.contains("another linkspan uses it"), "{told}");
    assert!(!told.contains("--ephemeral"), "{told}");
    drop(running);
    let secret = change(data);
    refuse_nonsense(data);

    let running = start();
    signs_in(&running, &secret).await;
    let user = |name: &str| {
        let users = running.ready["users"].as_array().unwrap();
        users.iter().find(|user| user["name"] == name).cloned()
    };
    // What nobody can know is not shown.
    assert_eq!(user("alice").unwrap()["password"], Value::Null);
    assert_eq!(user("carol").unwrap()["password"], "carol-password-for-dev");
    assert_eq!(user("bob"), None);
    let keys = format!(
        "{}/common/discovery/keys",
        running.ready["http_url"].as_str().unwrap()
    );
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let keys: Value = client.get(keys).send().await.unwrap().json().await.unwrap();
    assert_eq!(keys["keys"].as_array().map(Vec::len), Some(2));
}

/// Changes one thing of each kind; the new app's secret.
fn change(data: &Path) -> String {
    done(
        data,
        &[
            "app",
            "add",
            "crawler",
            "--client-id",
            CRAWLER,
            "--role",
            "user.read.all",
            "--scope",
            "User.Read",
        ],
        "",
    );
    let secret = done(data, &["app", "add-secret", "CRAWLER"], "");
    let secret = secret.strip_suffix('\n').unwrap().to_owned();
    assert_eq!(secret.len(), 64, "nothing but the secret");
    take_away(data);
    done(
        data,
        &[
            "app",
            "add-redirect",
            CRAWLER,
            "https://crawler.example/back",
        ],
        "",
    );
    done(
        data,
        &[
            "user",
            "add",
            "newcomer",
            "--upn",
            "newcomer@linkspan.test",
            "--password-stdin",
        ],
        "a-password\n",
    );
    done(data, &["group", "add", "crew"], "");
    done(
        data,
        &["group", "add-member", "crew", "newcomer@linkspan.test"],
        "",
    );
    done(data, &["group", "add-member", "staff", "crew"], "");
    done(
        data,
        &["user", "set-password", "alice", "--password-stdin"],
        "another\n",
    );
    done(data, &["user", "remove", "bob"], "");
    let rotated = done(data, &["keys", "rotate"], "");
    assert!(rotated.contains("1 retired keys still count"), "{rotated}");
    secret
}

/// What an app has can be taken away again, by the names that the list shows.
fn take_away(data: &Path) {
    let crawler = || -> Value {
        let list = done(data, &["app", "list", "--json"], "");
        let apps: Value = serde_json::from_str(&list).unwrap();
        let mut apps = apps.as_array().unwrap().iter();
        apps.find(|app| app["name"] == "crawler").unwrap().clone()
    };
    let kept = crawler()["secrets"][0].clone();
    done(data, &["app", "add-secret", "crawler"], "");
    let second = crawler()["secrets"][1].as_str().unwrap().to_owned();
    done(data, &["app", "remove-secret", "crawler", &second], "");
    assert_eq!(crawler()["secrets"], serde_json::json!([kept]));
    let told = refused(data, &["app", "remove-secret", "crawler", &second]);
    assert!(told.contains("app list"), "{told}");
    let uri = "https://crawler.example/old";
    done(data, &["app", "add-redirect", "crawler", uri], "");
    done(data, &["app", "remove-redirect", "crawler", uri], "");
    assert_eq!(crawler()["redirect_uris"], serde_json::json!([]));
    let told = refused(data, &["app", "remove-certificate", "crawler", "AA"]);
    assert!(told.contains("has no 'AA'"), "{told}");
    done(data, &["app", "set-roles", "crawler"], "");
    assert_eq!(crawler()["roles"], serde_json::json!([]));
    let told = refused(data, &["app", "set-roles", "crawler", "Everything"]);
    assert!(told.contains("'Everything' is no permission"), "{told}");
    done(data, &["app", "set-roles", "crawler", "User.Read.All"], "");
    done(data, &["app", "set-public-client", "crawler", "true"], "");
    assert_eq!(crawler()["public_client"], true);
    done(data, &["app", "set-public-client", "crawler", "false"], "");
}

fn refuse_nonsense(data: &Path) {
    for (arguments, word) in [
        (&["app", "add", "crawler"][..], "already"),
        (
            &["app", "add", "x", "--role", "Everything"],
            "'Everything' is no permission",
        ),
        (&["app", "add", "x y"], "cannot be a name"),
        (
            &["app", "add-redirect", "crawler", "http://x.example/"],
            "cannot be a redirect URI",
        ),
        (
            &["app", "add-certificate", "crawler", "/nowhere.pem"],
            "could not read /nowhere.pem",
        ),
        (
            &["app", "remove", "nobody"],
            "there is no app 'nobody'; there are: connector",
        ),
        (
            &["user", "add", "y", "--upn", "Alice@linkspan.test"],
            "already",
        ),
        (&["user", "add", "crew", "--upn", "c@d"], "already"),
        (&["user", "add", "y", "--upn", "nothing"], "must be like"),
        (
            &["group", "add-member", "crew", "nobody"],
            "no user or group 'nobody'",
        ),
        (
            &["group", "remove-member", "crew", "alice"],
            "does not hold",
        ),
    ] {
        let told = refused(data, arguments);
        assert!(told.contains(word), "{arguments:?}: {told}");
    }
    // Who only looks makes nothing.
    let nowhere = data.join("nowhere");
    let told = refused(&nowhere, &["app", "list"]);
    assert!(told.contains("there is no data directory"), "{told}");
    assert!(!nowhere.exists());
    // A directory of something else is no data directory either.
    std::fs::create_dir(&nowhere).unwrap();
    let told = refused(&nowhere, &["keys", "rotate"]);
    assert!(told.contains("there is no data directory"), "{told}");
    assert_eq!(std::fs::read_dir(&nowhere).unwrap().count(), 0);
}

/// Signs in with what was added and what was not changed, and not with what was removed.
async fn signs_in(running: &Running, secret: &str) {
    let own = [
        ("grant_type", "client_credentials"),
        ("client_id", CRAWLER),
        ("client_secret", secret),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    assert_eq!(token(running, &own).await.0, StatusCode::OK);
    let sign_in = |name, password| {
        [
            ("grant_type", "password"),
            ("client_id", "5eed0000-0000-4000-8000-0000000000a5"),
            ("username", name),
            ("password", password),
            ("scope", "User.Read"),
        ]
    };
    for (name, password, status) in [
        ("newcomer@linkspan.test", "a-password", StatusCode::OK),
        (
            "newcomer@linkspan.test",
            "b-password",
            StatusCode::BAD_REQUEST,
        ),
        ("alice@linkspan.test", "another", StatusCode::OK),
        (
            "alice@linkspan.test",
            "alice-password-for-dev",
            StatusCode::BAD_REQUEST,
        ),
        (
            "bob@linkspan.test",
            "bob-password-for-dev",
            StatusCode::BAD_REQUEST,
        ),
        (
            "carol@linkspan.test",
            "carol-password-for-dev",
            StatusCode::OK,
        ),
    ] {
        let (given, body) = token(running, &sign_in(name, password)).await;
        assert_eq!(given, status, "{name}: {body}");
    }
}

#[tokio::test]
async fn a_seed_file_takes_the_place_of_the_published_accounts() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/seed.yaml");
    let running = Running::start(&[
        "dev",
        "--ephemeral",
        "--seed",
        file,
        "--auto-approve",
        "alice",
    ]);
    let users = running.ready["users"].as_array().unwrap();
    let names: Vec<_> = users
        .iter()
        .map(|user| user["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["alice", "bob", "erin"]);
    assert_eq!(users[0]["password"], "a password for alice");
    let apps = running.ready["apps"].as_array().unwrap();
    assert_eq!(apps[0]["client_secret"], "a long random text");
    // The ready file comes before the table.
    let mut said = running.said();
    while !said.contains("Ctrl-C stops.") {
        tokio::time::sleep(Duration::from_millis(10)).await;
        said = running.said();
    }
    for word in [
        "a password for bob",
        "a long random text",
        "--data-urlencode 'password=a password for alice'",
    ] {
        assert!(said.contains(word), "{word} in {said}");
    }
    assert!(!said.contains("password-for-dev"), "{said}");

    // Alice approves what nobody has to enter.
    let search = apps[1]["client_id"].as_str().unwrap();
    let url = format!(
        "{}/common/oauth2/v2.0/devicecode",
        running.ready["http_url"].as_str().unwrap()
    );
    let (status, begun) = post(&url, &[("client_id", search), ("scope", "User.Read")]).await;
    assert_eq!(status, StatusCode::OK, "{begun}");
    let code = begun["device_code"].as_str().unwrap();
    let fields = [
        ("grant_type", "device_code"),
        ("client_id", search),
        ("device_code", code),
    ];
    let (status, body) = token(&running, &fields).await;
    assert_eq!(status, StatusCode::OK, "{body}");
}

#[test]
fn who_cannot_approve_is_told_before_anything_is_served() {
    let directory = tempfile::tempdir().unwrap();
    let arguments = [
        "dev",
        "--auto-approve",
        "nobody",
        "--http",
        "127.0.0.1:0",
        "--https",
        "127.0.0.1:0",
        "--proxy",
        "127.0.0.1:0",
    ];
    let told = refused(directory.path(), &arguments);
    assert!(
        told.starts_with(
            "linkspan: --auto-approve 'nobody' is no user here; there are: alice, bob"
        ),
        "{told}"
    );
    let arguments = ["dev", "--seed", "/nowhere.yaml"];
    let told = refused(directory.path(), &arguments);
    assert!(
        told.contains("could not read the seed file /nowhere.yaml"),
        "{told}"
    );
}
