//! `activitySettings`, `searchSettings` and `complianceSettings` of a connection.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/externalconnectors-searchsettings>

use serde_json::{Map, Value, json};

use super::resolver::resolver;
use crate::{
    card::{self, Language},
    error::PublicError,
    generous::{
        Object, array, choice, member, object, quoted, refused, shown, text, texts, unknown_members,
    },
    limits::{RESULT_TEMPLATE_ID_CHARS_MAX, RESULT_TEMPLATES_MAX, URL_RESOLVERS_MAX},
    odata::integer,
};

/// `ruleOperation`; `null` is the name of a member, a JSON string.
const RULE_OPERATIONS: [&str; 8] = [
    "null",
    "equals",
    "notEquals",
    "contains",
    "notContains",
    "lessThan",
    "greaterThan",
    "startsWith",
];

/// `binaryOperator`.
const BINARY_OPERATORS: [&str; 2] = ["or", "and"];

/// `{urlToItemResolvers}`, at most 8.
pub(super) fn activity_settings(
    value: &Value,
    ignored: &mut Vec<String>,
) -> Result<Value, PublicError> {
    let target = "activitySettings";
    let settings = object(target, value)?;
    note(target, settings, &["urlToItemResolvers"], ignored);
    let target = "activitySettings.urlToItemResolvers";
    let entries = entries(target, member(settings, "urlToItemResolvers"))?;
    at_most(target, entries, URL_RESOLVERS_MAX)?;
    let resolvers: Vec<Value> = numbered(target, entries)
        .map(|(target, entry)| resolver(&target, entry, ignored))
        .collect::<Result<_, _>>()?;
    Ok(json!({"urlToItemResolvers": resolvers}))
}

/// `{searchResultTemplates}`, at most 2.
pub(super) fn search_settings(
    value: &Value,
    ignored: &mut Vec<String>,
) -> Result<Value, PublicError> {
    let target = "searchSettings.searchResultTemplates";
    let sent = templates(target, value, ignored)?;
    at_most(target, sent, RESULT_TEMPLATES_MAX)?;
    let templates = display_templates(target, sent, Language::Search, ignored)?;
    Ok(json!({"searchResultTemplates": templates}))
}

/// `{eDiscoveryResultTemplates}`; no number is published.
pub(super) fn compliance_settings(
    value: &Value,
    ignored: &mut Vec<String>,
) -> Result<Value, PublicError> {
    let target = "complianceSettings.eDiscoveryResultTemplates";
    let sent = templates(target, value, ignored)?;
    let templates = display_templates(target, sent, Language::EDiscovery, ignored)?;
    Ok(json!({"eDiscoveryResultTemplates": templates}))
}

/// The list of templates; `target` is the settings' name and the list's name.
fn templates<'a>(
    target: &str,
    value: &'a Value,
    ignored: &mut Vec<String>,
) -> Result<&'a [Value], PublicError> {
    let (outer, list) = target.split_once('.').unwrap_or((target, target));
    let settings = object(outer, value)?;
    note(outer, settings, &[list], ignored);
    entries(target, member(settings, list))
}

fn display_templates(
    target: &str,
    sent: &[Value],
    language: Language,
    ignored: &mut Vec<String>,
) -> Result<Vec<Value>, PublicError> {
    let mut templates: Vec<Value> = Vec::with_capacity(sent.len());
    for (place, entry) in numbered(target, sent) {
        let template = display_template(&place, entry, language, ignored)?;
        if templates.iter().any(|other| other["id"] == template["id"]) {
            let id = quoted(&template["id"]);
            let help =
                format!("{place}.id is {id}, like that of an earlier template; ids must differ.");
            return Err(refused(format_args!("{place}.id"), help));
        }
        templates.push(template);
    }
    Ok(templates)
}

