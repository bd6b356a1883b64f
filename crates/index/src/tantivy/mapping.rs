//! The layout of the index: its fields, and how items and queries become terms and columns.
//!
//! Few top-level fields, whatever the schemas of the connections say:
//! - `ordinal`, `words`: the item's number and the version of its words, what a lens judges by;
//! - `text`: content and every searchable property, with positions and lengths, ranked by BM25;
//! - `title`: the title once more, without positions, to re-score the best hits;
//! - `property`: terms of queryable properties, each prefixed by its connection and property;
//! - `typed`: one column per connection and property for numbers, dates and truth values.

use std::{borrow::Cow, collections::BTreeMap, fmt::Write};

use graph::{ConnectionKey, ContentType, ExternalItem, Property, Schema as GraphSchema, Value};
use tantivy::{
    Index, TantivyDocument, Term,
    schema::{
        FAST, Field, INDEXED, IndexRecordOption, JsonObjectOptions, OwnedValue, Schema,
        TextFieldIndexing, TextOptions,
    },
    tokenizer::TextAnalyzer,
};
use tenant::{
    analysis::TOKEN_BYTES_MAX,
    index::Document,
    kept::{Ordinal, Text},
};

use super::terms::{HEAD_END, Mode, Reading, SEPARATOR, Terms};
use tenant::html;

/// Raised whenever the same item would be written differently; an index of another layout is rebuilt.
pub const LAYOUT: u32 = 1;

/// Whole values longer than this keep only their first bytes and a hash, as the engine stores no longer terms.
pub const WHOLE_BYTES_MAX: usize = 60_000;

/// The column of the items' numbers.
pub const ORDINAL: &str = "ordinal";
/// The column of the versions of the words.
pub const WORDS: &str = "words";
/// The field of typed columns.
pub const TYPED: &str = "typed";

const TEXT_TOKENIZER: &str = "linkspan-text";
const TITLE_TOKENIZER: &str = "linkspan-title";
const PROPERTY_TOKENIZER: &str = "linkspan-property";

/// The fields of the layout.
#[derive(Clone, Copy, Debug)]
pub struct Fields {
    /// The item's number: a term to delete by, and a column.
    pub ordinal: Field,
    /// The version of the words: a column.
    pub words: Field,
    /// The full text.
    pub text: Field,
    /// The title.
    pub title: Field,
    /// Terms of queryable properties.
    pub property: Field,
    /// Typed columns.
    pub typed: Field,
}

/// Types that have columns. Each has paths of its own, so a column never has to guess or convert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// `int64`, as it is.
    Int64,
    /// `double`, as it is, but zero has no sign and what is not a number is left out.
    Double,
    /// `dateTime`, ticks of 100 ns.
    DateTime,
    /// `boolean`.
    Boolean,
}

impl ColumnKind {
    const fn code(self) -> char {
        match self {
            Self::Int64 => 'i',
            Self::Double => 'd',
            Self::DateTime => 't',
            Self::Boolean => 'b',
        }
    }
}

/// The layout as the engine's schema.
pub fn layout() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    let fields = Fields {
        ordinal: builder.add_u64_field(ORDINAL, INDEXED | FAST),
        words: builder.add_u64_field(WORDS, FAST),
        text: builder.add_text_field(
            "text",
            indexed(
                TEXT_TOKENIZER,
                IndexRecordOption::WithFreqsAndPositions,
                true,
            ),
        ),
        title: builder.add_text_field(
            "title",
            indexed(TITLE_TOKENIZER, IndexRecordOption::WithFreqs, true),
        ),
        property: builder.add_text_field(
            "property",
            indexed(
                PROPERTY_TOKENIZER,
                IndexRecordOption::WithFreqsAndPositions,
                false,
            ),
        ),
        typed: builder.add_json_field(TYPED, JsonObjectOptions::default().set_fast("raw")),
    };
    (builder.build(), fields)
}

fn indexed(tokenizer: &str, record: IndexRecordOption, lengths: bool) -> TextOptions {
    TextOptions::default().set_indexing_options(
        TextFieldIndexing::default()
            .set_tokenizer(tokenizer)
            .set_index_option(record)
            .set_fieldnorms(lengths),
    )
}

/// Tells an index how its text fields are read.
pub fn register(index: &Index) {
    for (name, reading) in [
        (TEXT_TOKENIZER, Reading::Text),
        (TITLE_TOKENIZER, Reading::Title),
        (PROPERTY_TOKENIZER, Reading::Property),
    ] {
        index
            .tokenizers()
            .register(name, TextAnalyzer::from(Terms(reading)));
    }
}

