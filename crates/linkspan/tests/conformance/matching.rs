//! Does an answer say what a transcript expects? Objects match partially, arrays entry by entry, everything else exactly,
//! but for six words: `any`, `absent`, `uuid`, `dateTime`, `string`, `integer`.
//!
//! A text that begins with `=` stands for what follows, so `=string` is the text "string".

use serde_json::Value;
use uuid::Uuid;

/// What does not match, with its place; nothing when all does.
pub fn differences(expected: &Value, found: Option<&Value>) -> Vec<String> {
    let mut told = Vec::new();
    compare("", expected, found, &mut told);
    told
}

fn compare(place: &str, expected: &Value, found: Option<&Value>, told: &mut Vec<String>) {
    let (wanted, Some(found)) = (expected, found) else {
        if expected != "absent" {
            told.push(format!("{place} is not there; expected {expected}"));
        }
        return;
    };
    match (wanted, found) {
        (Value::String(word), _) => {
            if let Err(what) = is(word, found) {
                told.push(format!("{place} is {found}; expected {what}"));
            }
        }
        (Value::Object(wanted), Value::Object(found)) => {
            for (name, value) in wanted {
                compare(&format!("{place}/{name}"), value, found.get(name), told);
            }
        }
        (Value::Array(wanted), Value::Array(found)) => {
            if wanted.len() != found.len() {
                let (few, many) = (found.len(), wanted.len());
                told.push(format!("{place} has {few} entries; expected {many}"));
            }
            for (at, (wanted, found)) in wanted.iter().zip(found).enumerate() {
                compare(&format!("{place}/{at}"), wanted, Some(found), told);
            }
        }
        // 3 and 3.0 are one number to every client.
        (Value::Number(wanted), Value::Number(found)) if wanted.as_f64() == found.as_f64() => {}
        _ if wanted == found => {}
        _ => told.push(format!("{place} is {found}; expected {wanted}")),
    }
}

/// Is it what the word says?
fn is(word: &str, found: &Value) -> Result<(), String> {
    let text = found.as_str();
    let fits = match word {
        "any" => true,
        "absent" => false,
        "uuid" => text.is_some_and(|text| Uuid::try_parse(text).is_ok()),
        "dateTime" => text.is_some_and(is_date_time),
        "string" => text.is_some_and(|text| !text.is_empty()),
        "integer" => found.is_i64() || found.is_u64(),
        _ => {
            let literal = word.strip_prefix('=').unwrap_or(word);
            return if text == Some(literal) {
                Ok(())
            } else {
                Err(format!("{literal:?}"))
            };
        }
    };
    if fits {
        Ok(())
    } else {
        Err(format!("`{word}`"))
    }
}

/// `2026-03-18T12:00:00`, with a fraction and a `Z` or without.
fn is_date_time(text: &str) -> bool {
    let text = text.strip_suffix('Z').unwrap_or(text);
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let shape: String = whole
        .chars()
        .map(|letter| if letter.is_ascii_digit() { '0' } else { letter })
        .collect();
    shape == "0000-00-00T00:00:00"
        && !fraction.is_empty()
        && fraction.bytes().all(|byte| byte.is_ascii_digit())
}

/// The same for a header, which is always a text.
pub fn header_differs(word: &str, found: Option<&str>) -> Option<String> {
    let found = found.map(|text| match word {
        "integer" => text.parse::<i64>().map_or(Value::from(text), Value::from),
        _ => Value::from(text),
    });
    differences(&Value::from(word), found.as_ref()).pop()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_matches_and_what_does_not() {
        let check = |expected: Value, found: Value, count: usize| {
            let told = differences(&expected, Some(&found));
            assert_eq!(told.len(), count, "{expected} against {found}: {told:?}");
        };
        let id = "5eed0000-0000-4000-8000-000000000001";
        check(json!({ "a": 1 }), json!({ "a": 1, "b": 2 }), 0);
        check(json!({ "a": 1, "c": 3 }), json!({ "a": 1, "b": 2 }), 1);
        check(json!({ "a": "absent" }), json!({ "b": 1 }), 0);
        check(json!({ "a": "absent" }), json!({ "a": null }), 1);
        check(json!({ "a": null }), json!({ "a": null }), 0);
        check(json!({ "a": null }), json!({}), 1);
        check(json!(["any"]), json!([{}]), 0);
        check(json!([1]), json!([1, 2]), 1);
        check(json!([]), json!({}), 1);
        check(json!("uuid"), json!(id), 0);
        check(json!("uuid"), json!("x"), 1);
        check(json!("dateTime"), json!("2026-03-18T12:00:00.5Z"), 0);
        check(json!("dateTime"), json!("2026-03-18"), 1);
        check(json!("string"), json!("x"), 0);
        check(json!("string"), json!(""), 1);
        check(json!("string"), json!(1), 1);
        check(json!("integer"), json!(-1), 0);
        check(json!("integer"), json!(1.5), 1);
        check(json!("=string"), json!("string"), 0);
        check(json!("=string"), json!("x"), 1);
        check(json!(3), json!(3.0), 0);
        check(json!(3), json!("3"), 1);
    }

    #[test]
    fn headers_are_texts() {
        assert_eq!(header_differs("integer", Some("5")), None);
        assert!(header_differs("integer", Some("x")).is_some());
        assert_eq!(header_differs("absent", None), None);
        assert!(header_differs("absent", Some("x")).is_some());
        assert!(header_differs("x", None).is_some());
        assert_eq!(header_differs("5", Some("5")), None);
    }
}
