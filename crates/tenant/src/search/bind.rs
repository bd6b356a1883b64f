//! KQL tree × schemas → criteria: names, aliases and types resolved (`contract/search.md` §12).

use std::sync::Arc;

use graph::{DateTime, Schema};
use kql::{Expr, ListKind, Term};

use super::{
    plan::{Criteria, Field, Word},
    restriction::{self, Bound},
};
use crate::{analysis, kept::KeptConnection};

/// What names and dates mean: the connections in scope and the tenant's time.
pub(super) struct Binder<'a> {
    pub(super) scope: &'a [Arc<KeptConnection>],
    pub(super) now: DateTime,
}

impl Binder<'_> {
    /// The criteria of a whole query.
    pub(super) fn bind(&self, expr: &Expr) -> Criteria {
        self.expr(expr).unwrap_or(Criteria::All)
    }

    /// Is the name a property, alias or label of any connection in scope?
    pub(super) fn is_property(&self, name: &str) -> bool {
        self.schemas().any(|schema| schema.resolve(name).is_some())
    }

    fn schemas(&self) -> impl Iterator<Item = &Schema> {
        self.scope.iter().filter_map(|kept| kept.schema.as_deref())
    }

    /// `None` for what has no token left (L6): it says nothing about an item.
    fn expr(&self, expr: &Expr) -> Option<Criteria> {
        match expr {
            Expr::Word(term) | Expr::Phrase(term) => free(term),
            Expr::Everything => Some(Criteria::All),
            Expr::Restriction(given) => self.restriction(given),
            Expr::WordList(list) => self.word_list(list),
            Expr::Group(inner) => self.expr(inner),
            Expr::Near(near) => self.near(near),
            Expr::Not(inner) => Some(not(self.expr(inner)?)),
            Expr::And(members) => self.joined(members, all),
            Expr::Or(members) => self.joined(members, any),
            // Ranks change the order only, which K1 permits to leave alone.
            Expr::Xrank(xrank) => self.expr(&xrank.expr),
            Expr::List(members) => self.list(members),
        }
    }

    fn joined(&self, members: &[Expr], join: fn(Vec<Criteria>) -> Criteria) -> Option<Criteria> {
        let bound: Vec<_> = members
            .iter()
            .filter_map(|member| self.expr(member))
            .collect();
        (!bound.is_empty()).then(|| join(bound))
    }

    fn restriction(&self, given: &kql::Restriction) -> Option<Criteria> {
        if !self.is_property(&given.name) {
            return self.expr(&given.free_text());
        }
        if let Some(distributed) = given.distributed() {
            return self.expr(&distributed);
        }
        match restriction::bind(self, given) {
            Bound::Criteria(criteria) => Some(criteria),
            Bound::FreeText => self.expr(&given.free_text()),
        }
    }

    fn word_list(&self, list: &kql::WordList) -> Option<Criteria> {
        match list.kind {
            ListKind::Words | ListKind::Any => self.joined(&list.terms, any),
            ListKind::All => self.joined(&list.terms, all),
            ListKind::None => self.joined(&list.terms, any).map(not),
        }
    }

    /// Every adjacent pair must hold; a chain with an operand that is not a word or phrase becomes AND (X5).
    fn near(&self, near: &kql::Near) -> Option<Criteria> {
        let mut pairs = Vec::new();
        for (left, link) in near.pairs() {
            let (Some(left), Some(right)) = (operand(left), operand(&link.operand)) else {
                let operands: Vec<_> = near.operands().cloned().collect();
                return self.joined(&operands, all);
            };
            pairs.push(Criteria::Near {
                left: Box::new(left),
                right: Box::new(right),
                distance: link.distance,
                ordered: link.ordered,
            });
        }
        Some(all(pairs))
    }

    /// Juxtaposition: plain restrictions on one property form one OR pool, adjacent or not (S1 to S4); pools and the rest are ANDed.
    fn list(&self, members: &[Expr]) -> Option<Criteria> {
        let mut pools: Vec<(Vec<Option<&str>>, Vec<Criteria>)> = Vec::new();
        let mut rest = Vec::new();
        for member in members {
            let Some((meant, criteria)) = self.pooled(member) else {
                rest.extend(self.expr(member));
                continue;
            };
            match pools.iter_mut().find(|(name, _)| *name == meant) {
                Some((_, pool)) => pool.push(criteria),
                None => pools.push((meant, vec![criteria])),
            }
        }
        rest.extend(pools.into_iter().map(|(_, pool)| any(pool)));
        (!rest.is_empty()).then(|| all(rest))
    }

    /// A plain restriction, with the properties it is about; `None` for everything that joins no pool.
    fn pooled(&self, member: &Expr) -> Option<(Vec<Option<&str>>, Criteria)> {
        let Expr::Restriction(given) = member else {
            return None;
        };
        if !self.is_property(&given.name) || matches!(given.value, kql::Value::List(_)) {
            return None;
        }
        match restriction::bind(self, given) {
            Bound::Criteria(criteria) => Some((self.meant(&given.name), criteria)),
            Bound::FreeText => None,
        }
    }

    /// Which property each connection in scope means by a name.
    fn meant(&self, name: &str) -> Vec<Option<&str>> {
        self.schemas()
            .map(|schema| schema.resolve(name).map(|property| property.name.as_str()))
            .collect()
    }
}