impl Fields {
    /// The term by which a copy is found to be deleted.
    pub fn ordinal_term(&self, ordinal: Ordinal) -> Term {
        Term::from_field_u64(self.ordinal, ordinal.0)
    }

    /// An item as the engine stores it.
    pub fn document(&self, ordinal: Ordinal, words: Text, document: &Document) -> TantivyDocument {
        let Document { at, item, schema } = document;
        let mut written = TantivyDocument::default();
        written.add_u64(self.ordinal, ordinal.0);
        written.add_u64(self.words, u64::from(words.0));
        let text = full_text(item, schema);
        if !text.is_empty() {
            written.add_text(self.text, text);
        }
        if let Some(title) = title(item, schema) {
            written.add_text(self.title, title);
        }
        let (terms, columns) = properties(*at, item, schema);
        if !terms.is_empty() {
            written.add_text(self.property, terms);
        }
        if !columns.is_empty() {
            written.add_object(self.typed, columns);
        }
        written
    }
}

/// Adds a value to a string of values.
fn push_value(to: &mut String, head: &str, value: &str) {
    if !to.is_empty() {
        to.push(SEPARATOR);
    }
    to.push_str(head);
    // Both are control characters, which end tokens like any white space.
    for (at, part) in value.split(SEPARATOR).enumerate() {
        if at > 0 {
            to.push(' ');
        }
        to.push_str(part);
    }
}

fn strings(value: &Value) -> &[String] {
    match value {
        Value::String(text) => std::slice::from_ref(text),
        Value::Strings(texts) => texts,
        Value::Int64(_)
        | Value::Double(_)
        | Value::Boolean(_)
        | Value::DateTime(_)
        | Value::Int64s(_)
        | Value::Doubles(_)
        | Value::DateTimes(_)
        | Value::Principal(_)
        | Value::Principals(_) => &[],
    }
}

/// Content and searchable properties (rules T1 and T7).
fn full_text(item: &ExternalItem, schema: &GraphSchema) -> String {
    let mut text = String::new();
    for (name, value) in &item.properties {
        if schema.property(name).is_some_and(|p| p.is_searchable) {
            for value in strings(value) {
                push_value(&mut text, "", value);
            }
        }
    }
    if let Some(content) = &item.content
        && let Some(value) = &content.value
    {
        match content.kind {
            ContentType::Text => push_value(&mut text, "", value),
            ContentType::Html => push_value(&mut text, "", &html::to_text(value)),
        }
    }
    text
}

/// The property labelled `title`, else the one of that name. Only a searchable one may rank: the others are invisible to free text.
fn title(item: &ExternalItem, schema: &GraphSchema) -> Option<String> {
    let property = schema
        .labelled("title")
        .or_else(|| schema.property("title"))
        .filter(|property| property.is_searchable)?;
    let mut title = String::new();
    for value in strings(item.property(&property.name)?) {
        push_value(&mut title, "", value);
    }
    Some(title)
}

/// Terms and columns of all queryable properties.
fn properties(
    at: ConnectionKey,
    item: &ExternalItem,
    schema: &GraphSchema,
) -> (String, BTreeMap<String, OwnedValue>) {
    let mut terms = String::new();
    let mut columns = BTreeMap::new();
    for (name, value) in &item.properties {
        let Some(property) = schema.property(name).filter(|p| p.is_queryable) else {
            continue;
        };
        if is_empty(value) {
            continue;
        }
        let prefix = prefix(at, &property.name);
        push_value(&mut terms, &head(&prefix, Mode::Exists), "");
        push_terms(&mut terms, &prefix, property, value);
        if let Some((kind, values)) = column_values(value) {
            columns.insert(column(at, &property.name, kind), OwnedValue::Array(values));
        }
    }
    (terms, columns)
}

fn push_terms(terms: &mut String, prefix: &str, property: &Property, value: &Value) {
    let mode = if property.is_exact_match_required {
        Mode::Whole
    } else {
        Mode::Tokens
    };
    for value in strings(value) {
        push_value(terms, &head(prefix, mode), value);
    }
    if let Value::Boolean(truth) = value {
        let truth = if *truth { "true" } else { "false" };
        push_value(terms, &head(prefix, Mode::Truth), truth);
    }
}

/// An empty collection is no value.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Strings(values) => values.is_empty(),
        Value::Int64s(values) => values.is_empty(),
        Value::Doubles(values) => values.is_empty(),
        Value::DateTimes(values) => values.is_empty(),
        Value::Principals(values) => values.is_empty(),
        Value::String(_)
        | Value::Int64(_)
        | Value::Double(_)
        | Value::Boolean(_)
        | Value::DateTime(_)
        | Value::Principal(_) => false,
    }
}

