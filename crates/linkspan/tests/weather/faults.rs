//! Faults: ordered by one request for itself, and by rules for others.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{Bay, CONNECTIONS, FAULTS, connection, text};

const BROKEN_CARD: &str =
    r#"{"searchResultTemplates":[{"id":"ticket","priority":1,"layout":{"type":"NoCard"}}]}"#;

#[tokio::test]
async fn a_request_orders_its_own_fault_and_nothing_is_done() {
    let bay = Bay::open(&[]).await;
    for (fault, status, code) in [
        ("500", 500, "GeneralException"),
        ("503; retry-after=7", 503, "serviceNotAvailable"),
        ("429", 429, "TooManyRequests"),
    ] {
        let prefer = format!("linkspan-fault={fault}");
        let said = connection("tickets");
        let asked = bay.preferring(Method::POST, CONNECTIONS, Some(&said), Some(&prefer));
        let (got, headers, body) = asked.await.unwrap();
        assert_eq!(
            (got, text(&body["error"]["code"])),
            (status, code),
            "{body}"
        );
        let wait = headers.get("retry-after").map(|it| it.to_str().unwrap());
        let expected = match status {
            429 => Some("10"),
            503 => Some("7"),
            _ => None,
        };
        assert_eq!(wait, expected, "{fault}");
    }
    // The 429 meant it: the same request is too early now, whatever it orders.
    let said = connection("tickets");
    let asked = bay.preferring(
        Method::POST,
        CONNECTIONS,
        Some(&said),
        Some("linkspan-fault=500"),
    );
    let (status, _, body) = asked.await.unwrap();
    let help = text(&body["error"]["details"][0]["message"]);
    assert!(
        status == 429 && help.contains("came back too early"),
        "{body}"
    );
    // A front door that finds nobody answers with a page, whatever its client can read.
    let asked = bay.preferring(Method::GET, CONNECTIONS, None, Some("linkspan-fault=502"));
    let (status, headers, page) = asked.await.unwrap();
    assert_eq!(
        (status, &headers["content-type"]),
        (502, &"text/html".parse().unwrap())
    );
    assert!(text(&page).starts_with("<!DOCTYPE html>"), "{page}");
    let asked = bay.preferring(Method::GET, CONNECTIONS, None, Some("linkspan-fault=reset"));
    assert!(asked.await.is_err(), "a lost answer is no answer");
    let asked = bay.preferring(
        Method::GET,
        CONNECTIONS,
        None,
        Some("linkspan-fault=latency=PT0.01S"),
    );
    let (status, _, all) = asked.await.unwrap();
    assert_eq!(
        (status, &all["value"]),
        (200, &json!([])),
        "nothing was created"
    );
    let asked = bay.preferring(Method::GET, CONNECTIONS, None, Some("linkspan-fault=418"));
    let (status, _, refusal) = asked.await.unwrap();
    assert_eq!((status, text(&refusal["error"]["target"])), (400, "fault"));

    let (_, report) = bay.admin(Method::GET, crate::WEATHER, None).await;
    let fell = json!({ "429": 1, "500": 1, "503": 1, "502": 1, "reset": 1, "latency": 1 });
    assert_eq!(report["faults"], fell);
    assert_eq!(
        bay.connector(Method::GET, crate::WEATHER, None).await.0,
        403
    );
}

#[tokio::test]
async fn what_is_lost_after_the_work_is_done() {
    let bay = Bay::open(&[]).await;
    for (id, fault) in [("one", "503; when=after"), ("two", "reset; when=after")] {
        let prefer = format!("linkspan-fault={fault}");
        let said = connection(id);
        let asked = bay
            .preferring(Method::POST, CONNECTIONS, Some(&said), Some(&prefer))
            .await;
        assert!(asked.is_ok_and(|(status, ..)| status == 503) == (id == "one"));
        let path = format!("{CONNECTIONS}/{id}");
        let there = bay.connector(Method::GET, &path, None);
        assert_eq!(there.await.0, 200, "{id}");
    }
}

/// The known issue: 503 although the connection was created, and then 409; its card is not there.
#[tokio::test]
async fn a_broken_card_creates_behind_a_503_only_where_that_was_ordered() {
    let bay = Bay::open(&[]).await;
    let mut broken = connection("tickets");
    broken["searchSettings"] = serde_json::from_str(BROKEN_CARD).unwrap();
    let create = || bay.connector(Method::POST, CONNECTIONS, Some(&broken));
    assert_eq!(create().await.0, 400, "in fair weather nothing is created");
    bay.command(&["fault", "add", "503-then-409", "--count", "1"]);
    let (status, error) = create().await;
    assert_eq!(
        (status, text(&error["error"]["code"])),
        (503, "serviceNotAvailable")
    );
    let (status, error) = create().await;
    assert_eq!(
        (status, text(&error["error"]["code"])),
        (409, "NameAlreadyExists")
    );
    let there = bay
        .connector(Method::GET, &format!("{CONNECTIONS}/tickets"), None)
        .await;
    assert_eq!(
        (there.0, &there.1["searchSettings"]["searchResultTemplates"]),
        (200, &Value::Null),
        "{}",
        there.1
    );
    // The rule is used up: another broken card is refused as ever, and so it is when nothing is remembered.
    broken["id"] = json!("others");
    let create = || bay.connector(Method::POST, CONNECTIONS, Some(&broken));
    assert_eq!(create().await.0, 400);
    bay.command(&["fault", "clear"]);
    assert_eq!(create().await.0, 400);
}

#[tokio::test]
async fn rules_fall_where_and_as_often_as_they_say() {
    let bay = Bay::open(&[]).await;
    let made = bay.command(&[
        "fault",
        "add",
        "500",
        "--route",
        "GetConnection",
        "--connection",
        "tickets",
        "--nth",
        "2",
    ]);
    assert!(made.contains(r#""nth":2"#), "{made}");
    bay.connector(Method::POST, CONNECTIONS, Some(&connection("tickets")))
        .await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        let path = format!("{CONNECTIONS}/tickets");
        seen.push(bay.connector(Method::GET, &path, None).await.0);
    }
    assert_eq!(seen, [200, 500, 200]);
    let listed = bay.command(&["fault", "list"]);
    assert!(listed.contains(r#""matched":3,"struck":1"#), "{listed}");
    let refused = bay.refused_command(&["fault", "add", "418"]);
    assert!(refused.contains("`fault` is \"418\""), "{refused}");
    let (status, _) = bay.admin(Method::DELETE, FAULTS, None).await;
    assert_eq!(status, 200);
    assert_eq!(bay.command(&["fault", "list"]), "");
    // Each entry of a batch meets the weather on its own, and the envelope does not.
    bay.command(&["fault", "add", "503", "--nth", "2"]);
    let get =
        |id: &str| json!({ "id": id, "method": "GET", "url": "/external/connections/tickets" });
    let batch = json!({ "requests": [get("a"), get("b"), get("c")] });
    let (status, answers) = bay
        .connector(Method::POST, "/v1.0/$batch", Some(&batch))
        .await;
    let mut statuses: Vec<i64> = answers["responses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["status"].as_i64().unwrap())
        .collect();
    statuses.sort_unstable();
    assert_eq!((status, statuses), (200, vec![200, 200, 503]), "{answers}");
}
