//! `$orderby=name desc,id`: in which order a collection is answered.
//!
//! Documentation: <https://learn.microsoft.com/graph/query-parameters#orderby-parameter>

use std::{cmp::Ordering, collections::HashSet, fmt};

use serde_json::{Map, Value};

use super::{
    query::refused,
    shape::{Property, Shape},
};
use crate::{error::PublicError, generous::shown};

/// The keys to sort by, the first one first; none means the collection's own order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Order(Vec<Key>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    property: &'static Property,
    descending: bool,
}

impl Order {
    /// Reads a decoded `$orderby` over resources of this shape.
    ///
    /// # Errors
    /// 400 `BadRequest` naming the key and what can be sorted by.
    pub fn read(text: &str, shape: &Shape) -> Result<Self, PublicError> {
        let mut keys = text
            .split(',')
            .map(|key| {
                let mut words = key.split_whitespace();
                let property = words.next().and_then(|name| shape.property(name));
                let direction = words.next().map(str::to_ascii_lowercase);
                let descending = match direction.as_deref() {
                    None | Some("asc") => Some(false),
                    Some("desc") => Some(true),
                    Some(_) => None,
                };
                match (property, descending, words.next()) {
                    (Some(property), Some(descending), None) => Ok(Key {
                        property,
                        descending,
                    }),
                    _ => Err(fault(text, key, shape)),
                }
            })
            .collect::<Result<Vec<_>, _>>()?;
        // A property that is named again decides nothing, and would be compared all the same.
        let mut named = HashSet::new();
        keys.retain(|key| named.insert(key.property.name));
        Ok(Self(keys))
    }

    /// Is this the collection's own order?
    pub fn is_own(&self) -> bool {
        self.0.is_empty()
    }

    /// Is it an order in which a resource never changes its place?
    pub fn is_fixed(&self) -> bool {
        self.0.iter().all(|key| key.property.is_fixed)
    }

    /// How two resources, given as their JSON members, follow each other.
    pub fn compare(&self, a: &Value, b: &Value) -> Ordering {
        self.0
            .iter()
            .map(|key| {
                let ordering = key.property.of(a).compare(&key.property.of(b));
                if key.descending {
                    ordering.reverse()
                } else {
                    ordering
                }
            })
            .find(|ordering| ordering.is_ne())
            .unwrap_or(Ordering::Equal)
    }

    /// The members of a resource by which it is sorted.
    pub fn keys(&self, resource: &Value) -> Map<String, Value> {
        self.0
            .iter()
            .map(|key| {
                let name = key.property.name;
                (name.to_owned(), resource[name].clone())
            })
            .collect()
    }
}

/// As `$orderby` is written.
impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, key) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            let direction = if key.descending { " desc" } else { "" };
            write!(f, "{comma}{}{direction}", key.property.name)?;
        }
        Ok(())
    }
}

fn fault(text: &str, key: &str, shape: &Shape) -> PublicError {
    refused(
        "$orderby",
        format!(
            "Invalid value {} for $orderby at {}: write names that can be sorted by ({}), each followed by asc or desc or neither.",
            shown(text),
            shown(key.trim()),
            shape.property_names()
        ),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::odata::shapes::{CONNECTIONS, USERS};

    #[test]
    fn several_keys_decide_one_after_the_other() {
        let order = Order::read("state desc, name ASC ,id", &CONNECTIONS).unwrap();
        assert_eq!(order.to_string(), "state desc,name,id");
        let mut all = [
            json!({"id": "d", "name": "x", "state": "draft"}),
            json!({"id": "c", "name": null, "state": "ready"}),
            json!({"id": "B", "name": "x", "state": "Draft"}),
            json!({"id": "a", "name": "a", "state": "ready"}),
        ];
        all.sort_by(|a, b| order.compare(a, b));
        let ids: Vec<&str> = all.iter().filter_map(|one| one["id"].as_str()).collect();
        assert_eq!(ids, ["c", "a", "B", "d"]);
        assert_eq!(
            Value::Object(order.keys(&all[0])),
            json!({"state": "ready", "name": null, "id": "c"})
        );
    }

    #[test]
    fn a_key_counts_once() {
        let order = Order::read("name,state desc,NAME desc,name", &CONNECTIONS).unwrap();
        assert_eq!(order.to_string(), "name,state desc");
    }

    #[test]
    fn what_cannot_be_sorted_by_is_refused() {
        for text in ["", "colour", "name up", "name,,id", "name desc desc", "*"] {
            let error = Order::read(text, &USERS).unwrap_err();
            assert_eq!(error.status, 400, "{text}");
            assert_eq!(error.target.as_deref(), Some("$orderby"));
            assert!(error.message.contains("displayName"), "{}", error.message);
        }
    }
}
