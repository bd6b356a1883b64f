//! `/external/connections/{id}/items/{id}`: items from the wire to the store and back.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/externalconnectors-externalitem>

use proptest::prelude::*;

use super::*;
use crate::{
    PublicError, Schema, SchemaDraft,
    any_json::{any_json, object_with},
    value::{DateTime, PRINCIPAL_MEMBERS, Principal},
};

fn schema() -> Schema {
    let body = json!({"baseType": "microsoft.graph.externalItem", "properties": [
        {"name": "title", "type": "string", "isSearchable": true},
        {"name": "tags", "type": "stringCollection"},
        {"name": "count", "type": "int64"},
        {"name": "counts", "type": "int64Collection"},
        {"name": "price", "type": "double"},
        {"name": "prices", "type": "doubleCollection"},
        {"name": "isOpen", "type": "boolean"},
        {"name": "due", "type": "dateTime"},
        {"name": "dues", "type": "dateTimeCollection"},
        {"name": "owner", "type": "principal"},
        {"name": "owners", "type": "principalCollection"}
    ]});
    SchemaDraft::read(&body).unwrap().schema
}

fn id() -> ItemId {
    ItemId::admit("T-1").unwrap()
}

fn everyone() -> Json {
    json!([{"type": "everyone", "value": "everyone", "accessType": "grant"}])
}

fn put(body: &Json, existing: Option<&ExternalItem>) -> Result<ExternalItem, PublicError> {
    schema().admit(id(), &ItemDraft::read(&id(), body)?, existing)
}

#[track_caller]
fn accept(body: Json) -> ExternalItem {
    match put(&body, None) {
        Ok(item) => item,
        Err(error) => unreachable!("{body}: {error:?}"),
    }
}

#[track_caller]
fn refuse(body: Json, target: &str, part: &str) {
    let error = put(&body, None).unwrap_err();
    assert_eq!(error.status, 400, "{body}");
    assert_eq!(error.code.as_str(), "InvalidRequest");
    assert_eq!(error.message, "The request is malformed or incorrect.");
    let help = &error.details[0].message;
    assert!(help.contains(part), "{body}: {help}");
    assert_eq!(error.target.as_deref(), Some(target), "{help}");
    assert_eq!(&error.inner.unwrap().message, help);
}

#[test]
fn an_item_as_clients_send_it() {
    let item = accept(json!({
        "@odata.type": "microsoft.graph.externalItem",
        "id": "T-1",
        "acl": everyone(),
        "properties": {
            "@odata.type": "#microsoft.graph.externalConnectors.properties",
            "TITLE": "Pump 7",
            "tags": ["red", null, "blue"],
            "tags@odata.type": "#Collection(String)",
            "count": "3",
            "price": 12,
            "due": "2026-01-02T03:04:05+01:00",
            "isOpen": null,
            "owners": {"principals": [{"upn": "alice@example.com"}]}
        },
        "content": {"type": "Text", "value": "Long text"},
        "activities": [{"type": "created", "performedBy": {"id": "x", "type": "user"}}],
        "informationProtectionLabel": {"sensitivityLabelId": "d9f23ae3-1239-45ea-8bfb-f5a3a6ba0a52"}
    }));
    assert_eq!(
        item.property("title"),
        Some(&Value::String("Pump 7".to_owned()))
    );
    assert_eq!(item.property("isOpen"), None);
    assert_eq!(item.content_text(), Some("Long text"));
    assert_eq!(
        item.to_json(true).to_string(),
        concat!(
            r#"{"id":"T-1","acl":[{"type":"everyone","value":"everyone","accessType":"grant"}],"#,
            r#""properties":{"title":"Pump 7","tags@odata.type":"Collection(String)","tags":["red","blue"],"#,
            r#""count":3,"price":12.0,"due":"2026-01-02T02:04:05Z","#,
            r#""owners@odata.type":"Collection(microsoft.graph.externalConnectors.principal)","#,
            r##""owners":[{"@odata.type":"#microsoft.graph.externalConnectors.principal","upn":"alice@example.com"}]},"##,
            r#""content":{"type":"text","value":"Long text"},"#,
            r#""informationProtectionLabel":{"sensitivityLabelId":"d9f23ae3-1239-45ea-8bfb-f5a3a6ba0a52"},"#,
            r#""activities":[]}"#
        )
    );
    assert_eq!(
        item.to_json(false)["properties"].to_string(),
        concat!(
            r#"{"title":"Pump 7","tags":["red","blue"],"count":3,"price":12.0,"#,
            r#""due":"2026-01-02T02:04:05Z","owners":[{"upn":"alice@example.com"}]}"#
        )
    );
}

