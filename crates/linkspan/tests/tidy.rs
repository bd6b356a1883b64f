//! The house's rules that no lint can express. A rule gets a machine here once it matters or has been broken.

use std::{collections::BTreeSet, fs, path::PathBuf};

const LINES_MAX: usize = 600;
/// Words that say nothing about what a file or a type is for. Plurals count.
const EMPTY: &str = "util helper common misc manager service handler processor dto model impl";
/// Ports, the parts of `Store`, and `Clock`. One more needs a decision in `docs/adr` first.
const PORTS: &str = "AccountStore Clock ConnectionStore GroupStore Index ItemStore Membership \
                     OperationStore Store";
const ENGINES: &str = "tantivy sqlite rusqlite opensearch postgres postgresql";
const NOUNS: &str = "connection schema item group operation activity";
const DECISION: &str = "Question, Choice, Because, Cost, What would change our mind";

/// What no source file may be, and what to do about it.
type Rule = (fn(&Source) -> bool, &'static str);

const RULES: [Rule; 6] = [
    (
        too_long,
        "has more than 600 lines: split it by what its parts are about",
    ),
    (
        unfinished,
        "leaves something for later: refuse it by name, or open an issue",
    ),
    (
        empty_path,
        "has a word in its path that says nothing: name it after what it is about",
    ),
    (
        empty_type,
        "has a type with a word that says nothing: name it after what it is about",
    ),
    (
        silent,
        "does not begin with `//!`, the path it speaks for and the documentation's link",
    ),
    (
        names_an_engine,
        "names an engine: only `store`, `index` and `linkspan` may know them",
    ),
];

#[test]
fn sources_keep_the_rules() {
    let mut broken = String::new();
    for source in sources() {
        for (_, rule) in RULES.iter().filter(|(is_broken, _)| is_broken(&source)) {
            broken.push_str(&format!("\n  {} {rule}", source.path));
        }
    }
    assert!(broken.is_empty(), "{broken}");
}

fn too_long(source: &Source) -> bool {
    source.text.lines().count() > LINES_MAX
}

fn unfinished(source: &Source) -> bool {
    // Put together here, so that this file does not contain what it looks for.
    let words = [concat!("TO", "DO"), concat!("FIX", "ME")];
    let macros = [concat!("unimple", "mented!"), concat!("to", "do!(")];
    [words, macros]
        .concat()
        .iter()
        .any(|mark| source.text.contains(mark))
}

fn empty_path(source: &Source) -> bool {
    source.path.split(['/', '.', '_', '-']).any(is_empty)
}

fn empty_type(source: &Source) -> bool {
    let code = source.code();
    identifiers(&code).windows(2).any(|pair| {
        is_one_of("struct enum trait type", pair[0]) && words(pair[1]).iter().any(|w| is_empty(w))
    })
}

fn silent(source: &Source) -> bool {
    let noun = source
        .path
        .strip_prefix("crates/graph/src/")
        .map(|rest| rest.split(['/', '.', '_']));
    let is_noun = noun.is_some_and(|mut parts| is_one_of(NOUNS, parts.next().unwrap_or_default()));
    let is_door = source.path.starts_with("crates/server/src/v1/");
    let is_exempt = source.path.ends_with("tests.rs") || source.path.ends_with("v1/mod.rs");
    let mut head = source
        .text
        .lines()
        .take_while(|line| line.starts_with("//!"));
    let links = head.any(|line| line.contains("https://learn.microsoft.com/"));
    (is_noun || is_door) && !is_exempt && !links
}

fn names_an_engine(source: &Source) -> bool {
    let is_above = ["graph", "kql", "tenant", "server"]
        .iter()
        .any(|room| source.path.starts_with(&format!("crates/{room}/src/")));
    let code = source.code();
    let mut named = identifiers(&code).into_iter().flat_map(words);
    is_above && named.any(|word| is_one_of(ENGINES, &word))
}

#[test]
fn the_tenant_has_no_further_port() {
    let mut found = BTreeSet::new();
    for source in sources()
        .iter()
        .filter(|source| source.path.starts_with("crates/tenant/src/"))
    {
        let code = source.code();
        let declared = identifiers(&code);
        let public = declared
            .windows(3)
            .filter(|three| three[..2] == ["pub", "trait"]);
        found.extend(public.map(|three| three[2].to_owned()));
    }
    let known: BTreeSet<_> = PORTS.split_whitespace().map(str::to_owned).collect();
    assert_eq!(
        found, known,
        "public traits of `tenant`: a port needs a decision in docs/adr first"
    );
}

#[test]
fn the_map_names_only_what_is_there() {
    let map = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("the map can be read");
    let (mut named, mut absent) = (0, String::new());
    for line in map.lines() {
        let quoted = line
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|name| is_path(name));
        let names: Vec<_> = quoted.collect();
        // In a row of a table the first directory is where the others are.
        let row = names.first().filter(|first| first.ends_with('/')).copied();
        let places = ["", "crates/", row.unwrap_or_default()];
        for name in &names {
            named += 1;
            if !places
                .iter()
                .any(|place| root().join(format!("{place}{name}")).exists())
            {
                absent.push_str(&format!("\n  {name} in: {line}"));
            }
        }
    }
    assert!(
        named > 0 && absent.is_empty(),
        "of {named} names not there: {absent}"
    );
}

