//! `/{version}/…`: the table is complete, and paths find their rows.
//!
//! Documentation: <https://learn.microsoft.com/graph/use-the-api>

use std::collections::{BTreeSet, HashSet};

use super::{
    Method::{Delete, Get, Patch, Post, Put},
    *,
};
use crate::{
    odata,
    route::{Door, Serving},
    scope::Scope,
};

/// What was found, as one line.
fn line(method: Method, beta: bool, path: &str) -> String {
    let owned = odata::path(path).unwrap();
    let segments = odata::segments(&owned);
    match find(method, beta, &segments) {
        Found::Route(route, params) => {
            let ids: Vec<String> = params.iter().map(|(n, id)| format!("{n}={id}")).collect();
            format!("{:?} {}", route.door, ids.join(" "))
                .trim()
                .to_owned()
        }
        Found::MethodNotAllowed(methods) => {
            let names: Vec<&str> = methods.iter().map(|method| method.as_str()).collect();
            format!("allow {}", names.join(","))
        }
        Found::Unknown(segment) => format!("unknown {segment}"),
    }
}

#[test]
fn every_operation_of_the_descriptions_has_a_row() {
    for (version, beta) in [("v1.0", false), ("beta", true)] {
        let file = format!(
            "{}/../../conformance/fixtures/openapi-{version}.json",
            env!("CARGO_MANIFEST_DIR")
        );
        let text = std::fs::read_to_string(file).unwrap();
        let description: serde_json::Value = serde_json::from_str(&text).unwrap();
        let mut seen = 0;
        for (path, operations) in description["paths"].as_object().unwrap() {
            for name in operations.as_object().unwrap().keys() {
                let Some(method) = Method::parse(&name.to_ascii_uppercase()) else {
                    continue;
                };
                // A parameter such as `{externalItem-id}` stands for any id.
                let normal: Vec<&str> = path
                    .split('/')
                    .map(|word| if word.starts_with('{') { "x1" } else { word })
                    .collect();
                let found = line(method, beta, &normal.join("/"));
                assert!(
                    !found.starts_with("allow") && !found.starts_with("unknown"),
                    "{version} {method} {path}: {found}"
                );
                seen += 1;
            }
        }
        let expect = if beta { 109 } else { 103 };
        assert_eq!(seen, expect, "{version}");
    }
}

#[test]
fn templates_fit_the_buffer() {
    for route in ROUTES {
        let parts = route.path.split('/').filter(|word| !word.is_empty());
        assert!(parts.clone().count() < PARTS_MAX, "{}", route.path);
        let params = parts.filter(|word| word.starts_with('{')).count();
        assert!(params <= PARAMS_MAX, "{}", route.path);
    }
}

#[test]
fn no_two_rows_say_the_same_and_doors_are_served() {
    let mut seen = HashSet::new();
    for route in ROUTES {
        let shape: Vec<&str> = route
            .path
            .split('/')
            .map(|word| if word.starts_with('{') { "{}" } else { word })
            .collect();
        assert!(
            seen.insert((route.method, shape.join("/").to_ascii_lowercase())),
            "{} {} is listed twice",
            route.method,
            route.path
        );
        let served = route.serving == Serving::Served;
        assert_eq!(served, route.door != Door::Refused, "{}", route.path);
        if served {
            let takes_none = route.delegated.is_empty() && route.application.is_empty();
            assert_eq!(takes_none, route.door == Door::Batch, "{}", route.path);
        }
        let page = route
            .documentation
            .strip_prefix("https://learn.microsoft.com/");
        assert!(page.is_some_and(|page| !page.is_empty()));
    }
}

