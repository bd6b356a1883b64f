//! TLS for clients that insist on it: a private CA, and a leaf with every name under which clients reach us.
//!
//! Both are made on the first start and kept with the data. The CA stays the same for ten years, because people
//! tell their clients to trust it; the leaf is made anew whenever it is about to expire or its names change.

pub(crate) mod der;
pub(crate) mod files;
mod given;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::{
    RootCertStore, ServerConfig,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier},
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
    sign::CertifiedKey,
};

pub use self::{
    files::{FileError, private_directory},
    given::{Faults, from_files},
};

/// The names and addresses of the leaf: this machine, and the Graph and sign-in hosts of all clouds, for clients
/// that reach us through a proxy or a hosts entry.
pub const NAMES: [&str; 11] = [
    "localhost",
    "127.0.0.1",
    "::1",
    "graph.microsoft.com",
    "login.microsoftonline.com",
    "graph.microsoft.us",
    "dod-graph.microsoft.us",
    "login.microsoftonline.us",
    "microsoftgraph.chinacloudapi.cn",
    "login.chinacloudapi.cn",
    "login.partner.microsoftonline.cn",
];

/// How many of the names are this machine's own; they come first.
const MACHINE_NAMES: usize = 3;

/// The Graph and sign-in hosts of all clouds: the names that are not this machine's own.
pub fn cloud_names() -> &'static [&'static str] {
    NAMES.split_at(MACHINE_NAMES).1
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long the CA is valid, the backdating included.
const CA_DAYS: u32 = 3650;
/// How long a leaf is valid, the backdating included; more than 398 days is refused by some clients.
const LEAF_DAYS: u32 = 397;
/// What has less than this left is made anew.
const RENEW_DAYS: u32 = 30;

/// Why the certificates could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A kept file does not hold what it should.
    #[error("`{}` {reason}; put it back from a backup, or move `ca.pem` and `ca-key.pem` away to have a new CA made (clients must then trust the new one)", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A file that the configuration names does not hold what it should.
    #[error("`{}` {reason}", file.display())]
    Given {
        /// The file.
        file: PathBuf,
        /// What is wrong with it, and what would be right.
        reason: &'static str,
    },
    /// A certificate could not be made.
    #[error("a certificate could not be made")]
    Certificate(#[from] rcgen::Error),
    /// The TLS library refuses a key or a certificate.
    #[error("the TLS library refuses the key or the certificate")]
    Tls(#[from] rustls::Error),
}

/// Makes aws-lc the cryptography of every TLS connection of this process; calling it again does nothing.
pub fn install_provider() {
    // The only error says that a provider is installed already, which is what we want.
    drop(aws_lc_rs::default_provider().install_default());
}

/// The CA file for clients, and the configuration for listeners.
pub struct Material {
    /// The CA certificate, PEM: the file that clients must trust.
    pub ca_file: PathBuf,
    server_config: Arc<ServerConfig>,
}

impl std::fmt::Debug for Material {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Material")
            .field("ca_file", &self.ca_file)
            .finish_non_exhaustive()
    }
}

impl Material {
    /// Reads `ca.pem`, `ca-key.pem`, `leaf.pem` and `leaf-key.pem` from the directory, making what is missing, about to
    /// expire, or for other names. Keys are readable by their owner only.
    ///
    /// # Errors
    /// A file cannot be read or written, or the kept CA is damaged. A CA is never replaced because it cannot be read.
    pub fn open(directory: &Path, now: SystemTime) -> Result<Self, TlsError> {
        files::private_directory(directory)?;
        let authority = Authority::open(directory, now)?;
        let leaf = authority.leaf(directory, now)?;
        Ok(Self {
            ca_file: directory.join("ca.pem"),
            server_config: Arc::new(server_config(leaf)?),
        })
    }

    /// The configuration for listeners: TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1 by ALPN.
    pub fn server_config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.server_config)
    }
}

fn server_config(leaf: CertifiedKey) -> Result<ServerConfig, TlsError> {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(leaf)));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// The CA: what clients trust, and the key that signs leaves.
struct Authority {
    certificate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
    expires_at: SystemTime,
}

impl Authority {
    fn open(directory: &Path, now: SystemTime) -> Result<Self, TlsError> {
        let (file, key_file) = (directory.join("ca.pem"), directory.join("ca-key.pem"));
        let Some(pem) = files::read(&file)? else {
            // A key alone is what a crash during the first start leaves behind: nobody trusts it yet.
            return Self::make(&file, &key_file, now);
        };
        let unreadable = |file: &Path, reason| TlsError::Unreadable {
            file: file.to_owned(),
            reason,
        };
        let Some(key_pem) = files::read_private(&key_file)? else {
            return Err(unreadable(
                &key_file,
                "is missing although `ca.pem` is there",
            ));
        };
        let certificate = CertificateDer::from_pem_slice(pem.as_bytes())
            .map_err(|_| unreadable(&file, "is not a certificate in PEM"))?;
        let key = KeyPair::from_pem(&key_pem)
            .map_err(|_| unreadable(&key_file, "is not a private key in PEM"))?;
        certified(certificate.clone(), &key_pem)
            .ok_or_else(|| unreadable(&key_file, "does not belong to `ca.pem`"))?;
        let expires_at = expiry(&certificate)
            .ok_or_else(|| unreadable(&file, "is a certificate without a readable end"))?;
        if expires_at < now + DAY * RENEW_DAYS {
            tracing::warn!(file = %file.display(), "the private CA is at its end: a new one is made, which clients must trust anew");
            return Self::make(&file, &key_file, now);
        }
        Ok(Self {
            certificate,
            issuer: Issuer::new(authority_params(&key), key),
            expires_at,
        })
    }

