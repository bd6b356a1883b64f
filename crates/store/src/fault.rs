//! What can go wrong between a command and its rows.

use rusqlite::ErrorCode;
use tenant::store::StoreError;

/// A failure inside the store, before it is told to the tenant.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// The engine said no.
    #[error(transparent)]
    Sql(#[from] rusqlite::Error),
    /// The operating system said no.
    #[error(transparent)]
    Os(#[from] std::io::Error),
    /// We said no.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Fault {
    /// What the writer expected is not there.
    pub(crate) fn conflict() -> Self {
        Self::Store(StoreError::Conflict)
    }

    /// A row that cannot be read back, or a number that is used up.
    pub(crate) fn inconsistent(
        table: &'static str,
        column: &'static str,
        key: impl ToString,
        why: impl Into<String>,
    ) -> Self {
        Self::Store(StoreError::Inconsistent {
            table,
            column,
            key: key.to_string(),
            why: why.into(),
        })
    }

    /// Is this the fault of one command, so that its neighbors in the batch may succeed without it?
    /// A full disk, a failing one or a foreign lock is everybody's.
    pub(crate) fn is_own(&self) -> bool {
        match self {
            Self::Store(_) => true,
            Self::Os(_) => false,
            Self::Sql(error) => matches!(
                error.sqlite_error_code(),
                None | Some(
                    ErrorCode::ConstraintViolation
                        | ErrorCode::DatabaseCorrupt
                        | ErrorCode::TooBig
                        | ErrorCode::TypeMismatch
                )
            ),
        }
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Store(error) => error,
            Fault::Os(error) => Self::Unavailable(Box::new(error)),
            Fault::Sql(error) => match error.sqlite_error_code() {
                // Trying again will not mend a broken file.
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Inconsistent {
                    table: "store",
                    column: "file",
                    key: "store.sqlite".to_owned(),
                    why: error.to_string(),
                },
                _ => Self::Unavailable(Box::new(error)),
            },
        }
    }
}
