//! `/external/connections/{id}/schema`: every rule, kept and broken.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/externalconnectors-schema>

use proptest::prelude::*;

use super::*;
use crate::any_json::{any_json, object_with};
use crate::error::PublicError;

fn read(properties: Value) -> Result<SchemaDraft, PublicError> {
    SchemaDraft::read(&json!({"baseType": BASE_TYPE, "properties": properties}))
}

#[track_caller]
fn accept(properties: Value) -> Schema {
    match read(properties.clone()) {
        Ok(draft) => draft.schema,
        Err(error) => unreachable!("{properties}: {error:?}"),
    }
}

#[track_caller]
fn refuse(properties: Value, target: &str, part: &str) {
    refused(read(properties), target, part);
}

#[track_caller]
fn refused<T: fmt::Debug>(read: Result<T, PublicError>, target: &str, part: &str) {
    let error = read.unwrap_err();
    assert_eq!(error.status, 400);
    assert_eq!(error.message, "The request is malformed or incorrect.");
    let help = &error.details[0].message;
    assert!(help.contains(part), "{help}");
    assert_eq!(error.target.as_deref(), Some(target), "{help}");
    assert_eq!(&error.inner.unwrap().message, help);
}

#[test]
fn the_answer_has_every_flag() {
    let schema = accept(
        json!([{"name": "ticketTitle", "type": "String", "isSearchable": "true",
        "isRetrievable": true, "isQueryable": "True", "isRefinable": null, "isContent": true,
        "labels": ["Title"], "description": "What it is about", "@odata.type": "#x"}]),
    );
    assert_eq!(
        schema.to_json(false).to_string(),
        "{\"baseType\":\"microsoft.graph.externalItem\",\"properties\":[{\"name\":\"ticketTitle\",\
         \"type\":\"string\",\"description\":\"What it is about\",\"isSearchable\":true,\
         \"isQueryable\":true,\"isRetrievable\":true,\"isRefinable\":false,\
         \"labels\":[\"title\"],\"aliases\":[]}]}"
    );
}

#[test]
fn beta_adds_its_own_members() {
    let schema = accept(json!([
        {"name": "code", "type": "string", "isExactMatchRequired": true, "aliases": ["key"]},
        {"name": "body", "type": "string", "isSearchable": true,
            "rankingHint": {"importanceScore": "VeryHigh"}}
    ]));
    let beta = schema.to_json(true);
    assert_eq!(beta["properties"][0]["isExactMatchRequired"], true);
    assert_eq!(beta["properties"][0].get("rankingHint"), None);
    assert_eq!(
        beta["properties"][1]["rankingHint"],
        json!({"importanceScore": "veryHigh"})
    );
    let first = schema.to_json(false);
    assert_eq!(first["properties"][0].get("isExactMatchRequired"), None);
    assert_eq!(first["properties"][1].get("rankingHint"), None);
    assert_eq!(first["properties"][0]["aliases"], json!(["key"]));
    assert_eq!(first.get("status"), None);
    assert_eq!(first.get("id"), None);
}

#[test]
fn what_we_answer_is_read_back_as_the_same_schema() {
    let schema = accept(json!([
        {"name": "a", "type": "string", "isSearchable": true, "rankingHint": {"importanceScore": "low"}},
        {"name": "b", "type": "dateTimeCollection", "isRefinable": true, "aliases": ["bb"]},
        {"name": "c", "type": "principal", "isRetrievable": true, "labels": ["assignedTo", "closedBy"]}
    ]));
    let again = SchemaDraft::read(&schema.to_json(true)).unwrap();
    assert_eq!(again.schema, schema);
    assert_eq!(again.ignored, [""; 0]);
    let kept = serde_json::to_string(&schema).unwrap();
    assert_eq!(serde_json::from_str::<Schema>(&kept).unwrap(), schema);
}

