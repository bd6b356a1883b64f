//! A tree as a short text, so that tables of trees can be read.

use kql::{Expr, Restriction, Term, Value};

/// `word`, `"phrase"`, `[restriction]`, `(operator members …)`; `*` is a prefix, `_` a missing end.
pub fn sketch(expr: &Expr) -> String {
    match expr {
        Expr::Word(term) => starred(term),
        Expr::Phrase(term) => format!("\"{}\"{}", term.text, if term.prefix { "*" } else { "" }),
        Expr::Everything => "everything".to_owned(),
        Expr::Restriction(restriction) => sketch_restriction(restriction),
        Expr::WordList(list) => format!("({} {})", list.kind.as_str(), all(&list.terms)),
        Expr::Group(inner) => format!("(group {})", sketch(inner)),
        Expr::Near(near) => {
            let mut text = format!("(near {}", sketch(&near.first));
            for link in &near.links {
                let word = if link.ordered { "onear" } else { "near" };
                text += &format!(" {word}{} {}", link.distance, sketch(&link.operand));
            }
            text + ")"
        }
        Expr::Not(inner) => format!("(not {})", sketch(inner)),
        Expr::And(members) => format!("(and {})", all(members)),
        Expr::Or(members) => format!("(or {})", all(members)),
        Expr::List(members) => format!("(list {})", all(members)),
        Expr::Xrank(xrank) => {
            let mut text = format!("(xrank {}", sketch(&xrank.expr));
            for rank in &xrank.ranks {
                text += &format!(" <{}> {}", rank.params, sketch(&rank.operand));
            }
            text + ")"
        }
    }
}

fn sketch_restriction(restriction: &Restriction) -> String {
    let Restriction {
        name,
        op,
        value,
        detached,
        ..
    } = restriction;
    let gap = if *detached { " ~ " } else { " " };
    let value = match value {
        Value::Any => "any".to_owned(),
        Value::Text {
            raw,
            prefix,
            quoted,
        } => {
            let quote = if *quoted { "\"" } else { "" };
            format!("{quote}{raw}{quote}{}", if *prefix { "*" } else { "" })
        }
        Value::Range { from, to } => {
            let end = |end: &Option<String>| end.clone().unwrap_or("_".to_owned());
            format!("{} to {}", end(from), end(to))
        }
        Value::List(list) => sketch(list),
    };
    format!("[{name} {op}{gap}{value}]")
}

fn starred(term: &Term) -> String {
    format!("{}{}", term.text, if term.prefix { "*" } else { "" })
}

fn all(exprs: &[Expr]) -> String {
    exprs.iter().map(sketch).collect::<Vec<_>>().join(" ")
}
