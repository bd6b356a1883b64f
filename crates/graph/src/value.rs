//! Typed values of `externalItem.properties` and their JSON.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/externalconnectors-properties>

/// A point in time in ticks of 100 ns since 1970-01-01T00:00:00Z, years 0001 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DateTime(pub i64);

/// A value that its schema accepted.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `string`.
    String(String),
    /// `int64`.
    Int64(i64),
    /// `double`.
    Double(f64),
    /// `boolean`.
    Boolean(bool),
    /// `dateTime`.
    DateTime(DateTime),
    /// `stringCollection`.
    Strings(Vec<String>),
    /// `int64Collection`.
    Int64s(Vec<i64>),
    /// `doubleCollection`.
    Doubles(Vec<f64>),
    /// `dateTimeCollection`.
    DateTimes(Vec<DateTime>),
    /// `principal`.
    Principal(Principal),
    /// `principalCollection`.
    Principals(Vec<Principal>),
}

/// `microsoft.graph.externalConnectors.principal`: the members that were sent, in the Graph's order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Principal {
    /// Members by name, strings only.
    pub members: Vec<(String, String)>,
}
