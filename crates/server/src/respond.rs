//! Turns answers, refusals and failures into bytes: the only place where an error body is written.

mod advice;

use std::{borrow::Cow, net::SocketAddr};

use advice::advise;
use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};
use graph::{
    ErrorCode, PublicError, PublicErrorDetail,
    odata::Returned,
    route::{Method, Voice},
};
use serde_json::{Map, Value, json};
use tenant::{Error, Failure, FailureKind};

use crate::{
    identity::{Answer as SignInAnswer, Unauthenticated},
    journal,
    layers::{Exchange, Panicked},
};

const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("client-request-id");
const ODATA_VERSION: HeaderName = HeaderName::from_static("odata-version");
const ODATA_ENTITY_ID: HeaderName = HeaderName::from_static("odata-entityid");
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");
const DIAGNOSTIC: HeaderName = HeaderName::from_static("x-ms-ags-diagnostic");

/// Who answers, in the shape in which the Graph says it. There is no data center, slice or ring to name.
const SERVER: &str = r#"{"ServerInfo":{"RoleInstance":"linkspan"}}"#;

/// Seconds after which an unavailable service may be asked again; some clients wait for it without end, so it is short.
const RETRY_AFTER: u32 = 1;

/// All that a client learns about a failure of ours.
pub(crate) const FAILED: &str = "There was an internal server error while processing the request.";

/// The same for a failure that may pass.
pub(crate) const UNAVAILABLE: &str =
    "The service is temporarily unavailable. Please retry the request.";

/// What a door answers when all went well.
#[derive(Debug)]
pub(crate) struct Answer {
    status: StatusCode,
    body: Option<Content>,
    paged: Option<u16>,
    returned: Option<Returned>,
    entity: Option<String>,
    location: Option<String>,
    advice: Vec<String>,
    remark: Option<Cow<'static, str>>,
}

/// What an answer holds.
#[derive(Debug)]
enum Content {
    Json(Value),
    /// JSON that is written already.
    Written(String),
    /// A bare number, as plain text.
    Number(usize),
}

impl Answer {
    /// An answer without a body: 202 or 204.
    pub fn bare(status: StatusCode) -> Self {
        Self {
            status,
            body: None,
            paged: None,
            returned: None,
            entity: None,
            location: None,
            advice: Vec::new(),
            remark: None,
        }
    }

    /// An answer with a body.
    pub fn json(status: StatusCode, body: Value) -> Self {
        Self {
            body: Some(Content::Json(body)),
            ..Self::bare(status)
        }
    }

    /// An answer with a body that is JSON as it stands, its control information chosen already.
    pub fn written(status: StatusCode, body: String) -> Self {
        Self {
            body: Some(Content::Written(body)),
            ..Self::bare(status)
        }
    }

    /// 200 with a bare number: the answer to `$count`.
    pub fn number(number: usize) -> Self {
        Self {
            body: Some(Content::Number(number)),
            ..Self::bare(StatusCode::OK)
        }
    }

    /// Says that the page is as small as the client preferred.
    pub fn paged(mut self, preferred: Option<u16>) -> Self {
        self.paged = preferred;
        self
    }

    /// Adds the absolute URL under which to go on.
    pub fn at(mut self, location: String) -> Self {
        self.location = Some(location);
        self
    }

    /// Says the absolute URL of what was created, for those who do not want to see it.
    pub fn called(mut self, entity: String) -> Self {
        self.entity = Some(entity);
        self
    }

    /// Leaves the written resource out, or says that it is there, as the client prefers.
    pub fn returning(mut self, preferred: Option<Returned>) -> Self {
        let is_minimal = preferred == Some(Returned::Minimal);
        if is_minimal {
            self.body = None;
            self.status = StatusCode::NO_CONTENT;
        }
        self.returned = preferred.filter(|_| is_minimal || self.body.is_some());
        self
    }

    /// Notes in the journal what the Graph would have said to this.
    pub fn where_the_graph_would(mut self, remark: Option<&'static str>) -> Self {
        self.remark = remark.map(Cow::Borrowed);
        self
    }

    /// Adds sentences about what was done as asked, and will disappoint.
    pub fn advising(mut self, advice: impl IntoIterator<Item = String>) -> Self {
        self.advice.extend(advice);
        self
    }

