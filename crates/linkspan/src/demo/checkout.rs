//! The files of the git checkout that the demo stands in: for machines without package descriptions.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};
use serde_json::{Map, Value, json};

use super::{
    people,
    query::{Means, Query},
    source::{Area, Deny, Entry, Join, Owner, Rules, Source, Who, share, slug},
};

/// Files larger than this are left out: they are data, not text to search.
const BYTES_MAX: u64 = 256 * 1024;

/// Who sees which files: documentation and data at once. A file's section is its extension, its team its directory.
const RULES: Rules = Rules {
    areas: &[
        Area {
            name: "code",
            sections: &[
                "c", "cpp", "go", "h", "java", "js", "mjs", "py", "rs", "sh", "ts",
            ],
        },
        Area {
            name: "settings",
            sections: &["cfg", "conf", "json", "lock", "toml", "yaml", "yml"],
        },
        Area {
            name: "writing",
            sections: &["html", "md", "none", "rst", "txt"],
        },
    ],
    joins: &[
        // Engineering (alice and bob) reads the code, staff (alice, bob and carol) what is written …
        Join {
            group: "area-code",
            who: Who::Group("engineering"),
        },
        Join {
            group: "area-writing",
            who: Who::Group("staff"),
        },
        // … and the board (dave) the settings. carol looks after the root directory.
        Join {
            group: "area-settings",
            who: Who::Group("board"),
        },
        Join {
            group: "team-root",
            who: Who::User("carol"),
        },
    ],
    twins: &[("md", "txt")],
    nobody: &["lock"],
    denies: &[
        Deny {
            section: "rs",
            one_in: 5,
            who: Who::User("bob"),
        },
        Deny {
            section: "md",
            one_in: 4,
            who: Who::Group("engineering"),
        },
        Deny {
            section: "json",
            one_in: 3,
            who: Who::ExternalGroup("area-writing"),
        },
    ],
};

const QUERIES: [Query; 3] = [
    Query {
        text: "error name",
        means: Means::All(&[Means::Word("error"), Means::Word("name")]),
    },
    Query {
        text: r#""not found""#,
        means: Means::Phrase(&["not", "found"]),
    },
    Query {
        text: "test* NOT extension:md",
        means: Means::All(&[
            Means::Prefix("test"),
            Means::Not(&Means::In("extension", "md")),
        ]),
    },
];

/// Reads the checkout around the current directory.
///
/// # Errors
/// When there is no git, no checkout, or no text file in it.
pub fn read() -> anyhow::Result<Source> {
    let root = PathBuf::from(git(Path::new("."), &["rev-parse", "--show-toplevel"])?.trim_end());
    let listed = git(&root, &["ls-files", "-z"])?;
    let mut ids = BTreeSet::new();
    let entries: Vec<_> = listed
        .split('\0')
        .filter_map(|path| entry(path, &text(&root.join(path))?, &mut ids))
        .collect();
    ensure!(
        !entries.is_empty(),
        "the git checkout {} holds no text file; run the demo in one that does",
        root.display()
    );
    Ok(Source {
        connection: "checkout",
        name: "Files of a checkout",
        description: "Text files of the git checkout that the demo was started in",
        noun: "files",
        schema: schema(),
        queries: QUERIES,
        rules: &RULES,
        entries,
    })
}

