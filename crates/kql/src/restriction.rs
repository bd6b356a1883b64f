//! Property restrictions: `name`, operator, value.

use std::fmt;

use crate::diagnostics::Span;
use crate::tree::{Expr, ListKind, split_star};

/// The property operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// `:` — contains (R1).
    Contains,
    /// `=` — the whole value (R2).
    Equals,
    /// `<>` — not the whole value (R3).
    NotEquals,
    /// `<`.
    Less,
    /// `>`.
    Greater,
    /// `<=`.
    LessOrEqual,
    /// `>=`.
    GreaterOrEqual,
}

impl Op {
    /// Longest first, so that the first one that fits is the right one.
    const ALL: [Op; 7] = [
        Op::NotEquals,
        Op::LessOrEqual,
        Op::GreaterOrEqual,
        Op::Less,
        Op::Greater,
        Op::Contains,
        Op::Equals,
    ];

    /// How the operator is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Contains => ":",
            Self::Equals => "=",
            Self::NotEquals => "<>",
            Self::Less => "<",
            Self::Greater => ">",
            Self::LessOrEqual => "<=",
            Self::GreaterOrEqual => ">=",
        }
    }

    /// Whether a value of the form `a..b` is a range behind this operator.
    pub fn takes_range(self) -> bool {
        matches!(self, Self::Contains | Self::Equals)
    }

    /// The operator at the start of a text.
    pub(crate) fn leading(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|op| text.starts_with(op.as_str()))
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What has the form of a property restriction.
///
/// Only a schema can tell whether it is one. Whoever binds it decides:
/// - The name is unknown: use [`Restriction::free_text`] (N4).
/// - `detached`, and the property is not numeric or a date, or the value is not of its type: use
///   [`Restriction::free_text`] (R4b). White space before any operator, and behind `:` and `=`,
///   makes free text of it already in the parser (R4).
/// - The value is a list: bind [`Restriction::distributed`] instead (V1).
#[derive(Clone, Debug)]
pub struct Restriction {
    /// The name as it was written: property, alias or `label_…`.
    pub name: String,
    /// The operator.
    pub op: Op,
    /// The value. Unquoted, it is just the lexeme or phrase that touches the operator (R5).
    pub value: Value,
    /// White space stood between operator and value (R4b). The value is then a
    /// [`Value::Text`] that reads as a number or a date, and the operator is neither `:` nor `=`.
    pub detached: bool,
    /// Where it stood in the query. Takes no part in equality.
    pub span: Span,
}

impl PartialEq for Restriction {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
            && self.op == other.op
            && self.value == other.value
            && self.detached == other.detached
    }
}

/// The value of a restriction.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A lone `*`: the property has a value (R6).
    Any,
    /// A literal or text. It can be empty or without any letter, as in `title:""`.
    Text {
        /// The text without quotes and without a final star.
        raw: String,
        /// Whether a final star was there.
        prefix: bool,
        /// Whether it was quoted.
        quoted: bool,
    },
    /// `a..b`, a candidate: for a text property it is the literal text, see [`Value::literal`].
    /// Only behind `:` and `=`. At least one end is given, and none is empty.
    Range {
        /// The lower end; `None` is open.
        from: Option<String>,
        /// The upper end; `None` is open.
        to: Option<String>,
    },
    /// `p:(x OR "y z")`: what stands in the parentheses. Its words and phrases are values.
    List(Box<Expr>),
}

impl Value {
    /// The value as plain text, without star; `None` for `*` and for lists.
    pub fn literal(&self) -> Option<String> {
        match self {
            Self::Text { raw, .. } => Some(raw.clone()),
            Self::Range { from, to } => {
                let end = |end: &Option<String>| end.clone().unwrap_or_default();
                Some(format!("{}..{}", end(from), end(to)))
            }
            Self::Any | Self::List(_) => None,
        }
    }

    /// The value that an unquoted lexeme stands for behind `op`.
    pub(crate) fn unquoted(lexeme: &str, op: Op) -> Self {
        let raw = lexeme.trim_end_matches('*');
        let prefix = raw.len() < lexeme.len();
        if raw.is_empty() && prefix {
            return Self::Any;
        }
        if op.takes_range()
            && !prefix
            && let Some((from, to)) = raw.split_once("..")
            && let Some(range) = Self::range(from, to)
        {
            return range;
        }
        Self::Text {
            raw: raw.to_owned(),
            prefix,
            quoted: false,
        }
    }

    /// The value that a quoted text stands for.
    pub(crate) fn quoted(inner: &str, star: bool) -> Self {
        let (raw, prefix) = split_star(inner, star);
        Self::Text {
            raw: raw.to_owned(),
            prefix,
            quoted: true,
        }
    }