    fn make(file: &Path, key_file: &Path, now: SystemTime) -> Result<Self, TlsError> {
        let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?;
        let mut params = authority_params(&key);
        let expires_at = now + DAY * (CA_DAYS - 1);
        params.not_before = (now - DAY).into();
        params.not_after = expires_at.into();
        let certificate = params.self_signed(&key)?;
        // The key goes first: a certificate without its key would be reported as damage.
        files::write_private(key_file, &key.serialize_pem())?;
        files::write(file, &certificate.pem())?;
        Ok(Self {
            certificate: certificate.into(),
            issuer: Issuer::new(params, key),
            expires_at,
        })
    }

    /// The kept leaf if it is still good, else a new one.
    fn leaf(&self, directory: &Path, now: SystemTime) -> Result<CertifiedKey, TlsError> {
        let (file, key_file) = (directory.join("leaf.pem"), directory.join("leaf-key.pem"));
        if let (Some(pem), Some(key_pem)) = (files::read(&file)?, files::read_private(&key_file)?)
            && let Ok(certificate) = CertificateDer::from_pem_slice(pem.as_bytes())
            && self.is_good(&certificate, now)
            && let Some(leaf) = certified(certificate, &key_pem)
        {
            return Ok(leaf);
        }
        let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?;
        let mut params = leaf_params()?;
        params.not_before = (now - DAY).into();
        params.not_after = (now + DAY * (LEAF_DAYS - 1)).min(self.expires_at).into();
        let certificate = params.signed_by(&key, &self.issuer)?;
        let key_pem = key.serialize_pem();
        files::write_private(&key_file, &key_pem)?;
        files::write(&file, &certificate.pem())?;
        Ok(CertifiedKey::from_der(
            vec![certificate.into()],
            private_key(&key_pem).ok_or(rcgen::Error::CouldNotParseKeyPair)?,
            &aws_lc_rs::default_provider(),
        )?)
    }

    /// Is the leaf signed by this CA, for exactly our names, and far enough from its end?
    fn is_good(&self, leaf: &CertificateDer<'_>, now: SystemTime) -> bool {
        let mut names = der::names(leaf).unwrap_or_default();
        names.sort_unstable();
        let mut wanted = NAMES.map(str::to_owned);
        wanted.sort_unstable();
        names == wanted
            && expiry(leaf).is_some_and(|end| end > now + DAY * RENEW_DAYS)
            && vouches(&self.certificate, leaf, "localhost", now)
    }
}

/// The subject holds a part of the key's fingerprint, so that the CAs of several data directories can be trusted side by
/// side. It is a function of the key alone: a reopened CA signs under the very name that its certificate bears.
fn authority_params(key: &KeyPair) -> CertificateParams {
    let mut params = CertificateParams::default();
    let fingerprint: String = params
        .key_identifier(key)
        .iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(
        DnType::CommonName,
        format!("Linkspan private CA {fingerprint}"),
    );
    params
        .distinguished_name
        .push(DnType::OrganizationName, "Linkspan");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![
        KeyUsagePurpose::DigitalSignature,
        KeyUsagePurpose::KeyCertSign,
        KeyUsagePurpose::CrlSign,
    ];
    params
}

/// Clients with `VERIFY_X509_STRICT` (the default of newer Pythons) refuse a leaf without an authority key identifier.
fn leaf_params() -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(NAMES.map(str::to_owned).to_vec())?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, "localhost");
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

/// The certificate with its key; `None` if the key is unreadable or another's.
fn certified(certificate: CertificateDer<'static>, key_pem: &str) -> Option<CertifiedKey> {
    CertifiedKey::from_der(
        vec![certificate],
        private_key(key_pem)?,
        &aws_lc_rs::default_provider(),
    )
    .ok()
}

fn private_key(pem: &str) -> Option<PrivateKeyDer<'static>> {
    PrivateKeyDer::from_pem_slice(pem.as_bytes()).ok()
}

fn expiry(certificate: &[u8]) -> Option<SystemTime> {
    Some(UNIX_EPOCH + Duration::from_secs(der::not_after(certificate)?))
}

/// Would a client that trusts this CA accept the leaf for that name?
fn vouches(
    ca: &CertificateDer<'static>,
    leaf: &CertificateDer<'_>,
    name: &str,
    now: SystemTime,
) -> bool {
    let mut roots = RootCertStore::empty();
    let (Ok(()), Ok(name), Ok(now)) = (
        roots.add(ca.clone()),
        ServerName::try_from(name),
        now.duration_since(UNIX_EPOCH),
    ) else {
        return false;
    };
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider())
        .build()
        .is_ok_and(|verifier| {
            verifier
                .verify_server_cert(leaf, &[], &name, &[], UnixTime::since_unix_epoch(now))
                .is_ok()
        })
}

#[cfg(test)]
mod tests;
