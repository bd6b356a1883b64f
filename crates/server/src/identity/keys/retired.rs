//! Keys that no longer sign: `retired-SECONDS-KID-key.pem` and `retired-SECONDS-KID-certificate.pem`, by the second of their
//! retirement and their id. Those of older versions have no id in their name.

use std::{
    cmp::Reverse,
    path::{Path, PathBuf},
};

use rustls::pki_types::{CertificateDer, pem::PemObject};

use super::{KeysError, Known, SIGNING_CERTIFICATE, SIGNING_KEY, read_key};
use crate::{
    identity::{grants::ACCESS_SECONDS, refresh::REFRESH_SECONDS},
    tls::files::{self, FileError},
};

/// The retired keys, the latest first.
pub(super) fn read(directory: &Path) -> Result<Vec<Known>, KeysError> {
    let mut known = Vec::new();
    for Retired { second, name } in all(directory)? {
        let (key, certificate) = files_of(directory, &name);
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

/// Keeps a copy of the signing key, which has that id, and its certificate: the certificate first, for a key without one could
/// not be read.
pub(super) fn keep(directory: &Path, kid: &str, now: u64) -> Result<(), KeysError> {
    let (key, certificate) = files_of(directory, &format!("{now}-{kid}"));
    let of_now = [(SIGNING_CERTIFICATE, certificate), (SIGNING_KEY, key)];
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
    for Retired { second, name } in all(directory)? {
        if second.saturating_add(life) < now {
            let (key, certificate) = files_of(directory, &name);
            files::remove(&key)?;
            files::remove(&certificate)?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// A retired key in its directory.
struct Retired {
    second: u64,
    /// `SECONDS-KID`
    name: String,
}

fn files_of(directory: &Path, name: &str) -> (PathBuf, PathBuf) {
    let file = |what| directory.join(format!("retired-{name}-{what}.pem"));
    (file("key"), file("certificate"))
}

/// The retired keys in the directory, the latest first.
fn all(directory: &Path) -> Result<Vec<Retired>, FileError> {
    let names = files::names(directory)?;
    let retired = names.iter().filter_map(|file| {
        let name = file.strip_prefix("retired-")?.strip_suffix("-key.pem")?;
        let second = name.split_once('-').map_or(name, |(second, _)| second);
        Some(Retired {
            second: second.parse().ok()?,
            name: name.to_owned(),
        })
    });
    let mut retired: Vec<Retired> = retired.collect();
    retired.sort_unstable_by_key(|retired| Reverse(retired.second));
    Ok(retired)
}
