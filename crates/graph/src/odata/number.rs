//! `"priority": 1`: whole numbers as real clients write them.
//!
//! Documentation: <https://docs.oasis-open.org/odata/odata-json-format/v4.01/odata-json-format-v4.01.html>

use std::{fmt::Display, ops::RangeInclusive};

use serde_json::Value;

use crate::{
    error::PublicError,
    generous::{malformed, quoted, refused},
};

/// Below this magnitude a double holds every whole number.
const EXACT_DOUBLE_MAX: f64 = 9_007_199_254_740_992.0;

/// The value as a whole number within a range; `"3"` and `3.0` are whole numbers too.
///
/// # Errors
/// 400 naming the target, the value and the range.
pub fn integer(
    target: impl Display,
    value: &Value,
    range: RangeInclusive<i64>,
) -> Result<i64, PublicError> {
    let (low, high) = (range.start(), range.end());
    let number = whole(value).ok_or_else(|| {
        let help = format!(
            "{target} must be a whole number from {low} to {high}, not {}.",
            quoted(value)
        );
        malformed(&target, help)
    })?;
    if range.contains(&number) {
        return Ok(number);
    }
    let help = format!("{target} is {number}; it must be from {low} to {high}.");
    Err(refused(target, help))
}

fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| {
            let double = number.as_f64()?;
            let exact = double.fract() == 0.0 && double.abs() < EXACT_DOUBLE_MAX;
            #[expect(clippy::cast_possible_truncation, reason = "whole and within 53 bits")]
            exact.then_some(double as i64)
        }),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whole_numbers_are_read() {
        let check = |value: Value, expect: Option<i64>| {
            assert_eq!(integer("from", &value, 0..=10).ok(), expect, "{value}");
        };
        check(json!(0), Some(0));
        check(json!(10), Some(10));
        check(json!(3.0), Some(3));
        check(json!("7"), Some(7));
        check(json!(" 7 "), Some(7));
        check(json!(11), None);
        check(json!(-1), None);
        check(json!(1.5), None);
        check(json!(1e300), None);
        check(json!(u64::MAX), None);
        check(json!("x"), None);
        check(json!(true), None);
        check(json!(null), None);
    }
}
