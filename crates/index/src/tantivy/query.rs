//! Criteria as queries of the engine: translated whole, or refused.
#![deny(clippy::wildcard_enum_match_arm)]

use graph::Value;
use tantivy::{
    DocId, SegmentReader, TantivyError, Term,
    query::{AllQuery, BooleanQuery, EmptyQuery, Explanation, Occur, Query, TermQuery, Weight},
    schema::{Field as EngineField, IndexRecordOption},
};
use tenant::{
    analysis,
    index::IndexError,
    search::plan::{Bound, Criteria, Field, PropertyOf, Word},
};

use super::{
    mapping::{self, Fields},
    near::{Pattern, PositionsQuery, Slot},
    prefix::PrefixQuery,
    range, terms,
    watch::Watch,
};

/// Translates what must match. Ranking is told apart from matching: see [`ranking`].
pub struct Translation<'a> {
    /// The layout.
    pub fields: Fields,
    /// When to give up.
    pub watch: &'a Watch,
}

type Translated = Result<Box<dyn Query>, IndexError>;

impl Translation<'_> {
    /// The query that matches exactly what the criteria mean.
    pub fn query(&self, criteria: &Criteria) -> Translated {
        match criteria {
            Criteria::All => Ok(Box::new(AllQuery)),
            Criteria::None => Ok(Box::new(EmptyQuery)),
            Criteria::Words { on, words } => self.words(on, words),
            Criteria::Phrase { on, words } => self.sequence(self.phrase(on, words)?),
            Criteria::Near {
                left,
                right,
                distance,
                ordered,
            } => self.near(left, right, *distance, *ordered),
            Criteria::Equals { property, value } => self.equals(property, value),
            Criteria::StartsWith { property, words } => self.starts_with(property, words),
            Criteria::Range { property, from, to } => {
                Ok(range::query(self.fields.typed, property, from, to))
            }
            Criteria::Exists { property } => {
                let prefix = mapping::prefix(property.connection, &property.name);
                Ok(self.term(self.property_term(&mapping::existence_of(&prefix))))
            }
            Criteria::And(all) => self.and(all),
            Criteria::Or(any) => {
                let mut queries = Vec::with_capacity(any.len());
                for criteria in any {
                    queries.push(self.query(criteria)?);
                }
                Ok(match queries.len() {
                    0 => Box::new(EmptyQuery),
                    1 => queries.swap_remove(0),
                    _ => Box::new(BooleanQuery::union(queries)),
                })
            }
            Criteria::Not(criteria) => Ok(Box::new(BooleanQuery::new(vec![
                (Occur::Must, Box::new(AllQuery)),
                (Occur::MustNot, self.query(criteria)?),
            ]))),
        }
    }

    fn and(&self, all: &[Criteria]) -> Translated {
        let mut clauses = Vec::with_capacity(all.len() + 1);
        for criteria in all {
            clauses.push(if let Criteria::Not(excluded) = criteria {
                (Occur::MustNot, self.query(excluded)?)
            } else {
                (Occur::Must, self.query(criteria)?)
            });
        }
        Ok(intersection(clauses))
    }

    fn words(&self, on: &Field, words: &[Word]) -> Translated {
        if words.is_empty() {
            return Err(IndexError::Unsupported("words without a word"));
        }
        let words = words.iter().map(|word| (Occur::Must, self.word(on, word)));
        Ok(intersection(words.collect()))
    }

    fn word(&self, on: &Field, word: &Word) -> Box<dyn Query> {
        let Slot { term, prefix } = self.slot(on, word);
        if prefix {
            self.prefixed(term)
        } else {
            self.term(term)
        }
    }

    fn near(&self, left: &Criteria, right: &Criteria, distance: u16, ordered: bool) -> Translated {
        let (on, left) = self.side(left)?;
        let (other, right) = self.side(right)?;
        if on != other {
            return Err(IndexError::Unsupported("NEAR between different fields"));
        }
        let wall = match on {
            Field::FullText => Term::from_field_text(self.fields.text, terms::BREAK),
            Field::Property(property) => {
                let prefix = mapping::prefix(property.connection, &property.name);
                self.property_term(&mapping::end_of(&prefix))
            }
        };
        Ok(Box::new(PositionsQuery {
            pattern: Pattern::Near {
                left,
                right,
                distance: u32::from(distance),
                ordered,
                wall,
            },
            watch: self.watch.clone(),
        }))
    }

    /// One side of a proximity: where it is looked for, and its words.
    fn side<'c>(&self, criteria: &'c Criteria) -> Result<(&'c Field, Vec<Slot>), IndexError> {
        match criteria {
            Criteria::Words { on, words } if words.len() == 1 => {
                Ok((on, vec![self.slot(on, &words[0])]))
            }
            Criteria::Phrase { on, words } => Ok((on, self.phrase(on, words)?)),
            Criteria::Words { .. }
            | Criteria::All
            | Criteria::None
            | Criteria::Near { .. }
            | Criteria::Equals { .. }
            | Criteria::StartsWith { .. }
            | Criteria::Range { .. }
            | Criteria::Exists { .. }
            | Criteria::And(_)
            | Criteria::Or(_)
            | Criteria::Not(_) => Err(IndexError::Unsupported(
                "NEAR between anything but single words and phrases",
            )),
        }
    }

    fn phrase(&self, on: &Field, words: &[Word]) -> Result<Vec<Slot>, IndexError> {
        if words.is_empty() {
            return Err(IndexError::Unsupported("a phrase without a word"));
        }
        Ok(words.iter().map(|word| self.slot(on, word)).collect())
    }

    fn equals(&self, property: &PropertyOf, value: &Value) -> Translated {
        let prefix = mapping::prefix(property.connection, &property.name);
        match value {
            Value::String(text) if property.exact => {
                let whole = mapping::whole_of(&prefix, &analysis::fold(text));
                Ok(self.term(self.property_term(&whole)))
            }
            Value::String(text) => {
                let tokens = analysis::tokens(text);
                let mut slots = vec![self.sentinel(&mapping::begin_of(&prefix))];
                slots.extend(tokens.iter().map(|token| Slot {
                    term:
                        self.property_term(&mapping::token_of(&prefix, mapping::cut(&token.text))),
                    prefix: false,
                }));
                slots.push(self.sentinel(&mapping::end_of(&prefix)));
                self.sequence(slots)
            }
            Value::Boolean(truth) => {
                Ok(self.term(self.property_term(&mapping::truth_of(&prefix, *truth))))
            }
            Value::Int64(_) | Value::Double(_) | Value::DateTime(_) => {
                let bound = Bound::Included(value.clone());
                Ok(range::query(self.fields.typed, property, &bound, &bound))
            }
            Value::Strings(_)
            | Value::Int64s(_)
            | Value::Doubles(_)
            | Value::DateTimes(_)
            | Value::Principal(_)
            | Value::Principals(_) => Err(IndexError::Unsupported(
                "equality with a collection or a principal",
            )),
        }
    }

    fn starts_with(&self, property: &PropertyOf, words: &[Word]) -> Translated {
        let prefix = mapping::prefix(property.connection, &property.name);
        let Some((last, before)) = words.split_last() else {
            return Err(IndexError::Unsupported("a beginning without a word"));
        };
        if property.exact {
            if !before.is_empty() {
                return Err(IndexError::Unsupported(
                    "a beginning of several words of an exact-match property",
                ));
            }
            if last.token.len() > mapping::WHOLE_BYTES_MAX {
                return Err(IndexError::Unsupported(
                    "a beginning of an exact-match property of more than 60,000 bytes",
                ));
            }
            let whole = mapping::whole_of(&prefix, &last.token);
            return Ok(self.prefixed(self.property_term(&whole)));
        }
        let slot = |word: &Word, prefixed| Slot {
            term: self.property_term(&mapping::token_of(&prefix, mapping::cut(&word.token))),
            prefix: prefixed,
        };
        let mut slots = vec![self.sentinel(&mapping::begin_of(&prefix))];
        slots.extend(before.iter().map(|word| slot(word, false)));
        slots.push(slot(last, true));
        self.sequence(slots)
    }

    fn sequence(&self, mut slots: Vec<Slot>) -> Translated {
        if slots.len() == 1 {
            let Slot { term, prefix } = slots.swap_remove(0);
            return Ok(if prefix {
                self.prefixed(term)
            } else {
                self.term(term)
            });
        }
        Ok(Box::new(PositionsQuery {
            pattern: Pattern::Sequence(slots),
            watch: self.watch.clone(),
        }))
    }

    fn slot(&self, on: &Field, word: &Word) -> Slot {
        let term = match on {
            Field::FullText => Term::from_field_text(self.fields.text, mapping::cut(&word.token)),
            Field::Property(property) => {
                let prefix = mapping::prefix(property.connection, &property.name);
                self.property_term(&if property.exact {
                    mapping::whole_of(&prefix, &word.token)
                } else {
                    mapping::token_of(&prefix, mapping::cut(&word.token))
                })
            }
        };
        Slot {
            term,
            prefix: word.prefix,
        }
    }

    fn sentinel(&self, term: &str) -> Slot {
        Slot {
            term: self.property_term(term),
            prefix: false,
        }
    }

    fn property_term(&self, term: &str) -> Term {
        Term::from_field_text(self.fields.property, term)
    }

    fn term(&self, term: Term) -> Box<dyn Query> {
        Box::new(TermQuery::new(term, IndexRecordOption::Basic))
    }

    fn prefixed(&self, prefix: Term) -> Box<dyn Query> {
        Box::new(PrefixQuery {
            prefix,
            watch: self.watch.clone(),
        })
    }
}