#[test]
fn base_types() {
    let check = |base_type: Value, ok: bool| {
        let body = json!({"baseType": base_type, "properties": [{"name": "a", "type": "string"}]});
        match SchemaDraft::read(&body) {
            Ok(draft) => {
                assert!(ok, "{base_type}");
                assert_eq!(draft.schema.base_type, "microsoft.graph.externalItem");
            }
            Err(error) => {
                assert!(!ok, "{base_type}: {error:?}");
                assert_eq!(error.target.as_deref(), Some("baseType"));
            }
        }
    };
    check(json!("microsoft.graph.externalItem"), true);
    check(json!("#microsoft.graph.externalItem"), true);
    check(json!("Microsoft.Graph.ExternalItem"), true);
    check(
        json!("microsoft.graph.externalConnectors.externalItem"),
        true,
    );
    check(
        json!("microsoft.graph.externalConnector.externalItem"),
        true,
    );
    check(json!("microsoft.graph.externalFile"), false);
    check(json!(""), false);
    check(json!(null), false);
    check(json!(5), false);
    refused(
        SchemaDraft::read(&json!({"properties": []})),
        "baseType",
        "has no baseType; send `microsoft.graph.externalItem`",
    );
}

#[test]
fn the_list_of_properties() {
    let many = |count: usize| -> Value {
        (0..count)
            .map(|at| json!({"name": format!("p{at}"), "type": "string"}))
            .collect()
    };
    assert_eq!(accept(many(128)).properties.len(), 128);
    refuse(many(129), "properties", "has 129 properties; 1 to 128");
    refuse(json!([]), "properties", "has 0 properties");
    refuse(json!(null), "properties", "has no properties");
    refuse(json!({}), "properties", "must be a JSON array");
    refuse(json!(["title"]), "properties[0]", "must be a JSON object");
    refused(
        SchemaDraft::read(&json!([])),
        "schema",
        "must be a JSON object",
    );
}

#[test]
fn names() {
    let check = |name: &str, ok: bool| {
        let got = read(json!([{"name": name, "type": "string"}]));
        assert_eq!(got.is_ok(), ok, "{name:?}: {got:?}");
    };
    check("a", true);
    check("Title2", true);
    check("2nd", true);
    check(&"x".repeat(32), true);
    check(&"x".repeat(33), false);
    for name in [
        "", " ", "a b", "due-date", "due_date", "größe", "a.b", "a\n",
    ] {
        check(name, false);
    }
    for odd in ":;,()[]{}%$+!*=&?@#\\~'\"<>`^/".chars() {
        check(&format!("a{odd}"), false);
    }
    refuse(
        json!([{"type": "string"}]),
        "properties[0].name",
        "has no name",
    );
    refuse(
        json!([{"name": 5, "type": "string"}]),
        "properties[0].name",
        "must be a string",
    );
    refuse(
        json!([{"name": "due-date", "type": "dateTime"}]),
        "properties[0].name",
        "`due-date` holds `-`; use the letters",
    );
    refuse(
        json!([{"name": "Price", "type": "double"}, {"name": "price", "type": "double"}]),
        "properties.price.name",
        "called `Price` and `price`",
    );
}

#[test]
fn aliases() {
    let two = |first: Value, second: Value| {
        json!([{"name": "one", "type": "string", "aliases": first},
            {"name": "two", "type": "string", "aliases": second}])
    };
    let schema = accept(two(json!(["uno", "eins"]), json!(["one2", "two"])));
    assert!(schema.properties[0].is_called("UNO"));
    assert!(!schema.properties[0].is_called("two"));
    assert_eq!(schema.resolve("Eins").unwrap().name, "one");
    accept(two(json!(null), json!([])));
    let target = "properties.two.aliases";
    refuse(
        two(json!([]), json!(["One"])),
        target,
        "is the name of property `one`",
    );
    refuse(
        two(json!(["x"]), json!(["X"])),
        target,
        "already an alias of property `one`",
    );
    refuse(
        two(json!([]), json!(["x", "x"])),
        target,
        "already an alias of property `two`",
    );
    refuse(two(json!([]), json!("x")), target, "must be a JSON array");
    let target = "properties.two.aliases[0]";
    refuse(two(json!([]), json!(["a b"])), target, "holds ` `");
    refuse(two(json!([]), json!([""])), target, "has 0 characters");
    refuse(
        two(json!([]), json!(["x".repeat(33)])),
        target,
        "has 33 characters",
    );
}

