//! `linkspan dev` and `linkspan demo`: a server for this machine, with published credentials.

use std::{
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};
use etcetera::BaseStrategy;

use crate::{
    cli::{Demo, Dev, Listen},
    demo, ready, wire,
};

/// Serves until it is told to stop.
pub async fn dev(options: Dev) -> anyhow::Result<()> {
    if options.proxy.is_some() {
        bail!(
            "--proxy is not served yet: it comes with a later release; point the client at the HTTP or HTTPS address instead"
        );
    }
    if options.seed.is_some() {
        bail!(
            "--seed is not served yet: it comes with a later release; the seeded tenant is the one that `linkspan dev` prints"
        );
    }
    let running = start(&options.listen).await?;
    ready::print(&running.addresses, &running.data)?;
    running.until_stopped().await
}

/// Loads the demo's items, prints its table, and goes on serving.
pub async fn demo(options: Demo) -> anyhow::Result<()> {
    let running = start(&options.listen).await?;
    let shown = tokio::select! {
        shown = demo::run(&running.addresses.http_url, options.items) => shown,
        stopped = stop_signal() => stopped,
    };
    if options.once || shown.is_err() {
        running.house.close().await?;
        return shown;
    }
    ready::print(&running.addresses, &running.data)?;
    running.until_stopped().await
}

/// A server that listens.
struct Running {
    addresses: ready::Addresses,
    data: PathBuf,
    house: wire::House,
    /// Removed with the process, if the data is ephemeral.
    _temporary: Option<tempfile::TempDir>,
}

impl Running {
    async fn until_stopped(self) -> anyhow::Result<()> {
        stop_signal().await?;
        eprintln!("stopping: requests that are under way are answered first");
        self.house.close().await
    }
}

async fn start(options: &Listen) -> anyhow::Result<Running> {
    let (http, https) = (listener(options.http)?, listener(options.https)?);
    let (data, temporary) = data_directory(options)?;
    let public_url = options.public_url.as_deref().map(public_url).transpose()?;
    let http_url = format!("http://localhost:{}", http.local_addr()?.port());
    let https_url = format!("https://localhost:{}", https.local_addr()?.port());
    let house = wire::open(&data, public_url, http, https)
        .await
        .with_context(|| format!("could not open the data directory {}", data.display()))?;
    let addresses = ready::Addresses {
        http_url,
        https_url,
        ca_file: house.ca_file.clone(),
    };
    if let Some(file) = &options.ready_file {
        ready::write(file, &addresses)?;
    }
    Ok(Running {
        addresses,
        data,
        house,
        _temporary: temporary,
    })
}

/// Listens on a loopback address; the credentials are published, so no other will do.
fn listener(address: SocketAddr) -> anyhow::Result<TcpListener> {
    ensure!(
        address.ip().is_loopback(),
        "{address} is not a loopback address: `linkspan dev` serves published credentials and listens on this machine only (127.0.0.1 or [::1])"
    );
    let listener = TcpListener::bind(address).with_context(|| {
        format!("could not listen on {address}: is another server running there? Choose another port, or port 0 for a free one")
    })?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn data_directory(options: &Listen) -> anyhow::Result<(PathBuf, Option<tempfile::TempDir>)> {
    if options.ephemeral {
        let temporary = tempfile::Builder::new().prefix("linkspan-").tempdir()?;
        return Ok((temporary.path().to_owned(), Some(temporary)));
    }
    let data = match &options.data {
        Some(data) => data.clone(),
        None => etcetera::choose_base_strategy()
            .ok()
            .context("this user has no data directory: say where the data may live with --data DIR, or use --ephemeral")?
            .data_dir()
            .join("linkspan"),
    };
    std::fs::create_dir_all(&data)
        .with_context(|| format!("could not make the data directory {}", data.display()))?;
    Ok((absolute(&data)?, None))
}

fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    Ok(std::path::absolute(path)?)
}

/// A public URL is a scheme and an authority; answers append paths to it.
fn public_url(text: &str) -> anyhow::Result<String> {
    let trimmed = text.trim_end_matches('/');
    let authority = trimmed
        .strip_prefix("https://")
        .or_else(|| trimmed.strip_prefix("http://"));
    ensure!(
        authority.is_some_and(|rest| !rest.is_empty()
            && !rest.contains(|c: char| c == '/' || c == '?' || c == '#' || c.is_whitespace())),
        "--public-url '{text}' must be http:// or https://, a host and perhaps a port, for example https://search.example"
    );
    Ok(trimmed.to_owned())
}

/// Returns on Ctrl-C or SIGTERM.
async fn stop_signal() -> anyhow::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (mut interrupt, mut terminate) = (
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
        );
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_addresses_are_listened_on() {
        for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
            let refused = listener(address.parse().unwrap()).unwrap_err();
            assert!(refused.to_string().contains("loopback"), "{refused}");
        }
        assert!(listener("127.0.0.1:0".parse().unwrap()).is_ok());
    }

    #[test]
    fn a_taken_port_is_a_clear_error() {
        let taken = listener("127.0.0.1:0".parse().unwrap()).unwrap();
        let refused = listener(taken.local_addr().unwrap()).unwrap_err();
        assert!(refused.to_string().contains("another server"), "{refused}");
    }

    #[test]
    fn public_urls_are_scheme_and_authority() {
        assert_eq!(
            public_url("https://search.example/").unwrap(),
            "https://search.example"
        );
        assert_eq!(public_url("http://h:1").unwrap(), "http://h:1");
        for bad in [
            "search.example",
            "ftp://h",
            "https://",
            "https://h/path",
            "https://h?x",
        ] {
            assert!(public_url(bad).is_err(), "{bad}");
        }
    }
}
