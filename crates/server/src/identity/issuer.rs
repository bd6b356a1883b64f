//! The issuer of a tenant, and the sign-in paths it answers.

use std::sync::Arc;

use jsonwebtoken::{Algorithm, Validation};
use tenant::{Caller, accounts::Secret, visibility::Visibility};
use uuid::Uuid;

use super::{
    chance, discovery,
    form::Form,
    grants::{self, Tokens},
    keys::Keys,
    refusal::Refusal,
    remembered::Remembered,
    scopes::Endpoint,
    sign_in::{Answer, SignIn},
};

/// What `aud` may be: the Graph by its address, the first being what our tokens say, and by its client id.
pub const AUDIENCES: [&str; 3] = [
    "https://graph.microsoft.com",
    "https://graph.microsoft.com/",
    "00000003-0000-0000-c000-000000000000",
];

/// Signs apps and users of one tenant in, and knows its own tokens again. It cannot be printed.
pub struct Issuer {
    pub(super) tenant: Uuid,
    /// The tenant's GUID as claims have it.
    pub(super) tid: String,
    /// The claim `iss`: one per tenant, whatever host the client used, so that a token works on all of them. The discovery
    /// document differs on purpose: its `issuer` is on the host that the client used, because the SDKs for JavaScript insist
    /// on that, and no SDK compares the two.
    pub(super) iss: String,
    pub(super) keys: Keys,
    pub(super) visibility: Arc<Visibility>,
    /// Compared with the password of users who do not exist.
    pub(super) nobody: Secret,
    pub(super) answered: Remembered<Tokens>,
    pub(super) callers: Remembered<Caller>,
    pub(super) validation: Validation,
}

impl std::fmt::Debug for Issuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issuer")
            .field("tid", &self.tid)
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}

impl Issuer {
    /// The issuer of a tenant; the accounts are those of the live picture, at every use.
    pub fn new(tenant: Uuid, keys: Keys, visibility: Arc<Visibility>) -> Arc<Self> {
        let tid = tenant.hyphenated().to_string();
        let iss = format!("https://login.microsoftonline.com/{tid}/v2.0");
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_audience(&AUDIENCES);
        validation.set_issuer(&[&iss]);
        validation.set_required_spec_claims(&["aud", "iss", "exp", "nbf"]);
        // The library would read the system's clock; ours is a parameter, so `bearer` compares the times.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        Arc::new(Self {
            nobody: Secret::new(
                chance::unique().as_bytes(),
                &chance::unique().simple().to_string(),
            ),
            answered: Remembered::new(),
            callers: Remembered::new(),
            tenant,
            tid,
            iss,
            keys,
            visibility,
            validation,
        })
    }

    /// Answers a sign-in path; `None` if the path is none. `now` is in seconds since 1970, by the real clock.
    pub fn answer(&self, request: &SignIn<'_>, now: u64) -> Option<Answer> {
        let path = Path::of(request.path)?;
        let answer = match path.place {
            Place::Token(endpoint) => self.tokens(request, endpoint, now),
            Place::Unserved(place) => Err(place.refusal()),
            Place::Document(document) => self.document(request, &path.tenant, document),
        };
        Some(answer.unwrap_or_else(|(refusal, id)| {
            refusal.answer(id.as_deref().or(request.client_request_id), now)
        }))
    }

    fn tokens(
        &self,
        request: &SignIn<'_>,
        endpoint: Endpoint,
        now: u64,
    ) -> Result<Answer, (Refusal, Option<String>)> {
        if request.method != "POST" {
            return Err((Refusal::method("POST", request.method), None));
        }
        if request.body.len() > SignIn::BODY_BYTES_MAX {
            return Err((Refusal::too_large(SignIn::BODY_BYTES_MAX), None));
        }
        let form = Form::parse(request.body);
        grants::token(self, request, &form, endpoint, now)
            .map(|fields| Answer::json(200, &fields).not_stored())
            .map_err(|refusal| (refusal, form.get("client-request-id").map(str::to_owned)))
    }

    fn document(
        &self,
        request: &SignIn<'_>,
        tenant: &str,
        document: Document,
    ) -> Result<Answer, (Refusal, Option<String>)> {
        if !matches!(request.method, "GET" | "HEAD") {
            return Err((Refusal::method("GET", request.method), None));
        }
        let base = request.base.trim_end_matches('/');
        let body = match document {
            Document::OpenidConfiguration(endpoint) => {
                discovery::openid_configuration(&self.tid, tenant, base, endpoint)
            }
            Document::Keys => self.keys.jwks().clone(),
            Document::Instance => {
                discovery::instance(base, request.query).map_err(|refusal| (refusal, None))?
            }
            Document::UserRealm(upn) => discovery::user_realm(&upn),
        };
        Ok(Answer::json(200, &body))
    }
}

