//! A certificate that somebody else signed, for a server that other machines reach.

use std::{path::Path, sync::Arc};

use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject},
    sign::CertifiedKey,
};

use super::{TlsError, files, private_key, server_config};

/// The configuration for listeners that show this certificate: TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1 by ALPN. Both files
/// are PEM; the certificate comes first in its file, and those that signed it follow.
///
/// # Errors
/// A file cannot be read, holds nothing of the kind, or the key belongs to another certificate.
pub fn from_files(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let wrong = |file: &Path, reason| TlsError::Given {
        file: file.to_owned(),
        reason,
    };
    let text = |file: &Path| {
        files::read(file)?.ok_or_else(|| wrong(file, "does not exist: check the path"))
    };
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(text(certificate)?.as_bytes())
            .collect::<Result<_, _>>()
            .map_err(|_| wrong(certificate, "is damaged: it must be certificates in PEM"))?;
    if chain.is_empty() {
        return Err(wrong(
            certificate,
            "holds no certificate: it must begin with `-----BEGIN CERTIFICATE-----`",
        ));
    }
    let private = private_key(&text(key)?).ok_or_else(|| {
        wrong(key, "holds no private key in PEM, or one under a passphrase: it must be PKCS #8, PKCS #1 or SEC 1, in the clear")
    })?;
    let pair =
        CertifiedKey::from_der(chain, private, &aws_lc_rs::default_provider()).map_err(|_| {
            wrong(
                key,
                "does not belong to the certificate: both must be made together",
            )
        })?;
    Ok(Arc::new(server_config(pair)?))
}
