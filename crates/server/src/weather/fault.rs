//! One fault: what goes wrong, and whether before or after the work is done.

use std::time::Duration;

use graph::{PublicError, route::Door};
use serde_json::{Map, Value, json};

use super::span;
use crate::said::{refused, text, whole};

/// The longest that a fault lets a request wait, in real time.
pub const LATENCY_MAX: Duration = Duration::from_secs(60);

/// The longest `Retry-After` of a fault, in seconds.
const RETRY_AFTER_MAX: u64 = 3_600;

/// `Retry-After` of 429 and 503 where nothing else was said, in seconds: the number in the Graph's own examples.
const RETRY_AFTER: u32 = 10;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// 429 with `Retry-After`.
    TooManyRequests,
    /// 500.
    Internal,
    /// 502 with a page of HTML, as from a front door before the Graph.
    BadGateway,
    /// 503 with `Retry-After`.
    Unavailable,
    /// No answer: the connection ends, or over HTTP/2 the stream.
    Reset,
    /// A pause, and then the answer.
    Latency,
    /// The known issue of creations with a broken card: 503, although the connection was created.
    CreatedAnyway,
}

impl Kind {
    const ALL: [Self; 7] = [
        Self::TooManyRequests,
        Self::Internal,
        Self::BadGateway,
        Self::Unavailable,
        Self::Reset,
        Self::Latency,
        Self::CreatedAnyway,
    ];

    /// The kind as it is asked for.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TooManyRequests => "429",
            Self::Internal => "500",
            Self::BadGateway => "502",
            Self::Unavailable => "503",
            Self::Reset => "reset",
            Self::Latency => "latency",
            Self::CreatedAnyway => "503-then-409",
        }
    }
}

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What goes wrong.
    pub kind: Kind,
    /// Is the work done first, and only its answer lost?
    pub after: bool,
    /// Seconds in `Retry-After`; none: no such header.
    pub retry_after: Option<u32>,
    /// How long a [`Kind::Latency`] takes.
    pub latency: Duration,
}

