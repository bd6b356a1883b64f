//! What passed, what failed and what could not run; the last line of every task.

use std::{fmt, process::ExitCode};

use crate::place;

/// Three counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub passed: u64,
    pub failed: u64,
    pub skipped: u64,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            passed,
            failed,
            skipped,
        } = self;
        write!(f, "{passed} passed, {failed} failed, {skipped} skipped")
    }
}

/// Counts, and a line for the summary about each part.
#[derive(Debug, Default)]
pub struct Tally {
    counts: Counts,
    lines: Vec<String>,
}

impl Tally {
    /// One thing passed or failed.
    pub fn one(&mut self, name: &str, passed: bool) {
        let counts = Counts {
            passed: passed.into(),
            failed: (!passed).into(),
            skipped: 0,
        };
        self.counts.passed += counts.passed;
        self.counts.failed += counts.failed;
        self.lines
            .push(format!("{} {name}", if passed { "ok  " } else { "FAIL" }));
    }

    /// A part that counted for itself. It must have counted something, and have ended well when nothing failed.
    pub fn part(&mut self, name: &str, counts: Counts, ended_well: bool) {
        let mut counts = counts;
        if counts.failed == 0 && (!ended_well || counts.passed == 0) {
            counts.failed = 1;
        }
        self.counts.passed += counts.passed;
        self.counts.failed += counts.failed;
        self.counts.skipped += counts.skipped;
        let word = if counts.failed == 0 { "ok  " } else { "FAIL" };
        self.lines.push(format!("{word} {name}: {counts}"));
    }

    /// `number` parts that this machine cannot run: skips, but failures where nothing may be left out.
    pub fn not_run(&mut self, name: &str, number: u64, why: &str) {
        eprintln!("==> {name}: not run: {why}");
        if place::is_ci() {
            self.counts.failed += number;
            self.lines.push(format!(
                "FAIL {name}: {why} (`CI` is set, so nothing may be skipped)"
            ));
        } else {
            self.counts.skipped += number;
            self.lines.push(format!("skip {name}: {why}"));
        }
    }

    /// Prints the summary, the counts last, and makes the exit code.
    pub fn conclude(self) -> ExitCode {
        println!();
        for line in &self.lines {
            println!("{line}");
        }
        println!("{}", self.counts);
        if self.counts.failed == 0 && self.counts.passed > 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

/// Reads the line with which a test program of Rust ends; ignored tests count as skipped.
pub fn libtest(line: &str) -> Option<Counts> {
    let counted = line.strip_prefix("test result: ")?.split_once(". ")?.1;
    let mut counts = Counts::default();
    for part in counted.split("; ") {
        let (number, word) = part.split_once(' ')?;
        match word {
            "passed" => counts.passed = number.parse().ok()?,
            "failed" => counts.failed = number.parse().ok()?,
            "ignored" => counts.skipped = number.parse().ok()?,
            _ => {}
        }
    }
    Some(counts)
}

/// Reads `N passed, M failed` or `N passed, M failed, K skipped`, and nothing else.
pub fn summary(line: &str) -> Option<Counts> {
    let mut parts = line.trim_end().split(", ");
    let mut number = |word: &str| -> Option<Option<u64>> {
        let Some(part) = parts.next() else {
            return Some(None);
        };
        let (number, found) = part.split_once(' ')?;
        (found == word).then_some(number.parse().ok())
    };
    let (passed, failed) = (number("passed")??, number("failed")??);
    let skipped = number("skipped")?.unwrap_or(0);
    parts.next().is_none().then_some(Counts {
        passed,
        failed,
        skipped,
    })
}

#[cfg(test)]
mod tests {
    use super::{Counts, Tally, libtest, summary};

    fn counts(passed: u64, failed: u64, skipped: u64) -> Option<Counts> {
        Some(Counts {
            passed,
            failed,
            skipped,
        })
    }

    #[test]
    fn the_end_of_a_test_program_is_read() {
        let good = "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s";
        let bad = "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s";
        assert_eq!(libtest(good), counts(12, 0, 1));
        assert_eq!(libtest(bad), counts(3, 2, 0));
        assert_eq!(libtest("test items::put ... ok"), None);
    }

    #[test]
    fn the_end_of_a_driver_is_read() {
        assert_eq!(summary("4 passed, 1 failed"), counts(4, 1, 0));
        assert_eq!(summary("4 passed, 1 failed, 2 skipped\n"), counts(4, 1, 2));
        for other in [
            "4 passed",
            "passed 4, failed 1",
            "4 passed, 1 failed, 2 late",
            "4 passed, 1 failed, 0 skipped, 1",
            "",
        ] {
            assert_eq!(summary(other), None, "{other:?}");
        }
    }

    #[test]
    fn a_part_that_counted_nothing_has_failed() {
        let mut tally = Tally::default();
        tally.part("silent", Counts::default(), true);
        tally.part(
            "died",
            Counts {
                passed: 3,
                failed: 0,
                skipped: 0,
            },
            false,
        );
        tally.part(
            "good",
            Counts {
                passed: 2,
                failed: 0,
                skipped: 1,
            },
            true,
        );
        assert_eq!(Some(tally.counts), counts(5, 2, 1));
    }
}
