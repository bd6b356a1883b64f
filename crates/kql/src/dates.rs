//! Date literals and date words (D1, D4 to D6).
//!
//! Times are ticks of 100 ns since 1970-01-01T00:00:00Z, as fine as the Graph keeps them. Every
//! literal is an interval, and always UTC.

/// Ticks in a second.
pub const SECOND_TICKS: i64 = 10_000_000;
/// Ticks in a day.
pub const DAY_TICKS: i64 = 86_400 * SECOND_TICKS;

/// The span of time that a literal denotes: `start` is inside, `end` is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Interval {
    /// The first tick.
    pub start: i64,
    /// The tick after the last one.
    pub end: i64,
}

/// The days on which a week can start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Weekday {
    /// The default.
    #[default]
    Sunday,
    /// The first day of the ISO week.
    Monday,
    /// Day 2.
    Tuesday,
    /// Day 3.
    Wednesday,
    /// Day 4.
    Thursday,
    /// Day 5.
    Friday,
    /// Day 6.
    Saturday,
}

/// Reads a date literal (`2026-03-18`, `2026-03-18T12:00:00`, with `Z`, with one to seven
/// fraction digits) or a date word (`today`, `this week` …, in any case).
///
/// `now_ticks` and `week_start` give the words their meaning; whether the text is a literal does
/// not depend on them. `None` for anything else, days that no calendar has included.
pub fn literal(text: &str, now_ticks: i64, week_start: Weekday) -> Option<Interval> {
    let text = text.trim();
    match text.as_bytes().first()? {
        b'0'..=b'9' => iso(text),
        _ => word(text, now_ticks.div_euclid(DAY_TICKS), week_start),
    }
}

fn word(text: &str, today: i64, week_start: Weekday) -> Option<Interval> {
    let (year, month, _) = civil(today);
    let word = text
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase();
    let (start, end) = match word.as_str() {
        "today" => (today, today + 1),
        "yesterday" => (today - 1, today),
        "this week" => {
            // Day 0 was a Thursday, which is day 4 of a week that starts on Sunday.
            let start = today - (today + 4 - week_start as i64).rem_euclid(7);
            (start, start + 7)
        }
        "this month" => (month_start(year, month), month_start(year, month + 1)),
        "last month" => (month_start(year, month - 1), month_start(year, month)),
        "this year" => (month_start(year, 1), month_start(year + 1, 1)),
        "last year" => (month_start(year - 1, 1), month_start(year, 1)),
        _ => return None,
    };
    Some(Interval {
        start: start.saturating_mul(DAY_TICKS),
        end: end.saturating_mul(DAY_TICKS),
    })
}

fn iso(text: &str) -> Option<Interval> {
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let [year, month, day] = fields(date, '-', [4, 2, 2])?;
    if year == 0 || !(1..=12).contains(&month) {
        return None;
    }
    let first = month_start(year, month);
    if day == 0 || day > month_start(year, month + 1) - first {
        return None;
    }
    let start = (first + day - 1) * DAY_TICKS;
    let Some(time) = time else {
        return Some(Interval {
            start,
            end: start + DAY_TICKS,
        });
    };
    let time = time.strip_suffix('Z').unwrap_or(time);
    let (time, fraction) = match time.split_once('.') {
        Some((time, fraction)) => (time, Some(fraction)),
        None => (time, None),
    };
    let [hour, minute, second] = fields(time, ':', [2, 2, 2])?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let start = start + ((hour * 60 + minute) * 60 + second) * SECOND_TICKS;
    let Some(fraction) = fraction else {
        return Some(Interval {
            start,
            end: start + SECOND_TICKS,
        });
    };
    let length = u32::try_from(fraction.len())
        .ok()
        .filter(|length| (1..=7).contains(length))?;
    let unit = 10_i64.pow(7 - length);
    let start = start + digits(fraction)? * unit;
    Some(Interval {
        start,
        end: start + unit,
    })
}

