//! `/external/connections/{id}/items/{id}`: holding a draft against the schema.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/externalconnectors-externalconnection-put-items>

use serde_json::Value as Json;

use super::{ExternalItem, ItemDraft};
use crate::{
    error::PublicError,
    generous::{Object, is_annotation, malformed, near, quoted, refused, shown},
    id::ItemId,
    limits::SCHEMA_PROPERTIES_MAX,
    schema::Schema,
    value::Value,
};

/// The end of the annotations that say a property's type; OData 4.01 drops `odata.`.
const TYPE_SUFFIXES: [&str; 2] = ["@odata.type", "@type"];

impl Schema {
    /// The only door from what was said to what is accepted: members the draft does not name are kept from `existing`.
    ///
    /// # Errors
    /// 400 naming the property, the value, the rule and the fix.
    pub fn admit(
        &self,
        id: ItemId,
        draft: &ItemDraft,
        existing: Option<&ExternalItem>,
    ) -> Result<ExternalItem, PublicError> {
        let acl = match (&draft.acl, existing) {
            (Some(acl), _) => acl.clone(),
            (None, Some(existing)) => existing.acl.clone(),
            (None, None) => {
                return Err(refused(
                    "acl",
                    "A new item needs acl, the list of who may see it; an empty list means nobody.",
                ));
            }
        };
        let properties = match (&draft.properties, existing) {
            (Some(said), existing) => self.admit_properties(said, existing.is_none())?,
            (None, Some(existing)) => existing.properties.clone(),
            (None, None) => return Err(no_properties()),
        };
        let content = match &draft.content {
            Some(content) => content.clone(),
            None => existing.and_then(|it| it.content.clone()),
        };
        let sensitivity_label_id = match &draft.sensitivity_label_id {
            Some(label) => label.clone(),
            None => existing.and_then(|it| it.sensitivity_label_id.clone()),
        };
        Ok(ExternalItem {
            id,
            acl,
            properties,
            content,
            sensitivity_label_id,
        })
    }

    /// Every member is declared, has its declared type and comes once; `properties` replaces the former ones whole.
    fn admit_properties(
        &self,
        said: &Object,
        is_new: bool,
    ) -> Result<Vec<(String, Value)>, PublicError> {
        let annotations = type_annotations(said);
        let mut seen = [false; SCHEMA_PROPERTIES_MAX];
        let mut properties = Vec::with_capacity(said.len().min(self.properties.len()));
        let mut is_empty = true;
        for (name, json) in said.iter().filter(|(name, _)| !is_annotation(name)) {
            is_empty = false;
            let position = self.position(name).ok_or_else(|| self.unknown(name))?;
            let property = &self.properties[position];
            // A kept schema has 128 properties at most, but this must not rest on that.
            if let Some(seen) = seen.get_mut(position)
                && std::mem::replace(seen, true)
            {
                return Err(refused(
                    format_args!("properties.{}", property.name),
                    format!(
                        "Property `{}` comes twice, in different spellings; \
                         names are compared without case: send it once.",
                        property.name
                    ),
                ));
            }
            let annotation = annotation_of(name, &annotations)?;
            if let Some(value) = Value::read(property, json, annotation)? {
                properties.push((property.name.clone(), value));
            }
        }
        if is_new && is_empty {
            return Err(no_properties());
        }
        Ok(properties)
    }

    fn unknown(&self, name: &str) -> PublicError {
        let names = || {
            self.properties
                .iter()
                .map(|property| property.name.as_str())
        };
        let meant = near(name, names());
        let hint = if meant.is_empty() {
            let some: Vec<&str> = names().take(10).collect();
            let more = if self.properties.len() > some.len() {
                ", …"
            } else {
                ""
            };
            format!("the schema has {}{more}.", some.join(", "))
        } else {
            format!("did you mean {}?", meant.join(", "))
        };
        let help = format!(
            "Property {} is not in the schema; {hint} Add it to the schema first, or leave it out.",
            shown(name),
        );
        // The name is the client's own and may be of any length.
        let start: String = name.chars().take(64).collect();
        refused(format_args!("properties.{start}"), help)
    }
}

fn no_properties() -> PublicError {
    refused(
        "properties",
        "A new item needs properties with at least one member, as the schema declares them.",
    )
}

/// The annotations about types, by the name they are about.
fn type_annotations(said: &Object) -> Vec<(&str, &Json)> {
    said.iter()
        .filter_map(|(key, value)| {
            let name = TYPE_SUFFIXES
                .iter()
                .find_map(|suffix| key.strip_suffix(suffix))?;
            // A type without a name is about `properties` itself.
            (!name.is_empty()).then_some((name, value))
        })
        .collect()
}

fn annotation_of<'a>(
    name: &str,
    annotations: &[(&str, &'a Json)],
) -> Result<Option<&'a str>, PublicError> {
    match annotations
        .iter()
        .find(|(about, _)| about.eq_ignore_ascii_case(name))
    {
        None | Some((_, Json::Null)) => Ok(None),
        Some((_, Json::String(annotation))) => Ok(Some(annotation)),
        Some((about, other)) => Err(malformed(
            format_args!("properties.{about}@odata.type"),
            format!(
                "`{about}@odata.type` must be a string such as `Collection(String)`, not {}.",
                quoted(other)
            ),
        )),
    }
}
