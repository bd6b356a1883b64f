//! One property restriction × the schemas in scope → criteria (`contract/search.md` §12.6 to §12.8).

use graph::{DateTime, Property, PropertyType, Value};
use kql::{Interval, Number, Op, Weekday};

use super::{
    bind::{Binder, any, not, words, words_on},
    plan::{self, Criteria, Field, PropertyOf},
};
use crate::analysis;

/// What a restriction turned out to be.
pub(super) enum Bound {
    /// A restriction.
    Criteria(Criteria),
    /// Not one: white space parted it from a value that fits no property of that name (R4b).
    FreeText,
}

/// A property seen by its elements' type.
enum Kind {
    Text,
    Number,
    Boolean,
    Date,
    /// Principals: nothing is queryable in them.
    Other,
}

fn kind(property: &Property) -> Kind {
    match property.kind {
        PropertyType::String | PropertyType::StringCollection => Kind::Text,
        PropertyType::Int64
        | PropertyType::Double
        | PropertyType::Int64Collection
        | PropertyType::DoubleCollection => Kind::Number,
        PropertyType::Boolean => Kind::Boolean,
        PropertyType::DateTime | PropertyType::DateTimeCollection => Kind::Date,
        PropertyType::Principal | PropertyType::PrincipalCollection => Kind::Other,
    }
}

/// Binds a restriction whose name is known to at least one connection in scope; in the others it is false.
pub(super) fn bind(binder: &Binder<'_>, given: &kql::Restriction) -> Bound {
    let mut leaves = Vec::new();
    let mut fits = !given.detached;
    for kept in binder.scope {
        let property = kept
            .schema
            .as_deref()
            .and_then(|schema| schema.resolve(&given.name));
        let Some(property) = property else { continue };
        let of = PropertyOf {
            connection: kept.key,
            name: property.name.to_ascii_lowercase(),
            exact: property.is_exact_match_required,
        };
        if given.detached {
            fits |= matches!(kind(property), Kind::Number | Kind::Date)
                && leaf(binder, property, of.clone(), given).is_some();
        }
        // A property that is not queryable restricts to nothing (N3), and so does a literal of the wrong type (M4).
        leaves.push(if property.is_queryable {
            leaf(binder, property, of, given).unwrap_or(Criteria::None)
        } else {
            Criteria::None
        });
    }
    if fits {
        Bound::Criteria(any(leaves))
    } else {
        Bound::FreeText
    }
}

/// `None` when the literal is not of the property's type or the operator not for it.
fn leaf(
    binder: &Binder<'_>,
    property: &Property,
    of: PropertyOf,
    given: &kql::Restriction,
) -> Option<Criteria> {
    let negated = given.op == Op::NotEquals;
    let positive = if given.value == kql::Value::Any {
        Criteria::Exists { property: of }
    } else {
        match kind(property) {
            Kind::Text => text(of, given)?,
            Kind::Number => number(of, given)?,
            Kind::Boolean => boolean(of, given)?,
            Kind::Date => date(binder.now, of, given)?,
            Kind::Other => return None,
        }
    };
    Some(if negated { not(positive) } else { positive })
}

fn text(of: PropertyOf, given: &kql::Restriction) -> Option<Criteria> {
    let raw = given.value.literal()?;
    let prefix = matches!(given.value, kql::Value::Text { prefix: true, .. });
    let whole = match given.op {
        Op::Contains => of.exact,
        Op::Equals | Op::NotEquals => true,
        Op::Less | Op::Greater | Op::LessOrEqual | Op::GreaterOrEqual => return None,
    };
    if !whole {
        return words_on(&Field::Property(of), &raw, prefix);
    }
    if !prefix {
        return Some(Criteria::Equals {
            property: of,
            value: Value::String(raw),
        });
    }
    let words = if of.exact {
        vec![plan::Word {
            token: analysis::fold(&raw),
            prefix: true,
        }]
    } else {
        words(&raw, true)
    };
    (!words.is_empty()).then_some(Criteria::StartsWith {
        property: of,
        words,
    })
}

fn number(of: PropertyOf, given: &kql::Restriction) -> Option<Criteria> {
    let value = |text: &str| {
        kql::numbers::number(text).map(|number| match number {
            Number::Int(value) => Value::Int64(value),
            Number::Float(value) => Value::Double(value),
        })
    };
    if let kql::Value::Range { from, to } = &given.value {
        let end = |end: &Option<String>| match end {
            None => Some(plan::Bound::Open),
            Some(text) => value(text).map(plan::Bound::Included),
        };
        return Some(range(of, end(from)?, end(to)?));
    }
    let value = value(plain(given)?)?;
    Some(match given.op {
        Op::Contains | Op::Equals | Op::NotEquals => Criteria::Equals {
            property: of,
            value,
        },
        Op::Less => range(of, plan::Bound::Open, plan::Bound::Excluded(value)),
        Op::LessOrEqual => range(of, plan::Bound::Open, plan::Bound::Included(value)),
        Op::Greater => range(of, plan::Bound::Excluded(value), plan::Bound::Open),
        Op::GreaterOrEqual => range(of, plan::Bound::Included(value), plan::Bound::Open),
    })
}

fn boolean(of: PropertyOf, given: &kql::Restriction) -> Option<Criteria> {
    let value = match plain(given)?.to_ascii_lowercase().as_str() {
        "true" | "1" => true,
        "false" | "0" => false,
        _ => return None,
    };
    matches!(given.op, Op::Contains | Op::Equals | Op::NotEquals).then_some(Criteria::Equals {
        property: of,
        value: Value::Boolean(value),
    })
}

/// A date literal denotes an interval (D1 to D3, D6).
fn date(now: DateTime, of: PropertyOf, given: &kql::Restriction) -> Option<Criteria> {
    let interval = |text: &str| kql::dates::literal(text, now.0, Weekday::Sunday);
    let from = |at: i64| plan::Bound::Included(Value::DateTime(DateTime(at)));
    let before = |at: i64| plan::Bound::Excluded(Value::DateTime(DateTime(at)));
    if let kql::Value::Range {
        from: start,
        to: end,
    } = &given.value
    {
        let start = match start {
            None => plan::Bound::Open,
            Some(text) => from(interval(text)?.start),
        };
        let end = match end {
            None => plan::Bound::Open,
            Some(text) => before(interval(text)?.end),
        };
        return Some(range(of, start, end));
    }
    let Interval { start, end } = interval(plain(given)?)?;
    Some(match given.op {
        Op::Contains | Op::Equals | Op::NotEquals => range(of, from(start), before(end)),
        Op::Less => range(of, plan::Bound::Open, before(start)),
        Op::LessOrEqual => range(of, plan::Bound::Open, before(end)),
        Op::Greater => range(of, from(end), plan::Bound::Open),
        Op::GreaterOrEqual => range(of, from(start), plan::Bound::Open),
    })
}

/// The literal of a value without star; numbers, booleans and dates know no prefix.
fn plain(given: &kql::Restriction) -> Option<&str> {
    match &given.value {
        kql::Value::Text {
            raw, prefix: false, ..
        } => Some(raw),
        _ => None,
    }
}

fn range(property: PropertyOf, from: plan::Bound, to: plan::Bound) -> Criteria {
    Criteria::Range { property, from, to }
}
