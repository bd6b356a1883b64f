//! The key that signs tokens, those that signed before it, and their public halves for those who check them.

mod retired;

use std::{fmt, path::Path};

use aws_lc_rs::{
    digest, hmac, rand,
    signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jsonwebtoken::DecodingKey;
use rcgen::{CertificateParams, DnType, KeyPair, KeyUsagePurpose};
use rustls::{
    crypto::aws_lc_rs::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, pem::PemObject},
    sign::CertifiedKey,
};
use serde::Serialize;
use serde_json::{Value, json};

use super::redeemed::Redeemed;
use crate::{
    seal::Seal,
    tls::{
        der,
        files::{self, FileError},
    },
};

const SIGNING_KEY: &str = "signing-key.pem";
const SIGNING_CERTIFICATE: &str = "signing-certificate.pem";
/// A server that was stopped for the rotation signs nothing later; a clock that was set back may say so.
const RETIREMENT_SECONDS: u64 = 60;

/// Why the signing key could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The kept key is damaged.
    #[error(
        "`{0}` does not hold a private RSA key in PKCS #8 PEM; put it back from a backup, or move it away to have a new one made (all tokens end with the old one)"
    )]
    Unreadable(String),
    /// The certificate could not be made.
    #[error("the certificate of the signing key could not be made")]
    Certificate(#[from] rcgen::Error),
}

/// What [`Keys::rotate`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// The id of the key that signed until now.
    pub before: String,
    /// The id of the key that signs from now on.
    pub now: String,
    /// How many retired keys still count.
    pub kept: usize,
    /// How many were removed, because nothing they signed can still be valid.
    pub removed: usize,
}

/// Signing failed; the library does not say why.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the signing key could not sign")]
pub(super) struct SigningError;

/// The issuer's keys: one that signs, and retired ones whose tokens still count. They cannot be printed.
pub struct Keys {
    /// Parsed once: checking an RSA key costs more than signing with it.
    pair: RsaKeyPair,
    /// The encoded header of every token, with its dot.
    header: String,
    jwks: Value,
    /// The key that signs, then the retired ones.
    known: Vec<Known>,
    redeemed: Redeemed,
    pages: Seal,
}

/// What is needed to know again what a key signed.
pub(super) struct Known {
    kid: String,
    jwk: Value,
    pub verifying: DecodingKey,
    seal: hmac::Key,
    /// When another key took over, in seconds since 1970: what says that it was signed later is forged.
    retired_at: Option<u64>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("kid", &self.kid())
            .finish_non_exhaustive()
    }
}

impl Keys {
    /// Reads `signing-key.pem` (RSA, readable by its owner only) and `signing-certificate.pem` from the directory, or makes
    /// them; and reads the keys that [`Keys::rotate`] retired and which refresh tokens were redeemed.
    ///
    /// # Errors
    /// A file cannot be read or written, or a kept key is damaged: it is never replaced for that.
    pub fn open(directory: &Path) -> Result<Self, KeysError> {
        files::private_directory(directory)?;
        let file = directory.join(SIGNING_KEY);
        let key = match files::read_private(&file)? {
            Some(pem) => read_key(&file, &pem)?,
            None => make_key(&file)?,
        };
        let certificate = certificate(directory, &key)?;
        let unreadable = || KeysError::Unreadable(file.display().to_string());
        let pair = RsaKeyPair::from_pkcs8(key.serialized_der()).map_err(|_| unreadable())?;
        let signing =
            Known::new(key.serialized_der(), &certificate, None).ok_or_else(unreadable)?;
        let header = json!({"typ": "JWT", "alg": "RS256", "x5t": signing.kid, "kid": signing.kid});
        let mut known = vec![signing];
        for retired in retired::read(directory)? {
            // A rotation that was cut short leaves the signing key among the retired ones.
            if !known.iter().any(|other| other.kid == retired.kid) {
                known.push(retired);
            }
        }
        let all: Vec<&Value> = known.iter().map(|known| &known.jwk).collect();
        Ok(Self {
            pages: Seal::derive(key.serialized_der(), "linkspan page tokens, first format"),
            pair,
            header: format!("{}.", URL_SAFE_NO_PAD.encode(header.to_string())),
            jwks: json!({ "keys": all }),
            known,
            redeemed: Redeemed::open(directory)?,
        })
    }

    /// Makes a new signing key in the directory and retires the present one. Tokens of retired keys count until they expire;
    /// keys whose last refresh token has expired are removed. `now` is in seconds since 1970. Returns what was done.
    ///
    /// # Errors
    /// As [`Keys::open`].
    pub fn rotate(directory: &Path, now: u64) -> Result<Rotation, KeysError> {
        let before = Self::open(directory)?;
        let file = directory.join(SIGNING_KEY);
        retired::keep(directory, before.kid(), now)?;
        make_key(&file)?;
        let removed = retired::remove_expired(directory, now)?;
        let after = Self::open(directory)?;
        Ok(Rotation {
            before: before.kid().to_owned(),
            now: after.kid().to_owned(),
            kept: after.known.len() - 1,
            removed,
        })
    }

