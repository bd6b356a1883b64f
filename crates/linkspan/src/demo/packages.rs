//! The package descriptions of a Debian machine, as `apt-cache dumpavail` prints them.

use std::{cmp::Ordering, collections::BTreeMap, process::Command};

use serde_json::{Map, Value, json};

use super::{
    people,
    query::{Means, Query},
    source::{Area, Deny, Entry, Join, Rules, Source, Who, slug},
    stanza::{Stanza, stanzas},
    version,
};

/// Who sees which packages: documentation and data at once.
const RULES: Rules = Rules {
    areas: &[
        Area {
            name: "programming",
            sections: &[
                "cli-mono",
                "debug",
                "devel",
                "gnu-r",
                "golang",
                "haskell",
                "interpreters",
                "introspection",
                "java",
                "javascript",
                "libdevel",
                "lisp",
                "ocaml",
                "perl",
                "php",
                "python",
                "ruby",
                "rust",
                "vcs",
            ],
        },
        Area {
            name: "servers",
            sections: &[
                "admin", "comm", "database", "httpd", "mail", "net", "news", "web",
            ],
        },
        Area {
            name: "desktop",
            sections: &[
                "doc",
                "editors",
                "education",
                "fonts",
                "games",
                "gnome",
                "graphics",
                "kde",
                "localization",
                "sound",
                "text",
                "video",
                "x11",
                "xfce",
            ],
        },
        Area {
            name: "science",
            sections: &["electronics", "hamradio", "math", "science"],
        },
    ],
    joins: &[
        // alice works on Python packages, bob on games.
        Join {
            group: "team-python",
            who: Who::User("alice"),
        },
        Join {
            group: "team-games",
            who: Who::User("bob"),
        },
        // Engineering (alice and bob) reads everything about programming.
        Join {
            group: "area-programming",
            who: Who::Group("engineering"),
        },
        // Staff (engineering, so alice and bob, and carol) reads everything about servers.
        Join {
            group: "area-servers",
            who: Who::Group("staff"),
        },
        // carol alone reads everything about desktops, the board (dave) everything about science.
        Join {
            group: "area-desktop",
            who: Who::User("carol"),
        },
        Join {
            group: "area-science",
            who: Who::Group("board"),
        },
    ],
    twins: &[("web", "httpd")],
    nobody: &["oldlibs"],
    denies: &[
        // The board is kept from half of the games, bob from every fifth Python package …
        Deny {
            section: "games",
            one_in: 2,
            who: Who::Group("board"),
        },
        Deny {
            section: "python",
            one_in: 5,
            who: Who::User("bob"),
        },
        // … carol from every sixth network package …
        Deny {
            section: "net",
            one_in: 6,
            who: Who::User("carol"),
        },
        // … and two external groups from shares of what others see.
        Deny {
            section: "web",
            one_in: 4,
            who: Who::ExternalGroup("team-python"),
        },
        Deny {
            section: "httpd",
            one_in: 7,
            who: Who::ExternalGroup("area-science"),
        },
    ],
};

const QUERIES: [Query; 3] = [
    Query {
        text: "python library",
        means: Means::All(&[Means::Word("python"), Means::Word("library")]),
    },
    Query {
        text: r#""web server""#,
        means: Means::Phrase(&["web", "server"]),
    },
    Query {
        text: "game* section:games NOT title:data",
        means: Means::All(&[
            Means::Prefix("game"),
            Means::In("section", "games"),
            Means::Not(&Means::In("title", "data")),
        ]),
    },
];

/// Asks this machine for its package descriptions; empty where there is no `apt-cache`.
pub fn dumpavail() -> String {
    Command::new("apt-cache")
        .arg("dumpavail")
        .output()
        .ok()
        .filter(|output| output.status.success())
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default()
}

/// The packages of a dump: one entry per name, of the newest version.
pub fn read(dump: &str) -> Source {
    let mut newest: BTreeMap<String, (String, Entry)> = BTreeMap::new();
    for stanza in stanzas(dump) {
        let Some(entry) = entry(&stanza) else {
            continue;
        };
        let version = stanza.get("Version").unwrap_or_default();
        let known = newest.get(&entry.id);
        if known.is_none_or(|(known, _)| version::compare(version, known) == Ordering::Greater) {
            newest.insert(entry.id.clone(), (version.to_owned(), entry));
        }
    }
    Source {
        connection: "packages",
        name: "Debian packages",
        description: "Descriptions of the Debian packages that this machine can install",
        noun: "packages",
        schema: schema(),
        queries: QUERIES,
        rules: &RULES,
        entries: newest.into_values().map(|(_, entry)| entry).collect(),
    }
}

