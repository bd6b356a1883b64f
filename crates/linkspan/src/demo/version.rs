//! The order of Debian package versions, to keep the newest description of a package.
//!
//! Rules: Debian Policy, section 5.6.12 (`[epoch:]upstream[-revision]`, `~` sorts before the end).

use std::cmp::Ordering;

/// Is the left version older, the same or newer?
pub fn compare(left: &str, right: &str) -> Ordering {
    let (left, right) = (parts(left), parts(right));
    part(left.0, right.0)
        .then_with(|| part(left.1, right.1))
        .then_with(|| part(left.2, right.2))
}

/// Epoch, upstream version and revision.
fn parts(version: &str) -> (&str, &str, &str) {
    let (epoch, rest) = version.split_once(':').unwrap_or(("0", version));
    let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
    (epoch, upstream, revision)
}

/// Compares by turns a run without digits and a run of digits.
fn part(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left, right);
    while !left.is_empty() || !right.is_empty() {
        let order = signs(take(&mut left, false), take(&mut right, false))
            .then_with(|| number(take(&mut left, true), take(&mut right, true)));
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

fn take<'a>(text: &mut &'a str, digits: bool) -> &'a str {
    let end = text
        .find(|c: char| c.is_ascii_digit() != digits)
        .unwrap_or(text.len());
    let (head, tail) = text.split_at(end);
    *text = tail;
    head
}

fn signs(left: &str, right: &str) -> Ordering {
    let weight = |sign: Option<char>| match sign {
        Some('~') => -1,
        None => 0,
        Some(c) if c.is_ascii_alphabetic() => i64::from(u32::from(c)),
        Some(c) => i64::from(u32::from(c)) + 256,
    };
    let (mut left, mut right) = (left.chars(), right.chars());
    loop {
        let (a, b) = (left.next(), right.next());
        let order = weight(a).cmp(&weight(b));
        if order.is_ne() || (a.is_none() && b.is_none()) {
            return order;
        }
    }
}

fn number(left: &str, right: &str) -> Ordering {
    let (left, right) = (left.trim_start_matches('0'), right.trim_start_matches('0'));
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_have_an_order() {
        let rising = [
            "0.9~rc1-1",
            "0.9~rc2-1",
            "0.9-1",
            "0.9-1+b1",
            "0.9-1.1",
            "0.9-2",
            "0.9-10",
            "0.9a-1",
            "0.9+dfsg-1",
            "0.10-1",
            "2.0-1",
            "10.0-1",
            "1:0.1-1",
            "2:0.0-1",
        ];
        for (at, older) in rising.iter().enumerate() {
            assert_eq!(compare(older, older), Ordering::Equal);
            for newer in &rising[at + 1..] {
                assert_eq!(compare(older, newer), Ordering::Less, "{older} {newer}");
                assert_eq!(compare(newer, older), Ordering::Greater, "{newer} {older}");
            }
        }
        assert_eq!(compare("1.0", "0:1.00"), Ordering::Equal);
    }
}
