//! Holds an answer against what its step expects, and against what every answer of the API keeps to: those inside a batch, and
//! those at addresses that the server itself gave, are no exception.

use serde_json::Value;
use uuid::Uuid;

use crate::{
    corpus::Step,
    described,
    matching::{differences, header_differs},
    play::Answer,
    variables::Variables,
};

/// How an answer of the server at this address differs from what must be answered; nothing when it does not.
pub fn against(
    host: &str,
    variables: &Variables,
    step: &Step,
    answer: &Answer,
) -> Result<Vec<String>, String> {
    let mut told = expected(variables, step, answer)?;
    let (method, path) = step.request()?;
    let path = variables.fill(path)?;
    let path = path.strip_prefix(host).unwrap_or(&path);
    if !(path.starts_with("/v1.0/") || path.starts_with("/beta/")) || method == "HEAD" {
        return Ok(told);
    }
    told.extend(of_every_answer(answer));
    // OData's preferences of what a write returns change the status that is described.
    let is_preferred = answer
        .header("preference-applied")
        .is_some_and(|applied| applied.contains("return="));
    if !is_preferred {
        let body = answer.body.as_ref();
        told.extend(described::differences((method, path), answer.status, body));
    }
    if let Some(envelope) = &step.body
        && path.to_ascii_lowercase().ends_with("/$batch")
    {
        let envelope = variables.fill_json(envelope)?;
        told.extend(of_every_entry(path, &envelope, answer));
    }
    Ok(told)
}

/// What the transcript itself says.
fn expected(variables: &Variables, step: &Step, answer: &Answer) -> Result<Vec<String>, String> {
    let mut told = Vec::new();
    if answer.status != step.expect.status {
        told.push(format!(
            "the status is {}; expected {}",
            answer.status, step.expect.status
        ));
    }
    for (name, word) in &step.expect.headers {
        let word = variables.fill(word)?;
        if let Some(difference) = header_differs(&word, answer.header(name)) {
            told.push(format!("header {name}{difference}"));
        }
    }
    match &step.expect.body {
        None => {}
        Some(word) if word == "absent" => {
            let unexpected = || "there is a body; expected none".to_owned();
            told.extend((!answer.text.is_empty()).then(unexpected));
        }
        Some(expected) => {
            let expected = variables.fill_json(expected)?;
            told.extend(differences(&expected, answer.body.as_ref()));
        }
    }
    Ok(told)
}

/// What no transcript needs to say, because every answer of the API keeps to it.
fn of_every_answer(answer: &Answer) -> Vec<String> {
    let mut told = Vec::new();
    let request_id = answer.header("request-id");
    if request_id.is_none_or(|id| Uuid::try_parse(id).is_err()) {
        told.push(format!("request-id is {request_id:?}; expected a UUID"));
    }
    if answer.header("client-request-id").is_none() {
        told.push("client-request-id is not there".to_owned());
    }
    if matches!(answer.status, 202 | 204) && !answer.text.is_empty() {
        told.push("a 202 or 204 has a body, which some SDKs fail on".to_owned());
    }
    if answer.status >= 400 {
        told.extend(of_every_error(answer.body.as_ref(), request_id));
        let is_json = answer
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("application/json"));
        if !is_json {
            told.push("an error is not of type application/json, which SDKs need".to_owned());
        }
    }
    told
}

/// An error says what is wrong, and by which id the server's log knows the request; the search service has its own place for it.
fn of_every_error(body: Option<&Value>, request_id: Option<&str>) -> Vec<String> {
    let mut told = Vec::new();
    let error = body.and_then(|body| body.get("error"));
    let text = |member: &str| error.and_then(|error| error[member].as_str());
    if text("code").is_none_or(str::is_empty) || text("message").is_none() {
        told.push("an error has no error.code or no error.message".to_owned());
    }
    let inner = error.and_then(|error| error["innerError"]["request-id"].as_str());
    let traced = || body?["Instrumentation"]["TraceId"].as_str();
    let said = inner.or_else(traced);
    if said.is_none() || said != request_id {
        told.push(format!(
            "the error's request-id is {said:?}; the header says {request_id:?}"
        ));
    }
    told
}

