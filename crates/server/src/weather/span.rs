//! Lengths of time as people write them: `PT15M`, and `15m` too.

use std::time::Duration;

use graph::PublicError;
use jiff::{Span, SpanRelativeTo};

use crate::said::refused;

/// What every refusal of a length says.
const RULE: &str = "it must be a length of time in days, hours, minutes or seconds, not negative and at most some thousand years, such as \"PT15M\" or \"15m\"";

/// Reads a length. A day has 24 hours here; months and years have no length.
///
/// # Errors
/// 400 that names the member, its value and the rule.
pub fn read(member: &str, text: &str) -> Result<Duration, PublicError> {
    let day = SpanRelativeTo::days_are_24_hours();
    let length = text.parse::<Span>().and_then(|span| span.to_duration(day));
    length
        .ok()
        .and_then(|length| Duration::try_from(length).ok())
        .ok_or_else(|| refused(member, &text.into(), RULE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_in_both_spellings() {
        for (text, seconds) in [
            ("PT15M", 900),
            ("15m", 900),
            ("P1D", 86_400),
            ("1h 30m", 5_400),
            ("PT0S", 0),
        ] {
            assert_eq!(
                read("advance", text),
                Ok(Duration::from_secs(seconds)),
                "{text}"
            );
        }
        for text in ["", "15", "-PT1M", "99999999999h", "P1M", "P1Y", "soon"] {
            let refusal = read("advance", text).unwrap_err();
            assert_eq!(refusal.status, 400, "{text}");
            let help = &refusal.details[0].message;
            assert!(
                help.contains("`advance`") && help.contains("PT15M"),
                "{help}"
            );
        }
    }
}
