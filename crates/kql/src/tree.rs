//! The syntax tree.

use crate::diagnostics::Span;
use crate::lexer::{self, Operator};
use crate::restriction::Restriction;

/// A query or a part of one.
///
/// The variants stand in the order of their binding, tightest first (P2, P3). A parsed tree has a
/// [`Expr::Group`] exactly where the query has parentheses, and its `And`, `Or` and `List` have at
/// least two members. Nesting is bounded, so that recursion over a tree is safe.
///
/// `Display` prints KQL that parses to an equal tree. Equality looks at meaning and form, not at
/// where in a text a part stood.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// An unquoted lexeme. It can hold several tokens (`budget.xlsx`); then it is a phrase (L6).
    Word(Term),
    /// A quoted text. Also an unquoted one that would read as an operator or a restriction
    /// without its quotes, such as the operand of `-AND`.
    Phrase(Term),
    /// A lone `*`: every visible item (T5).
    Everything,
    /// A property name, an operator and a value, if the name proves to be a property (N4).
    Restriction(Restriction),
    /// `WORDS(…)`, `ALL(…)`, `ANY(…)`, `NONE(…)` (W1, W2).
    WordList(WordList),
    /// Parentheses. They matter beyond precedence: a restriction inside is not pooled (S4).
    Group(Box<Expr>),
    /// `NEAR` and `ONEAR` (X3, X4).
    Near(Near),
    /// `NOT x` and `-x` (B4, B5). A longer chain of negations is kept as one or two.
    Not(Box<Expr>),
    /// Operands joined by `AND`.
    And(Vec<Expr>),
    /// Operands joined by `OR`.
    Or(Vec<Expr>),
    /// A match set and expressions that only change its order (K1).
    Xrank(Xrank),
    /// Juxtaposition. Members are ANDed, but those members that are restrictions themselves,
    /// with a value that is no list, are pooled per property first: each pool is an OR
    /// (S1 to S4). `+x` is the same as `x` here; `-x` is [`Expr::Not`] and joins no pool.
    List(Vec<Expr>),
}

/// A free text as it was written, without quotes, sign and star. Always has a letter or a digit.
#[derive(Clone, Debug)]
pub struct Term {
    /// The text, not yet broken into tokens.
    pub text: String,
    /// Whether a star followed: the last token is a prefix (T3, T4).
    pub prefix: bool,
    /// Where it stood in the query. Takes no part in equality.
    pub span: Span,
}

impl PartialEq for Term {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.prefix == other.prefix
    }
}

/// The four word-list operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ListKind {
    /// `WORDS(a, b)`: a or b, ranked as if they were one term (W1).
    Words,
    /// `ALL(a b)`: every one of them (W2).
    All,
    /// `ANY(a b)`: at least one (W2).
    Any,
    /// `NONE(a b)`: not a single one (W2).
    None,
}

impl ListKind {
    /// How the operator is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Words => "WORDS",
            Self::All => "ALL",
            Self::Any => "ANY",
            Self::None => "NONE",
        }
    }

    pub(crate) fn of(lexeme: &str) -> Option<Self> {
        [Self::Words, Self::All, Self::Any, Self::None]
            .into_iter()
            .find(|kind| kind.as_str() == lexeme)
    }
}

/// A word list.
#[derive(Clone, Debug, PartialEq)]
pub struct WordList {
    /// Which operator.
    pub kind: ListKind,
    /// At least one; only [`Expr::Word`] and [`Expr::Phrase`].
    pub terms: Vec<Expr>,
}

/// A proximity chain. Every adjacent pair of operands must hold (X3).
#[derive(Clone, Debug, PartialEq)]
pub struct Near {
    /// The first operand.
    pub first: Box<Expr>,
    /// The others; at least one.
    pub links: Vec<Link>,
}

/// One `NEAR` or `ONEAR` and the operand on its right.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// Whether the operands must keep their order (`ONEAR`).
    pub ordered: bool,
    /// How many tokens may stand in between, at most.
    pub distance: u16,
    /// The right operand.
    pub operand: Expr,
}

impl Near {
    /// The distance of a `NEAR` that gives none.
    pub const DISTANCE_DEFAULT: u16 = 8;

