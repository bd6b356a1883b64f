//! Identifiers that appear in paths: `/external/connections/{id}/items/{id}` and their rules.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/externalconnectors-externalconnection>

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    error::PublicError,
    generous::{refused, shown},
    limits::{
        CONNECTION_ID_CHARS_MAX, CONNECTION_ID_CHARS_MIN, GROUP_ID_CHARS_MAX, ITEM_ID_CHARS_MAX,
    },
};

/// Words that no connection may be called, without case.
const RESERVED_CONNECTION_IDS: [&str; 16] = [
    "None",
    "Directory",
    "Exchange",
    "ExchangeArchive",
    "LinkedIn",
    "Mailbox",
    "OneDriveBusiness",
    "SharePoint",
    "Teams",
    "Yammer",
    "Connectors",
    "TaskFabric",
    "PowerBI",
    "Assistant",
    "TopicEngine",
    "MSFT_All_Connectors",
];

/// The length of a GUID in its usual form, `8-4-4-4-12` digits.
pub(crate) const GUID_CHARS: usize = 36;

/// A connection's number within a tenant, never used again; its name may come back after a deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ConnectionKey(pub u64);

/// A connection's id: 3 to 32 ASCII letters and digits, not reserved; compared without case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ConnectionId(String);

/// An item's id: 1 to 128 letters, digits and signs that a path leaves alone; case-sensitive.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct ItemId(String);

/// An external group's id: 1 to 128 characters of the URL-safe Base64 set; case-sensitive.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct GroupId(String);

/// A connection operation's id: opaque to clients.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct OperationId(String);

