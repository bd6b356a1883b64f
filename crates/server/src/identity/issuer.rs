//! The issuer of a tenant, and the sign-in paths it answers.

use std::sync::Arc;

use jsonwebtoken::{Algorithm, Validation};
use tenant::{
    Caller,
    accounts::{Accounts, App, User},
    visibility::Visibility,
};
use uuid::Uuid;

use crate::seal::Seal;

use super::{
    assertion::Authority,
    authorize,
    codes::Codes,
    device_code, device_page,
    devices::Devices,
    discovery,
    form::Form,
    grants::{self, Tokens},
    keys::Keys,
    outstanding::Asker,
    passwords::Passwords,
    path::{Document, Path, Place},
    refusal::Refusal,
    remembered::Remembered,
    sign_in::{Answer, SignIn},
    sign_out,
    throttle::Throttle,
    user_info,
};

/// Wrong secrets in a minute after which an app is locked.
const APP_FAILURES_MAX: u32 = 10;
/// Wrong user codes in a minute after which the page takes none for a minute: too few to find one by trying.
const USER_CODE_FAILURES_MAX: u32 = 600;

/// What `aud` may be: the Graph by its address, the first being what our tokens say, and by its client id.
pub const AUDIENCES: [&str; 3] = [
    "https://graph.microsoft.com",
    "https://graph.microsoft.com/",
    "00000003-0000-0000-c000-000000000000",
];

/// How people sign in.
#[derive(Clone, Debug, Default)]
pub struct SignInOptions {
    /// Lets everybody choose whom to be, without a password: for published users on this machine only.
    pub choose_user: bool,
    /// This user (short name, user principal name or object id) approves everything at once, without a page.
    pub auto_approve: Option<String>,
    /// Scheme and host of our pages, for clients that reach us under a name that people's browsers find elsewhere.
    pub pages: Option<String>,
    /// Are this tenant's pages below its GUID, because `/devicelogin` shows another tenant's?
    pub apart: bool,
}

/// Signs apps and users of one tenant in, and knows its own tokens again. It cannot be printed.
pub struct Issuer {
    pub(super) tenant: Uuid,
    /// The tenant's GUID as claims have it.
    pub(super) tid: String,
    /// The claim `iss` of access tokens: one per tenant, whatever host the client used, so that a token works on all of them.
    /// The discovery document differs on purpose: its `issuer` is on the host that the client used, because the SDKs for
    /// JavaScript insist on that; id tokens say the same, and nobody but us reads access tokens.
    pub(super) iss: String,
    pub(super) keys: Arc<Keys>,
    pub(super) visibility: Arc<Visibility>,
    pub(super) options: SignInOptions,
    pub(super) passwords: Passwords,
    /// Wrong secrets, by app.
    pub(super) apps: Throttle,
    /// Wrong user codes, all together.
    pub(super) user_codes: Throttle,
    pub(super) devices: Devices,
    pub(super) codes: Codes,
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
    /// The issuer of a tenant; the accounts are those of the live picture, at every use. People sign in with passwords.
    pub fn new(tenant: Uuid, keys: impl Into<Arc<Keys>>, visibility: Arc<Visibility>) -> Arc<Self> {
        Self::with_options(tenant, keys, visibility, SignInOptions::default())
    }

    /// Seals where a page of a collection ends: with the server's own key, for there is no other.
    pub(crate) fn page_seal(&self) -> &Seal {
        self.keys.pages()
    }

