//! The certificates that an app may sign in with: their names, and the keys inside.

use aws_lc_rs::digest::{self, Digest};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use jsonwebtoken::DecodingKey;
use rustls::pki_types::{CertificateDer, pem::PemObject};

use crate::tls::der;

/// Shorter keys can be broken.
const BITS_MIN: usize = 2048;

/// Why a certificate cannot be registered for an app.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// It is no certificate.
    #[error(
        "there is no certificate in PEM in it: it must hold the lines from '-----BEGIN CERTIFICATE-----' to '-----END CERTIFICATE-----'; the private key stays with the app"
    )]
    Unreadable,
    /// Its key cannot be used.
    #[error(
        "the certificate's key is not an RSA key of {BITS_MIN} bits or more, and client assertions are signed with RS256 or PS256: make one, for example with `openssl req -x509 -newkey rsa:2048`"
    )]
    Key,
}

/// A certificate of an app.
#[derive(Clone, Copy, Debug)]
pub struct Certificate<'a>(&'a [u8]);

impl<'a> Certificate<'a> {
    /// Reads the first certificate of a PEM text and returns its DER.
    ///
    /// # Errors
    /// There is none, or its key is no RSA key of 2048 bits or more.
    pub fn read_pem(pem: &[u8]) -> Result<Vec<u8>, CertificateError> {
        let der = CertificateDer::from_pem_slice(pem).map_err(|_| CertificateError::Unreadable)?;
        der::not_after(&der).ok_or(CertificateError::Unreadable)?;
        let (modulus, _) = der::rsa_public_key(&der)
            .and_then(der::rsa_numbers)
            .ok_or(CertificateError::Key)?;
        if modulus.len() * 8 < BITS_MIN {
            return Err(CertificateError::Key);
        }
        Ok(der.to_vec())
    }

    /// The certificate of that DER.
    pub fn new(der: &'a [u8]) -> Self {
        Self(der)
    }

    /// SHA-1 of the certificate in upper-case hexadecimal digits, as administration pages show it.
    pub fn thumbprint(self) -> String {
        let digest = self.sha1();
        digest
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02X}"))
            .collect()
    }

    /// The end of its validity, in seconds since 1970.
    pub fn not_after(self) -> Option<u64> {
        der::not_after(self.0)
    }

    /// Is it meant by this thumbprint? SHA-1 and SHA-256 are understood, in base64 of both alphabets and in hexadecimal digits.
    pub fn is_called(self, thumbprint: &str) -> bool {
        let sha256 = digest::digest(&digest::SHA256, self.0);
        bytes(thumbprint)
            .is_some_and(|bytes| bytes == self.sha1().as_ref() || bytes == sha256.as_ref())
    }

    /// Is this its DER in base64?
    pub(super) fn is_written(self, text: &str) -> bool {
        STANDARD_NO_PAD
            .decode(text.trim_end_matches('='))
            .is_ok_and(|der| der == self.0)
    }

    /// The key that its owner's signatures are checked with.
    pub(super) fn key(self) -> Option<DecodingKey> {
        der::rsa_public_key(self.0).map(DecodingKey::from_rsa_der)
    }

    fn sha1(self) -> Digest {
        digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, self.0)
    }
}

fn bytes(thumbprint: &str) -> Option<Vec<u8>> {
    let is_hex = thumbprint.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hex && matches!(thumbprint.len(), 40 | 64) {
        return (0..thumbprint.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&thumbprint[at..at + 2], 16).ok())
            .collect();
    }
    let text = thumbprint.trim_end_matches('=');
    URL_SAFE_NO_PAD
        .decode(text)
        .or_else(|_| STANDARD_NO_PAD.decode(text))
        .ok()
}