#[test]
fn types_descriptions_and_flags() {
    for (name, kind) in PROPERTY_TYPES {
        for sent in [name.to_owned(), name.to_ascii_uppercase()] {
            let schema = accept(json!([{"name": "a", "type": sent}]));
            assert_eq!(schema.properties[0].kind, kind);
        }
        assert_eq!(kind.to_string(), name);
        assert_eq!(serde_json::to_value(kind).unwrap(), name);
    }
    refuse(json!([{"name": "a"}]), "properties.a.type", "has no type");
    refuse(
        json!([{"name": "a", "type": "booleanCollection"}]),
        "properties.a.type",
        "must be one of: string",
    );
    refuse(
        json!([{"name": "a", "type": "unknownFutureValue"}]),
        "properties.a.type",
        "must be one of",
    );
    let described =
        |count: usize| json!([{"name": "a", "type": "string", "description": "ä".repeat(count)}]);
    accept(described(200));
    refuse(
        described(201),
        "properties.a.description",
        "has 201 characters",
    );
    refuse(
        json!([{"name": "a", "type": "string", "isQueryable": "yes"}]),
        "properties.a.isQueryable",
        "must be true or false, not \"yes\"",
    );
}

#[test]
fn flags_and_types_go_together() {
    let check = |kind: PropertyType, flags: &[&str], ok: bool| {
        let mut property = json!({"name": "a", "type": kind.as_str()});
        for flag in flags {
            property[*flag] = json!(true);
        }
        let got = read(json!([property]));
        assert_eq!(got.is_ok(), ok, "{property}: {got:?}");
    };
    for (_, kind) in PROPERTY_TYPES {
        check(kind, &["isSearchable"], kind.is_text());
        check(kind, &["isRefinable"], !kind.is_principal());
        check(kind, &["isExactMatchRequired"], kind.is_text());
        check(kind, &["isQueryable", "isRetrievable"], true);
        check(kind, &["isSearchable", "isRefinable"], false);
        check(kind, &["isSearchable", "isExactMatchRequired"], false);
    }
    refuse(
        json!([{"name": "a", "type": "int64", "isSearchable": true}]),
        "properties.a.isSearchable",
        "is of type int64 and isSearchable; only string and stringCollection",
    );
}

#[test]
fn ranking_hints() {
    let hinted = |hint: Value, kind: &str, searchable: bool, labels: Value| {
        json!([{"name": "a", "type": kind, "isSearchable": searchable, "isRetrievable": true,
            "labels": labels, "rankingHint": hint}])
    };
    let low = json!({"importanceScore": "low", "@odata.type": "#x"});
    let target = "properties.a.rankingHint";
    accept(hinted(low.clone(), "string", true, json!([])));
    accept(hinted(json!(null), "int64", false, json!([])));
    refuse(
        hinted(low.clone(), "string", false, json!([])),
        target,
        "only a searchable",
    );
    refuse(
        hinted(low.clone(), "string", true, json!(["title"])),
        target,
        "without labels",
    );
    refuse(
        hinted(low, "int64", false, json!([])),
        target,
        "only a searchable",
    );
    refuse(
        hinted(json!({}), "string", true, json!([])),
        target,
        "has no importanceScore",
    );
    refuse(
        hinted(
            json!({"importanceScore": "unknownFutureValue"}),
            "string",
            true,
            json!([]),
        ),
        "properties.a.rankingHint.importanceScore",
        "must be one of: low, medium, high, veryHigh",
    );
}

