//! Makes a query safe to stand inside another one.

use crate::lexer;
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
    // A list word at the end would take the template's next parenthesis for its own, and NONE
    // would turn it round. Printing puts it between quotes.
    let last = text.rsplit(lexer::ends_lexeme).next().unwrap_or_default();
    let last = last.trim_start_matches(['+', '-']);
    match parsed.expr {
        None => String::new(),
        Some(_) if parsed.diagnostics.is_empty() && ListKind::of(last).is_none() => text.to_owned(),
        Some(expr) => expr.to_string(),
    }
}
