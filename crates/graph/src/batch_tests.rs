//! `POST /{version}/$batch`: every rule of the envelope, broken once.
//!
//! Documentation: <https://learn.microsoft.com/graph/json-batching>

use serde_json::{Value, json};

use super::*;

fn read<T>(envelope: &Value, with: impl FnOnce(Result<Batch<'_>, PublicError>) -> T) -> T {
    let raw = serde_json::value::to_raw_value(envelope).unwrap();
    with(Batch::read(&raw))
}

/// The target and the message of the refusal.
fn fault(envelope: &Value) -> (String, String) {
    read(envelope, |batch| {
        let error = batch.unwrap_err();
        assert_eq!((error.status, error.code), (400, ErrorCode::BadRequest));
        (error.target.unwrap(), error.message)
    })
}

fn get(id: &str) -> Value {
    json!({"id": id, "method": "GET", "url": "/me"})
}

/// The first entry is well; the second has these members over its own.
fn second(members: Value) -> Value {
    let mut entry = get("b");
    let Value::Object(members) = members else {
        unreachable!("members are an object")
    };
    entry.as_object_mut().unwrap().extend(members);
    json!({"requests": [get("a"), entry]})
}

#[test]
fn a_batch_is_read() {
    let envelope = json!({"requests": [
        {"id": "Last", "method": "put", "url": "connections/p/items/1?$select=id", "dependsOn": ["FIRST", "x"],
         "headers": {"content-type": "Application/JSON; charset=utf-8", "X-Any": "1"}, "body": {"acl": [1.50]}},
        {"id": "first", "method": "GET", "url": "//me", "headers": {}, "dependsOn": null, "body": null, "atomicityGroup": "g"},
        {"id": "x", "method": "POST", "url": "/a", "headers": {"Content-Type": "text/plain"}, "body": "aGk_",
         "dependsOn": ["first"], "@odata.note": 1},
    ], "more": 1});
    read(&envelope, |batch| {
        let batch = batch.unwrap();
        assert_eq!(batch.ignored, ["more", "atomicityGroup"]);
        let [last, first, x] = batch.requests.as_slice() else {
            unreachable!("three were sent")
        };
        assert_eq!((last.id.as_str(), last.method), ("Last", Method::Put));
        assert_eq!(last.url, "connections/p/items/1?$select=id");
        assert_eq!(last.depends_on, [1, 2]);
        assert_eq!(last.headers["X-Any"], "1");
        assert_eq!(last.body.as_deref(), Some(br#"{"acl":[1.5]}"#.as_slice()));
        assert!(matches!(last.body, Some(Cow::Borrowed(_))));
        assert!(first.body.is_none() && first.depends_on.is_empty());
        assert_eq!(x.body.as_deref(), Some(b"hi?".as_slice()));
    });
}

#[test]
fn an_envelope_holds_one_to_twenty() {
    for envelope in [
        json!([]),
        json!("x"),
        json!({}),
        json!({"requests": {}}),
        json!({"requests": null}),
    ] {
        let (target, message) = fault(&envelope);
        assert_eq!(target, "requests");
        assert!(
            message.contains("an object with the array `requests`"),
            "{message}"
        );
    }
    let of = |n: usize| {
        let entries: Vec<Value> = (0..n).map(|n| get(&n.to_string())).collect();
        json!({"requests": entries})
    };
    for n in [0, 21] {
        let (_, message) = fault(&of(n));
        assert_eq!(
            message,
            format!("A batch holds 1 to 20 requests; this one has {n}.")
        );
    }
    for n in [1, 20] {
        read(&of(n), |batch| assert_eq!(batch.unwrap().requests.len(), n));
    }
}

#[test]
fn a_refusal_names_entry_member_value_and_rule() {
    let (target, message) = fault(&second(json!({"url": "https://graph.example/v1.0/me"})));
    assert_eq!(target, "requests[1].url");
    assert_eq!(
        message,
        "Entry `b` of the batch: `url` is `\"https://graph.example/v1.0/me\"`; \
         it must be a path below the version, without scheme and host."
    );
    let (target, message) = fault(&json!({"requests": [{"method": "GET", "url": "/me"}]}));
    assert_eq!(target, "requests[0].id");
    assert_eq!(
        message,
        "Entry 1 of the batch: `id` is missing; it must be a text that is not empty."
    );
    assert_eq!(fault(&json!({"requests": [7]})).0, "requests[0]");
}

/// So many headers.
fn headers(count: usize) -> Value {
    let all = (0..count).map(|at| (format!("x-{at}"), json!("1")));
    Value::Object(all.collect())
}

#[test]
fn what_is_as_long_as_it_may_be_is_read() {
    let envelope = second(json!({
        "url": "/".repeat(65_534), "headers": headers(100), "dependsOn": vec!["a"; 20]
    }));
    read(&envelope, |batch| assert!(batch.is_ok()));
}

#[test]
fn each_member_has_its_rule() {
    let typed = |media_type: &str, body: Value| json!({"headers": {"Content-Type": media_type}, "body": body});
    for (members, target, rule) in [
        (json!({"id": 7}), "id", "a text"),
        (json!({"id": ""}), "id", "not empty"),
        (json!({"id": "A"}), "id", "unique"),
        (json!({"method": null}), "method", "a text"),
        (
            json!({"method": "HEAD"}),
            "method",
            "GET, POST, PUT, PATCH or DELETE",
        ),
        (json!({"url": ""}), "url", "not empty"),
        (json!({"url": "http://x"}), "url", "without scheme"),
        (json!({"url": "/v1.0/me"}), "url", "version"),
        (json!({"url": "BETA/me"}), "url", "version"),
        (json!({"url": "/me#x"}), "url", "%23"),
        (json!({"url": "/me\n"}), "url", "control"),
        (json!({"url": "/$batch"}), "url", "another batch"),
        (json!({"url": "%24Batch?x"}), "url", "another batch"),
        (json!({"headers": []}), "headers", "object"),
        (json!({"headers": {"a": 1}}), "headers", "texts"),
        (
            json!({"headers": {"a b": "1"}}),
            "headers",
            "`a b` is no name",
        ),
        (json!({"headers": {"a": "\r\n"}}), "headers", "control"),
        (
            json!({"headers": {"Content-Encoding": "gzip"}}),
            "headers",
            "compress the whole",
        ),
        (json!({"body": {}}), "headers", "Content-Type"),
        (
            json!({"body": {}, "headers": {"Accept": "*/*"}}),
            "headers",
            "Content-Type",
        ),
        (typed("text/plain", json!({})), "body", "URL-safe Base64"),
        (typed("image/png", json!("a+/=")), "body", "URL-safe Base64"),
        (json!({"dependsOn": "a"}), "dependsOn", "array"),
        (
            json!({"dependsOn": ["c"]}),
            "dependsOn",
            "no entry has that id",
        ),
        (json!({"dependsOn": ["B"]}), "dependsOn", "itself"),
        (
            json!({"dependsOn": vec!["a"; 21]}),
            "dependsOn",
            "names 21 entries; a batch holds 20 at most",
        ),
        (
            json!({"url": "/".repeat(65_535)}),
            "url",
            "longer than 65,534",
        ),
        (json!({"headers": headers(101)}), "headers", "100 headers"),
    ] {
        let (found, message) = fault(&second(members.clone()));
        assert_eq!(
            found,
            format!("requests[1].{target}"),
            "{members}: {message}"
        );
        assert!(message.contains(rule), "{members}: {message}");
    }
}

#[test]
fn a_circle_is_refused_with_all_that_wait_in_it() {
    let wait = |id: &str, before: &str| json!({"id": id, "method": "GET", "url": "/me", "dependsOn": [before]});
    let envelope =
        json!({"requests": [get("free"), wait("a", "b"), wait("b", "c"), wait("c", "a")]});
    let (target, message) = fault(&envelope);
    assert_eq!(target, "requests[1].dependsOn");
    assert!(
        message.starts_with("The entries `a`, `b`, `c` of the batch wait"),
        "{message}"
    );
}
