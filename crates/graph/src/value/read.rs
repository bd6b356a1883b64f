//! `externalItem.properties`: reading one value by the type that the schema gives it.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/externalconnectors-properties>

use std::borrow::Cow;

use serde_json::Value as Json;

use super::{DateTime, PRINCIPAL_MEMBERS, Principal, Value};
use crate::{
    error::PublicError,
    generous::{is_type, member, quoted, refused, shown},
    schema::{Property, PropertyType},
};

/// Why a value does not fit, as the rest of a sentence whose subject is the value.
type Reason = Cow<'static, str>;

/// The value or the entry of a collection that does not fit.
struct Misfit<'a> {
    at: Option<usize>,
    value: &'a Json,
    reason: Reason,
}

impl Value {
    /// Reads a property's value by its type in the schema (`contract/external.md` §8).
    ///
    /// A null is absent, nulls in collections are dropped, numbers may be strings, and the
    /// annotation (`name@odata.type`) may be missing but must not say something else.
    ///
    /// # Errors
    /// 400 naming the property, its type, the value and what is wrong with it.
    pub fn read(
        property: &Property,
        json: &Json,
        annotation: Option<&str>,
    ) -> Result<Option<Self>, PublicError> {
        if let Some(annotation) = annotation
            && !property.kind.fits(annotation)
        {
            return Err(contradicted(property, annotation));
        }
        if json.is_null() {
            return Ok(None);
        }
        by_type(property.kind, json)
            .map(Some)
            .map_err(|misfit| misplaced(property, &misfit))
    }
}

impl PropertyType {
    /// What `name@odata.type` should say for a value of this type.
    pub const fn annotation(self) -> &'static str {
        match self {
            Self::String => "String",
            Self::Int64 => "Int64",
            Self::Double => "Double",
            Self::DateTime => "DateTimeOffset",
            Self::Boolean => "Boolean",
            Self::Principal => "microsoft.graph.externalConnectors.principal",
            Self::StringCollection => "Collection(String)",
            Self::Int64Collection => "Collection(Int64)",
            Self::DoubleCollection => "Collection(Double)",
            Self::DateTimeCollection => "Collection(DateTimeOffset)",
            Self::PrincipalCollection => "Collection(microsoft.graph.externalConnectors.principal)",
        }
    }

    /// Does an annotation agree with this type? `#` and `Edm.` may stand before names, case does not matter,
    /// and a narrower number fits a wider one.
    pub fn fits(self, annotation: &str) -> bool {
        let sent = annotation.trim().trim_start_matches('#');
        let inner = sent
            .get(..11)
            .filter(|start| start.eq_ignore_ascii_case("Collection("))
            .and_then(|start| sent[start.len()..].strip_suffix(')'));
        let names: &[&str] = match self {
            Self::String | Self::StringCollection => &["String"],
            Self::Int64 | Self::Int64Collection => &["Int64", "Int32", "Int16", "SByte", "Byte"],
            Self::Double | Self::DoubleCollection => &["Double", "Single", "Decimal"],
            Self::DateTime | Self::DateTimeCollection => &["DateTimeOffset"],
            Self::Boolean => &["Boolean"],
            Self::Principal | Self::PrincipalCollection => &["principal"],
        };
        match inner {
            Some(inner) => self.is_collection() && is_type(inner, names),
            // The object shape of a principalCollection has a type of its own.
            None if self == Self::PrincipalCollection => is_type(sent, &["principalCollection"]),
            None => !self.is_collection() && is_type(sent, names),
        }
    }
}

fn contradicted(property: &Property, annotation: &str) -> PublicError {
    let Property { name, kind, .. } = property;
    refused(
        format_args!("properties.{name}@odata.type"),
        format!(
            "Property `{name}` is of type {kind} in the schema, but `{name}@odata.type` says {}; \
             send `{}`, or leave the annotation out.",
            shown(annotation),
            kind.annotation()
        ),
    )
}

fn misplaced(property: &Property, misfit: &Misfit<'_>) -> PublicError {
    let Property { name, kind, .. } = property;
    let value = quoted(misfit.value);
    let reason = &misfit.reason;
    match misfit.at {
        None => refused(
            format_args!("properties.{name}"),
            format!("Property `{name}` is of type {kind}; {value} {reason}."),
        ),
        Some(at) => refused(
            format_args!("properties.{name}[{at}]"),
            format!("Property `{name}` is of type {kind}; entry {at}, {value}, {reason}."),
        ),
    }
}

