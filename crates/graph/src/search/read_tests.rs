//! `POST /search/query`: what is read, refused and not served.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/searchrequest>

use proptest::prelude::*;
use serde_json::{Map, json};

use super::*;
use crate::error::ErrorCode;
use crate::search::{BucketAggregationDefinition, BucketAggregationSortBy};

fn good() -> Value {
    json!({
        "entityTypes": ["externalItem"],
        "contentSources": ["/external/connections/parts"],
        "query": {"queryString": "pump"}
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut request = good();
    request[name] = value;
    request
}

fn read(request: Value, beta: bool) -> Result<SearchRequest, PublicError> {
    let mut requests = SearchRequest::read_all(&json!({"requests": [request]}), beta)?;
    Ok(requests.remove(0))
}

#[test]
fn the_smallest_request_has_defaults() {
    let request = read(good(), false).unwrap();
    assert_eq!(
        request,
        SearchRequest {
            entity_types: vec![EntityType::ExternalItem],
            content_sources: vec![ContentSource::Connection("parts".to_owned())],
            query_string: "pump".to_owned(),
            query_template: None,
            from: 0,
            size: 25,
            fields: Vec::new(),
            sort_properties: Vec::new(),
            aggregations: Vec::new(),
            aggregation_filters: Vec::new(),
            collapse_properties: Vec::new(),
            query_alteration_options: SearchAlterationOptions::default(),
            enable_result_template: false,
            enable_top_results: false,
        }
    );
}

#[test]
fn requests_of_real_clients_are_read() {
    let tolerated = json!({
        "entityTypes": ["microsoft.graph.externalItem", "ExternalItem"],
        "contentSources": ["/external/connections/parts"],
        "query": {"queryString": "*", "queryTemplate": " {searchTerms} "},
        "from": "5", "size": 0, "fields": ["title", null, "nope"], "sortProperties": null, "aggregations": [],
        "aggregationFilters": null, "collapseProperties": [],
        "queryAlterationOptions": {"enableSuggestion": "false"},
        "resultTemplateOptions": [{"enableResultTemplate": false}], "enableTopResults": "True",
        "sharePointOneDriveOptions": {"includeContent": "privateContent"}, "trimDuplicates": true, "region": null,
        "unheardOf": {"x": 1}
    });
    let request = read(tolerated, false).unwrap();
    assert_eq!(request.entity_types, [EntityType::ExternalItem]);
    assert_eq!((request.from, request.size), (5, 0));
    assert_eq!(request.fields, ["title", "nope"]);
    assert!(request.enable_top_results);
    for empty in [json!({}), json!([]), json!([{}]), Value::Null] {
        assert!(read(with("resultTemplateOptions", empty), false).is_ok());
    }
    assert!(read(with("queryAlterationOptions", json!({})), false).is_ok());
    assert_eq!(read(with("size", json!(1000)), false).unwrap().size, 1000);
}

#[test]
fn content_sources_are_paths() {
    let check = |sent: Value, expect: &[ContentSource]| {
        let request = read(with("contentSources", sent.clone()), false).unwrap();
        assert_eq!(request.content_sources, expect, "{sent}");
    };
    let connection = |id: &str| ContentSource::Connection(id.to_owned());
    check(
        json!(["/external/connections/A", "/External/Connections/b/"]),
        &[connection("A"), connection("b")],
    );
    check(
        json!(["external/connections/no-such"]),
        &[connection("no-such")],
    );
    check(json!(["/external/connections/*"]), &[ContentSource::All]);
    check(json!(["connectors"]), &[ContentSource::All]);
    for bad in [
        "parts",
        "/external/connections",
        "/external/connections/ ",
        "/external/connections/a/items",
        "",
        "/drives/x",
    ] {
        let error = read(with("contentSources", json!([bad])), false).unwrap_err();
        assert_eq!(error.status, 400, "{bad}");
        assert!(
            error.message.contains("contentSources[0]"),
            "{}",
            error.message
        );
    }
}

#[test]
fn beta_knows_older_names() {
    let older = json!({
        "entityTypes": ["externalItem"], "contentSources": ["/external/connections/parts"],
        "query": {"query_string": {"query": "pump"}}, "stored_fields": ["title"]
    });
    let request = read(older.clone(), true).unwrap();
    assert_eq!(request.query_string, "pump");
    assert_eq!(request.fields, ["title"]);
    assert!(
        read(older, false)
            .unwrap_err()
            .message
            .contains("queryString required")
    );
    let both = with("stored_fields", json!(["old"]));
    assert!(read(both.clone(), false).unwrap().fields.is_empty());
    let mut both = both;
    both["fields"] = json!(["new"]);
    assert_eq!(read(both, true).unwrap().fields, ["new"]);
}

#[test]
fn recorded_texts_are_exact() {
    let check = |request: Value, message: &str| {
        let error = read(request.clone(), false).unwrap_err();
        assert_eq!(
            (error.status, error.code),
            (400, ErrorCode::BadRequest),
            "{request}"
        );
        assert_eq!(error.message, message, "{request}");
        assert!(!error.details.is_empty());
    };
    let empty = "SearchRequest Invalid (EntityRequest Invalid (searchRequest -> query is invalid (queryString required)))";
    check(with("query", json!({"queryString": ""})), empty);
    check(with("query", json!({"queryString": " \t"})), empty);
    check(with("query", json!({"queryString": null})), empty);
    check(with("query", json!({})), empty);
    check(with("query", Value::Null), empty);
    let missing = "SearchRequest Invalid (EntityRequest Invalid (Content Source cannot be null or empty for entity type - ExternalItem))";
    check(with("contentSources", json!([])), missing);
    check(with("contentSources", json!([null])), missing);
    check(with("contentSources", Value::Null), missing);
    check(
        with("entityTypes", json!(["listItem"])),
        "SearchRequest Invalid (EntityRequest Invalid (Content Source is required only for ExternalItem))",
    );
    check(
        with("region", json!("NAM")),
        "Region is not supported when request with delegated permission.",
    );
}

/// A request whose one member has a wrong shape is refused with these words.
fn misshapen(name: &str, value: Value, words: &str) {
    let error = read(with(name, value.clone()), false).unwrap_err();
    let verdict = (error.status, error.code);
    assert_eq!(verdict, (400, ErrorCode::BadRequest), "{name} {value}");
    let message = &error.message;
    assert!(message.starts_with("SearchRequest Invalid ("), "{message}");
    assert!(message.contains(words), "{message}");
}

#[test]
fn shapes_are_checked() {
    let check = misshapen;
    check("entityTypes", Value::Null, "entityTypes");
    check("entityTypes", json!([]), "entityTypes");
    check("entityTypes", json!("externalItem"), "entityTypes");
    check("entityTypes", json!(["externalFile"]), "driveItem");
    check("entityTypes", json!([4]), "entityTypes[0]");
    check("entityTypes", json!(["externalItem", "message"]), "message");
    check("contentSources", json!("/external/connections/a"), "array");
    check("query", json!("pump"), "query must be a JSON object");
    check("query", json!({"queryString": 5}), "query.queryString");
    check("query", json!({"queryString": "x".repeat(4097)}), "4097");
    check(
        "query",
        json!({"queryString": "x", "queryTemplate": 5}),
        "query.queryTemplate",
    );
    check("from", json!(-1), "from 0");
    check("from", json!("x"), "from");
    check("size", json!(-1), "size");
    check("size", json!(1001), "1000");
    check("fields", json!("title"), "fields");
    check("fields", json!([1]), "fields[0]");
}

#[test]
fn shapes_are_checked_before_what_is_served() {
    let check = misshapen;
    check("sortProperties", json!([{}]), "sortProperties[0].name");
    check(
        "sortProperties",
        json!([{"name": "a", "isDescending": "maybe"}]),
        "isDescending",
    );
    check(
        "sortProperties",
        json!(vec![json!({"name": "a"}); 6]),
        "at most 5",
    );
    check("aggregations", json!({}), "aggregations");
    check(
        "aggregations",
        json!([{"size": 1}]),
        "aggregations[0].field",
    );
    check("aggregations", json!([{"field": "a", "size": 0}]), "65535");
    check(
        "aggregations",
        json!([{"field": "a", "bucketDefinition": {}}]),
        "sortBy",
    );
    check(
        "aggregations",
        json!([{"field": "a", "bucketDefinition": {"sortBy": "count", "ranges": [{}]}}]),
        "from and to",
    );
    check("aggregationFilters", json!([5]), "aggregationFilters[0]");
    check("collapseProperties", json!([{"fields": ["a"]}]), "limit");
    check(
        "collapseProperties",
        json!([{"fields": [], "limit": 1}]),
        "fields",
    );
    check(
        "collapseProperties",
        json!([{"fields": ["a"], "limit": 1}, {"fields": ["b"], "limit": 2}]),
        "collapseProperties[1].limit",
    );
    check(
        "queryAlterationOptions",
        json!([]),
        "queryAlterationOptions",
    );
    check(
        "queryAlterationOptions",
        json!({"enableSuggestion": 1}),
        "enableSuggestion",
    );
    check("resultTemplateOptions", json!([{}, {}]), "at most 1");
    check(
        "resultTemplateOptions",
        json!(true),
        "resultTemplateOptions",
    );
}

#[test]
fn what_is_not_served_is_refused_by_name() {
    let check = |name: &str, value: Value, member: &str| {
        let error = read(with(name, value), false).unwrap_err();
        assert_eq!(
            (error.status, error.code),
            (501, ErrorCode::NotSupported),
            "{error:?}"
        );
        assert_eq!(error.target.as_deref(), Some(member));
        assert!(error.message.contains(member), "{}", error.message);
    };
    check(
        "sortProperties",
        json!([{"name": "a", "isDescending": "true"}]),
        "sortProperties",
    );
    check("aggregations", json!([{"field": "a"}]), "aggregations");
    check("aggregationFilters", json!(["a:b"]), "aggregationFilters");
    check(
        "collapseProperties",
        json!([{"fields": ["a"], "limit": 1}]),
        "collapseProperties",
    );
    check(
        "query",
        json!({"queryString": "x", "queryTemplate": "{searchTerms} a:b"}),
        "queryTemplate",
    );
    check(
        "queryAlterationOptions",
        json!({"enableSuggestion": true}),
        "enableSuggestion",
    );
    check(
        "queryAlterationOptions",
        json!({"enableModification": "TRUE"}),
        "enableModification",
    );
    check(
        "resultTemplateOptions",
        json!({"enableResultTemplate": true}),
        "enableResultTemplate",
    );
    check(
        "resultTemplateOptions",
        json!([{"enableResultTemplate": true}]),
        "enableResultTemplate",
    );
    check(
        "entityTypes",
        json!(["externalItem", "driveItem"]),
        "entityTypes",
    );
    let mut files = good();
    files["entityTypes"] = json!(["listItem"]);
    files["contentSources"] = Value::Null;
    assert_eq!(read(files, false).unwrap_err().status, 501);
}

#[test]
fn several_requests_follow_their_rules_and_are_not_served() {
    let check = |requests: Value, status: u16, message: &str| {
        let error = SearchRequest::read_all(&json!({ "requests": requests }), false).unwrap_err();
        assert_eq!(error.status, status, "{requests}");
        assert_eq!(error.message, message, "{requests}");
    };
    let files = |kind: &str| json!({"entityTypes": [kind], "query": {"queryString": "pump"}});
    let duplicates = "SearchRequest Invalid (EntityRequest Invalid (Entity types must not be duplicates in multiple entity requests))";
    check(json!([good(), good()]), 400, duplicates);
    check(
        json!([files("driveItem"), files("site")]),
        400,
        "SearchRequest Invalid (File entity types can only appear in one entity request)",
    );
    let mut other = files("site");
    other["size"] = json!(5);
    check(
        json!([good(), other]),
        400,
        "SearchRequest Invalid (size must be the same in multiple entity requests)",
    );
    check(
        json!([good(), files("site")]),
        501,
        "requests has 2 entries; this release serves one searchRequest per call.",
    );
}

#[test]
fn requests_are_required() {
    for body in [
        json!(null),
        json!([]),
        json!({}),
        json!({"requests": null}),
        json!({"requests": []}),
        json!({"requests": {}}),
        json!({"requests": [5]}),
    ] {
        let error = SearchRequest::read_all(&body, false).unwrap_err();
        assert_eq!(
            (error.status, error.code),
            (400, ErrorCode::BadRequest),
            "{body}"
        );
        assert!(error.message.starts_with("SearchRequest Invalid (requests"));
    }
}

#[test]
fn refiners_are_read_in_full() {
    let sent = json!({"aggregations": [
        {"field": "status", "size": "10"},
        {"field": "priority", "bucketDefinition": {
            "sortBy": "KeyAsNumber", "isDescending": "false", "minimumCount": 2, "prefixFilter": "p",
            "ranges": [{"to": "0"}, {"from": 0, "to": 3}]
        }}
    ]});
    let read = refine::aggregations(sent.as_object().unwrap()).unwrap();
    assert_eq!(read[0].size, Some(10));
    assert_eq!(
        read[0].bucket_definition,
        BucketAggregationDefinition::default()
    );
    let definition = &read[1].bucket_definition;
    assert_eq!(definition.sort_by, BucketAggregationSortBy::KeyAsNumber);
    assert_eq!(
        (definition.is_descending, definition.minimum_count),
        (false, 2)
    );
    assert_eq!(definition.prefix_filter.as_deref(), Some("p"));
    assert_eq!(definition.ranges[0].from, None);
    assert_eq!(definition.ranges[1].from.as_deref(), Some("0"));
}

/// A request with any value in any of its members.
fn any_request() -> impl Strategy<Value = Value> {
    let name = prop::sample::select(vec![
        "entityTypes",
        "contentSources",
        "query",
        "from",
        "size",
        "fields",
        "sortProperties",
        "aggregations",
        "aggregationFilters",
        "collapseProperties",
        "queryAlterationOptions",
        "resultTemplateOptions",
        "region",
    ]);
    let word = prop::sample::select(vec![
        "externalItem",
        "listItem",
        "/external/connections/a",
        "queryString",
        "name",
        "field",
        "limit",
        "true",
        "bucketDefinition",
        "sortBy",
        "count",
        "ranges",
        "from",
        "enableSuggestion",
        "microsoft.graph.ä",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        word.clone().prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(4, 20, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((word.clone(), inner), 0..4).prop_map(|members| {
                members
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect::<Map<String, Value>>()
                    .into()
            }),
        ]
    });
    prop::collection::vec((name, value), 0..3).prop_map(|members| {
        let mut request = good();
        for (name, value) in members {
            request[name] = value;
        }
        request
    })
}

proptest! {
    #[test]
    fn any_request_is_read_or_refused(request in any_request(), beta in any::<bool>()) {
        for body in [request.clone(), json!({"requests": request}), json!({"requests": [request]})] {
            if let Err(error) = SearchRequest::read_all(&body, beta) {
                prop_assert!(matches!(error.status, 400 | 501), "{:?}", error);
            }
        }
    }
}
