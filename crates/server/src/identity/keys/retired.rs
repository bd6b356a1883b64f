//! Keys that no longer sign: `retired-SECONDS-key.pem` and `retired-SECONDS-certificate.pem`, by the second of their retirement.

use std::path::{Path, PathBuf};

use rustls::pki_types::{CertificateDer, pem::PemObject};

use super::{KeysError, Known, SIGNING_CERTIFICATE, SIGNING_KEY, read_key};
use crate::{
    identity::{grants::ACCESS_SECONDS, refresh::REFRESH_SECONDS},
    tls::files::{self, FileError},
};

/// The retired keys, the latest first.
pub(super) fn read(directory: &Path) -> Result<Vec<Known>, KeysError> {
    let mut known = Vec::new();
    for second in seconds(directory)? {
        let (key, certificate) = names(directory, second);
        let Some(pem) = files::read_private(&key)? else {
            continue;
        };
        let unreadable = || KeysError::Unreadable(key.display().to_string());
        let pair = read_key(&key, &pem)?;
        let der = files::read(&certificate)?
            .and_then(|pem| CertificateDer::from_pem_slice(pem.as_bytes()).ok())
            .ok_or_else(unreadable)?;
        let retired = Known::new(pair.serialized_der(), &der, Some(second));
        known.push(retired.ok_or_else(unreadable)?);
    }
    Ok(known)
}

/// Keeps a copy of the signing key and its certificate: the certificate first, for a key without one could not be read.
pub(super) fn keep(directory: &Path, now: u64) -> Result<(), KeysError> {
    let (key, certificate) = names(directory, now);
    let of_now = [
        (SIGNING_CERTIFICATE, certificate),
        (SIGNING_KEY, key.clone()),
    ];
    for (name, copy) in of_now {
        let text = files::read(&directory.join(name))?
            .ok_or_else(|| KeysError::Unreadable(directory.join(name).display().to_string()))?;
        files::write_private(&copy, &text)?;
    }
    Ok(())
}

/// Removes the keys whose last token has expired.
pub(super) fn remove_expired(directory: &Path, now: u64) -> Result<usize, KeysError> {
    let life = REFRESH_SECONDS.max(ACCESS_SECONDS) + 60 * 60;
    let mut removed = 0;
    for second in seconds(directory)? {
        if second.saturating_add(life) < now {
            let (key, certificate) = names(directory, second);
            files::remove(&key)?;
            files::remove(&certificate)?;
            removed += 1;
        }
    }
    Ok(removed)
}

fn names(directory: &Path, second: u64) -> (PathBuf, PathBuf) {
    let name = |what| directory.join(format!("retired-{second}-{what}.pem"));
    (name("key"), name("certificate"))
}

/// The seconds at which keys were retired, the latest first.
fn seconds(directory: &Path) -> Result<Vec<u64>, FileError> {
    let mut seconds: Vec<u64> = files::names(directory)?
        .iter()
        .filter_map(|name| {
            let rest = name.strip_prefix("retired-")?;
            rest.strip_suffix("-key.pem")?.parse().ok()
        })
        .collect();
    seconds.sort_unstable_by(|a, b| b.cmp(a));
    Ok(seconds)
}
