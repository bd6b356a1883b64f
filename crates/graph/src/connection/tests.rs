//! `/external/connections`: what is accepted, refused, printed and kept.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/externalconnectors-externalconnection>
#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

fn accepted(body: &Value) -> ExternalConnection {
    let draft = ConnectionDraft::read(body).unwrap();
    ExternalConnection {
        id: ConnectionId::kept("partslist"),
        state: ConnectionState::Draft,
        authorized_app_ids: draft.authorized_app_ids,
        members: draft.members,
    }
}

fn layout() -> Value {
    json!({"type": "AdaptiveCard", "version": "1.3", "body": [{"type": "TextBlock", "text": "${title}"}]})
}

#[test]
fn the_skeleton_of_the_contract() {
    let mut connection = accepted(&json!({
        "id": "partslist", "name": "Parts list", "description": "Spare parts"
    }));
    connection.authorized_app_ids.push("app".to_owned());
    let v1 = r#"{"id":"partslist","name":"Parts list","description":"Spare parts","state":"draft","contentCategory":"uncategorized","activitySettings":null,"searchSettings":null,"connectorId":null,"configuration":{"authorizedAppIds":["app"]}"#;
    assert_eq!(
        connection.to_json(false, Some(7)).to_string(),
        format!("{v1}}}")
    );
    let beta = |count: &str| {
        format!(
            r#"{v1},"enabledContentExperiences":[],"complianceSettings":null,"ingestedItemsCount":{count}}}"#
        )
    };
    assert_eq!(connection.to_json(true, Some(7)).to_string(), beta("null"));
    connection.state = ConnectionState::Ready;
    let ready = connection.to_json(true, Some(7)).to_string();
    assert_eq!(ready, beta("7").replace("draft", "ready"));
    assert_eq!(connection.name(), "Parts list");
    let mut printed = connection.to_json(false, None);
    ExternalConnection::repeat_authorized_apps(&mut printed);
    assert_eq!(
        printed["configuration"],
        json!({"authorizedAppIds": ["app"], "authorizedApps": ["app"]})
    );
}

#[test]
fn bodies_of_real_clients_are_accepted() {
    let check = |body: Value, member: &str, expect: Value| {
        let printed = accepted(&body).to_json(true, None);
        assert_eq!(printed[member], expect, "{body}");
    };
    // The CLI for Microsoft 365 and the early pages.
    let base = json!({"id": "abc", "name": "n", "description": "d"});
    let with = |name: &str, value: Value| {
        let mut body = base.clone();
        body[name] = value;
        body
    };
    let apps = |value: Value| json!({ "authorizedAppIds": value });
    check(
        with("configuration", json!({"authorizedAppIds": []})),
        "configuration",
        apps(json!([])),
    );
    check(
        with("configuration", json!({})),
        "configuration",
        apps(json!([])),
    );
    check(
        with("configuration", Value::Null),
        "configuration",
        apps(json!([])),
    );
    check(
        with(
            "configuration",
            json!({"authorizedApps": ["a"], "authorizedAppIds": ["A", "b"]}),
        ),
        "configuration",
        apps(json!(["A", "b"])),
    );
    for bare in [json!({"@odata.type": "microsoft.graph.x"}), json!({})] {
        check(
            with("activitySettings", bare.clone()),
            "activitySettings",
            json!({"urlToItemResolvers": []}),
        );
        check(
            with("searchSettings", bare.clone()),
            "searchSettings",
            json!({"searchResultTemplates": []}),
        );
        check(
            with("complianceSettings", bare.clone()),
            "complianceSettings",
            json!({"eDiscoveryResultTemplates": []}),
        );
        check(
            with("configuration", bare),
            "configuration",
            apps(json!([])),
        );
    }
    for placeholder in [
        json!("String"),
        json!(7),
        json!(null),
        json!({}),
        json!([1]),
    ] {
        for name in [
            "state",
            "ingestedItemsCount",
            "items",
            "groups",
            "operations",
            "schema",
            "quota",
        ] {
            let body = with(name, placeholder.clone());
            assert!(
                ConnectionDraft::read(&body).unwrap().ignored.is_empty(),
                "{body}"
            );
        }
        check(with("state", placeholder), "state", json!("draft"));
    }
    check(
        with("contentCategory", json!("KnowledgeBase")),
        "contentCategory",
        json!("knowledgeBase"),
    );
    check(
        with("contentCategory", Value::Null),
        "contentCategory",
        json!("uncategorized"),
    );
    check(with("description", Value::Null), "description", Value::Null);
    check(with("connectorId", json!("c")), "connectorId", json!("c"));
    let experiences = "enabledContentExperiences";
    check(
        with(experiences, json!("search")),
        experiences,
        json!(["search"]),
    );
    check(
        with(experiences, json!("search, Compliance")),
        experiences,
        json!(["search", "compliance"]),
    );
    check(
        with(experiences, json!(["Search", "search"])),
        experiences,
        json!(["search"]),
    );
    check(with(experiences, json!([])), experiences, json!([]));
}

