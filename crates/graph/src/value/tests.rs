//! `externalItem.properties`: values of every type, read and refused.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/externalconnectors-properties>

use serde_json::{Value as Json, json};

use super::*;
use crate::schema::{PROPERTY_TYPES, Property, PropertyType};

fn property(kind: PropertyType) -> Property {
    Property {
        name: "thing".to_owned(),
        kind,
        description: None,
        is_searchable: false,
        is_queryable: false,
        is_retrievable: true,
        is_refinable: false,
        is_exact_match_required: false,
        importance_score: None,
        labels: Vec::new(),
        aliases: Vec::new(),
    }
}

/// Reads a value and prints it; a refusal prints its help.
fn round(kind: PropertyType, json: &Json, annotation: Option<&str>) -> Result<Json, String> {
    match Value::read(&property(kind), json, annotation) {
        Ok(value) => Ok(value.map_or(Json::Null, |value| value.to_json(false))),
        Err(error) => {
            assert_eq!(error.status, 400);
            assert_eq!(error.message, "The request is malformed or incorrect.");
            assert!(error.target.unwrap().starts_with("properties.thing"));
            Err(error.details[0].message.clone())
        }
    }
}

#[track_caller]
fn check(kind: PropertyType, json: Json, expect: Json) {
    assert_eq!(round(kind, &json, None), Ok(expect), "{kind} {json}");
}

#[track_caller]
fn refuse(kind: PropertyType, json: Json, part: &str) {
    let help = round(kind, &json, None).unwrap_err();
    assert!(help.contains(part), "{kind} {json}: {help}");
}

#[test]
fn strings_are_kept_as_sent() {
    check(PropertyType::String, json!(""), json!(""));
    check(PropertyType::String, json!("Pumpe Ü 7"), json!("Pumpe Ü 7"));
    check(
        PropertyType::String,
        json!("2026-01-31"),
        json!("2026-01-31"),
    );
    check(PropertyType::String, json!(null), json!(null));
    refuse(PropertyType::String, json!(7), "7 must be a JSON string");
    refuse(
        PropertyType::String,
        json!(["a"]),
        "an array must be a JSON string",
    );
    refuse(
        PropertyType::String,
        json!({}),
        "an object must be a JSON string",
    );
}

#[test]
fn integers_are_exact_or_refused() {
    use PropertyType::Int64;
    check(Int64, json!(3), json!(3));
    check(Int64, json!(3.0), json!(3));
    check(Int64, json!(-0.0), json!(0));
    check(Int64, json!(1e18), json!(1_000_000_000_000_000_000_i64));
    check(Int64, json!("42"), json!(42));
    check(Int64, json!("-9223372036854775808"), json!(i64::MIN));
    check(Int64, json!(i64::MAX), json!(i64::MAX));
    check(Int64, json!(i64::MIN), json!(i64::MIN));
    refuse(Int64, json!(3.5), "3.5 must be a whole number");
    refuse(Int64, json!(u64::MAX), "lies outside");
    refuse(Int64, json!(9_223_372_036_854_775_808_u64), "lies outside");
    let below: Json = serde_json::from_str("-9223372036854775809").unwrap();
    refuse(Int64, below, "lies outside");
    let above: Json = serde_json::from_str("99999999999999999999999").unwrap();
    refuse(Int64, above, "lies outside");
    refuse(Int64, json!("9223372036854775808"), "lies outside");
    refuse(Int64, json!("3.0"), "must be a whole number");
    refuse(Int64, json!(""), "must be a whole number");
    refuse(Int64, json!(" 3"), "must be a whole number");
    refuse(Int64, json!(true), "must be a whole number");
}

#[test]
fn doubles_are_finite() {
    use PropertyType::Double;
    check(Double, json!(12.5), json!(12.5));
    check(Double, json!(3), json!(3.0));
    check(Double, json!("0.1"), json!(0.1));
    check(Double, json!("-1e-3"), json!(-0.001));
    check(Double, json!(1e308), json!(1e308));
    refuse(Double, json!("1e400"), "must be a finite number");
    refuse(Double, json!("NaN"), "must be a finite number");
    refuse(Double, json!("-INF"), "must be a finite number");
    refuse(Double, json!("twelve"), "\"twelve\" must be a number");
    refuse(Double, json!(false), "must be a number");
    // The reader of the body refuses what no double can hold, before anything is asked here.
    assert!(serde_json::from_str::<Json>("1e400").is_err());
}

#[test]
fn a_zero_has_no_sign() {
    for zero in [json!(-0.0), json!("-0.0"), json!("-0")] {
        let value = Value::read(&property(PropertyType::Double), &zero, None);
        let Ok(Some(Value::Double(number))) = value else {
            unreachable!("{zero}: {value:?}")
        };
        assert!(number == 0.0 && number.is_sign_positive(), "{zero}");
    }
}

#[test]
fn booleans_and_dates() {
    use PropertyType::{Boolean, DateTime};
    check(Boolean, json!(true), json!(true));
    check(Boolean, json!("True"), json!(true));
    check(Boolean, json!("false"), json!(false));
    refuse(Boolean, json!(1), "1 must be true or false");
    refuse(Boolean, json!("yes"), "must be true or false");
    check(
        DateTime,
        json!("2022-01-05T09:28:31"),
        json!("2022-01-05T09:28:31Z"),
    );
    check(
        DateTime,
        json!("2026-01-02T03:04:05+01:00"),
        json!("2026-01-02T02:04:05Z"),
    );
    refuse(
        DateTime,
        json!("tomorrow"),
        "Property `thing` is of type dateTime; \"tomorrow\" is not ISO 8601",
    );
    refuse(
        DateTime,
        json!("2026-02-30"),
        "names a day that does not exist",
    );
    refuse(DateTime, json!(1_700_000_000), "must be a JSON string");
}

