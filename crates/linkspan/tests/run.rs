//! `linkspan run` as a developer uses it: whole programs, unmodified, with nothing set beside it.

#![expect(clippy::unwrap_used, reason = "tests")]

mod running;
#[path = "run/signals.rs"]
mod signals;

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use running::Running;
use serde_json::{Value, json};

/// Longer than any program here takes, on a busy machine and unoptimized.
const PATIENCE: Duration = Duration::from_secs(120);

/// What would lead a program elsewhere; a shell with nothing set has none of it.
const FORGOTTEN: [&str; 14] = [
    "AZURE_TENANT_ID",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "HTTPS_PROXY",
    "https_proxy",
    "NO_PROXY",
    "no_proxy",
    "NODE_OPTIONS",
    "NODE_USE_ENV_PROXY",
    "NODE_EXTRA_CA_CERTS",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "JAVA_TOOL_OPTIONS",
];

/// A finished run.
struct Ran {
    output: Output,
    report: Value,
}

impl Ran {
    fn said(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    fn printed(&self) -> String {
        String::from_utf8_lossy(&self.output.stdout).into_owned()
    }

    fn count(&self, method: &str, path: &str, status: u16) -> u64 {
        let requests = self.report["requests"].as_array().unwrap();
        let found = requests.iter().find(|counted| {
            counted["method"] == method && counted["path"] == path && counted["status"] == status
        });
        found.map_or(0, |counted| counted["count"].as_u64().unwrap())
    }
}

/// `linkspan run` with a clean environment.
fn linkspan(options: &[&str], report: &Path, program: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_linkspan"));
    command
        .arg("run")
        .args(options)
        .arg("--json")
        .arg(report)
        .arg("--")
        .args(program)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for name in FORGOTTEN {
        command.env_remove(name);
    }
    command
}

/// Waits for the end of a program that ends soon.
fn ended(mut child: Child) -> Output {
    let deadline = Instant::now() + PATIENCE;
    let (mut stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let reading = thread::spawn(move || {
        let mut bytes = Vec::new();
        stdout.read_to_end(&mut bytes).map(|_| bytes)
    });
    let complaining = thread::spawn(move || {
        let mut bytes = Vec::new();
        stderr.read_to_end(&mut bytes).map(|_| bytes)
    });
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if Instant::now() > deadline {
            let _ = child.kill();
        }
        thread::sleep(Duration::from_millis(20));
    };
    Output {
        status,
        stdout: reading.join().unwrap().unwrap(),
        stderr: complaining.join().unwrap().unwrap(),
    }
}

/// Runs a program against a server of its own.
fn run(program: &[&str]) -> Ran {
    run_with(&["--ephemeral"], program, |_| {})
}

fn run_with(options: &[&str], program: &[&str], prepare: impl FnOnce(&mut Command)) -> Ran {
    let directory = tempfile::tempdir().unwrap();
    let report = directory.path().join("report.json");
    let mut command = linkspan(options, &report, program);
    prepare(&mut command);
    let output = ended(command.spawn().unwrap());
    let text = fs::read_to_string(&report);
    Ran {
        report: text.map_or(Value::Null, |text| serde_json::from_str(&text).unwrap()),
        output,
    }
}

/// Is the program installed? What is missing is said, and is a failure where everything must be tested.
fn has(program: &str) -> bool {
    let there = Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    assert!(
        there || std::env::var_os("CI").is_none(),
        "{program} is missing, and in CI nothing may be left out"
    );
    if !there {
        eprintln!("1 test left out: {program} is not installed");
    }
    there
}

fn example(path: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples")
        .join(path);
    path.to_str().unwrap().to_owned()
}

/// What both examples do, as the journal saw it.
fn assert_connected(ran: &Ran, connection: &str) {
    assert!(
        ran.output.status.success(),
        "{}\n{}",
        ran.printed(),
        ran.said()
    );
    assert!(
        ran.printed().contains("5 items pushed, 1 taken back"),
        "{}",
        ran.printed()
    );
    let base = "/external/connections/{connection}";
    assert_eq!(ran.count("POST", "/{tenant}/oauth2/v2.0/token", 200), 1);
    assert_eq!(ran.count("POST", "/external/connections", 201), 1);
    assert_eq!(ran.count("PATCH", &format!("{base}/schema"), 202), 1);
    // The operation is asked for under the absolute Location of the answer before: on the Graph's own host.
    assert!(ran.count("GET", &format!("{base}/operations/{{operation}}"), 200) >= 1);
    assert_eq!(ran.count("PUT", &format!("{base}/items/{{item}}"), 200), 5);
    assert_eq!(
        ran.count("DELETE", &format!("{base}/items/{{item}}"), 204),
        1
    );
    assert_eq!(
        ran.count("POST", &format!("{base}/groups/{{group}}/members"), 201),
        1
    );
    let items = &ran.report["items_put"][0];
    assert_eq!(
        (&items["connection"], &items["count"]),
        (&json!(connection), &json!(5))
    );
    assert!(items["bytes"].as_u64().unwrap() > 1_000, "{items}");
    assert_eq!(ran.report["refused"], json!([]));
    assert_eq!(ran.report["graph_would"], json!([]));
    assert!(
        ran.said()
            .contains(&format!("5 items put into '{connection}'")),
        "{}",
        ran.said()
    );
}

#[test]
fn a_plain_python_connector_runs_unmodified() {
    if has("python3") {
        let ran = run(&["python3", &example("python-connector/connector.py")]);
        assert_connected(&ran, "articlespy");
    }
}

#[test]
fn a_plain_node_connector_runs_unmodified() {
    if has("node") {
        let ran = run(&["node", &example("node-connector/connector.mjs")]);
        assert_connected(&ran, "articlesjs");
    }
}

#[test]
fn every_way_of_node_to_connect_is_led_to_the_server() {
    if !has("node") {
        return;
    }
    let script = r#"
        import https, { get } from "node:https";
        import tls, { connect } from "node:tls";
        import http2 from "node:http2";
        const url = "https://graph.microsoft.com/v1.0/me";
        const ask = (get, ...rest) => new Promise((resolve, reject) =>
            get(url, ...rest, (answer) => { answer.resume(); resolve(answer.statusCode); }).on("error", reject));
        const raw = (...given) => new Promise((resolve, reject) => {
            const socket = connect(...given, () => resolve(socket.authorized && socket.servername));
            socket.on("secureConnect", () => socket.end()).on("error", reject);
        });
        const modern = () => new Promise((resolve, reject) => {
            const session = http2.connect("https://graph.microsoft.com").on("error", reject);
            session.request({ ":path": "/v1.0/me" }).on("response", (headers) => {
                resolve(headers[":status"]); session.destroy();
            });
        });
        const settled = [
            (await fetch(url)).status, await ask(https.get), await ask(get, { agent: false }), await modern(),
            await raw(443, "graph.microsoft.com"), await raw(443, "graph.microsoft.com", {}),
            await raw({ host: "LOGIN.microsoftonline.com", port: 443 }),
        ];
        console.log(JSON.stringify(settled));
    "#;
    let ran = run(&["node", "--input-type=module", "-e", script]);
    assert!(ran.output.status.success(), "{}", ran.said());
    let answers: Value = serde_json::from_str(ran.printed().trim()).unwrap();
    let (graph, login) = ("graph.microsoft.com", "login.microsoftonline.com");
    assert_eq!(answers, json!([401, 401, 401, 401, graph, graph, login]));
    assert_eq!(ran.count("GET", "/me", 401), 4);
}

#[test]
fn exit_codes_are_handed_on() {
    for (script, code) in [
        ("exit 0", 0),
        ("exit 7", 7),
        ("kill -TERM $$", 143),
        ("kill -KILL $$", 137),
    ] {
        let ran = run(&["sh", "-c", script]);
        assert_eq!(
            ran.output.status.code(),
            Some(code),
            "{script}: {}",
            ran.said()
        );
        assert_eq!(ran.report["exit_code"], code, "{script}");
    }
    let ran = run(&["./there-is-no-such-program"]);
    assert_eq!(ran.output.status.code(), Some(127));
    assert!(
        ran.said()
            .contains("could not start './there-is-no-such-program'"),
        "{}",
        ran.said()
    );
    let ran = run(&["/"]);
    assert_eq!(ran.output.status.code(), Some(126), "{}", ran.said());
}

#[test]
fn what_is_refused_is_reported_with_its_reason() {
    if !has("python3") {
        return;
    }
    let script = r#"
import urllib.error, urllib.request
for url in ("https://graph.microsoft.com/v1.0/external/connections", "https://api.linkspan.test/items"):
    try:
        urllib.request.urlopen(url)
    except urllib.error.URLError as error:
        print(error)
"#;
    let ran = run(&["python3", "-c", script]);
    assert!(ran.output.status.success(), "{}", ran.said());
    assert_eq!(ran.count("GET", "/external/connections", 401), 1);
    let refused = &ran.report["refused"][0];
    assert_eq!(refused["code"], "InvalidAuthenticationToken");
    assert!(
        refused["message"]
            .as_str()
            .unwrap()
            .contains("Access token is empty")
    );
    assert_eq!(
        ran.report["hosts_refused"],
        json!([{ "host": "api.linkspan.test:443", "count": 1 }])
    );
    let said = ran.said();
    assert!(
        said.contains("401 InvalidAuthenticationToken: Access token is empty"),
        "{said}"
    );
    assert!(said.contains("NO_PROXY=api.linkspan.test "), "{said}");
    assert!(ran.printed().contains("403"), "{}", ran.printed());
}

#[test]
fn a_program_that_asks_nothing_is_noticed_with_what_would_help() {
    let ran = run(&["true"]);
    let notice = ran.report["notice"].as_str().unwrap();
    for part in [
        "no request came in",
        "http://127.0.0.1:",
        "https://localhost:",
        "/etc/hosts",
    ] {
        assert!(notice.contains(part), "{part}: {notice}");
    }
    assert!(ran.said().contains(notice), "{}", ran.said());
}

#[test]
fn a_program_that_distrusts_the_server_is_noticed() {
    if !has("python3") {
        return;
    }
    let script = r#"
import socket, os, ssl, urllib.parse
proxy = urllib.parse.urlsplit(os.environ["HTTPS_PROXY"])
tunnel = socket.create_connection((proxy.hostname, proxy.port))
tunnel.sendall(b"CONNECT graph.microsoft.com:443 HTTP/1.1\r\n\r\n")
tunnel.recv(100)
try:
    ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).wrap_socket(tunnel, server_hostname="graph.microsoft.com")
except ssl.SSLCertVerificationError:
    print("distrusted")
"#;
    let ran = run(&["python3", "-c", script]);
    assert_eq!(ran.printed().trim(), "distrusted", "{}", ran.said());
    let notice = ran.report["notice"].as_str().unwrap();
    assert!(
        notice.contains("1 tunnel") && notice.contains("certificate"),
        "{notice}"
    );
}

