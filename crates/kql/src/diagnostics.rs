//! What was odd about a query, and what the parser made of it.

use std::fmt;

/// A piece of the query text, in byte offsets: `start` is inside, `end` is not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset after the last byte.
    pub end: usize,
}

impl Span {
    /// The span from `start` up to, not including, `end`.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// The smallest span that covers both.
    pub fn to(self, other: Span) -> Self {
        Self {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }
}

/// The kinds of oddity. [`DiagnosticKind::malformed`] tells faults from remarks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DiagnosticKind {
    /// E1: there is nothing to search for. `Parsed::expr` is `None`.
    Empty,
    /// E1 applied to a part: parentheses with nothing to search for between them.
    EmptyGroup,
    /// E2: an operator lacks an operand. It is dropped.
    DanglingOperator,
    /// E2: an operator follows another where an operand should stand. The first one counts.
    DoubledOperator,
    /// E3: a `)` that closes nothing. It is dropped.
    StrayParenthesis,
    /// E3: a `(` that nothing closes. It is closed at the end of the query.
    MissingParenthesis,
    /// E3: parentheses nested deeper than the parser follows. The inner ones are ignored.
    TooDeep,
    /// E4: a quote that nothing closes. It is closed at the end of the query.
    MissingQuote,
    /// E5: an operator has arguments that it cannot use.
    BadArgument,
    /// L6: punctuation without a letter or digit is dropped. A remark, not a fault.
    Punctuation,
    /// R4: white space beside a property operator makes free text of it. A remark.
    SpacedOperator,
    /// T6: a leading star is dropped. A remark.
    LeadingStar,
}

impl DiagnosticKind {
    /// Whether the query breaks the grammar (E1 to E5), so that a filter has to be refused.
    pub fn malformed(self) -> bool {
        !matches!(
            self,
            Self::Punctuation | Self::SpacedOperator | Self::LeadingStar
        )
    }

    /// The rule of the search contract behind this kind.
    pub fn rule(self) -> &'static str {
        match self {
            Self::Empty | Self::EmptyGroup => "E1",
            Self::DanglingOperator | Self::DoubledOperator => "E2",
            Self::StrayParenthesis | Self::MissingParenthesis | Self::TooDeep => "E3",
            Self::MissingQuote => "E4",
            Self::BadArgument => "E5",
            Self::Punctuation => "L6",
            Self::SpacedOperator => "R4",
            Self::LeadingStar => "T6",
        }
    }
}

/// One oddity: where it stands, what it is, what was done about it, and how to write it better.
///
/// `Display` renders all of that in one line, for an error message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What kind of oddity this is.
    pub kind: DiagnosticKind,
    /// The piece of the query that it is about.
    pub span: Span,
    /// What was odd, and what the parser did.
    pub message: String,
    /// A text to write in place of the span, where the parser can guess one.
    pub suggestion: Option<String>,
}

impl Diagnostic {
    /// Whether a filter with this diagnostic has to be refused (E1 to E5).
    pub fn malformed(&self) -> bool {
        self.kind.malformed()
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} (bytes {} to {})",
            self.message, self.span.start, self.span.end
        )?;
        match &self.suggestion {
            Some(suggestion) => write!(f, "; write {suggestion}"),
            None => Ok(()),
        }
    }
}

/// How many diagnostics one query can have. A query of nothing but oddities must not cost more
/// memory for the complaints than for the tree.
const DIAGNOSTICS_MAX: usize = 64;

/// Collects diagnostics, and keeps their number bounded.
#[derive(Default)]
pub(crate) struct Report {
    diagnostics: Vec<Diagnostic>,
    malformed: bool,
}

impl Report {
    /// Notes an oddity.
    pub(crate) fn note(&mut self, kind: DiagnosticKind, span: Span, message: impl Into<String>) {
        self.push(Diagnostic {
            kind,
            span,
            message: message.into(),
            suggestion: None,
        });
    }

    /// Notes an oddity, with a better way to write it.
    pub(crate) fn suggest(
        &mut self,
        kind: DiagnosticKind,
        span: Span,
        message: impl Into<String>,
        suggestion: impl Into<String>,
    ) {
        let suggestion = Some(suggestion.into());
        self.push(Diagnostic {
            kind,
            span,
            message: message.into(),
            suggestion,
        });
    }

    /// The diagnostics in the order of the query text, those about the whole of it first.
    pub(crate) fn finish(mut self) -> Vec<Diagnostic> {
        self.diagnostics.sort_by_key(|diagnostic| {
            (
                diagnostic.kind != DiagnosticKind::Empty,
                diagnostic.span.start,
            )
        });
        self.diagnostics
    }

    fn push(&mut self, diagnostic: Diagnostic) {
        // The first fault always finds a place, because a filter is refused on its account.
        let first_fault = diagnostic.malformed() && !self.malformed;
        if self.diagnostics.len() < DIAGNOSTICS_MAX || first_fault {
            self.malformed |= diagnostic.malformed();
            self.diagnostics.push(diagnostic);
        }
    }
}