#[test]
fn collections_drop_nulls_and_name_the_wrong_entry() {
    use PropertyType::{DateTimeCollection, DoubleCollection, Int64Collection, StringCollection};
    check(StringCollection, json!(["a", null, ""]), json!(["a", ""]));
    check(StringCollection, json!([]), json!([]));
    check(StringCollection, json!(null), json!(null));
    check(Int64Collection, json!([1, "2", 3.0]), json!([1, 2, 3]));
    check(DoubleCollection, json!([1, "2.5"]), json!([1.0, 2.5]));
    check(
        DateTimeCollection,
        json!(["2026-01-31", "2026-01-31T01:00:00+01:00"]),
        json!(["2026-01-31T00:00:00Z", "2026-01-31T00:00:00Z"]),
    );
    refuse(StringCollection, json!("a"), "must be a JSON array");
    refuse(StringCollection, json!({"0": "a"}), "must be a JSON array");
    refuse(
        StringCollection,
        json!(["a", 2]),
        "entry 1, 2, must be a JSON string",
    );
    refuse(
        Int64Collection,
        json!([1, 2.5]),
        "entry 1, 2.5, must be a whole number",
    );
    refuse(DateTimeCollection, json!([["2026-01-31"]]), "entry 0");
}

#[test]
fn principals_come_in_both_shapes() {
    use PropertyType::{Principal, PrincipalCollection};
    let sent = json!({"upn": "alice@example.com", "@odata.type": "microsoft.graph.externalConnectors.principal",
        "Email": "a@example.com", "tenantId": null, "shoeSize": 43});
    let kept = json!({"email": "a@example.com", "upn": "alice@example.com"});
    check(Principal, sent.clone(), kept.clone());
    check(PrincipalCollection, json!([sent, null]), json!([kept]));
    check(
        PrincipalCollection,
        json!({"principals": [sent]}),
        json!([kept]),
    );
    check(PrincipalCollection, json!([]), json!([]));
    refuse(Principal, json!("alice"), "must be an object with email");
    refuse(
        Principal,
        json!({"upn": 7}),
        "has 7 as upn, which must be a string",
    );
    refuse(
        Principal,
        json!({"@odata.type": "#microsoft.graph.user"}),
        "not a principal",
    );
    refuse(PrincipalCollection, sent.clone(), "must be a JSON array");
    refuse(PrincipalCollection, json!([sent, 1]), "entry 1");

    let value = Value::read(&property(Principal), &sent, None)
        .unwrap()
        .unwrap();
    assert_eq!(
        value.to_json(true).to_string(),
        "{\"@odata.type\":\"#microsoft.graph.externalConnectors.principal\",\
         \"email\":\"a@example.com\",\"upn\":\"alice@example.com\"}"
    );
}

#[test]
fn annotations_must_not_contradict() {
    let check = |kind: PropertyType, annotation: &str, expect: bool| {
        assert_eq!(kind.fits(annotation), expect, "{kind} {annotation}");
    };
    use PropertyType::*;
    for (_, kind) in PROPERTY_TYPES {
        let annotation = kind.annotation();
        check(kind, annotation, true);
        check(kind, &format!("#{annotation}"), true);
        check(kind, &annotation.to_ascii_uppercase(), true);
        for (_, other) in PROPERTY_TYPES {
            check(kind, other.annotation(), kind == other);
        }
    }
    check(StringCollection, "Collection(Edm.String)", true);
    check(StringCollection, "#Collection(#Edm.String)", true);
    check(StringCollection, "collection(string)", true);
    check(StringCollection, "Collection(Int64)", false);
    check(StringCollection, "Collection(String", false);
    check(StringCollection, "Edm.String", false);
    check(String, "Edm.String", true);
    check(Int64, "Int32", true);
    check(Int64, "Double", false);
    check(Double, "Edm.Decimal", true);
    check(DateTimeCollection, "Collection(DateTimeOffset)", true);
    check(DateTimeCollection, "Collection(DateTime)", false);
    check(
        Principal,
        "#microsoft.graph.externalConnectors.principal",
        true,
    );
    check(
        PrincipalCollection,
        "#microsoft.graph.externalConnectors.principalCollection",
        true,
    );
    check(Principal, "", false);
    check(String, "Collectionä(String)", false);

    let help = round(StringCollection, &json!(["a"]), Some("Collection(Int64)")).unwrap_err();
    assert_eq!(
        help,
        "Property `thing` is of type stringCollection in the schema, but `thing@odata.type` says \
         `Collection(Int64)`; send `Collection(String)`, or leave the annotation out."
    );
    assert!(round(StringCollection, &json!(["a"]), Some("#Collection(String)")).is_ok());
}

#[test]
fn only_collections_are_annotated() {
    for (name, kind) in PROPERTY_TYPES {
        let sent = if kind.is_collection() {
            json!([])
        } else {
            Json::Null
        };
        if let Some(value) = Value::read(&property(kind), &sent, None).unwrap() {
            assert_eq!(value.annotation(), Some(kind.annotation()), "{name}");
        }
    }
    assert_eq!(Value::Int64(1).annotation(), None);
    assert_eq!(Value::Principal(Principal::default()).annotation(), None);
}
