//! Makes a query safe to stand inside another one.

use crate::diagnostics::Report;
use crate::lexer::{self, TokenKind};
use crate::parser::parse;
use crate::tree::ListKind;

/// The text, repaired (E2 to E4) so that it cannot reach beyond its place in a query template:
/// `a) OR (b` becomes `a OR (b)`.
///
/// A text without oddities comes back as it is, so that what the template puts around it keeps
/// its effect: `{searchTerms}*` stays a prefix search. Others come back as their tree prints.
/// Nothing to search for gives the empty text.
///
/// A template that puts the text between quotes is not protected, since quotes in a well-formed
/// text are kept; nor one without parentheses around it from operators that bind looser than its
/// own.
pub fn balance(text: &str) -> String {
    let parsed = parse(text);
    let as_it_is = parsed.diagnostics.is_empty() && !ends_with_list_word(text);
    match parsed.expr {
        None => String::new(),
        Some(_) if as_it_is => text.to_owned(),
        Some(expr) => expr.to_string(),
    }
}

/// Whether the text ends with a word that would take the template's next parenthesis for its own;
/// NONE would even turn it round. Printing puts such a word between quotes.
fn ends_with_list_word(text: &str) -> bool {
    lexer::tokens(text, &mut Report::default())
        .last()
        .is_some_and(|last| match last.kind {
            TokenKind::Lexeme(lexeme) => {
                let word = lexeme.strip_prefix(['+', '-']).unwrap_or(lexeme);
                last.span.end == text.len() && ListKind::of(word).is_some()
            }
            _ => false,
        })
}
