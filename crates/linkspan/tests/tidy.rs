//! The house's rules that no lint can express. A rule gets a machine here once it matters or has been broken.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

const LINES_MAX: usize = 600;
const FORBIDDEN: [&str; 12] = [
    "utils",
    "util",
    "helpers",
    "helper",
    "common",
    "misc",
    "manager",
    "service",
    "handler",
    "processor",
    "dto",
    "model",
];
/// Ports, the parts of `Store`, and `Clock`. One more needs a decision record first.
const TRAITS: [&str; 9] = [
    "AccountStore",
    "Clock",
    "ConnectionStore",
    "GroupStore",
    "Index",
    "ItemStore",
    "Membership",
    "OperationStore",
    "Store",
];
const ENGINES: [&str; 6] = [
    "tantivy",
    "sqlite",
    "rusqlite",
    "opensearch",
    "postgres",
    "postgresql",
];
const DECISION: [&str; 5] = [
    "## Question",
    "## Choice",
    "## Because",
    "## Cost",
    "## What would change our mind",
];

#[test]
fn no_file_is_too_long() {
    let long = sources().filter(|(_, text)| text.lines().count() > LINES_MAX);
    refuse(
        long.map(|(path, _)| path),
        "has more than 600 lines: split it by what its parts are about",
    );
}

#[test]
fn no_name_is_empty_of_meaning() {
    let files = sources().filter(|(path, _)| {
        let mut names = path
            .components()
            .map(|part| part.as_os_str().to_string_lossy().into_owned());
        names.any(|name| {
            let stem = name.split('.').next().unwrap_or(&name);
            stem == "impl" || stem.split(['_', '-']).any(|word| FORBIDDEN.contains(&word))
        })
    });
    refuse(
        files.map(|(path, _)| path),
        "has a forbidden word in its path: name it after what it is about",
    );
    let types = sources().flat_map(|(path, text)| {
        let names: Vec<_> = identifiers_after(&code(&text), &["struct", "enum", "trait", "type"]);
        names
            .into_iter()
            .filter(|name| words_of(name).any(|word| FORBIDDEN.contains(&word.as_str())))
            .map(|name| format!("{}: {name}", path.display()))
            .collect::<Vec<_>>()
    });
    refuse(
        types.map(PathBuf::from),
        "is a type with a forbidden word in its name",
    );
}

#[test]
fn nothing_is_left_for_later() {
    // Put together here, so that this file does not contain what it looks for.
    let marks = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("unimple", "mented!"),
        concat!("to", "do!("),
    ];
    let marked = sources().filter(|(_, text)| marks.iter().any(|mark| text.contains(mark)));
    refuse(
        marked.map(|(path, _)| path),
        "leaves something for later: refuse it by name, or open an issue",
    );
}

#[test]
fn a_file_of_the_protocol_says_what_it_speaks_for() {
    let nouns = [
        "connection",
        "schema",
        "item",
        "group",
        "operation",
        "activity",
    ];
    let silent = sources().filter(|(path, text)| {
        let parts: Vec<_> = path
            .iter()
            .map(|part| part.to_string_lossy().into_owned())
            .collect();
        let stem = |part: &str| part.split(['.', '_']).next().unwrap_or(part).to_owned();
        let spoken_for = match parts.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["crates", "graph", "src", first, ..] => nouns.contains(&stem(first).as_str()),
            ["crates", "server", "src", "v1", first, ..] => !matches!(first, "mod.rs" | "tests.rs"),
            _ => false,
        };
        let head: Vec<_> = text
            .lines()
            .take_while(|line| line.starts_with("//!"))
            .collect();
        let is_tests = parts.last().is_some_and(|name| name.ends_with("tests.rs"));
        spoken_for
            && !is_tests
            && !head
                .iter()
                .any(|line| line.contains("https://learn.microsoft.com/"))
    });
    refuse(
        silent.map(|(path, _)| path),
        "does not begin with `//!`, the path it speaks for and the link to its documentation",
    );
}

#[test]
fn the_tenant_has_no_further_port() {
    let found: BTreeSet<_> = sources()
        .filter(|(path, _)| {
            path.starts_with("crates/tenant/src") && !path.starts_with("crates/tenant/src/contract")
        })
        .flat_map(|(_, text)| identifiers_after(&code(&text), &["pub trait"]))
        .collect();
    let known = BTreeSet::from(TRAITS.map(str::to_owned));
    assert_eq!(
        found, known,
        "the public traits of `tenant`: one more port needs a decision record in docs/adr"
    );
}

