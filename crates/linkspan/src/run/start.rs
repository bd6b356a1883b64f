//! A run from its beginning to its end.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::Context;
use server::journal::Whereabouts;
use tokio::{
    process::Child,
    time::{MissedTickBehavior, interval},
};

use super::{
    environment::{self, Variable},
    files::Files,
    place::Place,
    program::{self, Signals},
    report::{self, Report},
    tally::Tally,
};
use crate::{cli::Run, say};

/// How often the journal is read.
const GLANCE: Duration = Duration::from_millis(500);

/// Pages that are read at a glance, at most; each may hold thousands of entries.
const PAGES_MAX: usize = 32;

/// After how long a program that has asked nothing is spoken of.
const SILENCE: Duration = Duration::from_secs(30);

/// Runs the program, and says at its end what it did; the exit code to hand on.
///
/// # Errors
/// There is no server to be had, or the files of the run cannot be written. Once the program runs, nothing that goes
/// wrong here takes the place of its exit code.
pub async fn run(options: Run) -> anyhow::Result<u8> {
    let mut signals = Signals::new()?;
    let prepared = tokio::select! {
        prepared = Prepared::for_run(&options) => prepared?,
        code = signals.end() => return Ok(code),
    };
    let Prepared {
        sheet,
        place,
        whereabouts,
        files: _files,
        variables,
        mut tally,
    } = prepared;
    let began = Instant::now();
    let (exit_code, signal, notice) = match program::start(&options.command, variables) {
        Ok(mut child) => {
            let status = watch(&mut child, signals, &place, &whereabouts, &mut tally).await?;
            let notice = report::notice(&tally, &whereabouts);
            (program::exit_code(status), program::signal(status), notice)
        }
        Err(error) => {
            let name = options.command.first().map(|name| name.to_string_lossy());
            let notice = format!("could not start '{}': {error}", name.unwrap_or_default());
            (program::not_started(&error), None, Some(notice))
        }
    };
    let report = Report {
        server: place.name(),
        is_shared: place.is_shared(),
        tally: &tally,
        exit_code,
        signal,
        seconds: began.elapsed().as_secs_f64(),
        notice,
        weather: place.weather(),
    };
    say::aside(report.text());
    if let Some(sheet) = sheet {
        sheet.write(&report);
    }
    if let Err(error) = place.close().await {
        say::aside(format_args!(
            "linkspan run: the server did not end well: {error:#}"
        ));
    }
    Ok(exit_code)
}

/// Everything that is there before the program starts.
struct Prepared {
    sheet: Option<Sheet>,
    place: Place,
    whereabouts: Whereabouts,
    files: Files,
    variables: Vec<Variable>,
    tally: Tally,
}

impl Prepared {
    async fn for_run(options: &Run) -> anyhow::Result<Self> {
        let place = Place::find(options).await?;
        let whereabouts = place.whereabouts().await?;
        let inherited = |name: &str| std::env::var_os(name);
        let files = Files::write(&whereabouts, &inherited).await?;
        let variables = environment::variables(&whereabouts, &files, &inherited)?;
        let tally = Tally::behind(&place.page(u64::MAX).await?);
        // Last, so that what refuses a run leaves no empty report.
        let sheet = options.json.as_deref().map(Sheet::open).transpose()?;
        Ok(Self {
            sheet,
            place,
            whereabouts,
            files,
            variables,
            tally,
        })
    }
}

/// What the report for machines is written on; open before the program starts, so that no run is lost over its name.
enum Sheet {
    Standard,
    File(fs::File, PathBuf),
}

impl Sheet {
    fn open(path: &Path) -> anyhow::Result<Self> {
        if path.as_os_str() == "-" {
            return Ok(Self::Standard);
        }
        let file = fs::File::create(path)
            .with_context(|| format!("--json: could not write the report {}", path.display()))?;
        Ok(Self::File(file, path.to_owned()))
    }

    /// A report that cannot be written is no reason to hide how the program ended.
    fn write(self, report: &Report<'_>) {
        let text = format!("{:#}\n", report.json());
        let (name, written) = match self {
            Self::Standard => (
                "the report".to_owned(),
                say::text(text).map_err(anyhow::Error::from),
            ),
            Self::File(mut file, path) => (
                format!("the report {}", path.display()),
                file.write_all(text.as_bytes()).map_err(anyhow::Error::from),
            ),
        };
        if let Err(error) = written.with_context(|| format!("could not write {name}"))
            && !say::is_unread(&error)
        {
            say::aside(format_args!("linkspan run: {error:#}"));
        }
    }
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
            signal = signals.next() => Signals::pass(signal, child).await,
            _ = glances.tick() => {
                read(place, tally).await;
                is_silent &= !tally.has_asked();
                if is_silent
                    && began.elapsed() >= SILENCE
                    && let Some(notice) = report::notice(tally, whereabouts)
                {
                    say::aside(format_args!("linkspan run: {} seconds have passed, and {notice}", SILENCE.as_secs()));
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
