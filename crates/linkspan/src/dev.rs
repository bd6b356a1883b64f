//! `linkspan dev` and `linkspan demo`: a server for this machine, with published credentials.

use std::{
    net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, ensure};
use etcetera::BaseStrategy;
use server::{
    identity::SignInOptions,
    journal::{Journal, Whereabouts},
    weather::{Report, Weather},
};

use crate::{
    cli::{Demo, Dev, Listen},
    climate::Climate,
    clock::SystemClock,
    demo, private, ready, say,
    seed::{self, ClearText, Seed},
    seed_file,
    stop::Stop,
    wire,
};

/// How many tenants there may be by default: more than any suite has tests at a time.
pub const TENANTS_MAX: usize = 10_000;

/// Where the CONNECT listener usually is.
const PROXY: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 7788));

/// Serves until it is told to stop.
pub async fn dev(options: Dev) -> anyhow::Result<()> {
    let guests = Guests {
        seed: options.seed.as_deref().map(seed_file::read).transpose()?,
        auto_approve: options.auto_approve.clone(),
        tenants_max: options.tenants_max,
        climate: options.climate.clone(),
    };
    let proxy = proxy_listener(options.proxy)?;
    let running = start_with(&options.listen, Some(proxy), guests).await?;
    say::text(ready::text(
        &running.addresses,
        &running.data,
        &running.shown,
    )?)?;
    running.until_stopped().await
}

/// Loads the demo's items, prints its table, and goes on serving.
pub async fn demo(options: Demo) -> anyhow::Result<()> {
    let mut running = start(&options.listen, None, Climate::default()).await?;
    let shown = tokio::select! {
        shown = demo::run(&running.addresses.http_url, options.items) => shown,
        stopped = running.stop.requested() => {
            stopped?;
            return running.stop.unless_again(running.house.close()).await;
        }
    };
    if options.once || shown.is_err() {
        running.close().await?;
        return shown;
    }
    say::text(ready::text(
        &running.addresses,
        &running.data,
        &running.shown,
    )?)?;
    running.until_stopped().await
}

/// A server that listens.
pub struct Running {
    addresses: ready::Addresses,
    shown: ready::Shown,
    data: PathBuf,
    house: wire::House,
    stop: Stop,
    /// Removed with the process, if the data is ephemeral.
    _temporary: Option<tempfile::TempDir>,
}

impl Running {
    /// What was asked and answered; the demo keeps none.
    pub fn journal(&self) -> Option<Arc<Journal>> {
        self.house.journal.clone()
    }

    /// What the weather has done, if there was any.
    pub fn weather(&self) -> Option<Report> {
        let report = self.house.weather.as_ref()?.report();
        (!report.is_empty()).then_some(report)
    }

    /// Answers what is under way, and stops.
    pub async fn close(self) -> anyhow::Result<()> {
        // Words that came before were for what ran in front of the server.
        let stop = Stop::listen()?;
        stop.unless_again(self.house.close()).await
    }

    async fn until_stopped(mut self) -> anyhow::Result<()> {
        self.stop.requested().await?;
        say::aside("stopping: requests that are under way are answered first");
        let weather = self.house.weather.clone();
        self.stop.unless_again(self.house.close()).await?;
        let report = weather.map(|weather| weather.report());
        if let Some(report) = report.filter(|report| !report.is_empty()) {
            say::aside(report.sentences().join("\n  "));
        }
        Ok(())
    }
}

/// What differs from the published accounts and from a life in which nothing takes time.
struct Guests {
    /// Instead of the published ones, and of what the data directory holds.
    seed: Option<Seed>,
    /// Who approves every sign-in at once.
    auto_approve: Option<String>,
    /// How many tenants there may be.
    tenants_max: usize,
    /// How the tenants live.
    climate: Climate,
}

impl Default for Guests {
    fn default() -> Self {
        Self {
            seed: None,
            auto_approve: None,
            tenants_max: TENANTS_MAX,
            climate: Climate::default(),
        }
    }
}

impl Guests {
    /// Who is there, and the credentials that may be shown.
    fn people(self, http_url: &str) -> (wire::People, ClearText) {
        let replace = self.seed.is_some();
        let mut seed = self.seed.unwrap_or_else(seed::published);
        let clear = std::mem::take(&mut seed.clear);
        let people = wire::People {
            seed: Some(seed),
            replace,
            sign_in: SignInOptions {
                choose_user: true,
                auto_approve: self.auto_approve,
                pages: Some(http_url.to_owned()),
                apart: false,
            },
            tenants_max: Some(self.tenants_max),
        };
        (people, clear)
    }
}

/// Starts a server with the published accounts; one with a CONNECT listener keeps a journal too, and its weather can be made.
pub async fn start(
    options: &Listen,
    proxy: Option<TcpListener>,
    climate: Climate,
) -> anyhow::Result<Running> {
    let guests = Guests {
        climate,
        ..Guests::default()
    };
    start_with(options, proxy, guests).await
}