macro_rules! id_basics {
    ($name:ident) => {
        impl $name {
            /// The id as it was written.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// An id read back from the store, which only holds accepted ones.
            pub fn kept(text: impl Into<String>) -> Self {
                Self(text.into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id_basics!(ConnectionId);
id_basics!(ItemId);
id_basics!(GroupId);
id_basics!(OperationId);

impl ConnectionId {
    /// Accepts an id for a new connection, or refuses it by its rule.
    ///
    /// # Errors
    /// 400 `InvalidRequest` naming the value, the rule and the fix.
    pub fn admit(text: &str) -> Result<Self, PublicError> {
        let count = text.chars().count();
        // The reserved words come first because one of them also breaks the rule of characters.
        let broken = if RESERVED_CONNECTION_IDS
            .iter()
            .any(|word| word.eq_ignore_ascii_case(text))
        {
            Some("is a reserved word; choose another one".to_owned())
        } else if text
            .get(..9)
            .is_some_and(|start| start.eq_ignore_ascii_case("Microsoft"))
        {
            Some("begins with `Microsoft`, which is reserved; choose another one".to_owned())
        } else if !(CONNECTION_ID_CHARS_MIN..=CONNECTION_ID_CHARS_MAX).contains(&count) {
            Some(format!(
                "has {count} characters; use {CONNECTION_ID_CHARS_MIN} to {CONNECTION_ID_CHARS_MAX}"
            ))
        } else {
            text.chars().find(|c| !c.is_ascii_alphanumeric()).map(|c| {
                format!(
                    "holds {}; use the letters A to Z, a to z and digits only",
                    shown(&c.to_string())
                )
            })
        };
        match broken {
            None => Ok(Self(text.to_owned())),
            Some(rule) => Err(refused(
                "id",
                format!("Connection id {} {rule}.", shown(text)),
            )),
        }
    }

    /// The form under which ids are compared: two connections may not differ in case alone.
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl ItemId {
    /// Accepts an item id, or refuses it by its rule.
    ///
    /// Letters and digits are documented, `-` and `_` observed; `.`, `~` and `=` stand in names of files, in URLs and at the end of Base64, and mean
    /// themselves in a path. `.` or `..` alone are steps.
    ///
    /// # Errors
    /// 400 `InvalidRequest` naming the value, the rule and the fix.
    pub fn admit(text: &str) -> Result<Self, PublicError> {
        admit_segment("Item", text, ITEM_ID_CHARS_MAX, &['-', '_', '.', '~', '='])
            .map(|()| Self(text.to_owned()))
    }
}

impl GroupId {
    /// Accepts an external group's id, or refuses it by its rule.
    ///
    /// # Errors
    /// 400 `InvalidRequest` naming the value, the rule and the fix.
    pub fn admit(text: &str) -> Result<Self, PublicError> {
        admit_segment("Group", text, GROUP_ID_CHARS_MAX, &['-', '_', '='])
            .map(|()| Self(text.to_owned()))
    }
}

/// The rules that ids of items and groups share: letters, digits and some signs.
fn admit_segment(
    noun: &str,
    text: &str,
    chars_max: usize,
    signs: &[char],
) -> Result<(), PublicError> {
    let count = text.chars().count();
    let broken = if count == 0 {
        Some("is empty; give it at least one character".to_owned())
    } else if count > chars_max {
        Some(format!(
            "has {count} characters; use {chars_max} at most, for example a hash of it"
        ))
    } else if text == "." || text == ".." {
        Some("is a step in a path; use another one".to_owned())
    } else {
        let strange = |c: &char| !c.is_ascii_alphanumeric() && !signs.contains(c);
        text.chars().find(strange).map(|c| {
            let signs: Vec<String> = signs.iter().map(|sign| format!("`{sign}`")).collect();
            format!(
                "holds {}; use the letters A to Z, a to z, digits and {} only, for example URL-safe Base64 of it",
                shown(&c.to_string()),
                signs.join(" ")
            )
        })
    };
    match broken {
        None => Ok(()),
        Some(rule) => Err(refused("id", format!("{noun} id {} {rule}.", shown(text)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connection_ids() {
        let check = |text: &str, expect: Result<(), &str>| match (ConnectionId::admit(text), expect)
        {
            (Ok(id), Ok(())) => assert_eq!(id.as_str(), text),
            (Err(error), Err(part)) => {
                assert_eq!(error.status, 400);
                assert_eq!(error.code.as_str(), "InvalidRequest");
                assert_eq!(error.message, "The request is malformed or incorrect.");
                assert!(error.details[0].message.contains(part), "{text}: {error:?}");
            }
            (got, expect) => assert_eq!(format!("{got:?}"), format!("{expect:?}"), "{text}"),
        };
        check("abc", Ok(()));
        check("ABC123", Ok(()));
        check(&"a".repeat(32), Ok(()));
        check("teamsites", Ok(()));
        check("mymicrosoft", Ok(()));
        check("", Err("has 0 characters; use 3 to 32"));
        check("ab", Err("has 2 characters"));
        check(&"a".repeat(33), Err("has 33 characters"));
        check("parts-list", Err("`parts-list` holds `-`"));
        check("parts list", Err("holds ` `"));
        check("teileläger", Err("holds `ä`"));
        check("Microsoft", Err("begins with `Microsoft`"));
        check("microsoftparts", Err("begins with `Microsoft`"));
        check("SharePoint", Err("reserved word"));
        check("sharepoint", Err("reserved word"));
        check("NONE", Err("reserved word"));
        check("msft_all_connectors", Err("reserved word"));
        // The ninth byte lies inside a character here.
        check("microsofä", Err("holds `ä`"));
        assert_eq!(
            ConnectionId::admit("PartsList").unwrap().folded(),
            "partslist"
        );
    }

    #[test]
    fn item_ids() {
        let check = |text: &str, expect: bool| {
            let got = ItemId::admit(text);
            assert_eq!(got.is_ok(), expect, "{text:?}: {got:?}");
        };
        for text in [
            "1",
            "T-1",
            "a_b",
            "a.b",
            "a~b",
            "bWFu==",
            "sdks__create-client",
            "...",
        ] {
            check(text, true);
        }
        check(&"a".repeat(128), true);
        check(&"a".repeat(129), false);
        for text in [
            "",
            ".",
            "..",
            "a/b",
            "a?b",
            "a#b",
            "a%b",
            "a,b",
            "a b",
            "a\tb",
            "a\u{0}",
            "$count",
            "a\u{200b}b",
            "a\u{202e}b",
            "a\\b",
            "\u{a0}",
            "alice@contoso",
            "a+b",
            "größe",
            "it's",
            "a:b",
            "a$b",
            "a(b)",
        ] {
            check(text, false);
        }
        let error = ItemId::admit("a/b").unwrap_err();
        assert_eq!(error.target.as_deref(), Some("id"));
        assert!(
            error.details[0]
                .message
                .starts_with("Item id `a/b` holds `/`; use the letters A to Z, a to z, digits and `-` `_` `.` `~` `=` only")
        );
    }

    #[test]
    fn group_ids() {
        let check = |text: &str, expect: bool| {
            let got = GroupId::admit(text);
            assert_eq!(got.is_ok(), expect, "{text:?}: {got:?}");
        };
        check("31bea3d537902000", true);
        check("a-b_c=", true);
        check(&"g".repeat(128), true);
        check(&"g".repeat(129), false);
        for text in [
            "", ".", "..", "a.b", "a~b", "a b", "a/b", "a+b", "ä", "$ref", "a,b",
        ] {
            check(text, false);
        }
    }
}
