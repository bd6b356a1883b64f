//! `/external/connections/{id}/operations/{id}`.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/externalconnectors-connectionoperation>

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    error::{PublicError, PublicErrorDetail},
    id::OperationId,
};

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
    pub fn to_json(&self) -> Value {
        let error = self.error.as_ref().map(PublicError::to_public_error_json);
        json!({
            "id": self.id.as_str(),
            "status": self.status,
            "error": error,
        })
    }
}

impl PublicError {
    /// The error as a `microsoft.graph.publicError` inside a resource; unset members are null.
    ///
    /// The envelope of a refused request is another form; the server writes that one.
    pub fn to_public_error_json(&self) -> Value {
        let inner = self.inner.as_ref().map(|inner| {
            json!({
                "code": inner.code,
                "message": inner.message,
                "source": inner.source,
            })
        });
        let details: Vec<Value> = self.details.iter().map(detail_json).collect();
        json!({
            "code": self.code.as_str(),
            "message": self.message,
            "target": self.target,
            "innerError": inner,
            "details": details,
        })
    }
}

/// `publicErrorDetail` does not nest; only the search service's voice does.
fn detail_json(detail: &PublicErrorDetail) -> Value {
    json!({
        "code": detail.code,
        "message": detail.message,
        "target": detail.target,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorCode;

    #[test]
    fn operations_are_printed() {
        let operation = |status, error| ConnectionOperation {
            id: OperationId::kept("3ed1595a-4bae-43c2-acda-ef973e581323"),
            status,
            error,
        };
        let check = |operation: ConnectionOperation, expect: &str| {
            assert_eq!(
                operation.to_json().to_string(),
                format!(r#"{{"id":"3ed1595a-4bae-43c2-acda-ef973e581323",{expect}}}"#)
            );
        };
        check(
            operation(OperationStatus::Inprogress, None),
            r#""status":"inprogress","error":null"#,
        );
        check(
            operation(OperationStatus::Completed, None),
            r#""status":"completed","error":null"#,
        );
        check(
            operation(
                OperationStatus::Failed,
                Some(PublicError::new(ErrorCode::GeneralException, "It broke.")),
            ),
            r#""status":"failed","error":{"code":"GeneralException","message":"It broke.","target":null,"innerError":null,"details":[]}"#,
        );
        check(
            operation(
                OperationStatus::Failed,
                Some(PublicError::not_found("Schema").with_help("schema", "Register one.")),
            ),
            r#""status":"failed","error":{"code":"ItemNotFound","message":"The requested resource does not exist.","target":null,"innerError":{"code":"ResourceNotFound","message":"'Schema' was not found.","source":"Schema"},"details":[{"code":"ItemNotFound","message":"Register one.","target":"schema"}]}"#,
        );
    }
}
