//! Whole exchanges, byte for byte, as files that a person can read and a client's author can copy.
//!
//! A file in `golden/` holds comments (`#`), requests (`>>>`) each followed by its answer (`<<<`, headers by name), and
//! `=== settle` where the index has to catch up. `{connector}`, `{stranger}` and `{alice}` stand for tokens. Where an
//! answer changed on purpose, the test says where it wrote the new file.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod world;

use std::{fmt::Write, fs, path::Path};

use axum::{body::Body, http::Request};
use tenant::indexer;
use world::{Told, World};

#[tokio::test]
async fn connections() {
    check("connections.http").await;
}

#[tokio::test]
async fn schema_and_items() {
    check("schema-and-items.http").await;
}

#[tokio::test]
async fn groups() {
    check("groups.http").await;
}

#[tokio::test]
async fn search() {
    check("search.http").await;
}

#[tokio::test]
async fn refusals() {
    check("refusals.http").await;
}

async fn check(name: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    let expected = fs::read_to_string(&file).unwrap();
    let actual = replay(&expected).await;
    if actual != expected {
        let written = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::write(&written, &actual).unwrap();
        let (line, (was, is)) = expected
            .lines()
            .zip(actual.lines())
            .enumerate()
            .find(|(_, (was, is))| was != is)
            .unwrap_or((0, ("", "(one of them is longer)")));
        panic!(
            "{name}, line {}:\n  was: {was}\n  is:  {is}\nThe new file is {}.",
            line + 1,
            written.display()
        );
    }
}

/// The file as it would be written today.
async fn replay(file: &str) -> String {
    let world = World::new().await;
    let tokens = [
        ("{connector}", world.app("connector").await),
        ("{stranger}", world.app("stranger").await),
        ("{alice}", world.user("alice", "connector").await),
    ];
    let mut written = String::new();
    for section in sections(file) {
        if section.starts_with("<<<") {
            continue;
        }
        written.push_str(section.trim_end());
        written.push_str("\n\n");
        if section.starts_with("=== settle") {
            indexer::settle(&world.tenant).await.unwrap();
        }
        if let Some(request) = section.strip_prefix(">>> ") {
            let told = world.ask(request_of(request, &tokens)).await;
            write_answer(&mut written, &told);
        }
    }
    format!("{}\n", written.trim_end())
}

/// The pieces of a file; each begins with a line that says what it is.
fn sections(file: &str) -> Vec<String> {
    let mut sections: Vec<String> = Vec::new();
    for line in file.lines() {
        let begins = ["#", ">>> ", "<<< ", "=== "]
            .iter()
            .any(|mark| line.starts_with(mark));
        if begins || sections.is_empty() {
            sections.push(String::new());
        }
        if let Some(section) = sections.last_mut() {
            section.push_str(line);
            section.push('\n');
        }
    }
    sections
}

fn request_of(text: &str, tokens: &[(&str, String)]) -> Request<Body> {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let (method, path) = lines.next().unwrap().split_once(' ').unwrap();
    let mut request = Request::builder().method(method).uri(path);
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap();
        let value = tokens
            .iter()
            .fold(value.to_owned(), |value, (name, token)| {
                value.replace(name, token)
            });
        request = request.header(name, value);
    }
    request
        .body(Body::from(body.trim_end().to_owned()))
        .unwrap()
}

fn write_answer(to: &mut String, told: &Told) {
    writeln!(to, "<<< {}", told.status.as_u16()).unwrap();
    let mut headers: Vec<String> = told
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap()))
        .collect();
    headers.sort();
    to.push_str(&headers.concat());
    to.push('\n');
    if !told.text.is_empty() {
        to.push_str(&told.text);
        to.push_str("\n\n");
    }
}