/// Three numbers of fixed widths with a separator in between.
fn fields(text: &str, separator: char, widths: [usize; 3]) -> Option<[i64; 3]> {
    let mut parts = text.split(separator);
    let mut numbers = [0; 3];
    for (number, width) in numbers.iter_mut().zip(widths) {
        let part = parts.next().filter(|part| part.len() == width)?;
        *number = digits(part)?;
    }
    parts.next().is_none().then_some(numbers)
}

/// A number of nothing but digits; `parse` alone would take a sign as well.
fn digits(text: &str) -> Option<i64> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// The day number of the first of a month. Months below 1 and above 12 reach into the years
/// around, so that callers can add and subtract.
fn month_start(year: i64, month: i64) -> i64 {
    let months = year * 12 + month - 1;
    let (year, month) = (months.div_euclid(12), months.rem_euclid(12));
    // Years are counted from March, which puts the leap day at their end: 153 days are five months
    // from March or August on.
    let shifted = year - i64::from(month < 2);
    let since_march = (month + 10) % 12;
    let days_before_year =
        shifted * 365 + shifted.div_euclid(4) - shifted.div_euclid(100) + shifted.div_euclid(400);
    // 719 468 days lie between 0000-03-01 and 1970-01-01.
    days_before_year + (153 * since_march + 2) / 5 - 719_468
}

