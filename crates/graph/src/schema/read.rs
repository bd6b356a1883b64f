//! `/external/connections/{id}/schema`: reading what a client said.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/externalconnectors-externalconnection-patch-schema>

use serde_json::Value;

use super::{BASE_TYPE, Label, PROPERTY_TYPES, Property, Schema, SchemaDraft, rules};
use crate::{
    error::PublicError,
    generous::{self, Object, choice, member, near, refused, shown},
    known::Known,
    limits::{
        PROPERTY_ALIAS_CHARS_MAX, PROPERTY_DESCRIPTION_CHARS_MAX, PROPERTY_NAME_CHARS_MAX,
        SCHEMA_PROPERTIES_MAX, SCHEMA_PROPERTIES_MIN,
    },
};

/// Spellings of the base type that pages and clients use, without case.
const BASE_TYPES: [&str; 3] = [
    BASE_TYPE,
    "microsoft.graph.externalConnectors.externalItem",
    "microsoft.graph.externalConnector.externalItem",
];

const MEMBERS: Known = Known {
    members: &["baseType", "properties", "id"],
    older: &[],
    below: &[("properties", &PROPERTY)],
};

const PROPERTY: Known = Known {
    members: &[
        "name",
        "type",
        "description",
        "isSearchable",
        "isQueryable",
        "isRetrievable",
        "isRefinable",
        "isExactMatchRequired",
        "rankingHint",
        "aliases",
        "labels",
    ],
    older: &[],
    below: &[("rankingHint", &Known::flat(&["importanceScore"]))],
};

const IMPORTANCE_SCORES: [(&str, &str); 4] = [
    ("low", "low"),
    ("medium", "medium"),
    ("high", "high"),
    ("veryHigh", "veryHigh"),
];

impl SchemaDraft {
    /// Reads a PATCH or POST body and checks every rule of `contract/external.md` §4.2 and §5.
    ///
    /// # Errors
    /// 400 naming the property, the value, the rule and the fix.
    pub fn read(sent: &Value) -> Result<Self, PublicError> {
        let body = generous::object("schema", sent)?;
        read_base_type(body)?;
        let Some(entries) = member(body, "properties") else {
            return Err(refused(
                "properties",
                "The schema has no properties; send the whole list, also when only one changes.",
            ));
        };
        let entries = generous::array("properties", entries)?;
        if !(SCHEMA_PROPERTIES_MIN..=SCHEMA_PROPERTIES_MAX).contains(&entries.len()) {
            return Err(refused(
                "properties",
                format!(
                    "The schema has {} properties; {SCHEMA_PROPERTIES_MIN} to {SCHEMA_PROPERTIES_MAX} are allowed.",
                    entries.len()
                ),
            ));
        }
        let mut properties = Vec::with_capacity(entries.len());
        for (at, entry) in entries.iter().enumerate() {
            let entry = generous::object(format_args!("properties[{at}]"), entry)?;
            properties.push(read_property(at, entry)?);
        }
        let schema = Schema {
            base_type: BASE_TYPE.to_owned(),
            properties,
        };
        rules::check(&schema)?;
        Ok(Self {
            schema,
            ignored: MEMBERS.unknown(sent, true),
        })
    }
}

fn read_base_type(body: &Object) -> Result<(), PublicError> {
    let Some(sent) = generous::text_member(body, "baseType")? else {
        return Err(refused(
            "baseType",
            format!("The schema has no baseType; send `{BASE_TYPE}`."),
        ));
    };
    let bare = sent.trim().trim_start_matches('#');
    if BASE_TYPES
        .iter()
        .any(|name| name.eq_ignore_ascii_case(bare))
    {
        return Ok(());
    }
    Err(refused(
        "baseType",
        format!("baseType is {}; it must be `{BASE_TYPE}`.", shown(sent)),
    ))
}