#[test]
fn what_we_answer_is_accepted_again() {
    let item = full();
    assert_eq!(put(&item.to_json(true), None).unwrap(), item);
    assert_eq!(put(&item.to_json(false), None).unwrap(), item);
}

#[test]
fn a_new_item_needs_acl_and_properties() {
    refuse(
        json!({"properties": {"title": "a"}}),
        "acl",
        "A new item needs acl",
    );
    refuse(
        json!({"acl": null, "properties": {"title": "a"}}),
        "acl",
        "A new item needs acl",
    );
    let words = "at least one member";
    refuse(json!({"acl": []}), "properties", words);
    refuse(json!({"acl": [], "properties": null}), "properties", words);
    refuse(json!({"acl": [], "properties": {}}), "properties", words);
    let annotated = json!({"acl": [], "properties": {"@odata.type": "x"}});
    refuse(annotated, "properties", words);
    refuse(json!({}), "acl", "A new item needs acl");
    refuse(json!([]), "item", "must be a JSON object");
    let item = accept(json!({"acl": [], "properties": {"title": null}}));
    assert_eq!(
        (item.acl.len(), item.properties.len(), item.content),
        (0, 0, None)
    );
    let draft = ItemDraft::read(&id(), &json!({"acl": [], "properties": {}})).unwrap();
    assert!(draft.is_whole());
    assert!(
        !ItemDraft::read(&id(), &json!({"acl": []}))
            .unwrap()
            .is_whole()
    );
}

#[test]
fn properties_are_declared_typed_and_single() {
    let with = |properties: Json| json!({"acl": [], "properties": properties});
    refuse(
        with(json!({"prise": 1})),
        "properties.prise",
        "Property `prise` is not in the schema; did you mean price",
    );
    refuse(
        with(json!({"zzz": 1})),
        "properties.zzz",
        "the schema has title, tags, count",
    );
    refuse(with(json!({"": 1})), "properties.", "is not in the schema");
    refuse(
        with(json!({"due": "tomorrow"})),
        "properties.due",
        "Property `due` is of type dateTime; \"tomorrow\" is not ISO 8601",
    );
    refuse(
        with(json!({"title": "a", "Title": "b"})),
        "properties.title",
        "comes twice",
    );
    refuse(
        with(json!({"title": null, "Title": "b"})),
        "properties.title",
        "comes twice",
    );
    refuse(
        with(json!({"tags": ["a"], "Tags@odata.type": "Collection(Int64)"})),
        "properties.tags@odata.type",
        "send `Collection(String)`",
    );
    refuse(
        with(json!({"tags@odata.type": 5, "tags": []})),
        "properties.tags@odata.type",
        "must be a string",
    );
    refuse(with(json!([])), "properties", "must be a JSON object");
    accept(with(
        json!({"tags@odata.type": null, "tags": [], "nobody@odata.type": "x", "title@note": 1}),
    ));
    accept(with(
        json!({"tags@type": "#Collection(Edm.String)", "tags": []}),
    ));
}

#[test]
fn the_id_in_the_body_must_be_the_one_of_the_path() {
    let with = |id: Json| json!({"id": id, "acl": [], "properties": {"title": "a"}});
    accept(with(json!("T-1")));
    accept(with(json!(null)));
    refuse(
        with(json!("t-1")),
        "id",
        "The body says id `t-1`, the path says `T-1`",
    );
    refuse(with(json!("")), "id", "leave id out of the body");
    refuse(with(json!(1)), "id", "must be a string");
}