fn free(term: &Term) -> Option<Criteria> {
    words_on(&Field::FullText, &term.text, term.prefix)
}

/// The tokens of a text as one word or as a phrase; `None` when there are none.
pub(super) fn words_on(on: &Field, text: &str, prefix: bool) -> Option<Criteria> {
    let words = words(text, prefix);
    let on = on.clone();
    match words.len() {
        0 => None,
        1 => Some(Criteria::Words { on, words }),
        _ => Some(Criteria::Phrase { on, words }),
    }
}

/// The tokens of a text, the last one a prefix if a star followed.
pub(super) fn words(text: &str, prefix: bool) -> Vec<Word> {
    let mut words: Vec<_> = analysis::tokens(text)
        .into_iter()
        .map(|token| Word {
            token: token.text,
            prefix: false,
        })
        .collect();
    if let Some(last) = words.last_mut() {
        last.prefix = prefix;
    }
    words
}

fn operand(expr: &Expr) -> Option<Criteria> {
    match expr {
        Expr::Word(term) | Expr::Phrase(term) => free(term),
        Expr::Group(inner) => operand(inner),
        _ => None,
    }
}

/// The conjunction, without members that say nothing.
pub(super) fn all(members: Vec<Criteria>) -> Criteria {
    let mut kept = Vec::with_capacity(members.len());
    for member in members {
        match member {
            Criteria::All => {}
            Criteria::None => return Criteria::None,
            Criteria::And(inner) => kept.extend(inner),
            other => kept.push(other),
        }
    }
    match kept.len() {
        0 => Criteria::All,
        1 => kept.swap_remove(0),
        _ => Criteria::And(kept),
    }
}

/// The disjunction, without members that can't match.
pub(super) fn any(members: Vec<Criteria>) -> Criteria {
    let mut kept = Vec::with_capacity(members.len());
    for member in members {
        match member {
            Criteria::None => {}
            Criteria::All => return Criteria::All,
            Criteria::Or(inner) => kept.extend(inner),
            other => kept.push(other),
        }
    }
    match kept.len() {
        0 => Criteria::None,
        1 => kept.swap_remove(0),
        _ => Criteria::Or(kept),
    }
}

/// The complement.
pub(super) fn not(criteria: Criteria) -> Criteria {
    match criteria {
        Criteria::All => Criteria::None,
        Criteria::None => Criteria::All,
        Criteria::Not(inner) => *inner,
        other => Criteria::Not(Box::new(other)),
    }
}
