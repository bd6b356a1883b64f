//! `externalItem.acl`: one `acl` is one entry, as in the Graph.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/externalconnectors-acl>

use std::fmt::Display;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    error::PublicError,
    generous::{self, malformed, quoted, refused, shown},
    id::{GUID_CHARS, GroupId},
};

/// The members of an entry; `identitySource` is beta and history.
const MEMBERS: [&str; 4] = ["accessType", "type", "value", "identitySource"];

const ACL_TYPES: [(&str, AclType); 5] = [
    ("user", AclType::User),
    ("group", AclType::Group),
    ("everyone", AclType::Everyone),
    ("everyoneExceptGuests", AclType::EveryoneExceptGuests),
    ("externalGroup", AclType::ExternalGroup),
];

const ACCESS_TYPES: [(&str, AccessType); 2] =
    [("grant", AccessType::Grant), ("deny", AccessType::Deny)];

/// `identitySourceType`: where the principal of an entry lives.
#[derive(Clone, Copy, PartialEq, Eq)]
enum IdentitySource {
    AzureActiveDirectory,
    External,
}

const IDENTITY_SOURCES: [(&str, IdentitySource); 2] = [
    ("azureActiveDirectory", IdentitySource::AzureActiveDirectory),
    ("external", IdentitySource::External),
];

/// One entry of an item's access-control list.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Acl {
    /// Whom the entry is about.
    #[serde(rename = "type")]
    pub kind: AclType,
    /// The user's or group's object id, the external group's id; for everyone kept as sent and not looked at.
    pub value: String,
    /// Grant or deny; deny wins.
    #[serde(rename = "accessType")]
    pub access: AccessType,
}

/// `aclType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AclType {
    /// An Entra user.
    User,
    /// An Entra group.
    Group,
    /// Everybody in the tenant, guests included.
    Everyone,
    /// Everybody but guests.
    EveryoneExceptGuests,
    /// An external group of the same connection.
    ExternalGroup,
}

/// `accessType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AccessType {
    /// May see.
    Grant,
    /// May not see, whatever grants say.
    Deny,
}

impl AclType {
    /// The type as the Graph spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Everyone => "everyone",
            Self::EveryoneExceptGuests => "everyoneExceptGuests",
            Self::ExternalGroup => "externalGroup",
        }
    }
}

impl AccessType {
    /// The access type as the Graph spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            Self::Deny => "deny",
        }
    }
}

impl Acl {
    /// Reads an `acl` member, the list of entries (`contract/external.md` §9); an empty one means nobody.
    ///
    /// The second list names the members that nobody knows, each once, for `x-linkspan-advice`.
    ///
    /// # Errors
    /// 400 naming the entry, the value, the rule and the fix.
    pub fn read_list(value: &Value) -> Result<(Vec<Self>, Vec<String>), PublicError> {
        let entries = generous::array("acl", value)?;
        let mut acl = Vec::with_capacity(entries.len());
        let mut ignored: Vec<String> = Vec::new();
        for (at, entry) in entries.iter().enumerate() {
            let target = format_args!("acl[{at}]");
            let entry = generous::object(target, entry)?;
            acl.push(Self::read(target, entry)?);
            // A known member in known spelling is the rule, and costs nothing here.
            for name in generous::unknown_members(entry, &MEMBERS) {
                let name = format!("acl.{name}");
                if ignored.len() < 20 && !ignored.contains(&name) {
                    ignored.push(name);
                }
            }
        }
        Ok((acl, ignored))
    }

    /// The first entry that can match nobody, and why; for `x-linkspan-advice`. Whether there is such a user or group is never checked, because ACLs may
    /// come first (`contract/external.md` §9), but a name that none can have is a mistake.
    pub fn advice(acl: &[Self]) -> Option<String> {
        let (at, entry) = acl.iter().enumerate().find(|(_, it)| !it.can_match())?;
        let wanted = match entry.kind {
            AclType::ExternalGroup => "no id that an external group can have",
            _ => "no GUID, and users and groups are named by their object ids",
        };
        let outcome = match entry.access {
            AccessType::Grant => "visible to nobody",
            AccessType::Deny => "hidden from nobody",
        };
        Some(format!(
            "acl[{at}].value {} is {wanted}: the entry names nobody, so the item is {outcome} through it.",
            shown(&entry.value)
        ))
    }

