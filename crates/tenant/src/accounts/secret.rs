//! What is kept of a secret: enough to know it again, and nothing to read it from.

use std::fmt::Write;

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString},
};
use sha2::{Digest, Sha256};

/// The first part of a quick digest as it is kept; a slow one begins with `$argon2id`, as everywhere.
const QUICK: &str = "$sha256";

/// The digest of a secret; it cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// Salted SHA-256: quick to compare, for secrets that nobody can guess (long random ones) or everybody knows (published ones).
    Quick {
        /// Eight bytes or more.
        salt: Vec<u8>,
        /// SHA-256 of salt and secret.
        digest: [u8; 32],
    },
    /// Argon2id in the text form of its reference, for what people think up: every guess costs memory and time.
    Slow(String),
}

/// What a guess of a slow secret costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB, 8 or more.
    pub memory: u32,
    /// Passes over the memory, 1 or more.
    pub passes: u32,
}

impl Default for Cost {
    /// OWASP's first choice for Argon2id (Password Storage Cheat Sheet): 19 MiB, two passes, one lane.
    fn default() -> Self {
        Self {
            memory: 19_456,
            passes: 2,
        }
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Secret {
    /// The quick digest of a secret under a salt.
    pub fn new(salt: &[u8], secret: &str) -> Self {
        Self::Quick {
            salt: salt.to_vec(),
            digest: digest(salt, secret),
        }
    }

    /// The slow digest of a password under a random salt of sixteen bytes; `None` if the salt or the cost is out of bounds.
    pub fn slow(salt: &[u8], password: &str, cost: Cost) -> Option<Self> {
        let params = Params::new(cost.memory, cost.passes, 1, None).ok()?;
        let salt = SaltString::encode_b64(salt).ok()?;
        let hash = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password(password.as_bytes(), &salt)
            .ok()?;
        Some(Self::Slow(hash.to_string()))
    }

    /// What people call the secret by: eight hexadecimal digits that say nothing about it.
    pub fn id(&self) -> String {
        let digest = Sha256::digest(self.kept());
        digest[..4].iter().fold(String::new(), |mut id, byte| {
            let _ = write!(id, "{byte:02x}");
            id
        })
    }

    /// Is this the secret? Takes the same time whatever the answer.
    pub fn is(&self, secret: &str) -> bool {
        match self {
            Self::Quick {
                salt,
                digest: known,
            } => {
                let given = digest(salt, secret);
                let difference = known
                    .iter()
                    .zip(given)
                    .fold(0u8, |all, (a, b)| all | (a ^ b));
                std::hint::black_box(difference) == 0
            }
            Self::Slow(text) => PasswordHash::new(text).is_ok_and(|hash| {
                Argon2::default()
                    .verify_password(secret.as_bytes(), &hash)
                    .is_ok()
            }),
        }
    }

    /// Does a comparison take long, on purpose?
    pub fn is_slow(&self) -> bool {
        matches!(self, Self::Slow(_))
    }

    /// The digest as text without blanks, for keeping.
    pub fn kept(&self) -> String {
        match self {
            Self::Quick { salt, digest } => format!("{QUICK}${}${}", hex(salt), hex(digest)),
            Self::Slow(text) => text.clone(),
        }
    }

    /// Reads what [`Secret::kept`] wrote; `None` if it is nothing of that kind.
    pub fn from_kept(text: &str) -> Option<Self> {
        let Some(rest) = text.strip_prefix(QUICK) else {
            let hash = PasswordHash::new(text).ok()?;
            let is_argon2id = hash.algorithm.as_str() == "argon2id" && hash.hash.is_some();
            return is_argon2id.then(|| Self::Slow(text.to_owned()));
        };
        let (salt, digest) = rest.strip_prefix('$')?.split_once('$')?;
        Some(Self::Quick {
            salt: from_hex(salt)?,
            digest: from_hex(digest)?.try_into().ok()?,
        })
    }
}

fn digest(salt: &[u8], secret: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(salt);
    hash.update(secret.as_bytes());
    hash.finalize().into()
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Cost = Cost {
        memory: 8,
        passes: 1,
    };

    #[test]
    fn a_secret_is_known_again_after_it_was_kept() {
        for secret in [
            Secret::new(b"saltsalt", "correct horse"),
            Secret::slow(b"sixteen bytes ok", "correct horse", CHEAP).unwrap(),
        ] {
            let text = secret.kept();
            assert!(!text.contains([' ', '\n']), "{text}");
            let kept = Secret::from_kept(&text).unwrap();
            assert_eq!(kept, secret);
            assert!(kept.is("correct horse"));
            for wrong in ["", "correct horsf", "correct horse ", "Correct horse"] {
                assert!(!kept.is(wrong), "{wrong}");
            }
            assert_eq!(format!("{secret:?}"), "Secret(…)");
        }
        // The hexadecimal digits of the first layout's rows are upper-case.
        let upper = Secret::new(b"saltsalt", "x").kept().replace("$sha256", "");
        let upper = format!("$sha256{}", upper.to_ascii_uppercase());
        assert!(Secret::from_kept(&upper).is_some_and(|secret| secret.is("x")));
    }

    #[test]
    fn what_is_no_digest_is_not_read() {
        let short = "$sha256$00$00";
        let cost = Secret::slow(b"sixteen bytes ok", "x", CHEAP)
            .unwrap()
            .kept();
        for text in [
            "",
            "$sha256",
            "$sha256$0",
            short,
            "$sha256$zz$00",
            "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ",
            &cost.replace("argon2id", "argon2d"),
            "plain",
        ] {
            assert!(Secret::from_kept(text).is_none(), "{text}");
        }
    }

    #[test]
    fn the_default_cost_is_that_of_owasp() {
        let secret = Secret::slow(b"sixteen bytes ok", "x", Cost::default()).unwrap();
        assert!(
            secret.kept().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{}",
            secret.kept()
        );
        assert!(secret.is("x") && !secret.is("y"));
    }
}
