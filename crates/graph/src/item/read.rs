//! `/external/connections/{id}/items/{id}`: reading what a client said.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/externalconnectors-externalconnection-put-items>

use serde_json::Value as Json;
use uuid::Uuid;

use super::{ContentType, ExternalItemContent, ItemDraft};
use crate::{
    acl::Acl,
    error::{ErrorCode, PublicError},
    generous::{self, Object, member, quoted, refused, said, shown, unknown_members},
    id::{GUID_CHARS, ItemId},
    value::PRINCIPAL_MEMBERS,
};

const MEMBERS: [&str; 6] = [
    "id",
    "acl",
    "properties",
    "content",
    "informationProtectionLabel",
    "activities",
];

const CONTENT_TYPES: [(&str, ContentType); 2] =
    [("text", ContentType::Text), ("html", ContentType::Html)];

/// How many unknown members are remembered; advice need not grow with the body.
const IGNORED_MAX: usize = 20;

impl ItemDraft {
    /// Reads a PUT or PATCH body, generously (`contract/external.md` §2.4, §7 to §9, `clients.md` §6).
    ///
    /// # Errors
    /// 400 naming the member, the value, the rule and the fix.
    pub fn read(id: &ItemId, body: &Json) -> Result<Self, PublicError> {
        let body = generous::object("item", body)?;
        check_id(id, body)?;
        check_activities(body)?;
        let mut ignored = unknown_members(body, &MEMBERS);
        let mut advice = Vec::new();
        let acl = match member(body, "acl") {
            Some(list) => {
                let (acl, unknown) = Acl::read_list(list)?;
                ignored.extend(unknown);
                advice.extend(Acl::advice(&acl));
                Some(acl)
            }
            None => None,
        };
        let properties = member(body, "properties")
            .map(|value| generous::object("properties", value))
            .transpose()?;
        if let Some(properties) = properties {
            note_principals(properties, &mut ignored);
        }
        let content = said(body, "content")
            .map(|value| value.map(|it| read_content(it, &mut ignored)).transpose())
            .transpose()?;
        let sensitivity_label_id = said(body, "informationProtectionLabel")
            .map(|value| match value {
                Some(label) => read_protection_label(label, &mut ignored),
                None => Ok(None),
            })
            .transpose()?;
        ignored.truncate(IGNORED_MAX);
        Ok(Self {
            acl,
            properties: properties.cloned(),
            content,
            sensitivity_label_id,
            only_if_absent: false,
            ignored,
            advice,
        })
    }
}

/// The path names the item; a body that names another one is a mistake in one of the two.
fn check_id(id: &ItemId, body: &Object) -> Result<(), PublicError> {
    match generous::text_member(body, "id")? {
        Some(sent) if sent != id.as_str() => Err(refused(
            "id",
            format!(
                "The body says id {}, the path says {}; leave id out of the body or make them equal.",
                shown(sent),
                shown(id.as_str())
            ),
        )),
        _ => Ok(()),
    }
}

/// Activities may come with the item; here only their outline is looked at.
fn check_activities(body: &Object) -> Result<(), PublicError> {
    let Some(activities) = member(body, "activities") else {
        return Ok(());
    };
    for (at, activity) in generous::array("activities", activities)?
        .iter()
        .enumerate()
    {
        generous::object(format_args!("activities[{at}]"), activity)?;
    }
    Ok(())
}

fn read_content(
    value: &Json,
    ignored: &mut Vec<String>,
) -> Result<ExternalItemContent, PublicError> {
    // Until 2020 the content was a bare text.
    if let Json::String(text) = value {
        return Ok(ExternalItemContent {
            kind: ContentType::Text,
            value: Some(text.clone()),
        });
    }
    let Some(content) = value.as_object() else {
        return Err(no_content(value));
    };
    let Some(kind) = member(content, "type") else {
        return Err(refused(
            "content.type",
            "The content has no type; send `text` or `html`, or leave content out.",
        ));
    };
    let kind = generous::choice("content.type", kind, &CONTENT_TYPES)?;
    let text = member(content, "value")
        .map(|value| generous::text("content.value", value))
        .transpose()?;
    note(
        ignored,
        "content",
        unknown_members(content, &["type", "value"]),
    );
    Ok(ExternalItemContent {
        kind,
        value: text.map(str::to_owned),
    })
}

/// The gateway's own words, recorded for a `content` of the wrong shape (`contract/external.md` §15.2).
fn no_content(value: &Json) -> PublicError {
    let mut error = PublicError::new(
        ErrorCode::BadRequest,
        "Property content in payload has a value that does not match schema.",
    );
    error.target = Some("content".to_owned());
    let help = format!(
        "content must be an object with type and value, not {}; send for example {{\"type\": \"text\", \"value\": \"…\"}}.",
        quoted(value)
    );
    error.with_help("content", help)
}

fn read_protection_label(
    value: &Json,
    ignored: &mut Vec<String>,
) -> Result<Option<String>, PublicError> {
    let label = generous::object("informationProtectionLabel", value)?;
    note(
        ignored,
        "informationProtectionLabel",
        unknown_members(label, &["sensitivityLabelId"]),
    );
    let target = "informationProtectionLabel.sensitivityLabelId";
    let Some(id) = member(label, "sensitivityLabelId") else {
        return Ok(None);
    };
    let id = generous::text(target, id)?;
    // The other spellings of a GUID are none that the Graph writes.
    if id.len() != GUID_CHARS || Uuid::try_parse(id).is_err() {
        return Err(refused(
            target,
            format!(
                "{target} is {}; send the GUID of the label, or null.",
                shown(id)
            ),
        ));
    }
    Ok(Some(id.to_owned()))
}

/// Only principals are objects, so what else their objects hold can be told before the schema is known.
fn note_principals(properties: &Object, ignored: &mut Vec<String>) {
    for (name, value) in properties {
        let objects = match value {
            Json::Array(entries) => entries.as_slice(),
            other => std::slice::from_ref(other),
        };
        for object in objects.iter().filter_map(Json::as_object) {
            let mut unknown = unknown_members(object, &PRINCIPAL_MEMBERS);
            unknown.retain(|name| !name.eq_ignore_ascii_case("principals"));
            note(ignored, &format!("properties.{name}"), unknown);
        }
    }
}

fn note(ignored: &mut Vec<String>, place: &str, names: Vec<String>) {
    for name in names {
        let name = format!("{place}.{name}");
        if ignored.len() < IGNORED_MAX && !ignored.contains(&name) {
            ignored.push(name);
        }
    }
}