fn read_property(at: usize, entry: &Object) -> Result<Property, PublicError> {
    let at_name = format_args!("properties[{at}].name");
    let name = member(entry, "name").ok_or_else(|| {
        let help = format!("properties[{at}] has no name; every property needs name and type.");
        refused(at_name, help)
    })?;
    let name = generous::text(at_name, name)?;
    check_name(at_name, name, PROPERTY_NAME_CHARS_MAX)?;
    let target = |part: &str| format!("properties.{name}.{part}");
    let kind = member(entry, "type").ok_or_else(|| {
        let help = format!("Property `{name}` has no type; every property needs name and type.");
        refused(target("type"), help)
    })?;
    let kind = choice(
        format_args!("properties.{name}.type"),
        kind,
        &PROPERTY_TYPES,
    )?;
    let flag = |flag: &str| match member(entry, flag) {
        Some(value) => generous::boolean(format_args!("properties.{name}.{flag}"), value),
        None => Ok(false),
    };
    Ok(Property {
        kind,
        description: read_description(name, entry)?,
        is_searchable: flag("isSearchable")?,
        is_queryable: flag("isQueryable")?,
        is_retrievable: flag("isRetrievable")?,
        is_refinable: flag("isRefinable")?,
        is_exact_match_required: flag("isExactMatchRequired")?,
        importance_score: read_ranking_hint(name, entry)?,
        labels: read_labels(name, entry)?,
        aliases: read_aliases(name, entry)?,
        name: name.to_owned(),
    })
}

/// Names and aliases are letters and digits, which also excludes every character that pages forbid.
fn check_name(
    target: impl std::fmt::Display,
    name: &str,
    chars_max: usize,
) -> Result<(), PublicError> {
    let count = name.chars().count();
    if count == 0 || count > chars_max {
        let help = format!(
            "{target} {} has {count} characters; use 1 to {chars_max}.",
            shown(name)
        );
        return Err(refused(target, help));
    }
    if let Some(odd) = name.chars().find(|c| !c.is_ascii_alphanumeric()) {
        let help = format!(
            "{target} {} holds {}; use the letters A to Z, a to z and digits only.",
            shown(name),
            shown(&odd.to_string())
        );
        return Err(refused(target, help));
    }
    Ok(())
}

fn read_description(name: &str, entry: &Object) -> Result<Option<String>, PublicError> {
    let Some(value) = member(entry, "description") else {
        return Ok(None);
    };
    let target = format_args!("properties.{name}.description");
    let text = generous::text(target, value)?;
    let count = text.chars().count();
    if count > PROPERTY_DESCRIPTION_CHARS_MAX {
        return Err(refused(
            target,
            format!(
                "The description of property `{name}` has {count} characters; \
                 use {PROPERTY_DESCRIPTION_CHARS_MAX} at most."
            ),
        ));
    }
    Ok(Some(text.to_owned()))
}

fn read_ranking_hint(name: &str, entry: &Object) -> Result<Option<String>, PublicError> {
    let Some(hint) = member(entry, "rankingHint") else {
        return Ok(None);
    };
    let target = format_args!("properties.{name}.rankingHint");
    let hint = generous::object(target, hint)?;
    let Some(score) = member(hint, "importanceScore") else {
        return Err(refused(
            target,
            format!(
                "The rankingHint of property `{name}` has no importanceScore; \
                 send low, medium, high or veryHigh, or leave rankingHint out."
            ),
        ));
    };
    let target = format_args!("properties.{name}.rankingHint.importanceScore");
    choice(target, score, &IMPORTANCE_SCORES).map(|score| Some(score.to_owned()))
}

fn read_labels(name: &str, entry: &Object) -> Result<Vec<Label>, PublicError> {
    let Some(value) = member(entry, "labels") else {
        return Ok(Vec::new());
    };
    let target = format_args!("properties.{name}.labels");
    generous::texts(target, value)?
        .iter()
        .map(|text| {
            Label::parse(text).ok_or_else(|| {
                let meant = near(text, Label::names());
                let fix = if meant.is_empty() {
                    let all: Vec<&str> = Label::names().collect();
                    format!("use one of {}.", all.join(", "))
                } else {
                    format!("did you mean {}?", meant.join(", "))
                };
                refused(
                    target,
                    format!(
                        "Property `{name}` has the label {}, which does not exist; {fix}",
                        shown(text)
                    ),
                )
            })
        })
        .collect()
}

fn read_aliases(name: &str, entry: &Object) -> Result<Vec<String>, PublicError> {
    let Some(value) = member(entry, "aliases") else {
        return Ok(Vec::new());
    };
    let aliases = generous::texts(format_args!("properties.{name}.aliases"), value)?;
    for (at, alias) in aliases.iter().enumerate() {
        let target = format_args!("properties.{name}.aliases[{at}]");
        check_name(target, alias, PROPERTY_ALIAS_CHARS_MAX)?;
    }
    Ok(aliases)
}
