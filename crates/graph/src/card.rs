//! `searchSettings.searchResultTemplates[].layout`: is it an Adaptive Card?
//!
//! Documentation: <https://adaptivecards.io/explorer/AdaptiveCard.html>

mod bindings;
mod language;

use std::sync::LazyLock;

use jsonschema::{
    Draft, ValidationError, ValidationOptions, Validator,
    error::{TypeKind, ValidationErrorKind},
};
use serde_json::{Value, json};

pub use self::{bindings::bindings, language::Language};
use crate::{
    error::PublicError,
    generous::{object, quoted, refused, shown},
};

/// Microsoft's published schema of Adaptive Cards; origin and licence are in `NOTICE`.
const PUBLISHED: &str = include_str!("../data/adaptive-card.schema.json");

/// Built once each: the schema has some seventy definitions.
static SEARCH: LazyLock<Validator> = LazyLock::new(|| validator(Language::Search));
static E_DISCOVERY: LazyLock<Validator> = LazyLock::new(|| validator(Language::EDiscovery));

fn validator(language: Language) -> Validator {
    options()
        .build(&schema(language))
        .expect("the schema file is a JSON schema")
}

fn options() -> ValidationOptions<'static> {
    jsonschema::options()
        .with_draft(Draft::Draft7)
        // An address such as `{iconUrl}` is no URI before it is bound.
        .should_validate_formats(false)
}

fn schema(language: Language) -> Value {
    let published = serde_json::from_str(PUBLISHED).expect("the schema file is JSON");
    templating(published, language.opening())
}

/// Is this layout an Adaptive Card, perhaps one with placeholders?
///
/// The live service creates the connection and answers 503 to a broken card; here nothing is
/// created (`contract/external.md` §3). A layout that wraps the card in a `default` member is
/// accepted, because a published connector sends one.
///
/// # Errors
/// 400 naming the place below `target`, the value there, and what is allowed.
pub fn check_at(target: &str, layout: &Value, language: Language) -> Result<(), PublicError> {
    let members = object(target, layout)?;
    match members.get("default") {
        Some(wrapped) if !members.contains_key("type") => {
            let target = format!("{target}.default");
            object(&target, wrapped)?;
            check_card(&target, wrapped, language)
        }
        _ => check_card(target, layout, language),
    }
}

fn check_card(target: &str, card: &Value, language: Language) -> Result<(), PublicError> {
    let kind = &card["type"];
    if kind.as_str() != Some("AdaptiveCard") {
        let help = format!(
            "{target}.type is {}; a layout is an Adaptive Card, so it must be \"AdaptiveCard\".",
            quoted(kind)
        );
        return Err(refused(format_args!("{target}.type"), help));
    }
    let version = &card["version"];
    if let Err(wanted) = language.knows(version.as_str().unwrap_or_default()) {
        let help = format!(
            "{target}.version is {}; it must be {wanted}.",
            quoted(version)
        );
        return Err(refused(format_args!("{target}.version"), help));
    }
    if let Some(place) = language.misused(target, card) {
        let help = format!(
            "{place} has a placeholder like ${{title}}; templates for eDiscovery write {{title}}."
        );
        return Err(refused(place, help));
    }
    let validator = match language {
        Language::Search => &SEARCH,
        Language::EDiscovery => &E_DISCOVERY,
    };
    validator
        .validate(card)
        .map_err(|error| Fault::of(&error).refuse(target))
}

/// What is wrong, where, and what would be right.
struct Fault {
    place: String,
    problem: String,
}

impl Fault {
    fn of(error: &ValidationError<'_>) -> Self {
        let place = dotted(error.instance_path().as_str());
        let problem = match error.kind() {
            ValidationErrorKind::AnyOf { context } => {
                return Self::of_choice(error, context);
            }
            ValidationErrorKind::Required { property } => {
                let name = property.as_str().unwrap_or_default();
                format!("lacks the member {}, which must be there", shown(name))
            }
            ValidationErrorKind::Enum { options } => {
                format!(
                    "is {}; it must be one of: {}",
                    quoted(error.instance()),
                    listed(options)
                )
            }
            ValidationErrorKind::Type { kind } => {
                let expected = types(kind);
                format!(
                    "is {}; it must be of JSON type {expected}",
                    quoted(error.instance())
                )
            }
            _ => format!("is {}; {error}", quoted(error.instance())),
        };
        Self { place, problem }
    }

    /// None of several schemas fits: the deepest complaint is the most telling one, and an
    /// enumeration lists what is allowed.
    fn of_choice(error: &ValidationError<'_>, context: &[Vec<ValidationError<'static>>]) -> Self {
        let depth =
            |error: &ValidationError<'_>| error.instance_path().as_str().matches('/').count();
        let complaints = || context.iter().flatten();
        let deepest = complaints().max_by_key(|complaint| depth(complaint));
        let listing = complaints().find_map(listing);
        match (deepest, listing) {
            (Some(deepest), _) if depth(deepest) > depth(error) => Self::of(deepest),
            (_, Some(listing)) | (Some(listing), None) => Self::of(listing),
            (None, None) => Self {
                place: dotted(error.instance_path().as_str()),
                problem: format!("is {}, which is not allowed", quoted(error.instance())),
            },
        }
    }

    fn refuse(self, target: &str) -> PublicError {
        let place = format!("{target}{}", self.place);
        let help = format!("{place} {} by the Adaptive Card schema.", self.problem);
        refused(place, help)
    }
}

