//! Client assertions: an app proves who it is with a token that it signed with the key of a registered certificate.
//!
//! Documentation: <https://learn.microsoft.com/entra/identity-platform/certificate-credentials>

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, errors::ErrorKind};
use serde::Deserialize;
use tenant::accounts::App;

use super::{
    certificate::Certificate,
    refusal::{Refusal, quote},
};

/// The only kind of client assertion there is.
pub(super) const KIND: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// How far the client's clock may be off, in seconds.
const LEEWAY_SECONDS: u64 = 300;
/// Where most SDKs think they are.
const PUBLIC_AUTHORITY: &str = "https://login.microsoftonline.com";

/// The authority that the client used: its assertions are for us if they name it, or the public cloud's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Authority<'a> {
    /// Scheme and host.
    pub base: &'a str,
    /// The tenant segment of the request.
    pub tenant: &'a str,
    /// The tenant's GUID.
    pub tid: &'a str,
}

#[derive(Deserialize)]
struct Claims {
    #[serde(default)]
    iss: Option<String>,
    #[serde(default)]
    sub: Option<String>,
    #[serde(default)]
    aud: Option<OneOrMore>,
    #[serde(default)]
    exp: Option<f64>,
    #[serde(default)]
    nbf: Option<f64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

/// The client that an assertion speaks for, before anything is checked.
pub(super) fn client_id(assertion: &str) -> Result<String, Refusal> {
    let claims: Claims = assertion
        .split('.')
        .nth(1)
        .and_then(|claims| URL_SAFE_NO_PAD.decode(claims).ok())
        .and_then(|claims| serde_json::from_slice(&claims).ok())
        .ok_or_else(malformed)?;
    claims.sub.or(claims.iss).ok_or_else(malformed)
}

/// Checks an assertion of this app. The same one counts until it expires, as often as it is sent. Returns the last second at
/// which it counts.
pub(super) fn check(
    app: &App,
    assertion: &str,
    authority: Authority<'_>,
    now: u64,
) -> Result<u64, Refusal> {
    let header = decode_header(assertion).map_err(|_| malformed())?;
    if !matches!(header.alg, Algorithm::RS256 | Algorithm::PS256) {
        return Err(Refusal::client(
            50027,
            "The client assertion is not signed with RS256 or PS256. Sign it with one of these.",
        ));
    }
    let claims = verified(app, assertion, &header, now)?;
    let names = [&claims.iss, &claims.sub];
    if !names.into_iter().all(|name| {
        name.as_deref()
            .is_some_and(|name| name.eq_ignore_ascii_case(&app.client_id))
    }) {
        return Err(Refusal::client(
            700_021,
            format!(
                "The client assertion is not about the app that sends it: 'iss' and 'sub' must both be '{}'.",
                app.client_id
            ),
        ));
    }
    let audiences = match claims.aud {
        None => Vec::new(),
        Some(OneOrMore::One(audience)) => vec![audience],
        Some(OneOrMore::More(audiences)) => audiences,
    };
    if !audiences.iter().any(|audience| authority.is(audience)) {
        return Err(Refusal::client(
            700_023,
            format!(
                "The client assertion is for another audience: 'aud' is {}, and must be '{}/{}/oauth2/v2.0/token', or the same on {PUBLIC_AUTHORITY}.",
                quote(&audiences.join(" ")),
                authority.base,
                authority.tenant
            ),
        ));
    }
    in_time(claims.nbf, claims.exp, now)
}

fn in_time(nbf: Option<f64>, exp: Option<f64>, now: u64) -> Result<u64, Refusal> {
    let refuse = |text: &str| Err(Refusal::client(700_024, text));
    let Some(exp) = exp.and_then(seconds) else {
        return refuse(
            "The client assertion does not say when it expires: it needs the claim 'exp'.",
        );
    };
    if nbf
        .is_some_and(|nbf| seconds(nbf).is_none_or(|nbf| nbf > now.saturating_add(LEEWAY_SECONDS)))
    {
        return refuse(
            "The client assertion is not valid yet ('nbf'). Check the clocks of the client and of the server.",
        );
    }
    let last = exp.saturating_add(LEEWAY_SECONDS).saturating_sub(1);
    if now > last {
        return refuse("The client assertion has expired ('exp'). Sign a new one.");
    }
    Ok(last)
}

/// Some clients write times with fractions.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the range is checked"
)]
fn seconds(time: f64) -> Option<u64> {
    (0.0..1e15).contains(&time).then_some(time as u64)
}

fn verified(app: &App, assertion: &str, header: &Header, now: u64) -> Result<Claims, Refusal> {
    let refuse = |text: String| Err(Refusal::client(700_027, text));
    let names = [&header.x5t, &header.x5t_s256];
    let mut names: Vec<&str> = names.into_iter().flatten().map(String::as_str).collect();
    if names.is_empty() {
        names.extend(header.kid.as_deref());
    }
    let Some(first) = names.first() else {
        return refuse(
            "The client assertion does not name its certificate: its header needs 'x5t' or 'x5t#S256'.".to_owned(),
        );
    };
    let certificate = app
        .certificates
        .iter()
        .map(|der| Certificate::new(der))
        .find(|certificate| names.iter().all(|name| certificate.is_called(name)));
    let Some(certificate) = certificate else {
        return refuse(format!(
            "No certificate with the thumbprint {} is registered for the app '{}'. Register it with `linkspan app add-certificate`.",
            quote(first),
            app.name
        ));
    };
    if certificate.not_after().is_none_or(|end| end < now) {
        return refuse(format!(
            "The certificate with the thumbprint {} has expired. Register a new one for the app '{}'.",
            quote(first),
            app.name
        ));
    }
    let mut validation = Validation::new(header.alg);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    let key = certificate.key().ok_or_else(Refusal::broken)?;
    match decode(assertion, &key, &validation) {
        Ok(token) => Ok(token.claims),
        Err(error) if matches!(error.kind(), ErrorKind::InvalidSignature) => refuse(format!(
            "The client assertion's signature does not fit the certificate with the thumbprint {}. Sign it with that certificate's key.",
            quote(first)
        )),
        Err(_) => Err(malformed()),
    }
}

impl Authority<'_> {
    /// Is this one of our names: the issuer or a token endpoint, on the host that the client used or the public cloud's?
    fn is(&self, audience: &str) -> bool {
        let audience = audience.trim_end_matches('/').to_ascii_lowercase();
        [self.base, PUBLIC_AUTHORITY].into_iter().any(|root| {
            [self.tenant, self.tid].into_iter().any(|tenant| {
                let root = format!("{}/{tenant}", root.trim_end_matches('/'));
                let rest = audience.strip_prefix(&root.to_ascii_lowercase());
                matches!(
                    rest,
                    Some("" | "/v2.0" | "/oauth2/v2.0/token" | "/oauth2/token")
                )
            })
        })
    }
}

fn malformed() -> Refusal {
    Refusal::new(
        400,
        "invalid_request",
        50027,
        "The client assertion is malformed: it must be a JWT with the header 'alg' RS256 or PS256 and the claims 'iss', 'sub', 'aud' and 'exp'.",
    )
}
