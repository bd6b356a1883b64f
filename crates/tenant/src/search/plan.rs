//! The neutral types between a bound query and an engine: the narrow waist of the house.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use graph::{ConnectionKey, Value};

use crate::{kept::Ordinal, visibility::Lens};

/// A bound, trimmed, paged search, in no engine's language.
#[derive(Clone)]
pub struct Plan {
    /// What matches.
    pub criteria: Criteria,
    /// Which copies count: carries the scope (connections) and the audience as one bitmap of ACL numbers.
    pub lens: Lens,
    /// Hits to skip.
    pub from: u32,
    /// Hits to return; 0 asks for the total alone.
    pub size: u32,
    /// When the answer is no longer wanted (real time, monotonic).
    pub deadline: Instant,
    /// Set when the client is gone.
    pub cancel: Cancel,
}

/// A flag that ends a search early.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Asks the search to stop.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Was the search asked to stop?
    pub fn is_canceled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Plan {
    /// Is the answer no longer wanted?
    pub fn is_over(&self) -> bool {
        self.cancel.is_canceled() || Instant::now() >= self.deadline
    }
}

/// What the index found: addresses, not items; only the store makes items.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hits {
    /// The page, best first.
    pub hits: Vec<Hit>,
    /// All admitted matches.
    pub total: u64,
}

/// One hit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// The item's number.
    pub ordinal: Ordinal,
    /// The engine's score; larger is better.
    pub score: f32,
}

/// The tree inside a [`Plan`]. Adding a variant breaks the build in every engine until it has an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Criteria {
    /// Every item.
    All,
    /// No item.
    None,
    /// All of the words, anywhere in `on`.
    Words {
        /// Where to look.
        on: Field,
        /// Tokens as [`analysis`](crate::analysis) makes them; at least one.
        words: Vec<Word>,
    },
    /// The words one after the other, inside one value.
    Phrase {
        /// Where to look.
        on: Field,
        /// At least two tokens; only the last may be a prefix.
        words: Vec<Word>,
    },
    /// Both sides (words or phrases on the same field) inside one value with at most `distance` tokens in between.
    Near {
        /// One side: `Words` of one word, or `Phrase`.
        left: Box<Self>,
        /// The other side.
        right: Box<Self>,
        /// Tokens in between, at most.
        distance: u16,
        /// Must `left` come first?
        ordered: bool,
    },
    /// Some value of the property equals: strings token by token over the whole value, exact-match strings by their folded text, others by value.
    Equals {
        /// The property.
        property: PropertyOf,
        /// The value, in the type of the property's elements.
        value: Value,
    },
    /// Some value of the property begins with these tokens (strings), or with this folded text (exact-match strings: one word).
    StartsWith {
        /// The property.
        property: PropertyOf,
        /// Tokens; the last is a prefix.
        words: Vec<Word>,
    },
    /// Some element of an int64, double or dateTime property lies in the bounds.
    Range {
        /// The property.
        property: PropertyOf,
        /// Where it starts.
        from: Bound,
        /// Where it ends.
        to: Bound,
    },
    /// The item has a value for the property.
    Exists {
        /// The property.
        property: PropertyOf,
    },
    /// All of them.
    And(Vec<Self>),
    /// Any of them.
    Or(Vec<Self>),
    /// Not it.
    Not(Box<Self>),
}

/// Where words are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// Content and every searchable property of any connection in scope.
    FullText,
    /// One queryable string property of one connection.
    Property(PropertyOf),
}

/// A property of one connection; a name known to several connections becomes an `Or` of one leaf each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PropertyOf {
    /// The connection.
    pub connection: ConnectionKey,
    /// The schema's name in lower case.
    pub name: String,
    /// Is the whole value one term (`isExactMatchRequired`)?
    pub exact: bool,
}

/// A token to look for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The token.
    pub token: String,
    /// Does any token that begins with it match?
    pub prefix: bool,
}

/// An end of a range.
#[derive(Clone, Debug, PartialEq)]
pub enum Bound {
    /// Open.
    Open,
    /// The value belongs to the range.
    Included(Value),
    /// The value does not.
    Excluded(Value),
}
