//! Operands: groups, phrases, restrictions, word lists and words.

use crate::dates::{self, Weekday};
use crate::diagnostics::{DiagnosticKind, Span};
use crate::lexer::{self, Operator, TokenKind};
use crate::numbers;
use crate::parser::Parser;
use crate::restriction::{Op, Restriction, Value};
use crate::tree::{Expr, ListKind, WordList};

impl<'a> Parser<'a> {
    /// One operand, without the first `skip` bytes of its lexeme, which were a sign. `None` when
    /// there is none, or when it was empty.
    pub(crate) fn primary(&mut self, skip: usize) -> Option<Expr> {
        let token = self.peek()?;
        match token.kind {
            TokenKind::Open { close } => {
                let span = token.span.to(self.tokens[close].span);
                let group = self.parenthesized(close);
                if group.is_none() {
                    self.empty_group(span, "a pair of parentheses");
                }
                group.map(|inner| Expr::Group(Box::new(inner)))
            }
            TokenKind::Phrase { inner, star } => {
                self.at += 1;
                Expr::phrase(inner, star, token.span)
            }
            TokenKind::Lexeme(lexeme) => self.lexeme(
                &lexeme[skip..],
                Span::new(token.span.start + skip, token.span.end),
            ),
            TokenKind::Close | TokenKind::Operator(_) => None,
        }
    }

    fn lexeme(&mut self, lexeme: &'a str, span: Span) -> Option<Expr> {
        if lexeme == "*" {
            self.at += 1;
            return Some(Expr::Everything);
        }
        if let Some(kind) = ListKind::of(lexeme)
            && let Some(close) = self.opens_next()
        {
            return self.word_list(kind, close, span);
        }
        if let Some((name, op, rest)) = lexer::split_restriction(lexeme) {
            return self.restriction(name, op, rest, span);
        }
        if lexeme.starts_with('*') {
            self.report.suggest(
                DiagnosticKind::LeadingStar,
                span,
                format!(
                    "'{lexeme}' begins with a star, which has no meaning there; it was dropped"
                ),
                lexeme.trim_start_matches('*'),
            );
        }
        self.note_spaced_before(self.at);
        self.at += 1;
        Expr::word(lexeme, span)
    }

    /// What stands between the next token, an `Open`, and its `Close`.
    fn parenthesized(&mut self, close: usize) -> Option<Expr> {
        self.at += 1;
        let inner = self.list();
        self.at = close + 1;
        inner
    }

    /// The index of the matching `Close`, if a `(` touches the next token.
    fn opens_next(&self) -> Option<usize> {
        match self.tokens.get(self.at + 1)?.kind {
            TokenKind::Open { close } if self.touches_next(self.at) => Some(close),
            _ => None,
        }
    }

    /// A restriction, whose lexeme is the next token (R4, R4b, R5, V1).
    fn restriction(&mut self, name: &str, op: Op, rest: &'a str, span: Span) -> Option<Expr> {
        if rest.is_empty()
            && let Some(close) = self.opens_next()
        {
            self.at += 1;
            let span = span.to(self.tokens[close].span);
            let Some(list) = self.parenthesized(close) else {
                self.empty_group(span, &format!("the value list of '{name}'"));
                return None;
            };
            return Some(restriction(name, op, Value::List(Box::new(list)), span));
        }
        let start = self.at;
        let attached = match rest {
            "" => self.quoted_value(op),
            _ => Some(self.unquoted_value(rest, op)),
        };
        if let Some(value) = attached {
            let span = span.to(self.tokens[self.at - 1].span);
            return Some(restriction(name, op, value, span));
        }
        if let Some(value) = self.detached_value(op) {
            let span = span.to(self.tokens[self.at - 1].span);
            let (name, detached) = (name.to_owned(), true);
            return Some(Expr::Restriction(Restriction {
                name,
                op,
                value,
                detached,
                span,
            }));
        }
        self.note_spaced_after(start);
        self.at = start + 1;
        Expr::word(name, span)
    }

    /// A value that is the rest of the next lexeme. Quoted range ends may touch it (D6).
    fn unquoted_value(&mut self, rest: &'a str, op: Op) -> Value {
        self.at += 1;
        if op.takes_range()
            && let Some((from, "")) = rest.split_once("..")
            && self.touches_next(self.at - 1)
            && let Some(to) = self.plain_phrase(self.at)
            && let Some(range) = Value::range(from, to)
        {
            self.at += 1;
            return range;
        }
        Value::unquoted(rest, op)
    }

