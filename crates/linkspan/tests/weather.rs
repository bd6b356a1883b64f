//! The Graph's weather on demand, from outside: the built binary, its clock moved, its answers lost and its doors narrow.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

#[path = "weather/bay.rs"]
mod bay;
#[path = "weather/faults.rs"]
mod faults;
#[path = "weather/program.rs"]
mod program;
#[path = "weather/rehearsal.rs"]
mod rehearsal;
mod running;
#[path = "running/sign_in.rs"]
mod sign_in;

use bay::Bay;
use reqwest::Method;
use serde_json::{Value, json};

const CLOCK: &str = "/_linkspan/clock";
const FAULTS: &str = "/_linkspan/faults";
const WEATHER: &str = "/_linkspan/weather";
const CONNECTIONS: &str = "/v1.0/external/connections";

#[tokio::test]
async fn the_clock_is_moved_over_http_and_by_the_command_and_tokens_stay() {
    let bay = Bay::open(&[]).await;
    let moved = bay.clock(json!({ "now": "2020-02-29T12:00:00Z" })).await;
    assert!(
        text(&moved["now"]).starts_with("2020-02-29T12:00:"),
        "{moved}"
    );
    let moved = bay.clock(json!({ "advance": "P1DT15M" })).await;
    assert!(
        text(&moved["now"]).starts_with("2020-03-01T12:15:"),
        "{moved}"
    );
    assert!(moved["ahead_seconds"].as_i64().unwrap() < 0, "{moved}");
    // The token was issued by real time, and a clock that is years behind does not make it one of the future.
    let asked = bay.connector(Method::GET, CONNECTIONS, None);
    assert_eq!(asked.await.0, 200);

    let shown = bay.command(&["clock"]);
    assert!(
        shown.contains("2020-03-01T12:15:") && shown.contains("real time: 20"),
        "{shown}"
    );
    let shown = bay.command(&["clock", "advance", "1h30m"]);
    assert!(shown.starts_with("2020-03-01T13:45:"), "{shown}");
    let shown = bay.command(&["clock", "set", "2031-05-06T07:08:09Z"]);
    assert!(shown.starts_with("2031-05-06T07:08:"), "{shown}");
    bay.command(&["clock", "reset"]);
    let (_, clock) = bay.admin(Method::GET, CLOCK, None).await;
    assert_eq!(clock["ahead_seconds"], 0);
    assert_eq!(clock["now"], clock["real"]);
    let refused = bay.refused_command(&["clock", "advance", "soon"]);
    assert!(refused.contains("`advance` is \"soon\""), "{refused}");
}

#[tokio::test]
async fn the_clock_refuses_what_it_does_not_understand() {
    let bay = Bay::open(&[]).await;
    for (said, named) in [
        (json!({}), "either `advance`"),
        (
            json!({ "advance": "PT1M", "now": "2026-03-18" }),
            "either `advance`",
        ),
        (json!([]), "must be a JSON object"),
        (json!({ "advance": "-PT1M" }), "`advance` is \"-PT1M\""),
        (
            json!({ "advance": 15 }),
            "`advance` is 15: it must be a text",
        ),
        (
            json!({ "now": "2026-02-30" }),
            "`now` is \"2026-02-30\": it names a day",
        ),
        (
            json!({ "forward": "PT1M" }),
            "`forward` is \"PT1M\": there are only `advance`, `now`",
        ),
    ] {
        let (status, error) = bay.admin(Method::POST, CLOCK, Some(&said)).await;
        assert_eq!(status, 400, "{said}: {error}");
        let help = text(&error["error"]["details"][0]["message"]);
        assert!(help.contains(named), "{said}: {help}");
    }
    let (_, clock) = bay.admin(Method::GET, CLOCK, None).await;
    assert_eq!(clock["ahead_seconds"], 0, "a refused move moves nothing");
    assert_eq!(bay.connector(Method::GET, CLOCK, None).await.0, 403);
    assert_eq!(bay.admin(Method::PUT, CLOCK, None).await.0, 405);
}

fn connection(id: &str) -> Value {
    json!({ "id": id, "name": "Tickets" })
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
