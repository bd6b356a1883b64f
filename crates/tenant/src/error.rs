//! The two ways an answer can be no: a refusal is for the client, a failure is for us.

use graph::{PublicError, search::not_supported};

use crate::{index::IndexError, membership::MembershipError, store::StoreError};

/// Why a door did not do what it was asked.
#[derive(Debug)]
pub enum Error {
    /// Understood, and no. Travels to the client word for word.
    Refused(Box<PublicError>),
    /// Could not answer. The client gets a fixed sentence; the log gets the chain.
    Failed(Failure),
}

/// Something broke on our side; it cannot speak to the client.
#[derive(Debug)]
pub struct Failure {
    /// Whether trying again may help.
    pub kind: FailureKind,
    /// What happened, for the log only.
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// Whether trying again may help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// It may: answered 503 with `Retry-After`.
    Unavailable,
    /// It will not: answered 500.
    Broken,
}

impl Failure {
    /// Other writers were faster every time: worth another try later.
    pub(crate) fn busy(what: &'static str) -> Error {
        Error::Failed(Self {
            kind: FailureKind::Unavailable,
            source: format!("the {what} kept changing while it was being written").into(),
        })
    }
}

impl From<PublicError> for Error {
    fn from(error: PublicError) -> Self {
        Self::Refused(Box::new(error))
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        let kind = match error {
            StoreError::Unavailable(_) | StoreError::Conflict | StoreError::Full => {
                FailureKind::Unavailable
            }
            StoreError::Inconsistent { .. } => FailureKind::Broken,
        };
        Self::Failed(Failure {
            kind,
            source: Box::new(error),
        })
    }
}

impl From<IndexError> for Error {
    fn from(error: IndexError) -> Self {
        let kind = match error {
            IndexError::Unavailable(_) => FailureKind::Unavailable,
            IndexError::Inconsistent(_) => FailureKind::Broken,
            // The query asks for more than there is: that is for the client to know.
            IndexError::Unsupported(what) => {
                let sentence = format!("{what} cannot be searched for in this release.");
                return not_supported("queryString", &sentence).into();
            }
        };
        Self::Failed(Failure {
            kind,
            source: Box::new(error),
        })
    }
}

impl From<MembershipError> for Error {
    fn from(error: MembershipError) -> Self {
        Self::Failed(Failure {
            kind: FailureKind::Unavailable,
            source: Box::new(error),
        })
    }
}