#[test]
fn a_missing_id_is_left_to_the_path() {
    let read = |body: Value| ConnectionDraft::read(&body).unwrap();
    assert_eq!(read(json!({"name": "n"})).id, None);
    assert_eq!(read(json!({"name": "n", "id": null})).id, None);
    let draft = read(json!({"name": "n", "id": "Abc", "configuration": {"authorizedApps": []}}));
    assert_eq!(draft.id.unwrap().as_str(), "Abc");
    assert!(draft.used_authorized_apps);
    assert!(!read(json!({"name": "n"})).used_authorized_apps);
}

#[test]
fn resolvers_have_a_normal_form() {
    let kind = "#microsoft.graph.externalConnectors.itemIdResolver";
    let check = |resolver: Value, expect: Value| {
        let body = json!({"name": "n", "activitySettings": {"urlToItemResolvers": [resolver]}});
        let printed = accepted(&body).to_json(false, None);
        assert_eq!(
            printed["activitySettings"],
            json!({"urlToItemResolvers": [expect]}),
            "{body}"
        );
    };
    check(
        json!({
            "@odata.type": "microsoft.graph.externalConnectors.itemIdResolver", "priority": 1,
            "itemId": "{slug}", "urlMatchInfo": {"baseUrls": ["https://a"], "urlPattern": "$'/(?<slug>[^/]+)'"}
        }),
        json!({
            "@odata.type": kind, "priority": 1, "itemId": "{slug}",
            "urlMatchInfo": {"baseUrls": ["https://a"], "urlPattern": "$'/(?<slug>[^/]+)'"}
        }),
    );
    check(
        json!({"@odata.type": kind, "priority": 8}),
        json!({"@odata.type": kind, "priority": 8}),
    );
    check(
        json!({"priority": null}),
        json!({"@odata.type": kind, "priority": null}),
    );
    check(
        json!({"priority": "2", "urlMatchInfo": {}}),
        json!({"@odata.type": kind, "priority": 2, "urlMatchInfo": {"baseUrls": [], "urlPattern": null}}),
    );
}

#[test]
fn templates_have_a_normal_form_and_their_layout_stays() {
    let body = json!({"name": "n", "searchSettings": {"searchResultTemplates": [
        {"id": "one", "priority": 0, "layout": layout(), "rules": [
            {"property": "kind", "operation": "StartsWith", "values": ["a"], "valuesJoinedBy": "AND"},
            {"property": "x", "operation": "null"}
        ]},
        {"id": "two", "layout": {"default": layout()}}
    ]}});
    let printed = accepted(&body).to_json(false, None);
    assert_eq!(
        printed["searchSettings"],
        json!({"searchResultTemplates": [
            {"id": "one", "priority": 0, "rules": [
                {"property": "kind", "operation": "startsWith", "values": ["a"], "valuesJoinedBy": "and"},
                {"property": "x", "operation": "null", "values": [], "valuesJoinedBy": "or"}
            ], "layout": layout()},
            {"id": "two", "rules": [], "layout": {"default": layout()}}
        ]})
    );
}