fn column_values(value: &Value) -> Option<(ColumnKind, Vec<OwnedValue>)> {
    let doubles = |values: &[f64]| {
        values
            .iter()
            .filter(|value| !value.is_nan())
            .map(|value| OwnedValue::F64(unsigned_zero(*value)))
            .collect()
    };
    Some(match value {
        Value::Int64(value) => (ColumnKind::Int64, vec![OwnedValue::I64(*value)]),
        Value::Int64s(values) => (
            ColumnKind::Int64,
            values.iter().copied().map(OwnedValue::I64).collect(),
        ),
        Value::Double(value) => (ColumnKind::Double, doubles(&[*value])),
        Value::Doubles(values) => (ColumnKind::Double, doubles(values)),
        Value::DateTime(value) => (ColumnKind::DateTime, vec![OwnedValue::I64(value.0)]),
        Value::DateTimes(values) => (
            ColumnKind::DateTime,
            values
                .iter()
                .map(|value| OwnedValue::I64(value.0))
                .collect(),
        ),
        Value::Boolean(value) => (ColumnKind::Boolean, vec![OwnedValue::Bool(*value)]),
        Value::String(_) | Value::Strings(_) | Value::Principal(_) | Value::Principals(_) => {
            return None;
        }
    })
}

/// Both zeros are the same number, but not the same bits.
pub fn unsigned_zero(value: f64) -> f64 {
    value + 0.0
}

fn head(prefix: &str, mode: Mode) -> String {
    format!("{prefix}{HEAD_END}{}", mode.code())
}

/// What all terms of a property begin with. Names are letters and digits, so no prefix begins another one's terms.
pub fn prefix(at: ConnectionKey, name: &str) -> String {
    let mut prefix = String::with_capacity(name.len() + 8);
    // Writing to a string cannot fail.
    let _ = write!(prefix, "{:x}/", at.0);
    prefix.extend(name.chars().map(|c| c.to_ascii_lowercase()));
    prefix
}

/// The path of a column inside [`TYPED`].
pub fn column(at: ConnectionKey, name: &str, kind: ColumnKind) -> String {
    format!("{}{:x}_{}", kind.code(), at.0, name.to_ascii_lowercase())
}

/// The term of a token of a property.
pub fn token_of(prefix: &str, token: &str) -> String {
    format!("{prefix}:{token}")
}

/// The term of a whole, folded value.
pub fn whole_of(prefix: &str, folded: &str) -> String {
    format!("{prefix}={}", whole(folded))
}

/// The sentinel before a value.
pub fn begin_of(prefix: &str) -> String {
    format!("{prefix}^")
}

/// The sentinel behind a value.
pub fn end_of(prefix: &str) -> String {
    format!("{prefix}$")
}

/// The mark that the property has a value.
pub fn existence_of(prefix: &str) -> String {
    format!("{prefix}?")
}

/// The term of a truth value.
pub fn truth_of(prefix: &str, truth: bool) -> String {
    format!("{prefix}!{truth}")
}

/// A token as it is stored: at most [`TOKEN_BYTES_MAX`] bytes.
pub fn cut(token: &str) -> &str {
    &token[..token.floor_char_boundary(TOKEN_BYTES_MAX)]
}

fn whole(folded: &str) -> Cow<'_, str> {
    if folded.len() <= WHOLE_BYTES_MAX {
        return Cow::Borrowed(folded);
    }
    // FNV-1a: the same on every machine and in every release, which the standard library does not promise of its own.
    let hash = folded
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
    let start = &folded[..folded.floor_char_boundary(WHOLE_BYTES_MAX)];
    Cow::Owned(format!("{start}{SEPARATOR}{hash:016x}"))
}

#[cfg(test)]
mod tests {
    use graph::{DateTime, ExternalItemContent, ItemId};

    use super::*;

    const AT: ConnectionKey = ConnectionKey(18);

    fn schema() -> GraphSchema {
        let property = |name: &str, kind: &str, flags: &str, label: Option<&str>| {
            serde_json::json!({
                "name": name, "type": kind,
                "isSearchable": flags.contains('s'), "isQueryable": flags.contains('q'),
                "isRetrievable": false, "isRefinable": false,
                "isExactMatchRequired": flags.contains('x'),
                "labels": label.into_iter().collect::<Vec<_>>(), "aliases": [],
            })
        };
        serde_json::from_value(serde_json::json!({
            "baseType": "microsoft.graph.externalItem",
            "properties": [
                property("Subject", "string", "sq", Some("title")),
                property("title", "string", "s", None),
                property("tags", "stringCollection", "q", None),
                property("Code", "string", "qx", None),
                property("secret", "string", "", None),
                property("size", "int64", "q", None),
                property("ratio", "doubleCollection", "q", None),
                property("done", "boolean", "q", None),
                property("at", "dateTime", "q", None),
                property("none", "int64Collection", "q", None),
            ],
        }))
        .unwrap()
    }

