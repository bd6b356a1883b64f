//! The weather of `linkspan run`.

use std::{
    fs,
    process::{Command, Output},
};

use serde_json::{Value, json};

/// Credentials that this machine may have for the real service.
const FORGOTTEN: [&str; 3] = ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"];

fn run(options: &[&str], program: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_linkspan"));
    command.arg("run").args(options).arg("--").args(program);
    for name in FORGOTTEN {
        command.env_remove(name);
    }
    command.output().unwrap()
}

#[test]
fn the_weather_of_a_run_is_reported() {
    if Command::new("python3").arg("--version").output().is_err() {
        eprintln!("not tested: python3 is not installed");
        return;
    }
    let script = r#"
import json, os, urllib.error, urllib.parse, urllib.request
app = {"grant_type": "client_credentials", "client_id": os.environ["AZURE_CLIENT_ID"], "client_secret": os.environ["AZURE_CLIENT_SECRET"],
       "scope": "https://graph.microsoft.com/.default"}
sign_in = "https://login.microsoftonline.com/" + os.environ["AZURE_TENANT_ID"] + "/oauth2/v2.0/token"
token = json.load(urllib.request.urlopen(sign_in, urllib.parse.urlencode(app).encode()))["access_token"]
headers = {"Authorization": "Bearer " + token, "Prefer": "linkspan-fault=503; retry-after=4"}
try:
    urllib.request.urlopen(urllib.request.Request("https://graph.microsoft.com/v1.0/external/connections", headers=headers))
except urllib.error.HTTPError as error:
    print(error.code, error.headers["Retry-After"])
"#;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("report.json");
    let options = ["--profile", "graph", "--json", file.to_str().unwrap()];
    let ran = run(&options, &["python3", "-c", script]);
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{said}");
    assert_eq!(String::from_utf8_lossy(&ran.stdout).trim(), "503 4");
    let report: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(report["weather"]["profile"], "graph");
    assert_eq!(report["weather"]["faults"], json!({ "503": 1 }));
    assert!(said.contains("faults injected: 1 × 503"), "{said}");
}

#[test]
fn the_profile_of_another_server_is_not_the_run_s() {
    let options = ["--server", "http://localhost:1", "--profile", "graph"];
    let refused = run(&options, &["true"]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(
        !refused.status.success() && said.contains("leave --server out"),
        "{said}"
    );
}
