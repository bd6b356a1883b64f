//! For comments and summaries.

use std::fmt::{self, Write};

use tenant::doctor::{Examination, Verdict};

use super::format::{area, examined, plain, sign, summary};

/// The examination as a page.
pub(super) fn markdown(examination: &Examination) -> String {
    let mut page = String::new();
    // Writing into a string does not fail.
    let _ = write(&mut page, examination);
    page
}

fn write(page: &mut String, examination: &Examination) -> fmt::Result {
    let scores = examination.scores;
    writeln!(
        page,
        "## {}: search {}, Copilot {}\n\n'{}', {}, {}: {}.\n",
        escaped(&examination.connection),
        scores.search,
        scores.copilot,
        escaped(&examination.name),
        examination.state.as_str(),
        examined(examination),
        summary(examination)
    )?;
    let is_bad = |verdict| matches!(verdict, Verdict::Warning | Verdict::Failure);
    if examination.checks.iter().any(|check| is_bad(check.verdict)) {
        writeln!(page, "### What to do\n")?;
    }
    for verdict in [Verdict::Failure, Verdict::Warning] {
        for check in examination.checks.iter().filter(|it| it.verdict == verdict) {
            writeln!(
                page,
                "- {} **{}**: {}. {} *{}*",
                sign(verdict),
                check.id,
                escaped(&check.found),
                check.why,
                check.fix
            )?;
        }
    }
    writeln!(
        page,
        "\n### All checks\n\n| | check | area | found |\n|---|---|---|---|"
    )?;
    for check in &examination.checks {
        writeln!(
            page,
            "| {} | {} | {} | {} |",
            sign(check.verdict),
            check.id,
            area(check.area),
            escaped(&check.found)
        )?;
    }
    Ok(())
}

/// What a client named is text, whatever it looks like.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in plain(text).chars() {
        if matches!(
            letter,
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '&' | '~' | '@' | '!'
        ) {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_is_text() {
        assert_eq!(
            escaped("a|b <x> [y](z) `c`\n"),
            "a\\|b \\<x\\> \\[y\\](z) \\`c\\`\u{fffd}"
        );
    }
}