#[test]
fn no_engine_is_named_above_its_port() {
    let above = ["graph", "kql", "tenant", "server"].map(|room| format!("crates/{room}/src"));
    let named = sources().filter(|(path, text)| {
        let lower = code(text).to_lowercase();
        let mut words = lower.split(|letter: char| !letter.is_ascii_alphanumeric());
        above.iter().any(|room| path.starts_with(room)) && words.any(|word| ENGINES.contains(&word))
    });
    refuse(
        named.map(|(path, _)| path),
        "names an engine: only `store`, `index` and `linkspan` know which there are",
    );
}

#[test]
fn the_map_names_only_what_is_there() {
    let map =
        fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md can be read");
    let prose: String = map.split("```").step_by(2).collect();
    let named: Vec<_> = prose
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|name| is_path(name))
        .collect();
    assert!(
        !named.is_empty(),
        "ARCHITECTURE.md names no file between backticks"
    );
    let absent = named.into_iter().filter(|name| {
        let (room, rest) = name.split_once('/').unwrap_or((name, ""));
        let places = [
            root().join(name),
            root().join("crates").join(name),
            root().join("crates").join(room).join("src").join(rest),
        ];
        !places.iter().any(|place| place.exists())
    });
    refuse(
        absent.map(PathBuf::from),
        "is named in ARCHITECTURE.md and is not there",
    );
}

#[test]
fn decisions_are_numbered_without_gaps_and_complete() {
    let mut names: Vec<_> = fs::read_dir(root().join("docs/adr"))
        .expect("docs/adr can be read")
        .map(|entry| {
            entry
                .expect("an entry of docs/adr")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    assert!(!names.is_empty(), "docs/adr is empty");
    for (name, number) in names.iter().zip(1..) {
        assert!(
            name.starts_with(&format!("{number:04}-")),
            "docs/adr/{name} should have the number {number:04}"
        );
        let text =
            fs::read_to_string(root().join("docs/adr").join(name)).expect("a decision can be read");
        let headings: Vec<_> = text
            .lines()
            .filter(|line| line.starts_with("## "))
            .collect();
        assert_eq!(
            headings, DECISION,
            "docs/adr/{name}: the parts of a decision, in their order"
        );
        assert!(
            text.starts_with(&format!("# {number:04} ")),
            "docs/adr/{name} should begin with its number"
        );
    }
}

/// Every Rust file of the checkout, by its path from the root.
fn sources() -> impl Iterator<Item = (PathBuf, String)> {
    let mut found = Vec::new();
    let mut open = vec![root().join("crates"), root().join("xtask")];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory).expect("a source directory can be read") {
            let path = entry.expect("an entry of a source directory").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a source file can be read");
                found.push((
                    path.strip_prefix(root())
                        .expect("a path below the root")
                        .to_owned(),
                    text,
                ));
            }
        }
    }
    assert!(
        found.len() > 20,
        "only {} source files were found",
        found.len()
    );
    found.into_iter()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .expect("the root of the checkout")
}

/// The lines of a file without comments, and without texts that stand whole on one line.
fn code(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let outside: String = line.split('"').step_by(2).collect::<Vec<_>>().join("\"\"");
        outside.split("//").next().unwrap_or_default().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The names that are declared with one of `keywords`, whatever their visibility.
fn identifiers_after(code: &str, keywords: &[&str]) -> Vec<String> {
    let declared = |line: &str, keyword: &str| {
        let line = line.trim_start();
        let bare = if keyword.starts_with("pub ") {
            line
        } else {
            line.strip_prefix("pub").map_or(line, |rest| {
                rest.split_once(' ').map_or(rest, |(_, rest)| rest)
            })
        };
        let rest = bare.strip_prefix(keyword)?.strip_prefix(' ')?;
        let name: String = rest
            .chars()
            .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
            .collect();
        (!name.is_empty()).then_some(name)
    };
    code.lines()
        .filter_map(|line| keywords.iter().find_map(|keyword| declared(line, keyword)))
        .collect()
}

/// `ItemHandler` → `item`, `handler`.
fn words_of(name: &str) -> impl Iterator<Item = String> {
    let mut words: Vec<String> = Vec::new();
    for letter in name.chars() {
        match words.last_mut() {
            Some(word) if !letter.is_uppercase() => word.push(letter),
            _ => words.push(letter.to_lowercase().collect()),
        }
    }
    words.into_iter()
}

fn is_path(name: &str) -> bool {
    let ending = [".rs", ".md", ".toml", ".json", ".yaml", "/"];
    !name.starts_with('/')
        && !name.contains([' ', '{', '*', '…', '<'])
        && ending.iter().any(|end| name.ends_with(end))
}

#[track_caller]
fn refuse(found: impl Iterator<Item = PathBuf>, why: &str) {
    let lines: Vec<_> = found
        .map(|path| format!("  {} {why}", path.display()))
        .collect();
    if !lines.is_empty() {
        panic!("\n{}", lines.join("\n"));
    }
}
