//! The header `x-linkspan-advice`: what had no effect, or how to go on, for people who read headers.

use axum::http::{HeaderMap, HeaderName};
use percent_encoding::{CONTROLS, utf8_percent_encode};

use super::header_value;

const ADVICE: HeaderName = HeaderName::from_static("x-linkspan-advice");

/// Bytes of advice in a header, at most: proxies and clients cut or refuse long ones.
const ADVICE_BYTES_MAX: usize = 1_000;

/// Adds the advice, if there is any.
pub(super) fn advise(headers: &mut HeaderMap, advice: &str) {
    let line = header_line(advice);
    if let Some(line) = header_value(&line).filter(|_| !line.is_empty()) {
        headers.insert(ADVICE, line);
    }
}

/// One line of printable ASCII, cut off where it gets long. Other characters are percent-encoded in UTF-8, so that what is
/// named can still be told; only what punctuates is written plainly.
fn header_line(text: &str) -> String {
    let mut line = String::new();
    for letter in text.trim().chars() {
        let before = line.len();
        match letter {
            ' '..='~' => line.push(letter),
            '…' => line.push('~'),
            '‘' | '’' => line.push('\''),
            _ if letter.is_whitespace() => line.push(' '),
            _ => line.extend(utf8_percent_encode(
                letter.encode_utf8(&mut [0; 4]),
                CONTROLS,
            )),
        }
        if line.len() > ADVICE_BYTES_MAX {
            line.truncate(before.min(ADVICE_BYTES_MAX - 3));
            line.push_str("...");
            break;
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_is_one_bounded_line() {
        let line = header_line(&"ä\r\nb\u{7f}".repeat(1_000));
        assert!(
            (ADVICE_BYTES_MAX - 12..=ADVICE_BYTES_MAX).contains(&line.len()),
            "{}",
            line.len()
        );
        assert!(line.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        assert!(
            line.starts_with("%C3%A4  b%7F%C3%A4") && line.ends_with("..."),
            "{line}"
        );
        assert_eq!(header_line(&"x".repeat(1_000)).len(), 1_000);
        assert_eq!(header_line(&"x".repeat(1_001)).len(), 1_000);
    }
}