/// Paths below the connections, and what they find.
const PATHS: &[(Method, &str, &str)] = &[
    (Get, "", "ListConnections"),
    (Post, "/", "CreateConnection"),
    (Post, "/$ref", "CreateConnectionRef"),
    (Get, "/Parts", "GetConnection connection=Parts"),
    (Get, "('Parts')", "GetConnection connection=Parts"),
    (Patch, "/p", "UpdateConnection connection=p"),
    (Delete, "/p", "DeleteConnection connection=p"),
    (Get, "/p/schema", "GetSchema connection=p"),
    (Patch, "/p/SCHEMA", "RegisterSchema connection=p"),
    (Post, "/p/schema", "RegisterSchemaPost connection=p"),
    (
        Get,
        "/p/operations/1.a.b",
        "GetOperation connection=p operation=1.a.b",
    ),
    (Put, "/p/items/A-1", "PutItem connection=p item=A-1"),
    (
        Put,
        "('p')/items('it''s')",
        "PutItem connection=p item=it's",
    ),
    (Get, "/p/items/a%20b%2Fc", "GetItem connection=p item=a b/c"),
    (Patch, "/p/items/1", "UpdateItem connection=p item=1"),
    (Delete, "/p/items/1", "DeleteItem connection=p item=1"),
    (Post, "/p/groups", "CreateGroup connection=p"),
    (Get, "/p/groups/g", "GetGroup connection=p group=g"),
    (Patch, "/p/groups/g", "UpdateGroup connection=p group=g"),
    (Delete, "/p/groups/g", "DeleteGroup connection=p group=g"),
    (
        Post,
        "/p/groups/g/members",
        "AddMember connection=p group=g",
    ),
    (
        Delete,
        "/p/groups/g/members('m')",
        "RemoveMember connection=p group=g member=m",
    ),
];

#[test]
fn paths_find_their_doors() {
    for prefix in [
        "/external/connections",
        "/connections",
        "/External//Connections",
    ] {
        for (method, rest, expect) in PATHS {
            let path = format!("{prefix}{rest}");
            assert_eq!(line(*method, false, &path), *expect, "{method} {path}");
        }
        for action in [
            "addActivities",
            "addactivities",
            "externalConnectors.addActivities",
            "microsoft.graph.externalConnectors.AddActivities",
        ] {
            let path = format!("{prefix}/p/items/1/{action}");
            let expect = "AddActivities connection=p item=1";
            assert_eq!(line(Post, false, &path), expect, "{path}");
        }
    }
    assert_eq!(line(Post, false, "/search/query"), "Query");
    assert_eq!(line(Post, false, "/search/QUERY"), "Query");
    assert_eq!(line(Get, false, "/me"), "GetMe");
}

#[test]
fn ids_may_be_called_like_segments() {
    let check = |path: &str, expect: &str| {
        assert_eq!(line(Method::Get, false, path), expect, "{path}");
    };
    check(
        "/connections/schema/items/items",
        "GetItem connection=schema item=items",
    );
    check("/connections('$count')", "GetConnection connection=$count");
    check(
        "/external/connections/connections/schema",
        "GetSchema connection=connections",
    );
}

#[test]
fn the_rest_is_refused_by_name() {
    let check = |method, path: &str, expect: &str| {
        assert_eq!(line(method, false, path), expect, "{method} {path}");
    };
    check(Put, "/external/connections", "allow GET,POST");
    check(Delete, "/me", "allow GET");
    check(Post, "/connections/p", "allow GET,PATCH,DELETE");
    check(Put, "/connections/p/schema", "allow GET,POST,PATCH,DELETE");
    check(Get, "/search/query", "allow POST");
    check(Get, "/nowhere", "unknown nowhere");
    check(Get, "/external/nowhere", "unknown nowhere");
    check(Get, "/external/connections/$nope", "unknown $nope");
    check(Get, "/connections/p/nope/1", "unknown nope");
    check(Get, "/connections/p/schema/nope", "unknown nope");
    check(Get, "/connections/p/schema('x')", "unknown x");
    check(Get, "/connections/p('x')", "unknown x");
    check(Get, "/copilot", "unknown copilot");
    check(Post, "/connections/p/fullRefresh", "unknown fullRefresh");
    check(Get, "", "unknown ");
    check(Get, "/a/b/c/d/e/f/g/h/i/j/k/l/m/n", "unknown a");
    check(Get, "/connections/p/externalGroups", "Refused connection=p");
    check(
        Delete,
        "/admin/people/profileSources(sourceId='p')",
        "Refused source=sourceId='p'",
    );
    check(Get, "/external/industryData", "unknown industryData");
    check(
        Patch,
        "/connections/p/groups/g/members/m",
        "Refused connection=p group=g member=m",
    );
}

