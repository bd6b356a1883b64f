//! `/_linkspan/doctor/{connection}`: who may ask, in which forms it is told.

#![expect(clippy::unwrap_used, reason = "tests")]

mod world;

use axum::{body::Body, http::Request};
use world::{Told, World};

const PATH: &str = "/_linkspan/doctor/tickets";

async fn accepting(world: &World, token: &str, accept: &str) -> Told {
    let request = Request::get(PATH)
        .header("host", "linkspan.test")
        .header("authorization", format!("Bearer {token}"))
        .header("accept", accept);
    world.ask(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn only_for_those_who_may_read_everything() {
    let world = World::new().await;
    let token = world.app("connector").await;
    world.furnish(&token).await;
    let told = world.send("", "GET", PATH, "").await;
    told.assert_gateway_error(401, "InvalidAuthenticationToken");
    let stranger = world.app("stranger").await;
    for path in [PATH, "/_linkspan/doctor/none"] {
        let told = world.send(&stranger, "GET", path, "").await;
        told.assert_gateway_error(403, "AccessDenied");
    }
    let told = world
        .send(&token, "GET", "/_linkspan/doctor/none", "")
        .await;
    assert_eq!(told.status, 404, "{told:?}");
    let told = world.send(&token, "POST", PATH, "").await;
    assert_eq!(
        (told.status.as_u16(), told.header("allow")),
        (405, Some("GET"))
    );
    let told = world
        .send(&token, "GET", &format!("{PATH}?format=xml"), "")
        .await;
    assert_eq!(told.status, 400, "{told:?}");
    let told = world.send(&token, "GET", &format!("{PATH}/x"), "").await;
    assert_eq!(told.status, 404, "{told:?}");
}

#[tokio::test]
async fn each_form_is_what_it_says() {
    let world = World::new().await;
    let token = world.app("connector").await;
    world.furnish(&token).await;
    for (accept, format, media_type, words) in [
        (
            "application/json",
            "json",
            "application/json",
            "\"id\": \"acl-everyone\"",
        ),
        (
            "text/plain",
            "text",
            "text/plain; charset=utf-8",
            "! acl-everyone",
        ),
        (
            "text/markdown",
            "markdown",
            "text/markdown; charset=utf-8",
            "- ! **acl-everyone**: 100 % of items",
        ),
        (
            "application/sarif+json",
            "sarif",
            "application/sarif+json",
            "\"ruleId\": \"acl-everyone\"",
        ),
    ] {
        let path = format!("{PATH}?format={format}");
        let told = world.send(&token, "GET", &path, "").await;
        assert_eq!(told.status, 200, "{told:?}");
        assert_eq!(told.header("content-type"), Some(media_type));
        assert!(told.text.contains(words), "{}", told.text);
        assert!(!told.text.contains('\u{1b}'));
        assert!(told.header("request-id").is_some());
        assert_eq!(accepting(&world, &token, accept).await.text, told.text);
    }
}

#[tokio::test]
async fn a_log_names_rules_results_and_parts() {
    let world = World::new().await;
    let token = world.app("connector").await;
    world.furnish(&token).await;
    let told = world
        .send(&token, "GET", &format!("{PATH}?format=sarif"), "")
        .await;
    let log = told.json();
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert!(rules.len() > 30, "{}", rules.len());
    let results = run["results"].as_array().unwrap();
    for result in results {
        let at = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[at]["id"], result["ruleId"]);
        assert!(["error", "warning"].contains(&result["level"].as_str().unwrap()));
        assert!(result["message"]["text"].is_string());
        assert!(!result["locations"].as_array().unwrap().is_empty());
    }
    let of = |id: &str| results.iter().find(|result| result["ruleId"] == id);
    assert_eq!(of("label-url").unwrap()["level"], "error");
    assert!(of("label-title").is_none());
    let place = &of("property-descriptions").unwrap()["locations"][0]["logicalLocations"][0];
    assert_eq!(
        place["fullyQualifiedName"],
        "connections/tickets/schema/properties/title"
    );
    assert!(run["properties"]["scores"]["copilot"].is_u64());
}
