//! `POST /{version}/$batch`: several requests in one envelope, and which of them wait for which.
//!
//! Documentation: <https://learn.microsoft.com/graph/json-batching>

mod once;

use std::{borrow::Cow, collections::BTreeMap};

use base64::{
    Engine,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use once::Once;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    error::{ErrorCode, PublicError},
    generous::{is_annotation, shown},
    limits::BATCH_REQUESTS_MAX,
    odata,
    route::Method,
};

/// URL-safe Base64; padding may be there or not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The longest URL of an entry, in bytes: as long as one that HTTP itself carries.
const URL_BYTES_MAX: usize = 65_534;

/// How many headers an entry may have: as many as a request of its own.
const HEADERS_MAX: usize = 100;

const MEMBERS: [&str; 6] = ["id", "method", "url", "headers", "body", "dependsOn"];

/// An envelope that keeps the rules.
#[derive(Debug)]
pub struct Batch<'a> {
    /// The requests, in the order sent.
    pub requests: Vec<BatchRequest<'a>>,
    /// Members that nobody knows, for `x-linkspan-advice`.
    pub ignored: Vec<String>,
}

/// One request of a batch.
#[derive(Debug)]
pub struct BatchRequest<'a> {
    /// The client's name for it; unique without case.
    pub id: String,
    /// The method.
    pub method: Method,
    /// Path and query below the version, as sent.
    pub url: String,
    /// Names and values that are fit for HTTP.
    pub headers: BTreeMap<String, String>,
    /// The body: JSON as it stands in the envelope, or what was written in Base64.
    pub body: Option<Cow<'a, [u8]>>,
    /// The places in the batch of those that must go well before. Nothing waits for itself, however long the way round.
    pub depends_on: Vec<usize>,
}

type Members<'a> = BTreeMap<String, &'a RawValue>;

impl<'a> Batch<'a> {
    /// Reads the envelope.
    ///
    /// # Errors
    /// 400 `BadRequest` that names the entry, the member, its value and the rule.
    pub fn read(envelope: &'a RawValue) -> Result<Self, PublicError> {
        let about = "The body of a batch must be an object with the array `requests`";
        let sent: Once<&'a RawValue> = parsed(envelope)
            .ok_or_else(|| refused("requests", format!("{about}; it is {}.", start(envelope))))?;
        let members = sent.all().map_err(|name| {
            let message = format!("The body of a batch has the member {} twice.", shown(&name));
            refused(crate::generous::start(&name), message)
        })?;
        let sent = member(&members, "requests")
            .ok_or_else(|| refused("requests", format!("{about}, which is missing.")))?;
        let sent: Vec<&RawValue> = parsed(sent)
            .ok_or_else(|| refused("requests", format!("{about}; it is {}.", start(sent))))?;
        if !(1..=BATCH_REQUESTS_MAX).contains(&sent.len()) {
            return Err(refused(
                "requests",
                format!(
                    "A batch holds 1 to {BATCH_REQUESTS_MAX} requests; this one has {}.",
                    sent.len()
                ),
            ));
        }
        let mut ignored = unknown(&members, &["requests"]);
        let mut requests = Vec::with_capacity(sent.len());
        let mut waits = Vec::with_capacity(sent.len());
        for (place, raw) in sent.into_iter().enumerate() {
            let entry = Entry::read(place, raw)?;
            requests.push(entry.request()?);
            waits.push(entry.texts("dependsOn")?);
            ignored.extend(unknown(&entry.members, &MEMBERS));
        }
        // Ids are compared without case, and folded once: they may be long.
        let ids: Vec<String> = requests.iter().map(|it| it.id.to_lowercase()).collect();
        unique(&requests, &ids)?;
        for (place, names) in waits.iter().enumerate() {
            requests[place].depends_on = places(&requests, &ids, (place, names))?;
        }
        no_circle(&requests)?;
        Ok(Self { requests, ignored })
    }
}

/// One entry on its way in.
struct Entry<'a> {
    place: usize,
    members: Members<'a>,
}

