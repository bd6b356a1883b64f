//! `/external/connections`: what is accepted, refused, printed and kept.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/externalconnectors-externalconnection>

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::any_json::any_json_of;

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

/// A good body with one member set.
fn with(name: &str, value: Value) -> Value {
    let mut body = json!({"id": "abc", "name": "n", "description": "d"});
    body[name] = value;
    body
}

/// The member that was sent comes back like this.
fn printed(name: &str, sent: Value, expect: Value) {
    let body = with(name, sent);
    assert_eq!(accepted(&body).to_json(true, None)[name], expect, "{body}");
}

#[test]
fn the_list_of_apps_comes_in_many_forms() {
    let check = |sent: Value, expect: &[&str]| {
        printed("configuration", sent, json!({ "authorizedAppIds": expect }));
    };
    check(json!({"authorizedAppIds": []}), &[]);
    check(json!({"authorizedAppIds": null}), &[]);
    check(json!({}), &[]);
    check(Value::Null, &[]);
    check(json!({"@odata.type": "microsoft.graph.x"}), &[]);
    check(
        json!({"authorizedApps": ["a"], "authorizedAppIds": ["A", "b"]}),
        &["A", "b"],
    );
    check(json!({"authorizedApps": ["a"]}), &["a"]);
}

#[test]
fn an_object_of_annotations_is_empty() {
    for bare in [json!({"@odata.type": "microsoft.graph.x"}), json!({})] {
        for (name, list) in [
            ("activitySettings", "urlToItemResolvers"),
            ("searchSettings", "searchResultTemplates"),
            ("complianceSettings", "eDiscoveryResultTemplates"),
        ] {
            printed(name, bare.clone(), json!({ list: [] }));
        }
    }
}

#[test]
fn read_only_members_are_ignored_whatever_their_type() {
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
            let draft = ConnectionDraft::read(&body).unwrap();
            assert_eq!(draft.ignored, [name], "{body}");
        }
        printed("state", placeholder, json!("draft"));
    }
}

