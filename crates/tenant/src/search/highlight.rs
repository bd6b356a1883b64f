//! Which tokens of a text answer a query: what a summary wraps in `<c0>`.

use kql::{Expr, ListKind, Term};

use super::{
    bind::{Binder, words},
    plan::Word,
};

/// The positive free-text tokens of a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Highlight {
    /// `*`: every token.
    everything: bool,
    words: Vec<Word>,
}

impl Highlight {
    /// The tokens that a tree looks for; negated parts and restrictions light nothing.
    pub(super) fn of(binder: &Binder<'_>, expr: &Expr) -> Self {
        let mut highlight = Self::default();
        highlight.add(binder, expr);
        highlight
    }

    /// Which word a token answers, if any.
    pub(super) fn answers(&self, token: &str) -> Option<usize> {
        if self.everything {
            return Some(0);
        }
        self.words.iter().position(|word| {
            if word.prefix {
                token.starts_with(&word.token)
            } else {
                token == word.token
            }
        })
    }

    fn add(&mut self, binder: &Binder<'_>, expr: &Expr) {
        match expr {
            Expr::Word(term) | Expr::Phrase(term) => self.add_term(term),
            Expr::Everything => self.everything = true,
            Expr::Restriction(given) => {
                if !binder.is_property(&given.name) {
                    self.add(binder, &given.free_text());
                }
            }
            Expr::WordList(list) => {
                if list.kind != ListKind::None {
                    self.add_all(binder, &list.terms);
                }
            }
            Expr::Group(inner) => self.add(binder, inner),
            Expr::Near(near) => near
                .operands()
                .for_each(|operand| self.add(binder, operand)),
            Expr::Not(_) => {}
            Expr::And(members) | Expr::Or(members) | Expr::List(members) => {
                self.add_all(binder, members);
            }
            Expr::Xrank(xrank) => self.add(binder, &xrank.expr),
        }
    }

    fn add_all(&mut self, binder: &Binder<'_>, members: &[Expr]) {
        for member in members {
            self.add(binder, member);
        }
    }

    fn add_term(&mut self, term: &Term) {
        for word in words(&term.text, term.prefix) {
            if !self.words.contains(&word) {
                self.words.push(word);
            }
        }
    }
}
