//! `Accept: application/json;odata.metadata=none`: how much control information an answer carries.
//!
//! Documentation: <https://docs.oasis-open.org/odata/odata-json-format/v4.01/odata-json-format-v4.01.html>

use serde_json::{Map, Value};

use crate::generous::is_type;

/// How much control information a client wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Metadata {
    /// None beyond links and counts.
    None,
    /// The usual amount.
    #[default]
    Minimal,
    /// All of it; answered like minimal, which the format allows nobody to notice but generators.
    Full,
}

impl Metadata {
    /// Reads the value of an `Accept` header; the first media type that says something counts.
    pub fn read(accept: &str) -> Self {
        accept
            .split([',', ';'])
            .filter_map(|part| part.split_once('='))
            .filter(|(name, _)| {
                let name = name.trim();
                name.eq_ignore_ascii_case("odata.metadata") || name.eq_ignore_ascii_case("metadata")
            })
            .find_map(|(_, value)| Self::parse(value.trim().trim_matches('"')))
            .unwrap_or_default()
    }

    fn parse(value: &str) -> Option<Self> {
        [Self::None, Self::Minimal, Self::Full]
            .into_iter()
            .find(|metadata| metadata.as_str().eq_ignore_ascii_case(value))
    }

    /// The word as it stands in a media type.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Minimal => "minimal",
            Self::Full => "full",
        }
    }

    /// Drops from an answer what this amount leaves out: with `none` every `@odata.context` and
    /// `@odata.type`.
    ///
    /// Kept are the type of a search hit's `resource` and of derived types such as
    /// `itemIdResolver`, by which clients choose a class. A `layout` is the client's own document
    /// and is not touched.
    pub fn strip(self, answer: &mut Value) {
        if self == Self::None {
            strip_value(answer, false);
        }
    }
}

fn strip_value(value: &mut Value, is_resource: bool) {
    match value {
        Value::Object(members) => strip_object(members, is_resource),
        Value::Array(entries) => {
            for entry in entries {
                strip_value(entry, false);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn strip_object(members: &mut Map<String, Value>, is_resource: bool) {
    let derived = members
        .get("@odata.type")
        .and_then(Value::as_str)
        .is_some_and(|name| is_type(name, &["itemIdResolver"]));
    members.retain(|name, _| {
        let own_type = name == "@odata.type";
        let kept_type = own_type && (is_resource || derived);
        kept_type || !(name.ends_with("@odata.context") || name.ends_with("@odata.type"))
    });
    for (name, member) in members.iter_mut() {
        if name != "layout" {
            strip_value(member, name == "resource");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn accept_is_read() {
        let check = |accept: &str, expect: Metadata| {
            assert_eq!(Metadata::read(accept), expect, "{accept}");
        };
        check("", Metadata::Minimal);
        check("*/*", Metadata::Minimal);
        check("application/json", Metadata::Minimal);
        check("application/json;q=1", Metadata::Minimal);
        check("application/json;odata.metadata=none", Metadata::None);
        check("application/json; ODATA.metadata=\"None\"", Metadata::None);
        check("text/plain, application/json;metadata=full", Metadata::Full);
        check("application/json;odata.metadata=some", Metadata::Minimal);
    }

    #[test]
    fn none_drops_control_information() {
        let answer = json!({
            "@odata.context": "c", "@odata.nextLink": "n", "@odata.count": 2,
            "value": [{
                "@odata.type": "#microsoft.graph.externalConnectors.externalActivityResult",
                "resource": {
                    "@odata.type": "#microsoft.graph.externalConnectors.externalItem",
                    "properties": {"tags@odata.type": "Collection(String)", "tags": ["a"]}
                }
            }],
            "urlToItemResolvers": [{
                "@odata.type": "#microsoft.graph.externalConnectors.itemIdResolver", "priority": 1
            }],
            "layout": {"@odata.type": "kept", "items": [{"@odata.context": "kept"}]}
        });
        let mut none = answer.clone();
        Metadata::None.strip(&mut none);
        assert_eq!(
            none,
            json!({
                "@odata.nextLink": "n", "@odata.count": 2,
                "value": [{
                    "resource": {
                        "@odata.type": "#microsoft.graph.externalConnectors.externalItem",
                        "properties": {"tags": ["a"]}
                    }
                }],
                "urlToItemResolvers": [{
                    "@odata.type": "#microsoft.graph.externalConnectors.itemIdResolver",
                    "priority": 1
                }],
                "layout": {"@odata.type": "kept", "items": [{"@odata.context": "kept"}]}
            })
        );
        for metadata in [Metadata::Minimal, Metadata::Full] {
            let mut same = answer.clone();
            metadata.strip(&mut same);
            assert_eq!(same, answer);
        }
    }
}
