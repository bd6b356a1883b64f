//! Reads request bodies: limited, inflated, and as JSON whatever their content type says.

mod json;
mod room;

use std::{
    io::Read,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    body::Body,
    http::{HeaderMap, header},
};
use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use graph::{ErrorCode, PublicError, generous::shown, limits::BODY_VALUES_MAX};
use http_body_util::BodyExt;
use room::{FREE_BYTES, Taken, Whose};
use serde_json::Value;
use tokio::time::Instant;

pub(crate) use room::Rooms;

/// From this many bytes on a body is inflated or parsed beside the async threads.
const INLINE_BYTES_MAX: usize = 1 << 20;

/// How long a body may take.
#[derive(Clone, Copy, Debug)]
struct Patience {
    /// A body that does not go on for this long is given up.
    pause: Duration,
    /// So is one that is not whole after this long, however steadily it drips.
    whole: Duration,
}

const PATIENCE: Patience = Patience {
    pause: Duration::from_secs(60),
    whole: Duration::from_secs(10 * 60),
};

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Identity,
    Gzip,
}

/// A request's body and what its headers say about it.
pub(crate) struct Incoming {
    /// A body may be read by one thread at a time; nobody ever waits for the lock.
    body: Mutex<Body>,
    bytes_max: usize,
    bytes_in: u64,
    patience: Patience,
    began_at: Instant,
    /// What was read already, and put back.
    held: Option<Value>,
    whose: Whose,
    rooms: Arc<Rooms>,
    /// The room that its bytes have, and that what is made of them has.
    to_read: Option<Taken>,
    to_parse: Option<Taken>,
}

impl Incoming {
    /// A body of which at most `bytes_max` bytes are read, and again at most `bytes_max` when it is inflated.
    pub fn new(body: Body, bytes_max: usize, rooms: &Arc<Rooms>) -> Self {
        Self {
            body: Mutex::new(body),
            bytes_max,
            bytes_in: 0,
            patience: PATIENCE,
            began_at: Instant::now(),
            held: None,
            whose: Whose::Request,
            rooms: Arc::clone(rooms),
            to_read: None,
            to_parse: None,
        }
    }

    /// The body of an entry, whose bytes are in memory with the batch around it.
    pub fn entry(bytes: Bytes, bytes_max: usize, rooms: &Arc<Rooms>) -> Self {
        Self {
            whose: Whose::Entry,
            ..Self::new(Body::from(bytes), bytes_max, rooms)
        }
    }

    /// Takes no more than so many bytes, which must be said before it is read.
    pub fn limit(&mut self, bytes_max: usize) {
        self.bytes_max = self.bytes_max.min(bytes_max);
    }

    /// Lets whoever asks next for JSON have this.
    pub fn put_back(&mut self, json: Value) {
        self.held = Some(json);
    }

    /// How many bytes were read so far, as sent.
    pub fn bytes_in(&self) -> u64 {
        self.bytes_in
    }

    /// The body with its content coding removed; empty when there is none.
    ///
    /// # Errors
    /// 413 above the limit; 415 for a coding other than gzip; 400 when the body ends early or is not what it says.
    pub async fn read(&mut self, headers: &HeaderMap) -> Result<Bytes, PublicError> {
        let coding = coding(headers)?;
        let announced = headers
            .get(header::CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.parse::<u64>().ok());
        if announced.is_some_and(|bytes| bytes > self.bytes_max as u64) {
            return Err(too_large(self.bytes_max));
        }
        let raw = self.collect(announced, coding).await?;
        match coding {
            Coding::Identity => Ok(raw),
            Coding::Gzip => self.inflated(raw).await,
        }
    }

    async fn inflated(&mut self, raw: Bytes) -> Result<Bytes, PublicError> {
        let bytes_max = self.bytes_max;
        if self.to_read.is_none() {
            // What stays small needs no room; what does not is inflated again once it has some.
            let free = bytes_max.min(FREE_BYTES);
            let beginning = inflate(&raw, free + 1)?;
            if beginning.len() <= free {
                return Ok(beginning);
            }
            self.room_to_read(bytes_max).await?;
        }
        let inflated = beside(move || inflate(&raw, bytes_max + 1)).await?;
        if inflated.len() > bytes_max {
            return Err(too_large(bytes_max));
        }
        Ok(inflated)
    }

    async fn room_to_read(&mut self, bytes: usize) -> Result<(), PublicError> {
        // The bytes of an entry have their room with the batch.
        if self.whose == Whose::Request {
            self.to_read = Some(self.rooms.to_read(bytes).await?);
        }
        Ok(())
    }

