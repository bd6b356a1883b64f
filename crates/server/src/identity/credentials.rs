//! How a client proves who it is: its id, and its secret in the form or in the `Authorization` header, or an assertion.

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use sha2::{Digest, Sha256};
use tenant::accounts::{Accounts, App};

use super::{
    assertion::{self, Authority},
    form::{self, Form},
    refusal::{Refusal, quote},
    throttle::Throttle,
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
    assertion: Option<String>,
    in_header: bool,
}

/// What a proof is checked against.
pub(super) struct Check<'a> {
    pub authority: Authority<'a>,
    /// Failures by app.
    pub throttle: &'a Throttle,
    pub now: u64,
}

/// How far an app has proved who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Proof {
    /// Was there a secret or an assertion? It was a good one then.
    pub given: bool,
    /// The last second at which it counts.
    pub last: u64,
}

impl Credentials {
    /// Reads the credentials. Headers of other schemes than Basic are not credentials of a client.
    pub fn read(form: &Form, authorization: Option<&str>) -> Result<Self, Refusal> {
        if let Some(assertion) = form.get("client_assertion") {
            return Self::read_assertion(form, assertion);
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
                assertion: None,
                in_header: false,
            });
        };
        Self::read_basic(form, encoded)
    }

    fn read_assertion(form: &Form, assertion: &str) -> Result<Self, Refusal> {
        let invalid = |text: String| Refusal::new(400, "invalid_request", 90023, text);
        match form.get("client_assertion_type") {
            Some(assertion::KIND) => {}
            None => return Err(Refusal::missing("client_assertion_type")),
            Some(other) => {
                return Err(invalid(format!(
                    "The 'client_assertion_type' {} is unknown. Send '{}'.",
                    quote(other),
                    assertion::KIND
                )));
            }
        }
        if form.get("client_secret").is_some() {
            return Err(invalid(
                "The client sent a secret and an assertion. Send one of them.".to_owned(),
            ));
        }
        let client_id = match form.get("client_id") {
            Some(id) => id.to_owned(),
            None => assertion::client_id(assertion)?,
        };
        Ok(Self {
            client_id,
            secrets: Vec::new(),
            assertion: Some(assertion.to_owned()),
            in_header: false,
        })
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
            assertion: None,
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

    /// Checks the secret or the assertion. A wrong one is always refused; none is enough where the app may go without it.
    pub fn prove(&self, app: &App, needed: bool, check: &Check<'_>) -> Result<Proof, Refusal> {
        if self.secrets.is_empty() && self.assertion.is_none() {
            return self.unproved(app, needed);
        }
        if check.throttle.is_locked(&app.client_id, check.now) {
            return self.refuse(
                app,
                50053,
                "The app is locked for a minute, because too many wrong secrets were sent for it. Wait, then send the right one.",
            );
        }
        let proof = match &self.assertion {
            Some(assertion) => assertion::check(app, assertion, check.authority, check.now),
            None => self.prove_secret(app).map(|()| u64::MAX),
        };
        match proof {
            Ok(last) => Ok(Proof { given: true, last }),
            Err(refusal) => {
                if matches!(refusal.code, 7_000_215 | 700_027) {
                    check.throttle.failed(&app.client_id, check.now);
                }
                Err(refusal)
            }
        }
    }

    fn unproved(&self, app: &App, needed: bool) -> Result<Proof, Refusal> {
        if !needed {
            return Ok(Proof {
                given: false,
                last: u64::MAX,
            });
        }
        if app.secrets.is_empty() && app.certificates.is_empty() {
            return self.refuse(
                app,
                7_000_218,
                "This app is a public client: it has no secret, hence no tokens of its own. Sign a user in, or use an app that has a secret.",
            );
        }
        self.refuse(
            app,
            7_000_218,
            "The request must hold a proof of the client: the field 'client_secret' or 'client_assertion', or an Authorization header of the scheme Basic.",
        )
    }

    fn prove_secret(&self, app: &App) -> Result<(), Refusal> {
        if app.secrets.is_empty() {
            let text = if app.certificates.is_empty() {
                "This app is a public client and has no secret. Leave 'client_secret' out."
            } else {
                "This app signs in with a certificate and has no secret. Send 'client_assertion'."
            };
            return self.refuse(app, 700_025, text);
        }
        // All of them are compared, so that the time says nothing about which one it was.
        let right = app.secrets.iter().fold(false, |right, known| {
            self.secrets
                .iter()
                .fold(right, |right, given| right | known.is(given))
        });
        if right {
            return Ok(());
        }
        self.refuse(
            app,
            7_000_215,
            "The client secret is wrong. Send the secret's value, not its id.",
        )
    }

    fn refuse<T>(&self, app: &App, code: u32, text: &str) -> Result<T, Refusal> {
        let mut refusal = Refusal::client(code, format!("{text} Client id: '{}'.", app.client_id));
        if self.in_header {
            refusal.header = Some(("www-authenticate", "Basic realm=\"\""));
        }
        Err(refusal)
    }

    /// Adds all that was said to a hash.
    pub fn hash(&self, hash: &mut Sha256) {
        for text in std::iter::once(&self.client_id)
            .chain(&self.secrets)
            .chain(&self.assertion)
        {
            hash.update(text.len().to_le_bytes());
            hash.update(text);
        }
    }
}