/// Year, month and day of a day number.
fn civil(day: i64) -> (i64, i64, i64) {
    // 400 years have 146 097 days. The estimate is never more than one year off.
    let mut year = 1970 + (day * 400).div_euclid(146_097);
    while month_start(year, 1) > day {
        year -= 1;
    }
    while month_start(year + 1, 1) <= day {
        year += 1;
    }
    let mut month = 1;
    while month_start(year, month + 1) <= day {
        month += 1;
    }
    (year, month, day - month_start(year, month) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-03-18T12:00:00Z, a Wednesday.
    const NOW: i64 = 1_773_835_200 * SECOND_TICKS;

    fn read(text: &str) -> Option<Interval> {
        literal(text, NOW, Weekday::Sunday)
    }

    fn days(from: &str, to: &str) -> Option<Interval> {
        Some(Interval {
            start: read(from).unwrap().start,
            end: read(to).unwrap().start,
        })
    }

    #[test]
    fn known_instants() {
        for (text, start_seconds) in [
            ("1970-01-01", 0),
            ("1969-12-31", -86_400),
            ("2000-02-29", 951_782_400),
            ("2024-02-29", 1_709_164_800),
            ("2026-03-18T12:00:00Z", 1_773_835_200),
            ("0001-01-01", -62_135_596_800),
            ("9999-12-31T23:59:59", 253_402_300_799),
        ] {
            assert_eq!(
                read(text).unwrap().start,
                start_seconds * SECOND_TICKS,
                "{text}"
            );
        }
    }

    #[test]
    fn a_literal_is_as_long_as_it_is_precise() {
        for (text, length) in [
            ("2026-03-18", DAY_TICKS),
            ("2026-03-18T00:00:00", SECOND_TICKS),
            ("2026-03-18T23:59:59Z", SECOND_TICKS),
            ("2026-03-18T10:00:00.5", SECOND_TICKS / 10),
            ("2026-03-18T10:00:00.50Z", SECOND_TICKS / 100),
            ("2026-03-18T10:00:00.1234567Z", 1),
            (" 2026-03-18 ", DAY_TICKS),
        ] {
            let interval = read(text).unwrap();
            assert_eq!(interval.end - interval.start, length, "{text}");
        }
        let half = read("2026-03-18T10:00:00.5").unwrap().start;
        assert_eq!(
            half - read("2026-03-18T10:00:00").unwrap().start,
            SECOND_TICKS / 2
        );
    }

    #[test]
    fn what_is_no_literal() {
        for text in [
            "",
            "24-02-29",
            "2026-02-30",
            "2023-02-29",
            "1900-02-29",
            "0000-01-01",
            "2026-00-01",
            "2026-13-01",
            "2026-01-00",
            "2026-1-1",
            "2026-01-01Z",
            "2026-01-01T",
            "2026-01-01T10",
            "2026-01-01T10:00",
            "2026-01-01T24:00:00",
            "2026-01-01T10:60:00",
            "2026-01-01T10:00:60",
            "2026-01-01T10:00:00.",
            "2026-01-01T10:00:00.12345678",
            "2026-01-01T10:00:00+01:00",
            "2026-01-01t10:00:00",
            "2026-01-01 10:00:00",
            "+026-01-01",
            "12026-01-01",
            "2026-01-+1",
            "2026-01-01T10:00:00.+1",
            "2026-01-01-01",
            "last week",
            "tomorrow",
            "this",
            "week",
            "thisweek",
            "today*",
            "２０２６-01-01",
        ] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }

    #[test]
    fn words() {
        assert_eq!(read("today"), days("2026-03-18", "2026-03-19"));
        assert_eq!(read("YESTERDAY"), days("2026-03-17", "2026-03-18"));
        assert_eq!(read("this week"), days("2026-03-15", "2026-03-22"));
        assert_eq!(read("This  Month"), days("2026-03-01", "2026-04-01"));
        assert_eq!(read("last month"), days("2026-02-01", "2026-03-01"));
        assert_eq!(read("this year"), days("2026-01-01", "2027-01-01"));
        assert_eq!(read("last year"), days("2025-01-01", "2026-01-01"));
    }

    #[test]
    fn words_at_the_turn_of_a_year() {
        let at = |text: &str, word: &str| literal(word, read(text).unwrap().start, Weekday::Sunday);
        assert_eq!(
            at("2026-01-01", "last month"),
            days("2025-12-01", "2026-01-01")
        );
        assert_eq!(
            at("2026-01-01", "yesterday"),
            days("2025-12-31", "2026-01-01")
        );
        assert_eq!(
            at("2025-12-31T23:59:59.9999999", "this month"),
            days("2025-12-01", "2026-01-01")
        );
        assert_eq!(
            at("1969-12-31T23:59:59", "today"),
            days("1969-12-31", "1970-01-01")
        );
    }

    #[test]
    fn the_week_starts_where_it_is_told_to() {
        for (start, from) in [
            (Weekday::Sunday, "2026-03-15"),
            (Weekday::Monday, "2026-03-16"),
            (Weekday::Tuesday, "2026-03-17"),
            (Weekday::Wednesday, "2026-03-18"),
            (Weekday::Thursday, "2026-03-12"),
            (Weekday::Friday, "2026-03-13"),
            (Weekday::Saturday, "2026-03-14"),
        ] {
            let week = literal("this week", NOW, start).unwrap();
            assert_eq!(week.start, read(from).unwrap().start, "{start:?}");
            assert_eq!(week.end - week.start, 7 * DAY_TICKS, "{start:?}");
        }
    }

    /// Walks every day of the supported years, and so proves the calendar by counting.
    #[test]
    fn the_calendar_has_no_gaps() {
        let mut day = month_start(1, 1);
        for year in 1..=9999 {
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let february = if leap { 29 } else { 28 };
            let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
            for (month, length) in (1..).zip(lengths) {
                assert_eq!(month_start(year, month), day, "{year}-{month}");
                assert_eq!(civil(day), (year, month, 1));
                assert_eq!(civil(day + length - 1), (year, month, length));
                day += length;
            }
        }
    }

    #[test]
    fn any_clock_is_survived() {
        for now in [i64::MIN, i64::MAX, -1, 0] {
            for word in ["today", "yesterday", "this week", "last month", "this year"] {
                let interval = literal(word, now, Weekday::Monday).unwrap();
                assert!(interval.start <= interval.end, "{word} at {now}");
            }
        }
    }
}
