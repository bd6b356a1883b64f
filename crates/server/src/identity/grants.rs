//! The token endpoint.
//!
//! Documentation: <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow>,
//! <https://learn.microsoft.com/entra/identity-platform/v2-oauth-ropc>

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use tenant::accounts::{Accounts, App, User};
use uuid::Uuid;

use super::{
    chance,
    claims::{AccessClaims, IdClaims, Idtyp},
    credentials::{Check, Credentials},
    discovery,
    form::Form,
    issuer::{AUDIENCES, Issuer, Visit},
    keys::SigningError,
    refresh,
    refusal::{Refusal, quote},
    scopes::{Asked, Endpoint, Granted},
};

/// How long an access token lives, in seconds.
pub(super) const ACCESS_SECONDS: u64 = 3599;
/// How long the same request gets the same tokens, in seconds.
const SAME_SECONDS: u64 = 60;

/// Everything that decides what is answered; a second request that says the same about all of these is the same request.
const DECISIVE: [&str; 7] = [
    "scope",
    "resource",
    "username",
    "password",
    "client_info",
    "response_type",
    "nonce",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grant {
    ClientCredentials,
    Password,
    RefreshToken,
    AuthorizationCode,
    DeviceCode,
    OnBehalfOf,
}

impl Grant {
    fn of(form: &Form) -> Result<Self, Refusal> {
        match form.required("grant_type")? {
            "client_credentials" => Ok(Self::ClientCredentials),
            "password" => Ok(Self::Password),
            "refresh_token" => Ok(Self::RefreshToken),
            "authorization_code" => Ok(Self::AuthorizationCode),
            // The first name is an SDK's, the second RFC 8628's.
            "device_code" | "urn:ietf:params:oauth:grant-type:device_code" => Ok(Self::DeviceCode),
            "urn:ietf:params:oauth:grant-type:jwt-bearer" => Ok(Self::OnBehalfOf),
            given => Err(Refusal::new(
                400,
                "unsupported_grant_type",
                70003,
                format!(
                    "The grant type {} is unknown. Served are 'client_credentials', 'password', 'refresh_token', 'authorization_code', 'urn:ietf:params:oauth:grant-type:device_code' and 'urn:ietf:params:oauth:grant-type:jwt-bearer'.",
                    quote(given)
                ),
            )),
        }
    }

    /// Must the app prove who it is, even if users may sign in through it without that?
    fn needs_proof(self) -> bool {
        matches!(self, Self::ClientCredentials | Self::OnBehalfOf)
    }

    /// May the same request get the same tokens? What is good once may not, and a wait must be asked about every time. Nor may
    /// two clients share a refresh token, which is good once too.
    fn is_repeatable(self) -> bool {
        matches!(self, Self::ClientCredentials | Self::Password)
    }
}

/// The tokens of one answer.
#[derive(Clone)]
pub(super) struct Tokens {
    fields: Map<String, Value>,
    issued_at: u64,
}

impl Tokens {
    /// The answer's fields, with the times as they are now.
    fn at(mut self, now: u64, endpoint: Endpoint, resource: Option<&str>) -> Map<String, Value> {
        let expires_at = self.issued_at + ACCESS_SECONDS;
        let left = expires_at.saturating_sub(now);
        for field in ["expires_in", "ext_expires_in"] {
            let value = match endpoint {
                Endpoint::V1 => Value::from(left.to_string()),
                Endpoint::V2 => Value::from(left),
            };
            self.fields.insert(field.to_owned(), value);
        }
        if endpoint == Endpoint::V1 {
            let mut add = |field: &str, value: String| {
                self.fields.insert(field.to_owned(), Value::from(value));
            };
            add("expires_on", expires_at.to_string());
            add("not_before", self.issued_at.to_string());
            add("resource", resource.unwrap_or(AUDIENCES[0]).to_owned());
        }
        self.fields
    }
}

/// Answers a request for tokens. Some SDKs ask before every single call of the API: what was answered within the last minute
/// to the very same request is answered again, without the cost of a signature.
pub(super) fn token(
    visit: &Visit<'_>,
    form: &Form,
    endpoint: Endpoint,
) -> Result<Map<String, Value>, Refusal> {
    let (issuer, now) = (visit.issuer, visit.now);
    let grant = Grant::of(form)?;
    let credentials = Credentials::read(form, visit.request.authorization)?;
    let accounts = issuer.visibility.accounts();
    let key = key((grant, endpoint), visit.base(), form, &credentials);
    let resource = form.get("resource");
    if grant.is_repeatable()
        && let Some(tokens) = issuer.answered.get(&accounts, &key, now)
    {
        return Ok(tokens.at(now, endpoint, resource));
    }
    let app = credentials.app(&accounts)?;
    let check = Check {
        authority: visit.authority(),
        throttle: &issuer.apps,
        now,
    };
    let needed = grant.needs_proof() || !app.public_client;
    let proof = credentials.prove(app, needed, &check)?;
    let wish = Wish {
        issuer,
        accounts: &accounts,
        app,
        form,
        id_issuer: discovery::issuer(visit.base(), &issuer.tid),
        now,
    };
    let fields = match grant {
        Grant::ClientCredentials => wish.client_credentials(endpoint),
        Grant::Password => wish.password(endpoint),
        Grant::RefreshToken => wish.refresh_token(endpoint),
        Grant::AuthorizationCode => wish.authorization_code(endpoint, proof.given),
        Grant::DeviceCode => wish.device_code(endpoint),
        Grant::OnBehalfOf => wish.on_behalf_of(endpoint),
    }?;
    let tokens = Tokens {
        fields,
        issued_at: now,
    };
    if grant.is_repeatable() && !tokens.fields.contains_key("refresh_token") {
        let good = now..=proof.last.min(now + (SAME_SECONDS - 1));
        issuer.answered.keep(&accounts, key, good, tokens.clone());
    }
    Ok(tokens.at(now, endpoint, resource))
}

fn key(
    (grant, endpoint): (Grant, Endpoint),
    base: &str,
    form: &Form,
    credentials: &Credentials,
) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update([grant as u8, endpoint as u8]);
    let fields = DECISIVE.map(|field| form.get(field).unwrap_or_default());
    for value in std::iter::once(base).chain(fields) {
        hash.update(value.len().to_le_bytes());
        hash.update(value);
    }
    credentials.hash(&mut hash);
    hash.finalize().into()
}

