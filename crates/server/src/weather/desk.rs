//! `/_linkspan/clock`, `/_linkspan/faults` and `/_linkspan/weather`: where the weather is asked for and made.

use axum::http::StatusCode;
use graph::{DateTime, PublicError, route::Method};
use serde_json::{Value, json};
use tenant::{Error, clock::Move, life};

use super::{Weather, span};
use crate::{
    respond::Answer,
    said::{members, refused, text},
    tenants::Resident,
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

    /// Whose business it is: the server's, which is the home tenant's, or each tenant's own.
    pub fn is_of_tenant(self) -> bool {
        self == Self::Clock
    }

    /// Does what is asked by one of those methods; `said` is the body of a POST. When the clock was moved, what became due is done by the answer.
    ///
    /// # Errors
    /// 400 that names the member, its value and the rule; nothing is done then. Or the tenant's files cannot be used.
    pub async fn answer(
        self,
        weather: &Weather,
        resident: &Resident,
        (method, said): (Method, &Value),
    ) -> Result<Answer, Error> {
        let dial = resident.dial.as_ref();
        let dial = dial.ok_or_else(|| PublicError::not_found("Clock"))?;
        let moved = match (self, method) {
            (Self::Clock, Method::Post) => Some(read_move(said)?),
            (Self::Clock, Method::Delete) => Some(Move::Back),
            (Self::Faults, Method::Post) => {
                let made = weather.faults.add(said)?;
                return Ok(Answer::json(StatusCode::CREATED, made));
            }
            (Self::Faults, Method::Delete) => {
                weather.faults.clear();
                None
            }
            _ => None,
        };
        if let Some(moved) = moved {
            dial.turn(moved).await?;
            life::catch_up(&resident.tenant).await?;
        }
        let shown = match self {
            Self::Clock => dial.json(),
            Self::Faults => weather.faults.json(),
            Self::Report => {
                let mut report = json!(weather.report());
                report["clock"] = dial.json();
                report
            }
        };
        Ok(Answer::json(StatusCode::OK, shown))
    }
}

fn read_move(said: &Value) -> Result<Move, PublicError> {
    let members = members("the body", said, &["advance", "now"])?;
    match (text(members, "advance")?, text(members, "now")?) {
        (Some(by), None) => Ok(Move::Advance(span::read("advance", by)?)),
        (None, Some(now)) => DateTime::parse(now)
            .map(Move::To)
            .map_err(|fault| refused("now", &now.into(), &format!("it {fault}"))),
        (Some(_), Some(_)) | (None, None) => Err(refused(
            "the body",
            said,
            "it must have either `advance`, such as \"PT15M\", or `now`, such as \"2026-03-18T12:00:00Z\"",
        )),
    }
}
