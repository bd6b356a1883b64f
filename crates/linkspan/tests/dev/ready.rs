//! What it tells once it listens: the ready file for programs, the printed page for people.

use std::{
    fs,
    net::TcpStream,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    processes::{END, ended, linkspan},
    running::Running,
};

#[test]
fn the_ready_file_says_what_a_client_needs() {
    let running = Running::start(&["dev", "--ephemeral"]);
    let ready = &running.ready;
    for (member, start) in [
        ("http_url", "http://localhost:"),
        ("https_url", "https://localhost:"),
        ("proxy_url", "http://127.0.0.1:"),
    ] {
        let port = ready[member].as_str().unwrap().strip_prefix(start);
        let port: u16 = port.unwrap().parse().unwrap();
        assert_ne!(port, 0);
        TcpStream::connect(("127.0.0.1", port)).unwrap();
    }
    assert_eq!(ready["pid"], running.child.id());
    let certificate = fs::read_to_string(ready["ca_file"].as_str().unwrap()).unwrap();
    assert!(certificate.contains("BEGIN CERTIFICATE"), "{certificate}");
    assert!(uuid::Uuid::try_parse(ready["tenant_id"].as_str().unwrap()).is_ok());
    check_apps(&ready["apps"]);
    check_directory(&ready["users"], &ready["groups"]);
}

/// The table of apps that the documentation publishes.
fn check_apps(apps: &Value) {
    let (directory, me) = (["User.Read.All", "Group.Read.All"], ["User.Read"]);
    let owned = [
        "ExternalConnection.ReadWrite.OwnedBy",
        "ExternalItem.ReadWrite.OwnedBy",
    ];
    let all = [
        "ExternalConnection.ReadWrite.All",
        "ExternalItem.ReadWrite.All",
    ];
    let read = ["ExternalConnection.Read.All", "ExternalItem.Read.All"];
    let item_read = ["ExternalItem.Read.All"];
    let connector = (
        [&owned[..], &directory].concat(),
        [&owned[..], &item_read, &me].concat(),
    );
    let admin = [&all[..], &directory].concat();
    let expected: [(&str, Vec<&str>, Vec<&str>, bool); 5] = [
        ("connector", connector.0.clone(), connector.1.clone(), true),
        ("other-connector", connector.0, connector.1, true),
        ("admin", admin.clone(), [&admin[..], &me].concat(), true),
        ("reader", read.to_vec(), [&read[..], &me].concat(), true),
        ("search", vec![], [&read[..], &me].concat(), false),
    ];
    assert_eq!(apps.as_array().unwrap().len(), expected.len());
    for (app, (name, roles, scopes, has_secret)) in apps.as_array().unwrap().iter().zip(expected) {
        assert_eq!(app["name"], name);
        assert!(uuid::Uuid::try_parse(app["client_id"].as_str().unwrap()).is_ok());
        assert_eq!(app["client_secret"].is_string(), has_secret, "{name}");
        assert_eq!(sorted(&app["roles"]), sorted(&json!(roles)), "{name}");
        assert_eq!(sorted(&app["scopes"]), sorted(&json!(scopes)), "{name}");
    }
}

/// engineering holds alice and bob, staff holds engineering and carol, board holds dave; erin is a guest.
fn check_directory(users: &Value, groups: &Value) {
    let id = |list: &Value, name: &str| {
        let entry = list
            .as_array()
            .unwrap()
            .iter()
            .find(|entry| entry["name"] == name);
        entry.unwrap()["id"].as_str().unwrap().to_owned()
    };
    let names: Vec<&Value> = users
        .as_array()
        .unwrap()
        .iter()
        .map(|user| &user["name"])
        .collect();
    assert_eq!(names, ["alice", "bob", "carol", "dave", "erin"]);
    for user in users.as_array().unwrap() {
        assert!(user["upn"].as_str().unwrap().contains('@'));
        assert!(!user["password"].as_str().unwrap().is_empty());
        let group = match user["name"].as_str().unwrap() {
            "alice" | "bob" => Some("engineering"),
            "carol" => Some("staff"),
            "dave" => Some("board"),
            _ => None,
        };
        let direct: Vec<String> = group.map(|name| id(groups, name)).into_iter().collect();
        assert_eq!(user["groups"], json!(direct), "{}", user["name"]);
        assert_eq!(user["guest"], user["name"] == "erin");
    }
    for (name, members) in [
        ("engineering", vec![id(users, "alice"), id(users, "bob")]),
        ("staff", vec![id(groups, "engineering"), id(users, "carol")]),
        ("board", vec![id(users, "dave")]),
    ] {
        let group = groups
            .as_array()
            .unwrap()
            .iter()
            .find(|group| group["name"] == name);
        assert_eq!(
            sorted(&group.unwrap()["members"]),
            sorted(&json!(members)),
            "{name}"
        );
    }
}

