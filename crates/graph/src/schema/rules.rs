//! `/external/connections/{id}/schema`: the rules between flags, types, labels and names.
//!
//! Documentation: <https://learn.microsoft.com/graph/connecting-external-content-manage-schema>
//!
//! The numbers are those of `contract/external.md` §4.2. Rule 10 is advice ([`Schema::advice`]). Rule 11 is about
//! connections of people ([`ExternalConnection::admit_schema`](crate::ExternalConnection::admit_schema)); that no two
//! properties are `personAccount` follows from rule 6.

use std::collections::HashMap;

use super::{Label, Property, PropertyType, Schema};
use crate::{error::PublicError, generous::refused};

/// Checks all rules; the first broken one is told.
pub(super) fn check(schema: &Schema) -> Result<(), PublicError> {
    unique_names(schema)?;
    unique_labels(schema)?;
    schema.properties.iter().try_for_each(|property| {
        flags(property)?;
        labels(property)?;
        ranking_hint(property)
    })
}

/// Names and aliases are one name space, compared without case, because queries use them alike.
///
/// A property's own name among its aliases is superfluous, not ambiguous, and stays.
fn unique_names(schema: &Schema) -> Result<(), PublicError> {
    let mut owners: HashMap<String, &str> = HashMap::new();
    for Property { name, .. } in &schema.properties {
        if let Some(owner) = owners.insert(name.to_ascii_lowercase(), name) {
            return Err(refused(
                format!("properties.{name}.name"),
                format!(
                    "Two properties are called `{owner}` and `{name}`; names must differ in more than case."
                ),
            ));
        }
    }
    let mut taken: HashMap<String, &str> = HashMap::new();
    for Property { name, aliases, .. } in &schema.properties {
        for alias in aliases {
            let folded = alias.to_ascii_lowercase();
            if let Some(owner) = owners.get(&folded).filter(|owner| *owner != name) {
                return Err(refused(
                    format!("properties.{name}.aliases"),
                    format!(
                        "Alias `{alias}` of property `{name}` is the name of property `{owner}`; \
                         names and aliases must be unique in the schema, without case."
                    ),
                ));
            }
            if let Some(owner) = taken.insert(folded, name) {
                return Err(refused(
                    format!("properties.{name}.aliases"),
                    format!(
                        "Alias `{alias}` of property `{name}` is already an alias of property `{owner}`; \
                         names and aliases must be unique in the schema, without case."
                    ),
                ));
            }
        }
    }
    Ok(())
}

/// Rule 6: a label belongs to one property.
fn unique_labels(schema: &Schema) -> Result<(), PublicError> {
    let mut owners: HashMap<&Label, &str> = HashMap::new();
    for Property { name, labels, .. } in &schema.properties {
        for label in labels {
            if let Some(owner) = owners.insert(label, name) {
                return Err(refused(
                    format!("properties.{name}.labels"),
                    format!(
                        "Label {label} is given to property `{owner}` and again to `{name}`; \
                         one label belongs to one property, once."
                    ),
                ));
            }
        }
    }
    Ok(())
}

/// Rules 1 to 4 and 9: which flags go with which types and with each other.
fn flags(property: &Property) -> Result<(), PublicError> {
    let Property { name, kind, .. } = property;
    let broken = |flag: &str, help: String| Err(refused(format!("properties.{name}.{flag}"), help));
    if property.is_searchable && !kind.is_text() {
        return broken(
            "isSearchable",
            format!(
                "Property `{name}` is of type {kind} and isSearchable; only string and stringCollection \
                 can be searchable: set isSearchable to false, isQueryable may stay true."
            ),
        );
    }
    if property.is_refinable && property.is_searchable {
        return broken(
            "isRefinable",
            format!(
                "Property `{name}` is both isSearchable and isRefinable, which exclude each other; \
                 set one of them to false, or declare the text twice under two names."
            ),
        );
    }
    if property.is_refinable && kind.is_principal() {
        return broken(
            "isRefinable",
            format!(
                "Property `{name}` is of type {kind}, which cannot be refinable; set isRefinable to false."
            ),
        );
    }
    if property.is_exact_match_required && (!kind.is_text() || property.is_searchable) {
        return broken(
            "isExactMatchRequired",
            format!(
                "Property `{name}` has isExactMatchRequired, which only a string or stringCollection \
                 that is not searchable can have; this one is of type {kind}{}.",
                if property.is_searchable {
                    " and searchable"
                } else {
                    ""
                }
            ),
        );
    }
    Ok(())
}

/// Rules 5 and 7: a labelled property is retrievable, unless rule 11 makes the flag mean nothing, and of a type that fits.
fn labels(property: &Property) -> Result<(), PublicError> {
    let Property { name, kind, .. } = property;
    if let Some(first) = property.label_to_return()
        && !property.is_retrievable
    {
        return Err(refused(
            format!("properties.{name}.isRetrievable"),
            format!(
                "Property `{name}` carries the label {first} and must therefore be retrievable; \
                 set isRetrievable to true or take the label away."
            ),
        ));
    }
    for label in &property.labels {
        if !label.types().contains(kind) {
            let fitting: Vec<&str> = label
                .types()
                .iter()
                .map(|it| PropertyType::as_str(*it))
                .collect();
            return Err(refused(
                format!("properties.{name}.labels"),
                format!(
                    "Label {label} fits {}, but property `{name}` is of type {kind}; \
                     take the label away or declare a property of that type.",
                    fitting.join(" or ")
                ),
            ));
        }
    }
    Ok(())
}

/// Rule 8: ranking hints are for searchable text without label.
fn ranking_hint(property: &Property) -> Result<(), PublicError> {
    let Property { name, .. } = property;
    if property.importance_score.is_none()
        || (property.kind.is_text() && property.is_searchable && property.labels.is_empty())
    {
        return Ok(());
    }
    Err(refused(
        format!("properties.{name}.rankingHint"),
        format!(
            "Property `{name}` has a rankingHint, which only a searchable string or stringCollection \
             without labels can have; leave rankingHint out."
        ),
    ))
}