impl<'a> Entry<'a> {
    fn read(place: usize, raw: &'a RawValue) -> Result<Self, PublicError> {
        let sent: Once<&'a RawValue> = parsed(raw).ok_or_else(|| {
            let message = format!(
                "Entry {} of the batch is {}; it must be an object with `id`, `method` and `url`.",
                place + 1,
                start(raw)
            );
            refused(format!("requests[{place}]"), message)
        })?;
        let members = sent.all().map_err(|name| {
            let message = format!(
                "Entry {} of the batch has the member {} twice.",
                place + 1,
                shown(&name)
            );
            refused(
                format!("requests[{place}].{}", crate::generous::start(&name)),
                message,
            )
        })?;
        Ok(Self { place, members })
    }

    fn request(&self) -> Result<BatchRequest<'a>, PublicError> {
        let id = self.text("id")?;
        let headers = self.headers()?;
        Ok(BatchRequest {
            method: self.method()?,
            url: self.url()?,
            body: self.body(&headers)?,
            headers,
            id,
            depends_on: Vec::new(),
        })
    }

    fn method(&self) -> Result<Method, PublicError> {
        Method::parse(&self.text("method")?.to_ascii_uppercase())
            .ok_or_else(|| self.refused("method", "it must be GET, POST, PUT, PATCH or DELETE"))
    }

    fn url(&self) -> Result<String, PublicError> {
        let url = self.text("url")?;
        let path = url.split(['?', '#']).next().unwrap_or_default();
        let first = path.split('/').find(|segment| !segment.is_empty());
        let first = first.unwrap_or_default();
        let fault = if url.len() > URL_BYTES_MAX {
            "it is longer than 65,534 bytes"
        } else if first.ends_with(':') {
            "it must be a path below the version, without scheme and host"
        } else if ["v1.0", "beta"]
            .iter()
            .any(|version| version.eq_ignore_ascii_case(first))
        {
            "it must not name a version: the batch's own counts"
        } else if url.contains('#') || url.chars().any(char::is_control) {
            "it must hold neither `#` nor control characters; write `%23` for `#`"
        } else if odata::path(first).is_ok_and(|path| {
            path.iter()
                .any(|only| only.name.eq_ignore_ascii_case("$batch"))
        }) {
            "a batch must not hold another batch"
        } else {
            return Ok(url);
        };
        Err(self.refused("url", fault))
    }

    fn headers(&self) -> Result<BTreeMap<String, String>, PublicError> {
        let Some(raw) = member(&self.members, "headers") else {
            return Ok(BTreeMap::new());
        };
        let sent: Once<String> = parsed(raw).ok_or_else(|| {
            self.refused("headers", "it must be an object whose members are texts")
        })?;
        let headers = sent
            .all()
            .map_err(|name| self.refused("headers", &format!("it has {} twice", shown(&name))))?;
        if headers.len() > HEADERS_MAX {
            return Err(self.refused("headers", "an entry has 100 headers at most"));
        }
        for (name, value) in &headers {
            let fault = if name.is_empty() || !name.bytes().all(is_token) {
                "is no name of a header"
            } else if value.chars().any(char::is_control) {
                "has a value with control characters"
            } else if name.eq_ignore_ascii_case("content-encoding")
                && !value.trim().eq_ignore_ascii_case("identity")
            {
                "is not for an entry; compress the whole batch instead"
            } else {
                continue;
            };
            return Err(self.refused("headers", &format!("{} {fault}", shown(name))));
        }
        Ok(headers)
    }

    fn body(
        &self,
        headers: &BTreeMap<String, String>,
    ) -> Result<Option<Cow<'a, [u8]>>, PublicError> {
        let Some(raw) = member(&self.members, "body") else {
            return Ok(None);
        };
        let media_type = headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("content-type"))
            .map(|(_, value)| value.as_str())
            .ok_or_else(|| {
                self.refused("headers", "with a `body` they must hold `Content-Type`")
            })?;
        if is_json(media_type) {
            return Ok(Some(Cow::Borrowed(raw.get().as_bytes())));
        }
        parsed::<String>(raw)
            .and_then(|text| BASE64.decode(text).ok())
            .map(|bytes| Some(Cow::Owned(bytes)))
            .ok_or_else(|| {
                let rule = format!(
                    "with the Content-Type {} it must be a text in URL-safe Base64; JSON is `application/json`",
                    shown(media_type)
                );
                self.refused("body", &rule)
            })
    }

    /// A text that must be there and must not be empty.
    fn text(&self, name: &str) -> Result<String, PublicError> {
        member(&self.members, name)
            .and_then(parsed::<String>)
            .filter(|text| !text.is_empty())
            .ok_or_else(|| self.refused(name, "it must be a text that is not empty"))
    }

    fn texts(&self, name: &str) -> Result<Vec<String>, PublicError> {
        let Some(raw) = member(&self.members, name) else {
            return Ok(Vec::new());
        };
        parsed(raw).ok_or_else(|| self.refused(name, "it must be an array of ids"))
    }

    fn refused(&self, name: &str, rule: &str) -> PublicError {
        let id = member(&self.members, "id").and_then(parsed::<String>);
        let known_as = id.map_or_else(|| (self.place + 1).to_string(), |id| shown(&id));
        let value = member(&self.members, name).map_or_else(|| "missing".to_owned(), start);
        refused(
            format!("requests[{}].{name}", self.place),
            format!("Entry {known_as} of the batch: `{name}` is {value}; {rule}."),
        )
    }
}

