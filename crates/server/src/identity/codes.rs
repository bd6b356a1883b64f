//! Authorization codes that are out: good once, for ten minutes, for the client, the address and the challenge they were made for.

use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use tenant::accounts::App;

use super::{
    chance,
    outstanding::{Asker, End, Outstanding},
    refusal::Refusal,
};

/// How long a code lives, in seconds.
const CODE_SECONDS: u64 = 10 * 60;

/// What a code stands for.
pub(super) struct Grant {
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

/// The codes.
pub(super) struct Codes(Mutex<Outstanding<Grant>>);

impl Codes {
    pub fn new() -> Self {
        Self(Mutex::new(Outstanding::new()))
    }

    /// A new code for the app that asks.
    pub fn issue(&self, asker: Asker<'_>, grant: Grant, now: u64) -> Result<String, Refusal> {
        let mut codes = self.lock();
        codes.make_room(asker, |_| 0, now)?;
        let code = chance::secret();
        codes.add(&code, asker.app, now + CODE_SECONDS, grant);
        Ok(code)
    }

    /// May a code still be handed in?
    pub fn are_out(&self, now: u64) -> bool {
        self.lock().find(|_| true, now).is_some()
    }

    /// Hands a code in. It is used up only if everything fits, so that nobody else can use it up.
    pub fn redeem(&self, code: &str, claim: &Claim<'_>, now: u64) -> Result<Grant, Refusal> {
        let unknown = || {
            Refusal::grant(
                70000,
                "The authorization code is malformed or unknown. Send the value of 'code' from the redirect as it is; a restart of the server ends all codes.",
            )
        };
        let mut codes = self.lock();
        let (app, state) = codes.look(code, now).ok_or_else(unknown)?;
        state.map_err(over)?.fits(app, claim)?;
        codes.redeem(code).ok_or_else(unknown)
    }

    fn lock(&self) -> MutexGuard<'_, Outstanding<Grant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a code no longer counts.
fn over(end: End) -> Refusal {
    match end {
        End::Redeemed => Refusal::grant(
            54005,
            "The authorization code was already redeemed: a code is good once. Sign the user in again, or use the refresh token.",
        ),
        End::Expired | End::Declined => Refusal::grant(
            70008,
            "The authorization code has expired: it is good for ten minutes. Sign the user in again.",
        ),
        End::PushedOut => Refusal::grant(
            70008,
            "The authorization code has ended early, because too many newer ones were asked for by this app. Sign the user in again.",
        ),
    }
}

impl Grant {
    fn fits(&self, app: &str, claim: &Claim<'_>) -> Result<(), Refusal> {
        if !app.eq_ignore_ascii_case(&claim.app.client_id) {
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
