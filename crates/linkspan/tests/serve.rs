//! `linkspan serve` from the outside: what it refuses to start with, and a whole life of it.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdout, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

/// How long a start or a stop may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

fn linkspan(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_linkspan"));
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn run(arguments: &[&str], input: &str) -> Output {
    let mut child = linkspan(arguments).spawn().unwrap();
    // A command that refuses to start does not read what it is given.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    ended(child)
}

/// The output of a process that ends by itself; one that goes on for too long is ended.
fn ended(mut child: Child) -> Output {
    let deadline = Instant::now() + PATIENCE;
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > deadline {
            child.kill().unwrap();
            break;
        }
        thread::sleep(Duration::from_millis(10));
    }
    child.wait_with_output().unwrap()
}

/// Says SIGTERM.
fn terminate(child: &Child) {
    let pid = child.id().to_string();
    let said = Command::new("kill").args(["-TERM", &pid]).status().unwrap();
    assert!(said.success());
}

fn done(arguments: &[&str], input: &str) -> String {
    let output = run(arguments, input);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

fn refused(arguments: &[&str]) -> String {
    let output = run(arguments, "");
    let code = output.status.code();
    // What is wrong with a configuration stays so: who starts a server again and again can tell.
    let is_known = code == Some(1) || arguments[0] == "serve" && code == Some(78);
    assert!(is_known, "{arguments:?}: {code:?}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// A configuration for free ports and that data directory, with more lines in its first section.
fn configured(directory: &Path, data: &Path, more: &str) -> String {
    let file = directory.join("linkspan.toml");
    let (data, ports) = (
        data.display(),
        "http = '127.0.0.1:0'\nhttps = '127.0.0.1:0'",
    );
    let ports = if more.contains("http") { "" } else { ports };
    let text = format!("[listen]\n{ports}\n{more}\n[store]\ndirectory = '{data}'\n");
    fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

/// A server that goes when this goes.
struct Serving {
    child: Child,
    _stdout: BufReader<ChildStdout>,
    http: String,
    https: String,
}

impl Serving {
    fn start(config: &str) -> Self {
        let mut child = linkspan(&["serve", "--config", config])
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        // The line, or the end of a process that does not come to it.
        stdout.read_line(&mut line).unwrap();
        let told = line.trim().strip_prefix("listening on ");
        let addresses = told.and_then(|told| told.split_once(" and "));
        let Some((http, https)) = addresses.map(|(a, b)| (a.to_owned(), b.to_owned())) else {
            let _ = child.kill();
            let _ = child.wait();
            unreachable!("the first line is {line:?}");
        };
        Self {
            child,
            _stdout: stdout,
            http,
            https,
        }
    }

    /// Says SIGTERM and waits; the exit code.
    fn stop(mut self) -> Option<i32> {
        terminate(&self.child);
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(Instant::now() < deadline, "it does not stop");
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn mistakes_in_the_configuration_are_told_all_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("bad.toml");
    fs::write(
        &file,
        "[listen]\nhtp = 'x'\nbehind_proxy = 1\n[log]\nformat = 'xml'\n",
    )
    .unwrap();
    let file = file.to_str().unwrap();
    for command in [&["serve", "--config", file][..], &["check-config", file]] {
        let told = refused(command);
        for wanted in [
            "bad.toml:2: there is no 'listen.htp'",
            "bad.toml:3: listen.behind_proxy must be true or false",
            "bad.toml:5: log.format 'xml' must be text or json",
        ] {
            assert!(told.contains(wanted), "{told}");
        }
    }
    let reference = done(&["check-config", "--print-default"], "");
    fs::write(file, reference).unwrap();
    assert!(done(&["check-config", file], "").contains("is fine"));
    let told = refused(&["check-config", "/nowhere/linkspan.toml"]);
    assert!(told.contains("/nowhere/linkspan.toml"), "{told}");
    let output = linkspan(&["serve"])
        .env("LINKSPAN__STORE__URL", "x")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(78));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(
        told.contains("LINKSPAN__STORE__URL: there is no 'store.url'"),
        "{told}"
    );
}

#[test]
fn other_machines_are_served_under_protection_only() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let refused_with = |more: &str| {
        refused(&[
            "serve",
            "--config",
            &configured(directory.path(), &data, more),
        ])
    };
    let told = refused_with("http = '0.0.0.0:0'");
    assert!(
        told.contains("listen.http '0.0.0.0:0' is not a loopback address"),
        "{told}"
    );
    let told = refused_with("https = '0.0.0.0:0'");
    assert!(told.contains("there is no certificate for it"), "{told}");
    let told = refused_with("http = '0.0.0.0:0'\nbehind_proxy = true");
    assert!(told.contains("set listen.public_url"), "{told}");
    let told = refused_with("tls = { certificate = '/nowhere/c.pem', key = '/nowhere/k.pem' }");
    for wanted in [
        "linkspan.toml:2: listen.tls.certificate `/nowhere/c.pem` does not exist",
        "linkspan.toml:2: listen.tls.key `/nowhere/k.pem` does not exist",
    ] {
        // The ports are on the first line of the section where they are given.
        let wanted = wanted.replace(":2:", ":4:");
        assert!(told.contains(&wanted), "{told}");
    }
    // Nothing was begun.
    assert!(!data.exists());
}

#[test]
fn published_credentials_and_none_at_all_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let config = configured(directory.path(), &data, "");
    let told = refused(&["serve", "--config", &config]);
    assert!(
        told.contains("linkspan app add") && told.contains("linkspan user add"),
        "{told}"
    );
    // An app of a dev directory is known to everybody by its id alone, since it lets users in without a secret.
    let at = data.to_str().unwrap();
    let published = "5eed0000-0000-4000-8000-0000000000a5";
    done(
        &[
            "app",
            "add",
            "harmless",
            "--client-id",
            published,
            "--data",
            at,
        ],
        "",
    );
    let told = refused(&["serve", "--config", &config]);
    assert!(
        told.contains("everybody knows the credentials of app 'harmless'"),
        "{told}"
    );
    done(&["app", "remove", "harmless", "--data", at], "");
    let password = "bob-password-for-dev\n";
    done(
        &[
            "user",
            "add",
            "bob",
            "--upn",
            "bob@search.example",
            "--password-stdin",
            "--data",
            at,
        ],
        password,
    );
    let told = refused(&["serve", "--config", &config]);
    assert!(told.contains("user 'bob'"), "{told}");
}

/// The id of the app of these tests.
const CRAWLER: &str = "00000000-0000-4000-8000-00000000aaaa";

/// Adds an app and a user by the command line; the app's secret.
fn furnished(data: &str) -> String {
    let add = "app add crawler --role ExternalConnection.ReadWrite.OwnedBy --public-client --scope ExternalItem.Read.All --client-id";
    let mut arguments: Vec<&str> = add.split(' ').collect();
    arguments.extend([CRAWLER, "--data", data]);
    done(&arguments, "");
    let add = "user add alice --upn alice@search.example --password-stdin --data";
    let mut arguments: Vec<&str> = add.split(' ').collect();
    arguments.push(data);
    done(&arguments, "a-password\n");
    let secret = done(&["app", "add-secret", "crawler", "--data", data], "");
    secret.lines().next().unwrap().to_owned()
}

#[tokio::test]
async fn a_whole_life() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let secret = furnished(data.to_str().unwrap());
    let config = configured(directory.path(), &data, "");
    assert!(done(&["check-config", &config], "").contains("is fine"));
    #[cfg(unix)]
    opened_to_others(&data);
    let serving = Serving::start(&config);
    #[cfg(unix)]
    is_closed_to_others(&data);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for (path, wanted) in [("healthz", "up\n"), ("readyz", "ready\n")] {
        let url = format!("{}/{path}", serving.http);
        let answer = client.get(url).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.text().await.unwrap(), wanted);
    }
    signs_in(&serving.http, &secret).await;
    assert_eq!(serving.stop(), Some(0));
    with_a_certificate(directory.path(), &data);
}

