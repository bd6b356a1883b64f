//! The wiring: open the picture, the store and the index, make the tenant, start the loops, serve.

use std::{
    fs::File,
    net::TcpListener,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use anyhow::{Context, bail, ensure};
use rustls::ServerConfig;
use server::{
    Settings, identity,
    identity::{Issuer, SignInOptions},
    journal::Journal,
    listen::Listeners,
    proxy::Proxy,
    tls,
    weather::Weather,
};
use tenant::{
    Profile, Tenant, accounts::Accounts, clock::Clock, indexer, life, visibility::Visibility,
};
use tokio::{sync::watch, task::JoinHandle};

use crate::seed::{self, Seed};

/// How long the index may take to catch up after a stop.
const CATCH_UP: Duration = Duration::from_secs(10);

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
}

/// Everything that runs.
pub struct House {
    /// The CA that signed the HTTPS leaf, where HTTPS shows no other certificate.
    pub ca_file: PathBuf,
    /// What was asked and answered.
    pub journal: Option<Arc<Journal>>,
    stop: watch::Sender<bool>,
    serving: JoinHandle<std::io::Result<()>>,
    loops: Vec<JoinHandle<()>>,
    tenant: Arc<Tenant>,
    _lock: File,
}

/// How the tenant's time goes.
pub struct Life {
    /// The tenant's clock; sign-in and TLS live on real time.
    pub clock: Arc<dyn Clock>,
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
    let lock = lock(data)?;
    let certificate = match &sockets.certificate {
        Some(certificate) => Arc::clone(certificate),
        None => tls::Material::open(&data.join("tls"), now())?.server_config(),
    };
    let keys = identity::Keys::open(&data.join("keys"))?;
    let weather = life.weather.clone();
    let tenant = open_tenant(data, &people, life).await?;
    let (stop, stopped) = watch::channel(false);
    let mut loops = Vec::from(indexer::start(&tenant, &stopped));
    loops.push(life::start(&tenant, &stopped));
    let issuer = Issuer::with_options(
        tenant.id,
        keys,
        Arc::clone(&tenant.visibility),
        people.sign_in,
    );
    let defaults = Settings::default();
    let journal = sockets.proxy.as_ref();
    let journal = journal.map(|_| Arc::new(Journal::new(Arc::clone(&defaults.now))));
    let settings = Settings {
        public_url,
        journal: journal.clone(),
        weather,
        draining: Some(stopped.clone()),
        ..defaults
    };
    let router = server::router(
        server::Tenants::one(Arc::clone(&tenant), Arc::clone(&issuer)),
        settings,
    );
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
        stop,
        serving,
        loops,
        tenant,
        _lock: lock,
    })
}

/// Where the tenant's data lives.
pub fn tenant_directory(data: &Path) -> anyhow::Result<PathBuf> {
    let directory = data.join("tenants").join(seed::TENANT.to_string());
    std::fs::create_dir_all(&directory)?;
    Ok(directory)
}

async fn open_tenant(data: &Path, people: &People, life: Life) -> anyhow::Result<Arc<Tenant>> {
    let directory = tenant_directory(data)?;
    let visibility = Visibility::new();
    let store = store::open(&directory, Arc::clone(&visibility))?;
    let index = index::open(&directory.join("index"))?;
    let kept = store.accounts().await?;
    match &people.seed {
        None => seed::real(&kept)?,
        // Accounts that were added or changed by hand stay as they are.
        Some(seed) if people.replace || *kept == Accounts::default() => {
            store.put_accounts(&seed.accounts).await?;
        }
        Some(_) => {}
    }
    approver_exists(&people.sign_in, &visibility.accounts())?;
    let tenant = Tenant::new(seed::TENANT, store, index, life.clock, visibility);
    let tenant = Arc::new(tenant.with_profile(life.profile));
    indexer::prepare(&tenant)
        .await
        .map_err(|error| anyhow::anyhow!("{error:?}"))?;
    Ok(tenant)
}

fn approver_exists(sign_in: &SignInOptions, accounts: &Accounts) -> anyhow::Result<()> {
    let Some(wanted) = &sign_in.auto_approve else {
        return Ok(());
    };
    let is_there =
        accounts.user(wanted).is_some() || accounts.users.iter().any(|user| user.name == *wanted);
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

/// One process per data directory.
pub fn lock(data: &Path) -> anyhow::Result<File> {
    let path = data.join("lock");
    let file = File::create(&path).with_context(|| format!("could not make {}", path.display()))?;
    if file.try_lock().is_err() {
        bail!(
            "another linkspan uses it; stop that one, or choose another directory with --data DIR or --ephemeral"
        );
    }
    Ok(file)
}

/// The real time.
#[expect(clippy::disallowed_methods, reason = "this is where time comes in")]
pub fn now() -> SystemTime {
    SystemTime::now()
}

impl House {
    /// The accounts as they are now.
    pub fn accounts(&self) -> Arc<Accounts> {
        self.tenant.visibility.accounts()
    }

    /// Answers what is under way, carries what is dirty to the index, and lets go of the data.
    pub async fn close(self) -> anyhow::Result<()> {
        self.stop.send_replace(true);
        self.serving.await??;
        for task in self.loops {
            task.await?;
        }
        // What is not indexed now is indexed at the next start; it only takes longer then.
        let _ = tokio::time::timeout(CATCH_UP, indexer::settle(&self.tenant)).await;
        Ok(())
    }
}