#[test]
fn contents() {
    let check = |content: Json, expect: Option<(ContentType, Option<&str>)>| {
        let item = accept(json!({"acl": [], "properties": {"title": "a"}, "content": content}));
        let got = item
            .content
            .as_ref()
            .map(|it| (it.kind, it.value.as_deref()));
        assert_eq!(got, expect, "{content}");
    };
    check(json!(null), None);
    check(json!("old"), Some((ContentType::Text, Some("old"))));
    check(
        json!({"type": "HTML", "value": "<p>"}),
        Some((ContentType::Html, Some("<p>"))),
    );
    check(
        json!({"type": "text", "value": null}),
        Some((ContentType::Text, None)),
    );
    check(json!({"type": "text"}), Some((ContentType::Text, None)));
    let with = |content: Json| json!({"acl": [], "properties": {"title": "a"}, "content": content});
    refuse(with(json!({"value": "x"})), "content.type", "has no type");
    refuse(
        with(json!({"type": "pdf", "value": "x"})),
        "content.type",
        "must be one of: text, html",
    );
    refuse(
        with(json!({"type": "unknownFutureValue"})),
        "content.type",
        "must be one of",
    );
    refuse(
        with(json!({"type": "text", "value": 5})),
        "content.value",
        "must be a string",
    );
    for odd in [json!(5), json!([]), json!([{"type": "text"}]), json!(true)] {
        let error = put(&with(odd), None).unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (400, "BadRequest"));
        assert_eq!(
            error.message,
            "Property content in payload has a value that does not match schema."
        );
        assert!(
            error.details[0]
                .message
                .contains("an object with type and value")
        );
    }
}

#[test]
fn labels_and_activities() {
    let with = |name: &str, value: Json| {
        let mut body = json!({"acl": [], "properties": {"title": "a"}});
        body[name] = value;
        body
    };
    let label = "informationProtectionLabel";
    let target = "informationProtectionLabel.sensitivityLabelId";
    assert_eq!(
        accept(with(label, json!({"sensitivityLabelId": null}))).sensitivity_label_id,
        None
    );
    assert_eq!(accept(with(label, json!(null))).sensitivity_label_id, None);
    refuse(
        with(label, json!({"sensitivityLabelId": 5})),
        target,
        "must be a string",
    );
    refuse(
        with(label, json!({"sensitivityLabelId": " "})),
        target,
        "send the GUID",
    );
    refuse(with(label, json!("x")), label, "must be a JSON object");
    accept(with("activities", json!(null)));
    accept(with("activities", json!([])));
    refuse(
        with("activities", json!({})),
        "activities",
        "must be a JSON array",
    );
    refuse(
        with("activities", json!([1])),
        "activities[0]",
        "must be a JSON object",
    );
}

#[test]
fn members_not_named_are_kept() {
    let old = full();
    let check = |body: Json, change: fn(&mut ExternalItem)| {
        let mut expect = full();
        change(&mut expect);
        assert_eq!(put(&body, Some(&old)).unwrap(), expect, "{body}");
    };
    check(json!({}), |_| {});
    check(json!({"acl": null, "properties": null}), |_| {});
    check(json!({"acl": []}), |item| item.acl.clear());
    check(json!({"properties": {}}), |item| item.properties.clear());
    check(json!({"properties": {"count": 9}}), |item| {
        item.properties = vec![("count".to_owned(), Value::Int64(9))];
    });
    check(json!({"content": null}), |item| item.content = None);
    check(json!({"content": "x"}), |item| {
        item.content = Some(ExternalItemContent {
            kind: ContentType::Text,
            value: Some("x".to_owned()),
        });
    });
    check(json!({"informationProtectionLabel": null}), |item| {
        item.sensitivity_label_id = None
    });
    assert!(put(&json!({"properties": {"nope": 1}}), Some(&old)).is_err());
}