fn unique(requests: &[BatchRequest<'_>], ids: &[String]) -> Result<(), PublicError> {
    let twice = (0..ids.len()).find(|place| ids[..*place].contains(&ids[*place]));
    match twice {
        None => Ok(()),
        Some(place) => Err(refused(
            format!("requests[{place}].id"),
            format!(
                "Entry {} of the batch: `id` occurs twice; ids must be unique, and case does not tell them apart.",
                shown(&requests[place].id)
            ),
        )),
    }
}

fn places(
    requests: &[BatchRequest<'_>],
    ids: &[String],
    (place, names): (usize, &[String]),
) -> Result<Vec<usize>, PublicError> {
    let fault = |what: &str, why: &str| {
        let id = shown(&requests[place].id);
        refused(
            format!("requests[{place}].dependsOn"),
            format!("Entry {id} of the batch: `dependsOn` names {what}; {why}."),
        )
    };
    if names.len() > BATCH_REQUESTS_MAX {
        let many = format!("{} entries", names.len());
        let most = format!("a batch holds {BATCH_REQUESTS_MAX} at most");
        return Err(fault(&many, &most));
    }
    let read = |name: &String| {
        let folded = name.to_lowercase();
        match ids.iter().position(|id| *id == folded) {
            Some(found) if found != place => Ok(found),
            Some(_) => Err(fault(&shown(name), "an entry cannot wait for itself")),
            None => Err(fault(&shown(name), "no entry has that id")),
        }
    };
    names.iter().map(read).collect()
}

/// Takes away what waits for nothing until nothing moves; what is left waits in a circle.
fn no_circle(requests: &[BatchRequest<'_>]) -> Result<(), PublicError> {
    let mut done = vec![false; requests.len()];
    while let Some(place) = (0..requests.len()).find(|place| {
        !done[*place]
            && requests[*place]
                .depends_on
                .iter()
                .all(|before| done[*before])
    }) {
        done[place] = true;
    }
    let Some(place) = done.iter().position(|done| !done) else {
        return Ok(());
    };
    let left = requests.iter().zip(&done).filter(|(_, done)| !**done);
    let ids: Vec<String> = left.map(|(request, _)| shown(&request.id)).collect();
    Err(refused(
        format!("requests[{place}].dependsOn"),
        format!(
            "The entries {} of the batch wait for each other in a circle of `dependsOn`; none could begin.",
            ids.join(", ")
        ),
    ))
}

fn parsed<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}

/// The member of that name, in any case where the exact one is not there; null is absent.
fn member<'a>(members: &Members<'a>, name: &str) -> Option<&'a RawValue> {
    let in_any_case = || {
        members
            .iter()
            .find(|(sent, _)| sent.eq_ignore_ascii_case(name))
            .map(|(_, raw)| raw)
    };
    members
        .get(name)
        .or_else(in_any_case)
        .copied()
        .filter(|raw| raw.get() != "null")
}

fn unknown(members: &Members<'_>, known: &[&str]) -> Vec<String> {
    let is_known = |sent: &String| {
        is_annotation(sent) || known.iter().any(|name| name.eq_ignore_ascii_case(sent))
    };
    members
        .keys()
        .filter(|sent| !is_known(sent))
        .cloned()
        .collect()
}

/// The beginning of a piece of JSON.
fn start(raw: &RawValue) -> String {
    shown(raw.get())
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn is_json(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    let essence = essence.to_ascii_lowercase();
    essence == "application/json" || essence == "text/json" || essence.ends_with("+json")
}

fn refused(target: impl Into<String>, message: String) -> PublicError {
    let mut error = PublicError::new(ErrorCode::BadRequest, message);
    error.target = Some(target.into());
    error
}

#[cfg(test)]
#[path = "batch_tests.rs"]
mod tests;
