//! `/external/connections`: `externalConnection`, what may be said about it, and its rules.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/externalconnectors-externalconnection>

mod json;
mod people;
mod resolve;
mod resolver;
mod said;
mod settings;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use self::resolve::UrlResolver;
use crate::{error::PublicError, id::ConnectionId};

/// `contentCategory` of a connection that names none.
pub const CONTENT_CATEGORY_DEFAULT: &str = "uncategorized";

/// An accepted connection.
#[derive(Clone, Debug, PartialEq)]
pub struct ExternalConnection {
    /// The id; immutable.
    pub id: ConnectionId,
    /// Set by the tenant, never by a client.
    pub state: ConnectionState,
    /// `configuration.authorizedAppIds`: apps that may manage and ingest, the creator included.
    pub authorized_app_ids: Vec<String>,
    /// The other members a client may set, as accepted and never null: name, description, activitySettings, searchSettings, connectorId, contentCategory, enabledContentExperiences, complianceSettings.
    pub members: serde_json::Map<String, serde_json::Value>,
}

/// `connectionState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ConnectionState {
    /// Created, no schema yet.
    Draft,
    /// Schema registered.
    Ready,
    /// No longer usable.
    Obsolete,
    /// Quota reached.
    LimitExceeded,
}

/// What a client said in a POST.
#[derive(Clone, Debug)]
pub struct ConnectionDraft {
    /// The id, if one was sent (already accepted by its rule).
    pub id: Option<ConnectionId>,
    /// `configuration.authorizedAppIds` as sent (also under the older name `authorizedApps`).
    pub authorized_app_ids: Vec<String>,
    /// Did the request use the older name? Then the answer repeats it.
    pub used_authorized_apps: bool,
    /// The other accepted members.
    pub members: serde_json::Map<String, serde_json::Value>,
    /// Members nobody knows, for `x-linkspan-advice`.
    pub ignored: Vec<String>,
}

/// What a client said in a PATCH: only the members it named.
#[derive(Clone, Debug)]
pub struct ConnectionPatch {
    /// Replaces the list, if named.
    pub authorized_app_ids: Option<Vec<String>>,
    /// The other members that were named; null clears.
    pub members: serde_json::Map<String, serde_json::Value>,
    /// Members nobody knows, for `x-linkspan-advice`.
    pub ignored: Vec<String>,
}

impl ConnectionState {
    /// The state as the Graph spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Ready => "ready",
            Self::Obsolete => "obsolete",
            Self::LimitExceeded => "limitExceeded",
        }
    }
}

impl ConnectionDraft {
    /// Reads and checks a POST body (`contract/external.md` §3).
    ///
    /// # Errors
    /// 400 naming the member, the value, the rule and the fix; nothing is created.
    pub fn read(body: &serde_json::Value) -> Result<Self, PublicError> {
        said::draft(body)
    }
}

impl ConnectionPatch {
    /// Reads and checks a PATCH body about the connection of that id; another id and read-only members are ignored.
    ///
    /// # Errors
    /// 400 naming the member, the value, the rule and the fix.
    pub fn read(id: &str, body: &serde_json::Value) -> Result<Self, PublicError> {
        said::patch(id, body)
    }

    /// The connection after this patch: absent members unchanged.
    pub fn apply(&self, connection: &ExternalConnection) -> ExternalConnection {
        let mut patched = connection.clone();
        if let Some(authorized_app_ids) = &self.authorized_app_ids {
            patched.authorized_app_ids.clone_from(authorized_app_ids);
        }
        for (name, value) in &self.members {
            if value.is_null() {
                patched.members.shift_remove(name);
            } else {
                patched.members.insert(name.clone(), value.clone());
            }
        }
        patched
    }
}

impl ExternalConnection {
    /// Puts an app among those that may manage the connection; `false` when it is there, whatever its case.
    pub fn authorize(&mut self, app: &str) -> bool {
        let ids = &mut self.authorized_app_ids;
        let is_new = !ids.iter().any(|id| id.eq_ignore_ascii_case(app));
        if is_new {
            ids.push(app.to_owned());
        }
        is_new
    }

    /// The display name.
    pub fn name(&self) -> &str {
        self.members
            .get("name")
            .and_then(serde_json::Value::as_str)
            .unwrap_or_default()
    }

    /// The description; empty when there is none.
    pub fn description(&self) -> &str {
        self.members
            .get("description")
            .and_then(serde_json::Value::as_str)
            .unwrap_or_default()
    }

    /// The connection as the Graph prints it, without context; beta adds its own members (`ingestedItemsCount` when given).
    pub fn to_json(&self, beta: bool, ingested_items_count: Option<u64>) -> serde_json::Value {
        json::printed(self, beta, ingested_items_count)
    }

    /// Repeats in a printed connection the list of apps under its older name, for a client that used it.
    pub fn repeat_authorized_apps(printed: &mut serde_json::Value) {
        json::repeat_authorized_apps(printed);
    }

    /// The form the store keeps.
    pub fn to_kept(&self) -> String {
        json::kept(self)
    }

    /// Reads back what [`ExternalConnection::to_kept`] wrote.
    ///
    /// # Errors
    /// A sentence for the log when the text is not of that form.
    pub fn from_kept(kept: &str) -> Result<Self, String> {
        json::read_kept(kept)
    }
}