    /// A value that is a phrase touching the next lexeme, or a range that begins with one (D6).
    fn quoted_value(&mut self, op: Op) -> Option<Value> {
        let TokenKind::Phrase { inner, star } = self.tokens.get(self.at + 1)?.kind else {
            return None;
        };
        if !self.touches_next(self.at) {
            return None;
        }
        self.at += 2;
        if op.takes_range()
            && let Some(from) = self.plain_phrase(self.at - 1)
            && self.touches_next(self.at - 1)
            && let TokenKind::Lexeme(lexeme) = self.tokens[self.at].kind
            && let Some(to) = lexeme.strip_prefix("..")
            && !to.ends_with('*')
        {
            let quoted = match to {
                "" if self.touches_next(self.at) => self.plain_phrase(self.at + 1),
                _ => None,
            };
            if let Some(range) = Value::range(from, quoted.unwrap_or(to)) {
                self.at += if quoted.is_some() { 2 } else { 1 };
                return Some(range);
            }
        }
        Some(Value::quoted(inner, star))
    }

    /// The text of a phrase that has no star.
    fn plain_phrase(&self, index: usize) -> Option<&'a str> {
        match self.tokens.get(index)?.kind {
            TokenKind::Phrase { inner, star } => {
                let value = Value::quoted(inner, star);
                matches!(value, Value::Text { prefix: false, .. }).then_some(inner)
            }
            _ => None,
        }
    }

    /// A number or date behind white space, where that is tolerated (R4b).
    fn detached_value(&mut self, op: Op) -> Option<Value> {
        if matches!(op, Op::Contains | Op::Equals) {
            return None;
        }
        let value = match self.tokens.get(self.at + 1)?.kind {
            TokenKind::Phrase { inner, star } => Value::quoted(inner, star),
            TokenKind::Lexeme(lexeme) => Value::unquoted(lexeme, op),
            _ => return None,
        };
        let Value::Text {
            raw, prefix: false, ..
        } = &value
        else {
            return None;
        };
        // Whether a text is a literal depends on neither the clock nor the week.
        let literal =
            numbers::number(raw).is_some() || dates::literal(raw, 0, Weekday::Sunday).is_some();
        literal.then(|| {
            self.at += 2;
            value
        })
    }

    /// A word list, whose operator word is the next token (W1, W2).
    fn word_list(&mut self, kind: ListKind, close: usize, span: Span) -> Option<Expr> {
        let mut list = Collected::default();
        for token in &self.tokens[self.at + 2..close] {
            match token.kind {
                TokenKind::Open { .. } | TokenKind::Close => {
                    list.fault("has parentheses inside, which were ignored");
                }
                TokenKind::Operator(_) => list.fault("has an operator inside, which was dropped"),
                TokenKind::Phrase { inner, star } => {
                    list.push(kind, Expr::phrase(inner, star, token.span));
                }
                TokenKind::Lexeme(lexeme) => list.lexeme(kind, lexeme, token.span),
            }
        }
        if kind == ListKind::Words && list.last == Last::Comma && !list.terms.is_empty() {
            list.fault("ends with a comma, which was dropped");
        }
        if list.terms.is_empty() {
            list.fault = Some("has no term; it was dropped");
        }
        let span = span.to(self.tokens[close].span);
        if let Some(fault) = list.fault {
            let message = format!("{}() {fault}", kind.as_str());
            self.report.note(DiagnosticKind::BadArgument, span, message);
        }
        self.at = close + 1;
        let terms = list.terms;
        (!terms.is_empty()).then_some(Expr::WordList(WordList { kind, terms }))
    }

    fn empty_group(&mut self, span: Span, what: &str) {
        let message = format!("{what} has nothing to search for inside; it was dropped");
        self.report.note(DiagnosticKind::EmptyGroup, span, message);
    }

    /// Notes that a token is dropped.
    pub(crate) fn note_punctuation(&mut self, index: usize) {
        if self.note_spaced_before(index) {
            return;
        }
        let span = self.tokens[index].span;
        let text = &self.text[span.start..span.end];
        let message = format!("'{text}' has no letter or digit; it was dropped");
        self.report.note(DiagnosticKind::Punctuation, span, message);
    }

    /// Notes white space before a property operator (R4), if that is what the token begins with.
    fn note_spaced_before(&mut self, index: usize) -> bool {
        let (Some(before), Some(token)) = (
            index
                .checked_sub(1)
                .and_then(|before| self.tokens.get(before)),
            self.tokens.get(index),
        ) else {
            return false;
        };
        let (TokenKind::Lexeme(name), TokenKind::Lexeme(lexeme)) = (before.kind, token.kind) else {
            return false;
        };
        let Some(op) = Op::leading(lexeme).filter(|_| lexer::is_name(name)) else {
            return false;
        };
        let mut span = before.span.to(token.span);
        let mut suggestion = format!("{name}{lexeme}");
        if op.as_str() == lexeme
            && let Some((value, value_span)) = self.plain_operand(index + 1)
        {
            suggestion.push_str(value);
            span = span.to(value_span);
        }
        self.note_spaced(span, name, op, suggestion);
        true
    }

    /// Notes white space behind a property operator (R4), which ends the lexeme.
    fn note_spaced_after(&mut self, index: usize) {
        let span = self.tokens[index].span;
        let lexeme = &self.text[span.start..span.end];
        let Some((name, op, _)) = lexer::split_restriction(lexeme.trim_start_matches(['+', '-']))
        else {
            return;
        };
        match self.plain_operand(index + 1) {
            Some((value, end)) => {
                self.note_spaced(span.to(end), name, op, format!("{lexeme}{value}"));
            }
            None => {
                let message =
                    format!("'{name}{op}' has no value; it was read as the word '{name}'");
                self.report
                    .note(DiagnosticKind::SpacedOperator, span, message);
            }
        }
    }

    fn note_spaced(&mut self, span: Span, name: &str, op: Op, suggestion: String) {
        let message = format!(
            "white space beside '{op}' makes free text of it; if '{name}' is a property, the value \
             must follow without white space"
        );
        self.report
            .suggest(DiagnosticKind::SpacedOperator, span, message, suggestion);
    }

    /// The source of a token that could be the value of a restriction.
    fn plain_operand(&self, index: usize) -> Option<(&'a str, Span)> {
        let token = self.tokens.get(index)?;
        matches!(token.kind, TokenKind::Lexeme(_) | TokenKind::Phrase { .. })
            .then(|| (&self.text[token.span.start..token.span.end], token.span))
    }
}

