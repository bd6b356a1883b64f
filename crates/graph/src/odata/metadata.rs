//! `Accept: application/json;odata.metadata=none`: how much control information an answer carries.
//!
//! Documentation: <https://docs.oasis-open.org/odata/odata-json-format/v4.01/odata-json-format-v4.01.html>

use serde_json::{Map, Value};

use super::query::pairs;
use crate::{
    error::{ErrorCode, PublicError},
    generous::{is_type, shown},
};

/// How much control information a client wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Metadata {
    /// None beyond links and counts.
    None,
    /// The usual amount.
    #[default]
    Minimal,
    /// The type and the address of every resource too.
    Full,
}

impl Metadata {
    /// Reads the values of `Accept` headers: of the media types that say how much, the one that is liked best counts.
    pub fn read<'h>(accept: impl Iterator<Item = &'h str>) -> Self {
        let mut best = (0.0, Self::default());
        for range in accept.flat_map(|header| header.split(',')) {
            let (amount, quality) = range_of(range);
            if let Some(amount) = amount
                && quality > best.0
            {
                best = (quality, amount);
            }
        }
        best.1
    }

    /// Reads the option `$format` of a query string, which goes before every header; `None` where there is none.
    ///
    /// # Errors
    /// 406 for a format other than JSON.
    pub fn of_query(query: &str) -> Result<Option<Self>, PublicError> {
        // Most requests have no such option, and the doors say what is wrong with the others.
        if !query.to_ascii_lowercase().contains("format") {
            return Ok(None);
        }
        let options = pairs(query)?;
        let Some((_, _, value)) = options.iter().rfind(|(_, name, _)| name == "format") else {
            return Ok(None);
        };
        let essence = value.split(';').next().unwrap_or_default().trim();
        if !["json", "application/json"]
            .iter()
            .any(|json| json.eq_ignore_ascii_case(essence))
        {
            let mut refusal = PublicError::new(
                ErrorCode::BadRequest,
                format!(
                    "Invalid value {} for $format: answers are `json` or `application/json`, with `odata.metadata=none`, `minimal` or `full`.",
                    shown(value)
                ),
            );
            refusal.status = 406;
            refusal.target = Some("$format".to_owned());
            return Err(refusal);
        }
        Ok(Some(range_of(value).0.unwrap_or_default()))
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

/// What a media type says about the amount, and how much it is liked.
fn range_of(range: &str) -> (Option<Metadata>, f32) {
    let (mut amount, mut quality) = (None, 1.0);
    for (name, value) in range.split(';').filter_map(|part| part.split_once('=')) {
        let value = value.trim().trim_matches('"');
        match name.trim().to_ascii_lowercase().as_str() {
            "odata.metadata" | "metadata" => amount = Metadata::parse(value),
            "q" => quality = value.parse().unwrap_or(1.0),
            _ => {}
        }
    }
    (amount, quality)
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
            let read = Metadata::read(accept.split('|'));
            assert_eq!(read, expect, "{accept}");
        };
        check("", Metadata::Minimal);
        check("*/*", Metadata::Minimal);
        check("application/json", Metadata::Minimal);
        check("application/json;q=1", Metadata::Minimal);
        check("application/json;odata.metadata=none", Metadata::None);
        check("application/json; ODATA.metadata=\"None\"", Metadata::None);
        check("text/plain, application/json;metadata=full", Metadata::Full);
        check("application/json;odata.metadata=some", Metadata::Minimal);
        check(
            "application/json;odata.metadata=none;q=0.1, application/json;odata.metadata=full;q=0.2",
            Metadata::Full,
        );
        check(
            "application/json;odata.metadata=none;q=0",
            Metadata::Minimal,
        );
        check("*/*|application/json;odata.metadata=none", Metadata::None);
    }

    #[test]
    fn format_is_read() {
        let check = |query: &str, expect: Option<Metadata>| {
            assert_eq!(Metadata::of_query(query).unwrap(), expect, "{query}");
        };
        check("$top=1", None);
        check("$filter=name eq 'format=xml'", None);
        check("$format=json", Some(Metadata::Minimal));
        check(
            "%24Format=application/json;odata.metadata=none",
            Some(Metadata::None),
        );
        check(
            "format=application%2Fjson%3Bmetadata%3Dfull&$top=1",
            Some(Metadata::Full),
        );
        for format in ["xml", "atom", "", "application/xml"] {
            let refusal = Metadata::of_query(&format!("$format={format}")).unwrap_err();
            assert_eq!(
                (refusal.status, refusal.target.as_deref()),
                (406, Some("$format"))
            );
        }
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