    /// Says which members of the body or options of the query had no effect.
    pub fn ignoring(mut self, kind: &str, ignored: &[String]) -> Self {
        if !ignored.is_empty() {
            self.advice.push(format!(
                "These {kind} are not taken here and had no effect: {}.",
                ignored.join(", ")
            ));
        }
        self
    }
}

/// The answer of a door as an HTTP response.
pub(crate) fn answer(exchange: &Exchange, answer: Answer) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    if let Some(location) = answer.location.as_deref().and_then(header_value) {
        headers.insert(header::LOCATION, location);
    }
    advise(headers, &answer.advice.join(" "));
    let applied = applied(exchange, &answer).join(", ");
    if let Some(applied) = header_value(&applied).filter(|_| !applied.is_empty()) {
        headers.insert(PREFERENCE_APPLIED, applied);
    }
    if answer.returned == Some(Returned::Minimal)
        && let Some(entity) = answer.entity.as_ref().or(answer.location.as_ref())
        && let Some(entity) = header_value(entity)
    {
        headers.insert(ODATA_ENTITY_ID, entity);
    }
    if let Some(body) = answer.body {
        let (media_type, text) = match body {
            Content::Json(mut body) => {
                exchange.metadata.strip(&mut body);
                (content_type(exchange), body.to_string())
            }
            Content::Written(text) => (content_type(exchange), text),
            Content::Number(number) => (HeaderValue::from_static("text/plain"), number.to_string()),
        };
        headers.insert(header::CONTENT_TYPE, media_type);
        headers.insert(ODATA_VERSION, HeaderValue::from_static("4.0"));
        *response.body_mut() = Body::from(text);
    }
    if let Some(remark) = answer.remark {
        response.extensions_mut().insert(journal::Remark(remark));
    }
    tracing::debug!(status = answer.status.as_u16(), "answered");
    response
}

/// A plain text for people and probes.
pub(crate) fn plain(text: &'static str) -> Response {
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    response
}

/// A page of HTML that stands where an error in JSON should: what a front door says when nobody behind it answers.
pub(crate) fn page(status: u16, page: &'static str, help: &str) -> Response {
    let mut response = Response::new(Body::from(page));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    response.extensions_mut().insert(journal::Refusal {
        code: ErrorCode::UnknownError.as_str().into(),
        message: "A page of HTML".into(),
    });
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
    advise(headers, help);
    response
}

