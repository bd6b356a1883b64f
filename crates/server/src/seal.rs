//! What a client carries for us and is not to read: sealed with a key that nobody else has.

use std::fmt;

use aws_lc_rs::{
    aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hmac,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// Closes texts so that only we can open or make them. It cannot be printed.
pub(crate) struct Seal(LessSafeKey);

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal")
    }
}

impl Seal {
    /// A seal that this secret and this purpose decide: it needs no file of its own and ends with the secret.
    pub fn derive(secret: &[u8], purpose: &str) -> Self {
        let derived = hmac::sign(
            &hmac::Key::new(hmac::HMAC_SHA256, secret),
            purpose.as_bytes(),
        );
        let key = UnboundKey::new(&AES_256_GCM_SIV, derived.as_ref())
            .expect("SHA-256 makes as many bytes as the cipher's key has");
        Self(LessSafeKey::new(key))
    }

    /// The text, closed; it opens only for whoever says the same about it.
    pub fn close(&self, text: &str, about: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        self.0
            .seal_in_place_append_tag(nonce(), Aad::from(about), &mut bytes)
            .expect("the cipher takes texts of many gigabytes");
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// What was closed; `None` for what we did not close, or said something else about.
    pub fn open(&self, closed: &str, about: &str) -> Option<String> {
        let mut bytes = URL_SAFE_NO_PAD.decode(closed).ok()?;
        let text = self
            .0
            .open_in_place(nonce(), Aad::from(about), &mut bytes)
            .ok()?;
        String::from_utf8(text.to_vec()).ok()
    }
}

/// Always the same: this cipher then tells that two texts are equal and nothing else, and the same page keeps its address.
fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; NONCE_LEN])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_closed_opens_with_the_same_words_only() {
        let seal = Seal::derive(b"secret", "pages");
        let closed = seal.close("place 13", "connections");
        assert_eq!(
            seal.open(&closed, "connections").as_deref(),
            Some("place 13")
        );
        assert_eq!(seal.open(&closed, "users"), None);
        for other in [
            Seal::derive(b"secrets", "pages"),
            Seal::derive(b"secret", "page"),
        ] {
            assert_eq!(other.open(&closed, "connections"), None);
        }
        assert_eq!(seal.close("place 13", "connections"), closed);
        assert_eq!(format!("{seal:?}"), "Seal");
    }

    #[test]
    fn nothing_can_be_read_or_changed() {
        let seal = Seal::derive(b"secret", "pages");
        let closed = seal.close("00000000000000000013", "");
        let bytes = URL_SAFE_NO_PAD.decode(&closed).unwrap();
        assert!(!bytes.windows(4).any(|four| four == b"0000"));
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert_eq!(seal.open(&URL_SAFE_NO_PAD.encode(changed), ""), None);
        }
        for made_up in ["", "x", "MTIz", "ä"] {
            assert_eq!(seal.open(made_up, ""), None);
        }
    }
}
