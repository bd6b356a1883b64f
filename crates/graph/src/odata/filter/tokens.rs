//! `name eq 'a'`: a filter cut into words, quoted texts and marks.
//!
//! Documentation: <https://docs.oasis-open.org/odata/odata/v4.01/odata-v4.01-part2-url-conventions.html>

use uuid::Uuid;

use crate::value::DateTime;

/// Letters of a GUID in its usual form.
const GUID_CHARS: usize = 36;

/// One token and the byte at which it begins.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token<'a> {
    pub(super) at: usize,
    pub(super) kind: TokenKind<'a>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum TokenKind<'a> {
    /// A name, an operator or a literal without quotes.
    Word(&'a str),
    /// A quoted text, its doubled quotes undoubled.
    Quoted(String),
    Open,
    Close,
    Comma,
    /// Behind the last token.
    End,
}

/// A literal as it was written.
pub(super) enum Literal {
    Null,
    Flag(bool),
    Number(f64),
    Moment(DateTime),
    Text(String),
}

/// The tokens of a filter, the last of them its end.
///
/// # Errors
/// The byte at which a quote opens that does not close.
pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, usize> {
    let mut tokens = Vec::new();
    let mut at = 0;
    loop {
        at += text[at..].len() - text[at..].trim_start().len();
        let rest = &text[at..];
        let (kind, length) = match rest.chars().next() {
            None => (TokenKind::End, 0),
            Some('(') => (TokenKind::Open, 1),
            Some(')') => (TokenKind::Close, 1),
            Some(',') => (TokenKind::Comma, 1),
            Some('\'') => quoted(rest).ok_or(at)?,
            Some(_) => {
                let ends = |letter: char| letter.is_whitespace() || "(),'".contains(letter);
                let length = rest.find(ends).unwrap_or(rest.len());
                (TokenKind::Word(&rest[..length]), length)
            }
        };
        let ended = kind == TokenKind::End;
        tokens.push(Token { at, kind });
        if ended {
            return Ok(tokens);
        }
        at += length;
    }
}

/// The quoted text at the beginning, and how many bytes it takes.
fn quoted(rest: &str) -> Option<(TokenKind<'_>, usize)> {
    let mut value = String::new();
    let mut body = rest.strip_prefix('\'')?;
    loop {
        let (before, after) = body.split_once('\'')?;
        value.push_str(before);
        match after.strip_prefix('\'') {
            Some(more) => {
                value.push('\'');
                body = more;
            }
            None => return Some((TokenKind::Quoted(value), rest.len() - after.len())),
        }
    }
}

impl TokenKind<'_> {
    pub(super) fn is_word(&self, expected: &str) -> bool {
        matches!(self, Self::Word(word) if word.eq_ignore_ascii_case(expected))
    }

    /// The literal that the token is, if it is one. A GUID without quotes is a text.
    pub(super) fn literal(&self) -> Option<Literal> {
        let word = match self {
            Self::Quoted(text) => return Some(Literal::Text(text.clone())),
            Self::Word(word) => *word,
            _ => return None,
        };
        let digits = word.strip_prefix('-').unwrap_or(word);
        let numeric = digits.starts_with(|first: char| first.is_ascii_digit());
        if word.eq_ignore_ascii_case("null") {
            Some(Literal::Null)
        } else if word.eq_ignore_ascii_case("true") || word.eq_ignore_ascii_case("false") {
            Some(Literal::Flag(word.eq_ignore_ascii_case("true")))
        } else if word.len() == GUID_CHARS && Uuid::try_parse(word).is_ok() {
            Some(Literal::Text(word.to_owned()))
        } else if let Ok(number) = word.parse::<f64>() {
            (numeric && number.is_finite()).then_some(Literal::Number(number))
        } else {
            DateTime::parse(word).ok().map(Literal::Moment)
        }
    }
}
