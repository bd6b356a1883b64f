//! Generous readers of request JSON: what real clients are known to send is read here, by name.
//!
//! Documentation: <https://docs.oasis-open.org/odata/odata-json-format/v4.01/odata-json-format-v4.01.html>
//!
//! Booleans may be the strings `"true"` and `"false"`, enum members may come in any case and with
//! blanks, an explicit `null` means absent, every object may carry `@`-annotations, and members
//! that nobody knows are collected for `x-linkspan-advice` instead of being refused
//! (`contract/external.md` §2.4, §4, §17.2, §19 and `clients.md` §6).
//!
//! Every reader takes the *target*, the place it is about such as `acl[2].type`, as something that
//! can be displayed: it is only turned into text when there is something to refuse, because the
//! item readers run on every ingested item.

use std::fmt::Display;

use serde_json::{Map, Value};

use crate::error::PublicError;

/// How many characters of a value a message quotes at most.
const QUOTED_CHARS_MAX: usize = 80;

/// A JSON object as it came.
pub type Object = Map<String, Value>;

/// 400 `InvalidRequest` for a broken rule; see [`PublicError::invalid`].
pub fn refused(target: impl Display, help: impl Into<String>) -> PublicError {
    PublicError::invalid(target.to_string(), help)
}

/// 400 `InvalidRequest` for JSON of the wrong shape; `innerError.code` is `DeserializationError`.
pub fn malformed(target: impl Display, help: impl Into<String>) -> PublicError {
    let mut error = refused(target, help);
    if let Some(inner) = &mut error.inner {
        "DeserializationError".clone_into(&mut inner.code);
    }
    error
}

/// The value as compact JSON for a message, cut off where it gets long.
pub fn quoted(value: &Value) -> String {
    match value {
        // A body can hold megabytes of text; only the beginning is ever looked at.
        Value::String(text) if text.chars().nth(QUOTED_CHARS_MAX).is_some() => {
            let start: String = text.chars().take(QUOTED_CHARS_MAX).collect();
            format!("{}…", Value::String(start))
        }
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        // Beyond 64 bits the digits that were sent are lost; what is left must not look like them.
        Value::Number(number)
            if number.as_f64().is_some_and(|it| it.abs() >= 2_f64.powi(63)) && number.is_f64() =>
        {
            format!("about {number}")
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

/// The start of a text in backticks for a message, cut off where it gets long.
pub fn shown(text: &str) -> String {
    format!("`{}`", start(text))
}

/// The start of a text for a message that has its own quotes, cut off where it gets long.
pub fn start(text: &str) -> String {
    let mut start = String::new();
    for letter in text.chars().take(QUOTED_CHARS_MAX) {
        // Control characters must not reach a header or a terminal.
        if letter.is_control() {
            start.extend(letter.escape_default());
        } else {
            start.push(letter);
        }
    }
    if text.chars().nth(QUOTED_CHARS_MAX).is_some() {
        start.push('…');
    }
    start
}

/// Is this member an annotation such as `@odata.type` or `tags@odata.type`? They are accepted everywhere.
pub fn is_annotation(name: &str) -> bool {
    name.contains('@')
}

/// The value as an object.
///
/// # Errors
/// 400 naming the target.
pub fn object(target: impl Display, value: &Value) -> Result<&Object, PublicError> {
    value.as_object().ok_or_else(|| {
        let help = format!("{target} must be a JSON object, not {}.", quoted(value));
        malformed(target, help)
    })
}

/// The value as an array.
///
/// # Errors
/// 400 naming the target.
pub fn array(target: impl Display, value: &Value) -> Result<&Vec<Value>, PublicError> {
    value.as_array().ok_or_else(|| {
        let help = format!("{target} must be a JSON array, not {}.", quoted(value));
        malformed(target, help)
    })
}

/// The value as text.
///
/// # Errors
/// 400 naming the target.
pub fn text(target: impl Display, value: &Value) -> Result<&str, PublicError> {
    value.as_str().ok_or_else(|| {
        let help = format!("{target} must be a string, not {}.", quoted(value));
        malformed(target, help)
    })
}

/// The value as a boolean; the strings `"true"` and `"false"` in any case are booleans too.
///
/// # Errors
/// 400 naming the target and the value.
pub fn boolean(target: impl Display, value: &Value) -> Result<bool, PublicError> {
    let read = match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) if text.trim().eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.trim().eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    };
    read.ok_or_else(|| {
        let help = format!("{target} must be true or false, not {}.", quoted(value));
        malformed(target, help)
    })
}

/// The value as an array of texts; nulls in it are dropped.
///
/// # Errors
/// 400 naming the target, with the index where one entry is at fault.
pub fn texts(target: impl Display, value: &Value) -> Result<Vec<String>, PublicError> {
    array(&target, value)?
        .iter()
        .enumerate()
        .filter(|(_, entry)| !entry.is_null())
        .map(|(at, entry)| text(format_args!("{target}[{at}]"), entry).map(str::to_owned))
        .collect()
}

/// The value as a member of an enum: any case, blanks dropped, so that `"Azure Active Directory"`
/// is `azureActiveDirectory`. `unknownFutureValue` is never a choice.
///
/// # Errors
/// 400 naming the target, the value and the choices.
pub fn choice<T: Copy>(
    target: impl Display,
    value: &Value,
    choices: &[(&str, T)],
) -> Result<T, PublicError> {
    let sent = text(&target, value)?;
    choices
        .iter()
        .find(|(name, _)| same_name(name, sent))
        .map(|(_, choice)| *choice)
        .ok_or_else(|| {
            let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            let help = format!(
                "{target} is {}; it must be one of: {}.",
                quoted(value),
                names.join(", ")
            );
            refused(target, help)
        })
}

/// Are the two enum names the same, without case and blanks?
pub fn same_name(name: &str, sent: &str) -> bool {
    if name.len() == sent.len() {
        return name.eq_ignore_ascii_case(sent);
    }
    let mut ours = name.bytes().filter(|byte| !byte.is_ascii_whitespace());
    let mut theirs = sent.bytes().filter(|byte| !byte.is_ascii_whitespace());
    loop {
        match (ours.next(), theirs.next()) {
            (None, None) => return true,
            (Some(a), Some(b)) if a.eq_ignore_ascii_case(&b) => {}
            _ => return false,
        }
    }
}

/// What was said about a member: `None` when it is not named, `Some(None)` for an explicit null.
///
/// The exact name is looked for first, then the name without case.
pub fn said<'a>(object: &'a Object, name: &str) -> Option<Option<&'a Value>> {
    object
        .get(name)
        .or_else(|| {
            object
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(name))
                .map(|(_, value)| value)
        })
        .map(|value| (!value.is_null()).then_some(value))
}

