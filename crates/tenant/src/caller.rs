//! Who asks: an app, perhaps a user, and what the token permits.

use graph::{ErrorCode, PublicError, Scope};

/// Who asks, as the bearer token says and the accounts confirm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The app's client id, lower-case GUID text.
    pub app: String,
    /// The user's object id, for a delegated token.
    pub user: Option<String>,
    /// Application roles, or delegated scopes when there is a user.
    pub permissions: Vec<Scope>,
}

impl Caller {
    /// Does the token carry this permission?
    pub fn has(&self, scope: Scope) -> bool {
        self.permissions.contains(&scope)
    }

    /// Does the token carry any of these?
    pub fn has_any(&self, scopes: &[Scope]) -> bool {
        scopes.iter().any(|scope| self.has(*scope))
    }

    /// Refuses with 403 `AccessDenied` unless the token carries one of the permissions that the operation takes:
    /// `delegated` for a user's token, `application` for an app's own. The help names what is missing.
    ///
    /// # Errors
    /// 403 `AccessDenied`.
    pub fn require(&self, delegated: &[Scope], application: &[Scope]) -> Result<(), PublicError> {
        let (kind, wanted) = if self.user.is_some() {
            ("delegated", delegated)
        } else {
            ("application", application)
        };
        if self.has_any(wanted) {
            return Ok(());
        }
        let names = |scopes: &[Scope]| {
            scopes
                .iter()
                .map(|scope| scope.as_str())
                .collect::<Vec<_>>()
                .join(", ")
        };
        let help = if wanted.is_empty() {
            let instead = if self.user.is_some() {
                "ask with the app's own token (client credentials)"
            } else {
                "sign a user in and ask with that token"
            };
            format!("This operation does not take {kind} tokens: {instead}.")
        } else {
            format!(
                "The {kind} token carries [{}]; the operation takes one of [{}]. Grant one of them to the app and ask for a new token.",
                names(&self.permissions),
                names(wanted)
            )
        };
        Err(PublicError::new(
            ErrorCode::AccessDenied,
            "Insufficient privileges to complete the operation.",
        )
        .with_help("Authorization", help))
    }
}
