//! `linkspan dev` from outside: what it writes and prints, what it refuses, how it ends, and what is there when it starts again.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[path = "dev/processes.rs"]
mod processes;
#[path = "dev/ready.rs"]
mod ready;
#[path = "dev/refusals.rs"]
mod refusals;
mod running;
#[path = "running/sign_in.rs"]
mod sign_in;

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use processes::{END, linkspan, refused, send, wait};
use ready::printed;
use running::Running;
use serde_json::{Value, json};

const CONNECTIONS: &str = "/v1.0/external/connections";

#[test]
fn both_signals_end_it_well_and_what_is_ephemeral_goes_with_it() {
    for signal in ["TERM", "INT"] {
        let mut running = Running::start(&["dev", "--ephemeral"]);
        let ca = running.ready["ca_file"].as_str().unwrap().to_owned();
        assert!(Path::new(&ca).exists());
        printed(&running);
        send(signal, &running.child);
        let ended = wait(&mut running.child);
        assert_eq!(
            ended.code(),
            Some(0),
            "SIG{signal}: {ended:?}\n{}",
            running.said()
        );
        assert!(!Path::new(&ca).exists(), "{ca} is still there");
    }
}

#[test]
fn it_may_be_stopped_the_moment_it_is_ready() {
    let directory = tempfile::tempdir().unwrap();
    let (data, ready) = (
        directory.path().join("data"),
        directory.path().join("ready.json"),
    );
    for round in 1..=12 {
        let mut child = linkspan(&["dev", "--http", "127.0.0.1:0", "--https", "127.0.0.1:0"])
            .arg("--data")
            .arg(&data)
            .arg("--ready-file")
            .arg(&ready)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // A shell that only waits to send the signal is there at once; a new process would give the server time.
        let mut shell = Command::new("sh")
            .args(["-c", "read go; kill -TERM \"$0\"", &child.id().to_string()])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut go = shell.stdin.take().unwrap();
        let deadline = Instant::now() + END;
        while !ready.exists() && Instant::now() < deadline {
            std::hint::spin_loop();
        }
        go.write_all(b"\n").unwrap();
        assert!(wait(&mut shell).success());
        let ended = wait(&mut child);
        assert_eq!(ended.code(), Some(0), "round {round}: {ended:?}");
        fs::remove_file(&ready).unwrap();
    }
}

#[test]
fn a_request_under_way_is_answered_before_the_end() {
    let mut running = Running::start(&["dev", "--ephemeral"]);
    let url = running.ready["http_url"].as_str().unwrap();
    let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
    stream.set_read_timeout(Some(END)).unwrap();
    let app = running.ready["apps"]
        .as_array()
        .unwrap()
        .iter()
        .find(|app| app["name"] == "connector")
        .unwrap();
    let body = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}&scope=https://graph.microsoft.com/.default",
        app["client_id"].as_str().unwrap(),
        app["client_secret"].as_str().unwrap()
    );
    let (first, rest) = body.split_at(20);
    write!(
        stream,
        "POST /common/oauth2/v2.0/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{first}",
        body.len()
    )
    .unwrap();
    // The server has begun to read; then it is told to stop, then the rest comes.
    thread::sleep(Duration::from_millis(300));
    send("TERM", &running.child);
    thread::sleep(Duration::from_millis(300));
    stream.write_all(rest.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("access_token"), "{answer}");
    assert_eq!(wait(&mut running.child).code(), Some(0));
}

#[test]
fn who_says_it_twice_does_not_wait() {
    let mut running = Running::start(&["dev", "--ephemeral"]);
    let address = running.ready["http_url"].as_str().unwrap();
    let mut stream = TcpStream::connect(address.strip_prefix("http://").unwrap()).unwrap();
    // A request that never comes to its end holds an orderly stop up.
    stream
        .write_all(b"POST /common/oauth2/v2.0/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n")
        .unwrap();
    let mut begun = [0; 12];
    stream.read_exact(&mut begun).unwrap();
    assert_eq!(begun, *b"HTTP/1.1 100");
    send("TERM", &running.child);
    let deadline = Instant::now() + END;
    while !running.said().contains("stopping:") {
        assert!(Instant::now() < deadline, "{}", running.said());
        thread::sleep(Duration::from_millis(10));
    }
    send("INT", &running.child);
    let ended = wait(&mut running.child);
    assert_eq!(ended.code(), Some(1), "{ended:?}\n{}", running.said());
    assert!(running.said().contains("told twice"), "{}", running.said());
}