/// The package of a paragraph; `None` without a name.
fn entry(stanza: &Stanza<'_>) -> Option<Entry> {
    let package = stanza.get("Package").filter(|name| !name.is_empty())?;
    // `contrib/games` and `games` are one section here.
    let section = stanza.get("Section").unwrap_or_default();
    let section = slug(section.rsplit('/').next().unwrap_or_default());
    let section = if section.is_empty() {
        "unsorted".to_owned()
    } else {
        section
    };
    let priority = stanza.get("Priority").unwrap_or("optional");
    let (synopsis, long) = description(stanza);
    let tags: Vec<_> = listed(stanza, "Tag").map(str::to_owned).collect();
    let content = content(stanza, &synopsis, &long, &tags);
    let mut properties = Map::new();
    let mut set = |name: &str, value: Value| properties.insert(name.to_owned(), value);
    set("title", json!(package));
    set("package", json!(package));
    set("synopsis", json!(synopsis));
    // Home pages often name a person; the scheme `apt:` opens the package on the machine.
    set("url", json!(format!("apt:{package}")));
    set(
        "iconUrl",
        json!("https://www.debian.org/logos/openlogo-nd-50.png"),
    );
    set("section", json!(section));
    set("priority", json!(priority));
    set("version", json!(stanza.get("Version").unwrap_or_default()));
    set(
        "architecture",
        json!(stanza.get("Architecture").unwrap_or_default()),
    );
    if let Some(size) = stanza
        .get("Installed-Size")
        .and_then(|text| text.parse::<i64>().ok())
    {
        set("installedSize", json!(size));
    }
    if !tags.is_empty() {
        set("tags@odata.type", json!("Collection(String)"));
        set("tags", json!(tags));
    }
    Some(Entry {
        // The plus sign of `g++` is none of an item's id.
        id: package.replace('+', "~"),
        owner: people::owner(stanza.get("Maintainer").unwrap_or_default()),
        essential: matches!(priority, "required" | "important" | "standard"),
        section,
        properties,
        content,
    })
}

/// The short and the long description, without mail addresses.
fn description(stanza: &Stanza<'_>) -> (String, String) {
    let text = ["Description", "Description-en"]
        .iter()
        .find_map(|name| stanza.get(name))
        .unwrap_or_default();
    let (synopsis, long) = text.split_once('\n').unwrap_or((text, ""));
    (
        people::without_addresses(synopsis),
        people::without_addresses(long),
    )
}

/// Where the lists of the machine hold no long descriptions, what the package is and needs makes up the text.
fn content(stanza: &Stanza<'_>, synopsis: &str, long: &str, tags: &[String]) -> String {
    let mut content = format!("{synopsis}\n");
    if !long.is_empty() {
        content += &format!("\n{long}\n");
    }
    if !tags.is_empty() {
        let words: Vec<_> = tags.iter().map(|tag| tag.replace("::", " ")).collect();
        content += &format!("\nIt is about {}.\n", words.join(", "));
    }
    for (field, phrase) in [("Depends", "It needs"), ("Recommends", "It goes well with")] {
        let names: Vec<_> = listed(stanza, field)
            .filter_map(|relation| relation.split([' ', '(', '|', ':']).next())
            .collect();
        if !names.is_empty() {
            content += &format!("\n{phrase} {}.\n", names.join(", "));
        }
    }
    content
}

/// The members of a field whose values are separated by commas.
fn listed<'a>(stanza: &'a Stanza<'_>, field: &str) -> impl Iterator<Item = &'a str> {
    stanza
        .get(field)
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter(|member| !member.is_empty())
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
            property("synopsis", "string", &[search, query], &[]),
            property("package", "string", &[query], &[]),
            property("url", "string", &[], &["url"]),
            property("iconUrl", "string", &[], &["iconUrl"]),
            property("section", "string", &[query, refine], &[]),
            property("priority", "string", &[query, refine], &[]),
            property("maintainer", "string", &[query], &["createdBy"]),
            property("installedSize", "int64", &[query, refine], &[]),
            property("version", "string", &[query], &[]),
            property("architecture", "string", &[query, refine], &[]),
            property("tags", "stringCollection", &[search, query], &["tags"]),
        ],
    })
}

#[cfg(test)]
mod tests {
    use super::{super::source::Owner, *};

    const DUMP: &str = "Package: libfoo++1\nVersion: 1.0-2\nInstalled-Size: 12\nMaintainer: Alice <alice@linkspan.test>\n\
        Architecture: amd64\nDepends: libc6 (>= 2.3), a | b, c:any\nDescription: Foo, ask alice@linkspan.test\n\
        \x20Long text.\nTag: web::server, role::shared-lib,\n scope::utility\nSection: contrib/libs\n\n\
        Package: libfoo++1\nVersion: 1.0~rc1-1\nDescription: older\n\n\
        Package: bar\nVersion: 9\nDescription: Bar\nPriority: required\n\n\
        Version: 3\nDescription: nameless\n";

    #[test]
    fn one_entry_per_name_of_the_newest_version() {
        let source = read(DUMP);
        let ids: Vec<_> = source
            .entries
            .iter()
            .map(|entry| entry.id.as_str())
            .collect();
        assert_eq!(ids, ["bar", "libfoo~~1"]);
        let foo = &source.entries[1];
        assert_eq!(foo.section, "libs");
        assert_eq!(foo.owner, Owner::Person("alice@linkspan.test".to_owned()));
        assert_eq!(foo.properties["version"], "1.0-2");
        assert_eq!(foo.properties["installedSize"], 12);
        assert_eq!(
            foo.properties["tags"],
            json!(["web::server", "role::shared-lib", "scope::utility"])
        );
        assert_eq!(
            foo.content,
            "Foo, ask (address)\n\nLong text.\n\nIt is about web server, role shared-lib, scope utility.\n\n\
             It needs libc6, a, c.\n"
        );
        assert!(source.entries[0].essential && !foo.essential);
        assert_eq!(source.entries[0].section, "unsorted");
    }

    #[test]
    fn every_value_is_in_the_schema() {
        let source = read(DUMP);
        let declared: Vec<_> = source.schema["properties"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|property| property["name"].as_str())
            .collect();
        for name in source
            .entries
            .iter()
            .flat_map(|entry| entry.properties.keys())
        {
            assert!(
                declared.contains(&name.trim_end_matches("@odata.type")),
                "{name}"
            );
        }
    }
}