#[test]
fn beta_rows_are_unknown_to_v1() {
    let path = "/external/connections/p/quota";
    assert_eq!(line(Method::Get, true, path), "GetQuota connection=p");
    assert_eq!(line(Method::Get, false, path), "unknown quota");
    assert_eq!(line(Method::Put, true, path), "allow GET,PATCH,DELETE");
}

#[test]
fn what_is_not_served_has_a_reason_or_is_absent() {
    let serving = |method, path: &str| {
        let owned = odata::path(path).unwrap();
        match find(method, true, &odata::segments(&owned)) {
            Found::Route(route, _) => route.serving,
            other => unreachable!("{path}: {other:?}"),
        }
    };
    assert_eq!(
        serving(Method::Post, "/connections/p/items"),
        Serving::Absent
    );
    assert_eq!(
        serving(Method::Delete, "/connections/p/schema"),
        Serving::Absent
    );
    for (method, path) in [
        (Method::Post, "/connections/p/operations"),
        (Method::Patch, "/connections/p/quota"),
        (Method::Post, "/connections/p/fullRefresh/groups/g/members"),
        (Method::Post, "/copilot/retrieval"),
        (Method::Patch, "/users/x"),
        (Method::Post, "/groups"),
        (Method::Patch, "/external"),
    ] {
        let Serving::Refused(reason) = serving(method, path) else {
            unreachable!("{path} must be refused");
        };
        assert!(reason.ends_with('.'), "{reason}");
    }
}

/// The permission table of `contract/external.md` §14 and `contract/search.md` §13.1, by door.
#[test]
fn permissions_are_those_of_the_reference() {
    use Door::*;
    const C_READ: &str = "ExternalConnection.Read.All";
    const C_ALL: &str = "ExternalConnection.ReadWrite.All";
    const C_OWN: &str = "ExternalConnection.ReadWrite.OwnedBy";
    const I_READ: &str = "ExternalItem.Read.All";
    const I_ALL: &str = "ExternalItem.ReadWrite.All";
    const I_OWN: &str = "ExternalItem.ReadWrite.OwnedBy";
    let names = |scopes: &'static [Scope]| -> BTreeSet<&str> {
        scopes.iter().map(|scope| scope.as_str()).collect()
    };
    let expect = |door: Door| -> (Vec<&str>, Vec<&str>) {
        let both = |scopes: &[&'static str]| (scopes.to_vec(), scopes.to_vec());
        match door {
            ListConnections | CountConnections | GetConnection | GetSchema | ListOperations
            | CountOperations | GetOperation => both(&[C_OWN, C_READ, C_ALL]),
            CreateConnection | CreateConnectionRef | UpdateConnection | DeleteConnection
            | RegisterSchema | RegisterSchemaPost => both(&[C_OWN, C_ALL]),
            ListItems | CountItems | GetItem | ListGroups | CountGroups | GetGroup
            | ListMembers | CountMembers | GetMember => both(&[I_OWN, I_READ, I_ALL]),
            PutItem | UpdateItem | DeleteItem | CreateGroup | UpdateGroup | DeleteGroup
            | AddMember | RemoveMember => both(&[I_OWN, I_ALL]),
            AddActivities => (vec![], vec![I_OWN, I_ALL]),
            ListActivities | CountActivities | GetActivity | GetPerformedBy => {
                (vec![], vec![I_ALL])
            }
            Query => (vec![I_READ, I_ALL], vec![]),
            GetQuota => (vec![], vec![C_OWN]),
            GetMe => (vec!["User.Read"], vec![]),
            ListUsers | CountUsers | GetUser => both(&["User.Read.All"]),
            ListDirectoryGroups | CountDirectoryGroups | GetDirectoryGroup => {
                both(&["Group.Read.All"])
            }
            Batch | Refused => (vec![], vec![]),
        }
    };
    for route in ROUTES.iter().filter(|route| route.door != Refused) {
        let (delegated, application) = expect(route.door);
        assert_eq!(
            names(route.delegated),
            delegated.into_iter().collect(),
            "{}",
            route.path
        );
        assert_eq!(
            names(route.application),
            application.into_iter().collect(),
            "{}",
            route.path
        );
    }
}
