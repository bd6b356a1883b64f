//! Forms that only we can have shown: a cookie that other sites cannot make a browser send with a form, and its sealed twin in
//! the form.

use super::{chance, keys::Keys, sign_in::SignIn};

/// Over TLS the name's beginning has browsers insist on what it stands for; the other is for plain HTTP on this machine.
const SECURE_COOKIE: &str = "__Host-linkspan-form";
const PLAIN_COOKIE: &str = "linkspan-form";
/// How long a form may lie open, in seconds.
const SECONDS: u64 = 60 * 60;

/// What ties a form to the browser that it was shown in.
pub(super) struct FormToken {
    cookie: String,
    is_secure: bool,
}

impl FormToken {
    /// The field of the form that holds the token.
    pub const FIELD: &str = "form_token";

    /// The token of this browser, by its header `Cookie`; a new one if it has none.
    pub fn of(request: &SignIn<'_>) -> Self {
        let is_secure = request.base.starts_with("https://");
        let kept = request
            .cookie
            .into_iter()
            .flat_map(|header| header.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(name, value)| *name == cookie_name(is_secure) && is_ours(value));
        Self {
            cookie: kept.map_or_else(chance::secret, |(_, value)| value.to_owned()),
            is_secure,
        }
    }

    /// What the form says.
    pub fn field(&self, keys: &Keys) -> String {
        let tag = keys.seal(&self.sealed());
        tag.as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// Was the form that says this shown in this browser?
    pub fn is(&self, keys: &Keys, field: &str) -> bool {
        let is_hex = field.len() == 64 && field.bytes().all(|byte| byte.is_ascii_hexdigit());
        let tag: Option<Vec<u8>> = is_hex
            .then(|| {
                (0..64)
                    .step_by(2)
                    .map(|at| u8::from_str_radix(&field[at..at + 2], 16).ok())
                    .collect()
            })
            .flatten();
        tag.is_some_and(|tag| keys.is_sealed(&self.sealed(), &tag))
    }

    /// The header `Set-Cookie`.
    pub fn set_cookie(&self) -> String {
        let name = cookie_name(self.is_secure);
        let secure = if self.is_secure { "; Secure" } else { "" };
        format!(
            "{name}={}; Path=/; Max-Age={SECONDS}; HttpOnly; SameSite=Lax{secure}",
            self.cookie
        )
    }

    fn sealed(&self) -> Vec<u8> {
        [b"form\0", self.cookie.as_bytes()].concat()
    }
}

fn cookie_name(is_secure: bool) -> &'static str {
    if is_secure {
        SECURE_COOKIE
    } else {
        PLAIN_COOKIE
    }
}

fn is_ours(value: &str) -> bool {
    value.len() == 64 && value.bytes().all(|byte| byte.is_ascii_hexdigit())
}
