//! What criteria mean, said plainly and slowly: the answer of an index is held against this.

use std::cmp::Ordering;

use graph::{Property, Value};

use crate::{
    analysis::{self, TOKEN_BYTES_MAX},
    index::Document,
    search::plan::{Bound, Criteria, Field, PropertyOf, Word},
};

/// Does the item match?
pub fn matches(criteria: &Criteria, document: &Document) -> bool {
    match criteria {
        Criteria::All => true,
        Criteria::None => false,
        Criteria::Words { on, words } => {
            let values = values(on, document);
            words.iter().all(|word| {
                let mut tokens = values.iter().flatten();
                tokens.any(|token| is(word, token))
            })
        }
        Criteria::Phrase { on, words } => {
            let values = values(on, document);
            values.iter().any(|value| !spans(words, value).is_empty())
        }
        Criteria::Near {
            left,
            right,
            distance,
            ordered,
        } => is_near(left, right, *distance, *ordered, document),
        Criteria::Equals { property, value } => equals(property, value, document),
        Criteria::StartsWith { property, words } => {
            let values = values(&Field::Property(property.clone()), document);
            values.iter().any(|value| begins(words, value))
        }
        Criteria::Range { property, from, to } => elements(property, document)
            .iter()
            .any(|value| is_above(value, from) && is_below(value, to)),
        Criteria::Exists { property } => value_of(property, document).is_some_and(|value| {
            !matches!(value, Value::Principals(values) if values.is_empty())
                && (matches!(value, Value::Principal(_) | Value::Principals(_))
                    || !split(value).is_empty())
        }),
        Criteria::And(all) => all.iter().all(|criteria| matches(criteria, document)),
        Criteria::Or(any) => any.iter().any(|criteria| matches(criteria, document)),
        Criteria::Not(criteria) => !matches(criteria, document),
    }
}

fn is(word: &Word, token: &str) -> bool {
    if word.prefix {
        token.starts_with(&word.token)
    } else {
        token == word.token
    }
}

/// Where the words stand one behind the other: first and behind the last.
fn spans(words: &[Word], value: &[String]) -> Vec<(usize, usize)> {
    value
        .windows(words.len())
        .enumerate()
        .filter(|(_, window)| {
            words
                .iter()
                .zip(*window)
                .all(|(word, token)| is(word, token))
        })
        .map(|(start, _)| (start, start + words.len()))
        .collect()
}

fn begins(words: &[Word], value: &[String]) -> bool {
    let Some((last, before)) = words.split_last() else {
        return false;
    };
    value.len() >= words.len()
        && before
            .iter()
            .zip(value)
            .all(|(word, token)| word.token == *token)
        && value[before.len()].starts_with(&last.token)
}

fn is_near(
    left: &Criteria,
    right: &Criteria,
    distance: u16,
    ordered: bool,
    document: &Document,
) -> bool {
    let ((on, left), (_, right)) = (side(left), side(right));
    let within = |first: &(usize, usize), second: &(usize, usize)| {
        second.0 >= first.1 && second.0 - first.1 <= usize::from(distance)
    };
    values(on, document).iter().any(|value| {
        let (left, right) = (spans(left, value), spans(right, value));
        left.iter().any(|left| {
            right
                .iter()
                .any(|right| within(left, right) || !ordered && within(right, left))
        })
    })
}

fn side(criteria: &Criteria) -> (&Field, &[Word]) {
    match criteria {
        Criteria::Words { on, words } | Criteria::Phrase { on, words } => (on, words),
        other => unreachable!("a plan has words or phrases here, not {other:?}"),
    }
}

fn equals(property: &PropertyOf, value: &Value, document: &Document) -> bool {
    if let Value::String(text) = value {
        let whole = if property.exact {
            vec![analysis::fold(text)]
        } else {
            tokens(text)
        };
        return values(&Field::Property(property.clone()), document).contains(&whole);
    }
    elements(property, document)
        .iter()
        .any(|element| compare(element, value) == Some(Ordering::Equal))
}