    /// The adjacent pairs: left operand, and the link with the right one.
    pub fn pairs(&self) -> impl Iterator<Item = (&Expr, &Link)> {
        let operands = self.links.iter().map(|link| &link.operand);
        std::iter::once(&*self.first)
            .chain(operands)
            .zip(&self.links)
    }

    /// All operands in order, for those who degrade the chain to AND (X5).
    pub fn operands(&self) -> impl Iterator<Item = &Expr> {
        std::iter::once(&*self.first).chain(self.links.iter().map(|link| &link.operand))
    }
}

/// `XRANK`: `expr` alone decides what matches.
#[derive(Clone, Debug, PartialEq)]
pub struct Xrank {
    /// The match set.
    pub expr: Box<Expr>,
    /// What raises or lowers the rank, in the order of the query; at least one.
    pub ranks: Vec<Rank>,
}

/// One `XRANK(…)` and the expression on its right.
#[derive(Clone, Debug, PartialEq)]
pub struct Rank {
    /// The arguments.
    pub params: XrankParams,
    /// Items that match this get the boost.
    pub operand: Expr,
}

/// The arguments of `XRANK`; `None` means not given, which counts as 0.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct XrankParams {
    /// Constant boost.
    pub cb: Option<f64>,
    /// Normalized boost.
    pub nb: Option<f64>,
    /// Standard deviation boost.
    pub stdb: Option<f64>,
    /// Average boost.
    pub avgb: Option<f64>,
    /// Range boost.
    pub rb: Option<f64>,
    /// Percentage boost.
    pub pb: Option<f64>,
    /// How many items to compute statistics from; 0 is all.
    pub n: Option<u32>,
}

impl XrankParams {
    /// The boosts with their names, in the order in which they are printed.
    pub fn boosts(&self) -> [(&'static str, Option<f64>); 6] {
        [
            ("cb", self.cb),
            ("nb", self.nb),
            ("stdb", self.stdb),
            ("avgb", self.avgb),
            ("rb", self.rb),
            ("pb", self.pb),
        ]
    }

    pub(crate) fn boost(&mut self, name: &str) -> Option<&mut Option<f64>> {
        Some(match name {
            "cb" => &mut self.cb,
            "nb" => &mut self.nb,
            "stdb" => &mut self.stdb,
            "avgb" => &mut self.avgb,
            "rb" => &mut self.rb,
            "pb" => &mut self.pb,
            _ => return None,
        })
    }
}

impl Expr {
    /// The free text that an unquoted lexeme stands for: without leading signs and stars (T6) and
    /// without trailing stars (T3). `None` when no letter or digit is left (L6).
    pub fn word(lexeme: &str, span: Span) -> Option<Self> {
        let body = lexeme.trim_start_matches(['+', '-', '*']);
        let text = body.trim_end_matches('*');
        if !lexer::has_letters(text) {
            return None;
        }
        let prefix = text.len() < body.len();
        let term = Term {
            text: text.to_owned(),
            prefix,
            span,
        };
        // A tree must print as text that reads the same, so what would read as something else
        // without quotes gets them.
        let operator = Operator::of(text).is_some() || ListKind::of(text).is_some();
        if operator || lexer::split_restriction(text).is_some() {
            return Some(Self::Phrase(term));
        }
        Some(Self::Word(term))
    }

    /// The free text of a quoted text, with the star that ends it or follows it (T4). `None` when
    /// it has no letter or digit.
    pub(crate) fn phrase(inner: &str, star: bool, span: Span) -> Option<Self> {
        let (text, prefix) = split_star(inner, star);
        lexer::has_letters(text).then(|| {
            Self::Phrase(Term {
                text: text.to_owned(),
                prefix,
                span,
            })
        })
    }

    /// `members` as one expression: none, the only one, or all joined.
    pub(crate) fn joined(mut members: Vec<Expr>, join: fn(Vec<Expr>) -> Expr) -> Option<Expr> {
        match members.len() {
            0 | 1 => members.pop(),
            _ => Some(join(members)),
        }
    }
}

/// Takes the final star off a quoted text: one inside, white space around it or not, or the one
/// that followed the closing quote. Stars further inside mean nothing and stay.
pub(crate) fn split_star(inner: &str, star: bool) -> (&str, bool) {
    let text = inner.trim_end_matches(|c: char| c == '*' || c.is_whitespace());
    if inner[text.len()..].contains('*') {
        (text, true)
    } else {
        (inner, star)
    }
}
