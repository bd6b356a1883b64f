//! The background loops of a tenant: the indexer carries dirty lines from the store to the index, the purge empties deleted connections.

use std::{sync::Arc, time::Duration};

use graph::DateTime;
use tokio::{
    sync::watch,
    time::{Instant, timeout},
};
use tracing::{error, info};

use crate::{
    Error, Tenant,
    clock::later,
    index::{Document, Upsert},
    profile::Span,
    store::{Claim, Dirty},
    tasks::{Loop, stopped},
};

/// Commit at most this often while little is going on: a new item is findable after about this time.
const BEAT: Duration = Duration::from_millis(100);
/// Look for lines whose bell was lost, for example because a client went away between the write and the ring.
const PATROL: Duration = Duration::from_millis(500);
/// Wait this long after a failure.
const RETRY: Duration = Duration::from_secs(1);
/// One batch holds at most this many lines …
const LINES_MAX: u32 = 4096;
/// … and about this many bytes of items.
const BYTES_MAX: usize = 8 * 1024 * 1024;
/// The purge of a deleted connection takes this many items in one step.
const PURGE_STEP: u32 = 1000;

/// Makes sure that the index is the memory of this store, and marks everything dirty if it is not. To be called before the server says ready.
///
/// # Errors
/// Fails when the store or the index does.
pub async fn prepare(tenant: &Tenant) -> Result<(), Error> {
    let identity = tenant.store.identity();
    if tenant.index.stamp().await? != Some(identity) {
        info!("the index is not a memory of this store: it will be rebuilt");
        tenant.index.reset(identity).await?;
        tenant.store.mark_all_dirty().await?;
    }
    Ok(())
}

/// Starts both loops; they end when `stop` becomes true.
pub fn start(tenant: &Arc<Tenant>, stop: &watch::Receiver<bool>) -> [Loop; 2] {
    [
        Loop::start("indexer", run(Arc::clone(tenant), stop.clone())),
        Loop::start("purge", purge(Arc::clone(tenant), stop.clone())),
    ]
}

async fn run(tenant: Arc<Tenant>, mut stop: watch::Receiver<bool>) {
    let takes_time = tenant.profile.index_latency != Span::ZERO;
    loop {
        if takes_time {
            tokio::select! {
                // Whoever stops settles what is left.
                () = stopped(&mut stop) => return,
                () = lag(&tenant) => {}
            }
        }
        if *stop.borrow() {
            return;
        }
        let began = Instant::now();
        let carried = if takes_time {
            catch_up(&tenant).await.map(|()| 0)
        } else {
            step(&tenant).await
        };
        let pause = match carried {
            // More may wait already; a short rest lets a batch grow, so that commits stay few.
            Ok(lines) if lines > 0 => BEAT.saturating_sub(began.elapsed()),
            Ok(_) => PATROL,
            Err(failure) => {
                error!(?failure, "indexing failed; it will be tried again");
                RETRY
            }
        };
        let idle = pause == PATROL;
        tokio::select! {
            () = stopped(&mut stop) => return,
            () = tokio::time::sleep(pause) => {}
            () = tenant.progress.hurried() => {}
            () = tenant.dirty.notified(), if idle => {}
        }
    }
}

/// Waits until something has waited for as long as the profile's index takes. What is written meanwhile waits less.
async fn lag(tenant: &Tenant) {
    loop {
        match due(tenant).await {
            // A store that does not answer is the next step's to report.
            Err(_) => return,
            Ok(Some(due)) if due <= tenant.clock.now() => return,
            Ok(Some(due)) => tenant.clock.sleep_until(due).await,
            Ok(None) => tokio::select! {
                () = tenant.dirty.notified() => {}
                () = tokio::time::sleep(PATROL) => {}
            },
        }
    }
}

/// When what waits for the index is to be there; none if nothing waits.
async fn due(tenant: &Tenant) -> Result<Option<DateTime>, Error> {
    let written = tenant.progress.written();
    if tenant.store.claim_dirty(1, 1).await?.lines.is_empty() {
        tenant.progress.nothing_waits(written);
        return Ok(None);
    }
    let (since, sweep) = tenant.progress.waits(tenant.clock.now());
    let profile = &tenant.profile;
    let takes = (profile.index_latency).pick(profile.seed, &format!("sweep {sweep}"));
    Ok(Some(later(since, takes)))
}

/// Carries all that waits, if it has waited for as long as the profile's index takes; who comes while that is done waits until it is.
pub(crate) async fn catch_up(tenant: &Tenant) -> Result<(), Error> {
    if tenant.profile.index_latency == Span::ZERO {
        return Ok(());
    }
    let _alone = tenant.sweeping.lock().await;
    if due(tenant)
        .await?
        .is_none_or(|due| due > tenant.clock.now())
    {
        return Ok(());
    }
    tenant.progress.sweep();
    settle(tenant).await
}

/// Carries one batch; returns how many lines it had.
///
/// # Errors
/// Fails when the store or the index does; nothing is lost then.
pub async fn step(tenant: &Tenant) -> Result<usize, Error> {
    // Two carriers could overtake each other and leave the older words in the index.
    let _alone = tenant.indexing.lock().await;
    let written = tenant.progress.written();
    let mut claim = tenant.store.claim_dirty(LINES_MAX, BYTES_MAX).await?;
    if claim.lines.is_empty() {
        tenant.progress.indexed(written);
        return Ok(0);
    }
    tenant.index.apply(batch(tenant, &mut claim)).await?;
    tenant.store.done(&claim).await?;
    if claim.is_all {
        tenant.progress.indexed(written);
    }
    Ok(claim.lines.len())
}

/// The claim's items move into the batch: what is told to the store afterwards is numbers only.
fn batch(tenant: &Tenant, claim: &mut Claim) -> Vec<Upsert> {
    claim
        .lines
        .iter_mut()
        .map(|line| Upsert {
            ordinal: line.ordinal,
            version: line.version,
            text: line.text,
            document: document(tenant, line),
        })
        .collect()
}

/// The item as the index sees it; an item whose connection or schema is gone is removed, which the purge would do anyway.
fn document(tenant: &Tenant, line: &mut Dirty) -> Option<Document> {
    let kept = line.item.take()?;
    let schema = tenant.visibility.connection_at(kept.at)?.schema.clone()?;
    Some(Document {
        at: kept.at,
        item: kept.item,
        schema,
    })
}

/// Waits until the index has caught up. For tests and for a shutdown that wants to leave nothing behind.
///
/// # Errors
/// Fails when the store or the index does.
pub async fn settle(tenant: &Tenant) -> Result<(), Error> {
    while step(tenant).await? > 0 {}
    Ok(())
}

async fn purge(tenant: Arc<Tenant>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        match tenant.store.purge(PURGE_STEP).await {
            Ok(true) => {
                tenant.dirty.notify_one();
                continue;
            }
            Ok(false) => tenant.dirty.notify_one(),
            Err(failure) => {
                error!(?failure, "the purge failed; it will be tried again");
                let _ = timeout(RETRY, stopped(&mut stop)).await;
                continue;
            }
        }
        tokio::select! {
            () = stopped(&mut stop) => return,
            () = tenant.deleted.notified() => {}
        }
    }
}
