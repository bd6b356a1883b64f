//! The port to whoever knows which directory groups a user belongs to.

use async_trait::async_trait;

/// Which groups does this user belong to?
///
/// An implementer promises: the groups are complete and transitive, or there is an error. A missing group can be a missing deny, so fewer groups are never an answer.
#[async_trait]
pub trait Membership: Send + Sync {
    /// The user's kind and directory groups.
    ///
    /// # Errors
    /// [`MembershipError`] when the directory cannot be asked, does not know the user, or does not list all groups.
    async fn of(&self, user: &str) -> Result<Memberships, MembershipError>;
}

/// A user's kind and its directory groups, transitive and complete.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Memberships {
    /// Guests see nothing through search and are not part of `everyoneExceptGuests`.
    pub guest: bool,
    /// Object ids of directory groups, lower-case GUID text.
    pub groups: Vec<String>,
}

/// Why a user's memberships are not known.
#[derive(Debug, thiserror::Error)]
pub enum MembershipError {
    /// The directory cannot be asked.
    #[error("the directory cannot be asked: {0}")]
    Unavailable(String),
    /// The directory does not know this user.
    #[error("the directory does not know the user {0}")]
    Unknown(String),
    /// The directory does not list all of the user's groups.
    #[error("the directory does not list all groups of the user {0}")]
    Incomplete(String),
}