    /// The body as JSON. `expected` names what should have been sent, for example `an externalItem`.
    ///
    /// # Errors
    /// As for [`Incoming::read`]; 400 `BadRequest` when there is no body or it is not JSON.
    pub async fn json(
        &mut self,
        headers: &HeaderMap,
        expected: &str,
    ) -> Result<Value, PublicError> {
        if let Some(held) = self.held.take() {
            return Ok(held);
        }
        self.parsed(headers, expected, json::read).await
    }

    /// What `parse` makes of the body as a text that is not empty; long ones are parsed beside the async threads.
    ///
    /// # Errors
    /// As for [`Incoming::json`], and what `parse` refuses.
    pub async fn parsed<T: Send + 'static>(
        &mut self,
        headers: &HeaderMap,
        expected: &str,
        parse: fn(&str) -> Result<T, PublicError>,
    ) -> Result<T, PublicError> {
        let bytes = self.read(headers).await?;
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Err(PublicError::new(
                ErrorCode::BadRequest,
                format!("The request body is empty: {expected} in JSON is expected."),
            ));
        }
        fit_characters(headers, &bytes)?;
        let is_long = bytes.len() > INLINE_BYTES_MAX;
        let values = if is_long {
            let bytes = bytes.clone();
            beside(move || Ok(json::values(&bytes))).await?
        } else {
            json::values(&bytes)
        };
        if values > BODY_VALUES_MAX {
            return Err(too_many(values));
        }
        let room = self.rooms.to_parse(self.whose, bytes.len(), values).await?;
        self.to_parse = Some(room);
        let parsed = if is_long {
            beside(move || parse(text(&bytes)?)).await
        } else {
            parse(text(&bytes)?)
        };
        self.to_read = None;
        parsed
    }

    /// Gives the room back that it has.
    pub fn leave(&mut self) {
        (self.to_read, self.to_parse) = (None, None);
    }

    /// The beginning of the body as sent, at most `bytes_max` bytes and one more: enough to see that there is more.
    ///
    /// # Errors
    /// 400 when the body ends early.
    pub async fn beginning(&mut self, bytes_max: usize) -> Result<Vec<u8>, PublicError> {
        let mut bytes = Vec::new();
        while bytes.len() <= bytes_max
            && let Some(data) = self.next().await?
        {
            bytes.extend_from_slice(&data);
        }
        bytes.truncate(bytes_max + 1);
        Ok(bytes)
    }

    /// Reads on and forgets, within bounds, so that a client which is still sending gets to see its answer.
    pub async fn drain(&mut self, bytes_max: usize, patience: Duration) {
        let mut left = bytes_max;
        let reading = async {
            while left > 0
                && let Some(Ok(frame)) = self.body().frame().await
            {
                left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
            }
        };
        // Whether it came to an end or not, the answer goes out now.
        let _ = tokio::time::timeout(patience, reading).await;
    }

    fn body(&mut self) -> &mut Body {
        self.body.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    async fn collect(
        &mut self,
        announced: Option<u64>,
        coding: Coding,
    ) -> Result<Bytes, PublicError> {
        let announced = announced.and_then(|bytes| usize::try_from(bytes).ok());
        let room = match coding {
            Coding::Identity => announced.unwrap_or(self.bytes_max),
            Coding::Gzip => 2 * self.bytes_max,
        };
        if announced.is_some_and(|bytes| bytes > FREE_BYTES) {
            self.room_to_read(room).await?;
        }
        let mut whole: Option<Vec<u8>> = None;
        let mut first = Bytes::new();
        while let Some(data) = self.next().await? {
            let so_far = whole.as_ref().map_or(first.len(), Vec::len) + data.len();
            if so_far > self.bytes_max {
                return Err(too_large(self.bytes_max));
            }
            if so_far > FREE_BYTES && self.to_read.is_none() {
                self.room_to_read(room).await?;
            }
            match &mut whole {
                None if first.is_empty() => first = data,
                None => {
                    let capacity = announced.unwrap_or_default();
                    let mut bytes = Vec::with_capacity(capacity.max(first.len() + data.len()));
                    bytes.extend_from_slice(&first);
                    bytes.extend_from_slice(&data);
                    whole = Some(bytes);
                }
                Some(bytes) => bytes.extend_from_slice(&data),
            }
        }
        Ok(whole.map_or(first, Bytes::from))
    }

    /// The next piece of data; trailers are skipped.
    async fn next(&mut self) -> Result<Option<Bytes>, PublicError> {
        loop {
            let Patience { pause, whole } = self.patience;
            let left = whole.saturating_sub(self.began_at.elapsed());
            let frame = match left.min(pause) {
                Duration::ZERO => None,
                patience => tokio::time::timeout(patience, self.body().frame())
                    .await
                    .ok(),
            };
            let frame = frame.ok_or_else(|| {
                unreadable("The request body stopped coming, or came too slowly.")
            })?;
            match frame {
                None => return Ok(None),
                Some(Err(_)) => return Err(unreadable("The request body ended early.")),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.bytes_in += data.len() as u64;
                        return Ok(Some(data));
                    }
                }
            }
        }
    }
}

