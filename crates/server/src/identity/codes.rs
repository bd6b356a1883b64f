//! Authorization codes that are out: good once, for ten minutes, for the client, the address and the challenge they were made for.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use tenant::accounts::App;

use super::{chance, refusal::Refusal};

/// How long a code lives, in seconds.
const CODE_SECONDS: u64 = 10 * 60;
/// How many codes may be out; every one of them took a sign-in.
const CODES_MAX: usize = 4096;

/// What a code stands for.
#[derive(Clone)]
pub(super) struct Grant {
    /// Client id of the app that asked.
    pub app: String,
    pub redirect_uri: String,
    /// SHA-256 of the verifier, base64url; an app that proves itself may go without.
    pub challenge: Option<String>,
    /// Object id.
    pub user: String,
    pub scope: String,
    pub nonce: Option<String>,
}

/// What a client says when it hands in a code.
pub(super) struct Claim<'a> {
    pub app: &'a App,
    /// Did the app send a good secret or assertion?
    pub proved: bool,
    pub redirect_uri: Option<&'a str>,
    pub verifier: Option<&'a str>,
}

struct Issued {
    grant: Grant,
    expires_at: u64,
    redeemed: bool,
}

/// The codes, by their SHA-256: who reads our memory cannot use them.
pub(super) struct Codes(Mutex<HashMap<[u8; 32], Issued>>);

impl Codes {
    pub fn new() -> Self {
        Self(Mutex::new(HashMap::new()))
    }

    /// A new code.
    pub fn issue(&self, grant: Grant, now: u64) -> Result<String, Refusal> {
        let mut issued = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        issued.retain(|_, issued| now < issued.expires_at.saturating_add(CODE_SECONDS));
        if issued.len() >= CODES_MAX {
            return Err(Refusal::new(
                503,
                "temporarily_unavailable",
                90033,
                "Too many sign-ins are under way. Try again in some minutes.",
            ));
        }
        let code = chance::secret();
        issued.insert(
            Sha256::digest(&code).into(),
            Issued {
                grant,
                expires_at: now + CODE_SECONDS,
                redeemed: false,
            },
        );
        Ok(code)
    }

    /// May a code still be handed in?
    pub fn are_out(&self, now: u64) -> bool {
        let issued = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let may = |issued: &Issued| now < issued.expires_at && !issued.redeemed;
        issued.values().any(may)
    }

    /// Hands a code in. It is used up only if everything fits, so that nobody else can use it up.
    pub fn redeem(&self, code: &str, claim: &Claim<'_>, now: u64) -> Result<Grant, Refusal> {
        let key: [u8; 32] = Sha256::digest(code).into();
        let mut issued = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(issued) = issued.get_mut(&key) else {
            return Err(Refusal::grant(
                70000,
                "The authorization code is malformed or unknown. Send the value of 'code' from the redirect as it is; a restart of the server ends all codes.",
            ));
        };
        if issued.redeemed {
            return Err(Refusal::grant(
                54005,
                "The authorization code was already redeemed: a code is good once. Sign the user in again, or use the refresh token.",
            ));
        }
        if now >= issued.expires_at {
            return Err(Refusal::grant(
                70008,
                "The authorization code has expired: it is good for ten minutes. Sign the user in again.",
            ));
        }
        issued.grant.fits(claim)?;
        issued.redeemed = true;
        Ok(issued.grant.clone())
    }
}

impl Grant {
    fn fits(&self, claim: &Claim<'_>) -> Result<(), Refusal> {
        if !self.app.eq_ignore_ascii_case(&claim.app.client_id) {
            return Err(Refusal::grant(
                70000,
                format!(
                    "The authorization code was issued to another client than '{}'.",
                    claim.app.client_id
                ),
            ));
        }
        match claim.redirect_uri {
            None => return Err(Refusal::missing("redirect_uri")),
            Some(uri) if uri == self.redirect_uri => {}
            Some(_) => {
                return Err(Refusal::grant(
                    500_112,
                    "The 'redirect_uri' is not the one that the authorization code was asked for with. Send the very same text.",
                ));
            }
        }
        match (&self.challenge, claim.verifier) {
            (None, None) if claim.proved => Ok(()),
            (None, None) => Err(Refusal::client(
                7_000_218,
                "The authorization code was asked for without a challenge: the client must send its secret or an assertion.",
            )),
            (Some(_), None) => Err(Refusal::missing("code_verifier")),
            (Some(challenge), Some(verifier)) if is_answer(verifier, challenge) => Ok(()),
            _ => Err(Refusal::grant(
                501_481,
                "The 'code_verifier' does not fit the 'code_challenge' of the authorization request. Send the text whose SHA-256 was the challenge.",
            )),
        }
    }
}

/// Is the challenge the verifier's SHA-256 (RFC 7636, section 4.6)? Takes the same time whatever the answer.
fn is_answer(verifier: &str, challenge: &str) -> bool {
    let is_verifier = (43..=128).contains(&verifier.len())
        && verifier
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
    let answer = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
    let same =
        aws_lc_rs::constant_time::verify_slices_are_equal(answer.as_bytes(), challenge.as_bytes());
    is_verifier && same.is_ok()
}
