//! Client assertions: an app proves who it is with a token that it signed with the key of a registered certificate.
//!
//! Documentation: <https://learn.microsoft.com/entra/identity-platform/certificate-credentials>

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, crypto};
use serde::{Deserialize, de::DeserializeOwned};
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

/// What counts of the header. The signing library's own type refuses what some SDKs send here.
#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    x5t: Option<String>,
    #[serde(default, rename = "x5t#S256")]
    x5t_s256: Option<String>,
    /// The certificate, maybe followed by those that signed it: a list by RFC 7515, one text by some SDKs.
    #[serde(default)]
    x5c: Option<OneOrMore>,
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
    let Parts { claims, .. } = Parts::of(assertion)?;
    let claims: Claims = json(claims)?;
    claims.sub.or(claims.iss).ok_or_else(malformed)
}

/// The three texts of a JWT, and what the signature covers.
struct Parts<'a> {
    header: &'a str,
    claims: &'a str,
    signature: &'a str,
    signed: &'a str,
}

impl<'a> Parts<'a> {
    fn of(assertion: &'a str) -> Result<Self, Refusal> {
        let (signed, signature) = assertion.rsplit_once('.').ok_or_else(malformed)?;
        let (header, claims) = signed.split_once('.').ok_or_else(malformed)?;
        Ok(Self {
            header,
            claims,
            signature,
            signed,
        })
    }
}

/// What a part of a JWT says.
fn json<T: DeserializeOwned>(part: &str) -> Result<T, Refusal> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| malformed())?;
    serde_json::from_slice(&bytes).map_err(|_| malformed())
}

/// Checks an assertion of this app. The same one counts until it expires, as often as it is sent. Returns the last second at
/// which it counts.
pub(super) fn check(
    app: &App,
    assertion: &str,
    authority: Authority<'_>,
    now: u64,
) -> Result<u64, Refusal> {
    let parts = Parts::of(assertion)?;
    let header: Header = json(parts.header)?;
    let algorithm = match header.alg.as_str() {
        "RS256" => Algorithm::RS256,
        "PS256" => Algorithm::PS256,
        _ => {
            return Err(Refusal::client(
                50027,
                "The client assertion is not signed with RS256 or PS256. Sign it with one of these.",
            ));
        }
    };
    verify(app, &parts, (&header, algorithm), now)?;
    let claims: Claims = json(parts.claims)?;
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

/// Is the assertion signed with the key of the registered certificate that it names?
fn verify(
    app: &App,
    parts: &Parts<'_>,
    (header, algorithm): (&Header, Algorithm),
    now: u64,
) -> Result<(), Refusal> {
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
    // What comes along adds no trust, but must not say something else.
    if !header.x5c.as_ref().is_none_or(|sent| {
        sent.first()
            .is_some_and(|text| certificate.is_written(text))
    }) {
        return refuse(format!(
            "The certificate in 'x5c' is not the one with the thumbprint {}. Send that one first, in base64, or leave 'x5c' out.",
            quote(first)
        ));
    }
    if certificate.not_after().is_none_or(|end| end < now) {
        return refuse(format!(
            "The certificate with the thumbprint {} has expired. Register a new one for the app '{}'.",
            quote(first),
            app.name
        ));
    }
    let key = certificate.key().ok_or_else(Refusal::broken)?;
    let signed = parts.signed.as_bytes();
    match crypto::verify(parts.signature, signed, &key, algorithm) {
        Ok(true) => Ok(()),
        Ok(false) => refuse(format!(
            "The client assertion's signature does not fit the certificate with the thumbprint {}. Sign it with that certificate's key.",
            quote(first)
        )),
        Err(_) => Err(malformed()),
    }
}

impl OneOrMore {
    fn first(&self) -> Option<&str> {
        match self {
            Self::One(text) => Some(text),
            Self::More(texts) => texts.first().map(String::as_str),
        }
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
