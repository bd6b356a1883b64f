//! The wiring: open the data directory and its home tenant, start what runs beside requests, serve.

use std::{
    fs::File,
    net::TcpListener,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use anyhow::{Context, bail, ensure};
use rustls::ServerConfig;
use server::{
    Bounds, Keeper, Settings, Tenants, identity, identity::SignInOptions, journal::Journal,
    listen::Listeners, proxy::Proxy, tls, weather::Weather,
};
use tenant::{Error, Profile, accounts::Accounts, clock::Clock};
use tokio::{sync::watch, task::JoinHandle};
use uuid::Uuid;

use crate::{
    estate::{self, Estate, Purpose},
    private,
    seed::Seed,
};

/// The sockets to serve.
pub struct Sockets {
    /// Plain HTTP.
    pub http: Option<TcpListener>,
    /// HTTPS.
    pub https: Option<TcpListener>,
    /// What HTTPS shows instead of a leaf of the private CA.
    pub certificate: Option<Arc<ServerConfig>>,
    /// CONNECT; where it is, the journal is kept.
    pub proxy: Option<TcpListener>,
}

/// Who is there, and how they sign in.
pub struct People {
    /// What an empty directory starts with; without it there must be accounts already, and none that are published.
    pub seed: Option<Seed>,
    /// Does the seed replace what the directory holds already?
    pub replace: bool,
    /// How people sign in.
    pub sign_in: SignInOptions,
    /// Up to how many tenants unknown names make; without it there is the home tenant alone.
    pub tenants_max: Option<usize>,
}

/// Everything that runs.
pub struct House {
    /// The CA that signed the HTTPS leaf, where HTTPS shows no other certificate.
    pub ca_file: PathBuf,
    /// What was asked and answered.
    pub journal: Option<Arc<Journal>>,
    /// The tenant that there always is.
    pub home: Uuid,
    /// Its accounts as they were at the start.
    pub accounts: Arc<Accounts>,
    /// What befalls them.
    pub weather: Option<Arc<Weather>>,
    stop: watch::Sender<bool>,
    serving: JoinHandle<std::io::Result<()>>,
    sweeping: JoinHandle<()>,
    tenants: Tenants,
    _lock: File,
}

/// How the tenants' time goes.
pub struct Life {
    /// The clock that all tenants start with; sign-in and TLS live on real time.
    pub clock: Arc<dyn Clock>,
    /// Can each tenant's be moved?
    pub moves: bool,
    /// How long things take, and how much there may be.
    pub profile: Profile,
    /// The weather, if it can be made.
    pub weather: Option<Arc<Weather>>,
}

/// Opens the data directory and serves on all listeners.
pub async fn open(
    data: &Path,
    public_url: Option<String>,
    sockets: Sockets,
    people: People,
    life: Life,
) -> anyhow::Result<House> {
    server::descriptors::raise_limit();
    let approver = people.sign_in.auto_approve.clone();
    let weather = life.weather.clone();
    let opened = open_data(data, sockets.certificate.as_ref(), people, life).await;
    let Opened {
        lock,
        certificate,
        home,
        tenants,
        accounts,
    } = opened.with_context(|| format!("could not use the data directory {}", data.display()))?;
    approver_exists(approver.as_deref(), &accounts)?;
    let (stop, stopped) = watch::channel(false);
    let defaults = Settings::default();
    let journal = sockets.proxy.as_ref();
    let journal = journal.map(|_| Arc::new(Journal::new(Arc::clone(&defaults.now))));
    let settings = Settings {
        public_url,
        strict_transport: sockets.certificate.is_some(),
        proxy: sockets.proxy.as_ref().and_then(|it| it.local_addr().ok()),
        journal: journal.clone(),
        weather: weather.clone(),
        draining: Some(stopped.clone()),
        ..defaults
    };
    let sweep = tenants
        .clone()
        .sweep(Arc::clone(&settings.now), stopped.clone());
    let sweeping = tenant::tasks::spawn("idle tenants", sweep);
    let router = server::router(tenants.clone(), settings);
    let listeners = Listeners {
        http: sockets.http,
        https: sockets
            .https
            .map(|listener| (listener, Arc::clone(&certificate))),
    };
    let proxy = sockets.proxy.map(|listener| Proxy {
        listener,
        tls: certificate,
        journal: journal.clone(),
    });
    let serving = tenant::tasks::spawn("listeners", async move {
        let tunnels = async {
            match proxy {
                Some(proxy) => server::proxy::serve(proxy, router.clone(), stopped.clone()).await,
                None => Ok(()),
            }
        };
        let direct = server::listen::serve(listeners, router.clone(), stopped.clone());
        let (direct, tunnels) = tokio::join!(direct, tunnels);
        direct.and(tunnels)
    });
    Ok(House {
        ca_file: data.join("tls").join("ca.pem"),
        journal,
        home,
        accounts,
        weather,
        stop,
        serving,
        sweeping,
        tenants,
        _lock: lock,
    })
}

/// What a data directory holds.
struct Opened {
    lock: File,
    certificate: Arc<ServerConfig>,
    home: Uuid,
    tenants: Tenants,
    accounts: Arc<Accounts>,
}

async fn open_data(
    data: &Path,
    certificate: Option<&Arc<ServerConfig>>,
    people: People,
    life: Life,
) -> anyhow::Result<Opened> {
    let way_out = match people.tenants_max {
        Some(_) => "choose another directory with --data DIR or --ephemeral",
        None => "choose another directory with store.directory",
    };
    let lock = lock(data, way_out)?;
    let certificate = match certificate {
        Some(certificate) => Arc::clone(certificate),
        None => tls::Material::open(&data.join("tls"), now())?.server_config(),
    };
    let keys = identity::Keys::open(&data.join("keys"))?;
    let (home, tenants) = tenants(data, keys, people, life)?;
    let accounts = tenants.home_accounts().await.map_err(told)?;
    Ok(Opened {
        lock,
        certificate,
        home,
        tenants,
        accounts,
    })
}

/// Where the home tenant's data lives, for those who change it while no server runs.
pub fn home_directory(data: &Path) -> anyhow::Result<PathBuf> {
    let home = estate::home(data, Purpose::Serve)?;
    let tenants = data.join("tenants");
    tls::private_directory(&tenants)?;
    let directory = tenants.join(home.to_string());
    tls::private_directory(&directory)?;
    Ok(directory)
}

/// The tenants of the data directory. Where names make tenants they can also be reset, and kept as snapshots.
fn tenants(
    data: &Path,
    keys: identity::Keys,
    people: People,
    life: Life,
) -> anyhow::Result<(Uuid, Tenants)> {
    let (purpose, makes) = match people.tenants_max {
        Some(_) => (Purpose::Dev, true),
        None => (Purpose::Serve, false),
    };
    let home = estate::home(data, purpose)?;
    let estate = Arc::new(Estate::new(data, home, keys, people, life)?);
    let keeper = makes.then(|| Arc::clone(&estate) as Arc<dyn Keeper>);
    Ok((home, Tenants::new(estate, keeper, Bounds::default())))
}

/// What a failure says to who starts the server.
fn told(error: Error) -> anyhow::Error {
    match error {
        Error::Failed(failure) => anyhow::Error::from_boxed(failure.source),
        Error::Refused(refusal) => anyhow::anyhow!("{refusal:?}"),
    }
}

fn approver_exists(wanted: Option<&str>, accounts: &Accounts) -> anyhow::Result<()> {
    let Some(wanted) = wanted else {
        return Ok(());
    };
    let is_there =
        accounts.user(wanted).is_some() || accounts.users.iter().any(|user| user.name == wanted);
    let names: Vec<&str> = accounts
        .users
        .iter()
        .map(|user| user.name.as_str())
        .collect();
    ensure!(
        is_there,
        "--auto-approve '{wanted}' is no user here; there are: {}",
        names.join(", ")
    );
    Ok(())
}

/// One process per data directory. `way_out` is what else can be done than to stop the other one.
pub fn lock(data: &Path, way_out: &str) -> anyhow::Result<File> {
    let path = data.join("lock");
    let file =
        private::file(&path).with_context(|| format!("could not make {}", path.display()))?;
    if file.try_lock().is_err() {
        bail!("another linkspan uses it; stop that one, or {way_out}");
    }
    Ok(file)
}

/// The real time.
#[expect(clippy::disallowed_methods, reason = "this is where time comes in")]
pub fn now() -> SystemTime {
    SystemTime::now()
}

impl House {
    /// Answers what is under way, carries what is dirty to the index, and lets go of the data.
    pub async fn close(self) -> anyhow::Result<()> {
        self.stop.send_replace(true);
        self.serving.await??;
        self.sweeping.await?;
        self.tenants.close().await;
        Ok(())
    }
}
