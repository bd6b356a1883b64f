//! Tokens → tree: the operators, from the loosest to the tightest (P2, P3), and their repair (E2).
//!
//! Each level consumes its own operators, with or without operands around them, so that parsing
//! always moves on.

use crate::diagnostics::{Diagnostic, DiagnosticKind, Report, Span};
use crate::lexer::{self, Operator, Token, TokenKind};
use crate::tree::{Expr, Link, Near, Rank, Xrank};

/// What became of a query.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// The tree, repaired where needed; `None` when there is nothing to search for (E1).
    pub expr: Option<Expr>,
    /// What was odd, in the order of the text, E1 first. Bounded in number; the first fault is never lost.
    pub diagnostics: Vec<Diagnostic>,
}

impl Parsed {
    /// Whether the query breaks the grammar (E1 to E5), so that a filter has to be refused.
    pub fn malformed(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::malformed)
    }
}

/// Parses a query. Never fails; see [`Parsed`] for what it does instead.
///
/// Takes time in proportion to the length of the text, and a bounded amount of stack.
pub fn parse(text: &str) -> Parsed {
    let mut report = Report::default();
    let tokens = lexer::tokens(text, &mut report);
    let mut parser = Parser {
        text,
        tokens,
        at: 0,
        report,
    };
    let expr = parser.list();
    if expr.is_none() {
        parser.report.note(
            DiagnosticKind::Empty,
            Span::new(0, text.len()),
            "the query has nothing to search for; it needs at least one word, phrase or property",
        );
    }
    Parsed {
        expr,
        diagnostics: parser.report.finish(),
    }
}

/// The state of parsing one query.
pub(crate) struct Parser<'a> {
    pub(crate) text: &'a str,
    pub(crate) tokens: Vec<Token<'a>>,
    /// The index of the token that comes next.
    pub(crate) at: usize,
    pub(crate) report: Report,
}

impl<'a> Parser<'a> {
    /// Juxtaposition, up to the end or a `)`.
    pub(crate) fn list(&mut self) -> Option<Expr> {
        let mut members = Vec::new();
        while let Some(token) = self.peek()
            && !matches!(token.kind, TokenKind::Close)
        {
            members.extend(self.ranked());
        }
        Expr::joined(members, Expr::List)
    }

    fn ranked(&mut self) -> Option<Expr> {
        let mut expr = self.disjunction();
        let mut ranks = Vec::new();
        while let Some((Operator::Xrank, span)) = self.peek_operator() {
            let params = self.xrank_arguments();
            self.skip_doubled(Operator::Xrank);
            match (&expr, self.disjunction()) {
                (_, None) => self.dangling(Operator::Xrank, span, "right"),
                (Some(_), Some(operand)) => ranks.push(Rank { params, operand }),
                (None, right) => {
                    self.dangling(Operator::Xrank, span, "left");
                    expr = right;
                }
            }
        }
        if ranks.is_empty() {
            return expr;
        }
        expr.map(|expr| {
            Expr::Xrank(Xrank {
                expr: Box::new(expr),
                ranks,
            })
        })
    }

    fn disjunction(&mut self) -> Option<Expr> {
        self.chain(Operator::Or, Self::conjunction, Expr::Or)
    }

    fn conjunction(&mut self) -> Option<Expr> {
        self.chain(Operator::And, Self::negation, Expr::And)
    }

    fn chain(
        &mut self,
        operator: Operator,
        operand: fn(&mut Self) -> Option<Expr>,
        join: fn(Vec<Expr>) -> Expr,
    ) -> Option<Expr> {
        let mut members: Vec<Expr> = operand(self).into_iter().collect();
        while let Some((found, span)) = self.peek_operator()
            && found == operator
        {
            self.at += 1;
            self.skip_doubled(operator);
            match operand(self) {
                None => self.dangling(operator, span, "right"),
                Some(right) => {
                    if members.is_empty() {
                        self.dangling(operator, span, "left");
                    }
                    members.push(right);
                }
            }
        }
        Expr::joined(members, join)
    }

    /// `NOT` and signs before an operand (B4, B5).
    fn negation(&mut self) -> Option<Expr> {
        let mut negations = 0_usize;
        let mut last = Span::default();
        while let Some((Operator::Not, span)) = self.peek_operator() {
            self.at += 1;
            negations += 1;
            last = span;
            self.skip_doubled(Operator::Not);
        }
        let (negative, skip) = self.sign().unwrap_or((false, 0));
        let operand = self.proximity(skip);
        if operand.is_none() && negations > 0 {
            self.dangling(Operator::Not, last, "right");
        }
        let mut expr = operand?;
        // Pairs of negations cancel, so a long chain says no more than its last one or two; kept
        // whole, it would make the tree as deep as the query is long.
        negations += usize::from(negative);
        let kept = if negations > 0 && negations.is_multiple_of(2) {
            2
        } else {
            negations % 2
        };
        for _ in 0..kept {
            expr = Expr::Not(Box::new(expr));
        }
        Some(expr)
    }