    /// The issuer of a tenant whose people sign in as these options say.
    pub fn with_options(
        tenant: Uuid,
        keys: impl Into<Arc<Keys>>,
        visibility: Arc<Visibility>,
        options: SignInOptions,
    ) -> Arc<Self> {
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
            options,
            passwords: Passwords::new(),
            apps: Throttle::new(APP_FAILURES_MAX),
            user_codes: Throttle::new(USER_CODE_FAILURES_MAX),
            devices: Devices::new(),
            codes: Codes::new(),
            answered: Remembered::new(),
            callers: Remembered::new(),
            tenant,
            tid,
            iss,
            keys: keys.into(),
            visibility,
            validation,
        })
    }

    /// Answers a sign-in path; `None` if the path is none. `now` is in seconds since 1970, by the real clock.
    pub fn answer(&self, request: &SignIn<'_>, now: u64) -> Option<Answer> {
        let path = Path::of(request.path)?;
        let visit = Visit {
            issuer: self,
            request,
            tenant: &path.tenant,
            now,
        };
        let answer = match path.place {
            Place::Token(endpoint) => visit.form(|form| {
                grants::token(&visit, form, endpoint)
                    .map(|fields| Answer::json(200, &fields).not_stored())
            }),
            Place::DeviceCode(endpoint) => {
                visit.form(|form| device_code::answer(&visit, form, endpoint))
            }
            Place::DevicePage => Ok(device_page::answer(&visit)),
            Place::Authorize(endpoint) => Ok(authorize::answer(&visit, endpoint)),
            Place::Logout => Ok(sign_out::answer(&visit)),
            Place::UserInfo => user_info::answer(&visit).map_err(|refusal| (refusal, None)),
            Place::Document(document) => self.document(request, &path.tenant, document),
        };
        Some(answer.unwrap_or_else(|(refusal, id)| {
            refusal.answer(id.as_deref().or(request.client_request_id), now)
        }))
    }

    /// Has somebody begun a sign-in that would be lost with this value?
    pub(crate) fn awaits(&self, now: u64) -> bool {
        self.devices.are_out(now) || self.codes.are_out(now)
    }

    /// The user who approves everything, if there is one.
    pub(super) fn approver<'a>(&self, accounts: &'a Accounts) -> Option<&'a User> {
        let wanted = self.options.auto_approve.as_deref()?;
        accounts
            .users
            .iter()
            .find(|user| user.name == wanted)
            .or_else(|| accounts.user(wanted))
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
        let base = base(request);
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

/// One request on its way through sign-in.
pub(super) struct Visit<'a> {
    pub issuer: &'a Issuer,
    pub request: &'a SignIn<'a>,
    /// The tenant segment as sent.
    pub tenant: &'a str,
    /// Seconds since 1970.
    pub now: u64,
}

/// Scheme and authority that the client used.
fn base<'a>(request: &SignIn<'a>) -> &'a str {
    request.base.trim_end_matches('/')
}

impl<'a> Visit<'a> {
    /// See [`base`].
    pub fn base(&self) -> &'a str {
        base(self.request)
    }

    /// The authority that the client used.
    pub fn authority(&self) -> Authority<'a> {
        Authority {
            base: self.request.base,
            tenant: self.tenant,
            tid: &self.issuer.tid,
        }
    }

    /// Who asks for a code, for this app.
    pub fn asker<'b>(&self, app: &'b App) -> Asker<'b> {
        Asker {
            app: &app.client_id,
            from: self.request.from,
        }
    }

    /// Answers a form that programs post.
    fn form(
        &self,
        answer: impl FnOnce(&Form) -> Result<Answer, Refusal>,
    ) -> Result<Answer, (Refusal, Option<String>)> {
        let form = self.posted().map_err(|refusal| (refusal, None))?;
        answer(&form).map_err(|refusal| (refusal, form.get("client-request-id").map(str::to_owned)))
    }

    fn posted(&self) -> Result<Form, Refusal> {
        if self.request.method != "POST" {
            return Err(Refusal::method("POST", self.request.method));
        }
        if self.request.body.len() > SignIn::BODY_BYTES_MAX {
            return Err(Refusal::too_large(SignIn::BODY_BYTES_MAX));
        }
        Ok(Form::parse(self.request.body))
    }

    /// The fields of a page's request: those of the query, or of the form that was sent.
    pub fn fields(&self) -> Result<Form, Refusal> {
        match self.request.method {
            "GET" | "HEAD" => Ok(Form::parse(
                self.request.query.unwrap_or_default().as_bytes(),
            )),
            "POST" => self.posted(),
            other => Err(Refusal::method("GET, POST", other)),
        }
    }
}
