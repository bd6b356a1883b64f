//! Loads a source the way a connector does: connection, schema, external groups, items.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{task::JoinHandle, time::sleep};

use super::{
    acl::{self, identity},
    api::Api,
    evaluate::Item,
    groups::ExternalGroup,
    progress::Progress,
    source::Source,
};
use crate::say;

/// Requests in flight.
const AT_ONCE: usize = 32;
/// How long a deletion or a schema operation may take.
const PATIENCE: Duration = Duration::from_secs(300);
/// Pause between two looks at something that takes its time.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Makes an empty connection with the source's schema. One that a former run left behind is deleted first.
///
/// # Errors
/// When the server refuses a step or does not finish it in time.
pub async fn connection(api: &Api, source: &Source) -> anyhow::Result<()> {
    let path = ["external", "connections", source.connection];
    let found = api
        .send(Method::GET, &path, None)
        .await?
        .expect(&[200, 404])?;
    if found.status == 200 {
        say::line(format!(
            "The connection `{}` exists already: deleting it, to load it afresh.",
            source.connection
        ))?;
        delete(api, &path).await?;
    }
    create(api, source).await?;
    let schema = [&path[..], &["schema"]].concat();
    let answer = api
        .send(Method::PATCH, &schema, Some(&source.schema))
        .await?
        .expect(&[202])?;
    let operation = answer
        .location
        .context("PATCH schema was answered without a Location")?;
    completed(api, &operation).await
}

async fn delete(api: &Api, path: &[&str]) -> anyhow::Result<()> {
    api.send(Method::DELETE, path, None)
        .await?
        .expect(&[202, 404])?;
    let started = Instant::now();
    let progress = Progress::new(
        "seconds of waiting until it is gone",
        PATIENCE.as_secs() as usize,
    );
    while api
        .send(Method::GET, path, None)
        .await?
        .expect(&[200, 404])?
        .status
        == 200
    {
        ensure!(
            started.elapsed() < PATIENCE,
            "the connection `{}` was not gone {PATIENCE:?} after its deletion",
            path.join("/")
        );
        progress.set(started.elapsed().as_secs() as usize);
        sleep(LOOK_EVERY).await;
    }
    Ok(())
}

/// Creates the connection; an id may stay taken for a while after a deletion.
async fn create(api: &Api, source: &Source) -> anyhow::Result<()> {
    let body = json!({
        "id": source.connection, "name": source.name, "description": source.description,
    });
    let started = Instant::now();
    loop {
        let answer = api
            .send(Method::POST, &["external", "connections"], Some(&body))
            .await?;
        if answer.status == 409 && started.elapsed() < PATIENCE {
            sleep(LOOK_EVERY).await;
            continue;
        }
        answer.expect(&[201])?;
        return Ok(());
    }
}

async fn completed(api: &Api, operation: &str) -> anyhow::Result<()> {
    let started = Instant::now();
    loop {
        let body = api.get_at(operation).await?.expect(&[200])?.body;
        match body["status"].as_str() {
            Some("completed") => return Ok(()),
            Some("inprogress") if started.elapsed() < PATIENCE => sleep(LOOK_EVERY).await,
            _ => anyhow::bail!("the schema was not registered: {body}"),
        }
    }
}

/// One request below a connection.
struct Job {
    method: Method,
    path: Vec<String>,
    body: Value,
    expect: u16,
}

/// Creates the groups, then their members, as members may be groups themselves.
///
/// # Errors
/// When the server refuses one of them.
pub async fn groups(api: &Api, connection: &str, groups: &[ExternalGroup]) -> anyhow::Result<()> {
    let post = |path: &[&str], body| Job {
        method: Method::POST,
        path: below(connection, path),
        body,
        expect: 201,
    };
    let made: Vec<_> = groups
        .iter()
        .map(|group| {
            let body = json!({ "id": group.id, "displayName": group.display_name });
            post(&["groups"], body)
        })
        .collect();
    at_once(api, "external groups", made).await?;
    let members: Vec<_> = groups
        .iter()
        .flat_map(|group| group.members.iter().map(|member| (&group.id, member)))
        .map(|(group, member)| {
            let (kind, id) = identity(member);
            post(
                &["groups", group, "members"],
                json!({ "id": id, "type": kind }),
            )
        })
        .collect();
    at_once(api, "members", members).await
}

/// Puts the items.
///
/// # Errors
/// When the server refuses one of them.
pub async fn items(api: &Api, source: &Source, items: &[Item]) -> anyhow::Result<()> {
    let jobs: Vec<_> = items
        .iter()
        .map(|item| Job {
            method: Method::PUT,
            path: below(source.connection, &["items", &item.id]),
            body: json!({
                "acl": acl::json(&item.acl),
                "properties": item.properties,
                "content": { "type": "text", "value": item.content },
            }),
            expect: 200,
        })
        .collect();
    at_once(api, source.noun, jobs).await
}

fn below(connection: &str, path: &[&str]) -> Vec<String> {
    ["external", "connections", connection]
        .iter()
        .chain(path)
        .map(|segment| (*segment).to_owned())
        .collect()
}

/// Sends all requests, some at once, in no particular order; stops at the first that is refused.
async fn at_once(api: &Api, what: &str, jobs: Vec<Job>) -> anyhow::Result<()> {
    let progress = Arc::new(Progress::new(what, jobs.len()));
    let jobs: Arc<[Job]> = jobs.into();
    let next = Arc::new(AtomicUsize::new(0));
    let workers = (0..AT_ONCE).map(|_| {
        let work = work(api.clone(), jobs.clone(), next.clone(), progress.clone());
        tenant::tasks::spawn("demo", work)
    });
    let mut workers = Workers(workers.collect());
    let mut outcome = Ok(());
    for worker in &mut workers.0 {
        let ended = worker
            .await
            .context("a loading task broke off")
            .and_then(|ended| ended);
        outcome = outcome.and(ended);
    }
    outcome?;
    Ok(progress.finish()?)
}

/// Tasks that end with whoever waits for them: a demo that is stopped stops loading.
struct Workers(Vec<JoinHandle<anyhow::Result<()>>>);

impl Drop for Workers {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

async fn work(
    api: Api,
    jobs: Arc<[Job]>,
    next: Arc<AtomicUsize>,
    progress: Arc<Progress>,
) -> anyhow::Result<()> {
    while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
        let path: Vec<_> = job.path.iter().map(String::as_str).collect();
        let sent = api.send(job.method.clone(), &path, Some(&job.body)).await;
        if let Err(error) = sent.and_then(|answer| answer.expect(&[job.expect])) {
            // The others need not go on.
            next.store(jobs.len(), Ordering::Relaxed);
            return Err(error);
        }
        progress.step();
    }
    Ok(())
}