    fn can_match(&self) -> bool {
        match self.kind {
            AclType::User | AclType::Group => {
                self.value.len() == GUID_CHARS && Uuid::try_parse(&self.value).is_ok()
            }
            AclType::ExternalGroup => GroupId::admit(&self.value).is_ok(),
            AclType::Everyone | AclType::EveryoneExceptGuests => true,
        }
    }

    /// Reads one entry.
    fn read(target: impl Display + Copy, entry: &generous::Object) -> Result<Self, PublicError> {
        let required = |name: &str| {
            generous::member(entry, name).ok_or_else(|| {
                let help = format!(
                    "{target} has no {name}; every entry needs type, value and accessType."
                );
                refused(format_args!("{target}.{name}"), help)
            })
        };
        let kind = generous::choice(format_args!("{target}.type"), required("type")?, &ACL_TYPES)?;
        let access = generous::choice(
            format_args!("{target}.accessType"),
            required("accessType")?,
            &ACCESS_TYPES,
        )?;
        let source = generous::member(entry, "identitySource")
            .map(|source| {
                generous::choice(
                    format_args!("{target}.identitySource"),
                    source,
                    &IDENTITY_SOURCES,
                )
            })
            .transpose()?;
        let kind = settle_kind(target, kind, source)?;
        let value = match kind {
            AclType::Everyone | AclType::EveryoneExceptGuests => {
                everyone_value(target, generous::member(entry, "value"))?
            }
            AclType::User | AclType::Group | AclType::ExternalGroup => {
                principal_value(target, kind, required("value")?)?
            }
        };
        Ok(Self {
            kind,
            value,
            access,
        })
    }

    /// The entry as the Graph prints it.
    pub fn to_json(&self) -> Value {
        json!({
            "type": self.kind.as_str(),
            "value": self.value,
            "accessType": self.access.as_str(),
        })
    }
}

/// The kind after the older `identitySource` has had its say.
fn settle_kind(
    target: impl Display,
    kind: AclType,
    source: Option<IdentitySource>,
) -> Result<AclType, PublicError> {
    let contradiction = |help: String| Err(refused(format_args!("{target}.identitySource"), help));
    match (kind, source) {
        (AclType::Group, Some(IdentitySource::External)) => Ok(AclType::ExternalGroup),
        (AclType::User, Some(IdentitySource::External)) => contradiction(format!(
            "{target} is of type user with identitySource external; users live in Entra: \
             leave identitySource out, or put the person into an external group."
        )),
        (AclType::ExternalGroup, Some(IdentitySource::AzureActiveDirectory)) => {
            contradiction(format!(
                "{target} is of type externalGroup with identitySource azureActiveDirectory; \
                 use type group for an Entra group, or leave identitySource out."
            ))
        }
        (kind, _) => Ok(kind),
    }
}

/// For everyone the value is kept as sent and not looked at: tenant ids, `everyone` and anything else are in use.
fn everyone_value(target: impl Display, value: Option<&Value>) -> Result<String, PublicError> {
    match value {
        None => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(scalar @ (Value::Number(_) | Value::Bool(_))) => Ok(scalar.to_string()),
        Some(other) => Err(malformed(
            format_args!("{target}.value"),
            format!("{target}.value must be a string, not {}.", quoted(other)),
        )),
    }
}