/// The complaint that lists what is allowed, be it inside another choice.
fn listing<'a>(complaint: &'a ValidationError<'static>) -> Option<&'a ValidationError<'static>> {
    match complaint.kind() {
        ValidationErrorKind::Enum { .. } => Some(complaint),
        ValidationErrorKind::AnyOf { context } => context.iter().flatten().find_map(listing),
        _ => None,
    }
}

fn listed(options: &Value) -> String {
    let names = options.as_array().map(Vec::as_slice).unwrap_or_default();
    names.iter().map(quoted).collect::<Vec<String>>().join(", ")
}

fn types(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(kind) => kind.to_string(),
        TypeKind::Multiple(kinds) => {
            let names: Vec<String> = kinds.iter().map(|kind| kind.to_string()).collect();
            names.join(" or ")
        }
    }
}

/// `/body/0/text` as `.body[0].text`.
fn dotted(pointer: &str) -> String {
    pointer
        .split('/')
        .skip(1)
        .map(|step| step.replace("~1", "/").replace("~0", "~"))
        .map(|step| {
            if step.parse::<usize>().is_ok() {
                format!("[{step}]")
            } else {
                format!(".{step}")
            }
        })
        .collect()
}

/// The published schema as it applies to a *template* of a card.
///
/// Three things change. A text with a placeholder, known by its opening, may stand for any value. Members that a
/// type does not know are left alone: `$when` and `$data` belong to templates, and most cards that
/// designers export have members that are younger than the schema, which renderers skip. A choice
/// between elements is made by `type` first, so that a fault is reported where it is, and so that
/// no card can make the check slow by nesting.
fn templating(mut published: Value, opening: &str) -> Value {
    if let Some(definitions) = published
        .get_mut("definitions")
        .and_then(Value::as_object_mut)
    {
        for (name, definition) in definitions.iter_mut() {
            if name.starts_with("ImplementationsOf.") {
                *definition = by_type(definition, opening);
            } else {
                relax(definition, opening);
            }
        }
    }
    // The draft has to be one that knows `if`.
    published["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    published
}

/// Makes a schema tolerate placeholders in the values below it.
fn relax(schema: &mut Value, opening: &str) {
    by_shape(schema);
    let Value::Object(keywords) = schema else {
        return;
    };
    if keywords.get("additionalProperties") == Some(&Value::Bool(false)) {
        keywords.remove("additionalProperties");
    }
    if let Some(Value::Object(properties)) = keywords.get_mut("properties") {
        for property in properties.values_mut() {
            relax_value(property, opening);
        }
    }
    if let Some(items) = keywords.get_mut("items") {
        relax_value(items, opening);
    }
    for keyword in ["anyOf", "allOf"] {
        if let Some(Value::Array(schemas)) = keywords.get_mut(keyword) {
            schemas.iter_mut().for_each(|it| relax(it, opening));
        }
    }
}

/// A value may be what the schema says, or a text with a placeholder.
fn relax_value(schema: &mut Value, opening: &str) {
    relax(schema, opening);
    let strict = std::mem::take(schema);
    *schema = json!({
        "if": {"type": "string", "pattern": opening},
        "then": true,
        "else": strict
    });
}

/// `anyOf` an object's definition and something that is no object becomes a question about the shape.
fn by_shape(schema: &mut Value) {
    let Some([first, second]) = schema
        .get("anyOf")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
    else {
        return;
    };
    if first.get("$ref").is_some() && second.get("type") != Some(&json!("null")) {
        *schema = json!({"if": {"type": "object"}, "then": first, "else": second});
    }
}

/// A choice between elements becomes a question about `type`.
fn by_type(schema: &Value, opening: &str) -> Value {
    let branches: Vec<(&str, &Value)> = schema["anyOf"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|branch| {
            let target = &branch["allOf"][0];
            let name = target["$ref"].as_str()?.strip_prefix("#/definitions/")?;
            Some((name, target))
        })
        .collect();
    let mut names: Vec<&str> = branches.iter().map(|(name, _)| *name).collect();
    names.dedup();
    let choices: Vec<Value> = branches
        .iter()
        .map(|(name, target)| {
            let of_type = json!({"required": ["type"], "properties": {"type": {"enum": [name]}}});
            json!({"if": of_type, "then": target})
        })
        .collect();
    // A plain text is a run of text; its own definition knows that.
    if names == ["TextRun"] {
        return json!({"required": ["type"], "allOf": [branches[0].1]});
    }
    let mut kind = json!({"enum": names});
    relax_value(&mut kind, opening);
    json!({
        "type": "object",
        "required": ["type"],
        "properties": {"type": kind},
        "allOf": choices
    })
}

#[cfg(test)]
#[path = "card_tests.rs"]
mod tests;
