//! For terminals.

use std::fmt::{self, Write};

use tenant::doctor::{Check, Examination, Verdict};

use super::format::{AREAS, area, examined, plain, sign, summary};

/// Letters of a line.
const WIDTH: usize = 100;

/// Letters of a score's bar.
const BAR: usize = 40;

const BOLD: &str = "1";
const DIM: &str = "2";
const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";

/// The examination in lines.
pub(super) fn text(examination: &Examination, color: bool) -> String {
    let names = examination.checks.iter().map(|check| check.id.len());
    let mut page = Page {
        text: String::new(),
        color,
        indent: 5 + names.max().unwrap_or_default(),
    };
    // Writing into a string does not fail.
    let _ = page.write(examination);
    page.text
}

struct Page {
    text: String,
    color: bool,
    /// Where what was found begins.
    indent: usize,
}

impl Page {
    fn write(&mut self, examination: &Examination) -> fmt::Result {
        let name = self.painted(BOLD, &plain(&examination.connection));
        writeln!(
            self.text,
            "{name}  '{}', {}, {}",
            plain(&examination.name),
            examination.state.as_str(),
            examined(examination)
        )?;
        for it in AREAS {
            let heading = self.painted(BOLD, area(it));
            writeln!(self.text, "\n{heading}")?;
            for check in examination.checks.iter().filter(|check| check.area == it) {
                self.check(check)?;
            }
        }
        writeln!(self.text)?;
        self.score("search", examination.scores.search)?;
        self.score("copilot", examination.scores.copilot)?;
        writeln!(self.text, "{}", summary(examination))
    }

    fn check(&mut self, check: &Check) -> fmt::Result {
        let (sign, id) = (sign(check.verdict), &check.id);
        let sign = self.painted(hue(check.verdict), &sign.to_string());
        let gap = " ".repeat(self.indent.saturating_sub(4 + id.len()));
        write!(self.text, "  {sign} {id}{gap}")?;
        let found = self.wrapped(&plain(&check.found));
        writeln!(self.text, "{found}")?;
        if matches!(check.verdict, Verdict::Warning | Verdict::Failure) {
            let margin = " ".repeat(self.indent);
            let why = self.wrapped(&check.why);
            let why = self.painted(DIM, &why);
            let fix = self.wrapped(&format!("→ {}", check.fix));
            writeln!(self.text, "{margin}{why}\n{margin}{fix}")?;
        }
        Ok(())
    }

    fn score(&mut self, of: &str, score: u8) -> fmt::Result {
        let full = BAR * usize::from(score.min(100)) / 100;
        let color = match score {
            80.. => GREEN,
            50.. => YELLOW,
            _ => RED,
        };
        let bar = self.painted(color, &"█".repeat(full));
        let rest = self.painted(DIM, &"░".repeat(BAR - full));
        writeln!(self.text, "{of:<8} {score:>3} / 100  {bar}{rest}")
    }

    fn painted(&self, color: &str, text: &str) -> String {
        if self.color && !text.is_empty() {
            format!("\u{1b}[{color}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    /// Words in lines, the second and the others below what was found.
    fn wrapped(&self, text: &str) -> String {
        let mut wrapped = String::with_capacity(text.len());
        let mut column = self.indent;
        for word in text.split(' ') {
            let length = word.chars().count();
            if column > self.indent && column + 1 + length > WIDTH {
                wrapped.push('\n');
                wrapped.push_str(&" ".repeat(self.indent));
                column = self.indent;
            } else if column > self.indent {
                wrapped.push(' ');
                column += 1;
            }
            wrapped.push_str(word);
            column += length;
        }
        wrapped
    }
}

const fn hue(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => GREEN,
        Verdict::Warning => YELLOW,
        Verdict::Failure => RED,
        Verdict::Unknown => DIM,
    }
}