/// The id of a user or group, as sent.
///
/// An id that cannot match is dangerous in a deny entry, so blanks around it and control characters
/// are refused here instead of silently matching nobody.
fn principal_value(
    target: impl Display,
    kind: AclType,
    value: &Value,
) -> Result<String, PublicError> {
    let text = generous::text(format_args!("{target}.value"), value)?;
    let fault = if text.trim().is_empty() {
        "is empty"
    } else if text.trim().len() != text.len() {
        "has blanks around it"
    } else if text.chars().any(char::is_control) {
        "holds a control character"
    } else {
        return Ok(text.to_owned());
    };
    let wanted = match kind {
        AclType::ExternalGroup => "the id of an external group of this connection",
        _ => "the Entra object id",
    };
    Err(refused(
        format_args!("{target}.value"),
        format!(
            "{target}.value {} {fault}; for type {} it must be {wanted}.",
            shown(text),
            kind.as_str()
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUID: &str = "e811976D-83df-4cbd-8b9b-5215b18aa874";

    fn read_one(entry: &Value) -> Result<Acl, PublicError> {
        Acl::read_list(&json!([entry])).map(|(mut acl, _)| acl.remove(0))
    }

    #[test]
    fn entries_are_read_generously() {
        let check = |entry: Value, expect: (&str, &str, &str)| {
            let acl = read_one(&entry).unwrap();
            let got = (acl.kind.as_str(), acl.value.as_str(), acl.access.as_str());
            assert_eq!(got, expect, "{entry}");
        };
        check(
            json!({"type": "user", "value": GUID, "accessType": "grant"}),
            ("user", GUID, "grant"),
        );
        check(
            json!({"type": "User", "value": GUID, "accessType": "Deny"}),
            ("user", GUID, "deny"),
        );
        check(
            json!({"type": "group", "value": GUID, "accessType": "grant",
                "identitySource": "Azure Active Directory"}),
            ("group", GUID, "grant"),
        );
        check(
            json!({"type": "Group", "value": "eng", "accessType": "grant", "identitySource": "External"}),
            ("externalGroup", "eng", "grant"),
        );
        check(
            json!({"type": "externalgroup", "value": "eng", "accessType": "grant",
                "@odata.type": "#microsoft.graph.externalConnectors.acl"}),
            ("externalGroup", "eng", "grant"),
        );
        check(
            json!({"type": "everyone", "value": "everyone", "accessType": "grant"}),
            ("everyone", "everyone", "grant"),
        );
        check(
            json!({"type": "Everyone Except Guests", "accessType": "grant"}),
            ("everyoneExceptGuests", "", "grant"),
        );
        check(
            json!({"type": "everyone", "value": null, "accessType": "grant", "identitySource": null}),
            ("everyone", "", "grant"),
        );
        check(
            json!({"type": "everyone", "value": 7, "accessType": "deny"}),
            ("everyone", "7", "deny"),
        );
    }

    #[track_caller]
    fn check(entry: Value, target: &str, part: &str) {
        let error = read_one(&entry).unwrap_err();
        assert_eq!(error.status, 400);
        assert_eq!(error.target.as_deref(), Some(target), "{entry}");
        let help = &error.details[0].message;
        assert!(help.contains(part), "{entry}: {help}");
        assert_eq!(&error.inner.unwrap().message, help);
    }

    #[test]
    fn entries_of_the_wrong_shape_are_refused() {
        check(json!("everyone"), "acl[0]", "must be a JSON object");
        check(json!({}), "acl[0].type", "has no type");
        check(
            json!({"type": "user", "value": GUID}),
            "acl[0].accessType",
            "has no accessType",
        );
        check(
            json!({"type": "user", "accessType": "grant"}),
            "acl[0].value",
            "has no value",
        );
        check(
            json!({"type": "unknownFutureValue", "value": "x", "accessType": "grant"}),
            "acl[0].type",
            "must be one of: user, group",
        );
        check(
            json!({"type": "user", "value": "x", "accessType": "unknownFutureValue"}),
            "acl[0].accessType",
            "must be one of: grant, deny",
        );
    }

    #[test]
    fn principals_that_cannot_match_are_refused() {
        check(
            json!({"type": "user", "value": "", "accessType": "grant"}),
            "acl[0].value",
            "is empty",
        );
        check(
            json!({"type": "group", "value": "  ", "accessType": "grant"}),
            "acl[0].value",
            "is empty",
        );
        check(
            json!({"type": "user", "value": " x", "accessType": "deny"}),
            "acl[0].value",
            "has blanks around it",
        );
        check(
            json!({"type": "user", "value": "x\u{0}y", "accessType": "deny"}),
            "acl[0].value",
            "control character",
        );
        check(
            json!({"type": "externalGroup", "value": 5, "accessType": "deny"}),
            "acl[0].value",
            "must be a string",
        );
        check(
            json!({"type": "user", "value": GUID, "accessType": "grant", "identitySource": "external"}),
            "acl[0].identitySource",
            "users live in Entra",
        );
        check(
            json!({"type": "externalGroup", "value": "g", "accessType": "grant",
                "identitySource": "azureActiveDirectory"}),
            "acl[0].identitySource",
            "use type group",
        );
        check(
            json!({"type": "everyone", "value": {}, "accessType": "grant"}),
            "acl[0].value",
            "must be a string",
        );
    }

    #[test]
    fn an_entry_that_names_nobody_is_told() {
        let check = |kind: &str, value: &str, access: &str, expect: Option<&str>| {
            let entry = json!({"type": kind, "value": value, "accessType": access});
            let advice = Acl::advice(&[read_one(&entry).unwrap()]);
            assert_eq!(advice.is_some(), expect.is_some(), "{entry}: {advice:?}");
            if let (Some(advice), Some(part)) = (advice, expect) {
                assert!(
                    advice.starts_with("acl[0].value") && advice.contains(part),
                    "{advice}"
                );
            }
        };
        check("user", GUID, "grant", None);
        check("group", GUID, "deny", None);
        check("everyone", "anything at all", "grant", None);
        check("externalGroup", "a-b_c=", "grant", None);
        check("user", "notguid", "grant", Some("visible to nobody"));
        check(
            "user",
            "alice@contoso.example",
            "deny",
            Some("hidden from nobody"),
        );
        check("group", &GUID.replace('-', ""), "grant", Some("no GUID"));
        check(
            "externalGroup",
            "a b",
            "grant",
            Some("no id that an external group"),
        );
        check(
            "externalGroup",
            &"g".repeat(129),
            "grant",
            Some("visible to nobody"),
        );
        assert_eq!(Acl::advice(&[]), None);
    }

    #[test]
    fn a_list_may_be_empty_but_must_be_a_list() {
        assert_eq!(Acl::read_list(&json!([])).unwrap().0, []);
        assert!(Acl::read_list(&json!({})).is_err());
        assert!(Acl::read_list(&json!("everyone")).is_err());
    }

    #[test]
    fn unknown_members_are_told_once() {
        let entry = json!({"type": "everyone", "accessType": "grant", "note": 1});
        let (acl, ignored) = Acl::read_list(&json!([entry, entry])).unwrap();
        assert_eq!(acl.len(), 2);
        assert_eq!(ignored, ["acl.note"]);
    }

    #[test]
    fn entries_are_printed_in_camel_case() {
        let acl = read_one(&json!({"type": "EXTERNALGROUP", "value": "g", "accessType": "GRANT"}));
        assert_eq!(
            acl.unwrap().to_json().to_string(),
            r#"{"type":"externalGroup","value":"g","accessType":"grant"}"#
        );
    }

    #[test]
    fn names_are_the_names_of_the_kept_form() {
        for (name, kind) in ACL_TYPES {
            assert_eq!(kind.as_str(), name);
            assert_eq!(serde_json::to_value(kind).unwrap(), name);
        }
        for (name, access) in ACCESS_TYPES {
            assert_eq!(access.as_str(), name);
            assert_eq!(serde_json::to_value(access).unwrap(), name);
        }
    }
}
