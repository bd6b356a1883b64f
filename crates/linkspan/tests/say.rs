//! What commands do when nobody reads what they say.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::{
    fs::File,
    io,
    process::{Command, Output, Stdio},
};

/// What a shell says of a program that ended because nobody reads its output any more.
const UNREAD: i32 = 141;

fn linkspan(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_linkspan"));
    command.args(arguments).stdin(Stdio::null());
    command
}

/// An output that nobody reads.
fn unread() -> Stdio {
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    writer.into()
}

/// An output that takes nothing.
fn full() -> Stdio {
    File::options()
        .write(true)
        .open("/dev/full")
        .unwrap()
        .into()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn an_answer_that_nobody_reads_ends_the_command_quietly() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().to_str().unwrap();
    let added = linkspan(&["app", "add", "crawler", "--data", data]).output();
    assert!(added.unwrap().status.success());
    for arguments in [
        &["check-config", "--print-default"][..],
        &["app", "list", "--data", data],
        &["app", "add-secret", "crawler", "--data", data],
    ] {
        let output = linkspan(arguments).stdout(unread()).output().unwrap();
        assert_eq!(output.status.code(), Some(UNREAD), "{arguments:?}");
        assert_eq!(said(&output), "", "{arguments:?}");
        let output = linkspan(arguments).stdout(full()).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let told = said(&output);
        assert!(
            told.contains("could not write to the standard output"),
            "{told}"
        );
        assert!(!told.contains("panicked"), "{told}");
    }
    // A secret that nobody saw lets nobody in.
    let output = linkspan(&["app", "list", "--json", "--data", data]).output();
    let apps: serde_json::Value = serde_json::from_slice(&output.unwrap().stdout).unwrap();
    let secrets = &apps[0]["secrets"];
    assert!(
        secrets == 0 || secrets.as_array().is_some_and(Vec::is_empty),
        "{apps}"
    );
}

#[test]
fn the_programs_exit_code_is_handed_on_whoever_reads_the_report() {
    let run = [
        "run",
        "--ephemeral",
        "--json",
        "-",
        "--",
        "sh",
        "-c",
        "exit 3",
    ];
    for (stdout, stderr) in [
        (unread(), Stdio::null()),
        (full(), Stdio::null()),
        (Stdio::null(), unread()),
        (Stdio::null(), full()),
    ] {
        let status = linkspan(&run)
            .stdout(stdout)
            .stderr(stderr)
            .status()
            .unwrap();
        assert_eq!(status.code(), Some(3));
    }
}

#[test]
fn a_report_that_cannot_be_written_is_noticed_before_the_program_runs() {
    let directory = tempfile::tempdir().unwrap();
    let mark = directory.path().join("ran");
    let touch = format!(": > {}", mark.display());
    let run = [
        "run",
        "--ephemeral",
        "--json",
        "/nowhere/r.json",
        "--",
        "sh",
        "-c",
        &touch,
    ];
    let output = linkspan(&run).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = said(&output);
    assert!(
        told.contains("could not write the report /nowhere/r.json"),
        "{told}"
    );
    assert!(!mark.exists(), "the program ran");
}

#[test]
fn a_file_of_certificates_that_cannot_be_read_is_named() {
    let output = linkspan(&["run", "--ephemeral", "--", "true"])
        .env("SSL_CERT_FILE", "/nowhere/roots.pem")
        .output()
        .unwrap();
    assert!(output.status.success());
    let told = said(&output);
    assert!(
        told.contains("SSL_CERT_FILE names /nowhere/roots.pem, which cannot be read"),
        "{told}"
    );
}

#[test]
fn a_taken_address_is_named_with_its_option() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let free = "127.0.0.1:0";
    let dev = [
        "dev",
        "--ephemeral",
        "--http",
        free,
        "--https",
        free,
        "--proxy",
        &address,
    ];
    let output = linkspan(&dev).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = said(&output);
    assert!(
        told.contains(&format!("could not listen on --proxy {address}")),
        "{told}"
    );
}

#[test]
fn a_filter_of_the_log_that_says_nothing_is_refused() {
    for wrong in ["a=b=c", "loud"] {
        let mut command = linkspan(&["check-config", "--print-default"]);
        let output = command.env("LINKSPAN_LOG", wrong).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{wrong}");
        let told = said(&output);
        assert!(
            told.contains(&format!("LINKSPAN_LOG '{wrong}' must be")),
            "{told}"
        );
    }
}