#[test]
fn a_users_own_environment_is_kept() {
    let script = r#"printf '%s\n' "$NO_PROXY" "$NODE_OPTIONS" "$AZURE_CLIENT_ID" "$AZURE_TENANT_ID" "${SSL_CERT_DIR-unset}"; tail -c 300 "$SSL_CERT_FILE""#;
    let ran = run_with(&["--ephemeral"], &["sh", "-c", script], |command| {
        command
            .env("NO_PROXY", "api.example,.microsoft.com")
            .env("NODE_OPTIONS", "--trace-warnings")
            .env("AZURE_CLIENT_ID", "mine")
            .env("SSL_CERT_DIR", "/etc/ssl/certs");
    });
    let printed = ran.printed();
    let lines: Vec<_> = printed.lines().collect();
    assert_eq!(lines[0], "api.example,localhost,127.0.0.1,::1");
    assert!(
        lines[1].starts_with("--trace-warnings --require \"/"),
        "{printed}"
    );
    assert_eq!(lines[2], "mine");
    assert_eq!(lines[3], "5eed0000-0000-4000-8000-000000000001");
    assert_eq!(lines[4], "unset");
    assert!(printed.contains("-----END CERTIFICATE-----"), "{printed}");
}

#[test]
fn a_running_server_is_used_and_only_this_runs_requests_are_counted() {
    if !has("python3") {
        return;
    }
    let server = Running::start(&["dev", "--ephemeral", "--proxy", "127.0.0.1:0"]);
    let url = server.ready["http_url"].as_str().unwrap();
    assert!(
        server.ready["proxy_url"]
            .as_str()
            .unwrap()
            .starts_with("http://127.0.0.1:")
    );
    let connector = example("python-connector/connector.py");
    let ran = run_with(&["--server", url], &["python3", &connector], |_| {});
    assert_connected(&ran, "articlespy");
    assert!(
        ran.said().contains(&format!("the server at {url}")),
        "{}",
        ran.said()
    );
    // The server, and with it the connection, outlives the run.
    let ran = run_with(&["--server", url], &["python3", &connector], |_| {});
    assert!(
        ran.printed().contains("connection was there already"),
        "{}",
        ran.printed()
    );
    assert_eq!(ran.count("POST", "/external/connections", 409), 1);
    let ran = run_with(
        &["--server", url],
        &["python3", &connector, "--delete"],
        |_| {},
    );
    assert_eq!(
        ran.count("DELETE", "/external/connections/{connection}", 202),
        1
    );
    assert_eq!(ran.report["request_count"], 2);
}