async fn start_with(
    options: &Listen,
    proxy: Option<TcpListener>,
    guests: Guests,
) -> anyhow::Result<Running> {
    let http = listener("--http", options.http)?;
    let https = listener("--https", options.https)?;
    let (data, temporary) = data_directory(options)?;
    let public_url = options.public_url.as_deref().map(public_url).transpose()?;
    let http_url = format!("http://localhost:{}", http.local_addr()?.port());
    let https_url = format!("https://localhost:{}", https.local_addr()?.port());
    let https_address = https.local_addr()?;
    let proxy_address = proxy.as_ref().map(TcpListener::local_addr).transpose()?;
    let proxy_url = proxy_address.map(|address| format!("http://{address}"));
    let sockets = wire::Sockets {
        http: Some(http),
        https: Some(https),
        certificate: None,
        proxy,
    };
    let (name, profile) = (guests.climate.name(), guests.climate.profile()?);
    let (people, clear) = guests.people(&http_url);
    let weather = Weather::new(name, profile.clone());
    let life = wire::Life {
        clock: Arc::new(SystemClock),
        moves: true,
        profile,
        weather: sockets.proxy.is_some().then(|| Arc::new(weather)),
    };
    let house = wire::open(&data, public_url, sockets, people, life).await?;
    let addresses = ready::Addresses {
        http_url,
        https_url,
        proxy_url,
        ca_file: house.ca_file.clone(),
    };
    if let (Some(journal), Some(proxy_url)) = (&house.journal, &addresses.proxy_url) {
        journal.stand_at(Whereabouts {
            http_url: addresses.http_url.clone(),
            https_url: addresses.https_url.clone(),
            https_address,
            proxy_url: proxy_url.clone(),
            ca_pem: std::fs::read_to_string(&house.ca_file)?,
        });
    }
    let shown = ready::Shown {
        tenant: house.home,
        accounts: Arc::clone(&house.accounts),
        clear,
    };
    let stop = Stop::listen()?;
    if let Some(file) = &options.ready_file {
        ready::write(file, &addresses, &shown)?;
    }
    Ok(Running {
        addresses,
        shown,
        data,
        house,
        stop,
        _temporary: temporary,
    })
}

/// Listens on a loopback address; the credentials are published, so no other will do.
/// The option is the one that said the address.
pub fn listener(option: &str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    ensure!(
        address.ip().is_loopback(),
        "{option} {address} is not a loopback address: `linkspan dev` serves published credentials and listens on this machine only (127.0.0.1 or [::1])"
    );
    let listener = TcpListener::bind(address).with_context(|| {
        format!("could not listen on {option} {address}: is another server running there? Choose another port, or port 0 for a free one")
    })?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// The CONNECT listener where it was asked for, else at its usual port; that one may be taken by another server, and
/// nobody who did not ask for it should fail over it.
fn proxy_listener(asked: Option<SocketAddr>) -> anyhow::Result<TcpListener> {
    match asked {
        Some(address) => listener("--proxy", address),
        None => listener("--proxy", PROXY)
            .or_else(|_| listener("--proxy", SocketAddr::new(PROXY.ip(), 0))),
    }
}

fn data_directory(options: &Listen) -> anyhow::Result<(PathBuf, Option<tempfile::TempDir>)> {
    if options.ephemeral {
        let temporary = tempfile::Builder::new().prefix("linkspan-").tempdir()?;
        return Ok((temporary.path().to_owned(), Some(temporary)));
    }
    Ok((kept_directory(options.data.as_deref())?, None))
}

/// The data directory that stays, made if need be and closed to everybody else.
pub fn kept_directory(data: Option<&Path>) -> anyhow::Result<PathBuf> {
    let data = data_path(data)?;
    private::data_directory(&data)
        .with_context(|| format!("could not make the data directory {}", data.display()))?;
    Ok(data)
}

/// Where the data directory is: the one that was named, or the user's own.
pub fn data_path(data: Option<&Path>) -> anyhow::Result<PathBuf> {
    let data = data.map(Path::to_owned).or_else(usual_directory).context(
        "this user has no data directory: say where the data may live with --data DIR, or use --ephemeral",
    )?;
    absolute(&data)
}

fn usual_directory() -> Option<PathBuf> {
    let user = etcetera::choose_base_strategy().ok()?;
    Some(user.data_dir().join("linkspan"))
}

/// The certificate of the CA in the user's data directory, if there is one.
pub fn usual_ca() -> Option<PathBuf> {
    let ca = usual_directory()?.join("tls").join("ca.pem");
    ca.exists().then_some(ca)
}

fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    Ok(std::path::absolute(path)?)
}

/// A public URL is a scheme and an authority; answers append paths to it.
fn public_url(text: &str) -> anyhow::Result<String> {
    origin(text).with_context(|| {
        format!("--public-url '{text}' must be http:// or https://, a host and perhaps a port, for example https://search.example")
    })
}

/// The text without slashes at its end, if it is a scheme and an authority and nothing else.
pub fn origin(text: &str) -> Option<String> {
    let trimmed = text.trim_end_matches('/');
    let authority = trimmed
        .strip_prefix("https://")
        .or_else(|| trimmed.strip_prefix("http://"))?;
    let is_more = |c: char| c == '/' || c == '?' || c == '#' || c.is_whitespace();
    let is_origin = !authority.is_empty() && !authority.contains(is_more);
    is_origin.then(|| trimmed.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_addresses_are_listened_on() {
        for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
            let refused = listener("--http", address.parse().unwrap()).unwrap_err();
            assert!(refused.to_string().contains("loopback"), "{refused}");
        }
        assert!(listener("--http", "127.0.0.1:0".parse().unwrap()).is_ok());
    }

    #[test]
    fn a_taken_port_is_a_clear_error() {
        let taken = listener("--http", "127.0.0.1:0".parse().unwrap()).unwrap();
        let refused = listener("--proxy", taken.local_addr().unwrap()).unwrap_err();
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
