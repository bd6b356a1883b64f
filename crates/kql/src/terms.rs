//! The search terms of a query, as a search response lists them.

use std::collections::HashSet;

use crate::tree::{Expr, ListKind};

/// The distinct free-text words and phrases that a match should contain, in the order of the
/// query and in its spelling: no operators, restrictions, negated parts, ranks or stars.
///
/// `is_property` says which names are properties; what has the form of a restriction but no such
/// name is free text (N4). Terms that differ in case only are not distinct.
pub fn free_terms(expr: &Expr, is_property: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut terms = Terms {
        is_property,
        seen: HashSet::new(),
        terms: Vec::new(),
    };
    terms.collect(expr, true);
    terms.terms
}

struct Terms<'a> {
    is_property: &'a dyn Fn(&str) -> bool,
    seen: HashSet<String>,
    terms: Vec<String>,
}

impl Terms<'_> {
    fn collect(&mut self, expr: &Expr, wanted: bool) {
        match expr {
            Expr::Word(term) | Expr::Phrase(term) => {
                let text = term
                    .text
                    .trim_matches(|c: char| c == '*' || c.is_whitespace());
                if wanted && self.seen.insert(text.to_lowercase()) {
                    self.terms.push(text.to_owned());
                }
            }
            Expr::Restriction(restriction) => {
                if !(self.is_property)(&restriction.name) {
                    self.collect(&restriction.free_text(), wanted);
                }
            }
            Expr::WordList(list) => {
                self.collect_all(&list.terms, wanted != (list.kind == ListKind::None));
            }
            Expr::Group(inner) => self.collect(inner, wanted),
            Expr::Not(inner) => self.collect(inner, !wanted),
            Expr::Near(near) => near
                .operands()
                .for_each(|operand| self.collect(operand, wanted)),
            Expr::And(members) | Expr::Or(members) | Expr::List(members) => {
                self.collect_all(members, wanted);
            }
            Expr::Xrank(xrank) => self.collect(&xrank.expr, wanted),
            Expr::Everything => {}
        }
    }

    fn collect_all(&mut self, exprs: &[Expr], wanted: bool) {
        exprs.iter().for_each(|expr| self.collect(expr, wanted));
    }
}
