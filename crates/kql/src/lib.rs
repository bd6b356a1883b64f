//! Keyword Query Language: text → syntax tree.
//!
//! [`parse`] never fails. It repairs what is odd and says so in [`Diagnostic`]s; the caller
//! decides what a diagnostic means (a search answers anyway, a filter refuses when one of them is
//! [`malformed`](Diagnostic::malformed)).
//!
//! The crate knows no schema: whether `title:foo` is a restriction or free text is decided by
//! whoever binds the tree, with [`Restriction::free_text`] and [`Restriction::distributed`] at
//! hand. It breaks no text into tokens either: terms carry the text as it was written.
//!
//! Rule names in comments (L1, R4b, E2 …) are those of section 12 of the search contract.

mod arguments;
mod balance;
pub mod dates;
mod diagnostics;
mod lexer;
pub mod numbers;
mod operands;
mod parser;
mod printer;
mod restriction;
mod terms;
mod tree;

pub use balance::balance;
pub use dates::{Interval, Weekday};
pub use diagnostics::{Diagnostic, DiagnosticKind, Span};
pub use numbers::Number;
pub use parser::{Parsed, parse};
pub use restriction::{Op, Restriction, Value};
pub use terms::free_terms;
pub use tree::{Expr, Link, ListKind, Near, Rank, Term, WordList, Xrank, XrankParams};

/// The longest query that a caller should accept, in UTF-16 code units. [`parse`] does not check
/// it, because only the caller can answer "too long".
pub const QUERY_UNITS_MAX: usize = 4096;