    fn item(properties: &[(&str, Value)], content: Option<(ContentType, &str)>) -> ExternalItem {
        ExternalItem {
            id: ItemId::admit("1").unwrap(),
            acl: Vec::new(),
            properties: properties
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect(),
            content: content.map(|(kind, value)| ExternalItemContent {
                kind,
                value: Some(value.to_owned()),
            }),
            sensitivity_label_id: None,
        }
    }

    fn text(value: &str) -> Value {
        Value::String(value.to_owned())
    }

    #[test]
    fn only_searchable_strings_and_content_are_full_text() {
        let item = item(
            &[
                ("Subject", text("One\u{1f}two")),
                ("secret", text("hidden")),
                ("tags", Value::Strings(vec!["not".into()])),
                ("size", Value::Int64(7)),
                ("title", text("Three")),
            ],
            Some((ContentType::Html, "<b>fo</b>ur<br>five &amp; six")),
        );
        let got = full_text(&item, &schema());
        let values: Vec<_> = got.split(SEPARATOR).map(str::trim).collect();
        assert_eq!(values[..2], ["One two", "Three"]);
        assert_eq!(
            values[2].split_whitespace().collect::<Vec<_>>(),
            ["four", "five", "&", "six"]
        );
    }

    #[test]
    fn the_title_is_the_labelled_property() {
        let both = item(
            &[("title", text("named")), ("Subject", text("labelled"))],
            None,
        );
        assert_eq!(title(&both, &schema()).as_deref(), Some("labelled"));
        let mut unlabelled = schema();
        for property in &mut unlabelled.properties {
            property.labels.clear();
        }
        assert_eq!(title(&both, &unlabelled).as_deref(), Some("named"));
        for property in &mut unlabelled.properties {
            property.is_searchable = false;
        }
        assert_eq!(title(&both, &unlabelled), None);
    }

    #[test]
    fn queryable_properties_become_terms() {
        let item = item(
            &[
                ("Subject", text("Dark Red")),
                ("tags", Value::Strings(vec!["a".into(), "b".into()])),
                ("Code", text("X-1")),
                ("secret", text("hidden")),
                ("done", Value::Boolean(true)),
                ("none", Value::Int64s(Vec::new())),
            ],
            None,
        );
        let (terms, columns) = properties(AT, &item, &schema());
        let terms: Vec<_> = terms.split(SEPARATOR).collect();
        assert_eq!(
            terms,
            [
                "12/subject\u{1e}e",
                "12/subject\u{1e}tDark Red",
                "12/tags\u{1e}e",
                "12/tags\u{1e}ta",
                "12/tags\u{1e}tb",
                "12/code\u{1e}e",
                "12/code\u{1e}wX-1",
                "12/done\u{1e}e",
                "12/done\u{1e}btrue",
            ]
        );
        assert_eq!(columns.keys().collect::<Vec<_>>(), ["b12_done"]);
    }

    #[test]
    fn columns_keep_their_type() {
        let item = item(
            &[
                ("size", Value::Int64(-7)),
                ("ratio", Value::Doubles(vec![3.0, -0.0, f64::NAN])),
                ("at", Value::DateTime(DateTime(42))),
            ],
            None,
        );
        let (_, columns) = properties(AT, &item, &schema());
        let expect = [
            (
                "d12_ratio",
                vec![OwnedValue::F64(3.0), OwnedValue::F64(0.0)],
            ),
            ("i12_size", vec![OwnedValue::I64(-7)]),
            ("t12_at", vec![OwnedValue::I64(42)]),
        ]
        .map(|(path, values)| (path.to_owned(), OwnedValue::Array(values)));
        assert_eq!(columns, BTreeMap::from(expect));
        let Some(OwnedValue::Array(ratio)) = columns.get("d12_ratio") else {
            unreachable!("checked above")
        };
        assert!(matches!(ratio[1], OwnedValue::F64(zero) if zero.is_sign_positive()));
    }

    #[test]
    fn long_whole_values_stay_different() {
        let start = "x".repeat(WHOLE_BYTES_MAX);
        assert_eq!(whole_of("p", &start), format!("p={start}"));
        let (one, two) = (
            whole_of("p", &format!("{start}1")),
            whole_of("p", &format!("{start}2")),
        );
        assert_ne!(one, two);
        assert!(one.len() < 65_000);
    }
}
