//! Members of a body that nobody knows, wherever they stand: they have no effect, and `x-linkspan-advice` says so.
//!
//! Documentation: <https://docs.oasis-open.org/odata/odata-json-format/v4.01/odata-json-format-v4.01.html>

use serde_json::Value;

use crate::generous::{member, unknown_members};

/// How many unknown members are told; advice need not grow with the body.
const TOLD_MAX: usize = 20;

/// The members of a JSON object that are read, and those of the objects in it.
#[derive(Debug)]
pub struct Known {
    /// Their names.
    pub members: &'static [&'static str],
    /// Names that only `/beta` still reads.
    pub older: &'static [&'static str],
    /// Members that hold an object or a list of objects, and what is known there.
    pub below: &'static [(&'static str, &'static Self)],
}

impl Known {
    /// What a list of flat objects knows.
    pub const fn flat(members: &'static [&'static str]) -> Self {
        Self {
            members,
            older: &[],
            below: &[],
        }
    }

    /// The members of an object that nobody knows, each place told once, such as `query.queryStrin`.
    pub fn unknown(&self, body: &Value, beta: bool) -> Vec<String> {
        let mut told = Vec::new();
        self.note("", body, beta, &mut told);
        told
    }

    fn note(&self, place: &str, value: &Value, beta: bool, told: &mut Vec<String>) {
        let object = match value {
            Value::Array(entries) => {
                return entries
                    .iter()
                    .for_each(|entry| self.note(place, entry, beta, told));
            }
            Value::Object(object) => object,
            _ => return,
        };
        for name in unknown_members(object, self.members) {
            let name_at_its_place = format!("{place}{name}");
            let is_older = beta && self.older.contains(&name.as_str());
            if !is_older && told.len() < TOLD_MAX && !told.contains(&name_at_its_place) {
                told.push(name_at_its_place);
            }
        }
        for (name, known) in self.below {
            if let Some(value) = member(object, name) {
                known.note(&format!("{place}{name}."), value, beta, told);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const KNOWN: Known = Known {
        members: &["id", "parts"],
        older: &["_id"],
        below: &[("parts", &Known::flat(&["name"]))],
    };

    #[test]
    fn unknown_members_are_told_once_with_their_place() {
        let body = json!({
            "ID": 1, "_id": 1, "@odata.type": "t", "colour": 1,
            "Parts": [{"name": 1, "size": 1}, {"size": 2, "id": 3}, 4]
        });
        let parts = ["colour", "parts.size", "parts.id"];
        assert_eq!(KNOWN.unknown(&body, true), parts);
        let all: Vec<&str> = [&["_id"][..], &parts].concat();
        assert_eq!(KNOWN.unknown(&body, false), all);
        assert!(KNOWN.unknown(&json!([1, "a", null]), false).is_empty());
    }

    #[test]
    fn advice_has_an_end() {
        let body: Value = (0..100).map(|at| (at.to_string(), json!(at))).collect();
        assert_eq!(KNOWN.unknown(&body, false).len(), TOLD_MAX);
    }
}
