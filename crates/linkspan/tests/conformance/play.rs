//! Plays a transcript: sends each request and holds the answer against what is expected.

use std::{
    io::Write,
    time::{Duration, Instant},
};

use flate2::{Compression, write::GzEncoder};
use reqwest::{Method, header::HeaderMap};
use serde_json::Value;

use crate::{
    corpus::{Corpus, Step, Transcript},
    held,
    target::Target,
    variables::Variables,
};

/// How long a step that says `eventually` is repeated. What is put is found within a second; a debug build that shares its
/// machine gets more.
const EVENTUALLY: Duration = Duration::from_secs(20);

/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(50);

/// What came back.
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub text: String,
    /// The body, if it is JSON.
    pub body: Option<Value>,
}

impl Answer {
    /// A header's value, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Plays what is given, then the steps; the first that is not answered as expected is told.
pub async fn transcript(
    target: &Target,
    corpus: &Corpus,
    transcript: &Transcript,
) -> Result<(), String> {
    let mut variables = target.variables();
    let given = match &transcript.given {
        Some(name) => corpus.given(name)?,
        None => Vec::new(),
    };
    for step in given {
        play(target, &mut variables, step)
            .await
            .map_err(|why| format!("  what is given: {why}"))?;
    }
    for (at, step) in transcript.steps.iter().enumerate() {
        play(target, &mut variables, step)
            .await
            .map_err(|why| format!("  step {}: {why}", at + 1))?;
    }
    Ok(())
}

async fn play(target: &Target, variables: &mut Variables, step: &Step) -> Result<(), String> {
    let deadline = Instant::now() + EVENTUALLY;
    loop {
        let answer = send(target, variables, step).await?;
        let told = held::against(&target.url, variables, step, &answer)?;
        if told.is_empty() {
            return save(variables, step, &answer);
        }
        if !step.eventually || Instant::now() > deadline {
            let (method, path) = step.request()?;
            return Err(format!(
                "{method} {} as {}\n    {}\n    answered {} {}",
                variables.fill(path)?,
                step.caller,
                told.join("\n    "),
                answer.status,
                answer.text
            ));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn send(target: &Target, variables: &Variables, step: &Step) -> Result<Answer, String> {
    let (method, path) = step.request()?;
    let url = url(target, &variables.fill(path)?)?;
    let method = Method::from_bytes(method.as_bytes()).map_err(|error| error.to_string())?;
    let mut request = target.client.request(method, &url);
    if let Some(token) = target.token(&step.caller).await? {
        request = request.bearer_auth(token);
    }
    let body = match (&step.body, &step.text) {
        (Some(json), _) => Some(variables.fill_json(json)?.to_string()),
        (None, text) => text
            .as_deref()
            .map(|text| variables.fill(text))
            .transpose()?,
    };
    let typed = step
        .headers
        .keys()
        .any(|name| name.eq_ignore_ascii_case("content-type"));
    if step.body.is_some() && !typed {
        request = request.header("content-type", "application/json");
    }
    for (name, value) in &step.headers {
        request = request.header(name, variables.fill(value)?);
    }
    request = match body {
        Some(body) if step.gzip => request
            .header("content-encoding", "gzip")
            .body(gzip(&body)?),
        Some(body) => request.body(body),
        None => request,
    };
    let answer = request
        .send()
        .await
        .map_err(|error| format!("{url}: {error:?}"))?;
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let text = answer
        .text()
        .await
        .map_err(|error| format!("{url}: {error:?}"))?;
    Ok(Answer {
        status,
        headers,
        body: serde_json::from_str(&text).ok(),
        text,
    })
}

/// A path is below the target; an absolute address, as answers hold them, must be so too.
fn url(target: &Target, path: &str) -> Result<String, String> {
    if path.starts_with('/') {
        return Ok(format!("{}{path}", target.url));
    }
    let inside = path
        .strip_prefix(&target.url)
        .is_some_and(|rest| rest.starts_with('/'));
    if inside {
        Ok(path.to_owned())
    } else {
        Err(format!(
            "{path} is not on {}, the host that was asked",
            target.url
        ))
    }
}

fn gzip(text: &str) -> Result<Vec<u8>, String> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder
        .write_all(text.as_bytes())
        .and_then(|()| encoder.finish())
        .map_err(|error| error.to_string())
}

fn save(variables: &mut Variables, step: &Step, answer: &Answer) -> Result<(), String> {
    for (name, place) in &step.save {
        let found = match (place.strip_prefix("header."), place.strip_prefix("body/")) {
            (Some(header), _) => answer.header(header).map(str::to_owned),
            (None, Some(pointer)) => {
                let body = answer.body.as_ref();
                let value = body.and_then(|body| body.pointer(&format!("/{pointer}")));
                value.and_then(Value::as_str).map(str::to_owned)
            }
            (None, None) => {
                return Err(format!(
                    "save: {place} is neither header.NAME nor body/POINTER"
                ));
            }
        };
        let value = found
            .ok_or_else(|| format!("there is no {place} to save; answered {}", answer.text))?;
        variables.set(name, value);
    }
    Ok(())
}

/// Searches one connection as a user; for suites that make their own requests.
pub async fn search(
    target: &Target,
    user: &str,
    connection: &str,
    query: &str,
) -> Result<Answer, String> {
    let step: Step = serde_json::from_value(serde_json::json!({
        "post": "/v1.0/search/query", "as": user, "expect": { "status": 200 },
        "body": { "requests": [{
            "entityTypes": ["externalItem"],
            "contentSources": [format!("/external/connections/{connection}")],
            "query": { "queryString": query }, "size": 1000,
        }] },
    }))
    .map_err(|error| error.to_string())?;
    send(target, &Variables::default(), &step).await
}

/// Sends one request that must be answered with this status.
pub async fn must(
    target: &Target,
    status: u16,
    (method, path): (&str, &str),
    body: &Value,
) -> Result<(), String> {
    let step: Step = serde_json::from_value(serde_json::json!({
        method: path, "as": "connector", "body": body, "expect": { "status": status },
    }))
    .map_err(|error| error.to_string())?;
    play(target, &mut Variables::default(), &step).await
}
