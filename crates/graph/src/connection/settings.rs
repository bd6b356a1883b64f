//! `activitySettings`, `searchSettings` and `complianceSettings` of a connection.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/externalconnectors-searchsettings>

use serde_json::{Map, Value, json};

use super::resolver::resolver;
use crate::{
    card,
    error::PublicError,
    generous::{
        Object, array, choice, member, object, quoted, refused, text, texts, unknown_members,
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
    let templates = templates(target, value, Some(RESULT_TEMPLATES_MAX), ignored)?;
    Ok(json!({"searchResultTemplates": templates}))
}

/// `{eDiscoveryResultTemplates}`; no number is published.
pub(super) fn compliance_settings(
    value: &Value,
    ignored: &mut Vec<String>,
) -> Result<Value, PublicError> {
    let target = "complianceSettings.eDiscoveryResultTemplates";
    let templates = templates(target, value, None, ignored)?;
    Ok(json!({"eDiscoveryResultTemplates": templates}))
}

/// The list of templates; `target` is the settings' name and the list's name.
fn templates(
    target: &str,
    value: &Value,
    count_max: Option<usize>,
    ignored: &mut Vec<String>,
) -> Result<Vec<Value>, PublicError> {
    let (outer, list) = target.split_once('.').unwrap_or((target, target));
    let settings = object(outer, value)?;
    note(outer, settings, &[list], ignored);
    let entries = entries(target, member(settings, list))?;
    if let Some(count_max) = count_max {
        at_most(target, entries, count_max)?;
    }
    let mut templates: Vec<Value> = Vec::with_capacity(entries.len());
    for (place, entry) in numbered(target, entries) {
        let template = display_template(&place, entry, ignored)?;
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
    card::check_at(&format!("{target}.layout"), layout)?;
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
    let property = text(format!("{target}.property"), required("property"))?;
    let operation = choice(
        format!("{target}.operation"),
        required("operation"),
        &RULE_OPERATIONS.map(|name| (name, name)),
    )?;
    let values = member(sent, "values")
        .map(|values| texts(format!("{target}.values"), values))
        .transpose()?
        .unwrap_or_default();
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