/// A request of an app that has proved who it is.
pub(super) struct Wish<'a> {
    pub issuer: &'a Issuer,
    pub accounts: &'a Accounts,
    pub app: &'a App,
    pub form: &'a Form,
    /// The `issuer` of the discovery document on the host that the client used: OpenID Connect wants it in id tokens.
    id_issuer: String,
    pub now: u64,
}

impl Wish<'_> {
    pub fn asked(&self, endpoint: Endpoint) -> Result<Asked, Refusal> {
        Asked::read(self.form, endpoint).ok_or_else(|| {
            Refusal::missing(match endpoint {
                Endpoint::V1 => "resource",
                Endpoint::V2 => "scope",
            })
        })
    }

    fn client_credentials(&self, endpoint: Endpoint) -> Result<Map<String, Value>, Refusal> {
        let granted = self.asked(endpoint)?.application(self.app)?;
        let oid = app_oid(self.issuer.tenant, self.app);
        let mut claims = self.claims(Idtyp::App, oid);
        claims.roles = Some(names(&granted));
        self.fields(granted.scope, &claims)
    }

    fn password(&self, endpoint: Endpoint) -> Result<Map<String, Value>, Refusal> {
        let name = self.form.required("username")?;
        let password = self.form.required("password")?;
        let asked = self.asked(endpoint)?;
        let passwords = &self.issuer.passwords;
        let user = passwords.user(self.accounts, (name, password), self.now)?;
        self.user_tokens(user, &asked, self.form.get("nonce"))
    }

    fn refresh_token(&self, endpoint: Endpoint) -> Result<Map<String, Value>, Refusal> {
        let token = self.form.required("refresh_token")?;
        let read = refresh::read(self.issuer, self.accounts, self.app, token, self.now)?;
        let mut asked =
            Asked::read(self.form, endpoint).unwrap_or_else(|| Asked::parse(&read.scope));
        // It is the refresh token's own answer that brings its successor, asked for or not.
        asked.offline = false;
        let mut fields = self.user_tokens(read.user, &asked, self.form.get("nonce"))?;
        // Redeemed last: a request that is refused for something else costs nobody the token.
        let place = read.redeem(&self.issuer.keys, self.now)?;
        asked.offline = true;
        fields.insert(
            "refresh_token".to_owned(),
            self.refresh(read.user, &asked, place),
        );
        Ok(fields)
    }

    fn refresh(&self, user: &User, asked: &Asked, place: refresh::Place) -> Value {
        refresh::write(self.issuer, (self.app, user), asked.text(), place, self.now).into()
    }

    /// What a signed-in user's app gets.
    pub fn user_tokens(
        &self,
        user: &User,
        asked: &Asked,
        nonce: Option<&str>,
    ) -> Result<Map<String, Value>, Refusal> {
        let mut claims = self.claims(Idtyp::User, user.id.clone());
        let scope = match asked.own_resource(self.accounts)? {
            Some(resource) => {
                claims.aud = resource.app.client_id.clone();
                claims.scp = Some(resource.permissions);
                resource.scope
            }
            None => {
                let granted = asked.delegated(self.app)?;
                claims.scp = Some(names(&granted).join(" "));
                granted.scope
            }
        };
        claims.name = Some(user.display_name.clone());
        claims.preferred_username = Some(user.upn.clone());
        claims.unique_name = Some(user.upn.clone());
        claims.upn = Some(user.upn.clone());
        let mut fields = self.fields(scope, &claims)?;
        let mut add = |field: &str, value: Value| {
            fields.insert(field.to_owned(), value);
        };
        if asked.offline {
            add(
                "refresh_token",
                self.refresh(user, asked, refresh::Place::first()),
            );
        }
        if asked.has("openid") || self.wants_id_token() {
            add("id_token", self.id_token(user, asked, nonce)?.into());
        }
        let info = json!({"uid": user.id, "utid": self.issuer.tid}).to_string();
        add("client_info", URL_SAFE_NO_PAD.encode(info).into());
        Ok(fields)
    }

    fn wants_id_token(&self) -> bool {
        self.form
            .get("response_type")
            .is_some_and(|kinds| kinds.split_whitespace().any(|kind| kind == "id_token"))
    }

    fn id_token(&self, user: &User, asked: &Asked, nonce: Option<&str>) -> Result<String, Refusal> {
        let claims = IdClaims {
            aud: &self.app.client_id,
            iss: &self.id_issuer,
            iat: self.now,
            nbf: self.now,
            exp: self.now + ACCESS_SECONDS,
            email: asked.has("email").then_some(user.mail.as_str()),
            name: &user.display_name,
            nonce,
            oid: &user.id,
            preferred_username: &user.upn,
            sub: &user.id,
            tid: &self.issuer.tid,
            uti: uti(),
            ver: "2.0",
        };
        self.issuer.keys.sign(&claims).map_err(broken)
    }

    fn fields(&self, scope: String, claims: &AccessClaims) -> Result<Map<String, Value>, Refusal> {
        let token = self.issuer.keys.sign(claims).map_err(broken)?;
        Ok([
            ("token_type", Value::from("Bearer")),
            ("scope", Value::from(scope)),
            ("expires_in", Value::Null),
            ("ext_expires_in", Value::Null),
            ("access_token", Value::from(token)),
        ]
        .into_iter()
        .map(|(field, value)| (field.to_owned(), value))
        .collect())
    }

    fn claims(&self, idtyp: Idtyp, oid: String) -> AccessClaims {
        AccessClaims {
            aud: AUDIENCES[0].to_owned(),
            iss: self.issuer.iss.clone(),
            iat: self.now,
            nbf: self.now,
            exp: self.now + ACCESS_SECONDS,
            app_displayname: self.app.name.clone(),
            appid: self.app.client_id.clone(),
            azp: self.app.client_id.clone(),
            idtyp,
            name: None,
            sub: oid.clone(),
            oid,
            preferred_username: None,
            roles: None,
            scp: None,
            tid: self.issuer.tid.clone(),
            unique_name: None,
            upn: None,
            uti: uti(),
            ver: "2.0".to_owned(),
        }
    }
}

fn names(granted: &Granted) -> Vec<String> {
    granted
        .permissions
        .iter()
        .map(|scope| scope.as_str().to_owned())
        .collect()
}

/// The object that stands for an app in a tenant: it has no account of its own here, so its id follows from both.
fn app_oid(tenant: Uuid, app: &App) -> String {
    let client = app.client_id.to_ascii_lowercase();
    Uuid::new_v5(&tenant, client.as_bytes()).to_string()
}

fn uti() -> String {
    URL_SAFE_NO_PAD.encode(chance::unique().as_bytes())
}

fn broken(error: SigningError) -> Refusal {
    tracing::error!(%error, "a token could not be signed");
    Refusal::broken()
}