#[test]
fn refusals_name_the_place() {
    let check = |member: &str, value: Value, target: &str, words: &str| {
        let mut body = json!({"id": "abc", "name": "n"});
        body[member] = value;
        let error = ConnectionDraft::read(&body).unwrap_err();
        assert_eq!(error.status, 400, "{body}");
        assert_eq!(error.message, "The request is malformed or incorrect.");
        assert_eq!(error.target.as_deref(), Some(target), "{body}");
        assert!(
            error.details[0].message.contains(words),
            "{:?}",
            error.details
        );
        assert_eq!(
            ConnectionPatch::read(&body).is_err(),
            member != "id",
            "{body}"
        );
    };
    check("id", json!(5), "id", "must be a string");
    check("name", Value::Null, "name", "name");
    check("name", json!(5), "name", "must be a string");
    check("name", json!(" "), "name", "empty");
    check("name", json!("n".repeat(129)), "name", "129");
    check("description", json!({}), "description", "must be a string");
    check("connectorId", json!(1), "connectorId", "must be a string");
    check("contentCategory", json!("news"), "contentCategory", "wikis");
    check(
        "contentCategory",
        json!("unknownFutureValue"),
        "contentCategory",
        "crm",
    );
    check(
        "enabledContentExperiences",
        json!("all"),
        "enabledContentExperiences",
        "compliance",
    );
    check("configuration", json!([]), "configuration", "an array");
    check(
        "configuration",
        json!({"authorizedAppIds": "a"}),
        "configuration.authorizedAppIds",
        "array",
    );
    check(
        "configuration",
        json!({"authorizedApps": [""]}),
        "configuration.authorizedApps",
        "empty",
    );

    let resolvers = |value: Value| json!({ "urlToItemResolvers": value });
    let list = "activitySettings.urlToItemResolvers";
    let one = format!("{list}[0]");
    let at = |rest: &str| format!("{one}.{rest}");
    check("activitySettings", json!("x"), "activitySettings", "object");
    check("activitySettings", resolvers(json!({})), list, "an object");
    check(
        "activitySettings",
        resolvers(json!(vec![json!({}); 9])),
        list,
        "at most 8",
    );
    check("activitySettings", resolvers(json!(["x"])), &one, "object");
    check(
        "activitySettings",
        resolvers(json!([{"priority": 0}])),
        &at("priority"),
        "from 1 to 8",
    );
    check(
        "activitySettings",
        resolvers(json!([{"priority": 9}])),
        &at("priority"),
        "is 9",
    );
    check(
        "activitySettings",
        resolvers(json!([{"itemId": ""}])),
        &at("itemId"),
        "empty",
    );
    check(
        "activitySettings",
        resolvers(
            json!([{"@odata.type": "#microsoft.graph.externalConnectors.urlToItemResolverBase"}]),
        ),
        &at("@odata.type"),
        "itemIdResolver",
    );
    check(
        "activitySettings",
        resolvers(json!([{"urlMatchInfo": {"urlPattern": 1}}])),
        &at("urlMatchInfo.urlPattern"),
        "string",
    );

    let templates = |value: Value| json!({ "searchResultTemplates": value });
    let list = "searchSettings.searchResultTemplates";
    let one = format!("{list}[0]");
    let at = |rest: &str| format!("{one}.{rest}");
    let template = |id: Value| json!({"id": id, "layout": layout()});
    let three = json!([
        template(json!("a")),
        template(json!("b")),
        template(json!("c"))
    ]);
    check("searchSettings", templates(three), list, "at most 2");
    check(
        "searchSettings",
        templates(json!([template(json!("a")), template(json!("a"))])),
        &format!("{list}[1].id"),
        "differ",
    );
    for id in [
        json!(null),
        json!(""),
        json!("a-b"),
        json!("a".repeat(17)),
        json!(1),
    ] {
        check(
            "searchSettings",
            templates(json!([template(id)])),
            &at("id"),
            "16 letters",
        );
    }
    check(
        "searchSettings",
        templates(json!([{"id": "a"}])),
        &at("layout"),
        "null",
    );
    check(
        "searchSettings",
        templates(json!([{"id": "a", "layout": "{}"}])),
        &at("layout"),
        "object",
    );
    check(
        "searchSettings",
        templates(
            json!([{"id": "a", "layout": {"type": "AdaptiveCard", "version": "1.0", "body": 5}}]),
        ),
        &at("layout.body"),
        "array",
    );
    let ruled = |rule: Value| templates(json!([{"id": "a", "layout": layout(), "rules": [rule]}]));
    check(
        "searchSettings",
        ruled(json!({"operation": "equals"})),
        &at("rules[0].property"),
        "string",
    );
    check(
        "searchSettings",
        ruled(json!({"property": "p"})),
        &at("rules[0].operation"),
        "null",
    );
    check(
        "searchSettings",
        ruled(json!({"property": "p", "operation": "like"})),
        &at("rules[0].operation"),
        "startsWith",
    );
    let mut negative = template(json!("a"));
    negative["priority"] = json!(-1);
    check(
        "searchSettings",
        templates(json!([negative])),
        &at("priority"),
        "-1",
    );
}