#[test]
fn members_are_echoed_in_their_normal_form() {
    let check = printed;
    check(
        "contentCategory",
        json!("KnowledgeBase"),
        json!("knowledgeBase"),
    );
    check("contentCategory", Value::Null, json!("uncategorized"));
    check("description", Value::Null, Value::Null);
    check("connectorId", json!("c"), json!("c"));
    let name = "enabledContentExperiences";
    check(name, json!("search"), json!(["search"]));
    check(
        name,
        json!("search, Compliance"),
        json!(["search", "compliance"]),
    );
    check(name, json!(["Search", "search"]), json!(["search"]));
    check(name, json!([]), json!([]));
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
    let (id, info) = ("x", json!({"urlPattern": "."}));
    let printed = json!({"baseUrls": [], "urlPattern": "."});
    check(
        json!({"priority": null, "itemId": id, "urlMatchInfo": info}),
        json!({"@odata.type": kind, "priority": null, "itemId": id, "urlMatchInfo": printed}),
    );
    check(
        json!({"@odata.type": kind, "priority": "2", "itemId": id, "urlMatchInfo": info}),
        json!({"@odata.type": kind, "priority": 2, "itemId": id, "urlMatchInfo": printed}),
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

/// A POST and a PATCH with this member are refused at this place, with these words.
fn refused_at(member: &str, value: Value, target: &str, words: &str) {
    let body = with(member, value);
    let errors = [
        ConnectionDraft::read(&body).err(),
        ConnectionPatch::read("parts", &body).err(),
    ];
    for error in errors.into_iter().map(Option::unwrap) {
        assert_eq!(error.status, 400, "{body}");
        assert_eq!(error.message, "The request is malformed or incorrect.");
        assert_eq!(error.target.as_deref(), Some(target), "{body}");
        let help = &error.details[0].message;
        assert!(help.contains(words), "{help}");
    }
}

#[test]
fn refusals_name_the_member() {
    let check = refused_at;
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
    let name = "enabledContentExperiences";
    check(name, json!("all"), name, "compliance");
    let name = "configuration";
    check(name, json!([]), name, "an array");
    check(
        name,
        json!({"authorizedAppIds": "a"}),
        "configuration.authorizedAppIds",
        "array",
    );
    check(
        name,
        json!({"authorizedApps": [""]}),
        "configuration.authorizedApps",
        "empty",
    );
    let error = ConnectionDraft::read(&with("id", json!(5))).unwrap_err();
    assert_eq!((error.status, error.target.as_deref()), (400, Some("id")));
}

#[test]
fn refusals_name_the_resolver() {
    let check = |resolvers: Value, place: &str, words: &str| {
        let target = format!("activitySettings.urlToItemResolvers{place}");
        refused_at(
            "activitySettings",
            json!({ "urlToItemResolvers": resolvers }),
            &target,
            words,
        );
    };
    refused_at("activitySettings", json!("x"), "activitySettings", "object");
    check(json!({}), "", "an object");
    check(json!(vec![json!({}); 9]), "", "at most 8");
    check(json!(["x"]), "[0]", "object");
    check(json!([{"priority": 0}]), "[0].priority", "from 1 to 8");
    let whole = json!({"itemId": "x", "urlMatchInfo": {"urlPattern": "."}});
    check(json!([whole, {"priority": 9}]), "[1].priority", "is 9");
    check(json!([{}]), "[0].itemId", "missing");
    check(
        json!([{"itemId": "", "urlMatchInfo": whole["urlMatchInfo"]}]),
        "[0].itemId",
        "empty",
    );
    check(
        json!([{"@odata.type": "#x.urlToItemResolverBase"}]),
        "[0].@odata.type",
        "itemIdResolver",
    );
    check(
        json!([{"itemId": "x", "urlMatchInfo": {"urlPattern": 1}}]),
        "[0].urlMatchInfo.urlPattern",
        "string",
    );
}

#[test]
fn refusals_name_the_template() {
    let check = |templates: Value, place: &str, words: &str| {
        let target = format!("searchSettings.searchResultTemplates{place}");
        refused_at(
            "searchSettings",
            json!({ "searchResultTemplates": templates }),
            &target,
            words,
        );
    };
    let template = |id: Value| json!({"id": id, "layout": layout()});
    let of = |ids: [&str; 3]| ids.map(|id| template(json!(id)));
    check(json!(of(["a", "b", "c"])), "", "at most 2");
    check(json!(of(["a", "a", "c"])[..2]), "[1].id", "differ");
    for id in [
        json!(null),
        json!(""),
        json!("a-b"),
        json!("a".repeat(17)),
        json!(1),
    ] {
        check(json!([template(id)]), "[0].id", "16 letters");
    }
    check(json!([{"id": "a"}]), "[0].layout", "null");
    check(json!([{"id": "a", "layout": "{}"}]), "[0].layout", "object");
    let mut broken = template(json!("a"));
    broken["layout"]["body"] = json!(5);
    check(json!([broken]), "[0].layout.body", "array");
    let mut negative = template(json!("a"));
    negative["priority"] = json!(-1);
    check(json!([negative]), "[0].priority", "-1");
    for (rule, place, words) in [
        (
            json!({"operation": "equals"}),
            "[0].rules[0].property",
            "string",
        ),
        (json!({"property": "p"}), "[0].rules[0].operation", "null"),
        (
            json!({"property": "p", "operation": "like"}),
            "[0].rules[0].operation",
            "startsWith",
        ),
    ] {
        let mut ruled = template(json!("a"));
        ruled["rules"] = json!([rule]);
        check(json!([ruled]), place, words);
    }
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
        "searchSettings": {"more": 1}, "activitySettings": {"urlToItemResolvers": [
            {"what": 1, "itemId": "x", "urlMatchInfo": {"urlPattern": "."}}
        ]}
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
        let patch = ConnectionPatch::read("parts", &body).unwrap();
        (patch.apply(&connection), patch.ignored)
    };
    let (same, ignored) = patched(json!({"id": 5, "state": "ready", "configuration": {}}));
    assert_eq!(same, connection);
    assert_eq!(ignored, ["state", "id"]);
    assert!(patched(json!({"id": "PARTS"})).1.is_empty());
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
            ConnectionPatch::read("parts", &body).unwrap_err().status,
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

/// The words of connections.
const WORDS: &[&str] = &[
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
];

proptest! {
    #[test]
    fn any_body_is_read_or_refused(body in any_json_of(WORDS)) {
        if let Err(error) = ConnectionDraft::read(&body) {
            prop_assert_eq!(error.status, 400);
        }
        match ConnectionPatch::read("parts", &body) {
            Err(error) => prop_assert_eq!(error.status, 400),
            Ok(patch) => {
                let patched = patch.apply(&accepted(&json!({"name": "n"})));
                prop_assert_eq!(ExternalConnection::from_kept(&patched.to_kept()), Ok(patched));
            }
        }
    }
}