#[test]
fn unknown_members_are_told() {
    let draft = ItemDraft::read(
        &id(),
        &json!({"acl": [{"type": "everyone", "accessType": "grant", "x": 1}], "@odata.etag": "e",
            "properties": {"owner": {"upn": "a", "age": 7}, "@a": {"b": 1}},
            "content": {"type": "text", "lang": "en"}, "color": "red"}),
    )
    .unwrap();
    assert_eq!(
        draft.ignored,
        [
            "color",
            "acl.x",
            "properties.owner.age",
            "properties.@a.b",
            "content.lang"
        ]
    );
}

fn principal(upn: &str) -> Principal {
    Principal {
        members: vec![("upn".to_owned(), upn.to_owned())],
    }
}

/// An item with a value of every type.
fn full() -> ExternalItem {
    let properties = [
        ("title", Value::String("„Pump\"\u{0}\u{2028}".to_owned())),
        ("tags", Value::Strings(vec![String::new(), "b".to_owned()])),
        ("count", Value::Int64(i64::MIN)),
        ("counts", Value::Int64s(vec![i64::MAX, 0])),
        ("price", Value::Double(0.1 + 0.2)),
        (
            "prices",
            Value::Doubles(vec![f64::MAX, f64::MIN_POSITIVE, 5e-324, 1.0]),
        ),
        ("isOpen", Value::Boolean(true)),
        ("due", Value::DateTime(DateTime::MIN)),
        ("dues", Value::DateTimes(vec![DateTime::MAX, DateTime(0)])),
        ("owner", Value::Principal(principal("alice@example.com"))),
        (
            "owners",
            Value::Principals(vec![principal("bob@example.com"), Principal::default()]),
        ),
    ];
    ExternalItem {
        id: id(),
        acl: Acl::read_list(&everyone()).unwrap().0,
        properties: properties
            .map(|(name, value)| (name.to_owned(), value))
            .into(),
        content: Some(ExternalItemContent {
            kind: ContentType::Html,
            value: Some("<p>".to_owned()),
        }),
        sensitivity_label_id: Some("d9f23ae3-1239-45ea-8bfb-f5a3a6ba0a52".to_owned()),
    }
}

fn reread(item: &ExternalItem) -> Result<ExternalItem, String> {
    ExternalItem::from_kept(item.id.clone(), item.acl.clone(), &item.to_kept())
}

#[test]
fn kept_items_come_back_exactly() {
    let item = full();
    assert_eq!(reread(&item).unwrap(), item);
    assert_eq!(reread(&item).unwrap().to_kept(), item.to_kept());
    let bare = ExternalItem {
        properties: vec![("due".to_owned(), Value::DateTime(DateTime(7)))],
        content: None,
        sensitivity_label_id: None,
        ..item
    };
    assert_eq!(
        bare.to_kept(),
        r#"{"format":1,"properties":[["due","dateTime",7]]}"#
    );
    assert_eq!(reread(&bare).unwrap(), bare);
    let empty = ExternalItem {
        content: Some(ExternalItemContent {
            kind: ContentType::Text,
            value: None,
        }),
        ..bare
    };
    assert_eq!(reread(&empty).unwrap(), empty);
}

