//! `/$batch`: each entry is a request of its own and walks the corridor like any other.
//!
//! Documentation: <https://learn.microsoft.com/graph/json-batching>

use std::{
    borrow::Cow,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures_util::{StreamExt, stream::FuturesUnordered};
use graph::{Batch, ErrorCode, PublicError, route::Voice};
use http_body_util::BodyExt;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use tenant::Error;
use tracing::Instrument;

use crate::{
    ask::Ask,
    body::{Incoming, unfit},
    corridor::{Asker, Errand},
    journal::BytesIn,
    layers::Exchange,
    respond::{self, Answer},
    router::Front,
};

/// How many entries are under way at once: one batch must not take the place of many clients.
const AT_ONCE_MAX: usize = 4;

/// What may not stand in a URL but is written there all the same, since JSON takes anything. `%` stays: it escapes already.
const UNFIT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Headers that are about a connection and its bytes; in an envelope they mean nothing.
const OF_TRANSPORT: [HeaderName; 8] = [
    header::ACCEPT_ENCODING,
    header::CONNECTION,
    header::CONTENT_ENCODING,
    header::CONTENT_LENGTH,
    header::EXPECT,
    header::HOST,
    header::TE,
    header::TRANSFER_ENCODING,
];

/// One entry on its way in.
struct Entry {
    id: String,
    method: &'static str,
    path: String,
    query: String,
    headers: HeaderMap,
    body: Bytes,
    depends_on: Vec<usize>,
}

/// One entry on its way out.
#[derive(Serialize)]
struct Written<'b> {
    id: &'b str,
    status: u16,
    headers: serde_json::Map<String, serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Box<RawValue>>,
}

#[derive(Serialize)]
struct Envelope<'b> {
    responses: Vec<Written<'b>>,
}

/// What the entries share.
struct Run<'b> {
    front: &'b Front,
    asker: Asker,
    entries: &'b [Entry],
    /// Bytes that may still be answered: twenty small questions must not make an answer without end.
    bytes_left: AtomicUsize,
}

/// POST: 200 whatever becomes of the entries.
pub(crate) async fn batch(ask: &mut Ask<'_>) -> Result<Answer, Error> {
    let (mut entries, ignored) = ask.body.parsed(ask.headers, "a batch", read).await?;
    same_caller(ask.headers, &entries)?;
    for entry in &mut entries {
        inherit(ask.headers, &mut entry.headers);
    }
    let run = Run {
        front: ask.front,
        asker: Asker {
            tenant: Arc::clone(&ask.tenant),
            issuer: Arc::clone(&ask.issuer),
            caller: ask.caller.clone(),
            beta: ask.beta,
            base: ask.base.clone(),
        },
        entries: &entries,
        bytes_left: AtomicUsize::new(ask.front.settings.body_bytes_max),
    };
    let responses = run.all().await;
    let text = serde_json::to_string(&Envelope { responses })
        .expect("texts and numbers under names can always be written");
    Ok(Answer::written(StatusCode::OK, text).ignoring("members", &ignored))
}

