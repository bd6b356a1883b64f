//! What this machine can do: figures, and ratios against a yardstick of the same run. Nothing is asserted on time.
//!
//! `bench BIN DIR`: the `linkspan` binary and a directory on the disk to be measured; `cargo xtask bench` gives both.

mod load;
mod server;
mod start;

use std::{path::PathBuf, process::Command, time::Duration};

use anyhow::{Context, Result};

use crate::{load::Latencies, server::Server};

const SECONDS: u64 = 5;
const LANES: usize = 64;

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let binary = PathBuf::from(arguments.next().context("say which binary")?);
    let directory = PathBuf::from(arguments.next().context("say which directory")?);
    std::fs::create_dir_all(&directory)?;
    println!("durable writes of 1 KB, {SECONDS} s each, one machine for load and server");
    let yardstick = yardstick(&directory)?;
    let server = Server::start(&binary, &directory).await?;
    server.connection("bench").await?;
    put(&server, yardstick).await?;
    tokens(&server).await?;
    for rate in [1_000, 5_000] {
        searchable(&server, rate).await?;
    }
    server.stop()
}

/// The raw SQLite loop, at the size of a small and of a large group.
fn yardstick(directory: &std::path::Path) -> Result<f64> {
    let program = std::env::current_exe()?.with_file_name("group_commit");
    let mut best = 0.0;
    for rows in [64, 512] {
        let output = Command::new(&program)
            .args([
                directory.as_os_str(),
                "3".as_ref(),
                rows.to_string().as_ref(),
            ])
            .output()
            .with_context(|| format!("could not run {}", program.display()))?;
        best = String::from_utf8_lossy(&output.stdout).trim().parse()?;
        println!("  raw SQLite loop, {rows:>3} rows per commit      {best:>9.0} rows/s");
    }
    Ok(best)
}

async fn put(server: &Server, yardstick: f64) -> Result<()> {
    let limit = Duration::from_secs(SECONDS);
    let measured = load::closed(LANES, limit, |lane, number| {
        let id = format!("i{lane}x{number}");
        async move { server.put("bench", &id, "a durable item").await }
    })
    .await?;
    println!(
        "  PUT over HTTP, {LANES} in flight               {:>9.0} items/s  {}",
        measured.rate, measured.latencies
    );
    println!(
        "  PUT over HTTP / raw loop of 512            {:>9.3}",
        measured.rate / yardstick
    );
    server.settle("bench").await
}

async fn tokens(server: &Server) -> Result<()> {
    let limit = Duration::from_secs(SECONDS);
    println!("tokens, {SECONDS} s each");
    let same = load::closed(LANES, limit, |_, _| server.token(None)).await?;
    println!(
        "  the same request again and again           {:>9.0} tokens/s {}",
        same.rate, same.latencies
    );
    let fresh = load::closed(LANES, limit, |lane, number| {
        server.token(Some(format!("{lane}x{number}")))
    })
    .await?;
    println!(
        "  every request another one (all are signed) {:>9.0} tokens/s {}",
        fresh.rate, fresh.latencies
    );
    println!(
        "  fresh / same                               {:>9.3}",
        fresh.rate / same.rate
    );
    Ok(())
}

/// Items are offered at a fixed rate; every now and then one is followed until a search finds it.
async fn searchable(server: &Server, rate: u64) -> Result<()> {
    let limit = Duration::from_secs(SECONDS);
    let offered = load::open(rate, limit, |number| {
        let id = format!("o{rate}x{number}");
        async move { server.put("bench", &id, "an offered item").await }
    });
    let followed = follow(server, rate, limit);
    let (offered, followed) = tokio::try_join!(offered, followed)?;
    println!(
        "PUT to searchable at {rate} PUT/s offered ({:.0}/s done, PUT {})",
        offered.rate, offered.latencies
    );
    println!("  {followed}");
    server.settle("bench").await
}

async fn follow(server: &Server, rate: u64, limit: Duration) -> Result<Latencies> {
    let began = std::time::Instant::now();
    let mut latencies = Latencies::default();
    let mut number = 0;
    while began.elapsed() < limit {
        number += 1;
        let word = format!("followed{rate}x{number}");
        server
            .put("bench", &format!("f{rate}x{number}"), &word)
            .await?;
        let acknowledged = std::time::Instant::now();
        while server.total("bench", &word).await? == 0 {
            anyhow::ensure!(
                acknowledged.elapsed() < Duration::from_secs(30),
                "{word} was not found within 30 s"
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        latencies.add(acknowledged.elapsed());
        tokio::time::sleep(Duration::from_millis(37)).await;
    }
    Ok(latencies)
}