    /// The key's id: the certificate's thumbprint, as `x5t` has it.
    pub fn kid(&self) -> &str {
        &self.known[0].kid
    }

    /// The key of that id, retired or not.
    pub(super) fn known(&self, kid: &str) -> Option<&Known> {
        self.known.iter().find(|known| known.kid == kid)
    }

    /// The JSON Web Key Set of `/discovery/v2.0/keys`.
    pub fn jwks(&self) -> &Value {
        &self.jwks
    }

    /// Signs claims: a JWT, RS256.
    pub(super) fn sign(&self, claims: &impl Serialize) -> Result<String, SigningError> {
        let claims = serde_json::to_vec(claims).map_err(|_| SigningError)?;
        let mut token = self.header.clone();
        URL_SAFE_NO_PAD.encode_string(claims, &mut token);
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(
                &RSA_PKCS1_SHA256,
                &rand::SystemRandom::new(),
                token.as_bytes(),
                &mut signature,
            )
            .map_err(|_| SigningError)?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }

    /// Seals a text so that only we can have written it.
    pub(super) fn seal(&self, text: &[u8]) -> hmac::Tag {
        hmac::sign(&self.known[0].seal, text)
    }

    /// Seals where a page of a collection ends.
    pub(super) fn pages(&self) -> &Seal {
        &self.pages
    }

    /// The sealed tokens that were redeemed.
    pub(super) fn redeemed(&self) -> &Redeemed {
        &self.redeemed
    }

    /// Did we seal the text? Takes the same time whatever the answer.
    pub(super) fn is_sealed(&self, text: &[u8], tag: &[u8]) -> bool {
        self.known
            .iter()
            .any(|known| hmac::verify(&known.seal, text, tag).is_ok())
    }
}

impl Known {
    /// May the key have signed at that second?
    pub fn signed_at(&self, second: u64) -> bool {
        self.retired_at
            .is_none_or(|end| second <= end.saturating_add(RETIREMENT_SECONDS))
    }

    fn new(pkcs8: &[u8], certificate: &[u8], retired_at: Option<u64>) -> Option<Self> {
        let pair = RsaKeyPair::from_pkcs8(pkcs8).ok()?;
        let public = pair.public_key().as_ref();
        let (n, e) = der::rsa_numbers(public)?;
        let thumbprint = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, certificate);
        let kid = URL_SAFE_NO_PAD.encode(thumbprint);
        let jwk = json!({
            "kty": "RSA",
            "use": "sig",
            "kid": kid,
            "x5t": kid,
            "n": URL_SAFE_NO_PAD.encode(n),
            "e": URL_SAFE_NO_PAD.encode(e),
            "x5c": [STANDARD.encode(certificate)],
        });
        // What is sealed is read by us alone. A key derived from the private one needs no file of its own and ends with it.
        let derived = hmac::sign(
            &hmac::Key::new(hmac::HMAC_SHA256, pkcs8),
            b"linkspan refresh tokens, first format",
        );
        Some(Self {
            verifying: DecodingKey::from_rsa_der(public),
            seal: hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()),
            kid,
            jwk,
            retired_at,
        })
    }
}

fn read_key(file: &Path, pem: &str) -> Result<KeyPair, KeysError> {
    KeyPair::from_pkcs8_pem_and_sign_algo(pem, &rcgen::PKCS_RSA_SHA256)
        .map_err(|_| KeysError::Unreadable(file.display().to_string()))
}

fn make_key(file: &Path) -> Result<KeyPair, KeysError> {
    let key = KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256)?;
    files::write_private(file, &key.serialize_pem())?;
    Ok(key)
}

/// The kept certificate if it is this key's, else a new one. Clients take the key out of it and look at nothing else, so it
/// lives practically for ever: another certificate would mean another `kid`, and every token that is out would be refused.
fn certificate(directory: &Path, key: &KeyPair) -> Result<CertificateDer<'static>, KeysError> {
    let file = directory.join(SIGNING_CERTIFICATE);
    if let Some(pem) = files::read(&file)?
        && let Ok(kept) = CertificateDer::from_pem_slice(pem.as_bytes())
        && CertifiedKey::from_der(
            vec![kept.clone()],
            PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialized_der().to_vec())),
            &default_provider(),
        )
        .is_ok()
    {
        return Ok(kept);
    }
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, "Linkspan token signing");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.not_before = rcgen::date_time_ymd(2025, 1, 1);
    params.not_after = rcgen::date_time_ymd(2125, 1, 1);
    let made = params.self_signed(key)?;
    files::write(&file, &made.pem())?;
    Ok(made.into())
}
