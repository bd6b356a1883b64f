//! The demo's queries, each written twice: as KQL for the server and as a plain meaning for the check.

/// A query of the table.
#[derive(Clone, Copy)]
pub struct Query {
    /// What the server is asked, in KQL.
    pub text: &'static str,
    /// What it means, written by hand: no parser is shared with the server.
    pub means: Means,
}

/// What an item must have. Words are in folded form: lower case, without accents.
#[derive(Clone, Copy)]
pub enum Means {
    /// The word, in the content or in a searchable property.
    Word(&'static str),
    /// The words next to each other in one text.
    Phrase(&'static [&'static str]),
    /// A word that begins so.
    Prefix(&'static str),
    /// The word, in that property.
    In(&'static str, &'static str),
    /// Not that.
    Not(&'static Means),
    /// All of them.
    All(&'static [Means]),
}

/// The query that finds everything one may see.
pub const EVERYTHING: Query = Query {
    text: "*",
    means: Means::All(&[]),
};