#[test]
fn labels_need_a_retrievable_property_of_a_fitting_type() {
    let labelled = |label: &str, kind: &str, retrievable: bool| json!([{"name": "a", "type": kind, "isRetrievable": retrievable, "labels": [label]}]);
    let check = |label: &str, kind: &str, ok: bool| {
        let got = read(labelled(label, kind, true));
        assert_eq!(got.is_ok(), ok, "{label} {kind}: {got:?}");
        // The flags of a profile's parts mean nothing, so none of them is needed.
        let unflagged = read(labelled(label, kind, false)).is_ok();
        assert_eq!(
            unflagged,
            ok && label.starts_with("person"),
            "{label} {kind}"
        );
    };
    check("title", "string", true);
    check("title", "stringCollection", false);
    check("url", "int64", false);
    check("authors", "stringCollection", true);
    check("authors", "principal", false);
    check("createdDateTime", "dateTime", true);
    check("createdDateTime", "string", false);
    check("dueDate", "dateTimeCollection", false);
    check("tags", "stringCollection", true);
    check("numReactions", "int64", true);
    check("numberOfReactions", "string", true);
    check("numberOfReactions", "double", false);
    check("assignedTo", "principalCollection", true);
    check("reportedBy", "principal", true);
    check("sprintName", "principal", false);
    check("personAccount", "string", true);
    check("personSkills", "stringCollection", true);
    check("personSkills", "string", false);
    refuse(
        labelled("title", "string", false),
        "properties.a.isRetrievable",
        "carries the label title and must therefore be retrievable",
    );
    refuse(
        json!([{"name": "a", "type": "string", "labels": ["personName", "title"]}]),
        "properties.a.isRetrievable",
        "carries the label title and must therefore be retrievable",
    );
    refuse(
        labelled("titel", "string", true),
        "properties.a.labels",
        "did you mean title",
    );
    refuse(
        labelled("title", "int64", true),
        "properties.a.labels",
        "fits string, but property `a` is of type int64",
    );
}

#[test]
fn a_label_belongs_to_one_property() {
    let two = |first: Value, second: Value| {
        json!([{"name": "a", "type": "string", "isRetrievable": true, "labels": first},
            {"name": "b", "type": "string", "isRetrievable": true, "labels": second}])
    };
    let schema = accept(two(json!(["title", "fileName"]), json!(["url"])));
    assert_eq!(schema.labelled("fileName").unwrap().name, "a");
    assert_eq!(schema.resolve("Label_Url").unwrap().name, "b");
    let target = "properties.b.labels";
    refuse(
        two(json!(["title"]), json!(["Title"])),
        target,
        "is given to property `a` and again to `b`",
    );
    refuse(
        two(json!(["assignedTo"]), json!(["assignedToPeople"])),
        target,
        "assignedToPeople",
    );
    refuse(
        two(json!([]), json!(["url", "url"])),
        target,
        "again to `b`",
    );
    refuse(
        two(json!(["personAccount"]), json!(["personAccount"])),
        target,
        "personAccount",
    );
}

#[test]
fn unknown_members_are_told_and_labels_are_advised() {
    let draft = SchemaDraft::read(
        &json!({"baseType": BASE_TYPE, "id": null, "status": "x", "@odata.context": "y",
        "properties": [{"name": "a", "type": "string", "isContent": true},
            {"name": "b", "type": "string", "isContent": true, "isSortable": true, "isSearchable": true,
             "rankingHint": {"importanceScore": "low", "boost": 2}}]}),
    )
    .unwrap();
    assert_eq!(
        draft.ignored,
        [
            "status",
            "properties.isContent",
            "properties.isSortable",
            "properties.rankingHint.boost"
        ]
    );
    assert_eq!(draft.schema.advice().len(), 3);
    let of_people = read(json!([
        {"name": "account", "type": "string", "labels": ["personAccount"]},
        {"name": "boss", "type": "string", "labels": ["personManager"]}
    ]))
    .unwrap();
    assert_eq!(
        of_people.schema.labels_without_effect(),
        ["The label personManager is declared and not supported; it has no effect."]
    );
}

