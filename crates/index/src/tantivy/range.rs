//! Bounds of a plan as bounds of typed columns, compared exactly whatever the literal's type.

use std::ops;

use graph::Value;
use tantivy::{
    Term,
    query::{BooleanQuery, EmptyQuery, FastFieldRangeQuery, Query},
    schema::Field,
};
use tenant::search::plan::{Bound, PropertyOf};

use super::mapping::{self, ColumnKind};

/// Closed bounds of a column; empty when the first is larger.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Closed<T> {
    from: T,
    to: T,
}

const ALL_INT64: Closed<i64> = Closed {
    from: i64::MIN,
    to: i64::MAX,
};
const ALL_DOUBLE: Closed<f64> = Closed {
    from: f64::NEG_INFINITY,
    to: f64::INFINITY,
};

/// Which columns may hold an answer, and their bounds there.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Columns {
    int64: Option<Closed<i64>>,
    double: Option<Closed<f64>>,
    date_time: Option<Closed<i64>>,
}

/// Items of which some element of the property lies in the bounds.
pub fn query(typed: Field, property: &PropertyOf, from: &Bound, to: &Bound) -> Box<dyn Query> {
    let columns = columns(from, to);
    let path = |kind| {
        let column = mapping::column(property.connection, &property.name, kind);
        Term::from_field_json_path(typed, &column, false)
    };
    let int64 = |kind, bounds: Closed<i64>| {
        let term = |value| {
            let mut term = path(kind);
            term.append_type_and_fast_value::<i64>(value);
            term
        };
        (bounds.from <= bounds.to).then(|| (term(bounds.from), term(bounds.to)))
    };
    let double = |bounds: Closed<f64>| {
        let term = |value| {
            let mut term = path(ColumnKind::Double);
            term.append_type_and_fast_value::<f64>(mapping::unsigned_zero(value));
            term
        };
        (bounds.from <= bounds.to).then(|| (term(bounds.from), term(bounds.to)))
    };
    let bounds = [
        columns.int64.and_then(|b| int64(ColumnKind::Int64, b)),
        columns.double.and_then(double),
        columns
            .date_time
            .and_then(|b| int64(ColumnKind::DateTime, b)),
    ];
    let mut queries: Vec<Box<dyn Query>> = Vec::new();
    for (from, to) in bounds.into_iter().flatten() {
        queries.push(Box::new(FastFieldRangeQuery::new(
            ops::Bound::Included(from),
            ops::Bound::Included(to),
        )));
    }
    match queries.len() {
        0 => Box::new(EmptyQuery),
        1 => queries.swap_remove(0),
        _ => Box::new(BooleanQuery::union(queries)),
    }
}