/// The values in a field as tokens; an exact-match value is one token.
fn values(on: &Field, document: &Document) -> Vec<Vec<String>> {
    match on {
        Field::FullText => {
            let mut values = Vec::new();
            for (name, value) in &document.item.properties {
                if declared(document, name).is_some_and(|p| p.is_searchable) {
                    values.extend(strings(value).into_iter().map(tokens));
                }
            }
            let content = document.item.content.as_ref();
            values.extend(content.and_then(|c| c.value.as_deref()).map(tokens));
            values
        }
        Field::Property(property) => {
            let exact = declared(document, &property.name)
                .is_some_and(|property| property.is_exact_match_required);
            let texts = value_of(property, document).map_or_else(Vec::new, strings);
            let read = |text| {
                if exact {
                    vec![analysis::fold(text)]
                } else {
                    tokens(text)
                }
            };
            texts.into_iter().map(read).collect()
        }
    }
}

fn declared<'a>(document: &'a Document, name: &str) -> Option<&'a Property> {
    document.schema.property(name)
}

fn value_of<'a>(property: &PropertyOf, document: &'a Document) -> Option<&'a Value> {
    if property.connection != document.at
        || !declared(document, &property.name).is_some_and(|p| p.is_queryable)
    {
        return None;
    }
    document.item.property(&property.name)
}

fn elements(property: &PropertyOf, document: &Document) -> Vec<Value> {
    value_of(property, document).map_or_else(Vec::new, split)
}

/// A value's elements; a principal is none that could be compared.
fn split(value: &Value) -> Vec<Value> {
    match value {
        Value::Strings(values) => values.iter().cloned().map(Value::String).collect(),
        Value::Int64s(values) => values.iter().copied().map(Value::Int64).collect(),
        Value::Doubles(values) => values.iter().copied().map(Value::Double).collect(),
        Value::DateTimes(values) => values.iter().copied().map(Value::DateTime).collect(),
        Value::Principal(_) | Value::Principals(_) => Vec::new(),
        Value::String(_)
        | Value::Int64(_)
        | Value::Double(_)
        | Value::Boolean(_)
        | Value::DateTime(_) => vec![value.clone()],
    }
}

fn strings(value: &Value) -> Vec<&str> {
    match value {
        Value::String(value) => vec![value],
        Value::Strings(values) => values.iter().map(String::as_str).collect(),
        _ => Vec::new(),
    }
}

fn tokens(text: &str) -> Vec<String> {
    analysis::tokens(text)
        .into_iter()
        .map(|token| token.text[..token.text.floor_char_boundary(TOKEN_BYTES_MAX)].to_owned())
        .collect()
}

fn is_above(value: &Value, from: &Bound) -> bool {
    match from {
        Bound::Open => is_ordered(value),
        Bound::Included(from) => compare(value, from).is_some_and(Ordering::is_ge),
        Bound::Excluded(from) => compare(value, from).is_some_and(Ordering::is_gt),
    }
}

fn is_below(value: &Value, to: &Bound) -> bool {
    match to {
        Bound::Open => is_ordered(value),
        Bound::Included(to) => compare(value, to).is_some_and(Ordering::is_le),
        Bound::Excluded(to) => compare(value, to).is_some_and(Ordering::is_lt),
    }
}

fn is_ordered(value: &Value) -> bool {
    matches!(value, Value::Int64(_) | Value::DateTime(_))
        || matches!(value, Value::Double(value) if !value.is_nan())
}

/// Numbers compare as numbers, whatever their types; nothing else compares with another type.
fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Int64(left), Value::Int64(right)) => Some(left.cmp(right)),
        (Value::Double(left), Value::Double(right)) => left.partial_cmp(right),
        (Value::Int64(left), Value::Double(right)) => compare_mixed(*left, *right),
        (Value::Double(left), Value::Int64(right)) => {
            compare_mixed(*right, *left).map(Ordering::reverse)
        }
        (Value::DateTime(left), Value::DateTime(right)) => Some(left.cmp(right)),
        (Value::Boolean(left), Value::Boolean(right)) => (left == right).then_some(Ordering::Equal),
        _ => None,
    }
}

fn compare_mixed(whole: i64, real: f64) -> Option<Ordering> {
    if real.is_nan() {
        return None;
    }
    // The cast saturates far outside of what int64 holds, which keeps the order.
    let floor = real.floor();
    let order = i128::from(whole).cmp(&(floor as i128));
    Some(if order.is_eq() && real > floor {
        Ordering::Less
    } else {
        order
    })
}