/// Every line of the log is JSON; what each of them says.
fn messages(stderr: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(stderr);
    let lines = text
        .lines()
        .map(|line| -> Value { serde_json::from_str(line).expect(line) });
    lines
        .map(|line| line["fields"]["message"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_log_in_json_is_json_from_the_first_line_to_the_last() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let serve = |more: &str| {
        let config = configured(directory.path(), &data, more);
        let mut command = linkspan(&["serve", "--config", &config]);
        command
            .env("LINKSPAN__LOG__FORMAT", "json")
            .spawn()
            .unwrap()
    };
    let refused = ended(serve("htp = 'x'"));
    let told = messages(&refused.stderr);
    assert!(
        told.len() == 1 && told[0].contains("there is no 'listen.htp'"),
        "{told:?}"
    );
    let refused = ended(serve(""));
    let told = messages(&refused.stderr).concat();
    assert!(told.contains("linkspan app add"), "{told}");

    furnished(data.to_str().unwrap());
    let mut serving = serve("");
    let mut stdout = BufReader::new(serving.stdout.take().unwrap());
    stdout.read_line(&mut String::new()).unwrap();
    terminate(&serving);
    let output = ended(serving);
    assert!(output.status.success(), "{output:?}");
    let told = messages(&output.stderr).concat();
    assert!(told.contains("stopping:"), "{told}");
}

/// The directory of the one tenant.
#[cfg(unix)]
fn tenant_of(data: &Path) -> std::path::PathBuf {
    let mut tenants = fs::read_dir(data.join("tenants")).unwrap();
    tenants.next().unwrap().unwrap().path()
}

/// As older versions made it, and backups bring it back.
#[cfg(unix)]
fn opened_to_others(data: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let tenant = tenant_of(data);
    for (path, mode) in [
        (data, 0o755),
        (&data.join("tenants"), 0o755),
        (&tenant, 0o755),
        (&tenant.join("store.sqlite"), 0o644),
    ] {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
}

#[cfg(unix)]
fn is_closed_to_others(data: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let tenant = tenant_of(data);
    let directories = ["", "tenants", "keys", "snapshots"].map(|name| data.join(name));
    let files = [data.join("lock"), data.join("tenant-id")];
    let directories = directories
        .into_iter()
        .chain([tenant.clone(), tenant.join("index")]);
    let files = files.into_iter().chain(
        [
            "store.sqlite",
            "store.sqlite-wal",
            "store.sqlite-shm",
            "store.lock",
        ]
        .map(|name| tenant.join(name)),
    );
    let all = directories.map(|path| (path, 0o700));
    for (path, wanted) in all.chain(files.map(|path| (path, 0o600))) {
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, wanted, "{} has {mode:o}", path.display());
    }
}

async fn signs_in(url: &str, secret: &str) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let tokens = format!("{url}/common/oauth2/v2.0/token");
    let ask = async |fields: &str| -> (u16, Value) {
        let scope = "scope=https://graph.microsoft.com/.default";
        let body = format!("client_id={CRAWLER}&{scope}&{fields}");
        let answer = client.post(&tokens).body(body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    };
    let app = "grant_type=client_credentials&client_secret";
    let (status, told) = ask(&format!("{app}={secret}")).await;
    assert_eq!(status, 200, "{told}");
    let token = told["access_token"].as_str().unwrap();
    assert_eq!(ask(&format!("{app}=connector-secret-for-dev")).await.0, 401);
    let made = client
        .post(format!("{url}/v1.0/external/connections"))
        .bearer_auth(token)
        .body(r#"{"id":"tickets","name":"Tickets"}"#)
        .send()
        .await
        .unwrap();
    assert_eq!(made.status(), 201);
    let user = "grant_type=password&username=alice@search.example&password";
    assert_eq!(ask(&format!("{user}=a-password")).await.0, 200);
    assert_eq!(ask(&format!("{user}=wrong")).await.0, 400);
    // There is neither a journal nor weather here, whoever asks.
    for page in ["journal", "clock", "faults", "weather"] {
        let asked = client
            .get(format!("{url}/_linkspan/{page}"))
            .bearer_auth(token)
            .send()
            .await
            .unwrap();
        assert_eq!(asked.status(), 404, "{page}");
    }
}

/// Another server's leaf serves as the certificate that was given, and clients that trust its CA are content.
fn with_a_certificate(directory: &Path, data: &Path) {
    let given = directory.join("given");
    fs::rename(data.join("tls"), &given).unwrap();
    let (certificate, key) = (given.join("leaf.pem"), given.join("leaf-key.pem"));
    let more = |certificate: &Path, key: &Path| {
        format!(
            "tls = {{ certificate = '{}', key = '{}' }}",
            certificate.display(),
            key.display()
        )
    };
    let config = configured(
        directory,
        data,
        &more(&certificate, &given.join("ca-key.pem")),
    );
    let told = refused(&["check-config", &config]);
    assert!(
        told.contains("does not belong to the certificate"),
        "{told}"
    );
    let config = configured(directory, data, &more(&given.join("leaf-key.pem"), &key));
    let told = refused(&["serve", "--config", &config]);
    assert!(told.contains("holds no certificate"), "{told}");

    let serving = Serving::start(&configured(directory, data, &more(&certificate, &key)));
    let trusted = given.join("ca.pem");
    let output = Command::new("curl")
        .args(["--silent", "--noproxy", "*", "--max-time", "30", "--cacert"])
        .arg(&trusted)
        .arg(format!("{}/readyz", serving.https))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(output.stdout, b"ready\n");
    assert!(!data.join("tls").exists(), "nobody needs a private CA here");
    assert_eq!(serving.stop(), Some(0));
}