/// The member's value; an explicit null is absent.
pub fn member<'a>(object: &'a Object, name: &str) -> Option<&'a Value> {
    said(object, name).flatten()
}

/// The member's text, if it is there and not null.
///
/// # Errors
/// 400 naming the member when it is not a string.
pub fn text_member<'a>(object: &'a Object, name: &str) -> Result<Option<&'a str>, PublicError> {
    member(object, name)
        .map(|value| text(name, value))
        .transpose()
}

/// The members that nobody knows, annotations aside, in the order sent.
///
/// A member in other casing beside its exactly named twin was not read, so it counts as unknown.
pub fn unknown_members(object: &Object, known: &[&str]) -> Vec<String> {
    object
        .keys()
        .filter(|key| !is_annotation(key) && !known.contains(&key.as_str()))
        .filter(|key| {
            known
                .iter()
                .find(|name| name.eq_ignore_ascii_case(key))
                .is_none_or(|name| object.contains_key(*name))
        })
        .cloned()
        .collect()
}

/// Does an `@odata.type` name one of these types, whatever its `#` or namespace says?
pub fn is_type(annotation: &str, names: &[&str]) -> bool {
    let bare = annotation.trim().trim_start_matches('#');
    let last = bare.rsplit('.').next().unwrap_or(bare);
    names.iter().any(|name| name.eq_ignore_ascii_case(last))
}

/// The names that a misspelled one may have meant, nearest first, at most five.
///
/// A name is near when it is the beginning of the other or about a third of its letters differ at most.
pub fn near<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    if word.is_empty() {
        return Vec::new();
    }
    // A name is at most 32 letters, so a longer word is compared by its beginning only.
    let word: Vec<char> = word
        .chars()
        .take(64)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let mut found: Vec<(usize, &str)> = names
        .filter_map(|name| {
            let letters: Vec<char> = name.chars().map(|c| c.to_ascii_lowercase()).collect();
            let distance = edit_distance(&word, &letters);
            let begins = word.len() >= 3
                && letters.len() >= 3
                && (letters.starts_with(&word) || word.starts_with(&letters));
            let close = distance <= word.len().max(letters.len()).div_ceil(3);
            (begins || close).then_some((distance, name))
        })
        .collect();
    found.sort_unstable();
    found.into_iter().take(5).map(|(_, name)| name).collect()
}

