//! Number literals (M1).

use std::cmp::Ordering;

/// A number as it was written: whole numbers stay exact.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// A whole number that fits, also when written with a fraction of zeros (`3.0`).
    Int(i64),
    /// Any other number; infinite when the literal is too large. Never NaN.
    Float(f64),
}

/// 2^63, the first whole number above the range of `i64`. Exact as a float.
const INT_END: f64 = 9_223_372_036_854_775_808.0;

impl Number {
    /// The number as a float, rounded if it must be.
    pub fn to_f64(self) -> f64 {
        match self {
            Self::Int(int) => int as f64,
            Self::Float(float) => float,
        }
    }

    /// Compares by value, exactly: no whole number is rounded on the way. NaN, which no literal
    /// is, counts as less than everything.
    pub fn compare(self, other: Number) -> Ordering {
        match (self, other) {
            (Self::Int(left), Self::Int(right)) => left.cmp(&right),
            (Self::Int(left), Self::Float(right)) => compare_mixed(left, right),
            (Self::Float(left), Self::Int(right)) => compare_mixed(right, left).reverse(),
            (Self::Float(left), Self::Float(right)) => left
                .partial_cmp(&right)
                .unwrap_or_else(|| right.is_nan().cmp(&left.is_nan())),
        }
    }
}

fn compare_mixed(int: i64, float: f64) -> Ordering {
    if float.is_nan() || float < -INT_END {
        return Ordering::Greater;
    }
    if float >= INT_END {
        return Ordering::Less;
    }
    // In this range the truncated float is a whole number that i64 holds exactly.
    let whole = float.trunc();
    int.cmp(&(whole as i64)).then_with(|| {
        0.0_f64
            .partial_cmp(&(float - whole))
            .unwrap_or(Ordering::Equal)
    })
}

/// Reads a decimal or exponent literal with an optional sign: `3`, `-1`, `+2.50`, `.5`, `1e-3`.
/// White space around it means nothing. `None` when the text is anything else.
pub fn number(text: &str) -> Option<Number> {
    let text = text.trim();
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let whole_fits = digits(whole) || (whole.is_empty() && fraction.is_some());
    let exponent_digits = exponent.map(|text| text.strip_prefix(['+', '-']).unwrap_or(text));
    if !whole_fits || !fraction.is_none_or(digits) || !exponent_digits.is_none_or(digits) {
        return None;
    }
    let is_whole =
        exponent.is_none() && fraction.is_none_or(|text| text.bytes().all(|b| b == b'0'));
    if is_whole && let Ok(int) = text.split('.').next().unwrap_or_default().parse() {
        return Some(Number::Int(int));
    }
    text.parse().ok().map(Number::Float)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals() {
        for (text, expected) in [
            ("3", Some(Number::Int(3))),
            ("-1", Some(Number::Int(-1))),
            ("+007", Some(Number::Int(7))),
            (" 3 ", Some(Number::Int(3))),
            ("3.0", Some(Number::Int(3))),
            ("-3.000", Some(Number::Int(-3))),
            ("9223372036854775807", Some(Number::Int(i64::MAX))),
            ("-9223372036854775808", Some(Number::Int(i64::MIN))),
            ("9223372036854775808", Some(Number::Float(INT_END))),
            ("4.4", Some(Number::Float(4.4))),
            ("-.5", Some(Number::Float(-0.5))),
            (".0", Some(Number::Float(0.0))),
            ("1e3", Some(Number::Float(1000.0))),
            ("1.5E-2", Some(Number::Float(0.015))),
            ("1e999", Some(Number::Float(f64::INFINITY))),
            ("", None),
            (".", None),
            ("-", None),
            ("3.", None),
            ("1e", None),
            ("e5", None),
            ("--1", None),
            ("1,000", None),
            ("0x10", None),
            ("inf", None),
            ("NaN", None),
            ("three", None),
            ("1*", None),
            ("\u{0661}", None),
        ] {
            assert_eq!(number(text), expected, "{text:?}");
        }
    }

    #[test]
    fn comparison_is_exact_across_kinds() {
        let (int, float) = (Number::Int, Number::Float);
        for (left, right, expected) in [
            (int(3), float(3.0), Ordering::Equal),
            (int(3), float(3.5), Ordering::Less),
            (int(-3), float(-3.5), Ordering::Greater),
            (int(0), float(-0.0), Ordering::Equal),
            (int(i64::MAX), float(INT_END), Ordering::Less),
            (int(i64::MIN), float(-INT_END), Ordering::Equal),
            (
                int(9_007_199_254_740_993),
                float(9_007_199_254_740_992.0),
                Ordering::Greater,
            ),
            (int(i64::MAX), float(f64::INFINITY), Ordering::Less),
            (int(i64::MIN), float(f64::NEG_INFINITY), Ordering::Greater),
            (int(0), float(f64::NAN), Ordering::Greater),
            (float(1.0), float(2.0), Ordering::Less),
            (float(f64::NAN), float(f64::NEG_INFINITY), Ordering::Less),
            (float(f64::NAN), float(f64::NAN), Ordering::Equal),
        ] {
            assert_eq!(left.compare(right), expected, "{left:?} {right:?}");
            assert_eq!(
                right.compare(left),
                expected.reverse(),
                "{right:?} {left:?}"
            );
        }
    }
}
