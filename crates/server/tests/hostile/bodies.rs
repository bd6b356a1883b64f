//! Bodies that say two things at once, and bodies that are more than they look.

use super::*;

#[tokio::test]
async fn a_member_that_stands_twice_is_refused_by_its_place() {
    let (world, token) = furnished().await;
    let everyone = r#"{"type":"everyone","value":"everyone","accessType":"grant"}"#;
    let two_types = everyone.replace('}', r#","type":"user"}"#);
    for (members, place) in [
        (format!(r#""acl":[{everyone}],"acl":[]"#), "acl"),
        (format!(r#""acl":[{two_types}]"#), "acl[0].type"),
        (r#""acl":[],"properties":{}"#.to_owned(), "properties"),
        (
            r#""acl":[],"x":[{"y":{"z":1,"z":1}}]"#.to_owned(),
            "x[0].y.z",
        ),
    ] {
        let body = format!(r#"{{"properties":{{"title":"a"}},{members}}}"#);
        let told = world.send(&token, "PUT", NEW_PATH, &body).await;
        assert_refused(&told, 400);
        assert_eq!(told.json()["error"]["target"], place);
        let batch = format!(
            r#"{{"requests":[{{"id":"1","method":"PUT","url":"/external/connections/tickets/items/T-2","headers":{{"Content-Type":"application/json"}},"body":{body}}}]}}"#
        );
        let told = world.send(&token, "POST", "/v1.0/$batch", &batch).await;
        let entry = &told.json()["responses"][0];
        assert_eq!(entry["status"], 400, "{told:?}");
        assert_eq!(entry["body"]["error"]["target"], place);
    }
    // In other spellings they are two, and one of them is a mistake.
    let body = r#"{"acl":[],"properties":{"title":"a","Title":"b"}}"#;
    assert_refused(&world.send(&token, "PUT", NEW_PATH, body).await, 400);
    assert_eq!(world.send(&token, "GET", NEW_PATH, "").await.status, 404);
}

#[tokio::test]
async fn no_door_takes_a_member_twice() {
    let (world, token) = furnished().await;
    for (method, path, body) in [
        ("POST", "external/connections", r#"{"name":"a","name":"b"}"#),
        (
            "PATCH",
            "external/connections/tickets",
            r#"{"name":"a","name":"b"}"#,
        ),
        (
            "PATCH",
            "external/connections/tickets/schema",
            r#"{"baseType":"","baseType":""}"#,
        ),
        (
            "POST",
            "external/connections/tickets/groups",
            r#"{"id":"a","id":"b"}"#,
        ),
        (
            "POST",
            "external/connections/tickets/groups/staff/members",
            r#"{"id":"a","id":"b"}"#,
        ),
        ("POST", "$batch", r#"{"requests":[],"requests":[]}"#),
        (
            "POST",
            "$batch",
            r#"{"requests":[{"id":"1","id":"2","method":"GET","url":"/me"}]}"#,
        ),
        (
            "POST",
            "$batch",
            r#"{"requests":[{"id":"1","method":"GET","url":"/me","headers":{"a":"b","a":"c"}}]}"#,
        ),
    ] {
        let told = world
            .send(&token, method, &format!("/v1.0/{path}"), body)
            .await;
        assert_refused(&told, 400);
        assert!(told.text.contains("twice"), "{told:?}");
    }
}

#[tokio::test]
async fn a_body_that_would_be_large_in_memory_is_refused_by_its_number_of_values() {
    let (world, token) = furnished().await;
    let entry =
        r#"{"type":"user","value":"00000000-0000-0000-0000-0000000000a1","accessType":"grant"}"#;
    let acl = vec![entry; 100_000].join(",");
    let body = format!(r#"{{"acl":[{acl}],"properties":{{"title":"a"}}}}"#);
    let told = world.send(&token, "PUT", NEW_PATH, &body).await;
    assert_eq!(told.status, 200, "{:.200}", told.text);
    let many = format!("[{}{{}}]", "{},".repeat(500_000));
    for (method, path, body) in [
        ("PUT", PATH, format!(r#"{{"x":{many}}}"#)),
        ("POST", "/v1.0/$batch", format!(r#"{{"requests":{many}}}"#)),
    ] {
        let request = put(&token, path)
            .method(method)
            .header("content-encoding", "gzip")
            .body(Body::from(gzip(body.as_bytes())));
        let told = world.ask(request.unwrap()).await;
        assert_refused(&told, 400);
        assert!(told.text.contains("the limit is 500000"), "{told:?}");
    }
}

#[tokio::test]
async fn only_items_and_batches_may_be_large() {
    let (world, token) = furnished().await;
    let large = |bytes: usize| format!(r#"{{"id":"large","description":"{}"}}"#, "x".repeat(bytes));
    for (method, path) in [
        ("POST", ""),
        ("PATCH", "/tickets/schema"),
        ("POST", "/tickets/groups"),
        ("POST", "/tickets/groups/staff/members"),
    ] {
        let path = format!("/v1.0/external/connections{path}");
        let told = world.send(&token, method, &path, &large(4_000_000)).await;
        assert_refused(&told, 413);
        assert!(told.text.contains("the limit of 4000000 bytes"), "{told:?}");
    }
    // It has another id than its path says.
    let told = world.send(&token, "PUT", PATH, &large(29_999_000)).await;
    assert_refused(&told, 400);
    let told = world.send(&token, "PUT", PATH, &large(30_000_000)).await;
    assert_refused(&told, 413);
    let limit = "the limit of 30000000 bytes";
    assert!(told.text.contains(limit), "{told:?}");
}
