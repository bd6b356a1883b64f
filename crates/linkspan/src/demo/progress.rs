//! Progress on a terminal as a bar, elsewhere as a line every few seconds.

use std::{
    io::{IsTerminal, stderr},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};

use crate::say::{self, Unsaid};

/// How often a line is written where there is no terminal.
const LINES_EVERY: Duration = Duration::from_secs(5);

/// The progress of one step.
pub struct Progress {
    what: String,
    total: usize,
    done: AtomicUsize,
    started: Instant,
    bar: Option<ProgressBar>,
    line_at: Mutex<Instant>,
}

impl Progress {
    /// Begins a step of so many parts.
    pub fn new(what: &str, total: usize) -> Self {
        let now = Instant::now();
        Self {
            what: what.to_owned(),
            total,
            done: AtomicUsize::new(0),
            started: now,
            bar: stderr().is_terminal().then(|| bar(what, total)),
            line_at: Mutex::new(now),
        }
    }

    /// Counts one more part.
    pub fn step(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        self.show(done);
    }

    /// Says how many parts are done.
    pub fn set(&self, done: usize) {
        self.done.store(done, Ordering::Relaxed);
        self.show(done);
    }

    fn show(&self, done: usize) {
        if let Some(bar) = &self.bar {
            bar.set_position(done as u64);
            return;
        }
        let mut line_at = self.line_at.lock().unwrap_or_else(PoisonError::into_inner);
        if line_at.elapsed() < LINES_EVERY {
            return;
        }
        *line_at = Instant::now();
        say::aside(format_args!("  {}", self.line(done)));
    }

    fn line(&self, done: usize) -> String {
        let rate = done as f64 / self.started.elapsed().as_secs_f64().max(0.001);
        let left = self.total.saturating_sub(done) as f64 / rate.max(0.001);
        format!(
            "{} {done} of {}, {rate:.0}/s, {left:.0} s left",
            self.what, self.total
        )
    }

    /// Ends the step, and says what it took.
    ///
    /// # Errors
    /// When the standard output cannot be written to.
    pub fn finish(&self) -> Result<(), Unsaid> {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let done = self.done.load(Ordering::Relaxed);
        let seconds = self.started.elapsed().as_secs_f64();
        // Over a moment too short to measure, a rate says nothing.
        let rate = match seconds {
            0.1.. => format!(" ({:.0}/s)", done as f64 / seconds),
            _ => String::new(),
        };
        say::line(format_args!(
            "  {done} {} in {seconds:.1} s{rate}",
            self.what
        ))
    }
}

fn bar(what: &str, total: usize) -> ProgressBar {
    let template = "  {msg} {wide_bar} {pos}/{len} {per_sec} {eta} left";
    let style =
        ProgressStyle::with_template(template).expect("the template is a constant that parses");
    ProgressBar::new(total as u64)
        .with_style(style)
        .with_message(what.to_owned())
}
