//! The wiring: open the picture, the store and the index, make the tenant, start the loops, serve.

use std::{
    fs::File,
    net::TcpListener,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, bail};
use graph::DateTime;
use server::{Settings, identity, tls};
use tenant::{Tenant, clock::Clock, indexer, visibility::Visibility};
use tokio::{sync::watch, task::JoinHandle};

use crate::seed;

/// How long the index may take to catch up after a stop.
const CATCH_UP: Duration = Duration::from_secs(10);

/// Everything that runs.
pub struct House {
    /// The CA that signed the HTTPS leaf.
    pub ca_file: PathBuf,
    stop: watch::Sender<bool>,
    serving: JoinHandle<std::io::Result<()>>,
    loops: [JoinHandle<()>; 2],
    tenant: Arc<Tenant>,
    _lock: File,
}

/// Real time.
struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is where time comes in")]
    fn now(&self) -> DateTime {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        DateTime(i64::try_from(since.as_nanos() / 100).unwrap_or(i64::MAX))
    }
}

/// Opens the data directory and serves on both listeners.
pub async fn open(
    data: &Path,
    public_url: Option<String>,
    http: TcpListener,
    https: TcpListener,
) -> anyhow::Result<House> {
    let lock = lock(data)?;
    let material = tls::Material::open(&data.join("tls"), now())?;
    let keys = identity::Keys::open(&data.join("keys"))?;
    let tenant = open_tenant(data).await?;
    let (stop, stopped) = watch::channel(false);
    let loops = indexer::start(&tenant, &stopped);
    let issuer = identity::Issuer::new(tenant.id, keys, Arc::clone(&tenant.visibility));
    let settings = Settings {
        public_url,
        ..Settings::default()
    };
    let router = server::router(
        server::Tenants::one(Arc::clone(&tenant), Arc::clone(&issuer)),
        settings,
    );
    let listeners = server::listen::Listeners {
        http: Some(http),
        https: Some((https, material.server_config())),
    };
    let serving = tenant::tasks::spawn(
        "listeners",
        server::listen::serve(listeners, router, stopped),
    );
    Ok(House {
        ca_file: material.ca_file,
        stop,
        serving,
        loops,
        tenant,
        _lock: lock,
    })
}

async fn open_tenant(data: &Path) -> anyhow::Result<Arc<Tenant>> {
    let directory = data.join("tenants").join(seed::TENANT.to_string());
    std::fs::create_dir_all(&directory)?;
    let visibility = Visibility::new();
    let store = store::open(&directory, Arc::clone(&visibility))?;
    let index = index::open(&directory.join("index"))?;
    let seeded = seed::accounts();
    if *store.accounts().await? != seeded {
        store.put_accounts(&seeded).await?;
    }
    let tenant = Arc::new(Tenant::new(
        seed::TENANT,
        store,
        index,
        Arc::new(SystemClock),
        visibility,
    ));
    indexer::prepare(&tenant)
        .await
        .map_err(|error| anyhow::anyhow!("{error:?}"))?;
    Ok(tenant)
}

/// One process per data directory.
fn lock(data: &Path) -> anyhow::Result<File> {
    let path = data.join("lock");
    let file = File::create(&path).with_context(|| format!("could not make {}", path.display()))?;
    if file.try_lock().is_err() {
        bail!(
            "another linkspan uses it; stop that one, or choose another directory with --data DIR or --ephemeral"
        );
    }
    Ok(file)
}

#[expect(clippy::disallowed_methods, reason = "this is where time comes in")]
fn now() -> SystemTime {
    SystemTime::now()
}

impl House {
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