#[test]
fn a_server_that_cannot_be_used_is_an_error_with_the_fix() {
    for (url, part) in [
        ("http://127.0.0.1:1", "linkspan dev"),
        ("ftp://localhost:7743", "https://"),
    ] {
        let ran = run_with(&["--server", url], &["true"], |_| {});
        assert_eq!(ran.output.status.code(), Some(1));
        assert!(ran.said().contains(part), "{}", ran.said());
    }
}

#[test]
fn java_trusts_the_server_and_takes_its_proxy() {
    if !has("javac") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let source = directory.path().join("Ask.java");
    let program = r#"
import java.net.URI;
import java.net.http.*;
public class Ask {
    public static void main(String[] arguments) throws Exception {
        var request = HttpRequest.newBuilder(URI.create("https://graph.microsoft.com/v1.0/me")).build();
        System.out.println(HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).statusCode());
    }
}
"#;
    fs::write(&source, program).unwrap();
    let ran = run(&["java", source.to_str().unwrap()]);
    assert_eq!(ran.printed().trim(), "401", "{}", ran.said());
    assert_eq!(ran.count("GET", "/me", 401), 1);
}

/// The token of a seeded app.
async fn token(server: &Running, client: &reqwest::Client, name: &str) -> String {
    let apps = server.ready["apps"].as_array().unwrap();
    let app = apps.iter().find(|app| app["name"] == name).unwrap();
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    let form = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default",
        word(&app["client_id"]),
        word(&app["client_secret"])
    );
    let (url, tenant) = (
        word(&server.ready["http_url"]),
        word(&server.ready["tenant_id"]),
    );
    let asked = client
        .post(format!("{url}/{tenant}/oauth2/v2.0/token"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form);
    let answer: Value = asked.send().await.unwrap().json().await.unwrap();
    word(&answer["access_token"])
}

