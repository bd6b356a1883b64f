//! The items: how many there are, and what the sampled ones carry.

use graph::Schema;

use super::{
    Check, Verdict,
    rules::{CONTENT, ITEMS, Rule, TITLES, URLS},
};
use crate::survey::{Sampled, Survey};

/// Names that are told one by one; there may be as many as there are items.
const NAMED_MAX: usize = 10;

pub(super) fn checks(schema: &Schema, survey: &Survey) -> Vec<Check> {
    let text = |at: usize| move |item: &Sampled| item.texts.get(at).and_then(Option::clone);
    let (title, url) = (text(0), text(1));
    let labelled = |label: &str, rule: &Rule, check: Check| match schema.labelled(label) {
        Some(_) => check,
        None => rule.unknown(format!("no property carries the label {label}")),
    };
    vec![
        items(survey),
        share(&CONTENT, survey, "have content", |item| item.has_content),
        labelled(
            "title",
            &TITLES,
            share(&TITLES, survey, "have a title", |item| {
                title(item).is_some_and(|title| !title.trim().is_empty())
            }),
        ),
        labelled(
            "url",
            &URLS,
            share(&URLS, survey, "have an absolute address", |item| {
                url(item).is_some_and(|url| is_absolute(&url))
            }),
        ),
    ]
}

fn items(survey: &Survey) -> Check {
    match survey.items {
        0 => ITEMS.failure("there is none"),
        count => ITEMS.pass(grouped(count)),
    }
}

/// How many of the sampled items have something: all pass, fewer than half fail.
fn share(rule: &Rule, survey: &Survey, what: &str, has: impl Fn(&Sampled) -> bool) -> Check {
    let sampled = survey.sample.len();
    if sampled == 0 {
        return rule.unknown("no item was sampled");
    }
    let with = survey.sample.iter().filter(|item| has(item)).count();
    let lacking: Vec<String> = survey
        .sample
        .iter()
        .filter(|item| !has(item))
        .map(|item| item.id.as_str().to_owned())
        .collect();
    let (with, of) = (with as u64, sampled as u64);
    let mut found = format!(
        "{} of {} sampled {what} ({})",
        grouped(with),
        grouped(of),
        percent(with, of)
    );
    let verdict = match with {
        _ if with == of => Verdict::Pass,
        _ if with * 2 >= of => Verdict::Warning,
        _ => Verdict::Failure,
    };
    if !lacking.is_empty() {
        found.push_str(&format!("; not {}", named(&lacking)));
    }
    rule.ended(verdict, found)
}

fn is_absolute(url: &str) -> bool {
    let rest = ["https://", "http://"].into_iter().find_map(|scheme| {
        url.get(..scheme.len())
            .filter(|start| start.eq_ignore_ascii_case(scheme))
            .and_then(|_| url.get(scheme.len()..))
    });
    rest.is_some_and(|rest| {
        !rest.is_empty()
            && !rest.starts_with(['/', '?', '#'])
            && !rest.contains(char::is_whitespace)
    })
}

/// Some names, and how many more there are.
pub(super) fn named(names: &[String]) -> String {
    let shown = names.get(..NAMED_MAX).unwrap_or(names).join(", ");
    match names.len().saturating_sub(NAMED_MAX) {
        0 => shown,
        more => format!("{shown} and {} more", grouped(more as u64)),
    }
}

/// A share in percent; never 100 unless it is all.
pub(super) fn percent(part: u64, of: u64) -> String {
    let percent = (100 * u128::from(part))
        .checked_div(u128::from(of))
        .unwrap_or(0);
    format!("{percent} %")
}

/// A number with its thousands apart.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_absolute_with_a_host() {
        for url in ["https://a.example/x", "HTTP://a", "https://ä.example/?q=1"] {
            assert!(is_absolute(url), "{url}");
        }
        for url in [
            "",
            "/x",
            "a.example/x",
            "https://",
            "https:///x",
            "ftp://a",
            "http://a b",
        ] {
            assert!(!is_absolute(url), "{url}");
        }
    }

    #[test]
    fn numbers_and_names_are_readable() {
        assert_eq!(
            [0, 999, 1_000, 1_234_567].map(grouped),
            ["0", "999", "1,000", "1,234,567"]
        );
        assert_eq!(
            (percent(999, 1000), percent(0, 0)),
            ("99 %".to_owned(), "0 %".to_owned())
        );
        let names: Vec<String> = (0..12).map(|n| n.to_string()).collect();
        assert_eq!(named(&names), "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more");
        assert_eq!(named(&names[..2]), "0, 1");
    }
}
