//! Refresh tokens: sealed notes to ourselves, so that only what was redeemed has to be kept.
//!
//! A token is good once and brings its successor. It is bound to its tenant, its app, its user, and that user's password: a changed password ends it. It remembers what was asked
//! for, in case the client does not ask again; as with the Microsoft identity platform a client may ask for
//! something else, and gets what the app has now.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use tenant::accounts::{Accounts, App, User};

use uuid::Uuid;

use super::{issuer::Issuer, keys::Keys, refusal::Refusal};

/// How long a refresh token lives, in seconds: 90 days.
pub(super) const REFRESH_SECONDS: u64 = 90 * 24 * 60 * 60;
/// The first part of every token; it differs from any JWT's.
const FORMAT: &str = "2";

#[derive(Serialize, Deserialize)]
struct Note {
    app: String,
    user: String,
    scope: String,
    exp: u64,
    /// The sign-in it descends from.
    family: Uuid,
    /// How many tokens of the family came before it.
    number: u64,
    /// Makes every token another one.
    uti: Uuid,
}

/// Where a token stands among those that follow from one sign-in.
#[derive(Clone, Copy)]
pub(super) struct Place {
    family: Uuid,
    number: u64,
}

impl Place {
    /// The first token of a sign-in.
    pub fn first() -> Self {
        Self {
            family: super::chance::unique(),
            number: 0,
        }
    }

    /// The one that is given for this one.
    fn next(self) -> Self {
        Self {
            number: self.number + 1,
            ..self
        }
    }
}

/// What a refresh token says.
pub(super) struct Read<'a> {
    pub user: &'a User,
    /// What was asked for with it.
    pub scope: String,
    place: Place,
}

impl Read<'_> {
    /// Redeems the token; the place of its successor.
    pub fn redeem(&self, keys: &Keys, now: u64) -> Result<Place, Refusal> {
        match keys
            .redeemed()
            .redeem(self.place.family, self.place.number, now)
        {
            Ok(true) => Ok(self.place.next()),
            Ok(false) => Err(Refusal::grant(
                70000,
                "The refresh token was already redeemed: it is good once, and its answer brings its successor. All that followed from this sign-in is revoked. Sign the user in again.",
            )),
            Err(error) => {
                tracing::error!(%error, "a refresh token could not be redeemed");
                Err(Refusal::broken())
            }
        }
    }
}

/// Writes a refresh token.
pub(super) fn write(
    issuer: &Issuer,
    (app, user): (&App, &User),
    scope: String,
    place: Place,
    now: u64,
) -> String {
    let note = Note {
        app: app.client_id.clone(),
        user: user.id.clone(),
        scope,
        exp: now + REFRESH_SECONDS,
        family: place.family,
        number: place.number,
        uti: super::chance::unique(),
    };
    let note = serde_json::to_vec(&note).expect("strings and a number can be written as JSON");
    let note = URL_SAFE_NO_PAD.encode(note);
    let tag = issuer.keys.seal(&sealed(&note, &issuer.tid, user));
    format!("{FORMAT}.{note}.{}", URL_SAFE_NO_PAD.encode(tag))
}

/// Reads a refresh token.
pub(super) fn read<'a>(
    issuer: &Issuer,
    accounts: &'a Accounts,
    app: &App,
    token: &str,
    now: u64,
) -> Result<Read<'a>, Refusal> {
    let bad = || {
        Refusal::grant(
            70000,
            "The refresh token is malformed, of another tenant, or revoked (a changed password or signing key revokes it). Sign the user in again.",
        )
    };
    let mut parts = token.split('.');
    let (Some(FORMAT), Some(note), Some(tag), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(bad());
    };
    let tag = URL_SAFE_NO_PAD.decode(tag).map_err(|_| bad())?;
    let bytes = URL_SAFE_NO_PAD.decode(note).map_err(|_| bad())?;
    let read: Note = serde_json::from_slice(&bytes).map_err(|_| bad())?;
    let user = accounts.user(&read.user).ok_or_else(bad)?;
    if !issuer
        .keys
        .is_sealed(&sealed(note, &issuer.tid, user), &tag)
    {
        return Err(bad());
    }
    if !read.app.eq_ignore_ascii_case(&app.client_id) {
        return Err(Refusal::grant(
            70000,
            format!(
                "The refresh token was issued to another client than '{}'. Sign the user in with this client.",
                app.client_id
            ),
        ));
    }
    if now >= read.exp {
        return Err(Refusal::grant(
            700_082,
            "The refresh token has expired. Sign the user in again.",
        ));
    }
    Ok(Read {
        user,
        scope: read.scope,
        place: Place {
            family: read.family,
            number: read.number,
        },
    })
}

/// What the seal covers. Neither the encoded note nor a GUID holds a zero byte, so no two different inputs run into one another.
fn sealed(note: &str, tid: &str, user: &User) -> Vec<u8> {
    [note, tid, &user.password.kept()].join("\0").into_bytes()
}
