//! The files that the programs of a run read: bundles of certificates, a trust store for Java, a preload for Node.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::Context;
use serde_json::json;
use server::{journal::Whereabouts, tls};
use tempfile::TempDir;
use tokio::{process::Command, time::timeout};

use crate::say;

/// Where systems keep the roots that they trust; the first that is there counts.
const SYSTEM_ROOTS: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// How long `keytool` may take; it is a Java program.
const KEYTOOL_PATIENCE: Duration = Duration::from_secs(30);

/// The password of every Java installation's trust store, which hides nothing.
pub const STORE_PASSWORD: &str = "changeit";

const PRELOAD: &str = include_str!("preload.cjs");

/// The files of a run; they go with it.
pub struct Files {
    /// What clients trust that replace their roots: the system's roots, those that the environment named, and ours.
    pub bundle: PathBuf,
    /// What clients trust beside their roots: what the environment named, and ours.
    pub extra: PathBuf,
    /// The same for Java, if it is installed.
    pub trust_store: Option<PathBuf>,
    /// What Node loads first.
    pub preload: PathBuf,
    _directory: TempDir,
}

impl Files {
    /// Writes them. `inherited` are the variables of the environment.
    pub async fn write(
        whereabouts: &Whereabouts,
        inherited: &dyn Fn(&str) -> Option<OsString>,
    ) -> anyhow::Result<Self> {
        let directory = tempfile::Builder::new().prefix("linkspan-run-").tempdir()?;
        let at = |name: &str| directory.path().join(name);
        let named = |names: &[&str]| -> Vec<PathBuf> {
            names
                .iter()
                .filter_map(|name| named_file(name, inherited))
                .collect()
        };
        let mut roots = named(&["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]);
        let system = SYSTEM_ROOTS
            .iter()
            .map(PathBuf::from)
            .find(|path| path.is_file());
        roots.extend(system);
        let extra = named(&["NODE_EXTRA_CA_CERTS"]);
        let (ca, ours) = (at("ca.pem"), whereabouts.ca_pem.as_bytes());
        let texts = [
            (ca.clone(), ours.to_vec()),
            (at("bundle.pem"), together(&roots, ours)),
            (at("extra.pem"), together(&extra, ours)),
            (at("preload.cjs"), preload(whereabouts).into_bytes()),
        ];
        for (path, text) in texts {
            fs::write(&path, text)
                .with_context(|| format!("could not write {}", path.display()))?;
        }
        let store = at("trust.p12");
        let made = match keytool(inherited) {
            Some(keytool) => make_store(&keytool, &ca, &store).await,
            None => false,
        };
        Ok(Self {
            bundle: at("bundle.pem"),
            extra: at("extra.pem"),
            trust_store: made.then_some(store),
            preload: at("preload.cjs"),
            _directory: directory,
        })
    }
}

/// The file of certificates that a variable names, if it can be read; if not, that is said, because the program could not
/// have read it either.
fn named_file(name: &str, inherited: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let path = inherited(name).filter(|value| !value.is_empty())?;
    let path = PathBuf::from(path);
    if let Err(error) = fs::read(&path) {
        say::aside(format_args!(
            "linkspan run: {name} names {}, which cannot be read, and is left out of what the program trusts: {error}",
            path.display()
        ));
        return None;
    }
    Some(path)
}

/// Certificates in PEM, each file once, ours last. Between certificates there may be any bytes.
fn together(files: &[PathBuf], ours: &[u8]) -> Vec<u8> {
    let mut seen = BTreeSet::new();
    let mut text = Vec::new();
    for file in files {
        let real = fs::canonicalize(file).unwrap_or_else(|_| file.clone());
        if seen.insert(real)
            && let Ok(more) = fs::read(file)
        {
            text.extend(more);
            text.push(b'\n');
        }
    }
    text.extend(ours);
    text
}

fn preload(whereabouts: &Whereabouts) -> String {
    let address = whereabouts.https_address;
    let server = json!({ "host": address.ip().to_string(), "port": address.port() });
    PRELOAD
        .replace("/*HOSTS*/", &json!(tls::cloud_names()).to_string())
        .replace("/*SERVER*/", &server.to_string())
}

/// The program that makes Java's trust stores: of `JAVA_HOME`, else of the path.
fn keytool(inherited: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let home = inherited("JAVA_HOME").map(|home| PathBuf::from(home).join("bin"));
    let path = inherited("PATH").unwrap_or_default();
    home.into_iter()
        .chain(std::env::split_paths(&path))
        .map(|directory| directory.join("keytool"))
        .find(|keytool| keytool.is_file())
}

/// A copy of the installation's trust store with our CA in it; false when that cannot be had.
async fn make_store(keytool: &Path, ca: &Path, store: &Path) -> bool {
    let roots = fs::canonicalize(keytool).ok().and_then(|real| {
        let home = real.parent()?.parent()?;
        [
            home.join("lib/security/cacerts"),
            home.join("jre/lib/security/cacerts"),
        ]
        .into_iter()
        .find(|path| path.is_file())
    });
    // Read and written instead of copied: a copy would inherit that nobody may write it.
    if let Some(roots) = roots.and_then(|path| fs::read(path).ok())
        && fs::write(store, roots).is_err()
    {
        return false;
    }
    let mut command = Command::new(keytool);
    command
        .args([
            "-J-XX:TieredStopAtLevel=1",
            "-J-Xshare:auto",
            "-importcert",
            "-noprompt",
            "-alias",
            "linkspan-run",
        ])
        .args(["-storepass", STORE_PASSWORD, "-file"])
        .arg(ca)
        .arg("-keystore")
        .arg(store)
        .env_remove("JAVA_TOOL_OPTIONS")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let ended = timeout(KEYTOOL_PATIENCE, command.status()).await;
    let made = matches!(ended, Ok(Ok(status)) if status.success());
    if !made {
        tracing::warn!(keytool = %keytool.display(), "no trust store for Java could be made: Java programs will not trust the server");
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_of_roots_is_taken_once_and_ours_is_last() {
        let directory = tempfile::tempdir().unwrap();
        let (first, link) = (directory.path().join("a"), directory.path().join("b"));
        fs::write(&first, b"# Jos\xe9\nroots").unwrap();
        std::os::unix::fs::symlink(&first, &link).unwrap();
        let missing = directory.path().join("c");
        assert_eq!(
            together(&[first, missing, link], b"ours"),
            b"# Jos\xe9\nroots\nours"
        );
    }

    #[test]
    fn the_preload_knows_the_hosts_and_the_server() {
        let text = preload(&Whereabouts {
            http_url: String::new(),
            https_url: String::new(),
            https_address: "[::1]:7743".parse().unwrap(),
            proxy_url: String::new(),
            ca_pem: String::new(),
        });
        assert!(
            text.contains(r#"new Set(["graph.microsoft.com","#),
            "{text}"
        );
        assert!(
            text.contains(r#"const server = {"host":"::1","port":7743};"#),
            "{text}"
        );
    }
}