fn read(text: &str) -> Result<(Vec<Entry>, Vec<String>), PublicError> {
    let envelope: &RawValue = serde_json::from_str(text).map_err(unfit)?;
    let batch = Batch::read(envelope)?;
    let entries = batch.requests.into_iter().map(|request| {
        let url = utf8_percent_encode(&request.url, UNFIT).to_string();
        let (path, query) = url.split_once('?').unwrap_or((&url, ""));
        let headers = request.headers.iter().filter_map(|(name, value)| {
            let name: HeaderName = name.parse().ok()?;
            let value = HeaderValue::from_str(value).ok()?;
            (!OF_TRANSPORT.contains(&name)).then_some((name, value))
        });
        Entry {
            id: request.id,
            method: request.method.as_str(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: headers.collect(),
            body: request.body.map_or_else(Bytes::new, |body| match body {
                Cow::Borrowed(bytes) => Bytes::copy_from_slice(bytes),
                Cow::Owned(bytes) => bytes.into(),
            }),
            depends_on: request.depends_on,
        }
    });
    Ok((entries.collect(), batch.ignored))
}

/// An entry is carried out for the caller of the batch, so it must not name another.
fn same_caller(outer: &HeaderMap, entries: &[Entry]) -> Result<(), PublicError> {
    let stranger = entries.iter().position(|entry| {
        let own = entry.headers.get(header::AUTHORIZATION);
        own.is_some_and(|own| Some(own) != outer.get(header::AUTHORIZATION))
    });
    match stranger {
        None => Ok(()),
        Some(place) => {
            let message = format!(
                "Entry {} of the batch: `headers` has an `Authorization` of its own; the token of the batch counts for all entries.",
                graph::generous::shown(&entries[place].id)
            );
            let mut refusal = PublicError::new(ErrorCode::BadRequest, message);
            refusal.target = Some(format!("requests[{place}].headers"));
            Err(refusal)
        }
    }
}

/// What is said once for the whole batch, an entry need not say again.
fn inherit(outer: &HeaderMap, own: &mut HeaderMap) {
    for name in ["accept", "prefer", "client-request-id"] {
        if !own.contains_key(name) {
            for value in outer.get_all(name) {
                own.append(name, value.clone());
            }
        }
    }
}

impl<'b> Run<'b> {
    /// All entries, each begun as soon as those before it are done; answered in the order sent.
    async fn all(&self) -> Vec<Written<'b>> {
        let mut ended: Vec<Option<StatusCode>> = vec![None; self.entries.len()];
        let mut waiting: Vec<usize> = (0..self.entries.len()).collect();
        let mut under_way = FuturesUnordered::new();
        let mut written: Vec<Option<Written<'b>>> = self.entries.iter().map(|_| None).collect();
        loop {
            while under_way.len() < AT_ONCE_MAX
                && let Some(at) = waiting.iter().position(|place| {
                    let mut before = self.entries[*place].depends_on.iter();
                    before.all(|place| ended[*place].is_some())
                })
            {
                let place = waiting.remove(at);
                let failed = self.entries[place]
                    .depends_on
                    .iter()
                    .find(|before| ended[**before].is_some_and(|status| status.as_u16() >= 400));
                under_way.push(self.one(place, failed.copied()));
            }
            // Nothing waits in a circle, so whoever still waits then waits for one that is under way.
            let Some((place, status, answer)) = under_way.next().await else {
                return written.into_iter().flatten().collect();
            };
            ended[place] = Some(status);
            written[place] = Some(answer);
        }
    }

    /// One entry, whatever happens in it. Boxed, because the corridor leads back here.
    fn one<'f>(
        &'f self,
        place: usize,
        failed: Option<usize>,
    ) -> Pin<Box<dyn Future<Output = (usize, StatusCode, Written<'b>)> + Send + 'f>> {
        let front = self.front;
        let entry = &self.entries[place];
        let tenant = Some(self.asker.tenant.id);
        let exchange = Exchange::begin(&front.settings, &entry.headers);
        let span = tracing::info_span!(
            "entry",
            id = %exchange.request_id,
            method = entry.method,
            path = entry.path,
        );
        let carried_out = async move {
            let answering = async {
                match failed {
                    Some(before) => {
                        let refusal = failed_dependency(&self.entries[before].id);
                        respond::error(&exchange, refusal.into(), Voice::Gateway)
                    }
                    None => self.walk(&exchange, entry).await,
                }
            };
            let response = front
                .conclude(&exchange, Some((entry.method, tenant)), answering)
                .await;
            let status = response.status();
            let answer = self.written(&exchange, &entry.id, response).await;
            (place, status, answer)
        };
        Box::pin(carried_out.instrument(span))
    }

    async fn walk(&self, exchange: &Exchange, entry: &Entry) -> Response {
        let front = self.front;
        let bytes_max = front.settings.body_bytes_max;
        let mut body = Incoming::entry(entry.body.clone(), bytes_max, &front.rooms);
        let errand = Errand {
            exchange,
            method: entry.method,
            path: &entry.path,
            query: &entry.query,
            headers: &entry.headers,
            body: &mut body,
            in_batch: true,
        };
        let mut response = front.walk(self.asker.clone(), errand).await;
        response.extensions_mut().insert(BytesIn(body.bytes_in()));
        response
    }

    async fn written(&self, exchange: &Exchange, id: &'b str, response: Response) -> Written<'b> {
        let (mut parts, body) = response.into_parts();
        let mut bytes = collected(body).await;
        let fits = self
            .bytes_left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(bytes.len())
            });
        if fits.is_err() {
            let refusal = too_much(parts.status, bytes.len());
            let mut told = respond::error(exchange, refusal.into(), Voice::Gateway);
            respond::stamp(exchange, &mut told);
            let (told, body) = told.into_parts();
            parts = told;
            bytes = collected(body).await;
        }
        let headers = parts.headers.iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (spelled(name), value.into())
        });
        Written {
            id,
            status: parts.status.as_u16(),
            headers: headers.collect(),
            body: if bytes.is_empty() {
                None
            } else {
                enclosed(&parts.headers, bytes)
            },
        }
    }
}

/// The bytes of an answer of ours, which are all there.
async fn collected(body: Body) -> Bytes {
    body.collect()
        .await
        .map(http_body_util::Collected::to_bytes)
        .unwrap_or_default()
}

/// JSON as it stands, a text as a text, anything else in Base64.
fn enclosed(headers: &HeaderMap, bytes: Bytes) -> Option<Box<RawValue>> {
    let media_type = headers.get(header::CONTENT_TYPE);
    let media_type = media_type.and_then(|value| value.to_str().ok());
    let media_type = media_type.unwrap_or_default();
    let text = match String::from_utf8(bytes.into()) {
        Ok(text) if media_type.starts_with("application/json") => {
            return RawValue::from_string(text).ok();
        }
        Ok(text) if media_type.starts_with("text/") => text,
        Ok(text) => STANDARD.encode(text),
        Err(fault) => STANDARD.encode(fault.as_bytes()),
    };
    to_raw_value(&text).ok()
}

/// Some who read an envelope look headers up by the very name, so they are spelled as the Graph spells them.
fn spelled(name: &HeaderName) -> String {
    let name = name.as_str();
    if name.starts_with("x-") || name.ends_with("request-id") {
        return name.to_owned();
    }
    let word = |word: &str| match word {
        "odata" => "OData".to_owned(),
        "entityid" => "EntityId".to_owned(),
        "www" => "WWW".to_owned(),
        word => {
            let (first, rest) = word.split_at(word.len().min(1));
            first.to_ascii_uppercase() + rest
        }
    };
    name.split('-').map(word).collect::<Vec<_>>().join("-")
}

fn failed_dependency(id: &str) -> PublicError {
    PublicError::new(
        ErrorCode::FailedDependency,
        format!(
            "The request was not carried out because entry {} of the batch failed.",
            graph::generous::shown(id)
        ),
    )
    .with_help(
        "dependsOn",
        "Mend the other entry first; this one was not begun.",
    )
}

fn too_much(status: StatusCode, bytes: usize) -> PublicError {
    PublicError::new(
        ErrorCode::RequestEntityTooLarge,
        format!(
            "The request was carried out with status {}, but its answer of {bytes} bytes has no room in the answer of the batch.",
            status.as_u16()
        ),
    )
    .with_help("requests", "Send this request by itself, or fewer in one batch.")
}