#[test]
fn what_is_not_a_kept_item_is_told() {
    let check = |kept: &str, part: &str| {
        let error = ExternalItem::from_kept(id(), Vec::new(), kept).unwrap_err();
        assert!(
            error.contains(part) && error.contains("`T-1`"),
            "{kept}: {error}"
        );
    };
    check("", "is not readable");
    check("[]", "is not readable");
    check("{}", "unreadable format");
    check(r#"{"format":2}"#, "has format 2");
    check(r#"{"format":1}"#, "list of properties");
    check(
        r#"{"format":1,"properties":[["a","int64",1.5]]}"#,
        "unreadable property",
    );
    check(
        r#"{"format":1,"properties":[["a","int64",1,2]]}"#,
        "unreadable property",
    );
    check(
        r#"{"format":1,"properties":[["a","color",1]]}"#,
        "unreadable property",
    );
    check(
        r#"{"format":1,"properties":[],"content":["pdf",""]}"#,
        "unreadable content",
    );
    check(
        r#"{"format":1,"properties":[],"sensitivityLabelId":1}"#,
        "unreadable sensitivityLabelId",
    );
}

/// Numbers that JSON can say; a zero has no sign.
fn any_double() -> impl Strategy<Value = f64> {
    any::<f64>().prop_filter_map("finite", |number| {
        number.is_finite().then_some(number + 0.0)
    })
}

fn any_date_time() -> impl Strategy<Value = DateTime> {
    (DateTime::MIN.0..=DateTime::MAX.0).prop_map(DateTime)
}

fn any_principal() -> impl Strategy<Value = Principal> {
    proptest::collection::vec(proptest::option::of(any::<String>()), 7).prop_map(|values| {
        let members = PRINCIPAL_MEMBERS.iter().zip(values);
        Principal {
            members: members
                .filter_map(|(name, value)| Some(((*name).to_owned(), value?)))
                .collect(),
        }
    })
}

/// Any value of each type, in the order of the schema.
fn any_item() -> impl Strategy<Value = ExternalItem> {
    use proptest::collection::vec;
    let singles = (
        any::<String>().prop_map(Value::String),
        vec(any::<String>(), 0..4).prop_map(Value::Strings),
        any::<i64>().prop_map(Value::Int64),
        vec(any::<i64>(), 0..4).prop_map(Value::Int64s),
        any_double().prop_map(Value::Double),
        vec(any_double(), 0..4).prop_map(Value::Doubles),
    );
    let others = (
        any::<bool>().prop_map(Value::Boolean),
        any_date_time().prop_map(Value::DateTime),
        vec(any_date_time(), 0..4).prop_map(Value::DateTimes),
        any_principal().prop_map(Value::Principal),
        vec(any_principal(), 0..4).prop_map(Value::Principals),
    );
    (singles, others).prop_map(|((a, b, c, d, e, f), (g, h, i, j, k))| {
        let values = [a, b, c, d, e, f, g, h, i, j, k];
        let names = schema()
            .properties
            .into_iter()
            .map(|property| property.name);
        ExternalItem {
            properties: names.zip(values).collect(),
            ..full()
        }
    })
}

proptest! {
    #[test]
    fn any_json_is_read_or_refused(body in any_json()) {
        if let Err(error) = put(&body, Some(&full())) {
            prop_assert_eq!(error.status, 400);
        }
    }

    #[test]
    fn any_members_are_read_or_refused(
        acl in any_json(),
        content in any_json(),
        label in any_json(),
    ) {
        for body in [json!({"acl": [acl]}), json!({"content": content}), json!({"informationProtectionLabel": label})] {
            if let Err(error) = put(&body, Some(&full())) {
                prop_assert_eq!(error.status, 400);
            }
        }
    }

    /// Every property gets any JSON; what is accepted survives the store and the wire.
    #[test]
    fn accepted_items_come_back(
        values in object_with(&[
            "title", "tags", "count", "counts", "price", "prices", "isOpen", "due", "dues", "owner", "owners",
        ]),
    ) {
        for (name, value) in values.as_object().unwrap() {
            let body = json!({"acl": [], "properties": {name: value}});
            if let Ok(item) = put(&body, None) {
                let again = reread(&item).unwrap();
                prop_assert_eq!(again.to_kept(), item.to_kept());
                prop_assert_eq!(again, item);
            }
        }
    }

    #[test]
    fn items_survive_the_store_and_the_wire(item in any_item()) {
        prop_assert_eq!(&reread(&item).unwrap(), &item);
        prop_assert_eq!(&put(&item.to_json(true), None).unwrap(), &item);
        prop_assert_eq!(&put(&item.to_json(false), None).unwrap(), &item);
    }
}
