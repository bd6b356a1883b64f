//! What many tenants cost: memory and time, open and closed, against the server alone. Nothing is asserted.
//!
//! `tenants BIN DIR [N]`: the `linkspan` binary, a directory on the disk to be measured, and how many tenants (1000).

use std::{
    path::{Path, PathBuf},
    process::Child,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use reqwest::{Client, Method};
use serde_json::{Value, json};

#[path = "bench/start.rs"]
mod start;

use start::start;

/// Fewer than the server keeps open at a time.
const OPEN: usize = 24;
const ROUNDS: usize = 20;

struct Server {
    child: Child,
    url: String,
    client: Client,
}

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let binary = PathBuf::from(arguments.next().context("say which binary")?);
    let directory = PathBuf::from(arguments.next().context("say which directory")?);
    let count: usize = arguments.next().as_deref().unwrap_or("1000").parse()?;
    let server = Server::start(&binary, &directory).await?;
    server.discover("warm-up").await?;
    let alone = server.used()?;
    println!("the server alone                  {alone}");

    let made = server
        .each("open", OPEN, |name| server.discover(name))
        .await?;
    let open = server.used()?;
    println!("{OPEN} tenants open                   {open}");
    println!(
        "  each                            {}",
        open.each(&alone, OPEN)
    );
    println!("  made and opened in              {made:.1?}");

    let made = server
        .each("many", count, |name| server.discover(name))
        .await?;
    let again = server
        .each("open", OPEN, |name| server.discover(name))
        .await?;
    println!("made and opened, {count} of them     {made:.1?}");
    println!("  reopened in                     {again:.1?}");
    println!(
        "  reopened / made                 {:.2}",
        again.as_secs_f64() / made.as_secs_f64()
    );
    println!("waiting until the idle ones are closed");
    tokio::time::sleep(Duration::from_secs(90)).await;
    let closed = server.used()?;
    println!("{count} tenants closed               {closed}");
    println!(
        "  each                            {}",
        closed.each(&alone, count)
    );

    // Last, because the allocator keeps what it once had.
    let before = server.used()?;
    let written = server.each("open", OPEN, |name| server.write(name)).await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let indexed = server.used()?;
    println!("an item written in each           {indexed}");
    println!(
        "  each, beyond that               {}",
        indexed.each(&before, OPEN)
    );
    println!("  token, connection, schema, item {written:.1?}");
    server.rounds().await
}

impl Server {
    async fn start(binary: &Path, directory: &Path) -> Result<Self> {
        let (child, told) = start(binary, directory).await?;
        let url = told["http_url"].as_str().unwrap_or_default();
        Ok(Self {
            child,
            url: url.replace("localhost", "127.0.0.1"),
            client: Client::builder().no_proxy().build()?,
        })
    }

    /// Asks something of a tenant that opens it.
    async fn discover(&self, tenant: impl AsRef<str>) -> Result<()> {
        let tenant = tenant.as_ref();
        let url = format!(
            "{}/{tenant}/v2.0/.well-known/openid-configuration",
            self.url
        );
        self.client.get(url).send().await?.error_for_status()?;
        Ok(())
    }

    async fn token(&self, tenant: &str, app: &str, secret: &str) -> Result<String> {
        let form = format!(
            "grant_type=client_credentials&scope=https://graph.microsoft.com/.default&client_id=5eed0000-0000-4000-8000-0000000000{app}&client_secret={secret}"
        );
        let url = format!("{}/{tenant}/oauth2/v2.0/token", self.url);
        let told: Value = self
            .client
            .post(url)
            .body(form)
            .send()
            .await?
            .json()
            .await?;
        Ok(told["access_token"]
            .as_str()
            .context("no token")?
            .to_owned())
    }

    async fn ask(&self, token: &str, method: Method, path: &str, body: Value) -> Result<()> {
        let request = self.client.request(method, format!("{}{path}", self.url));
        let answer = request.bearer_auth(token).json(&body).send().await?;
        let status = answer.status();
        ensure!(
            status.is_success(),
            "{path}: {status} {}",
            answer.text().await?
        );
        Ok(())
    }