fn columns(from: &Bound, to: &Bound) -> Columns {
    let from = side(from, Side::From);
    let to = side(to, Side::To);
    let both = |from: Option<i64>, to: Option<i64>| {
        Some(Closed {
            from: from?,
            to: to?,
        })
    };
    Columns {
        int64: both(from.int64, to.int64),
        double: from
            .double
            .zip(to.double)
            .map(|(from, to)| Closed { from, to }),
        date_time: both(from.date_time, to.date_time),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Side {
    From,
    To,
}

/// One end of a range in every column that it can bound; `None` where no value can lie on this side of it.
struct End {
    int64: Option<i64>,
    double: Option<f64>,
    date_time: Option<i64>,
}

const NOWHERE: End = End {
    int64: None,
    double: None,
    date_time: None,
};

fn side(bound: &Bound, side: Side) -> End {
    let (value, included) = match bound {
        Bound::Open => return open(side),
        Bound::Included(value) => (value, true),
        Bound::Excluded(value) => (value, false),
    };
    match value {
        Value::Int64(value) => End {
            int64: whole(*value, side, included),
            double: double_from_int64(*value, side, included),
            date_time: None,
        },
        Value::Double(value) if value.is_nan() => NOWHERE,
        Value::Double(value) => End {
            int64: int64_from_double(*value, side, included),
            double: Some(real(*value, side, included)).filter(|value| !value.is_nan()),
            date_time: None,
        },
        Value::DateTime(value) => End {
            date_time: whole(value.0, side, included),
            ..NOWHERE
        },
        Value::String(_)
        | Value::Boolean(_)
        | Value::Strings(_)
        | Value::Int64s(_)
        | Value::Doubles(_)
        | Value::DateTimes(_)
        | Value::Principal(_)
        | Value::Principals(_) => NOWHERE,
    }
}

fn open(side: Side) -> End {
    let pick = |closed: Closed<i64>| match side {
        Side::From => closed.from,
        Side::To => closed.to,
    };
    End {
        int64: Some(pick(ALL_INT64)),
        double: Some(match side {
            Side::From => ALL_DOUBLE.from,
            Side::To => ALL_DOUBLE.to,
        }),
        date_time: Some(pick(ALL_INT64)),
    }
}

/// The first whole number on the right side of a whole number.
fn whole(value: i64, side: Side, included: bool) -> Option<i64> {
    match (included, side) {
        (true, _) => Some(value),
        (false, Side::From) => value.checked_add(1),
        (false, Side::To) => value.checked_sub(1),
    }
}

/// The first real number on the right side of one; not a number when there is none.
fn real(value: f64, side: Side, included: bool) -> f64 {
    // Next to either zero lies the smallest number, not the other zero.
    let value = mapping::unsigned_zero(value);
    match (included, side) {
        (true, _) => value,
        (false, Side::From) if value == f64::INFINITY => f64::NAN,
        (false, Side::To) if value == f64::NEG_INFINITY => f64::NAN,
        (false, Side::From) => value.next_up(),
        (false, Side::To) => value.next_down(),
    }
}

fn int64_from_double(value: f64, side: Side, included: bool) -> Option<i64> {
    // 2^63, the first number above all of int64; its negative is the smallest of int64.
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    let rounded = match side {
        Side::From => value.ceil(),
        Side::To => value.floor(),
    };
    if rounded >= LIMIT {
        return match side {
            Side::From => None,
            Side::To => Some(i64::MAX),
        };
    }
    if rounded < -LIMIT {
        return match side {
            Side::From => Some(i64::MIN),
            Side::To => None,
        };
    }
    // What was rounded already lies on the right side.
    whole(rounded as i64, side, included || rounded != value)
}

fn double_from_int64(value: i64, side: Side, included: bool) -> Option<f64> {
    let near = value as f64;
    let order = (near as i128).cmp(&i128::from(value));
    let (on_right_side, equal) = match side {
        Side::From => (order.is_gt(), order.is_eq()),
        Side::To => (order.is_lt(), order.is_eq()),
    };
    // The nearest double is on the right side, or the number itself, or the next one is the first on the right side.
    Some(real(near, side, on_right_side || (equal && included)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn interesting() -> impl Strategy<Value = Value> {
        const WIDE: i64 = 1 << 53;
        let int64 = prop_oneof![
            -4..4_i64,
            (WIDE - 3)..(WIDE + 4),
            Just(i64::MIN),
            Just(i64::MAX),
            (i64::MAX - 1500)..i64::MAX,
            any::<i64>(),
        ];
        let double = prop_oneof![
            (-8..8_i64).prop_map(|n| n as f64 / 2.0),
            int64.clone().prop_map(|n| n as f64),
            Just(-0.0),
            Just(f64::INFINITY),
            Just(f64::NEG_INFINITY),
            Just(f64::NAN),
            Just(9_223_372_036_854_775_808.0),
            any::<f64>(),
        ];
        prop_oneof![int64.prop_map(Value::Int64), double.prop_map(Value::Double)]
    }

    /// Exact comparison by way of a wider type.
    fn compare(left: &Value, right: &Value) -> Option<std::cmp::Ordering> {
        let mixed = |whole: i64, real: f64| {
            if real.is_nan() {
                None
            } else if real >= 1e30 {
                Some(std::cmp::Ordering::Less)
            } else if real <= -1e30 {
                Some(std::cmp::Ordering::Greater)
            } else {
                let floor = real.floor();
                let order = i128::from(whole).cmp(&(floor as i128));
                Some(if order.is_eq() && real > floor {
                    std::cmp::Ordering::Less
                } else {
                    order
                })
            }
        };
        match (left, right) {
            (Value::Int64(left), Value::Int64(right)) => Some(left.cmp(right)),
            (Value::Double(left), Value::Double(right)) => left.partial_cmp(right),
            (Value::Int64(left), Value::Double(right)) => mixed(*left, *right),
            (Value::Double(left), Value::Int64(right)) => {
                mixed(*right, *left).map(std::cmp::Ordering::reverse)
            }
            _ => None,
        }
    }

    fn bound() -> impl Strategy<Value = Bound> {
        prop_oneof![
            Just(Bound::Open),
            interesting().prop_map(Bound::Included),
            interesting().prop_map(Bound::Excluded),
        ]
    }

    proptest! {
        #[test]
        fn bounds_mean_the_same_in_every_column(from in bound(), to in bound(), value in interesting()) {
            let above = match &from {
                Bound::Open => true,
                Bound::Included(from) => compare(&value, from).is_some_and(std::cmp::Ordering::is_ge),
                Bound::Excluded(from) => compare(&value, from).is_some_and(std::cmp::Ordering::is_gt),
            };
            let below = match &to {
                Bound::Open => true,
                Bound::Included(to) => compare(&value, to).is_some_and(std::cmp::Ordering::is_le),
                Bound::Excluded(to) => compare(&value, to).is_some_and(std::cmp::Ordering::is_lt),
            };
            let columns = columns(&from, &to);
            let got = match value {
                Value::Int64(value) => columns.int64.is_some_and(|b| b.from <= value && value <= b.to),
                Value::Double(value) => {
                    columns.double.is_some_and(|b| b.from <= value && value <= b.to)
                        || value.is_nan() && above && below
                }
                _ => false,
            };
            prop_assert_eq!(got, above && below);
        }
    }

    #[test]
    fn dates_and_numbers_do_not_mix() {
        let date = Bound::Included(Value::DateTime(graph::DateTime(5)));
        let number = Bound::Included(Value::Int64(9));
        assert_eq!(columns(&date, &number), Columns::default());
        let dates = columns(&date, &Bound::Open);
        assert_eq!(
            dates.date_time,
            Some(Closed {
                from: 5,
                to: i64::MAX
            })
        );
        assert_eq!((dates.int64, dates.double), (None, None));
    }
}
