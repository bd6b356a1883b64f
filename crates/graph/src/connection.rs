//! `/external/connections`: `externalConnection`, what may be said about it, and its rules.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/externalconnectors-externalconnection>

use serde::{Deserialize, Serialize};

use crate::{error::PublicError, id::ConnectionId};

/// An accepted connection.
#[derive(Clone, Debug, PartialEq)]
pub struct ExternalConnection {
    /// The id; immutable.
    pub id: ConnectionId,
    /// Set by the tenant, never by a client.
    pub state: ConnectionState,
    /// `configuration.authorizedAppIds`: apps that may manage and ingest, the creator included.
    pub authorized_app_ids: Vec<String>,
    /// The other members a client may set, as accepted: name, description, activitySettings, searchSettings, connectorId, contentCategory, enabledContentExperiences, complianceSettings.
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

impl ConnectionDraft {
    /// Reads and checks a POST body (`contract/external.md` §3).
    ///
    /// # Errors
    /// 400 naming the member, the value, the rule and the fix; nothing is created.
    pub fn read(body: &serde_json::Value) -> Result<Self, PublicError> {
        let _ = body;
        unimplemented!()
    }
}

impl ConnectionPatch {
    /// Reads and checks a PATCH body; `id` and read-only members are ignored.
    ///
    /// # Errors
    /// 400 naming the member, the value, the rule and the fix.
    pub fn read(body: &serde_json::Value) -> Result<Self, PublicError> {
        let _ = body;
        unimplemented!()
    }

    /// The connection after this patch: absent members unchanged.
    pub fn apply(&self, connection: &ExternalConnection) -> ExternalConnection {
        let _ = connection;
        unimplemented!()
    }
}

impl ExternalConnection {
    /// The display name.
    pub fn name(&self) -> &str {
        self.members
            .get("name")
            .and_then(serde_json::Value::as_str)
            .unwrap_or_default()
    }

    /// The connection as the Graph prints it, without context; beta adds its own members (`ingestedItemsCount` when given).
    pub fn to_json(&self, beta: bool, ingested_items_count: Option<u64>) -> serde_json::Value {
        let _ = (beta, ingested_items_count);
        unimplemented!()
    }

    /// The form the store keeps.
    pub fn to_kept(&self) -> String {
        unimplemented!()
    }

    /// Reads back what [`ExternalConnection::to_kept`] wrote.
    ///
    /// # Errors
    /// A sentence for the log when the text is not of that form.
    pub fn from_kept(kept: &str) -> Result<Self, String> {
        let _ = kept;
        unimplemented!()
    }
}
