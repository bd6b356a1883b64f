//! `/external/connections/{id}/groups`: what is accepted, refused and printed.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/externalconnectors-externalgroup>

use proptest::prelude::*;

use super::*;
use crate::any_json::any_json_of;

const GUID: &str = "E5477431-1038-484E-BF69-1DFEDB37A110";

#[test]
fn groups_are_read_and_printed() {
    let check = |body: Value, printed: &str, ignored: &[&str]| {
        let draft = GroupDraft::read(&body).unwrap();
        assert_eq!(draft.group.to_json().to_string(), printed);
        assert_eq!(draft.ignored, ignored);
    };
    check(
        json!({"id": "g_1-x", "displayName": "One", "description": "First"}),
        r#"{"id":"g_1-x","displayName":"One","description":"First"}"#,
        &[],
    );
    check(
        json!({"@odata.type": "#x", "id": "G", "displayName": null, "colour": 1}),
        r#"{"id":"G","displayName":null,"description":null}"#,
        &["colour"],
    );
}

#[test]
fn broken_groups_are_refused() {
    let check = |body: Value, target: &str| {
        let error = GroupDraft::read(&body).unwrap_err();
        assert_eq!(error.status, 400, "{body}");
        assert_eq!(error.target.as_deref(), Some(target), "{body}");
    };
    check(json!(null), "externalGroup");
    check(json!([]), "externalGroup");
    check(json!({}), "id");
    check(json!({"id": null}), "id");
    check(json!({"id": 5}), "id");
    check(json!({"id": "a/b"}), "id");
    check(json!({"id": "a", "displayName": 5}), "displayName");
    check(json!({"id": "a", "description": []}), "description");
}

#[test]
fn a_patch_changes_what_it_names() {
    let group = GroupDraft::read(&json!({"id": "g", "displayName": "One", "description": "First"}))
        .unwrap()
        .group;
    let check = |body: Value, display_name: Option<&str>, description: Option<&str>| {
        let patched = GroupPatch::read("staff", &body).unwrap().apply(&group);
        assert_eq!(patched.id, group.id);
        assert_eq!(patched.display_name.as_deref(), display_name, "{body}");
        assert_eq!(patched.description.as_deref(), description, "{body}");
    };
    check(json!({}), Some("One"), Some("First"));
    check(json!({"id": "other"}), Some("One"), Some("First"));
    check(json!({"displayName": "Two"}), Some("Two"), Some("First"));
    check(json!({"description": null}), Some("One"), None);
    let ignored = |id: &str| {
        GroupPatch::read("staff", &json!({"id": id, "members": []}))
            .unwrap()
            .ignored
    };
    assert_eq!(ignored("staff"), ["members"]);
    assert_eq!(ignored("Staff"), ["members", "id"]);
    assert!(GroupPatch::read("staff", &json!({"displayName": 1})).is_err());
    assert!(GroupPatch::read("staff", &json!([])).is_err());
}

#[test]
fn members_are_read_and_printed() {
    let check = |body: Value, expect: Value| {
        assert_eq!(Identity::read(&body).unwrap().to_json(), expect, "{body}");
    };
    let lower = GUID.to_ascii_lowercase();
    check(
        json!({"id": GUID, "type": "user"}),
        json!({"id": lower, "type": "user"}),
    );
    check(
        json!({"@odata.type": "#microsoft.graph.externalConnectors.identity", "id": GUID, "type": "Group"}),
        json!({"id": lower, "type": "group"}),
    );
    check(
        json!({"id": "Alice", "type": "user"}),
        json!({"id": "Alice", "type": "user"}),
    );
    check(
        json!({"id": "G-1", "type": "externalgroup"}),
        json!({"id": "G-1", "type": "externalGroup"}),
    );
    check(
        json!({"id": GUID, "type": "externalGroup"}),
        json!({"id": GUID, "type": "externalGroup"}),
    );
    check(
        json!({"id": "G-1", "type": "group", "identitySource": "External"}),
        json!({"id": "G-1", "type": "externalGroup"}),
    );
    check(
        json!({"id": GUID, "type": "group", "identitySource": "Azure Active Directory"}),
        json!({"id": lower, "type": "group"}),
    );
}

#[test]
fn broken_members_are_refused() {
    let check = |body: Value, target: &str| {
        let error = Identity::read(&body).unwrap_err();
        assert_eq!(error.status, 400, "{body}");
        assert_eq!(error.target.as_deref(), Some(target), "{body}");
    };
    check(json!("x"), "identity");
    check(json!({}), "type");
    check(json!({"id": "x"}), "type");
    check(json!({"id": "x", "type": "everyone"}), "type");
    check(json!({"id": "x", "type": "unknownFutureValue"}), "type");
    check(json!({"type": "user"}), "id");
    check(json!({"type": "user", "id": " "}), "id");
    check(json!({"type": "user", "id": 5}), "id");
    check(json!({"type": "externalGroup", "id": "a b"}), "id");
    check(
        json!({"type": "user", "id": "x", "identitySource": "external"}),
        "identitySource",
    );
}

/// The words of groups and members.
const WORDS: &[&str] = &[
    "id",
    "type",
    "displayName",
    "description",
    "identitySource",
    "user",
    "group",
    "externalGroup",
    "external",
];

proptest! {
    #[test]
    fn any_body_is_read_or_refused(body in any_json_of(WORDS)) {
        let errors = [
            GroupDraft::read(&body).err(),
            GroupPatch::read("staff", &body).err(),
            Identity::read(&body).err(),
        ];
        for error in errors.into_iter().flatten() {
            prop_assert_eq!(error.status, 400);
        }
    }
}
