//! A run from its beginning to its end.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Context;
use server::journal::Whereabouts;
use tokio::{
    process::Child,
    time::{MissedTickBehavior, interval},
};

use super::{
    environment,
    files::Files,
    place::Place,
    program::{self, Signals},
    report::{self, Report},
    tally::Tally,
};
use crate::cli::Run;

/// How often the journal is read.
const GLANCE: Duration = Duration::from_millis(500);

/// Pages that are read at a glance, at most; each may hold thousands of entries.
const PAGES_MAX: usize = 32;

/// After how long a program that has asked nothing is spoken of.
const SILENCE: Duration = Duration::from_secs(30);

/// Runs the program, and says at its end what it did; the exit code to hand on.
///
/// # Errors
/// There is no server to be had, or the files of the run cannot be written.
pub async fn run(options: Run) -> anyhow::Result<u8> {
    let place = Place::find(&options).await?;
    let whereabouts = place.whereabouts().await?;
    let inherited = |name: &str| std::env::var_os(name);
    let files = Files::write(&whereabouts, &inherited).await?;
    let variables = environment::variables(&whereabouts, &files, &inherited)?;
    let mut tally = Tally::behind(&place.page(u64::MAX).await?);
    let signals = Signals::new()?;
    let began = Instant::now();
    let mut child = match program::start(&options.command, variables) {
        Ok(child) => child,
        Err(error) => {
            let name = options.command.first().map(|name| name.to_string_lossy());
            eprintln!(
                "linkspan run: could not start '{}': {error}",
                name.unwrap_or_default()
            );
            place.close().await?;
            return Ok(program::not_started(&error));
        }
    };
    let status = watch(&mut child, signals, &place, &whereabouts, &mut tally).await?;
    let report = Report {
        server: place.name(),
        tally: &tally,
        exit_code: program::exit_code(status),
        signal: program::signal(status),
        seconds: began.elapsed().as_secs_f64(),
        whereabouts: &whereabouts,
        weather: place.weather(),
    };
    eprint!("{}", report.text());
    if let Some(file) = &options.json {
        write(file, &report)?;
    }
    let exit_code = report.exit_code;
    place.close().await?;
    Ok(exit_code)
}

/// Reads the journal and hands signals on until the program has ended, and then reads what is left.
async fn watch(
    child: &mut Child,
    mut signals: Signals,
    place: &Place,
    whereabouts: &Whereabouts,
    tally: &mut Tally,
) -> anyhow::Result<std::process::ExitStatus> {
    let began = Instant::now();
    let mut glances = interval(GLANCE);
    glances.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_silent = true;
    let status = loop {
        tokio::select! {
            status = child.wait() => break status.context("the program's end cannot be seen")?,
            signal = signals.next() => Signals::pass(signal, child),
            _ = glances.tick() => {
                read(place, tally).await;
                is_silent &= tally.is_empty();
                if is_silent
                    && began.elapsed() >= SILENCE
                    && let Some(notice) = report::notice(tally, whereabouts)
                {
                    eprintln!("linkspan run: {} seconds have passed, and {notice}", SILENCE.as_secs());
                    is_silent = false;
                }
            }
        }
    };
    read(place, tally).await;
    Ok(status)
}

/// Counts what is new; a server that has gone away is what the program will notice first.
async fn read(place: &Place, tally: &mut Tally) {
    // Others may go on asking the same server for ever: what they ask later is not this program's.
    for _ in 0..PAGES_MAX {
        match place.page(tally.since).await {
            Ok(page) => {
                let is_last = page.entries.is_empty();
                tally.add(&page);
                if is_last {
                    return;
                }
            }
            Err(error) => {
                tracing::warn!(error = format!("{error:#}"), "the journal cannot be read");
                return;
            }
        }
    }
}

fn write(file: &Path, report: &Report<'_>) -> anyhow::Result<()> {
    let text = format!("{:#}\n", report.json());
    if file.as_os_str() == "-" {
        print!("{text}");
        return Ok(());
    }
    fs::write(file, text).with_context(|| format!("could not write the report {}", file.display()))
}