fn git(directory: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let said = format!("git {}", arguments.join(" "));
    let output = Command::new("git")
        .current_dir(directory)
        .args(arguments)
        .output()
        .with_context(|| format!("could not run `{said}`"))?;
    ensure!(
        output.status.success(),
        "`{said}` failed ({}): {}",
        output.status,
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A file's text; `None` for what is no text, empty, too large or no regular file.
fn text(file: &Path) -> Option<String> {
    let about = fs::symlink_metadata(file).ok()?;
    if !about.is_file() || about.len() == 0 || about.len() > BYTES_MAX {
        return None;
    }
    let text = fs::read_to_string(file).ok()?;
    (!text.contains('\0')).then_some(text)
}

fn entry(path: &str, text: &str, ids: &mut BTreeSet<String>) -> Option<Entry> {
    let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
    let extension = name
        .rsplit_once('.')
        .map(|(_, extension)| slug(extension))
        .filter(|extension| !extension.is_empty() && extension.len() <= 32)
        .unwrap_or_else(|| "none".to_owned());
    // Two directories are enough to tell teams apart.
    let team = slug(&directory.split('/').take(2).collect::<Vec<_>>().join(" "));
    let team = match team.as_str() {
        "" => "root".to_owned(),
        long => long.chars().take(100).collect(),
    };
    let id = item_id(path);
    if !ids.insert(id.clone()) {
        return None;
    }
    let mut properties = Map::new();
    let mut set = |name: &str, value: Value| properties.insert(name.to_owned(), value);
    set("title", json!(path));
    set("fileName", json!(name));
    set("url", json!(format!("file:{path}")));
    set(
        "directory",
        json!(if directory.is_empty() { "." } else { directory }),
    );
    set("extension", json!(extension));
    set("size", json!(text.len()));
    Some(Entry {
        id,
        section: extension,
        owner: Owner::Team(team),
        essential: name.eq_ignore_ascii_case("readme.md"),
        properties,
        content: people::without_addresses(text),
    })
}

/// An item's id has at most 128 characters, and few signs.
fn item_id(path: &str) -> String {
    let id: String = path
        .chars()
        .map(|c| match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' | '.' => c,
            '/' => '~',
            _ => '_',
        })
        .collect();
    let changed = id.replace('~', "/") != path;
    if id.len() <= 128 && !changed {
        return id;
    }
    // What was changed or cut may not be the only difference between two paths.
    let end: String = id.chars().skip(id.len().saturating_sub(100)).collect();
    format!("{:016x}~{end}", share(path, "id"))
}

fn schema() -> Value {
    let property = |name: &str, kind: &str, flags: &[&str], labels: &[&str]| {
        let mut property =
            json!({ "name": name, "type": kind, "isRetrievable": true, "labels": labels });
        for flag in flags {
            property[*flag] = json!(true);
        }
        property
    };
    let (search, query, refine) = ("isSearchable", "isQueryable", "isRefinable");
    json!({
        "baseType": "microsoft.graph.externalItem",
        "properties": [
            property("title", "string", &[search, query], &["title"]),
            property("fileName", "string", &[query], &["fileName"]),
            property("url", "string", &[], &["url"]),
            property("directory", "string", &[query, refine], &["containerName"]),
            property("extension", "string", &[query, refine], &["fileExtension"]),
            property("maintainer", "string", &[query], &["createdBy"]),
            property("size", "int64", &[query, refine], &[]),
        ],
    })
}

#[cfg(test)]
mod tests {
    use graph::ItemId;

    use super::*;

    #[test]
    fn files_become_entries() {
        let mut ids = BTreeSet::new();
        let file = entry("crates/graph/src/lib.rs", "text for a@b.test", &mut ids).unwrap();
        assert_eq!(file.id, "crates~graph~src~lib.rs");
        assert_eq!(file.section, "rs");
        assert_eq!(file.owner, Owner::Team("crates-graph".to_owned()));
        assert_eq!(file.properties["directory"], "crates/graph/src");
        assert_eq!(file.content, "text for (address)");
        let root = entry("LICENSE", "text", &mut ids).unwrap();
        assert_eq!(
            (root.section.as_str(), root.owner),
            ("none", Owner::Team("root".to_owned()))
        );
        assert_eq!(entry("LICENSE", "text", &mut ids), None);
    }

    #[test]
    fn ids_are_short_plain_and_different() {
        let long = format!("{}/a.rs", "d".repeat(300));
        let other = format!("{}/a.rs", "d".repeat(301));
        let ids = ["a b", "a_b", "a~b", "a/b", "ä", "ö", &long, &other].map(item_id);
        for (at, id) in ids.iter().enumerate() {
            assert!(ItemId::admit(id).is_ok(), "{id}");
            assert!(!ids[at + 1..].contains(id), "{id}");
        }
    }
}