/// A sign-in path, taken apart.
struct Path {
    /// The tenant segment as sent. Every one of them means the tenant that is served.
    tenant: String,
    place: Place,
}

enum Place {
    Document(Document),
    Token(Endpoint),
    Unserved(Unserved),
}

enum Document {
    OpenidConfiguration(Endpoint),
    Keys,
    Instance,
    UserRealm(String),
}

#[derive(Clone, Copy)]
enum Unserved {
    DeviceCode,
    Authorize,
    Logout,
}

impl Unserved {
    fn refusal(self) -> (Refusal, Option<String>) {
        let (error, code, name) = match self {
            Self::DeviceCode => ("unsupported_grant_type", 70003, "The device code flow"),
            Self::Authorize => ("unsupported_response_type", 70005, "Sign-in in a browser"),
            Self::Logout => ("invalid_request", 90023, "Sign-out in a browser"),
        };
        let text = format!(
            "{name} is not served yet. Ask the token endpoint with the grant type 'client_credentials' or 'password'."
        );
        (Refusal::new(501, error, code, text), None)
    }
}

impl Path {
    fn of(path: &str) -> Option<Self> {
        let mut segments = path.split('/').filter(|segment| !segment.is_empty());
        let tenant = segments.next()?;
        if ["v1.0", "beta"]
            .iter()
            .any(|version| tenant.eq_ignore_ascii_case(version))
        {
            return None;
        }
        let rest: Vec<String> = segments
            .map(|segment| {
                percent_encoding::percent_decode_str(segment)
                    .decode_utf8_lossy()
                    .into_owned()
            })
            .collect();
        let lower: Vec<String> = rest.iter().map(|part| part.to_ascii_lowercase()).collect();
        let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
        let place = match lower.as_slice() {
            ["oauth2", "v2.0", "token"] => Place::Token(Endpoint::V2),
            ["oauth2", "token"] => Place::Token(Endpoint::V1),
            ["oauth2", "v2.0", "devicecode"] | ["oauth2", "devicecode"] => {
                Place::Unserved(Unserved::DeviceCode)
            }
            ["oauth2", "v2.0", "authorize"] | ["oauth2", "authorize"] => {
                Place::Unserved(Unserved::Authorize)
            }
            ["oauth2", "v2.0", "logout"] | ["oauth2", "logout"] => {
                Place::Unserved(Unserved::Logout)
            }
            ["v2.0", ".well-known", "openid-configuration"] => {
                Place::Document(Document::OpenidConfiguration(Endpoint::V2))
            }
            [".well-known", "openid-configuration"] => {
                Place::Document(Document::OpenidConfiguration(Endpoint::V1))
            }
            ["discovery", "v2.0", "keys"] | ["discovery", "keys"] => {
                Place::Document(Document::Keys)
            }
            ["discovery", "instance"] => Place::Document(Document::Instance),
            ["userrealm", _] => Place::Document(Document::UserRealm(rest.get(1)?.clone())),
            _ => return None,
        };
        Some(Self {
            tenant: tenant.to_owned(),
            place,
        })
    }
}
