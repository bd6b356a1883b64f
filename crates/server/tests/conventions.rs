//! What the headers of a request ask of its answer: preferences, metadata, compression, conditions, characters.

#![expect(clippy::unwrap_used, reason = "tests")]

mod world;

use std::io::Read;

use axum::http::Request;
use flate2::read::GzDecoder;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;
use world::{ITEM, Told, World};

const TICKETS: &str = "/v1.0/external/connections/tickets";
const BASE: &str = "http://linkspan.test/v1.0/external/connections/tickets";

fn request(
    token: &str,
    (method, path): (&str, &str),
    headers: &[(&str, &str)],
    body: &str,
) -> Request<axum::body::Body> {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "linkspan.test")
        .header("authorization", format!("Bearer {token}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body.to_owned().into()).unwrap()
}

async fn ask(
    world: &World,
    token: &str,
    line: (&str, &str),
    headers: &[(&str, &str)],
    body: &str,
) -> Told {
    world.ask(request(token, line, headers, body)).await
}

#[tokio::test]
async fn a_write_answers_as_little_or_as_much_as_preferred() {
    let world = World::new().await;
    let token = &world.app("connector").await;
    world.furnish(token).await;
    let minimal: &[_] = &[
        ("prefer", "wait=5"),
        ("prefer", "RETURN=\"minimal\", respond-async"),
    ];
    for (method, path, body, entity) in [
        (
            "POST",
            "/v1.0/external/connections".to_owned(),
            r#"{"id":"parts","name":"Parts"}"#,
            Some("http://linkspan.test/v1.0/external/connections/parts".to_owned()),
        ),
        ("PUT", format!("{TICKETS}/items/T-2"), ITEM, None),
        (
            "PATCH",
            format!("{TICKETS}/items/T-2"),
            r#"{"properties":{"title":"New"}}"#,
            None,
        ),
        (
            "POST",
            format!("{TICKETS}/groups"),
            r#"{"id":"a="}"#,
            Some(format!("{BASE}/groups/a%3D")),
        ),
        (
            "POST",
            format!("{TICKETS}/groups/staff/members"),
            r#"{"id":"00000000-0000-0000-0000-0000000000a2","type":"user"}"#,
            Some(format!(
                "{BASE}/groups/staff/members/00000000-0000-0000-0000-0000000000a2"
            )),
        ),
        ("PATCH", TICKETS.to_owned(), r#"{"name":"New"}"#, None),
    ] {
        let told = ask(&world, token, (method, &path), minimal, body).await;
        assert_eq!(
            (told.status.as_u16(), told.text.as_str()),
            (204, ""),
            "{told:?}"
        );
        assert_eq!(told.header("preference-applied"), Some("return=minimal"));
        assert_eq!(
            told.header("odata-entityid"),
            entity.as_deref(),
            "{method} {path}"
        );
    }
    // A read answers what it always answers, and a refusal too.
    let told = ask(&world, token, ("GET", TICKETS), minimal, "").await;
    assert_eq!(
        (told.status.as_u16(), told.header("preference-applied")),
        (200, None)
    );
    let told = ask(&world, token, ("PATCH", TICKETS), minimal, "[]").await;
    assert_eq!(
        (told.status.as_u16(), told.header("preference-applied")),
        (400, None)
    );
}

#[tokio::test]
async fn a_write_answers_the_resource_where_that_is_preferred() {
    let world = World::new().await;
    let token = &world.app("connector").await;
    world.furnish(token).await;
    let whole: &[_] = &[("prefer", "return=representation")];
    for (method, path, body) in [
        ("PATCH", TICKETS.to_owned(), r#"{"name":"Newer"}"#),
        (
            "PATCH",
            format!("{TICKETS}/groups/staff"),
            r#"{"displayName":"Newer"}"#,
        ),
        ("PUT", format!("{TICKETS}/items/T-3"), ITEM),
    ] {
        let told = ask(&world, token, (method, &path), whole, body).await;
        assert_eq!(told.status, 200, "{told:?}");
        assert!(told.json()["id"].is_string());
        assert_eq!(
            told.header("preference-applied"),
            Some("return=representation")
        );
    }
}

#[tokio::test]
async fn heeded_preferences_are_named_in_one_header() {
    let world = World::new().await;
    let token = &world.app("connector").await;
    world.furnish(token).await;
    let prefer: &[_] = &[
        ("prefer", "odata.maxpagesize=1, x=\"a,b\""),
        ("prefer", "Include-Unknown-Enum-Members"),
    ];
    let told = ask(
        &world,
        token,
        ("GET", "/v1.0/external/connections"),
        prefer,
        "",
    )
    .await;
    assert_eq!(
        told.header("preference-applied"),
        Some("include-unknown-enum-members, odata.maxpagesize=1")
    );
    let schema = format!("{TICKETS}/schema");
    let asynchronous: &[_] = &[("prefer", "respond-async")];
    let told = ask(
        &world,
        token,
        ("PATCH", &schema),
        asynchronous,
        world::SCHEMA,
    )
    .await;
    assert_eq!(
        (told.status.as_u16(), told.header("preference-applied")),
        (202, Some("respond-async"))
    );
}

#[tokio::test]
async fn full_metadata_says_types_and_addresses() {
    let world = World::new().await;
    let token = &world.app("connector").await;
    world.furnish(token).await;
    let full: &[_] = &[(
        "accept",
        "application/json;odata.metadata=none;q=0.1, application/json;odata.metadata=full",
    )];
    let item = format!("{TICKETS}/items/T-1");
    let told = ask(&world, token, ("GET", &item), full, "").await;
    assert!(
        told.header("content-type")
            .unwrap()
            .contains("odata.metadata=full")
    );
    let told = told.json();
    assert_eq!(
        told["@odata.type"],
        "#microsoft.graph.externalConnectors.externalItem"
    );
    assert_eq!(told["@odata.id"], format!("{BASE}/items/T-1"));
    assert_eq!(told["@odata.editLink"], told["@odata.id"]);
    let list = "/v1.0/external/connections?$select=name";
    let told = ask(&world, token, ("GET", list), full, "").await.json();
    assert_eq!(
        told["value"][0],
        json!({
            "@odata.type": "#microsoft.graph.externalConnectors.externalConnection",
            "@odata.id": BASE,
            "@odata.editLink": BASE,
            "name": "Tickets",
        })
    );
    // The option goes before the header.
    let plain = format!("{item}?$format=application/json;odata.metadata=none");
    let told = ask(&world, token, ("GET", &plain), full, "").await.json();
    assert!(
        told.as_object()
            .unwrap()
            .keys()
            .all(|name| !name.contains("@odata.")),
        "{told}"
    );
    for path in [
        format!("{item}?$format=xml"),
        "/v1.0/external/connections?format=atom".to_owned(),
    ] {
        let told = ask(&world, token, ("GET", &path), &[], "").await;
        told.assert_gateway_error(406, "BadRequest");
        assert_eq!(told.json()["error"]["target"], "$format");
    }
}

#[tokio::test]
async fn any_accept_is_answered_with_what_there_is() {
    let world = World::new().await;
    let token = &world.app("connector").await;
    world.furnish(token).await;
    for accept in [
        "*/*",
        "application/*",
        "application/json;q=1",
        "text/plain;q=0.9",
        "text/html",
        "image/png, ;;q=x",
    ] {
        let told = ask(&world, token, ("GET", TICKETS), &[("accept", accept)], "").await;
        assert_eq!(told.status, 200, "{accept}");
        assert!(told.json()["@odata.context"].is_string(), "{accept}");
        let count = "/v1.0/external/connections/$count";
        let told = ask(&world, token, ("GET", count), &[("accept", accept)], "").await;
        assert_eq!(
            (told.status.as_u16(), told.text.as_str()),
            (200, "1"),
            "{accept}"
        );
    }
}

#[tokio::test]
async fn only_a_star_matches_what_has_no_etag() {
    let world = World::new().await;
    let token = &world.app("connector").await;
    world.furnish(token).await;
    let item = &format!("{TICKETS}/items/T-1");
    for tag in ["W/\"1\"", "\"a\", \"b\""] {
        let told = ask(&world, token, ("DELETE", item), &[("if-match", tag)], "").await;
        told.assert_gateway_error(412, "ResourceModified");
        assert!(
            told.json()["error"]["details"][0]["message"]
                .as_str()
                .unwrap()
                .contains("If-Match: *")
        );
    }
    assert_eq!(
        ask(&world, token, ("GET", item), &[("if-match", "\"a\"")], "")
            .await
            .status,
        200
    );
    assert_eq!(
        ask(&world, token, ("PUT", item), &[("if-match", "")], ITEM)
            .await
            .status,
        200
    );
    let told = ask(
        &world,
        token,
        ("DELETE", item),
        &[("if-match", "\"a\""), ("if-match", "*")],
        "",
    )
    .await;
    assert_eq!(told.status, 204);
}

#[tokio::test]
async fn large_answers_are_compressed_for_those_who_take_it() {
    let world = World::new().await;
    let token = &world.app("connector").await;
    world.furnish(token).await;
    for length in [2_000, 200_000] {
        let mut item: Value = serde_json::from_str(ITEM).unwrap();
        item["content"]["value"] = "smoke ".repeat(length / 6).into();
        let path = &format!("{TICKETS}/items/T-{length}");
        let plain = ask(&world, token, ("PUT", path), &[], &item.to_string()).await;
        assert_eq!(
            (plain.header("vary"), plain.header("content-encoding")),
            (Some("Accept-Encoding"), None)
        );
        let asked = request(
            token,
            ("GET", path),
            &[("accept-encoding", "gzip, deflate, br")],
            "",
        );
        let response = world.router.clone().oneshot(asked).await.unwrap();
        let (parts, body) = response.into_parts();
        assert_eq!(parts.headers["content-encoding"], "gzip");
        assert_eq!(parts.headers["vary"], "Accept-Encoding");
        let sent = body.collect().await.unwrap().to_bytes();
        assert!(sent.len() < plain.text.len() / 2);
        let mut text = String::new();
        GzDecoder::new(&sent[..]).read_to_string(&mut text).unwrap();
        assert_eq!(text, plain.text);
    }
    // What is small is sent as it is, and so is what a sign-in answers.
    for path in [TICKETS, "/common/discovery/v2.0/keys"] {
        let told = ask(
            &world,
            token,
            ("GET", path),
            &[("accept-encoding", "gzip")],
            "",
        )
        .await;
        assert_eq!(
            (told.status.as_u16(), told.header("content-encoding")),
            (200, None)
        );
    }
}

#[tokio::test]
async fn another_character_set_is_refused_unless_it_makes_no_difference() {
    let world = World::new().await;
    let token = &world.app("connector").await;
    world.furnish(token).await;
    for (media_type, name, status) in [
        ("application/json; charset=UTF-8", "Größe", 204),
        ("application/json;charset=\"utf-8\"", "Größe", 204),
        ("text/plain; charset=ISO-8859-1", "plain", 204),
        ("text/plain; charset=ISO-8859-1", "Größe", 415),
        ("application/json; charset=utf-16", "Größe", 415),
    ] {
        let body = json!({"name": name}).to_string();
        let told = ask(
            &world,
            token,
            ("PATCH", TICKETS),
            &[("content-type", media_type)],
            &body,
        )
        .await;
        assert_eq!(told.status, status, "{media_type}: {told:?}");
        if status == 415 {
            told.assert_gateway_error(415, "UnsupportedMediaType");
        }
    }
    let utf16: String = "{\"name\":\"x\"}"
        .chars()
        .flat_map(|letter| [letter, '\0'])
        .collect();
    let told = ask(
        &world,
        token,
        ("PATCH", TICKETS),
        &[("content-type", "application/json; charset=utf-16le")],
        &utf16,
    )
    .await;
    told.assert_gateway_error(415, "UnsupportedMediaType");
}
