//! `POST /external/connections`, `PATCH /external/connections/{connection}`: what a client said.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/externalconnectors-external-post-connections>

use serde_json::{Map, Value, json};

use super::{CONTENT_CATEGORY_DEFAULT, ConnectionDraft, ConnectionPatch, settings};
use crate::{
    error::PublicError,
    generous::{
        Object, choice, member, object, quoted, refused, said, text, texts, unknown_members,
    },
    id::ConnectionId,
    limits::CONNECTION_NAME_CHARS_MAX,
};

/// The members that a client may set, besides `id` and `configuration`, in the order they are kept.
const SETTABLE: [&str; 8] = [
    "name",
    "description",
    "contentCategory",
    "activitySettings",
    "searchSettings",
    "connectorId",
    "enabledContentExperiences",
    "complianceSettings",
];

/// Every member that is read. What the type declares besides is ignored, whatever its JSON type, because documentation bodies send
/// placeholders.
const READ: [&str; 10] = [
    "id",
    "configuration",
    "name",
    "description",
    "contentCategory",
    "activitySettings",
    "searchSettings",
    "connectorId",
    "enabledContentExperiences",
    "complianceSettings",
];

/// `contentCategory`.
const CONTENT_CATEGORIES: [&str; 14] = [
    CONTENT_CATEGORY_DEFAULT,
    "knowledgeBase",
    "wikis",
    "fileRepository",
    "qna",
    "crm",
    "dashboard",
    "people",
    "media",
    "email",
    "messaging",
    "meetingTranscripts",
    "taskManagement",
    "learningManagement",
];

/// `contentExperienceType`.
const CONTENT_EXPERIENCES: [&str; 2] = ["search", "compliance"];

pub(super) fn draft(body: &Value) -> Result<ConnectionDraft, PublicError> {
    // An SDK that sends a model object for the second time sends `{}`.
    let nameless = || {
        let help = "The body must be a JSON object that holds at least name, the display name.";
        refused("name", help)
    };
    let Some(body) = body.as_object().filter(|body| !body.is_empty()) else {
        return Err(nameless());
    };
    let mut ignored = unknown_members(body, &READ);
    let id = member(body, "id")
        .map(|id| ConnectionId::admit(text("id", id)?))
        .transpose()?;
    let (named, used_authorized_apps) = configuration(body, &mut ignored)?;
    let mut members = members(body, &mut ignored)?;
    members.retain(|_, value| !value.is_null());
    if !members.contains_key("name") {
        return Err(nameless());
    }
    Ok(ConnectionDraft {
        id,
        authorized_app_ids: named.unwrap_or_default(),
        used_authorized_apps,
        members,
        ignored,
    })
}

pub(super) fn patch(id: &str, body: &Value) -> Result<ConnectionPatch, PublicError> {
    let body = object("externalConnection", body)?;
    let mut ignored = unknown_members(body, &READ);
    let is_another = |sent: &Value| {
        !sent
            .as_str()
            .is_some_and(|sent| sent.eq_ignore_ascii_case(id))
    };
    if member(body, "id").is_some_and(is_another) {
        ignored.push("id".to_owned());
    }
    let (authorized_app_ids, _) = configuration(body, &mut ignored)?;
    let mut members = members(body, &mut ignored)?;
    if members.get("name").is_some_and(Value::is_null) {
        let help = "name is null; a connection keeps its name, so leave the member out or send a new name.";
        return Err(refused("name", help));
    }
    // The app package is fixed at creation; clients that send the whole object back send it too.
    if members.shift_remove("connectorId").is_some() {
        ignored.push("connectorId".to_owned());
    }
    Ok(ConnectionPatch {
        authorized_app_ids,
        members,
        ignored,
    })
}

/// `configuration.authorizedAppIds`, also under its older name, and whether that name was used.
///
/// `None`: not named. A null is an empty list, because null clears.
fn configuration(
    body: &Object,
    ignored: &mut Vec<String>,
) -> Result<(Option<Vec<String>>, bool), PublicError> {
    let configuration = match said(body, "configuration") {
        None => return Ok((None, false)),
        Some(None) => return Ok((Some(Vec::new()), false)),
        Some(Some(value)) => object("configuration", value)?,
    };
    let names = ["authorizedAppIds", "authorizedApps"];
    for name in unknown_members(configuration, &names) {
        ignored.push(format!("configuration.{name}"));
    }
    let mut ids: Option<Vec<String>> = None;
    for name in names {
        if let Some(list) = said(configuration, name) {
            let list = list.map(|list| app_ids(name, list)).transpose()?;
            let ids = ids.get_or_insert_default();
            for id in list.unwrap_or_default() {
                if !ids.iter().any(|known| known.eq_ignore_ascii_case(&id)) {
                    ids.push(id);
                }
            }
        }
    }
    let older = said(configuration, "authorizedApps").is_some();
    Ok((ids, older))
}

fn app_ids(name: &str, list: &Value) -> Result<Vec<String>, PublicError> {
    let target = format!("configuration.{name}");
    let ids = texts(&target, list)?;
    if let Some(at) = ids.iter().position(|id| id.trim().is_empty()) {
        let help = format!("{target}[{at}] is empty; name an application (client) id.");
        return Err(refused(target, help));
    }
    Ok(ids)
}

/// The settable members that were named, in their normal form; null where null was sent.
fn members(body: &Object, ignored: &mut Vec<String>) -> Result<Map<String, Value>, PublicError> {
    let mut members = Map::new();
    for name in SETTABLE {
        if let Some(value) = said(body, name) {
            let normal = value
                .map(|value| normal(name, value, ignored))
                .transpose()?;
            members.insert(name.to_owned(), normal.unwrap_or(Value::Null));
        }
    }
    Ok(members)
}

fn normal(name: &str, value: &Value, ignored: &mut Vec<String>) -> Result<Value, PublicError> {
    match name {
        "name" => display_name(value),
        "contentCategory" => content_category(value),
        "activitySettings" => settings::activity_settings(value, ignored),
        "searchSettings" => settings::search_settings(value, ignored),
        "complianceSettings" => settings::compliance_settings(value, ignored),
        "enabledContentExperiences" => content_experiences(value),
        _ => text(name, value).map(Value::from),
    }
}

fn display_name(value: &Value) -> Result<Value, PublicError> {
    let name = text("name", value)?;
    if name.trim().is_empty() {
        let help = "name is empty; it must be the display name of the connection.";
        return Err(refused("name", help));
    }
    let length = name.chars().count();
    if length > CONNECTION_NAME_CHARS_MAX {
        let help = format!(
            "name {} has {length} characters; it must have at most {CONNECTION_NAME_CHARS_MAX}.",
            quoted(value)
        );
        return Err(refused("name", help));
    }
    Ok(json!(name))
}

fn content_category(value: &Value) -> Result<Value, PublicError> {
    let choices = CONTENT_CATEGORIES.map(|name| (name, name));
    choice("contentCategory", value, &choices).map(Value::from)
}

/// A list, or the plain text of the time when this was a flags enum: `"search, compliance"`.
fn content_experiences(value: &Value) -> Result<Value, PublicError> {
    let target = "enabledContentExperiences";
    let words = match value {
        Value::String(flags) => vec![flags.clone()],
        _ => texts(target, value)?,
    };
    let choices = CONTENT_EXPERIENCES.map(|name| (name, name));
    let mut experiences: Vec<&str> = Vec::new();
    for word in words.iter().flat_map(|word| word.split(',')) {
        let experience = choice(target, &json!(word), &choices)?;
        if !experiences.contains(&experience) {
            experiences.push(experience);
        }
    }
    Ok(json!(experiences))
}