    /// Consumes a sign: whether it negates, and how many bytes of the next lexeme it takes.
    fn sign(&mut self) -> Option<(bool, usize)> {
        let TokenKind::Lexeme(lexeme) = self.peek()?.kind else {
            return None;
        };
        if !lexeme.starts_with(['+', '-']) {
            return None;
        }
        let negative = lexeme.starts_with('-');
        if lexeme.len() > 1 {
            return Some((negative, 1));
        }
        // A sign alone is only here because a phrase or a group follows directly.
        self.at += 1;
        Some((negative, 0))
    }

    fn proximity(&mut self, skip: usize) -> Option<Expr> {
        let mut first = self.primary(skip);
        let mut links = Vec::new();
        while let Some((operator @ (Operator::Near | Operator::Onear), span)) = self.peek_operator()
        {
            let distance = self.near_arguments(operator);
            let skip = self.skip_doubled_unary(operator);
            let ordered = operator == Operator::Onear;
            match (&first, self.primary(skip)) {
                (_, None) => self.dangling(operator, span, "right"),
                (Some(_), Some(operand)) => links.push(Link {
                    ordered,
                    distance,
                    operand,
                }),
                (None, right) => {
                    self.dangling(operator, span, "left");
                    first = right;
                }
            }
        }
        if links.is_empty() {
            return first;
        }
        first.map(|first| {
            Expr::Near(Near {
                first: Box::new(first),
                links,
            })
        })
    }

    /// Drops binary operators that follow another operator: the first one counts (E2).
    fn skip_doubled(&mut self, first: Operator) {
        while let Some((operator, span)) = self.peek_operator()
            && operator != Operator::Not
        {
            self.doubled(first, operator.word(), span);
            match operator {
                Operator::Xrank => drop(self.xrank_arguments()),
                Operator::Near | Operator::Onear => drop(self.near_arguments(operator)),
                _ => self.at += 1,
            }
        }
    }

    /// Like [`Parser::skip_doubled`], for operators that bind tighter than NOT and signs and so
    /// cannot have a negated operand. Returns how many bytes of the next lexeme are a dropped sign.
    fn skip_doubled_unary(&mut self, first: Operator) -> usize {
        loop {
            self.skip_doubled(first);
            match self.peek_operator() {
                Some((Operator::Not, span)) => {
                    self.doubled(first, "NOT", span);
                    self.at += 1;
                }
                _ => break,
            }
        }
        let Some(token) = self.peek() else { return 0 };
        let Some((negative, skip)) = self.sign() else {
            return 0;
        };
        let span = Span::new(token.span.start, token.span.start + 1);
        self.doubled(first, if negative { "-" } else { "+" }, span);
        skip
    }

    fn doubled(&mut self, first: Operator, second: &str, span: Span) {
        let first = first.word();
        self.report.note(
            DiagnosticKind::DoubledOperator,
            span,
            format!("'{second}' follows '{first}' where an operand should stand; it was dropped"),
        );
    }

    fn dangling(&mut self, operator: Operator, span: Span, side: &str) {
        let word = operator.word();
        self.report.note(
            DiagnosticKind::DanglingOperator,
            span,
            format!("'{word}' has no operand on its {side}; it was dropped"),
        );
    }

    /// The next token that is not dropped for being mere punctuation (L6).
    pub(crate) fn peek(&mut self) -> Option<Token<'a>> {
        while self.at < self.tokens.len() && self.is_punctuation(self.at) {
            self.note_punctuation(self.at);
            self.at += 1;
        }
        self.tokens.get(self.at).copied()
    }

    fn peek_operator(&mut self) -> Option<(Operator, Span)> {
        let token = self.peek()?;
        match token.kind {
            TokenKind::Operator(operator) => Some((operator, token.span)),
            _ => None,
        }
    }

    /// Whether nothing stands between a token and the one after it.
    pub(crate) fn touches_next(&self, index: usize) -> bool {
        match (self.tokens.get(index), self.tokens.get(index + 1)) {
            (Some(token), Some(next)) => token.span.end == next.span.start,
            _ => false,
        }
    }

    /// Whether a token is dropped: a lexeme or phrase without letter or digit that is no `*` and
    /// no sign of something that directly follows (L6, B5).
    pub(crate) fn is_punctuation(&self, index: usize) -> bool {
        match self.tokens.get(index).map(|token| token.kind) {
            Some(TokenKind::Phrase { inner, .. }) => !lexer::has_letters(inner),
            Some(TokenKind::Lexeme(lexeme)) => {
                let bare = lexeme.strip_prefix(['+', '-']).unwrap_or(lexeme);
                let operand_follows = || {
                    self.touches_next(index)
                        && !self.is_punctuation(index + 1)
                        && matches!(
                            self.tokens.get(index + 1).map(|token| token.kind),
                            Some(TokenKind::Open { .. } | TokenKind::Phrase { .. })
                        )
                };
                match bare {
                    "" => !operand_follows(),
                    "*" => false,
                    _ => !lexer::has_letters(bare),
                }
            }
            _ => false,
        }
    }
}