/// A document of that media type.
pub(crate) fn document(media_type: &'static str, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// A refusal or a failure as an HTTP response, logged once.
pub(crate) fn error(exchange: &Exchange, error: Error, voice: Voice) -> Response {
    match error {
        Error::Refused(refusal) => refused(exchange, &refusal, voice),
        Error::Failed(failure) => failed(exchange, &failure),
    }
}

/// 401 with the challenge that tells a client how to go on.
pub(crate) fn unauthenticated(exchange: &Exchange, missing: &Unauthenticated) -> Response {
    let code = ErrorCode::InvalidAuthenticationToken;
    let refusal = PublicError::new(code, missing.message.as_str());
    let mut response = refused(exchange, &refusal, Voice::Gateway);
    if let Some(challenge) = header_value(&missing.www_authenticate) {
        let headers = response.headers_mut();
        headers.insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

/// What the issuer answers on a sign-in path, in its own words.
pub(crate) fn signed_in(answer: SignInAnswer) -> Response {
    let refusal = (answer.status >= 400).then(|| refusal_of_sign_in(&answer.body));
    let mut response = Response::new(Body::from(answer.body));
    if let Some(refusal) = refusal.flatten() {
        response.extensions_mut().insert(refusal);
    }
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in answer.headers {
        if let Some(value) = header_value(&value) {
            response
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
    }
    response
}

/// What the journal says about a refused sign-in: the word and the text, without the ids behind it.
fn refusal_of_sign_in(body: &[u8]) -> Option<journal::Refusal> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let text = body.get("error_description")?.as_str()?;
    Some(journal::Refusal {
        code: body.get("error")?.as_str()?.into(),
        message: text.split(" Trace ID:").next().unwrap_or(text).into(),
    })
}

/// 405 with the methods that the path does take.
pub(crate) fn method_not_allowed(exchange: &Exchange, allowed: &[Method]) -> Response {
    let allowed: Vec<&str> = allowed.iter().map(|method| method.as_str()).collect();
    let allowed = allowed.join(", ");
    not_allowed(exchange, &allowed, format!("The path takes: {allowed}."))
}

/// 405 for CONNECT: tunnels begin elsewhere, if anywhere.
pub(crate) fn no_tunnel(exchange: &Exchange, proxy: Option<SocketAddr>) -> Response {
    let help = match proxy {
        Some(at) => format!("CONNECT is for the proxy port: set HTTPS_PROXY to http://{at}."),
        None => {
            "CONNECT is for a proxy, and this server runs none; address it directly.".to_owned()
        }
    };
    not_allowed(exchange, Method::Get.as_str(), help)
}

fn not_allowed(exchange: &Exchange, allowed: &str, help: String) -> Response {
    let refusal = PublicError::new(
        ErrorCode::RequestBadRequest,
        "Specified HTTP method is not allowed for the request target.",
    )
    .with_help("method", help);
    let mut response = refused(exchange, &refusal, Voice::Gateway);
    if let Some(allowed) = header_value(allowed) {
        response.headers_mut().insert(header::ALLOW, allowed);
    }
    response
}

/// The answer to a request whose handling panicked.
pub(crate) fn panicked(exchange: &Exchange, panicked: &Panicked) -> Response {
    tracing::error!(panic = %panicked.0, "answering panicked");
    told(
        exchange,
        &PublicError::new(ErrorCode::GeneralException, FAILED),
        Voice::Gateway,
    )
}

/// Adds what every answer carries.
pub(crate) fn stamp(exchange: &Exchange, response: &mut Response) {
    let headers = response.headers_mut();
    for (name, id) in [
        (REQUEST_ID, exchange.request_id.to_string()),
        (CLIENT_REQUEST_ID, exchange.client_request_id.clone()),
    ] {
        if let Some(id) = header_value(&id) {
            headers.insert(name, id);
        }
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-cache"));
}

/// Adds what every answer on the wire carries, and no answer within a batch.
pub(crate) fn seal(response: &mut Response, is_strict: bool) {
    let headers = response.headers_mut();
    headers.insert(DIAGNOSTIC, HeaderValue::from_static(SERVER));
    if is_strict {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000"),
        );
    }
}

fn refused(exchange: &Exchange, refusal: &PublicError, voice: Voice) -> Response {
    tracing::info!(
        status = refusal.status,
        code = refusal.code.as_str(),
        target = refusal.target.as_deref(),
        "refused"
    );
    told(exchange, refusal, voice)
}

fn failed(exchange: &Exchange, failure: &Failure) -> Response {
    tracing::error!(kind = ?failure.kind, causes = %causes(failure.source.as_ref()), "failed");
    match failure.kind {
        FailureKind::Broken => told(
            exchange,
            &PublicError::new(ErrorCode::GeneralException, FAILED),
            Voice::Gateway,
        ),
        FailureKind::Unavailable => {
            let refusal = PublicError::new(ErrorCode::ServiceNotAvailable, UNAVAILABLE);
            told(exchange, &refusal.after(RETRY_AFTER), Voice::Gateway)
        }
    }
}

/// The whole chain of an error, outermost first.
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

fn told(exchange: &Exchange, refusal: &PublicError, voice: Voice) -> Response {
    // The search service only ever speaks about what was asked of it; tokens, sizes and outages are the gateway's.
    let body = match (voice, refusal.status) {
        (Voice::Search, 400 | 403) => in_search_voice(exchange, refusal),
        (Voice::Search | Voice::Gateway, _) => in_gateway_voice(exchange, refusal),
    };
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() =
        StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.extensions_mut().insert(journal::Refusal {
        code: refusal.code.as_str().into(),
        message: refusal.message.as_str().into(),
    });
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    if let Some(seconds) = refusal.retry_after {
        headers.insert(header::RETRY_AFTER, seconds.get().into());
    }
    let mut help = Vec::new();
    leaves(&refusal.details, &mut help);
    advise(headers, &help.join(" "));
    response
}

fn in_gateway_voice(exchange: &Exchange, refusal: &PublicError) -> Value {
    let mut inner = Map::new();
    if let Some(service) = &refusal.inner {
        inner.insert("code".to_owned(), json!(service.code));
        if let Some(source) = &service.source {
            inner.insert("source".to_owned(), json!(source));
        }
        inner.insert("message".to_owned(), json!(service.message));
    }
    // Throttling alone repeats its status here.
    if refusal.status == 429 {
        inner.insert("status".to_owned(), json!("429"));
    }
    inner.insert("date".to_owned(), json!(exchange.date()));
    inner.insert("request-id".to_owned(), json!(exchange.request_id));
    inner.insert(
        "client-request-id".to_owned(),
        json!(exchange.client_request_id),
    );

    let mut error = Map::new();
    error.insert("code".to_owned(), json!(refusal.code.as_str()));
    error.insert("message".to_owned(), json!(refusal.message));
    if let Some(target) = &refusal.target {
        error.insert("target".to_owned(), json!(target));
    }
    if !refusal.details.is_empty() {
        error.insert(
            "details".to_owned(),
            refusal.details.iter().map(gateway_detail).collect(),
        );
    }
    error.insert("innerError".to_owned(), Value::Object(inner));
    json!({ "error": error })
}

fn gateway_detail(detail: &PublicErrorDetail) -> Value {
    let mut members = Map::new();
    members.insert("code".to_owned(), json!(detail.code));
    members.insert("message".to_owned(), json!(detail.message));
    if let Some(target) = &detail.target {
        members.insert("target".to_owned(), json!(target));
    }
    Value::Object(members)
}

fn in_search_voice(exchange: &Exchange, refusal: &PublicError) -> Value {
    let details: Vec<Value> = refusal
        .details
        .iter()
        .map(|detail| search_detail(detail, refusal.status))
        .collect();
    let mut error = Map::new();
    error.insert("code".to_owned(), json!(refusal.code.as_str()));
    error.insert("message".to_owned(), json!(refusal.message));
    error.insert(
        "target".to_owned(),
        json!(refusal.target.as_deref().unwrap_or_default()),
    );
    if !details.is_empty() {
        error.insert("details".to_owned(), Value::Array(details));
    }
    error.insert("httpCode".to_owned(), json!(refusal.status));
    json!({ "error": error, "Instrumentation": { "TraceId": exchange.request_id } })
}

fn search_detail(detail: &PublicErrorDetail, status: u16) -> Value {
    let mut members = Map::new();
    members.insert("code".to_owned(), json!(detail.code));
    members.insert("message".to_owned(), json!(detail.message));
    members.insert(
        "target".to_owned(),
        json!(detail.target.as_deref().unwrap_or_default()),
    );
    if !detail.details.is_empty() {
        let nested = detail
            .details
            .iter()
            .map(|nested| search_detail(nested, status));
        members.insert("details".to_owned(), nested.collect());
    }
    members.insert("httpCode".to_owned(), json!(status));
    Value::Object(members)
}

/// The messages at the leaves: wrappers only repeat what they wrap.
fn leaves<'a>(details: &'a [PublicErrorDetail], to: &mut Vec<&'a str>) {
    for detail in details {
        if detail.details.is_empty() {
            to.push(&detail.message);
        } else {
            leaves(&detail.details, to);
        }
    }
}

fn content_type(exchange: &Exchange) -> HeaderValue {
    use graph::odata::Metadata;
    HeaderValue::from_static(match exchange.metadata {
        Metadata::None => {
            "application/json;odata.metadata=none;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
        }
        Metadata::Minimal => {
            "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
        }
        Metadata::Full => {
            "application/json;odata.metadata=full;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
        }
    })
}

/// The preferences that were heeded.
fn applied(exchange: &Exchange, answer: &Answer) -> Vec<Cow<'static, str>> {
    let prefers = exchange.prefers;
    let mut applied = Vec::new();
    if prefers.unknown_enum_members && answer.body.is_some() {
        applied.push(Cow::Borrowed("include-unknown-enum-members"));
    }
    if prefers.respond_async && answer.status == StatusCode::ACCEPTED {
        applied.push(Cow::Borrowed("respond-async"));
    }
    if let Some(returned) = answer.returned {
        applied.push(Cow::Borrowed(returned.as_str()));
    }
    if let Some(size) = answer.paged {
        applied.push(Cow::Owned(format!("odata.maxpagesize={size}")));
    }
    applied
}

fn header_value(text: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(text).ok()
}

#[cfg(test)]
#[path = "respond_tests.rs"]
mod tests;
