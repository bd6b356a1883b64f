//! `/_linkspan/clock`: where the weather is asked for and made.

use axum::http::StatusCode;
use graph::{DateTime, PublicError, generous::quoted, route::Method};
use serde_json::{Map, Value, json};

use super::{Weather, span};
use crate::respond::Answer;

/// The methods of a page.
pub(crate) fn methods(page: &str) -> &'static [Method] {
    match page {
        "_linkspan/clock" => &[Method::Get, Method::Post, Method::Delete],
        _ => &[],
    }
}

/// Does what is asked on a page by one of its methods; `said` is the body of a POST.
///
/// # Errors
/// 400 that names the member, its value and the rule; nothing is done then.
pub(crate) fn answer(
    weather: &Weather,
    page: &str,
    method: Method,
    said: &Value,
) -> Result<Answer, PublicError> {
    match (page, method) {
        (_, Method::Post) => move_clock(weather, said)?,
        (_, Method::Delete) => weather.clock.reset(),
        _ => {}
    }
    Ok(Answer::json(StatusCode::OK, clock(weather)))
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
            let moment = DateTime::parse(now);
            let rule = |fault| format!("it {fault}");
            weather
                .clock
                .set(moment.map_err(|fault| refused("now", &now.into(), &rule(fault)))?);
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

/// The members of an object that has no others than these.
///
/// # Errors
/// 400 that names what is no object, or the member that is not known.
pub(super) fn members<'v>(
    what: &str,
    said: &'v Value,
    known: &[&str],
) -> Result<&'v Map<String, Value>, PublicError> {
    let names = || format!("`{}`", known.join("`, `"));
    let members = said
        .as_object()
        .ok_or_else(|| refused(what, said, &format!("it must be an object of {}", names())))?;
    match members
        .iter()
        .find(|(name, _)| !known.contains(&name.as_str()))
    {
        Some((name, value)) => Err(refused(name, value, &format!("there are only {}", names()))),
        None => Ok(members),
    }
}

/// A member that must be a text, if it is there.
///
/// # Errors
/// 400 that names it and what it is.
pub(super) fn text<'v>(
    members: &'v Map<String, Value>,
    name: &str,
) -> Result<Option<&'v str>, PublicError> {
    members
        .get(name)
        .map(|value| {
            let text = value.as_str();
            text.ok_or_else(|| refused(name, value, "it must be a text"))
        })
        .transpose()
}

/// 400 that names the member, shows its value and says the rule.
pub(super) fn refused(member: &str, value: &Value, rule: &str) -> PublicError {
    let help = format!("`{member}` is {}: {rule}.", quoted(value));
    PublicError::invalid(member, help)
}
