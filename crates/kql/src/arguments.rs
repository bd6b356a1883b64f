//! The arguments of NEAR, ONEAR and XRANK (X3, K1), and what is done about bad ones (E5).

use crate::diagnostics::{DiagnosticKind, Span};
use crate::lexer::{Operator, TokenKind};
use crate::numbers::{self, Number};
use crate::parser::Parser;
use crate::tree::{Near, XrankParams};

/// The parentheses behind an operator word.
struct Parentheses<'a> {
    inner: &'a str,
    span: Span,
    close: usize,
    /// No white space stands before the `(`.
    attached: bool,
    /// An operand, or something that introduces one, follows the `)`.
    operand_follows: bool,
}

impl<'a> Parser<'a> {
    /// Consumes NEAR or ONEAR and its arguments; returns the distance.
    ///
    /// White space before parentheses means nothing (L1), so `NEAR (5)` can be an argument as well
    /// as an operand: it is an argument when it reads like one and an operand follows.
    pub(crate) fn near_arguments(&mut self, operator: Operator) -> u16 {
        let default = Near::DISTANCE_DEFAULT;
        let parentheses = self.parentheses();
        self.at += 1;
        let Some(parentheses) = parentheses else {
            return default;
        };
        let Parentheses {
            inner,
            span,
            close,
            attached,
            operand_follows,
        } = parentheses;
        let word = operator.word();
        match distance(inner) {
            Some(Ok(distance)) if attached || operand_follows => {
                self.at = close + 1;
                distance
            }
            Some(Err(TooFar)) if attached || operand_follows => {
                let message = format!(
                    "{word}({inner}) is too far; {} is the most and was taken",
                    u16::MAX
                );
                let suggestion = format!("({})", u16::MAX);
                self.report
                    .suggest(DiagnosticKind::BadArgument, span, message, suggestion);
                self.at = close + 1;
                u16::MAX
            }
            None if attached => {
                let message = format!(
                    "'{inner}' is no distance; {word} takes a number such as {word}({default}), \
                     which was taken"
                );
                let suggestion = format!("({default})");
                self.report
                    .suggest(DiagnosticKind::BadArgument, span, message, suggestion);
                self.skip_bad(&parentheses);
                default
            }
            _ => default,
        }
    }

    /// Consumes XRANK and its arguments.
    pub(crate) fn xrank_arguments(&mut self) -> XrankParams {
        let operator = self.tokens[self.at].span;
        let parentheses = self.parentheses();
        self.at += 1;
        let mut params = XrankParams::default();
        let mut faults = Vec::new();
        match &parentheses {
            Some(found) if found.inner.trim().is_empty() => self.skip_bad(found),
            Some(found) if names_parameter(found.inner) => {
                self.at = found.close + 1;
                for argument in found.inner.split(',') {
                    faults.extend(take_argument(&mut params, argument).err());
                }
            }
            // No arguments at all; what stands in detached parentheses is the operand.
            Some(found) if found.attached => self.skip_bad(found),
            _ => {}
        }
        let boosts = params.boosts();
        if boosts.iter().all(|(_, boost)| boost.is_none()) {
            let names = boosts.map(|(name, _)| name).join(", ");
            faults.push(format!(
                "XRANK needs at least one of {names}; the rank stays as it is"
            ));
        }
        let span = parentheses.map_or(operator, |found| operator.to(found.span));
        for fault in faults {
            self.report.note(DiagnosticKind::BadArgument, span, fault);
        }
        params
    }

    /// The parentheses behind the next token, which is an operator.
    fn parentheses(&self) -> Option<Parentheses<'a>> {
        let open = self.tokens.get(self.at + 1)?;
        let TokenKind::Open { close } = open.kind else {
            return None;
        };
        let end = self.tokens[close].span;
        let mut next = close + 1;
        while self.is_punctuation(next) {
            next += 1;
        }
        let operand_follows = matches!(
            self.tokens.get(next).map(|token| token.kind),
            Some(
                TokenKind::Open { .. }
                    | TokenKind::Phrase { .. }
                    | TokenKind::Lexeme(_)
                    | TokenKind::Operator(Operator::Not)
            )
        );
        Some(Parentheses {
            inner: &self.text[open.span.end..end.start],
            span: open.span.to(end),
            close,
            attached: self.touches_next(self.at),
            operand_follows,
        })
    }

    /// Drops unusable arguments. Where no operand follows, their content stays as the operand,
    /// because dropping what somebody wants to find is the worse repair.
    fn skip_bad(&mut self, parentheses: &Parentheses<'_>) {
        if parentheses.operand_follows || parentheses.inner.trim().is_empty() {
            self.at = parentheses.close + 1;
        }
    }
}

/// The distance is a number, but no field value is that long.
struct TooFar;

/// `5`, `n=5`; `None` when the text is no distance.
fn distance(inner: &str) -> Option<Result<u16, TooFar>> {
    let text = inner.trim();
    let digits = match text.strip_prefix(['n', 'N']) {
        Some(rest) => rest.trim_start().strip_prefix('=')?.trim_start(),
        None => text,
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(digits.parse().map_err(|_| TooFar))
}

/// Whether the first argument names a parameter of XRANK.
fn names_parameter(inner: &str) -> bool {
    inner.split_once('=').is_some_and(|(name, _)| {
        let name = name.trim().to_ascii_lowercase();
        name == "n" || XrankParams::default().boost(&name).is_some()
    })
}

/// Reads one `name=value`.
fn take_argument(params: &mut XrankParams, argument: &str) -> Result<(), String> {
    let argument = argument.trim();
    let fault = |rule: &str| format!("XRANK's argument '{argument}' {rule}; it was dropped");
    let Some((name, value)) = argument.split_once('=') else {
        return Err(fault("is not of the form name=number"));
    };
    let name = name.trim().to_ascii_lowercase();
    let number = numbers::number(value.trim());
    if name == "n" {
        let Some(Number::Int(n)) = number else {
            return Err(fault("takes a whole number"));
        };
        let n = u32::try_from(n).map_err(|_| fault("takes a whole number from 0"))?;
        return match params.n.replace(n) {
            None => Ok(()),
            Some(first) => {
                params.n = Some(first);
                Err(fault("comes twice"))
            }
        };
    }
    let Some(boost) = params.boost(&name) else {
        return Err(fault("names no parameter of XRANK"));
    };
    let Some(number) = number
        .map(Number::to_f64)
        .filter(|number| number.is_finite())
    else {
        return Err(fault("takes a number"));
    };
    if boost.is_some() {
        return Err(fault("comes twice"));
    }
    *boost = Some(number);
    Ok(())
}
