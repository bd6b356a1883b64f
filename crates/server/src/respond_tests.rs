use std::sync::Arc;

use graph::InnerError;
use http_body_util::BodyExt;
use uuid::Uuid;

use super::*;
use crate::Settings;

const ID: &str = "00000000-0000-4000-8000-000000000001";

fn exchange(pairs: &[(&'static str, &'static str)]) -> Exchange {
    let settings = Settings {
        ids: Arc::new(|| Uuid::parse_str(ID).unwrap()),
        now: Arc::new(|| "2026-01-31T12:00:00Z".parse().unwrap()),
        ..Settings::default()
    };
    let headers = pairs
        .iter()
        .map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        })
        .collect();
    Exchange::begin(&settings, &headers)
}

async fn body(response: Response) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response
        .headers()
        .get(name)
        .map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn a_refusal_in_the_gateways_voice() {
    let mut response = error(
        &exchange(&[("client-request-id", "mine")]),
        PublicError::not_found("Connection").into(),
        Voice::Gateway,
    );
    let exchange = exchange(&[("client-request-id", "mine")]);
    stamp(&exchange, &mut response);
    assert_eq!(response.status(), 404);
    assert_eq!(header(&response, "content-type"), Some("application/json"));
    assert_eq!(header(&response, "request-id"), Some(ID));
    assert_eq!(header(&response, "client-request-id"), Some("mine"));
    assert_eq!(header(&response, "cache-control"), Some("no-cache"));
    assert_eq!(header(&response, "x-linkspan-advice"), None);
    assert_eq!(
        body(response).await,
        format!(
            "{{\"error\":{{\"code\":\"ItemNotFound\",\"message\":\"The requested resource does not exist.\",\
             \"innerError\":{{\"code\":\"ResourceNotFound\",\"source\":\"Connection\",\
             \"message\":\"'Connection' was not found.\",\"date\":\"2026-01-31T12:00:00\",\
             \"request-id\":\"{ID}\",\"client-request-id\":\"mine\"}}}}}}"
        )
    );
}

#[tokio::test]
async fn help_goes_into_details_and_a_header() {
    let refusal = PublicError::invalid("id", "Connection id `größe`\nholds `ö`…");
    let response = error(&exchange(&[]), refusal.into(), Voice::Gateway);
    assert_eq!(
        header(&response, "x-linkspan-advice"),
        Some("Connection id `gr%C3%B6%C3%9Fe` holds `%C3%B6`~")
    );
    let told: Value = serde_json::from_str(&body(response).await).unwrap();
    assert_eq!(
        told["error"]["message"],
        "The request is malformed or incorrect."
    );
    assert_eq!(told["error"]["target"], "id");
    assert_eq!(
        told["error"]["details"][0]["message"],
        "Connection id `größe`\nholds `ö`…"
    );
    assert_eq!(told["error"]["innerError"]["request-id"], ID);
}

#[tokio::test]
async fn a_refusal_in_the_search_services_voice() {
    let mut refusal = PublicError::new(ErrorCode::BadRequest, "SearchRequest Invalid (x)");
    let leaf = PublicErrorDetail {
        code: "Leaf".to_owned(),
        message: "queryString required".to_owned(),
        target: None,
        details: Vec::new(),
    };
    refusal.details.push(PublicErrorDetail {
        code: "System.AggregateException".to_owned(),
        message: "wrapped".to_owned(),
        target: None,
        details: vec![leaf],
    });
    let response = error(&exchange(&[]), refusal.into(), Voice::Search);
    assert_eq!(response.status(), 400);
    assert_eq!(
        header(&response, "x-linkspan-advice"),
        Some("queryString required")
    );
    assert_eq!(
        body(response).await,
        format!(
            "{{\"error\":{{\"code\":\"BadRequest\",\"message\":\"SearchRequest Invalid (x)\",\"target\":\"\",\
             \"details\":[{{\"code\":\"System.AggregateException\",\"message\":\"wrapped\",\"target\":\"\",\
             \"details\":[{{\"code\":\"Leaf\",\"message\":\"queryString required\",\"target\":\"\",\
             \"httpCode\":400}}],\"httpCode\":400}}],\"httpCode\":400}},\
             \"Instrumentation\":{{\"TraceId\":\"{ID}\"}}}}"
        )
    );
}

#[tokio::test]
async fn the_gateway_answers_for_search_where_the_search_service_is_not_asked() {
    for code in [
        ErrorCode::InvalidAuthenticationToken,
        ErrorCode::RequestEntityTooLarge,
        ErrorCode::UnsupportedMediaType,
        ErrorCode::NotSupported,
    ] {
        let response = error(
            &exchange(&[]),
            PublicError::new(code, "m").into(),
            Voice::Search,
        );
        let told: Value = serde_json::from_str(&body(response).await).unwrap();
        assert_eq!(told["error"]["innerError"]["request-id"], ID, "{code:?}");
        assert_eq!(told["error"]["httpCode"], Value::Null);
    }
}