/// All of the clauses; where nothing but exclusions is left, they are taken from everything (rule B6).
fn intersection(mut clauses: Vec<(Occur, Box<dyn Query>)>) -> Box<dyn Query> {
    if clauses.iter().all(|(occur, _)| *occur == Occur::MustNot) {
        clauses.push((Occur::Must, Box::new(AllQuery)));
    }
    if let [(Occur::Must, query)] = clauses.as_slice() {
        return query.box_clone();
    }
    Box::new(BooleanQuery::new(clauses))
}

/// What ranks: the words of the free text, each once, in the order of the query.
///
/// An item's score is the sum of the BM25 scores of those words that it holds; restrictions, prefixes and exclusions add nothing. Added up in one fixed
/// order, equal items have equal scores wherever they are stored.
#[derive(Debug, Default, PartialEq)]
pub struct Ranking {
    /// The words.
    pub words: Vec<String>,
    /// May the engine skip items by their best possible score?
    pub shape: Shape,
}

/// How the words of a ranking relate to what matches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    /// The query is: all of the words, and nothing else.
    Every,
    /// The query is: any of the words, and nothing else.
    Any,
    /// Anything else.
    #[default]
    Mixed,
}

/// What ranks, and whether the engine may prune.
pub fn ranking(criteria: &Criteria) -> Ranking {
    let mut words = Vec::new();
    collect_words(criteria, &mut words);
    let shape = if is_conjunction(criteria) {
        Shape::Every
    } else if is_disjunction(criteria) {
        Shape::Any
    } else {
        Shape::Mixed
    };
    Ranking { words, shape }
}