fn restriction(name: &str, op: Op, value: Value, span: Span) -> Expr {
    let name = name.to_owned();
    Expr::Restriction(Restriction {
        name,
        op,
        value,
        detached: false,
        span,
    })
}

/// What a word list has so far.
#[derive(Default)]
struct Collected {
    terms: Vec<Expr>,
    last: Last,
    /// The first fault; one is enough to say about one list.
    fault: Option<&'static str>,
}

/// What stood last in a list whose terms are separated by commas.
#[derive(Default, PartialEq)]
enum Last {
    #[default]
    Nothing,
    Term,
    Comma,
}

impl Collected {
    fn fault(&mut self, fault: &'static str) {
        self.fault.get_or_insert(fault);
    }

    /// Takes a term; `None` is one without letters, which is dropped like any other (L6).
    fn push(&mut self, kind: ListKind, term: Option<Expr>) {
        if kind == ListKind::Words && self.last == Last::Term {
            self.fault("has terms without a comma in between");
        }
        self.last = Last::Term;
        self.terms.extend(term);
    }

    fn comma(&mut self) {
        if self.last != Last::Term {
            self.fault("has a comma without a term before it, which was dropped");
        }
        self.last = Last::Comma;
    }

    /// Takes a lexeme, which can hold several terms when commas separate them.
    fn lexeme(&mut self, kind: ListKind, lexeme: &str, span: Span) {
        if kind != ListKind::Words {
            self.push(kind, Expr::word(lexeme, span));
            return;
        }
        let mut start = span.start;
        for (index, piece) in lexeme.split(',').enumerate() {
            if index > 0 {
                self.comma();
            }
            if Operator::of(piece).is_some() {
                self.fault("has an operator inside, which was dropped");
            } else if !piece.is_empty() {
                self.push(
                    kind,
                    Expr::word(piece, Span::new(start, start + piece.len())),
                );
            }
            start += piece.len() + 1;
        }
    }
}