#[tokio::test]
async fn a_failure_says_nothing_but_its_sentence() {
    for (kind, status, code, retry) in [
        (FailureKind::Broken, 500, "GeneralException", None),
        (
            FailureKind::Unavailable,
            503,
            "serviceNotAvailable",
            Some("1"),
        ),
    ] {
        let failure = Failure {
            kind,
            source: "canary".into(),
        };
        let response = error(&exchange(&[]), Error::Failed(failure), Voice::Search);
        assert_eq!(response.status(), status);
        assert_eq!(header(&response, "retry-after"), retry);
        assert!(!format!("{:?}", response.headers()).contains("canary"));
        let told = body(response).await;
        assert!(!told.contains("canary"));
        let told: Value = serde_json::from_str(&told).unwrap();
        assert_eq!(told["error"]["code"], code);
        assert_eq!(told["error"]["innerError"]["date"], "2026-01-31T12:00:00");
    }
}

#[test]
fn the_log_gets_the_whole_chain() {
    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] std::fmt::Error);
    let text = causes(&Outer(std::fmt::Error));
    assert_eq!(text, format!("outer: {}", std::fmt::Error));
}

#[tokio::test]
async fn an_inner_error_may_lack_a_source() {
    let mut refusal = PublicError::new(ErrorCode::InvalidRequest, "m");
    refusal.inner = Some(InnerError {
        code: "DeserializationError".to_owned(),
        source: None,
        message: "why".to_owned(),
    });
    let response = error(&exchange(&[]), refusal.into(), Voice::Gateway);
    let told: Value = serde_json::from_str(&body(response).await).unwrap();
    let inner = told["error"]["innerError"].as_object().unwrap();
    let names: Vec<&str> = inner.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["code", "message", "date", "request-id", "client-request-id"]
    );
}

#[tokio::test]
async fn answers_carry_the_graphs_headers() {
    let told = json!({"@odata.context": "c", "id": 1});
    let response = answer(
        &exchange(&[]),
        Answer::json(StatusCode::CREATED, told.clone()),
    );
    assert_eq!(response.status(), 201);
    assert_eq!(
        header(&response, "content-type"),
        Some(
            "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
        )
    );
    assert_eq!(header(&response, "odata-version"), Some("4.0"));
    assert_eq!(header(&response, "preference-applied"), None);
    assert_eq!(body(response).await, r#"{"@odata.context":"c","id":1}"#);

    let wishes = exchange(&[
        ("accept", "application/json;odata.metadata=none"),
        ("prefer", "include-unknown-enum-members"),
    ]);
    let response = answer(&wishes, Answer::json(StatusCode::OK, told));
    assert!(
        header(&response, "content-type")
            .unwrap()
            .contains(";odata.metadata=none;")
    );
    assert_eq!(
        header(&response, "preference-applied"),
        Some("include-unknown-enum-members")
    );
    assert_eq!(body(response).await, r#"{"id":1}"#);
}

#[tokio::test]
async fn bare_answers_have_neither_body_nor_content_type() {
    let bare = Answer::bare(StatusCode::ACCEPTED)
        .at("https://host/v1.0/x".to_owned())
        .ignoring("members", &["a".to_owned(), "b".to_owned()]);
    let response = answer(&exchange(&[("prefer", "respond-async")]), bare);
    assert_eq!(header(&response, "location"), Some("https://host/v1.0/x"));
    assert_eq!(header(&response, "content-type"), None);
    assert_eq!(header(&response, "odata-version"), None);
    assert_eq!(
        header(&response, "preference-applied"),
        Some("respond-async")
    );
    assert_eq!(
        header(&response, "x-linkspan-advice"),
        Some("These members are not taken here and had no effect: a, b.")
    );
    assert_eq!(body(response).await, "");
}

#[tokio::test]
async fn a_missing_token_is_challenged() {
    let missing = Unauthenticated {
        message: "Access token is empty.".to_owned(),
        www_authenticate: "Bearer realm=\"\"".to_owned(),
    };
    let response = unauthenticated(&exchange(&[]), &missing);
    assert_eq!(response.status(), 401);
    assert_eq!(
        header(&response, "www-authenticate"),
        Some("Bearer realm=\"\"")
    );
    let told: Value = serde_json::from_str(&body(response).await).unwrap();
    assert_eq!(told["error"]["code"], "InvalidAuthenticationToken");
    assert_eq!(told["error"]["message"], "Access token is empty.");
}

#[test]
fn a_wrong_method_names_the_right_ones() {
    let response = method_not_allowed(&exchange(&[]), &[Method::Get, Method::Patch]);
    assert_eq!(response.status(), 405);
    assert_eq!(header(&response, "allow"), Some("GET, PATCH"));
}
