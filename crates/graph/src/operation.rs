//! `/external/connections/{id}/operations/{id}`.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/externalconnectors-connectionoperation>

use serde::{Deserialize, Serialize};

use crate::{error::PublicError, id::OperationId};

/// A long-running change to a connection: here the registration of a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionOperation {
    /// Opaque; a GUID.
    pub id: OperationId,
    /// How far it is.
    pub status: OperationStatus,
    /// Why it failed.
    pub error: Option<PublicError>,
}

/// `connectionOperationStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OperationStatus {
    /// One word, lower-case, on the wire.
    Inprogress,
    /// Done.
    Completed,
    /// See `error`.
    Failed,
}

impl ConnectionOperation {
    /// The operation as the Graph prints it, without context.
    pub fn to_json(&self) -> serde_json::Value {
        unimplemented!()
    }
}
