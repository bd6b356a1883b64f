//! The check of bearer tokens: `Authorization` → [`Caller`].

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use graph::Scope;
use jsonwebtoken::{decode, decode_header, errors::ErrorKind};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tenant::{Caller, accounts::Accounts};
use uuid::Uuid;

use super::{
    claims::{AccessClaims, Idtyp},
    issuer::Issuer,
};

/// How far a client's clock may be off, in seconds.
const LEEWAY_SECONDS: u64 = 60;
/// No token of ours comes near; longer ones are not worth a look.
const TOKEN_BYTES_MAX: usize = 16 * 1024;
const CHALLENGE: &str = "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", client_id=\"00000003-0000-0000-c000-000000000000\"";

/// No token, or none that counts: 401 `InvalidAuthenticationToken`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unauthenticated {
    /// What is wrong, and the fix.
    pub message: String,
    /// The header `WWW-Authenticate`.
    pub www_authenticate: String,
}

/// Why a token does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    Missing,
    Scheme,
    Malformed,
    Algorithm,
    Key,
    Signature,
    Issuer,
    Audience,
    Tenant,
    Expired,
    Early,
    App,
    User,
}

impl Reason {
    fn message(self) -> &'static str {
        match self {
            Self::Missing => {
                "Access token is empty. Send the header 'Authorization: Bearer <token>'. Some SDKs leave it out over http, and for hosts that are not in their list of allowed hosts (`customHosts` in JavaScript); a program that `linkspan run` starts needs no such setting."
            }
            Self::Scheme => {
                "The Authorization header is not of the scheme Bearer. Send 'Authorization: Bearer <token>'."
            }
            Self::Malformed => {
                "The access token is malformed: it is no JWT with the claims of an access token. Send the value of 'access_token' from this server's token endpoint as it is; id tokens and refresh tokens do not count."
            }
            Self::Algorithm => {
                "The access token is not signed with RS256. Ask this server's token endpoint for a token."
            }
            Self::Key => {
                "The access token is signed with a key that this server does not have: it comes from another issuer, or from before the signing key changed. Ask this server's token endpoint for a new token."
            }
            Self::Signature => {
                "The access token's signature does not fit its content. Ask for a new token and send it as it is."
            }
            Self::Issuer => {
                "The access token is from another issuer. Ask this server's token endpoint for a token."
            }
            Self::Audience => {
                "The access token is for another audience. Ask for a token with the scope 'https://graph.microsoft.com/.default'; an id token is not an access token."
            }
            Self::Tenant => {
                "The access token is for another tenant. Ask this server's token endpoint for a token."
            }
            Self::Expired => "The access token has expired. Ask for a new one.",
            Self::Early => {
                "The access token is not valid yet. Check the clocks of the client and of the server."
            }
            Self::App => {
                "The app of the access token no longer exists. Sign in with an app that is registered in this tenant."
            }
            Self::User => "The user of the access token no longer exists. Sign another user in.",
        }
    }
}

impl From<Reason> for Unauthenticated {
    fn from(reason: Reason) -> Self {
        let www_authenticate = match reason {
            Reason::Missing => CHALLENGE.to_owned(),
            _ => format!("{CHALLENGE}, error=\"invalid_token\""),
        };
        Self {
            message: reason.message().to_owned(),
            www_authenticate,
        }
    }
}

impl Issuer {
    /// Who asks, by the header `Authorization`. `now` is in seconds since 1970, by the real clock.
    ///
    /// The token says which permissions were granted; the accounts say which of them still are, and that app and user exist.
    ///
    /// # Errors
    /// There is no token, or none that counts.
    pub fn caller(&self, authorization: Option<&str>, now: u64) -> Result<Caller, Unauthenticated> {
        Ok(self.checked(authorization, now)?)
    }

    fn checked(&self, authorization: Option<&str>, now: u64) -> Result<Caller, Reason> {
        let token = token(authorization)?;
        let accounts = self.visibility.accounts();
        let key: [u8; 32] = Sha256::digest(token).into();
        if let Some(caller) = self.callers.get(&accounts, &key, now) {
            return Ok(caller);
        }
        let claims = self.verified(token)?;
        let first = claims.nbf.saturating_sub(LEEWAY_SECONDS);
        let last = claims.exp.saturating_add(LEEWAY_SECONDS).saturating_sub(1);
        if now > last {
            return Err(Reason::Expired);
        }
        if now < first {
            return Err(Reason::Early);
        }
        let caller = caller(&claims, &accounts)?;
        self.callers
            .keep(&accounts, key, first..=last, caller.clone());
        Ok(caller)
    }

    /// The claims of a token that we issued for this tenant and the Graph, whatever the time.
    fn verified(&self, token: &str) -> Result<AccessClaims, Reason> {
        let header = decode_header(token).map_err(|_| Reason::Malformed)?;
        if !self.validation.algorithms.contains(&header.alg) {
            return Err(Reason::Algorithm);
        }
        let kid = header.kid.as_deref().ok_or(Reason::Key)?;
        let key = self.keys.known(kid).ok_or(Reason::Key)?;
        let claims: AccessClaims = decode(token, &key.verifying, &self.validation)
            .map_err(|error| match error.kind() {
                ErrorKind::InvalidSignature => Reason::Signature,
                ErrorKind::InvalidAlgorithm => Reason::Algorithm,
                ErrorKind::InvalidIssuer => Reason::Issuer,
                ErrorKind::InvalidAudience => Reason::Audience,
                _ => Reason::Malformed,
            })?
            .claims;
        if !key.signed_at(claims.iat) {
            return Err(Reason::Key);
        }
        if claims.tid != self.tid {
            return Err(Reason::Tenant);
        }
        Ok(claims)
    }
}

/// The tenant that a token names, whether or not the token counts: whose issuer has to look at it.
pub(crate) fn tenant_of(authorization: Option<&str>) -> Option<Uuid> {
    #[derive(Deserialize)]
    struct Named {
        tid: Uuid,
    }
    let claims = token(authorization).ok()?.split('.').nth(1)?;
    let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
    let named: Named = serde_json::from_slice(&claims).ok()?;
    Some(named.tid)
}

fn token(authorization: Option<&str>) -> Result<&str, Reason> {
    let header = authorization.unwrap_or_default().trim();
    if header.is_empty() {
        return Err(Reason::Missing);
    }
    let (scheme, token) = header.split_once(' ').unwrap_or((header, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Reason::Scheme);
    }
    let token = token.trim();
    if token.is_empty() {
        return Err(Reason::Missing);
    }
    if token.len() > TOKEN_BYTES_MAX {
        return Err(Reason::Malformed);
    }
    Ok(token)
}

fn caller(claims: &AccessClaims, accounts: &Accounts) -> Result<Caller, Reason> {
    let app = accounts.app(&claims.appid).ok_or(Reason::App)?;
    let (user, names, given): (_, Vec<&str>, _) = match claims.idtyp {
        Idtyp::App => (
            None,
            claims.roles.iter().flatten().map(String::as_str).collect(),
            &app.roles,
        ),
        Idtyp::User => (
            Some(accounts.user(&claims.oid).ok_or(Reason::User)?.id.clone()),
            claims.scp.iter().flat_map(|scp| scp.split(' ')).collect(),
            &app.scopes,
        ),
    };
    let permissions = names
        .into_iter()
        .filter_map(Scope::parse)
        .filter(|scope| given.contains(scope))
        .collect();
    Ok(Caller {
        app: app.client_id.clone(),
        user,
        permissions,
    })
}
