//! The schema: labels, flags, other names and descriptions.

use graph::{Property, Schema};

use super::{
    Check,
    items::named,
    rules::{
        ALIASES, DESCRIPTIONS, LABEL_ICON_URL, LABEL_TITLE, LABEL_URL, LABELS_HELPFUL,
        LABELS_RETRIEVABLE, QUERYABLE, REFINABLE, Rule, SEARCHABLE,
    },
};

const HELPFUL: [&str; 3] = ["lastModifiedDateTime", "lastModifiedBy", "createdBy"];

pub(super) fn checks(schema: &Schema) -> Vec<Check> {
    let missing = |rule: &Rule| rule.failure("no property carries it");
    let icon = label(schema, "iconUrl", &LABEL_ICON_URL);
    vec![
        label(schema, "title", &LABEL_TITLE).unwrap_or_else(|| missing(&LABEL_TITLE)),
        label(schema, "url", &LABEL_URL).unwrap_or_else(|| missing(&LABEL_URL)),
        icon.unwrap_or_else(|| LABEL_ICON_URL.warning("no property carries it")),
        helpful(schema),
        retrievable(schema),
        flagged(&SEARCHABLE, schema.searchable())
            .unwrap_or_else(|| SEARCHABLE.failure("no property is")),
        flagged(&QUERYABLE, schema.queryable())
            .unwrap_or_else(|| QUERYABLE.warning("no property is")),
        flagged(&REFINABLE, schema.refinable())
            .unwrap_or_else(|| REFINABLE.warning("no property is")),
        aliases(schema),
        descriptions(schema),
    ]
}

/// The part of a connection that a property is.
fn part(name: &str) -> String {
    format!("schema/properties/{name}")
}

fn names<'s>(properties: impl Iterator<Item = &'s Property>) -> Vec<String> {
    properties.map(|property| property.name.clone()).collect()
}

/// A check that found these properties, if there are any.
fn flagged<'s>(rule: &Rule, properties: impl Iterator<Item = &'s Property>) -> Option<Check> {
    let names = names(properties);
    (!names.is_empty()).then(|| rule.pass(named(&names)))
}

fn label(schema: &Schema, label: &str, rule: &Rule) -> Option<Check> {
    let property = schema.labelled(label)?;
    Some(
        rule.pass(property.name.as_str())
            .about([part(&property.name)]),
    )
}

fn helpful(schema: &Schema) -> Check {
    let missing: Vec<String> = HELPFUL
        .into_iter()
        .filter(|label| schema.labelled(label).is_none())
        .map(str::to_owned)
        .collect();
    if missing.is_empty() {
        LABELS_HELPFUL.pass("all three")
    } else {
        LABELS_HELPFUL.warning(format!("missing: {}", named(&missing)))
    }
}

fn retrievable(schema: &Schema) -> Check {
    let labelled = || (schema.properties.iter()).filter(|it| it.label_to_return().is_some());
    let hidden = names(labelled().filter(|property| !property.is_retrievable));
    if !hidden.is_empty() {
        let parts: Vec<String> = hidden.iter().map(|name| part(name)).collect();
        return LABELS_RETRIEVABLE
            .failure(format!("not retrievable: {}", named(&hidden)))
            .about(parts);
    }
    match labelled().count() {
        0 => LABELS_RETRIEVABLE.unknown("no property carries a label that asks for it"),
        count => LABELS_RETRIEVABLE.pass(format!("all {count}")),
    }
}

fn aliases(schema: &Schema) -> Check {
    let queryable = schema.queryable().count();
    let with = schema
        .queryable()
        .filter(|it| !it.aliases.is_empty())
        .count();
    let found = format!("{with} of {queryable} queryable properties");
    match (queryable, with) {
        (0, _) => ALIASES.unknown("no property is queryable"),
        (_, 0) => ALIASES.warning(found),
        _ => ALIASES.pass(found),
    }
}

fn descriptions(schema: &Schema) -> Check {
    let used = || {
        let properties = schema.properties.iter();
        properties.filter(|it| it.is_queryable || !it.labels.is_empty())
    };
    let is_described = |property: &&Property| {
        let text = property.description.as_deref();
        text.is_some_and(|text| !text.trim().is_empty())
    };
    let without = names(used().filter(|property| !is_described(property)));
    let count = used().count();
    if count == 0 {
        DESCRIPTIONS.unknown("no property is queryable or labelled")
    } else if without.is_empty() {
        DESCRIPTIONS.pass(format!("all {count}"))
    } else {
        let parts: Vec<String> = without.iter().map(|name| part(name)).collect();
        DESCRIPTIONS
            .warning(format!(
                "{} of {count} have none: {}",
                without.len(),
                named(&without)
            ))
            .about(parts)
    }
}
