//! Random ACL graphs (cycles, nesting, denies) through the whole engine, against a plain evaluator.

mod world;

use std::collections::{BTreeMap, BTreeSet};

use graph::{Identity, IdentityType};
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::json;

use crate::world::World;

const USERS: [&str; 5] = ["alice", "bob", "carol", "dave", "guest-erin"];
const DIRECTORY: [&str; 4] = ["d0", "d1", "d2", "d3"];
const EXTERNAL: [&str; 5] = ["x0", "x1", "x2", "x3", "x4"];

/// A node of the group graph: a user, a directory group, an external group.
type Node = (&'static str, &'static str);

#[derive(Clone, Debug)]
struct Graph {
    /// Members of the directory groups, by group.
    directory: BTreeMap<&'static str, BTreeSet<&'static str>>,
    /// Members of the external groups, by group.
    external: BTreeMap<&'static str, BTreeSet<Node>>,
    /// Items' entries: access, type, value.
    items: Vec<Vec<(&'static str, &'static str, &'static str)>>,
}

fn node() -> impl Strategy<Value = Node> {
    prop_oneof![
        select(&USERS[..]).prop_map(|user| ("user", user)),
        select(&DIRECTORY[..]).prop_map(|group| ("group", group)),
        select(&EXTERNAL[..]).prop_map(|group| ("externalGroup", group)),
    ]
}

fn entry() -> impl Strategy<Value = (&'static str, &'static str, &'static str)> {
    let who = prop_oneof![
        6 => node(),
        1 => Just(("everyone", "everyone")),
        1 => Just(("everyoneExceptGuests", "everyone")),
    ];
    (prop_oneof![3 => Just("grant"), 1 => Just("deny")], who)
        .prop_map(|(access, (kind, value))| (access, kind, value))
}

fn graph() -> impl Strategy<Value = Graph> {
    let member = prop_oneof![select(&USERS[..]), select(&DIRECTORY[..])];
    (
        vec((select(&DIRECTORY[..]), member), 0..10),
        vec((select(&EXTERNAL[..]), node()), 0..14),
        vec(vec(entry(), 0..5), 1..25),
    )
        .prop_map(|(directory, external, items)| {
            let mut graph = Graph {
                directory: BTreeMap::new(),
                external: BTreeMap::new(),
                items,
            };
            for (group, member) in directory {
                graph.directory.entry(group).or_default().insert(member);
            }
            for (group, member) in external {
                graph.external.entry(group).or_default().insert(member);
            }
            graph
        })
}

impl Graph {
    /// Is the user a member of the node, by any path? Written as the sentence says it, not as the engine does it.
    fn belongs(&self, user: &str, (kind, id): Node, seen: &mut BTreeSet<Node>) -> bool {
        if !seen.insert((kind, id)) {
            return false;
        }
        match kind {
            "user" => id == user,
            "group" => self.directory.get(id).into_iter().flatten().any(|member| {
                let kind = if USERS.contains(member) {
                    "user"
                } else {
                    "group"
                };
                self.belongs(user, (kind, member), seen)
            }),
            _ => self
                .external
                .get(id)
                .into_iter()
                .flatten()
                .any(|member| self.belongs(user, *member, seen)),
        }
    }

    fn sees(&self, user: &str, item: &[(&str, &'static str, &'static str)]) -> bool {
        if user.starts_with("guest") {
            return false;
        }
        let matches = |wanted: &str| {
            item.iter().any(|(access, kind, value)| {
                *access == wanted
                    && (kind.starts_with("everyone")
                        || self.belongs(user, (kind, value), &mut BTreeSet::new()))
            })
        };
        matches("grant") && !matches("deny")
    }
}

async fn build(graph: &Graph) -> World {
    let world = World::new().await;
    let directory: Vec<_> = DIRECTORY
        .iter()
        .map(|group| {
            let members = graph.directory.get(group).into_iter().flatten();
            (*group, members.map(|member| (*member).to_owned()).collect())
        })
        .collect();
    world.directory(&USERS, &directory).await;
    world.connection("graphs", world::titles()).await;
    // Items before groups: a group need not exist when an ACL names it.
    for (number, entries) in graph.items.iter().enumerate() {
        let acl: Vec<_> = entries
            .iter()
            .map(|(access, kind, value)| json!({ "accessType": access, "type": kind, "value": value }))
            .collect();
        let body =
            json!({ "acl": acl, "properties": { "title": format!("common number{number}") } });
        world.put("graphs", &format!("i{number}"), body).await;
    }
    for (group, members) in &graph.external {
        let members: Vec<_> = members
            .iter()
            .map(|(kind, id)| Identity {
                id: (*id).to_owned(),
                kind: match *kind {
                    "user" => IdentityType::User,
                    "group" => IdentityType::Group,
                    _ => IdentityType::ExternalGroup,
                },
            })
            .collect();
        world.group("graphs", group, &members).await;
    }
    world.settle().await;
    world
}

async fn check(graph: &Graph) -> Result<(), TestCaseError> {
    let world = build(graph).await;
    for user in USERS {
        let expect: BTreeSet<_> = graph
            .items
            .iter()
            .enumerate()
            .filter(|(_, item)| graph.sees(user, item))
            .map(|(number, _)| format!("i{number}"))
            .collect();
        for query in ["*", "common", "number* -nothing"] {
            let found = world.find(user, "graphs", query).await;
            prop_assert_eq!(found.total, expect.len() as u64, "{} {}", user, query);
            let ids: BTreeSet<_> = found.ids.iter().cloned().collect();
            prop_assert_eq!(ids.len(), found.ids.len(), "no hit twice");
            prop_assert_eq!(&ids, &expect, "{} {}", user, query);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_engine_shows_what_the_plain_evaluator_shows(graph in graph()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(check(&graph))?;
    }
}