impl Fault {
    /// The names of the members that describe a fault.
    pub const MEMBERS: [&'static str; 4] = ["fault", "when", "retry_after", "latency"];

    /// Reads those members.
    ///
    /// # Errors
    /// 400 that names the member, its value and the rule.
    pub fn read(members: &Map<String, Value>) -> Result<Self, PublicError> {
        let kind = kind(members)?;
        let lasts = latency(members, kind)?;
        Ok(Self {
            after: is_after(members, kind)?,
            retry_after: retry_after(members, kind)?,
            latency: lasts,
            kind,
        })
    }

    /// Can it befall what goes through this door? The known issue is one of creations alone.
    pub fn fits(&self, door: Door) -> bool {
        self.kind != Kind::CreatedAnyway || creates(door)
    }

    /// The members again.
    pub fn write(&self, into: &mut Map<String, Value>) {
        into.insert("fault".to_owned(), json!(self.kind.as_str()));
        let when = if self.after { "after" } else { "before" };
        into.insert("when".to_owned(), json!(when));
        if let Some(seconds) = self.retry_after {
            into.insert("retry_after".to_owned(), json!(seconds));
        }
        if self.kind == Kind::Latency {
            let length = jiff::SignedDuration::try_from(self.latency).unwrap_or_default();
            into.insert("latency".to_owned(), json!(length.to_string()));
        }
    }
}

/// Is this the door that connections are made at?
pub fn creates(door: Door) -> bool {
    matches!(door, Door::CreateConnection | Door::CreateConnectionRef)
}

fn kind(members: &Map<String, Value>) -> Result<Kind, PublicError> {
    // The numbers are written as numbers too.
    let said = members.get("fault").unwrap_or(&Value::Null);
    let name = said.as_str().map(str::to_owned);
    let name = name.or_else(|| said.as_u64().map(|number| number.to_string()));
    let found = Kind::ALL
        .into_iter()
        .find(|kind| name.as_deref() == Some(kind.as_str()));
    found.ok_or_else(|| {
        let names = Kind::ALL.map(|kind| format!("\"{}\"", kind.as_str()));
        let rule = format!("it must be one of {}", names.join(", "));
        refused("fault", said, &rule)
    })
}

fn is_after(members: &Map<String, Value>, kind: Kind) -> Result<bool, PublicError> {
    let Some(when) = text(members, "when")? else {
        return Ok(kind == Kind::CreatedAnyway);
    };
    let rule = match (when, kind) {
        ("before", Kind::CreatedAnyway) => "503-then-409 is what happens after a creation",
        ("before", _) => return Ok(false),
        ("after", Kind::TooManyRequests | Kind::Latency) => {
            "429 and latency come before the work; after it there may be 500, 502, 503 and reset"
        }
        ("after", _) => return Ok(true),
        _ => {
            "it must be \"before\" (nothing is done) or \"after\" (it is done, and the answer is lost)"
        }
    };
    Err(refused("when", &when.into(), rule))
}

fn retry_after(members: &Map<String, Value>, kind: Kind) -> Result<Option<u32>, PublicError> {
    let has_one = matches!(
        kind,
        Kind::TooManyRequests | Kind::Unavailable | Kind::CreatedAnyway
    );
    match whole(members, "retry_after", 0..=RETRY_AFTER_MAX)? {
        None => Ok(has_one.then_some(RETRY_AFTER)),
        Some(seconds) if has_one => Ok(u32::try_from(seconds).ok().filter(|it| *it > 0)),
        Some(seconds) => {
            let rule = "only 429, 503 and 503-then-409 say `Retry-After`";
            Err(refused("retry_after", &seconds.into(), rule))
        }
    }
}

fn latency(members: &Map<String, Value>, kind: Kind) -> Result<Duration, PublicError> {
    let said = members.get("latency").unwrap_or(&Value::Null);
    match (text(members, "latency")?, kind) {
        (Some(length), Kind::Latency) => {
            let lasts = span::read("latency", length)?;
            if !lasts.is_zero() && lasts <= LATENCY_MAX {
                return Ok(lasts);
            }
            let rule = "it must be longer than nothing, and at most \"PT60S\" is waited";
            Err(refused("latency", said, rule))
        }
        (None, Kind::Latency) => {
            let rule = "the fault \"latency\" needs a length of time, such as \"PT2S\"";
            Err(refused("latency", said, rule))
        }
        (None, _) => Ok(Duration::ZERO),
        (Some(_), _) => {
            let rule = "only the fault \"latency\" has one; write two rules for a slow failure";
            Err(refused("latency", said, rule))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(said: Value) -> Result<Fault, String> {
        Fault::read(said.as_object().unwrap()).map_err(|refusal| refusal.details[0].message.clone())
    }

    #[test]
    fn faults_are_read_and_written_again() {
        for said in [
            json!({ "fault": "429", "when": "before", "retry_after": 10 }),
            json!({ "fault": "500", "when": "after" }),
            json!({ "fault": "502", "when": "before" }),
            json!({ "fault": "503", "when": "after", "retry_after": 3 }),
            json!({ "fault": "reset", "when": "after" }),
            json!({ "fault": "latency", "when": "before", "latency": "PT2S" }),
            json!({ "fault": "503-then-409", "when": "after", "retry_after": 10 }),
        ] {
            let mut written = Map::new();
            read(said.clone()).unwrap().write(&mut written);
            assert_eq!(Value::Object(written), said);
        }
        assert_eq!(
            read(json!({ "fault": 503, "retry_after": 0 }))
                .unwrap()
                .retry_after,
            None
        );
        assert!(read(json!({ "fault": "503-then-409" })).unwrap().after);
    }

    #[test]
    fn what_cannot_be_is_refused_by_name() {
        for (said, named) in [
            (json!({}), "`fault` is null"),
            (
                json!({ "fault": "418" }),
                "`fault` is \"418\": it must be one of \"429\"",
            ),
            (
                json!({ "fault": "429", "when": "after" }),
                "`when` is \"after\"",
            ),
            (
                json!({ "fault": "503-then-409", "when": "before" }),
                "`when` is \"before\"",
            ),
            (
                json!({ "fault": "500", "when": "soon" }),
                "`when` is \"soon\"",
            ),
            (
                json!({ "fault": "500", "retry_after": 1 }),
                "`retry_after` is 1",
            ),
            (json!({ "fault": "503", "retry_after": 3_601 }), "0 to 3600"),
            (
                json!({ "fault": "503", "retry_after": "1" }),
                "`retry_after` is \"1\"",
            ),
            (json!({ "fault": "latency" }), "`latency` is null"),
            (json!({ "fault": "latency", "latency": "PT61S" }), "at most"),
            (
                json!({ "fault": "latency", "latency": "0s" }),
                "than nothing",
            ),
            (json!({ "fault": "503", "latency": "PT1S" }), "two rules"),
        ] {
            let help = read(said.clone()).unwrap_err();
            assert!(help.contains(named), "{said}: {help}");
        }
    }
}
