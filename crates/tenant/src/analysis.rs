//! Turns text into tokens, the same way for queries, for the index and for summaries (`contract/search.md` §12.1, rule L4).

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// A token and where it stands in the text it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The folded token: NFKD, no combining marks, no case.
    pub text: String,
    /// Byte offset of its first character.
    pub start: usize,
    /// Byte offset behind its last character.
    pub end: usize,
}

/// Positions between two values of one field, so that phrases and NEAR never cross them.
pub const GAP: usize = 1000;

/// Tokens longer than this many bytes are cut, as the engine stores no longer terms.
pub const TOKEN_BYTES_MAX: usize = 256;

/// The tokens of a text: maximal runs of letters and digits of what NFKD makes of it, folded. `™` is two letters; a mark leaves no trace.
pub fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut open: Option<Token> = None;
    for (at, character) in text.char_indices() {
        let end = at + character.len_utf8();
        unfolded(character, |part| {
            if part.is_alphanumeric() {
                let token = open.get_or_insert_with(|| Token {
                    text: String::new(),
                    start: at,
                    end,
                });
                push_lower(&mut token.text, part);
                token.end = end;
            } else if is_combining_mark(part) {
                // A decomposed accent belongs to the letter before it.
                if let Some(token) = &mut open {
                    token.end = end;
                }
            } else {
                tokens.extend(open.take().and_then(closed));
            }
        });
    }
    tokens.extend(open.and_then(closed));
    tokens
}

/// A finished token, cut to what an engine stores; `None` when folding left nothing of it.
fn closed(mut token: Token) -> Option<Token> {
    if token.text.len() > TOKEN_BYTES_MAX {
        token
            .text
            .truncate(token.text.floor_char_boundary(TOKEN_BYTES_MAX));
    }
    (!token.text.is_empty()).then_some(token)
}

/// The whole text folded as one term, trimmed: for exact-match properties (rule X1).
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for character in text.trim().chars() {
        unfolded(character, |part| {
            if !is_combining_mark(part) {
                push_lower(&mut folded, part);
            }
        });
    }
    folded
}

/// The characters that NFKD makes of one.
fn unfolded(character: char, mut each: impl FnMut(char)) {
    if character.is_ascii() {
        each(character);
    } else {
        character.nfkd().for_each(each);
    }
}

fn push_lower(to: &mut String, part: char) {
    match part {
        _ if part.is_ascii() => to.push(part.to_ascii_lowercase()),
        // These have no single lower-case form that casefolding and lower-casing share.
        'ß' | 'ẞ' => to.push_str("ss"),
        'ς' => to.push('σ'),
        _ => to.extend(part.to_lowercase().filter(|c| !is_combining_mark(*c))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[&str]) {
        let found: Vec<_> = tokens(text).into_iter().map(|token| token.text).collect();
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn tokens_are_folded_runs_of_letters_and_digits() {
        check("Budget.xlsx", &["budget", "xlsx"]);
        check(
            "ＢＵＤＧＥＴ Café cafe\u{301}s",
            &["budget", "cafe", "cafes"],
        );
        check("C++ and R&D", &["c", "and", "r", "d"]);
        check("  …  ", &[]);
        check("Python™ ﬁne ½", &["pythontm", "fine", "1", "2"]);
        check("O'Neil Straße ΣΑΣ", &["o", "neil", "strasse", "σασ"]);
    }

    #[test]
    fn offsets_point_into_the_text() {
        let text = "Ein Café, cafe\u{301}!";
        for token in tokens(text) {
            assert_eq!(fold(&text[token.start..token.end]), token.text);
        }
    }

    #[test]
    fn a_token_cannot_swallow_a_separator_after_it() {
        check("a\u{301} b", &["a", "b"]);
        check("\u{301}a", &["a"]);
    }
}