fn collect_words(criteria: &Criteria, to: &mut Vec<String>) {
    match criteria {
        Criteria::Words {
            on: Field::FullText,
            words,
        }
        | Criteria::Phrase {
            on: Field::FullText,
            words,
        } => {
            for word in words.iter().filter(|word| !word.prefix) {
                let token = mapping::cut(&word.token);
                if !to.iter().any(|known| known == token) {
                    to.push(token.to_owned());
                }
            }
        }
        Criteria::Near { left, right, .. } => {
            collect_words(left, to);
            collect_words(right, to);
        }
        Criteria::And(parts) | Criteria::Or(parts) => {
            for part in parts {
                collect_words(part, to);
            }
        }
        Criteria::Words {
            on: Field::Property(_),
            ..
        }
        | Criteria::Phrase {
            on: Field::Property(_),
            ..
        }
        | Criteria::All
        | Criteria::None
        | Criteria::Equals { .. }
        | Criteria::StartsWith { .. }
        | Criteria::Range { .. }
        | Criteria::Exists { .. }
        | Criteria::Not(_) => {}
    }
}

fn is_plain(on: &Field, words: &[Word]) -> bool {
    *on == Field::FullText && !words.is_empty() && words.iter().all(|word| !word.prefix)
}

fn is_conjunction(criteria: &Criteria) -> bool {
    if let Criteria::And(parts) = criteria {
        return !parts.is_empty() && parts.iter().all(is_conjunction);
    }
    matches!(criteria, Criteria::Words { on, words } if is_plain(on, words))
}

