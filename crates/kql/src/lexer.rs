//! Text → tokens (L1, L2, L3, L5, L7), with the parentheses balanced and the last quote closed
//! (E3, E4), so that the parser never meets either fault.

use crate::diagnostics::{DiagnosticKind, Report, Span};
use crate::restriction::Op;

/// How deep parentheses may nest. Deeper ones are ignored, because every level costs stack.
pub(crate) const DEPTH_MAX: usize = 64;

/// One token and where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token<'a> {
    pub(crate) kind: TokenKind<'a>,
    pub(crate) span: Span,
}

/// What a token is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TokenKind<'a> {
    /// `(`, with the index of the token that closes it.
    Open { close: usize },
    /// `)`.
    Close,
    /// A quoted text without its quotes, and whether a star follows the closing quote.
    Phrase { inner: &'a str, star: bool },
    /// An unquoted run of characters that is no operator.
    Lexeme(&'a str),
    /// An operator word.
    Operator(Operator),
}

/// The operator words that stand between or before operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    And,
    Or,
    Not,
    Near,
    Onear,
    Xrank,
}

impl Operator {
    /// The operator that a lexeme is: exactly the upper-case word (L7, B2).
    pub(crate) fn of(lexeme: &str) -> Option<Self> {
        Some(match lexeme {
            "AND" => Self::And,
            "OR" => Self::Or,
            "NOT" => Self::Not,
            "NEAR" => Self::Near,
            "ONEAR" => Self::Onear,
            "XRANK" => Self::Xrank,
            _ => return None,
        })
    }

    /// How the operator is written.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::And => "AND",
            Self::Or => "OR",
            Self::Not => "NOT",
            Self::Near => "NEAR",
            Self::Onear => "ONEAR",
            Self::Xrank => "XRANK",
        }
    }
}

/// Cuts the text into tokens; every `Open` has its `Close`.
pub(crate) fn tokens<'a>(text: &'a str, report: &mut Report) -> Vec<Token<'a>> {
    balanced(scan(text, report), text.len(), report)
}

/// Whether the text has anything that can become a token of an index (L4, L6).
pub(crate) fn has_letters(text: &str) -> bool {
    text.chars().any(is_letter)
}

/// Whether compatibility folding makes letters or digits of a character. The signs of the named
/// blocks (℃, ™, ㎏, 🄰) are no letters themselves but fold to some.
fn is_letter(c: char) -> bool {
    c.is_alphanumeric()
        || matches!(c, '\u{2100}'..='\u{214F}' | '\u{3200}'..='\u{33FF}' | '\u{1F100}'..='\u{1F2FF}')
}

/// Splits `name op rest` at its property operator, longest operator first. The rest may be empty.
pub(crate) fn split_restriction(lexeme: &str) -> Option<(&str, Op, &str)> {
    if !lexeme.starts_with(char::is_alphabetic) {
        return None;
    }
    let name_end = lexeme.find(|c: char| !c.is_alphanumeric() && c != '_')?;
    let (name, tail) = lexeme.split_at(name_end);
    let op = Op::leading(tail)?;
    Some((name, op, &tail[op.as_str().len()..]))
}

/// Whether a lexeme is nothing but a property name.
pub(crate) fn is_name(lexeme: &str) -> bool {
    lexeme.starts_with(char::is_alphabetic)
        && lexeme.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// Straight and typographic double quotes are the same (L2), and none can be escaped (L3).
fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\u{201C}'..='\u{201F}')
}

/// White space, parentheses and quotes end a lexeme (L5).
pub(crate) fn ends_lexeme(c: char) -> bool {
    c.is_whitespace() || is_quote(c) || matches!(c, '(' | ')')
}

fn scan<'a>(text: &'a str, report: &mut Report) -> Vec<Token<'a>> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let next = at + c.len_utf8();
        let (kind, end) = match c {
            c if c.is_whitespace() => {
                at = next;
                continue;
            }
            '(' => (TokenKind::Open { close: 0 }, next),
            ')' => (TokenKind::Close, next),
            c if is_quote(c) => scan_phrase(text, next, report),
            _ => {
                let end = text[at..]
                    .find(ends_lexeme)
                    .map_or(text.len(), |length| at + length);
                let lexeme = &text[at..end];
                (
                    Operator::of(lexeme).map_or(TokenKind::Lexeme(lexeme), TokenKind::Operator),
                    end,
                )
            }
        };
        tokens.push(Token {
            kind,
            span: Span::new(at, end),
        });
        at = end;
    }
    tokens
}

/// Reads a phrase from behind its opening quote; returns it and where it ends.
fn scan_phrase<'a>(text: &'a str, start: usize, report: &mut Report) -> (TokenKind<'a>, usize) {
    let rest = &text[start..];
    let Some((length, quote)) = rest.char_indices().find(|(_, c)| is_quote(*c)) else {
        let before = text[..start]
            .char_indices()
            .next_back()
            .map_or(0, |(index, _)| index);
        report.suggest(
            DiagnosticKind::MissingQuote,
            Span::new(before, text.len()),
            "a quote is never closed; it was closed at the end of the query",
            format!("\"{}\"", rest.trim_end()),
        );
        return (
            TokenKind::Phrase {
                inner: rest,
                star: false,
            },
            text.len(),
        );
    };
    let end = start + length + quote.len_utf8();
    let star = text[end..].starts_with('*');
    (
        TokenKind::Phrase {
            inner: &rest[..length],
            star,
        },
        end + usize::from(star),
    )
}

/// Drops parentheses that close nothing or nest too deep, and closes the open ones at the end.
fn balanced<'a>(tokens: Vec<Token<'a>>, end: usize, report: &mut Report) -> Vec<Token<'a>> {
    let mut kept: Vec<Token<'a>> = Vec::with_capacity(tokens.len());
    let mut open: Vec<usize> = Vec::new();
    let mut ignored = 0_usize;
    for token in tokens {
        match token.kind {
            TokenKind::Open { .. } if open.len() >= DEPTH_MAX => {
                ignored += 1;
                let message = format!(
                    "parentheses nest deeper than {DEPTH_MAX}; the inner ones were ignored"
                );
                report.note(DiagnosticKind::TooDeep, token.span, message);
            }
            TokenKind::Close if ignored > 0 => ignored -= 1,
            TokenKind::Open { .. } => {
                open.push(kept.len());
                kept.push(token);
            }
            TokenKind::Close => match open.pop() {
                Some(index) => {
                    kept[index].kind = TokenKind::Open { close: kept.len() };
                    kept.push(token);
                }
                None => report.note(
                    DiagnosticKind::StrayParenthesis,
                    token.span,
                    "a ')' closes nothing; it was dropped",
                ),
            },
            _ => kept.push(token),
        }
    }
    while let Some(index) = open.pop() {
        report.note(
            DiagnosticKind::MissingParenthesis,
            kept[index].span,
            "a '(' is never closed; it was closed at the end of the query",
        );
        kept[index].kind = TokenKind::Open { close: kept.len() };
        kept.push(Token {
            kind: TokenKind::Close,
            span: Span::new(end, end),
        });
    }
    kept
}