#[test]
fn a_demo_that_is_stopped_while_it_loads_ends() {
    let mut running = Running::start(&["demo", "--ephemeral", "--items", "5000"]);
    thread::sleep(Duration::from_millis(1500));
    send("TERM", &running.child);
    assert_eq!(
        wait(&mut running.child).code(),
        Some(0),
        "{}",
        running.said()
    );
}

#[tokio::test]
async fn data_tokens_and_certificates_outlive_the_process() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("made").join("by it");
    let arguments = ["dev", "--data", data.to_str().unwrap()];
    let mut running = Running::start(&arguments);
    let client = sign_in::client();
    let token = sign_in::token(&client, &running.ready, "connector")
        .await
        .unwrap();
    let url = running.ready["http_url"].as_str().unwrap();
    let made = client
        .post(format!("{url}{CONNECTIONS}"))
        .bearer_auth(&token)
        .json(&json!({ "id": "kept", "name": "Kept" }))
        .send()
        .await
        .unwrap();
    assert_eq!(made.status(), 201);
    let ca_file = running.ready["ca_file"].as_str().unwrap().to_owned();
    let ca = fs::read(&ca_file).unwrap();
    check_private(&data);
    send("TERM", &running.child);
    assert_eq!(wait(&mut running.child).code(), Some(0));

    let running = Running::start(&arguments);
    assert_eq!(running.ready["ca_file"], ca_file.as_str());
    assert_eq!(fs::read(&ca_file).unwrap(), ca);
    let url = running.ready["http_url"].as_str().unwrap();
    let got = client
        .get(format!("{url}{CONNECTIONS}/kept"))
        .bearer_auth(&token)
        .send()
        .await
        .unwrap();
    assert_eq!(
        got.status(),
        200,
        "the former token, for the former connection"
    );
    let body: Value = got.json().await.unwrap();
    assert_eq!(body["name"], "Kept");
}

/// Files that hold a private key are their owner's alone.
fn check_private(data: &Path) {
    let mut open = vec![data.to_owned()];
    let mut keys = 0;
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if fs::read(&path)
                .unwrap()
                .windows(11)
                .any(|part| part == b"PRIVATE KEY")
            {
                keys += 1;
                let mode = fs::metadata(&path).unwrap().permissions().mode();
                assert_eq!(mode & 0o077, 0, "{} is open to others", path.display());
            }
        }
    }
    assert!(
        keys >= 2,
        "{keys} private keys were found: one signs tokens, one serves TLS"
    );
}

#[tokio::test]
async fn one_process_at_a_time_has_the_data() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().to_str().unwrap();
    let running = Running::start(&["dev", "--data", data]);
    let told = refused(&[
        "dev",
        "--data",
        data,
        "--http",
        "127.0.0.1:0",
        "--https",
        "127.0.0.1:0",
    ]);
    assert!(
        told.contains(data) && told.contains("another linkspan"),
        "{told}"
    );
    // The first one does not mind.
    let client = sign_in::client();
    sign_in::token(&client, &running.ready, "connector")
        .await
        .unwrap();
}

#[tokio::test]
async fn a_public_url_begins_the_links_in_answers() {
    let running = Running::start(&[
        "dev",
        "--ephemeral",
        "--public-url",
        "https://search.example/",
    ]);
    let client = sign_in::client();
    let token = sign_in::token(&client, &running.ready, "connector")
        .await
        .unwrap();
    let url = running.ready["http_url"].as_str().unwrap();
    let got = client
        .get(format!("{url}{CONNECTIONS}"))
        .bearer_auth(&token)
        .send()
        .await
        .unwrap();
    let body: Value = got.json().await.unwrap();
    assert_eq!(
        body["@odata.context"],
        "https://search.example/v1.0/$metadata#connections"
    );
}