fn is_disjunction(criteria: &Criteria) -> bool {
    if let Criteria::Or(parts) = criteria {
        return !parts.is_empty() && parts.iter().all(is_disjunction);
    }
    matches!(criteria, Criteria::Words { on, words } if is_plain(on, words) && words.len() == 1)
}

/// The query for the words of a prunable ranking, on the full text.
pub fn pruned(text: EngineField, ranking: &Ranking) -> Box<dyn Query> {
    let occur = match ranking.shape {
        Shape::Every => Occur::Must,
        Shape::Any | Shape::Mixed => Occur::Should,
    };
    let mut clauses: Vec<(Occur, Box<dyn Query>)> = ranking
        .words
        .iter()
        .map(|word| (occur, scored(text, word)))
        .collect();
    if clauses.len() == 1 {
        return clauses.swap_remove(0).1;
    }
    Box::new(BooleanQuery::new(clauses))
}

/// One word, scored by BM25.
pub fn scored(field: EngineField, word: &str) -> Box<dyn Query> {
    Box::new(TermQuery::new(
        Term::from_field_text(field, word),
        IndexRecordOption::WithFreqs,
    ))
}

/// The explanation of a weight whose score is constant.
pub fn explain_constant(
    weight: &dyn Weight,
    reader: &SegmentReader,
    doc: DocId,
) -> tantivy::Result<Explanation> {
    let mut scorer = weight.scorer(reader, 1.0)?;
    if scorer.doc() <= doc && scorer.seek(doc) == doc {
        return Ok(Explanation::new("constant", scorer.score()));
    }
    Err(TantivyError::InvalidArgument(format!(
        "document {doc} does not match"
    )))
}

#[cfg(test)]
mod tests {
    use graph::ConnectionKey;

    use super::*;

    fn words(text: &str) -> Criteria {
        Criteria::Words {
            on: Field::FullText,
            words: text.split(' ').map(word).collect(),
        }
    }

    fn word(token: &str) -> Word {
        Word {
            token: token.trim_end_matches('*').to_owned(),
            prefix: token.ends_with('*'),
        }
    }

    fn check(criteria: &Criteria, shape: Shape, expect: &[&str]) {
        let got = ranking(criteria);
        assert_eq!(
            (got.shape, got.words.as_slice()),
            (shape, &*owned(expect)),
            "{criteria:?}"
        );
    }

    fn owned(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn only_free_text_ranks() {
        let exists = Criteria::Exists {
            property: PropertyOf {
                connection: ConnectionKey(1),
                name: "a".into(),
                exact: false,
            },
        };
        check(&words("a b a"), Shape::Every, &["a", "b"]);
        check(
            &Criteria::And(vec![words("a"), words("b c")]),
            Shape::Every,
            &["a", "b", "c"],
        );
        check(
            &Criteria::Or(vec![words("a"), words("b")]),
            Shape::Any,
            &["a", "b"],
        );
        check(
            &Criteria::Or(vec![words("a"), words("b c")]),
            Shape::Mixed,
            &["a", "b", "c"],
        );
        check(&words("a b*"), Shape::Mixed, &["a"]);
        check(
            &Criteria::And(vec![words("a"), exists]),
            Shape::Mixed,
            &["a"],
        );
        let not = Criteria::Not(Box::new(words("b")));
        check(&Criteria::And(vec![words("a"), not]), Shape::Mixed, &["a"]);
        check(&Criteria::All, Shape::Mixed, &[]);
        check(&Criteria::And(Vec::new()), Shape::Mixed, &[]);
    }
}
