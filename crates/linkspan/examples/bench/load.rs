//! Load in a closed loop (as fast as it is answered) and in an open one (at a fixed rate, whatever the answers do).

use std::{
    fmt,
    future::Future,
    time::{Duration, Instant},
};

use anyhow::Result;
use futures_util::{StreamExt, stream::FuturesUnordered};

/// What a load measured.
pub struct Measured {
    pub rate: f64,
    pub latencies: Latencies,
}

/// Latencies of single requests.
#[derive(Default)]
pub struct Latencies(Vec<Duration>);

impl Latencies {
    pub fn add(&mut self, latency: Duration) {
        self.0.push(latency);
    }

    fn quantile(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let at = ((sorted.len().saturating_sub(1)) as f64 * share).round() as usize;
        sorted
            .get(at)
            .map_or(0.0, |latency| latency.as_secs_f64() * 1000.0)
    }
}

impl fmt::Display for Latencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "p50 {:.2} ms, p99 {:.2} ms, worst {:.2} ms ({} requests)",
            self.quantile(0.5),
            self.quantile(0.99),
            self.quantile(1.0),
            self.0.len()
        )
    }
}

/// `lanes` requests in flight, each followed by the next.
pub async fn closed<F, W>(lanes: usize, limit: Duration, work: W) -> Result<Measured>
where
    W: Fn(usize, u64) -> F,
    F: Future<Output = Result<()>>,
{
    let began = Instant::now();
    let lane = |lane: usize| {
        let work = &work;
        async move {
            let mut latencies = Vec::new();
            let mut number = 0;
            while began.elapsed() < limit {
                let sent = Instant::now();
                work(lane, number).await?;
                latencies.push(sent.elapsed());
                number += 1;
            }
            anyhow::Ok(latencies)
        }
    };
    let mut running: FuturesUnordered<_> = (0..lanes).map(lane).collect();
    let mut latencies = Latencies::default();
    while let Some(of_lane) = running.next().await {
        latencies.0.extend(of_lane?);
    }
    Ok(Measured {
        rate: latencies.0.len() as f64 / began.elapsed().as_secs_f64(),
        latencies,
    })
}

/// `rate` requests per second; latency counts from when a request was due, so that a stall is not hidden.
pub async fn open<F, W>(rate: u64, limit: Duration, work: W) -> Result<Measured>
where
    W: Fn(u64) -> F,
    F: Future<Output = Result<()>>,
{
    let began = Instant::now();
    let all = (rate as f64 * limit.as_secs_f64()) as u64;
    let mut running = FuturesUnordered::new();
    let mut latencies = Latencies::default();
    let mut sent = 0;
    let mut tick = tokio::time::interval(Duration::from_millis(1));
    while sent < all || !running.is_empty() {
        tokio::select! {
            _ = tick.tick(), if sent < all => {
                let due = ((began.elapsed().as_secs_f64() * rate as f64) as u64).min(all);
                while sent < due {
                    let due_at = began + Duration::from_secs_f64(sent as f64 / rate as f64);
                    let request = work(sent);
                    running.push(async move { request.await.map(|()| due_at.elapsed()) });
                    sent += 1;
                }
            }
            Some(done) = running.next(), if !running.is_empty() => latencies.0.push(done?),
        }
    }
    Ok(Measured {
        rate: all as f64 / began.elapsed().as_secs_f64(),
        latencies,
    })
}
