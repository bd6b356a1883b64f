//! `/external/connections/{id}/groups` and their members.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/externalconnectors-externalgroup>

use serde::{Deserialize, Serialize};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    error::PublicError,
    generous::{
        Object, choice, malformed, member, object, refused, said, same_name, text, unknown_members,
    },
    id::{GUID_CHARS, GroupId},
    known::Known,
};

/// The members that a client may set.
const SETTABLE: [&str; 3] = ["id", "displayName", "description"];

/// An external group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalGroup {
    /// The id.
    pub id: GroupId,
    /// `displayName`.
    pub display_name: Option<String>,
    /// `description`.
    pub description: Option<String>,
}

/// A member of an external group: `microsoft.graph.externalConnectors.identity`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity {
    /// Object id (lower-case for users and groups) or external group id (as sent).
    pub id: String,
    /// What the id names.
    pub kind: IdentityType,
}

/// `identityType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum IdentityType {
    /// An Entra user.
    User,
    /// An Entra group.
    Group,
    /// An external group of the same connection.
    ExternalGroup,
}

/// What a client said in a POST.
#[derive(Clone, Debug)]
pub struct GroupDraft {
    /// The group as accepted.
    pub group: ExternalGroup,
    /// Members nobody knows, for `x-linkspan-advice`.
    pub ignored: Vec<String>,
}

/// What a client said in a PATCH; `Some(None)` clears.
#[derive(Clone, Debug, Default)]
pub struct GroupPatch {
    /// `displayName`.
    pub display_name: Option<Option<String>>,
    /// `description`.
    pub description: Option<Option<String>>,
    /// Members nobody knows, for `x-linkspan-advice`.
    pub ignored: Vec<String>,
}

impl IdentityType {
    /// The type as the Graph spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::ExternalGroup => "externalGroup",
        }
    }
}

impl GroupDraft {
    /// Reads and checks a POST body.
    ///
    /// # Errors
    /// 400 naming the member, the value, the rule and the fix.
    pub fn read(body: &Value) -> Result<Self, PublicError> {
        let body = object("externalGroup", body)?;
        let Some(id) = member(body, "id") else {
            let help = "id is missing; it must be the id of the external group.";
            return Err(malformed("id", help));
        };
        Ok(Self {
            group: ExternalGroup {
                id: GroupId::admit(text("id", id)?)?,
                display_name: nullable_text(body, "displayName")?.flatten(),
                description: nullable_text(body, "description")?.flatten(),
            },
            ignored: unknown_members(body, &SETTABLE),
        })
    }
}

impl GroupPatch {
    /// Reads and checks a PATCH body about the group of that id, which stays as it is.
    ///
    /// # Errors
    /// 400 naming the member, the value, the rule and the fix.
    pub fn read(id: &str, body: &Value) -> Result<Self, PublicError> {
        let body = object("externalGroup", body)?;
        let mut ignored = unknown_members(body, &SETTABLE);
        if member(body, "id").is_some_and(|sent| sent != id) {
            ignored.push("id".to_owned());
        }
        Ok(Self {
            display_name: nullable_text(body, "displayName")?,
            description: nullable_text(body, "description")?,
            ignored,
        })
    }

    /// The group after this patch.
    pub fn apply(&self, group: &ExternalGroup) -> ExternalGroup {
        let mut patched = group.clone();
        if let Some(display_name) = &self.display_name {
            patched.display_name.clone_from(display_name);
        }
        if let Some(description) = &self.description {
            patched.description.clone_from(description);
        }
        patched
    }
}

impl Identity {
    /// The members that [`Identity::read`] reads.
    pub const MEMBERS: Known = Known::flat(&["id", "type", "identitySource"]);

    /// Reads and checks a member's POST body.
    ///
    /// # Errors
    /// 400 naming the member, the value, the rule and the fix.
    pub fn read(body: &Value) -> Result<Self, PublicError> {
        let body = object("identity", body)?;
        let required = |name: &str, what: &str| {
            member(body, name)
                .ok_or_else(|| malformed(name, format!("{name} is missing; it must be {what}.")))
        };
        let sent = required("type", "user, group or externalGroup")?;
        let kind = older_kind(body, choice("type", sent, &IDENTITY_TYPES)?)?;
        let id = text("id", required("id", "the id of the user or group")?)?;
        Ok(Self {
            id: identity_id(kind, id)?,
            kind,
        })
    }

    /// The member as the Graph prints it, without context.
    pub fn to_json(&self) -> Value {
        json!({"id": self.id, "type": self.kind})
    }
}

impl ExternalGroup {
    /// The group as the Graph prints it, without context.
    pub fn to_json(&self) -> Value {
        json!({
            "id": self.id.as_str(),
            "displayName": self.display_name,
            "description": self.description,
        })
    }
}

const IDENTITY_TYPES: [(&str, IdentityType); 3] = [
    ("user", IdentityType::User),
    ("group", IdentityType::Group),
    ("externalGroup", IdentityType::ExternalGroup),
];

/// What was said about a text that may be null.
fn nullable_text(body: &Object, name: &str) -> Result<Option<Option<String>>, PublicError> {
    said(body, name)
        .map(|value| {
            let sent = value.map(|value| text(name, value)).transpose()?;
            Ok(sent.map(str::to_owned))
        })
        .transpose()
}

/// Until 2021 an external group was a group with `identitySource: external`.
///
/// To overlook that member would make a directory group of an external one.
fn older_kind(body: &Object, kind: IdentityType) -> Result<IdentityType, PublicError> {
    let Some(source) = member(body, "identitySource") else {
        return Ok(kind);
    };
    if !same_name("external", text("identitySource", source)?) {
        return Ok(kind);
    }
    match kind {
        IdentityType::Group | IdentityType::ExternalGroup => Ok(IdentityType::ExternalGroup),
        IdentityType::User => Err(refused(
            "identitySource",
            "identitySource is external, but type is user; only groups can be external.",
        )),
    }
}

/// Object ids are compared without case, so their GUIDs are kept in lower case.
fn identity_id(kind: IdentityType, id: &str) -> Result<String, PublicError> {
    if kind == IdentityType::ExternalGroup {
        return Ok(GroupId::admit(id)?.as_str().to_owned());
    }
    if id.trim().is_empty() {
        let help = "id is empty; it must be the object id of the user or group.";
        return Err(refused("id", help));
    }
    let is_guid = id.len() == GUID_CHARS && Uuid::try_parse(id).is_ok();
    Ok(if is_guid {
        id.to_ascii_lowercase()
    } else {
        id.to_owned()
    })
}

#[cfg(test)]
#[path = "group_tests.rs"]
mod tests;