fn display_template(
    target: &str,
    value: &Value,
    language: Language,
    ignored: &mut Vec<String>,
) -> Result<Value, PublicError> {
    let sent = object(target, value)?;
    note(
        target,
        sent,
        &["id", "priority", "rules", "layout"],
        ignored,
    );
    let mut template = Map::new();
    template.insert("id".to_owned(), template_id(target, sent)?);
    if let Some(priority) = member(sent, "priority") {
        let priority = integer(
            format!("{target}.priority"),
            priority,
            0..=i64::from(i32::MAX),
        )?;
        template.insert("priority".to_owned(), json!(priority));
    }
    let place = format!("{target}.rules");
    let rules: Vec<Value> = numbered(&place, entries(&place, member(sent, "rules"))?)
        .map(|(place, rule)| property_rule(&place, rule, ignored))
        .collect::<Result<_, _>>()?;
    template.insert("rules".to_owned(), json!(rules));
    let layout = member(sent, "layout").unwrap_or(&Value::Null);
    card::check_at(&format!("{target}.layout"), layout, language)?;
    template.insert("layout".to_owned(), layout.clone());
    Ok(Value::Object(template))
}

fn template_id(target: &str, template: &Object) -> Result<Value, PublicError> {
    let place = format!("{target}.id");
    let sent = member(template, "id").unwrap_or(&Value::Null);
    let accepted = sent.as_str().is_some_and(|id| {
        (1..=RESULT_TEMPLATE_ID_CHARS_MAX).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    if accepted {
        return Ok(sent.clone());
    }
    let help = format!(
        "{place} is {}; it must be 1 to {RESULT_TEMPLATE_ID_CHARS_MAX} letters and digits.",
        quoted(sent)
    );
    Err(refused(place, help))
}

fn property_rule(
    target: &str,
    value: &Value,
    ignored: &mut Vec<String>,
) -> Result<Value, PublicError> {
    let sent = object(target, value)?;
    note(
        target,
        sent,
        &["property", "operation", "values", "valuesJoinedBy"],
        ignored,
    );
    let required = |name: &str| member(sent, name).unwrap_or(&Value::Null);
    let place = format!("{target}.property");
    let property = text(&place, required("property"))?;
    if property.trim().is_empty() {
        let help = format!(
            "{place} is {}; it must be the name of a property of the schema.",
            shown(property)
        );
        return Err(refused(place, help));
    }
    let operation = choice(
        format!("{target}.operation"),
        required("operation"),
        &RULE_OPERATIONS.map(|name| (name, name)),
    )?;
    let values = member(sent, "values")
        .map(|values| texts(format!("{target}.values"), values))
        .transpose()?
        .unwrap_or_default();
    if values.is_empty() && operation != "null" {
        let place = format!("{target}.values");
        let help = format!(
            "{place} is empty or missing; the operation {operation} compares with at least one value, such as [\"open\"]."
        );
        return Err(refused(place, help));
    }
    let joined = member(sent, "valuesJoinedBy")
        .map(|value| {
            choice(
                format!("{target}.valuesJoinedBy"),
                value,
                &BINARY_OPERATORS.map(|name| (name, name)),
            )
        })
        .transpose()?
        .unwrap_or("or");
    Ok(json!({
        "property": property,
        "operation": operation,
        "values": values,
        "valuesJoinedBy": joined,
    }))
}

/// The entries of a list; a list that is absent or null is empty.
fn entries<'a>(target: &str, list: Option<&'a Value>) -> Result<&'a [Value], PublicError> {
    list.map_or(Ok(&[]), |list| array(target, list).map(Vec::as_slice))
}

/// Each entry with its place, such as `searchSettings.searchResultTemplates[1]`.
fn numbered<'a>(target: &str, entries: &'a [Value]) -> impl Iterator<Item = (String, &'a Value)> {
    entries
        .iter()
        .enumerate()
        .map(move |(at, entry)| (format!("{target}[{at}]"), entry))
}

fn at_most(target: &str, entries: &[Value], count_max: usize) -> Result<(), PublicError> {
    if entries.len() <= count_max {
        return Ok(());
    }
    let help = format!(
        "{target} has {} entries; at most {count_max} are allowed.",
        entries.len()
    );
    Err(refused(target, help))
}

/// Notes the members that nobody knows.
pub(super) fn note(target: &str, sent: &Object, known: &[&str], ignored: &mut Vec<String>) {
    for name in unknown_members(sent, known) {
        ignored.push(format!("{target}.{name}"));
    }
}