    /// A range; empty ends are open ones, and two open ends are no range.
    pub(crate) fn range(from: &str, to: &str) -> Option<Self> {
        let end = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        (!from.is_empty() || !to.is_empty()).then(|| Self::Range {
            from: end(from),
            to: end(to),
        })
    }
}

impl Restriction {
    /// What the restriction means when it is none (N4, R4b): the text of the whole lexeme, or the
    /// name AND what stood apart from it (the quoted, listed or detached value).
    pub fn free_text(&self) -> Expr {
        let apart = match &self.value {
            Value::Text {
                raw,
                prefix,
                quoted: true,
            } => Some(Expr::phrase(raw, *prefix, self.span)),
            Value::Text { raw, .. } if self.detached => {
                // As free text a number's minus is a sign like any other (B5).
                let negated = raw.starts_with('-');
                let word = Expr::word(raw, self.span);
                Some(word.map(|word| {
                    if negated {
                        Expr::Not(Box::new(word))
                    } else {
                        word
                    }
                }))
            }
            Value::List(list) => Some(Some(Expr::Group(list.clone()))),
            _ => None,
        };
        let members = match apart {
            Some(apart) => Expr::word(&self.name, self.span)
                .into_iter()
                .chain(apart)
                .collect(),
            None => Expr::word(&self.lexeme(), self.span).into_iter().collect(),
        };
        // A name begins with a letter, so that there always is a member.
        Expr::joined(members, Expr::And).unwrap_or(Expr::Everything)
    }

    /// A value list with name and operator given to each of its leaves (V1); `None` when the
    /// value is no list. The result is a group, so that nothing in it is pooled with what stands
    /// beside it; in it S1 applies as everywhere: `title:(a b)` = `(title:a title:b)`.
    /// Proximity inside the list becomes AND (X5).
    pub fn distributed(&self) -> Option<Expr> {
        match &self.value {
            Value::List(list) => Some(Expr::Group(Box::new(self.distribute(list)))),
            _ => None,
        }
    }

    /// The restriction as one lexeme. Meaningful for values that are neither quoted nor lists.
    fn lexeme(&self) -> String {
        let (literal, star) = match &self.value {
            Value::Any => (None, "*"),
            Value::Text { prefix: true, .. } => (self.value.literal(), "*"),
            value => (value.literal(), ""),
        };
        format!(
            "{}{}{}{star}",
            self.name,
            self.op,
            literal.unwrap_or_default()
        )
    }

    fn distribute(&self, expr: &Expr) -> Expr {
        let each = |exprs: &[Expr]| exprs.iter().map(|expr| self.distribute(expr)).collect();
        match expr {
            Expr::Word(term) => {
                let star = if term.prefix { "*" } else { "" };
                let lexeme = format!("{}{star}", term.text);
                // Behind `<` and `>` a value that begins like an operator would make another one.
                let value = match Op::leading(&lexeme) {
                    Some(_) => Value::quoted(&term.text, term.prefix),
                    None => Value::unquoted(&lexeme, self.op),
                };
                self.with(value, term.span)
            }
            Expr::Phrase(term) => self.with(
                Value::Text {
                    raw: term.text.clone(),
                    prefix: term.prefix,
                    quoted: true,
                },
                term.span,
            ),
            Expr::Everything => self.with(Value::Any, self.span),
            Expr::Restriction(restriction) => self.distribute(&restriction.free_text()),
            Expr::WordList(list) => match list.kind {
                ListKind::Words | ListKind::Any => Expr::Or(each(&list.terms)),
                ListKind::All => Expr::And(each(&list.terms)),
                // As a group, because a NOT in front of it would be one of a chain.
                ListKind::None => {
                    let any = Expr::Or(each(&list.terms));
                    Expr::Group(Box::new(Expr::Not(Box::new(any))))
                }
            },
            Expr::Group(inner) => Expr::Group(Box::new(self.distribute(inner))),
            Expr::Near(near) => Expr::And(
                near.operands()
                    .map(|operand| self.distribute(operand))
                    .collect(),
            ),
            Expr::Not(inner) => Expr::Not(Box::new(self.distribute(inner))),
            Expr::And(members) => Expr::And(each(members)),
            Expr::Or(members) => Expr::Or(each(members)),
            // The rank expressions are no values, and what matches does not depend on them.
            Expr::Xrank(xrank) => self.distribute(&xrank.expr),
            Expr::List(members) => Expr::List(each(members)),
        }
    }

    fn with(&self, value: Value, span: Span) -> Expr {
        let (name, op) = (self.name.clone(), self.op);
        Expr::Restriction(Restriction {
            name,
            op,
            value,
            detached: false,
            span,
        })
    }
}