    async fn write(&self, tenant: String) -> Result<()> {
        let token = self
            .token(&tenant, "a1", "connector-secret-for-dev")
            .await?;
        let at = "/v1.0/external/connections";
        let schema = json!({ "baseType": "microsoft.graph.externalItem", "properties": [
            { "name": "title", "type": "String", "isSearchable": true, "isRetrievable": true, "labels": ["title"] },
        ] });
        let item = json!({
            "acl": [{ "type": "everyone", "value": "everyone", "accessType": "grant" }],
            "properties": { "title": "one" },
        });
        let connection = json!({ "id": "tickets", "name": "Tickets" });
        self.ask(&token, Method::POST, at, connection).await?;
        let schema_at = format!("{at}/tickets/schema");
        self.ask(&token, Method::PATCH, &schema_at, schema).await?;
        let item_at = format!("{at}/tickets/items/one");
        self.ask(&token, Method::PUT, &item_at, item).await
    }

    /// The mean time of something done to each of some tenants, one after the other.
    async fn each<F>(
        &self,
        prefix: &str,
        count: usize,
        work: impl Fn(String) -> F,
    ) -> Result<Duration>
    where
        F: Future<Output = Result<()>>,
    {
        let began = Instant::now();
        for number in 0..count {
            work(format!("{prefix}-{number}")).await?;
        }
        Ok(began.elapsed() / u32::try_from(count)?)
    }

    /// Resets and snapshots of one small tenant.
    async fn rounds(&self) -> Result<()> {
        let admin = self.token("common", "a3", "admin-secret-for-dev").await?;
        let on = json!({ "tenant": "open-0" });
        let (mut save, mut restore, mut reset, mut next) = Default::default();
        for round in 0..ROUNDS {
            self.discover("open-0").await?;
            let name = json!({ "tenant": "open-0", "name": format!("r{round}") });
            let snapshots = "/_linkspan/snapshots";
            let path = format!("{snapshots}/r{round}/restore");
            for (sum, path, body) in [
                (&mut save, snapshots, &name),
                (&mut restore, path.as_str(), &on),
                (&mut reset, "/_linkspan/reset", &on),
            ] {
                let began = Instant::now();
                self.ask(&admin, Method::POST, path, body.clone()).await?;
                *sum += began.elapsed();
                let began = Instant::now();
                self.discover("open-0").await?;
                next += began.elapsed();
            }
        }
        let mean = |sum: Duration, count: usize| sum / u32::try_from(count).unwrap_or(1);
        println!("a tenant of seed size, over HTTP, mean of {ROUNDS}");
        for (name, sum, count) in [
            ("snapshot save", save, ROUNDS),
            ("snapshot restore", restore, ROUNDS),
            ("reset", reset, ROUNDS),
            ("the next request", next, 3 * ROUNDS),
        ] {
            println!("  {name:<31} {:.1?}", mean(sum, count));
        }
        Ok(())
    }

    fn used(&self) -> Result<Used> {
        let process = PathBuf::from(format!("/proc/{}", self.child.id()));
        let status = std::fs::read_to_string(process.join("status"))?;
        let number = |name: &str| -> Option<u64> {
            let line = status.lines().find(|line| line.starts_with(name))?;
            line.split_whitespace().nth(1)?.parse().ok()
        };
        Ok(Used {
            kilobytes: number("RssAnon:").context("no RssAnon")?,
            threads: number("Threads:").context("no Threads")?,
            files: std::fs::read_dir(process.join("fd"))?.count() as u64,
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // However it went, no process stays behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a process has.
struct Used {
    kilobytes: u64,
    threads: u64,
    files: u64,
}

impl Used {
    fn each(&self, alone: &Self, count: usize) -> String {
        let share = |with: u64, without: u64| with.saturating_sub(without) as f64 / count as f64;
        format!(
            "{:.0} kB, {:.1} threads, {:.1} files",
            share(self.kilobytes, alone.kilobytes),
            share(self.threads, alone.threads),
            share(self.files, alone.files)
        )
    }
}

impl std::fmt::Display for Used {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            kilobytes,
            threads,
            files,
        } = self;
        write!(to, "{kilobytes} kB, {threads} threads, {files} files")
    }
}
