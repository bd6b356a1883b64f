//! The members of what was said at the desk, read strictly: this is no client of the Graph's.

use std::ops::RangeInclusive;

use graph::{PublicError, generous::quoted};
use serde_json::{Map, Value};

/// The members of an object that has no others than these.
///
/// # Errors
/// 400 that names what is no object, or the member that is not known.
pub fn members<'v>(
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
pub fn text<'v>(
    members: &'v Map<String, Value>,
    name: &str,
) -> Result<Option<&'v str>, PublicError> {
    let read = |value: &'v Value| {
        let text = value.as_str();
        text.ok_or_else(|| refused(name, value, "it must be a text"))
    };
    members.get(name).map(read).transpose()
}

/// A member that must be a whole number between these, if it is there.
///
/// # Errors
/// 400 that names it, what it is, and the ends.
pub fn whole(
    members: &Map<String, Value>,
    name: &str,
    between: RangeInclusive<u64>,
) -> Result<Option<u64>, PublicError> {
    let read = |value: &Value| {
        let number = value.as_u64().filter(|number| between.contains(number));
        number.ok_or_else(|| {
            let (least, most) = (between.start(), between.end());
            let rule = format!("it must be a whole number, {least} to {most}");
            refused(name, value, &rule)
        })
    };
    members.get(name).map(read).transpose()
}

/// 400 that names the member, shows its value and says the rule.
pub fn refused(member: &str, value: &Value, rule: &str) -> PublicError {
    let help = format!("`{member}` is {}: {rule}.", quoted(value));
    PublicError::invalid(member, help)
}