fn by_type(kind: PropertyType, json: &Json) -> Result<Value, Misfit<'_>> {
    Ok(match kind {
        PropertyType::String => Value::String(single(json, string)?),
        PropertyType::Int64 => Value::Int64(single(json, int64)?),
        PropertyType::Double => Value::Double(single(json, double)?),
        PropertyType::DateTime => Value::DateTime(single(json, date_time)?),
        PropertyType::Boolean => Value::Boolean(single(json, boolean)?),
        PropertyType::Principal => Value::Principal(single(json, principal)?),
        PropertyType::StringCollection => Value::Strings(collection(json, string)?),
        PropertyType::Int64Collection => Value::Int64s(collection(json, int64)?),
        PropertyType::DoubleCollection => Value::Doubles(collection(json, double)?),
        PropertyType::DateTimeCollection => Value::DateTimes(collection(json, date_time)?),
        PropertyType::PrincipalCollection => {
            // One page shows an object around the array instead of the array.
            let wrapped = json.as_object().and_then(|it| member(it, "principals"));
            Value::Principals(collection(wrapped.unwrap_or(json), principal)?)
        }
    })
}

fn single<T>(json: &Json, read: fn(&Json) -> Result<T, Reason>) -> Result<T, Misfit<'_>> {
    read(json).map_err(|reason| Misfit {
        at: None,
        value: json,
        reason,
    })
}

fn collection<T>(json: &Json, read: fn(&Json) -> Result<T, Reason>) -> Result<Vec<T>, Misfit<'_>> {
    let Json::Array(entries) = json else {
        return Err(Misfit {
            at: None,
            value: json,
            reason: "must be a JSON array".into(),
        });
    };
    let mut values = Vec::with_capacity(entries.len());
    for (at, value) in entries.iter().enumerate() {
        if !value.is_null() {
            values.push(read(value).map_err(|reason| Misfit {
                at: Some(at),
                value,
                reason,
            })?);
        }
    }
    Ok(values)
}

fn string(json: &Json) -> Result<String, Reason> {
    match json {
        Json::String(text) => Ok(text.clone()),
        _ => Err("must be a JSON string".into()),
    }
}

fn boolean(json: &Json) -> Result<bool, Reason> {
    // The command line of the CLI for Microsoft 365 only knows strings.
    match json {
        Json::Bool(flag) => Ok(*flag),
        Json::String(text) if text.eq_ignore_ascii_case("true") => Ok(true),
        Json::String(text) if text.eq_ignore_ascii_case("false") => Ok(false),
        _ => Err("must be true or false".into()),
    }
}

fn int64(json: &Json) -> Result<i64, Reason> {
    const BEYOND: &str = "lies outside -9223372036854775808 to 9223372036854775807";
    match json {
        Json::Number(number) => {
            if let Some(whole) = number.as_i64() {
                return Ok(whole);
            }
            let wide = number.as_f64().unwrap_or(f64::INFINITY);
            if wide.fract() != 0.0 {
                return Err("must be a whole number".into());
            }
            // The bounds are excluded: the reader rounds integers beyond i64 to exactly these.
            if wide.abs() >= -(i64::MIN as f64) {
                return Err(BEYOND.into());
            }
            Ok(wide as i64)
        }
        Json::String(text) => text.parse().map_err(|error: std::num::ParseIntError| {
            use std::num::IntErrorKind::{NegOverflow, PosOverflow};
            match error.kind() {
                PosOverflow | NegOverflow => BEYOND.into(),
                _ => "must be a whole number".into(),
            }
        }),
        _ => Err("must be a whole number".into()),
    }
}

fn double(json: &Json) -> Result<f64, Reason> {
    let number = match json {
        Json::Number(number) => number.as_f64(),
        Json::String(text) => text.parse().ok(),
        _ => None,
    };
    match number {
        // Adding zero takes the sign off a zero, so that equal items have equal bytes.
        Some(number) if number.is_finite() => Ok(number + 0.0),
        Some(_) => Err("must be a finite number; it can be neither sorted nor kept".into()),
        None => Err("must be a number".into()),
    }
}

fn date_time(json: &Json) -> Result<DateTime, Reason> {
    match json {
        Json::String(text) => DateTime::parse(text).map_err(Into::into),
        _ => Err("must be a JSON string with an ISO 8601 date".into()),
    }
}

fn principal(json: &Json) -> Result<Principal, Reason> {
    let Json::Object(object) = json else {
        return Err(format!("must be an object with {}", PRINCIPAL_MEMBERS.join(", ")).into());
    };
    if let Some(Json::String(annotation)) = object.get("@odata.type")
        && !is_type(annotation, &["principal"])
    {
        return Err(format!("says it is {}, not a principal", shown(annotation)).into());
    }
    let mut members = Vec::new();
    for name in PRINCIPAL_MEMBERS {
        match member(object, name) {
            None => {}
            Some(Json::String(text)) => members.push((name.to_owned(), text.clone())),
            Some(other) => {
                return Err(
                    format!("has {} as {name}, which must be a string", quoted(other)).into(),
                );
            }
        }
    }
    Ok(Principal { members })
}