fn coding(headers: &HeaderMap) -> Result<Coding, PublicError> {
    let mut coding = Coding::Identity;
    for value in headers.get_all(header::CONTENT_ENCODING) {
        for word in value.to_str().unwrap_or("?").split(',').map(str::trim) {
            coding = match word.to_ascii_lowercase().as_str() {
                "" | "identity" => continue,
                "gzip" | "x-gzip" if coding == Coding::Identity => Coding::Gzip,
                _ => return Err(unsupported(value.to_str().unwrap_or("?"))),
            };
        }
    }
    Ok(coding)
}

/// At most so many bytes of what was compressed.
fn inflate(raw: &[u8], bytes_max: usize) -> Result<Bytes, PublicError> {
    let mut inflated = Vec::new();
    MultiGzDecoder::new(raw)
        .take(bytes_max as u64)
        .read_to_end(&mut inflated)
        .map_err(|_| {
            unreadable("The request body is not the gzip that its Content-Encoding says.")
        })?;
    Ok(inflated.into())
}

/// JSON is UTF-8. Another character set will do where every character is written as it is there.
fn fit_characters(headers: &HeaderMap, bytes: &[u8]) -> Result<(), PublicError> {
    let media_type = headers.get(header::CONTENT_TYPE);
    let media_type = media_type.and_then(|value| value.to_str().ok());
    let set = media_type
        .unwrap_or_default()
        .split(';')
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
        .map(|(_, set)| set.trim().trim_matches('"'));
    let is_utf8 = |set: &str| {
        let known = ["utf-8", "utf8", "us-ascii"];
        known.iter().any(|known| known.eq_ignore_ascii_case(set))
    };
    match set {
        Some(set) if !is_utf8(set) && !bytes.iter().all(|byte| (1..=127).contains(byte)) => {
            let message = format!("The character set {} is not supported.", shown(set));
            let code = ErrorCode::UnsupportedMediaType;
            Err(PublicError::new(code, message).with_help("Content-Type", "Send JSON in UTF-8."))
        }
        _ => Ok(()),
    }
}

fn text(bytes: &[u8]) -> Result<&str, PublicError> {
    // Some editors and shells put a byte order mark first; it means nothing in UTF-8.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|fault| {
        unreadable(&format!(
            "Unable to read JSON request payload: the byte at offset {} is not UTF-8.",
            fault.valid_up_to()
        ))
    })
}

/// The refusal of a text that is no JSON, with the place of the fault.
#[expect(clippy::needless_pass_by_value, reason = "it stands behind `map_err`")]
pub(crate) fn unfit(fault: serde_json::Error) -> PublicError {
    let text = fault.to_string();
    // The parser ends its sentence with the place, which is said first here.
    let what = text.split(" at line ").next().unwrap_or_default();
    unreadable(&format!(
        "Unable to read JSON request payload at line {}, column {}: {what}.",
        fault.line(),
        fault.column()
    ))
}

/// Runs a piece of work where it may take its time.
async fn beside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PublicError> + Send + 'static,
) -> Result<T, PublicError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        // It only fails when the work panicked, and the rescue around every request answers a panic.
        Err(fault) => match fault.try_into_panic() {
            Ok(payload) => std::panic::resume_unwind(payload),
            Err(_) => Err(unreadable("The server is shutting down.")),
        },
    }
}

fn unreadable(message: &str) -> PublicError {
    PublicError::new(ErrorCode::BadRequest, message)
}

fn too_large(bytes_max: usize) -> PublicError {
    let message = format!("The request body is larger than the limit of {bytes_max} bytes.");
    PublicError::new(ErrorCode::RequestEntityTooLarge, message)
        .with_help("body", "Send less, for example a shorter content.value; the limit holds for the inflated body too.")
}

fn too_many(values: usize) -> PublicError {
    let message =
        format!("The request body holds {values} JSON values; the limit is {BODY_VALUES_MAX}.");
    unreadable(&message).with_help(
        "body",
        "Objects, arrays and what they hold all count; send less at once.",
    )
}

fn unsupported(coding: &str) -> PublicError {
    let message = format!("The content encoding {} is not supported.", shown(coding));
    PublicError::new(ErrorCode::UnsupportedMediaType, message).with_help(
        "Content-Encoding",
        "Send the body plainly, or with `Content-Encoding: gzip`.",
    )
}

#[cfg(test)]
#[path = "body_tests.rs"]
mod tests;