/// How many insertions, deletions and replacements lie between two words.
fn edit_distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, right) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(left != right);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn booleans_may_be_strings() {
        let check = |value: Value, expect: Option<bool>| {
            assert_eq!(boolean("isSearchable", &value).ok(), expect, "{value}");
        };
        check(json!(true), Some(true));
        check(json!("true"), Some(true));
        check(json!("True"), Some(true));
        check(json!("FALSE"), Some(false));
        check(json!(" false "), Some(false));
        check(json!("yes"), None);
        check(json!(1), None);
        check(json!([]), None);
    }

    #[test]
    fn enums_are_read_without_case_and_blanks() {
        let choices = [("azureActiveDirectory", 1), ("external", 2)];
        let check = |value: Value, expect: Option<i32>| {
            assert_eq!(
                choice("identitySource", &value, &choices).ok(),
                expect,
                "{value}"
            );
        };
        check(json!("azureActiveDirectory"), Some(1));
        check(json!("Azure Active Directory"), Some(1));
        check(json!("EXTERNAL"), Some(2));
        check(json!(" external"), Some(2));
        check(json!("unknownFutureValue"), None);
        check(json!(""), None);
        check(json!("externals"), None);
        check(json!(2), None);
        let error = choice("identitySource", &json!("nowhere"), &choices).unwrap_err();
        assert_eq!(error.message, "The request is malformed or incorrect.");
        assert_eq!(error.target.as_deref(), Some("identitySource"));
        assert_eq!(
            error.details[0].message,
            r#"identitySource is "nowhere"; it must be one of: azureActiveDirectory, external."#
        );
        assert_eq!(error.inner.unwrap().message, error.details[0].message);
    }

    #[test]
    fn members_are_found_and_null_is_absent() {
        let body = json!({"Acl": [], "content": null, "@odata.type": "x", "a@b": 1, "size": 3});
        let body = body.as_object().unwrap();
        assert!(member(body, "acl").is_some());
        assert_eq!(said(body, "content"), Some(None));
        assert_eq!(member(body, "content"), None);
        assert_eq!(said(body, "properties"), None);
        assert_eq!(unknown_members(body, &["acl", "content"]), ["size"]);
    }

    #[test]
    fn a_twin_in_other_casing_is_not_read() {
        let body = json!({"ACL": 1, "acl": 2});
        let body = body.as_object().unwrap();
        assert_eq!(member(body, "acl"), Some(&json!(2)));
        assert_eq!(unknown_members(body, &["acl"]), ["ACL"]);
    }

    #[test]
    fn types_are_compared_by_their_last_name() {
        for name in [
            "microsoft.graph.externalItem",
            "#microsoft.graph.externalConnectors.externalItem",
            "externalItem",
        ] {
            assert!(is_type(name, &["externalItem"]), "{name}");
        }
        assert!(!is_type("#microsoft.graph.user", &["externalItem"]));
    }

    #[test]
    fn near_names_come_nearest_first() {
        let names = ["title", "titleUrl", "dueDate", "priority"];
        let check = |word: &str, expect: &[&str]| {
            assert_eq!(near(word, names.into_iter()), expect, "{word}");
        };
        check("titel", &["title", "titleUrl"]);
        check("Titl", &["title", "titleUrl"]);
        check("duedates", &["dueDate"]);
        check("zzz", &[]);
        check("", &[]);
    }

    #[test]
    fn long_values_are_cut_in_messages() {
        let long = "ä".repeat(500);
        assert_eq!(quoted(&json!(long)).chars().count(), 83);
        assert_eq!(shown("a\nb"), r"`a\nb`");
        assert_eq!(quoted(&json!({"a": 1})), "an object");
        let beyond: Value = serde_json::from_str("-9223372036854775809").unwrap();
        assert_eq!(quoted(&beyond), "about -9.223372036854776e+18");
        assert_eq!(quoted(&json!(1.5)), "1.5");
    }
}