fn sorted(list: &Value) -> Vec<String> {
    let texts = list
        .as_array()
        .unwrap()
        .iter()
        .map(|text| text.as_str().unwrap());
    let mut texts: Vec<String> = texts.map(str::to_owned).collect();
    texts.sort();
    texts
}

#[test]
fn the_ready_file_replaces_an_older_one_and_nothing_stays_beside_it() {
    let directory = tempfile::tempdir().unwrap();
    let temporary = tempfile::tempdir().unwrap();
    let file = directory.path().join("ready.json");
    fs::write(&file, "left behind").unwrap();
    let mut child = linkspan(&[
        "dev",
        "--ephemeral",
        "--http",
        "127.0.0.1:0",
        "--https",
        "127.0.0.1:0",
    ])
    .arg("--ready-file")
    .arg(&file)
    .env("TMPDIR", temporary.path())
    .spawn()
    .unwrap();
    let deadline = Instant::now() + END;
    let text = loop {
        let text = fs::read_to_string(&file).unwrap();
        if text != "left behind" || Instant::now() > deadline {
            break text;
        }
        thread::sleep(Duration::from_millis(5));
    };
    let _ = child.kill();
    let _ = child.wait();
    let ready: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(ready["pid"], child.id());
    let files: Vec<_> = fs::read_dir(directory.path()).unwrap().collect();
    assert_eq!(files.len(), 1, "{files:?}");
}

#[test]
fn it_prints_what_a_person_needs() {
    let running = Running::start(&["dev", "--ephemeral"]);
    let said = printed(&running);
    let ready = &running.ready;
    let mut expected = vec![
        &ready["http_url"],
        &ready["https_url"],
        &ready["ca_file"],
        &ready["tenant_id"],
    ];
    for (list, members) in [
        ("apps", ["name", "client_id", "client_secret"]),
        ("users", ["name", "upn", "password"]),
        ("groups", ["name", "id", "id"]),
    ] {
        for entry in ready[list].as_array().unwrap() {
            expected.extend(members.map(|member| &entry[member]));
        }
    }
    for text in expected.into_iter().filter_map(Value::as_str) {
        assert!(said.contains(text), "{text} is not printed:\n{said}");
    }
    assert_eq!(lines_to_copy(&said).len(), 3, "{said}");
}

/// What it has printed, once all of it is there: the ready file comes first.
pub fn printed(running: &Running) -> String {
    let deadline = Instant::now() + END;
    loop {
        let said = running.said();
        if said.contains("Ctrl-C") || Instant::now() > deadline {
            return said;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

fn lines_to_copy(said: &str) -> Vec<&str> {
    let starts = ["TOKEN=", "curl "];
    let is_command = |line: &&str| starts.iter().any(|start| line.starts_with(start));
    said.lines().filter(is_command).collect()
}

#[test]
fn the_printed_lines_work_as_they_are() {
    if !has_curl() {
        return;
    }
    let running = Running::start(&["dev", "--ephemeral"]);
    let said = printed(&running);
    let script = lines_to_copy(&said).join("\necho\n");
    let ran = ended(
        Command::new("bash")
            .args(["-euo", "pipefail", "-c", &script])
            .env("no_proxy", "localhost")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    assert!(ran.status.success(), "{ran:?}");
    let output = String::from_utf8(ran.stdout).unwrap();
    let answers: Vec<Value> = output
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), 2, "{output}");
    assert_eq!(answers[0]["id"], "tickets");
    assert_eq!(answers[0]["state"], "draft");
    assert_eq!(answers[1]["value"][0]["hitsContainers"][0]["total"], 0);
}

#[test]
fn https_is_trusted_with_the_printed_certificate_alone() {
    if !has_curl() {
        return;
    }
    let running = Running::start(&["dev", "--ephemeral"]);
    let url = format!("{}/healthz", running.ready["https_url"].as_str().unwrap());
    let ca = running.ready["ca_file"].as_str().unwrap();
    let curl = |arguments: &[&str]| {
        let mut curl = Command::new("curl");
        curl.args([
            "--silent",
            "--show-error",
            "--noproxy",
            "*",
            "--max-time",
            "20",
        ]);
        curl.args(arguments).arg(&url);
        ended(
            curl.stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap(),
        )
    };
    let trusted = curl(&["--cacert", ca]);
    assert_eq!(
        String::from_utf8_lossy(&trusted.stdout).trim(),
        "up",
        "{trusted:?}"
    );
    assert!(
        !curl(&[]).status.success(),
        "a private CA is not trusted by default"
    );
}

/// The tests that copy commands need it; CI always has it.
fn has_curl() -> bool {
    let found = Command::new("curl").arg("--version").output().is_ok();
    if !found {
        println!("skipped: there is no curl on this machine");
    }
    found
}
