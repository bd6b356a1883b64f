//! A bad day, as a careful connector survives it, without waiting for anything: where it is told to wait it moves the clock.

use reqwest::{Method, header::HeaderMap};
use serde_json::{Value, json};

use crate::{Bay, CONNECTIONS, FAULTS, WEATHER, connection, text};

/// Items to bring in.
const ITEMS: usize = 2_000;

/// Tries at one request, at most.
const TRIES: usize = 50;

/// What a connector saw on its way.
#[derive(Default)]
struct Seen {
    throttled: u64,
    broken: u64,
}

#[tokio::test]
async fn a_bad_day_is_survived() {
    let bay = Bay::open(&["--profile", "graph"]).await;
    create(&bay).await;
    register(&bay).await;

    let fault = json!({ "fault": "502", "route": "PutItem", "nth": 100 });
    assert_eq!(bay.admin(Method::POST, FAULTS, Some(&fault)).await.0, 201);
    let mut seen = Seen::default();
    for number in 0..ITEMS {
        bring(&bay, number, &mut seen).await;
    }
    assert!(seen.throttled > 0, "nobody was throttled");
    assert_eq!(seen.broken, 1);
    // All are there, the one whose first try met the 502 too.
    let (_, counted) = bay
        .connector(Method::GET, "/beta/external/connections/tickets", None)
        .await;
    assert_eq!(counted["ingestedItemsCount"], ITEMS);

    let (_, report) = bay.admin(Method::GET, WEATHER, None).await;
    assert_eq!(report["profile"], "graph");
    assert_eq!(report["throttled"], seen.throttled);
    assert_eq!(report["came_back_too_early"], 0);
    assert_eq!(report["faults"], json!({ "502": 1, "503-then-409": 1 }));
    let forecast = &report["forecast"];
    assert_eq!(
        forecast["connections"]["tickets"],
        json!({ "items": ITEMS, "registrations": 1 })
    );
    assert_eq!(forecast["least_seconds"], 300 + 80);
    assert_eq!(forecast["most_seconds"], 900 + 80);

    let said = bay.stop();
    for part in [
        "profile graph",
        "1 × 502",
        "1 × 503-then-409",
        "takes 6 min 20 s to 16 min 20 s",
        "'tickets': 2000 items",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

/// Behind the 503 the connection may have been created: a careful connector looks before it gives up.
async fn create(bay: &Bay) {
    bay.command(&["fault", "add", "503-then-409", "--count", "1"]);
    let said = connection("tickets");
    assert_eq!(
        bay.connector(Method::POST, CONNECTIONS, Some(&said))
            .await
            .0,
        503
    );
    assert_eq!(
        bay.connector(Method::POST, CONNECTIONS, Some(&said))
            .await
            .0,
        409
    );
    let there = bay
        .connector(Method::GET, &format!("{CONNECTIONS}/tickets"), None)
        .await;
    assert_eq!((there.0, text(&there.1["state"])), (200, "draft"));
}

/// The operation takes its 5 to 15 minutes, and no item is taken before.
async fn register(bay: &Bay) {
    let schema = json!({ "baseType": "microsoft.graph.externalItem", "properties": [
        { "name": "title", "type": "string", "isSearchable": true, "isRetrievable": true, "labels": ["title"] } ] });
    let path = format!("{CONNECTIONS}/tickets/schema");
    let asked = bay.preferring(Method::PATCH, &path, Some(&schema), None);
    let (status, headers, _) = asked.await.unwrap();
    assert_eq!(status, 202);
    let location = headers["location"].to_str().unwrap();
    let operation = location.strip_prefix(&bay.url).unwrap();
    let (_, running) = bay.connector(Method::GET, operation, None).await;
    assert_eq!(running["status"], "inprogress");
    let (status, headers, _) = put(bay, 0).await;
    let wait: u64 = headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!(
        status == 503 && (280..=900).contains(&wait),
        "{status}, {wait}"
    );
    bay.clock(json!({ "advance": "PT15M" })).await;
    let (_, now) = bay.connector(Method::GET, operation, None).await;
    assert_eq!(now["status"], "completed");
}

/// Brings one item in: waits, by the clock, as long as it is told to, and tries again what may be tried again.
async fn bring(bay: &Bay, number: usize, seen: &mut Seen) {
    for _ in 0..TRIES {
        let (status, headers, body) = put(bay, number).await;
        match status {
            200 => return,
            429 => {
                seen.throttled += 1;
                as_in_the_graph(&body);
                let wait = headers["retry-after"].to_str().unwrap();
                bay.clock(json!({ "advance": format!("PT{wait}S") })).await;
            }
            502 => seen.broken += 1,
            _ => panic!("{status}: {body}"),
        }
    }
    panic!("item {number} was never taken");
}

async fn put(bay: &Bay, number: usize) -> (u16, HeaderMap, Value) {
    let (path, item) = (path_of(number), item());
    let asked = bay.preferring(Method::PUT, &path, Some(&item), None);
    asked.await.unwrap()
}

/// 429 as it was recorded (`contract/external.md` §15.2).
fn as_in_the_graph(body: &Value) {
    let error = &body["error"];
    assert_eq!(text(&error["code"]), "TooManyRequests");
    assert_eq!(text(&error["message"]), "Please retry again later.");
    let inner = &error["innerError"];
    assert_eq!(text(&inner["code"]), "429");
    assert_eq!(text(&inner["message"]), "Please retry after");
    assert_eq!(text(&inner["status"]), "429");
}

fn path_of(number: usize) -> String {
    format!("{CONNECTIONS}/tickets/items/T{number}")
}

fn item() -> Value {
    json!({ "acl": [{ "type": "everyone", "value": "everyone", "accessType": "grant" }],
        "properties": { "title": "Printer on fire" } })
}

/// A connector that does not wait hears it, and each entry of a batch is measured on its own.
#[tokio::test]
async fn whoever_comes_back_too_early_hears_it() {
    let bay = Bay::open(&["--limit", "items_per_second=1"]).await;
    let said = connection("tickets");
    assert_eq!(
        bay.connector(Method::POST, CONNECTIONS, Some(&said))
            .await
            .0,
        201
    );
    let schema = json!({ "baseType": "microsoft.graph.externalItem", "properties": [{ "name": "title", "type": "string" }] });
    let path = format!("{CONNECTIONS}/tickets/schema");
    assert_eq!(
        bay.connector(Method::PATCH, &path, Some(&schema)).await.0,
        202
    );

    let entries: Vec<Value> = (0..20).map(entry).collect();
    let batch = json!({ "requests": entries });
    let (_, answers) = bay
        .connector(Method::POST, "/v1.0/$batch", Some(&batch))
        .await;
    let answers = answers["responses"].as_array().unwrap();
    let with = |status: u16| answers.iter().filter(move |it| it["status"] == status);
    assert!(
        with(200).count() > 0 && with(429).count() > 0,
        "{answers:?}"
    );
    assert!(
        with(429).all(|it| text(&it["headers"]["Retry-After"]) == "1"),
        "{answers:?}"
    );

    // The clock goes on by itself: a machine that is slow enough is in time again, and tries once more.
    let mut early = 0;
    for _ in 0..1_000 {
        let (_, told) = bay.connector(Method::PUT, &path_of(0), Some(&item())).await;
        let help = text(&told["error"]["details"][0]["message"]);
        if help.contains("came back too early") {
            as_in_the_graph(&told);
            early += 1;
            break;
        }
    }
    let (_, report) = bay.admin(Method::GET, WEATHER, None).await;
    assert_eq!(
        (early, &report["came_back_too_early"]),
        (1, &json!(1)),
        "{report}"
    );
    assert!(
        report["throttled"].as_u64() >= Some(with(429).count() as u64),
        "{report}"
    );
}

fn entry(number: usize) -> Value {
    let url = path_of(number).replacen("/v1.0", "", 1);
    json!({ "id": number.to_string(), "method": "PUT", "url": url,
        "headers": { "content-type": "application/json" }, "body": item() })
}
