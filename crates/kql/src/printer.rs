//! Tree → text that parses to an equal tree.
//!
//! Trees from the parser need no parentheses beyond their groups; trees put together otherwise
//! get them where precedence asks for them.

use std::fmt::{self, Display, Formatter, Write as _};

use crate::restriction::{Restriction, Value};
use crate::tree::{Expr, Link, ListKind, Near, Rank, Term, WordList, Xrank, XrankParams};

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Expr::Word(term) => word(f, term),
            Expr::Phrase(term) => phrase(f, &term.text, term.prefix),
            Expr::Everything => f.write_char('*'),
            Expr::Restriction(restriction) => restriction.fmt(f),
            Expr::WordList(list) => list.fmt(f),
            Expr::Group(inner) => write!(f, "({inner})"),
            Expr::Near(near) => near.fmt(f),
            Expr::Not(inner) => write!(f, "NOT {}", Within(inner, Level::Not)),
            Expr::And(members) => join(f, members, " AND ", Level::Not),
            Expr::Or(members) => join(f, members, " OR ", Level::And),
            Expr::Xrank(xrank) => xrank.fmt(f),
            Expr::List(members) => join(f, members, " ", Level::Xrank),
        }
    }
}

impl Display for Restriction {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let gap = if self.detached { " " } else { "" };
        write!(f, "{}{}{gap}{}", self.name, self.op, self.value)
    }
}

impl Display for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Value::Any => f.write_char('*'),
            Value::Text {
                raw,
                prefix,
                quoted: true,
            } => phrase(f, raw, *prefix),
            Value::Text {
                raw,
                prefix,
                quoted: false,
            } => starred(f, raw, *prefix),
            Value::Range { from, to } => {
                let (from, to) = (from.as_deref().unwrap_or(""), to.as_deref().unwrap_or(""));
                // The first two dots of a lexeme separate the ends.
                range_end(f, from, from.contains("..") || from.ends_with('.'))?;
                f.write_str("..")?;
                range_end(f, to, to.ends_with('*'))
            }
            Value::List(list) => write!(f, "({list})"),
        }
    }
}

impl Display for WordList {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let separator = if self.kind == ListKind::Words {
            ", "
        } else {
            " "
        };
        write!(f, "{}(", self.kind.as_str())?;
        join(f, &self.terms, separator, Level::Operand)?;
        f.write_char(')')
    }
}

impl Display for Near {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Within(&self.first, Level::Operand).fmt(f)?;
        for Link {
            ordered,
            distance,
            operand,
        } in &self.links
        {
            write!(f, " {}", if *ordered { "ONEAR" } else { "NEAR" })?;
            // Without arguments, a group could be taken for them.
            if *distance != Near::DISTANCE_DEFAULT || opens(operand, Level::Operand) {
                write!(f, "(n={distance})")?;
            }
            write!(f, " {}", Within(operand, Level::Operand))?;
        }
        Ok(())
    }
}

impl Display for Xrank {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Within(&self.expr, Level::Or).fmt(f)?;
        for Rank { params, operand } in &self.ranks {
            f.write_str(" XRANK")?;
            if *params != XrankParams::default() || opens(operand, Level::Or) {
                write!(f, "({params})")?;
            }
            write!(f, " {}", Within(operand, Level::Or))?;
        }
        Ok(())
    }
}

impl Display for XrankParams {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (name, boost) in self.boosts() {
            if let Some(boost) = boost {
                write!(f, "{separator}{name}={boost:?}")?;
                separator = ", ";
            }
        }
        match self.n {
            Some(n) => write!(f, "{separator}n={n}"),
            None => Ok(()),
        }
    }
}

/// How tightly an expression binds, loosest first (P2, P3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    List,
    Xrank,
    Or,
    And,
    Not,
    Near,
    Operand,
}

fn level(expr: &Expr) -> Level {
    match expr {
        // A chain with one member is printed as that member.
        Expr::List(members) | Expr::Or(members) | Expr::And(members) if members.len() == 1 => {
            level(&members[0])
        }
        Expr::List(_) => Level::List,
        Expr::Xrank(_) => Level::Xrank,
        Expr::Or(_) => Level::Or,
        Expr::And(_) => Level::And,
        Expr::Not(_) => Level::Not,
        Expr::Near(_) => Level::Near,
        _ => Level::Operand,
    }
}

/// An expression in a place where nothing looser than the level can stand without parentheses.
struct Within<'a>(&'a Expr, Level);

impl Display for Within<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Within(expr, least) = self;
        if level(expr) < *least {
            write!(f, "({expr})")
        } else {
            expr.fmt(f)
        }
    }
}

/// Whether an expression in such a place is printed with a `(` in front.
fn opens(expr: &Expr, least: Level) -> bool {
    if level(expr) < least {
        return true;
    }
    match expr {
        Expr::Group(_) => true,
        Expr::Near(near) => opens(&near.first, Level::Operand),
        Expr::And(members) => members
            .first()
            .is_some_and(|first| opens(first, Level::Not)),
        Expr::Or(members) => members
            .first()
            .is_some_and(|first| opens(first, Level::And)),
        Expr::List(members) => members
            .first()
            .is_some_and(|first| opens(first, Level::Xrank)),
        Expr::Xrank(xrank) => opens(&xrank.expr, Level::Or),
        _ => false,
    }
}

fn join(f: &mut Formatter<'_>, members: &[Expr], separator: &str, least: Level) -> fmt::Result {
    // One member stands where the chain would stand, and needs no more than the chain does.
    if let [only] = members {
        return only.fmt(f);
    }
    for (index, member) in members.iter().enumerate() {
        if index > 0 {
            f.write_str(separator)?;
        }
        Within(member, least).fmt(f)?;
    }
    Ok(())
}

fn word(f: &mut Formatter<'_>, term: &Term) -> fmt::Result {
    starred(f, &term.text, term.prefix)
}

fn phrase(f: &mut Formatter<'_>, text: &str, prefix: bool) -> fmt::Result {
    f.write_char('"')?;
    f.write_str(text)?;
    f.write_char('"')?;
    if prefix { f.write_char('*') } else { Ok(()) }
}

fn starred(f: &mut Formatter<'_>, text: &str, prefix: bool) -> fmt::Result {
    f.write_str(text)?;
    if prefix { f.write_char('*') } else { Ok(()) }
}

fn range_end(f: &mut Formatter<'_>, text: &str, quoted: bool) -> fmt::Result {
    if quoted || text.contains(|c: char| c.is_whitespace() || matches!(c, '(' | ')')) {
        return phrase(f, text, false);
    }
    f.write_str(text)
}