#[test]
fn decisions_are_numbered_without_gaps_and_complete() {
    let entries = fs::read_dir(root().join("docs/adr")).expect("docs/adr can be read");
    let paths: BTreeSet<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    assert!(!paths.is_empty(), "docs/adr is empty");
    for (path, number) in paths.iter().zip(1..) {
        let name = path.file_name().expect("a name").to_string_lossy();
        assert!(
            name.starts_with(&format!("{number:04}-")),
            "{name} should have number {number:04}"
        );
        let text = fs::read_to_string(path).expect("a decision can be read");
        assert!(
            text.starts_with(&format!("# {number:04} ")),
            "{name}: begin with the number"
        );
        let parts: Vec<_> = text
            .lines()
            .filter_map(|line| line.strip_prefix("## "))
            .collect();
        assert_eq!(
            parts.join(", "),
            DECISION,
            "{name}: the parts of a decision, in their order"
        );
    }
}

/// A Rust file, by its path from the root of the checkout.
struct Source {
    path: String,
    text: String,
}

impl Source {
    /// The lines without comments, and without texts that stand whole on one line.
    fn code(&self) -> String {
        let lines = self.text.lines().map(|line| {
            let outside: Vec<_> = line.split('"').step_by(2).collect();
            outside
                .join("\"")
                .split("//")
                .next()
                .unwrap_or_default()
                .to_owned()
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// Every Rust file of the checkout.
fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    let mut open: Vec<_> = ["crates", "fuzz", "xtask"]
        .map(|part| root().join(part))
        .into();
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory).expect("a directory can be read") {
            let path = entry.expect("an entry of a directory").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a source file can be read");
                let path = path.strip_prefix(root()).expect("a path below the root");
                found.push(Source {
                    path: path.to_string_lossy().into_owned(),
                    text,
                });
            }
        }
    }
    assert!(
        found.len() > 50,
        "only {} source files were found",
        found.len()
    );
    found
}

fn root() -> PathBuf {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    root.canonicalize().expect("the root of the checkout")
}

fn identifiers(code: &str) -> Vec<&str> {
    let pieces = code.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
    pieces.filter(|piece| !piece.is_empty()).collect()
}

/// `ItemHandler` and `item_handler` → `item`, `handler`.
fn words(name: &str) -> Vec<String> {
    let mut spaced = String::new();
    for letter in name.chars() {
        if letter == '_' || letter.is_uppercase() {
            spaced.push(' ');
        }
        spaced.extend(letter.to_lowercase().filter(|letter| *letter != '_'));
    }
    spaced.split_whitespace().map(str::to_owned).collect()
}

fn is_empty(word: &str) -> bool {
    is_one_of(EMPTY, word)
        || word
            .strip_suffix('s')
            .is_some_and(|one| is_one_of(EMPTY, one))
}

fn is_one_of(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|one| one == word)
}

fn is_path(name: &str) -> bool {
    let is_plain = name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "./_-".contains(c));
    let mut endings = [".rs", ".md", ".toml", ".json", ".yaml", "/"].into_iter();
    let is_named = name.starts_with("crates/") || endings.any(|ending| name.ends_with(ending));
    is_plain && is_named && !name.starts_with('/')
}
