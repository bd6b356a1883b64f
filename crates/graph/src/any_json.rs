//! Any JSON, for property tests: noise, and noise made of the words that the readers look for.

use proptest::prelude::*;
use serde_json::{Map, Value};

/// Names and texts that lead deep into the readers.
const WORDS: &[&str] = &[
    "id",
    "acl",
    "ACL",
    "properties",
    "content",
    "type",
    "value",
    "accessType",
    "identitySource",
    "informationProtectionLabel",
    "sensitivityLabelId",
    "activities",
    "baseType",
    "name",
    "labels",
    "aliases",
    "isSearchable",
    "isRefinable",
    "isRetrievable",
    "rankingHint",
    "importanceScore",
    "description",
    "principals",
    "email",
    "upn",
    "@odata.type",
    "title@odata.type",
    "tags@odata.type",
    "@odata.type@odata.type",
    "title",
    "Title",
    "tags",
    "count",
    "price",
    "due",
    "owner",
    "owners",
    "user",
    "everyone",
    "externalGroup",
    "external",
    "grant",
    "deny",
    "text",
    "html",
    "string",
    "Int64",
    "stringCollection",
    "principalCollection",
    "microsoft.graph.externalItem",
    "Collection(String)",
    "Collection(",
    "#Collection(Edm.String)",
    "true",
    "False",
    "low",
    "assignedTo",
    "2026-01-31T12:00:00.5+01:00",
    "9223372036854775808",
    "1e400",
    "NaN",
    "ä",
    "",
];

fn word(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop_oneof![
        4 => proptest::sample::select(words).prop_map(str::to_owned),
        1 => "\\PC{0,40}",
        1 => any::<String>(),
    ]
}

/// Any JSON value, some levels deep, with the words of items and schemas.
pub(crate) fn any_json() -> impl Strategy<Value = Value> {
    any_json_of(WORDS)
}

/// Any JSON value, some levels deep, with these words thrown in.
pub(crate) fn any_json_of(words: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word(words).prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 8, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            object_of(words, inner),
        ]
    })
}

fn object_of(
    words: &'static [&'static str],
    inner: impl Strategy<Value = Value>,
) -> impl Strategy<Value = Value> {
    proptest::collection::vec((word(words), inner), 0..8)
        .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>()))
}

/// An object with these members, each any JSON.
pub(crate) fn object_with(names: &'static [&'static str]) -> impl Strategy<Value = Value> {
    proptest::collection::vec(any_json(), names.len()).prop_map(move |values| {
        let names = names.iter().map(|name| (*name).to_owned());
        Value::Object(names.zip(values).collect())
    })
}
