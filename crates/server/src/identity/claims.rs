//! The claims of our tokens.
//!
//! Documentation: <https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference>

use serde::{Deserialize, Serialize};

/// The claims of an access token. SDKs do not look inside, CLI for Microsoft 365 does: it needs `oid`, `tid`, and
/// `app_displayname` or `upn`.
#[derive(Serialize, Deserialize)]
pub(super) struct AccessClaims {
    pub aud: String,
    pub iss: String,
    pub iat: u64,
    pub nbf: u64,
    pub exp: u64,
    pub app_displayname: String,
    pub appid: String,
    pub azp: String,
    /// `app` or `user`; an id token has none, and therefore never passes for an access token.
    pub idtyp: Idtyp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The user, or a GUID that stands for the app in this tenant.
    pub oid: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferred_username: Option<String>,
    /// Application permissions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<String>>,
    /// Delegated permissions, with spaces between them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scp: Option<String>,
    pub sub: String,
    pub tid: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unique_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upn: Option<String>,
    /// Differs in every token.
    pub uti: String,
    pub ver: String,
}

/// Whose token it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Idtyp {
    App,
    User,
}

/// The claims of an id token.
#[derive(Serialize)]
pub(super) struct IdClaims<'a> {
    pub aud: &'a str,
    pub iss: &'a str,
    pub iat: u64,
    pub nbf: u64,
    pub exp: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<&'a str>,
    pub name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<&'a str>,
    pub oid: &'a str,
    pub preferred_username: &'a str,
    pub sub: &'a str,
    pub tid: &'a str,
    pub uti: String,
    pub ver: &'static str,
}