/// Each answer in a batch, as if it had been asked for alone.
fn of_every_entry(path: &str, envelope: &Value, answer: &Answer) -> Vec<String> {
    let version = path.split('/').nth(1).unwrap_or_default();
    let requests = envelope["requests"].as_array();
    let answers = answer
        .body
        .as_ref()
        .and_then(|body| body["responses"].as_array());
    let mut told = Vec::new();
    for entry in answers.into_iter().flatten() {
        let asked = requests
            .into_iter()
            .flatten()
            .find(|request| request["id"] == entry["id"]);
        let Some(asked) = asked else {
            told.push(format!("the entry {} answers nothing asked", entry["id"]));
            continue;
        };
        let status = entry["status"].as_u64().unwrap_or_default();
        let status = u16::try_from(status).unwrap_or_default();
        let body = entry.get("body");
        let mut wrong = Vec::new();
        if status >= 400 {
            let request_id = entry["headers"]["request-id"].as_str();
            wrong.extend(of_every_error(body, request_id));
        }
        if let (Some(method), Some(url)) = (asked["method"].as_str(), asked["url"].as_str()) {
            let path = format!("/{version}/{}", url.trim_start_matches('/'));
            let method = method.to_ascii_uppercase();
            wrong.extend(described::differences((&method, &path), status, body));
        }
        let place = |what| format!("the entry {}: {what}", entry["id"]);
        told.extend(wrong.into_iter().map(place));
    }
    told
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
    use serde_json::json;

    use super::*;

    const HOST: &str = "http://localhost:1";
    const ID: &str = "5eed0000-0000-4000-8000-000000000001";

    /// An answer that no rule but the tested one finds fault with.
    fn answer(status: u16, body: &Value) -> Answer {
        let headers = [
            ("request-id", ID),
            ("client-request-id", ID),
            ("content-type", "application/json"),
        ];
        let headers = headers.map(|(name, value)| {
            let name = HeaderName::from_static(name);
            (name, HeaderValue::from_static(value))
        });
        Answer {
            status,
            headers: HeaderMap::from_iter(headers),
            text: body.to_string(),
            body: Some(body.clone()),
        }
    }

    fn told(step: Value, answer: &Answer) -> Vec<String> {
        let mut variables = Variables::default();
        variables.set(
            "operation",
            format!("{HOST}/v1.0/external/connections/c/operations/o"),
        );
        let step = serde_json::from_value(step).expect("a step");
        against(HOST, &variables, &step, answer).expect("a whole step")
    }

    #[test]
    fn an_address_that_the_server_gave_is_held_as_any_other() {
        let step = json!({"get": "${operation}", "as": "connector", "expect": {"status": 200}});
        let well = answer(200, &json!({"id": "o", "status": "completed"}));
        assert_eq!(told(step.clone(), &well), [""; 0]);
        let status = answer(200, &json!({"id": "o", "status": "done"}));
        assert_ne!(told(step.clone(), &status), [""; 0]);
        let mut nameless = well;
        nameless.headers.remove("request-id");
        assert_eq!(told(step, &nameless).len(), 1);
    }

    #[test]
    fn answers_in_a_batch_are_held_as_any_other() {
        let step = json!({
            "post": "/v1.0/$batch", "as": "connector", "expect": {"status": 200},
            "body": {"requests": [{"id": "1", "method": "get", "url": "/external/connections/c"}]},
        });
        let responses = |entry: Value| answer(200, &json!({"responses": [entry]}));
        let body = json!({"id": "c", "name": "C"});
        let well = responses(json!({"id": "1", "status": 200, "body": body}));
        assert_eq!(told(step.clone(), &well), [""; 0]);
        let error =
            json!({"code": "ItemNotFound", "message": "no", "innerError": {"request-id": ID}});
        let refused = json!({
            "id": "1", "status": 404, "headers": {"request-id": ID}, "body": {"error": error},
        });
        assert_eq!(told(step.clone(), &responses(refused)), [""; 0]);
        for entry in [
            json!({"id": "1", "status": 200, "body": {"id": "c", "secret": 1}}),
            json!({"id": "1", "status": 200}),
            json!({"id": "2", "status": 200, "body": body}),
            json!({"id": "1", "status": 404, "headers": {"request-id": "x"}, "body": {"error": error}}),
        ] {
            assert_ne!(
                told(step.clone(), &responses(entry.clone())),
                [""; 0],
                "{entry}"
            );
        }
    }

    #[test]
    fn an_answer_that_is_described_as_json_is_json() {
        let step = json!({
            "get": "/v1.0/external/connections/c", "as": "connector", "expect": {"status": 200},
        });
        let mut broken = answer(200, &json!({"id": "c"}));
        assert_eq!(told(step.clone(), &broken), [""; 0]);
        for text in ["", "<html>"] {
            (broken.text, broken.body) = (text.to_owned(), None);
            assert_eq!(told(step.clone(), &broken).len(), 1, "{text}");
        }
    }

    #[test]
    fn an_error_says_the_id_of_its_request() {
        let step = json!({
            "get": "/v1.0/external/connections/c", "as": "connector", "expect": {"status": 404},
        });
        let error = |inner: Value| {
            let error = json!({"code": "ItemNotFound", "message": "no", "innerError": inner});
            told(step.clone(), &answer(404, &json!({"error": error})))
        };
        assert_eq!(error(json!({"request-id": ID})), [""; 0]);
        assert_eq!(error(json!({"request-id": "another"})).len(), 1);
        assert_eq!(error(json!({})).len(), 1);
    }
}
