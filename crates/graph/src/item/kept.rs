//! `/external/connections/{id}/items/{id}`: the form in which the store keeps an item.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/externalconnectors-externalitem>
//!
//! One line of JSON, independent of any schema, for example
//! `{"format":1,"properties":[["title","string","Pump"],["due","dateTime",0]],"content":["text","…"]}`.
//! Dates are ticks, so that nothing is lost, and members come in one order, so that equal items have
//! equal bytes. A change of this form needs a new number and a reader for the old one.

use serde::{Serialize, Serializer, ser::SerializeSeq};
use serde_json::{Map, Value as Json};

use super::{ContentType, ExternalItem, ExternalItemContent};
use crate::{
    acl::Acl,
    id::ItemId,
    value::{DateTime, Principal, Value},
};

/// The number of the form.
const FORMAT: u64 = 1;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Kept<'a> {
    format: u64,
    properties: KeptProperties<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<(&'static str, Option<&'a str>)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sensitivity_label_id: Option<&'a str>,
}

/// A list of triples: name, type, value.
struct KeptProperties<'a>(&'a [(String, Value)]);

impl Serialize for KeptProperties<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for (name, value) in self.0 {
            match value {
                Value::String(text) => list.serialize_element(&(name, "string", text)),
                Value::Int64(number) => list.serialize_element(&(name, "int64", number)),
                Value::Double(number) => list.serialize_element(&(name, "double", number)),
                Value::Boolean(flag) => list.serialize_element(&(name, "boolean", flag)),
                Value::DateTime(at) => list.serialize_element(&(name, "dateTime", at.0)),
                Value::Strings(texts) => list.serialize_element(&(name, "strings", texts)),
                Value::Int64s(numbers) => list.serialize_element(&(name, "int64s", numbers)),
                Value::Doubles(numbers) => list.serialize_element(&(name, "doubles", numbers)),
                Value::DateTimes(times) => {
                    let ticks: Vec<i64> = times.iter().map(|at| at.0).collect();
                    list.serialize_element(&(name, "dateTimes", ticks))
                }
                Value::Principal(it) => list.serialize_element(&(name, "principal", &it.members)),
                Value::Principals(all) => {
                    let members: Vec<_> = all.iter().map(|it| &it.members).collect();
                    list.serialize_element(&(name, "principals", members))
                }
            }?;
        }
        list.end()
    }
}

impl ExternalItem {
    /// Everything but the id and the ACL, in the form the store keeps: self-describing, byte-stable for equal items.
    pub fn to_kept(&self) -> String {
        let kept = Kept {
            format: FORMAT,
            properties: KeptProperties(&self.properties),
            content: self
                .content
                .as_ref()
                .map(|content| (content.kind.as_str(), content.value.as_deref())),
            sensitivity_label_id: self.sensitivity_label_id.as_deref(),
        };
        serde_json::to_string(&kept).expect("strings, numbers and lists always serialize")
    }

    /// Reads back what [`ExternalItem::to_kept`] wrote.
    ///
    /// # Errors
    /// A sentence for the log when the text is not of that form.
    pub fn from_kept(id: ItemId, acl: Vec<Acl>, kept: &str) -> Result<Self, String> {
        let mut kept: Map<String, Json> = serde_json::from_str(kept)
            .map_err(|error| format!("The kept item `{id}` is not readable: {error}."))?;
        let odd = |what: &str| format!("The kept item `{id}` has an unreadable {what}.");
        match kept.get("format").and_then(Json::as_u64) {
            Some(FORMAT) => {}
            Some(other) => {
                return Err(format!(
                    "The kept item `{id}` has format {other}; this version reads format {FORMAT}."
                ));
            }
            None => return Err(odd("format")),
        }
        let Some(Json::Array(list)) = kept.remove("properties") else {
            return Err(odd("list of properties"));
        };
        let mut properties = Vec::with_capacity(list.len());
        for entry in list {
            properties.push(property(entry).ok_or_else(|| odd("property"))?);
        }
        let content = match kept.remove("content") {
            None => None,
            Some(json) => Some(content(json).ok_or_else(|| odd("content"))?),
        };
        let sensitivity_label_id = match kept.remove("sensitivityLabelId") {
            None => None,
            Some(Json::String(label)) => Some(label),
            Some(_) => return Err(odd("sensitivityLabelId")),
        };
        Ok(Self {
            id,
            acl,
            properties,
            content,
            sensitivity_label_id,
        })
    }
}

/// The entries of an array of exactly that many.
fn tuple<const N: usize>(json: Json) -> Option<[Json; N]> {
    match json {
        Json::Array(entries) => entries.try_into().ok(),
        _ => None,
    }
}

fn string(json: Json) -> Option<String> {
    match json {
        Json::String(text) => Some(text),
        _ => None,
    }
}

fn list<T>(json: Json, read: fn(Json) -> Option<T>) -> Option<Vec<T>> {
    match json {
        Json::Array(entries) => entries.into_iter().map(read).collect(),
        _ => None,
    }
}

fn int64(json: Json) -> Option<i64> {
    json.as_i64()
}

fn double(json: Json) -> Option<f64> {
    json.as_f64()
}

fn date_time(json: Json) -> Option<DateTime> {
    json.as_i64().map(DateTime)
}

fn principal(json: Json) -> Option<Principal> {
    let members = list(json, |pair| {
        let [name, value] = tuple(pair)?;
        Some((string(name)?, string(value)?))
    })?;
    Some(Principal { members })
}

fn property(json: Json) -> Option<(String, Value)> {
    let [name, kind, value] = tuple(json)?;
    let value = match kind.as_str()? {
        "string" => Value::String(string(value)?),
        "int64" => Value::Int64(int64(value)?),
        "double" => Value::Double(double(value)?),
        "boolean" => Value::Boolean(value.as_bool()?),
        "dateTime" => Value::DateTime(date_time(value)?),
        "strings" => Value::Strings(list(value, string)?),
        "int64s" => Value::Int64s(list(value, int64)?),
        "doubles" => Value::Doubles(list(value, double)?),
        "dateTimes" => Value::DateTimes(list(value, date_time)?),
        "principal" => Value::Principal(principal(value)?),
        "principals" => Value::Principals(list(value, principal)?),
        _ => return None,
    };
    Some((string(name)?, value))
}

fn content(json: Json) -> Option<ExternalItemContent> {
    let [kind, value] = tuple(json)?;
    let kind = match kind.as_str()? {
        "text" => ContentType::Text,
        "html" => ContentType::Html,
        _ => return None,
    };
    let value = match value {
        Json::Null => None,
        Json::String(text) => Some(text),
        _ => return None,
    };
    Some(ExternalItemContent { kind, value })
}
