//! Refresh tokens: sealed notes to ourselves, so that nothing has to be kept.
//!
//! A token is bound to its app, its user, and that user's password: a changed password ends it. It remembers what was asked
//! for, in case the client does not ask again; as with the Microsoft identity platform a client may ask for
//! something else, and gets what the app has now.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use tenant::accounts::{Accounts, App, User};

use super::{keys::Keys, refusal::Refusal};

/// How long a refresh token lives, in seconds: 90 days.
pub(super) const REFRESH_SECONDS: u64 = 90 * 24 * 60 * 60;
/// The first part of every token; it differs from any JWT's.
const FORMAT: &str = "1";

#[derive(Serialize, Deserialize)]
struct Note {
    app: String,
    user: String,
    scope: String,
    exp: u64,
    /// Makes every token another one.
    uti: String,
}

/// Writes a refresh token.
pub(super) fn write(keys: &Keys, app: &App, user: &User, scope: String, now: u64) -> String {
    let note = Note {
        app: app.client_id.clone(),
        user: user.id.clone(),
        scope,
        exp: now + REFRESH_SECONDS,
        uti: super::chance::unique().simple().to_string(),
    };
    let note = serde_json::to_vec(&note).expect("strings and a number can be written as JSON");
    let note = URL_SAFE_NO_PAD.encode(note);
    let tag = keys.seal(&sealed(&note, user));
    format!("{FORMAT}.{note}.{}", URL_SAFE_NO_PAD.encode(tag))
}

/// Reads a refresh token: its user, and what was asked for with it.
pub(super) fn read<'a>(
    keys: &Keys,
    accounts: &'a Accounts,
    app: &App,
    token: &str,
    now: u64,
) -> Result<(&'a User, String), Refusal> {
    let bad = || {
        Refusal::grant(
            70000,
            "The refresh token is malformed or revoked (a changed password or signing key revokes it). Sign the user in again.",
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
    if !keys.is_sealed(&sealed(note, user), &tag) {
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
    Ok((user, read.scope))
}

/// What the seal covers. The encoded note holds no zero byte, so no two different inputs run into one another.
fn sealed(note: &str, user: &User) -> Vec<u8> {
    [note.as_bytes(), &[0], user.password.kept().as_bytes()].concat()
}
