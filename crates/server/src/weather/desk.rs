//! `/_linkspan/clock`, `/_linkspan/faults` and `/_linkspan/weather`: where the weather is asked for and made.

use axum::http::StatusCode;
use graph::{DateTime, PublicError, route::Method};
use serde_json::{Value, json};

use super::{Weather, span};
use crate::{
    respond::Answer,
    said::{members, refused, text},
};

/// The pages of the weather.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Desk {
    /// What time it is for the tenant.
    Clock,
    /// What goes wrong.
    Faults,
    /// What has happened.
    Report,
}

impl Desk {
    /// The page at a path, without its first slash.
    pub fn at(path: &str) -> Option<Self> {
        match path {
            "_linkspan/clock" => Some(Self::Clock),
            "_linkspan/faults" => Some(Self::Faults),
            "_linkspan/weather" => Some(Self::Report),
            _ => None,
        }
    }

    /// The methods that it takes.
    pub fn methods(self) -> &'static [Method] {
        match self {
            Self::Clock | Self::Faults => &[Method::Get, Method::Post, Method::Delete],
            Self::Report => &[Method::Get],
        }
    }

    /// Does what is asked by one of those methods; `said` is the body of a POST.
    ///
    /// # Errors
    /// 400 that names the member, its value and the rule; nothing is done then.
    pub fn answer(
        self,
        weather: &Weather,
        method: Method,
        said: &Value,
    ) -> Result<Answer, PublicError> {
        match (self, method) {
            (Self::Clock, Method::Post) => move_clock(weather, said)?,
            (Self::Clock, Method::Delete) => weather.clock.reset(),
            (Self::Faults, Method::Post) => {
                let made = weather.faults.add(said)?;
                return Ok(Answer::json(StatusCode::CREATED, made));
            }
            (Self::Faults, Method::Delete) => weather.faults.clear(),
            _ => {}
        }
        let shown = match self {
            Self::Clock => clock(weather),
            Self::Faults => weather.faults.json(),
            Self::Report => {
                let mut report = json!(weather.report());
                report["clock"] = clock(weather);
                report
            }
        };
        Ok(Answer::json(StatusCode::OK, shown))
    }
}

/// What time it is, really and here.
fn clock(weather: &Weather) -> Value {
    let (real, now) = weather.clock.both();
    let ahead = now.0.saturating_sub(real.0).div_euclid(10_000_000);
    json!({ "now": now.to_string(), "real": real.to_string(), "ahead_seconds": ahead })
}

fn move_clock(weather: &Weather, said: &Value) -> Result<(), PublicError> {
    let members = members("the body", said, &["advance", "now"])?;
    match (text(members, "advance")?, text(members, "now")?) {
        (Some(by), None) => weather.clock.advance(span::read("advance", by)?),
        (None, Some(now)) => {
            let moment = DateTime::parse(now)
                .map_err(|fault| refused("now", &now.into(), &format!("it {fault}")))?;
            weather.clock.set(moment);
        }
        (Some(_), Some(_)) | (None, None) => {
            return Err(refused(
                "the body",
                said,
                "it must have either `advance`, such as \"PT15M\", or `now`, such as \"2026-03-18T12:00:00Z\"",
            ));
        }
    }
    Ok(())
}