#[test]
fn a_schema_may_grow_but_not_shrink() {
    let former = accept(json!([
        {"name": "title", "type": "string", "isSearchable": true, "isRetrievable": true, "labels": ["title"]},
        {"name": "price", "type": "double", "isRefinable": true}
    ]));
    let check = |properties: Value, expect: Option<(&str, &str)>| match (
        accept(properties.clone()).replaces(&former),
        expect,
    ) {
        (Ok(()), None) => {}
        (Err(error), Some((target, part))) => refused(Err::<(), _>(error), target, part),
        (got, _) => unreachable!("{properties}: {got:?}"),
    };
    let title = json!({"name": "title", "type": "string", "isRetrievable": true});
    let price = json!({"name": "price", "type": "double", "isRefinable": true});
    assert_eq!(former.replaces(&former), Ok(()));
    // Added properties, other order, searchable and labels taken away, queryable and aliases given.
    check(
        json!([price, title, {"name": "new", "type": "int64", "isRefinable": true}]),
        None,
    );
    check(
        json!([title, {"name": "price", "type": "double", "isRefinable": true,
        "isQueryable": true, "isRetrievable": true, "aliases": ["cost"]}]),
        None,
    );
    check(
        json!([title]),
        Some(("properties.price", "cannot be deleted")),
    );
    check(
        json!([title, {"name": "Price", "type": "double", "isRefinable": true}]),
        Some(("properties.price.name", "cannot become `Price`")),
    );
    check(
        json!([title, {"name": "price", "type": "int64", "isRefinable": true}]),
        Some((
            "properties.price.type",
            "registered as double; its type cannot become int64",
        )),
    );
    check(
        json!([title, {"name": "price", "type": "double"}]),
        Some((
            "properties.price.isRefinable",
            "registered with isRefinable true",
        )),
    );
    check(
        json!([price, {"name": "title", "type": "string", "isRetrievable": true, "isRefinable": true}]),
        Some((
            "properties.title.isRefinable",
            "registered with isRefinable false",
        )),
    );
    check(
        json!([price, {"name": "title", "type": "string"}]),
        Some(("properties.title.isRetrievable", "cannot be taken back")),
    );
}

#[test]
fn the_flags_choose_properties() {
    let schema = accept(json!([
        {"name": "a", "type": "string", "isSearchable": true, "isQueryable": true},
        {"name": "b", "type": "int64", "isRefinable": true, "isRetrievable": true}
    ]));
    let names = |them: Vec<&Property>| them.iter().map(|it| it.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(schema.searchable().collect()), ["a"]);
    assert_eq!(names(schema.queryable().collect()), ["a"]);
    assert_eq!(names(schema.refinable().collect()), ["b"]);
    assert_eq!(names(schema.retrievable().collect()), ["b"]);
    assert_eq!(schema.position("B"), Some(1));
    assert_eq!(schema.position("c"), None);
}

proptest! {
    #[test]
    fn any_json_is_read_or_refused(body in any_json()) {
        if let Err(error) = SchemaDraft::read(&body) {
            prop_assert_eq!(error.status, 400);
        }
    }

    #[test]
    fn any_property_is_read_or_refused(
        property in object_with(&["description", "isSearchable", "rankingHint", "labels", "aliases"]),
        kind in proptest::sample::select(&PROPERTY_TYPES[..]),
    ) {
        let mut property = property;
        property["name"] = json!("title");
        property["type"] = json!(kind.0);
        match read(json!([property])) {
            Ok(draft) => {
                let again = SchemaDraft::read(&draft.schema.to_json(true)).unwrap();
                prop_assert_eq!(again.schema, draft.schema);
            }
            Err(error) => prop_assert_eq!(error.status, 400),
        }
    }
}