#[tokio::test]
async fn the_journal_is_for_apps_that_may_write_everything_and_holds_no_secrets() {
    let server = Running::start(&["dev", "--ephemeral", "--proxy", "127.0.0.1:0"]);
    let url = server.ready["http_url"].as_str().unwrap().to_owned();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let (connector, admin) = (
        token(&server, &client, "connector").await,
        token(&server, &client, "admin").await,
    );
    let connection = json!({ "id": "tickets", "name": "A name that nobody else needs to know" });
    let asked = client.post(format!("{url}/v1.0/external/connections"));
    let made = asked
        .bearer_auth(&connector)
        .json(&connection)
        .send()
        .await
        .unwrap();
    assert_eq!(made.status(), 201);
    let journal = format!("{url}/_linkspan/journal");
    let bare = client.get(&journal).send().await.unwrap();
    assert_eq!(bare.status(), 401);
    let foreign = client
        .get(&journal)
        .bearer_auth(&connector)
        .send()
        .await
        .unwrap();
    assert_eq!(foreign.status(), 403);
    let posted = client
        .post(&journal)
        .bearer_auth(&admin)
        .send()
        .await
        .unwrap();
    assert_eq!(posted.status(), 405);
    let odd = client.get(format!("{journal}?since=x")).bearer_auth(&admin);
    assert_eq!(odd.send().await.unwrap().status(), 400);
    let page = client
        .get(format!("{journal}?since=2"))
        .bearer_auth(&admin)
        .send()
        .await;
    let text = page.unwrap().text().await.unwrap();
    for secret in [
        "secret-for-dev",
        "nobody else",
        connector.as_str(),
        admin.as_str(),
    ] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    let page: Value = serde_json::from_str(&text).unwrap();
    let entries = page["entries"].as_array().unwrap();
    assert_eq!(
        (entries.len(), &page["next"], &page["lost"]),
        (1, &json!(3), &json!(0))
    );
    let entry = &entries[0];
    assert_eq!(entry["method"], "POST");
    assert_eq!(entry["path"], "/external/connections");
    assert_eq!(entry["status"], 201);
    assert_eq!(entry["app"], "5eed0000-0000-4000-8000-0000000000a1");
    assert_eq!(entry["bytes"], connection.to_string().len());
    // Asking for the journal is not written down: whoever watches it would see himself.
    let counts = page["counts"].as_array().unwrap();
    assert_eq!(counts.len(), 2, "{counts:?}");
    let remark = entry["graph_would"].as_str().unwrap();
    assert!(remark.contains("without `description`"), "{remark}");
}
