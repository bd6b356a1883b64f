//! `/external/connections/{connection}`: how a connection is printed and kept.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/externalconnectors-externalconnection>

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{CONTENT_CATEGORY_DEFAULT, ConnectionState, ExternalConnection};
use crate::id::ConnectionId;

/// The number of the kept form; a later form gets another number.
const FORMAT: u32 = 1;

pub(super) fn printed(
    connection: &ExternalConnection,
    beta: bool,
    ingested_items_count: Option<u64>,
) -> Value {
    let member = |name: &str| connection.members.get(name).cloned().unwrap_or(Value::Null);
    let or = |name: &str, default: Value| match member(name) {
        Value::Null => default,
        value => value,
    };
    let mut printed = json!({
        "id": connection.id.as_str(),
        "name": member("name"),
        "description": member("description"),
        "state": connection.state,
        "contentCategory": or("contentCategory", json!(CONTENT_CATEGORY_DEFAULT)),
        "activitySettings": member("activitySettings"),
        "searchSettings": member("searchSettings"),
        "connectorId": member("connectorId"),
        "configuration": {"authorizedAppIds": connection.authorized_app_ids},
    });
    if beta {
        // A draft has no items to be counted yet.
        let count = ingested_items_count.filter(|_| connection.state != ConnectionState::Draft);
        printed["enabledContentExperiences"] = or("enabledContentExperiences", json!([]));
        printed["complianceSettings"] = member("complianceSettings");
        printed["ingestedItemsCount"] = json!(count);
    }
    printed
}

pub(super) fn repeat_authorized_apps(printed: &mut Value) {
    if let Some(configuration) = printed
        .get_mut("configuration")
        .and_then(Value::as_object_mut)
        && let Some(list) = configuration.get("authorizedAppIds").cloned()
    {
        configuration.insert("authorizedApps".to_owned(), list);
    }
}

/// The kept form; reading it back checks its shape, not the rules that have once been checked.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    format: u32,
    id: String,
    state: ConnectionState,
    authorized_app_ids: Vec<String>,
    members: Map<String, Value>,
}

pub(super) fn kept(connection: &ExternalConnection) -> String {
    let kept = Kept {
        format: FORMAT,
        id: connection.id.as_str().to_owned(),
        state: connection.state,
        authorized_app_ids: connection.authorized_app_ids.clone(),
        members: connection.members.clone(),
    };
    serde_json::to_string(&kept).expect("texts and JSON values always print")
}

pub(super) fn read_kept(text: &str) -> Result<ExternalConnection, String> {
    let kept: Kept = serde_json::from_str(text)
        .map_err(|error| format!("the kept connection cannot be read: {error}"))?;
    if kept.format != FORMAT {
        return Err(format!(
            "the kept connection has format {}; this release reads format {FORMAT}",
            kept.format
        ));
    }
    Ok(ExternalConnection {
        id: ConnectionId::kept(kept.id),
        state: kept.state,
        authorized_app_ids: kept.authorized_app_ids,
        members: kept.members,
    })
}
