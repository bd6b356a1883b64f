//! The grants that rest on a sign-in somewhere else: in a browser, on another device, or at another app.
//!
//! Documentation: <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow>,
//! <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code>,
//! <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-on-behalf-of-flow>

use jsonwebtoken::{decode, decode_header, errors::ErrorKind};
use serde_json::{Map, Value};
use tenant::accounts::User;

use super::{
    claims::{AccessClaims, Idtyp},
    codes::Claim,
    grants::Wish,
    refusal::{Refusal, quote},
    scopes::{Asked, Endpoint},
};

impl Wish<'_> {
    pub fn authorization_code(
        &self,
        endpoint: Endpoint,
        proved: bool,
    ) -> Result<Map<String, Value>, Refusal> {
        let code = self.form.required("code")?;
        let claim = Claim {
            app: self.app,
            proved,
            redirect_uri: self.form.get("redirect_uri"),
            verifier: self.form.get("code_verifier"),
        };
        let grant = self.issuer.codes.redeem(code, &claim, self.now)?;
        let user = self.user(&grant.user)?;
        let asked = Asked::read(self.form, endpoint).unwrap_or_else(|| Asked::parse(&grant.scope));
        self.user_tokens(user, &asked, grant.nonce.as_deref())
    }

    pub fn device_code(&self, endpoint: Endpoint) -> Result<Map<String, Value>, Refusal> {
        // The old endpoint's clients say `code`; some SDKs say both.
        let code = match self.form.get("device_code") {
            Some(code) => code,
            None => self
                .form
                .get("code")
                .ok_or_else(|| Refusal::missing("device_code"))?,
        };
        let (user, scope) = self.issuer.devices.redeem(code, self.app, self.now)?;
        let user = self.user(&user)?;
        let asked = Asked::read(self.form, endpoint).unwrap_or_else(|| Asked::parse(&scope));
        self.user_tokens(user, &asked, None)
    }

    /// An app that was called with a user's token asks for a token of its own, for that same user.
    pub fn on_behalf_of(&self, endpoint: Endpoint) -> Result<Map<String, Value>, Refusal> {
        match self.form.required("requested_token_use")? {
            "on_behalf_of" => {}
            other => {
                return Err(Refusal::new(
                    400,
                    "invalid_request",
                    90023,
                    format!(
                        "The 'requested_token_use' {} is unknown. Send 'on_behalf_of'.",
                        quote(other)
                    ),
                ));
            }
        }
        let assertion = self.form.required("assertion")?;
        let asked = self.asked(endpoint)?;
        let claims = self.assertion(assertion)?;
        let user = self.user(&claims.oid)?;
        self.user_tokens(user, &asked, None)
    }

    /// The claims of a user's token that was issued for this app.
    fn assertion(&self, token: &str) -> Result<AccessClaims, Refusal> {
        let signature = || {
            Refusal::grant(
                50013,
                "The assertion is no access token of this server, or its signature does not fit. Send the token that the app was called with as it is.",
            )
        };
        let header = decode_header(token).map_err(|_| signature())?;
        let kid = header.kid.as_deref().ok_or_else(signature)?;
        let key = self.issuer.keys.known(kid).ok_or_else(signature)?;
        let mut validation = self.issuer.validation.clone();
        let client_id = &self.app.client_id;
        validation.set_audience(&[client_id, &format!("api://{client_id}")]);
        let claims: AccessClaims = decode(token, &key.verifying, &validation)
            .map_err(|error| match error.kind() {
                ErrorKind::InvalidAudience => Refusal::grant(
                    500_131,
                    format!(
                        "The assertion was issued for another audience. The app '{}' can act for users whose token was asked for with the scope 'api://{client_id}/.default'.",
                        self.app.name
                    ),
                ),
                _ => signature(),
            })?
            .claims;
        if !key.signed_at(claims.iat) || claims.tid != self.issuer.tid {
            return Err(signature());
        }
        if self.now >= claims.exp || claims.nbf > self.now + 60 {
            return Err(Refusal::grant(
                500_133,
                "The assertion has expired, or is not valid yet. Call the app with a new token.",
            ));
        }
        if claims.idtyp != Idtyp::User {
            return Err(Refusal::grant(
                7_000_114,
                "The assertion is an app's own token: there is no user to act for.",
            ));
        }
        Ok(claims)
    }

    fn user(&self, id: &str) -> Result<&User, Refusal> {
        self.accounts.user(id).ok_or_else(|| {
            Refusal::grant(
                50034,
                "The user who signed in no longer exists. Sign another user in.",
            )
        })
    }
}
