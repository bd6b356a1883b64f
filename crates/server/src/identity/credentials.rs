//! How a client proves who it is: its id, and its secret in the form or in the `Authorization` header.

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use sha2::{Digest, Sha256};
use tenant::accounts::{Accounts, App};

use super::{
    form::{self, Form},
    refusal::{Refusal, quote},
};

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What the client says about itself. It holds secrets and cannot be printed.
pub(super) struct Credentials {
    client_id: String,
    /// No secret, one, or the two readings of a header: RFC 6749 wants it form-encoded, many clients do not do it.
    secrets: Vec<String>,
    in_header: bool,
}

impl Credentials {
    /// Reads the credentials. Headers of other schemes than Basic are not credentials of a client.
    pub fn read(form: &Form, authorization: Option<&str>) -> Result<Self, Refusal> {
        if form.get("client_assertion").is_some() {
            return Err(Refusal::new(
                400,
                "unsupported_grant_type",
                70003,
                "Signing in with 'client_assertion' (a certificate or a federated token) is not served yet. Send 'client_secret'.",
            ));
        }
        let basic = authorization
            .and_then(|header| header.trim().split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"));
        let Some((_, encoded)) = basic else {
            return Ok(Self {
                client_id: form.required("client_id")?.to_owned(),
                secrets: form
                    .get("client_secret")
                    .map(str::to_owned)
                    .into_iter()
                    .collect(),
                in_header: false,
            });
        };
        Self::read_basic(form, encoded)
    }

    fn read_basic(form: &Form, encoded: &str) -> Result<Self, Refusal> {
        let invalid = |text| Refusal::new(400, "invalid_request", 90023, text);
        let decoded = BASE64
            .decode(encoded.trim())
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok());
        let Some((id, secret)) = decoded.as_deref().and_then(|text| text.split_once(':')) else {
            return Err(invalid(
                "The Authorization header of the scheme Basic must hold the base64 text of client id, colon and client secret.",
            ));
        };
        let id = form::decode(id.as_bytes());
        if form
            .get("client_id")
            .is_some_and(|other| !other.eq_ignore_ascii_case(&id))
        {
            return Err(invalid(
                "The Authorization header and the field 'client_id' name different clients. Send one of them.",
            ));
        }
        if form.get("client_secret").is_some() {
            return Err(invalid(
                "The client secret came in the Authorization header and in the field 'client_secret'. Send one of them.",
            ));
        }
        let mut secrets = vec![form::decode(secret.as_bytes()), secret.to_owned()];
        secrets.dedup();
        secrets.retain(|secret| !secret.is_empty());
        Ok(Self {
            client_id: id,
            secrets,
            in_header: true,
        })
    }

    /// The app of that id.
    pub fn app<'a>(&self, accounts: &'a Accounts) -> Result<&'a App, Refusal> {
        accounts.app(&self.client_id).ok_or_else(|| {
            Refusal::new(
                400,
                "unauthorized_client",
                700_016,
                format!(
                    "No app with the client id {} is registered in this tenant. Check 'client_id', or register the app.",
                    quote(&self.client_id)
                ),
            )
        })
    }

    /// Checks the secret. A wrong one is always refused; none is enough where the app may go without it.
    pub fn prove(&self, app: &App, secret_needed: bool) -> Result<(), Refusal> {
        let refuse = |code, text: &str| {
            let mut refusal =
                Refusal::client(code, format!("{text} Client id: '{}'.", app.client_id));
            if self.in_header {
                refusal.header = Some(("www-authenticate", "Basic realm=\"\""));
            }
            Err(refusal)
        };
        match (&app.secret, self.secrets.as_slice()) {
            (_, []) if !secret_needed => Ok(()),
            (Some(_), []) => refuse(
                7_000_218,
                "The request must hold the client secret: the field 'client_secret', or an Authorization header of the scheme Basic.",
            ),
            (None, []) => refuse(
                7_000_218,
                "This app is a public client: it has no secret, hence no tokens of its own. Sign a user in, or use an app that has a secret.",
            ),
            (None, _) => refuse(
                700_025,
                "This app is a public client and has no secret. Leave 'client_secret' out.",
            ),
            (Some(secret), given) if given.iter().any(|given| secret.is(given)) => Ok(()),
            (Some(_), _) => refuse(
                7_000_215,
                "The client secret is wrong. Send the secret's value, not its id.",
            ),
        }
    }

    /// Adds all that was said to a hash.
    pub fn hash(&self, hash: &mut Sha256) {
        for text in std::iter::once(&self.client_id).chain(&self.secrets) {
            hash.update(text.len().to_le_bytes());
            hash.update(text);
        }
    }
}
