//! `/external/connections/{id}/groups` and their members.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/externalconnectors-externalgroup>

use serde::{Deserialize, Serialize};

use crate::{error::PublicError, id::GroupId};

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

impl GroupDraft {
    /// Reads and checks a POST body.
    ///
    /// # Errors
    /// 400 naming the member, the value, the rule and the fix.
    pub fn read(body: &serde_json::Value) -> Result<Self, PublicError> {
        let _ = body;
        unimplemented!()
    }
}

impl GroupPatch {
    /// Reads and checks a PATCH body.
    ///
    /// # Errors
    /// 400 naming the member, the value, the rule and the fix.
    pub fn read(body: &serde_json::Value) -> Result<Self, PublicError> {
        let _ = body;
        unimplemented!()
    }

    /// The group after this patch.
    pub fn apply(&self, group: &ExternalGroup) -> ExternalGroup {
        let _ = group;
        unimplemented!()
    }
}

impl Identity {
    /// Reads and checks a member's POST body.
    ///
    /// # Errors
    /// 400 naming the member, the value, the rule and the fix.
    pub fn read(body: &serde_json::Value) -> Result<Self, PublicError> {
        let _ = body;
        unimplemented!()
    }

    /// The member as the Graph prints it, without context.
    pub fn to_json(&self) -> serde_json::Value {
        unimplemented!()
    }
}

impl ExternalGroup {
    /// The group as the Graph prints it, without context.
    pub fn to_json(&self) -> serde_json::Value {
        unimplemented!()
    }
}