#[test]
fn a_body_without_a_name_is_refused_by_that_name() {
    for body in [
        json!({}),
        json!(null),
        json!([]),
        json!("x"),
        json!({"id": "abc"}),
    ] {
        let error = ConnectionDraft::read(&body).unwrap_err();
        assert_eq!(error.status, 400);
        assert_eq!(error.target.as_deref(), Some("name"), "{body}");
    }
}

#[test]
fn unknown_members_are_noted() {
    let body = json!({
        "name": "n", "colour": "red", "@odata.type": "x", "configuration": {"extra": 1},
        "searchSettings": {"more": 1}, "activitySettings": {"urlToItemResolvers": [{"what": 1}]}
    });
    assert_eq!(
        ConnectionDraft::read(&body).unwrap().ignored,
        [
            "colour",
            "configuration.extra",
            "activitySettings.urlToItemResolvers[0].what",
            "searchSettings.more"
        ]
    );
}

#[test]
fn a_patch_merges() {
    let connection = accepted(&json!({
        "name": "n", "description": "d", "contentCategory": "crm", "connectorId": "c",
        "configuration": {"authorizedAppIds": ["a"]}
    }));
    let patched = |body: Value| {
        let patch = ConnectionPatch::read(&body).unwrap();
        (patch.apply(&connection), patch.ignored)
    };
    let (same, ignored) = patched(json!({"id": 5, "state": "ready", "configuration": {}}));
    assert_eq!(same, connection);
    assert!(ignored.is_empty());
    let (changed, ignored) = patched(json!({
        "name": "m", "description": null, "contentCategory": null, "connectorId": "other",
        "configuration": {"authorizedAppIds": ["b"]}, "colour": 1
    }));
    assert_eq!(ignored, ["colour", "connectorId"]);
    let printed = changed.to_json(false, None);
    assert_eq!(printed["name"], "m");
    assert_eq!(printed["description"], Value::Null);
    assert_eq!(printed["contentCategory"], "uncategorized");
    assert_eq!(printed["connectorId"], "c");
    assert_eq!(printed["configuration"], json!({"authorizedAppIds": ["b"]}));
    let (emptied, _) = patched(json!({"configuration": null}));
    assert!(emptied.authorized_app_ids.is_empty());
    for body in [json!([]), json!(null), json!({"name": null})] {
        assert_eq!(
            ConnectionPatch::read(&body).unwrap_err().status,
            400,
            "{body}"
        );
    }
}

#[test]
fn a_kept_connection_is_the_same() {
    let connection = accepted(&json!({
        "name": "n", "enabledContentExperiences": "search",
        "searchSettings": {"searchResultTemplates": [{"id": "a", "layout": layout()}]},
        "configuration": {"authorizedAppIds": ["a"]}
    }));
    let kept = connection.to_kept();
    assert_eq!(ExternalConnection::from_kept(&kept), Ok(connection));
    assert!(ExternalConnection::from_kept("{}").is_err());
    let later = kept.replace("\"format\":1", "\"format\":2");
    assert!(
        ExternalConnection::from_kept(&later)
            .unwrap_err()
            .contains("format 2")
    );
}

/// Any JSON with the words of connections thrown in.
fn any_json() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "id",
        "name",
        "description",
        "configuration",
        "authorizedAppIds",
        "activitySettings",
        "itemId",
        "urlToItemResolvers",
        "priority",
        "urlMatchInfo",
        "searchSettings",
        "searchResultTemplates",
        "layout",
        "rules",
        "property",
        "operation",
        "equals",
        "contentCategory",
        "enabledContentExperiences",
        "type",
        "AdaptiveCard",
        "version",
        "1.3",
        "@odata.type",
        "state",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((word.clone(), inner), 0..8).prop_map(|members| {
                members
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect::<Map<String, Value>>()
                    .into()
            }),
        ]
    })
}

proptest! {
    #[test]
    fn any_body_is_read_or_refused(body in any_json()) {
        if let Err(error) = ConnectionDraft::read(&body) {
            prop_assert_eq!(error.status, 400);
        }
        match ConnectionPatch::read(&body) {
            Err(error) => prop_assert_eq!(error.status, 400),
            Ok(patch) => {
                let patched = patch.apply(&accepted(&json!({"name": "n"})));
                prop_assert_eq!(ExternalConnection::from_kept(&patched.to_kept()), Ok(patched));
            }
        }
    }
}
