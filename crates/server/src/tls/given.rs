//! A certificate that somebody else signed, for a server that other machines reach.

use std::{path::Path, sync::Arc};

use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::CertifiedKey,
};

use super::{TlsError, files, private_key, server_config};

/// What is wrong with the two files; at least one of them has a fault.
#[derive(Debug)]
pub struct Faults {
    /// Of the certificate.
    pub certificate: Option<TlsError>,
    /// Of its key.
    pub key: Option<TlsError>,
}

/// The configuration for listeners that show this certificate: TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1 by ALPN. Both files
/// are PEM; the certificate comes first in its file, and those that signed it follow.
///
/// # Errors
/// A file cannot be read, holds nothing of the kind, or the key belongs to another certificate; of each file what is wrong
/// with it.
pub fn from_files(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, Faults> {
    let (chain, private) = match (read_chain(certificate), read_key(key)) {
        (Ok(chain), Ok(private)) => (chain, private),
        (chain, private) => {
            return Err(Faults {
                certificate: chain.err(),
                key: private.err(),
            });
        }
    };
    let of_key = |fault| Faults {
        certificate: None,
        key: Some(fault),
    };
    let pair =
        CertifiedKey::from_der(chain, private, &aws_lc_rs::default_provider()).map_err(|_| {
            of_key(wrong(
                key,
                "does not belong to the certificate: both must be made together",
            ))
        })?;
    server_config(pair).map(Arc::new).map_err(of_key)
}

fn read_chain(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let text = text(file)?;
    let chain: Vec<_> = CertificateDer::pem_slice_iter(text.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|_| wrong(file, "is damaged: it must be certificates in PEM"))?;
    if chain.is_empty() {
        return Err(wrong(
            file,
            "holds no certificate: it must begin with `-----BEGIN CERTIFICATE-----`",
        ));
    }
    Ok(chain)
}

fn read_key(file: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    private_key(&text(file)?).ok_or_else(|| {
        wrong(file, "holds no private key in PEM, or one under a passphrase: it must be PKCS #8, PKCS #1 or SEC 1, in the clear")
    })
}

fn text(file: &Path) -> Result<String, TlsError> {
    let text = files::read(file).map_err(|_| {
        wrong(
            file,
            "cannot be read: it must be a text file that the server's account may read",
        )
    });
    text?.ok_or_else(|| wrong(file, "does not exist: check the path"))
}

fn wrong(file: &Path, reason: &'static str) -> TlsError {
    TlsError::Given {
        file: file.to_owned(),
        reason,
    }
}
