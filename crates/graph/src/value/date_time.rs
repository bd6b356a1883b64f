//! `dateTime` values of `externalItem.properties`: ISO 8601 in, UTC out, ticks of 100 ns between.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/externalconnectors-properties>

use std::fmt;

/// Ticks of 100 ns in a second.
const TICKS_PER_SECOND: i64 = 10_000_000;
/// Ticks in a day.
const TICKS_PER_DAY: i64 = 86_400 * TICKS_PER_SECOND;
/// Days from 0001-01-01 to 1970-01-01 in the Gregorian calendar.
const DAYS_TO_EPOCH: i64 = 719_162;
/// Days before each month of a year that is no leap year, and the year's length.
const DAYS_BEFORE_MONTH: [i64; 13] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];

const NOT_ISO: &str =
    "is not ISO 8601 such as 2026-01-31, 2026-01-31T12:00:00Z or 2026-01-31T12:00:00+01:00";
const NO_SUCH_DAY: &str = "names a day that does not exist";
const NO_SUCH_TIME: &str = "names a time of day that does not exist";
const OFFSET_TOO_LARGE: &str = "has an offset beyond 14:00";
const OUT_OF_RANGE: &str = "lies outside the years 0001 to 9999";

/// A point in time in ticks of 100 ns since 1970-01-01T00:00:00Z, years 0001 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DateTime(pub i64);

impl DateTime {
    /// 0001-01-01T00:00:00Z.
    pub const MIN: Self = Self(-DAYS_TO_EPOCH * TICKS_PER_DAY);
    /// 9999-12-31T23:59:59.9999999Z.
    pub const MAX: Self = Self((3_652_059 - DAYS_TO_EPOCH) * TICKS_PER_DAY - 1);

    /// Reads ISO 8601: a date alone, or with a time that may have seconds, a fraction of any length
    /// (cut off after 100 ns) and a zone; without zone it is UTC.
    ///
    /// # Errors
    /// What is wrong, as the rest of a sentence whose subject is the text.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let mut cursor = Cursor(text.as_bytes());
        let year = cursor.digits(4).ok_or(NOT_ISO)?;
        let month = cursor.after(b'-').ok_or(NOT_ISO)?;
        let day = cursor.after(b'-').ok_or(NOT_ISO)?;
        let midnight = Self::midnight(year, month, day).ok_or(NO_SUCH_DAY)?;
        if cursor.0.is_empty() {
            return Ok(midnight);
        }
        let ticks = midnight.0 + cursor.time_of_day()? - cursor.offset()?;
        let read = Self(ticks);
        if (Self::MIN..=Self::MAX).contains(&read) {
            Ok(read)
        } else {
            Err(OUT_OF_RANGE)
        }
    }

    /// The beginning of a day in UTC, if there is such a day in the years 1 to 9999.
    pub fn midnight(year: i64, month: i64, day: i64) -> Option<Self> {
        if !(1..=9999).contains(&year) || !(1..=12).contains(&month) {
            return None;
        }
        let before = days_before_month(year, month);
        if !(1..=days_before_month(year, month + 1) - before).contains(&day) {
            return None;
        }
        let days = days_before_year(year) + before + day - 1;
        Some(Self((days - DAYS_TO_EPOCH) * TICKS_PER_DAY))
    }
}

/// `YYYY-MM-DDThh:mm:ss[.fffffff]Z`, the fraction as short as it can be.
impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = self.0.div_euclid(TICKS_PER_DAY) + DAYS_TO_EPOCH;
        let of_day = self.0.rem_euclid(TICKS_PER_DAY);
        let (year, month, day) = civil(days);
        let seconds = of_day / TICKS_PER_SECOND;
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60
        )?;
        let mut fraction = of_day % TICKS_PER_SECOND;
        if fraction > 0 {
            let mut width = 7;
            while fraction % 10 == 0 {
                fraction /= 10;
                width -= 1;
            }
            write!(f, ".{fraction:0width$}")?;
        }
        f.write_str("Z")
    }
}

const fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Days from 0001-01-01 to the beginning of a year.
const fn days_before_year(year: i64) -> i64 {
    let past = year - 1;
    past * 365 + past.div_euclid(4) - past.div_euclid(100) + past.div_euclid(400)
}

/// Days from the beginning of a year to that of a month, 1 to 13.
const fn days_before_month(year: i64, month: i64) -> i64 {
    let days = DAYS_BEFORE_MONTH[(month - 1) as usize];
    if month > 2 && is_leap(year) {
        days + 1
    } else {
        days
    }
}

/// Year, month and day of a number of days since 0001-01-01.
fn civil(days: i64) -> (i64, i64, i64) {
    // The average year is 146,097 / 400 days long, which guesses the year to within one.
    let mut year = (days * 400).div_euclid(146_097) + 1;
    while days_before_year(year) > days {
        year -= 1;
    }
    while days_before_year(year + 1) <= days {
        year += 1;
    }
    let of_year = days - days_before_year(year);
    let mut month = 1;
    while month < 12 && days_before_month(year, month + 1) <= of_year {
        month += 1;
    }
    (year, month, of_year - days_before_month(year, month) + 1)
}

/// What is left to read.
struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    /// Exactly that many digits.
    fn digits(&mut self, count: usize) -> Option<i64> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        let mut number = 0;
        for digit in digits {
            if !digit.is_ascii_digit() {
                return None;
            }
            number = number * 10 + i64::from(digit - b'0');
        }
        self.0 = rest;
        Some(number)
    }

    /// Two digits after this mark.
    fn after(&mut self, mark: u8) -> Option<i64> {
        self.eat(mark).then(|| self.digits(2)).flatten()
    }

    /// Takes the byte if it comes next.
    fn eat(&mut self, byte: u8) -> bool {
        match self.0.split_first() {
            Some((first, rest)) if *first == byte => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    /// `Thh:mm[:ss[.f…]]` in ticks; `t` and a blank are in use for `T`.
    fn time_of_day(&mut self) -> Result<i64, &'static str> {
        if !(self.eat(b'T') || self.eat(b't') || self.eat(b' ')) {
            return Err(NOT_ISO);
        }
        let hours = self.digits(2).ok_or(NOT_ISO)?;
        let minutes = self.after(b':').ok_or(NOT_ISO)?;
        let (mut seconds, mut fraction) = (0, 0);
        if self.0.first() == Some(&b':') {
            seconds = self.after(b':').ok_or(NOT_ISO)?;
            if self.eat(b'.') {
                fraction = self.fraction().ok_or(NOT_ISO)?;
            }
        }
        if hours > 23 || minutes > 59 || seconds > 59 {
            return Err(NO_SUCH_TIME);
        }
        Ok((hours * 3600 + minutes * 60 + seconds) * TICKS_PER_SECOND + fraction)
    }

    /// The digits of a fraction in ticks; what is finer than a tick is cut off.
    fn fraction(&mut self) -> Option<i64> {
        let length = self.0.iter().take_while(|b| b.is_ascii_digit()).count();
        if length == 0 {
            return None;
        }
        let (digits, rest) = self.0.split_at(length);
        self.0 = rest;
        let ticks = (0..7).map(|at| digits.get(at).map_or(0, |digit| i64::from(digit - b'0')));
        Some(ticks.fold(0, |sum, digit| sum * 10 + digit))
    }

    /// The zone at the end, in ticks east of UTC; nothing is UTC.
    fn offset(&mut self) -> Result<i64, &'static str> {
        if self.0.is_empty() || matches!(self.0, b"Z" | b"z") {
            return Ok(0);
        }
        let sign = match (self.eat(b'+'), self.eat(b'-')) {
            (true, false) => 1,
            (false, true) => -1,
            _ => return Err(NOT_ISO),
        };
        let hours = self.digits(2).ok_or(NOT_ISO)?;
        let minutes = if self.0.is_empty() {
            0
        } else {
            // Both `+01:00` and `+0100` are in use.
            self.eat(b':');
            self.digits(2).ok_or(NOT_ISO)?
        };
        if !self.0.is_empty() {
            return Err(NOT_ISO);
        }
        if minutes > 59 || hours * 60 + minutes > 14 * 60 {
            return Err(OFFSET_TOO_LARGE);
        }
        Ok(sign * (hours * 60 + minutes) * 60 * TICKS_PER_SECOND)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        match DateTime::parse(text) {
            Ok(read) => assert_eq!(read.to_string(), expect, "{text}"),
            Err(reason) => assert_eq!(reason, expect, "{text}"),
        }
    }

    #[test]
    fn dates_and_times_become_utc() {
        check("2026-01-31", "2026-01-31T00:00:00Z");
        check("2026-01-31T00:00:00Z", "2026-01-31T00:00:00Z");
        check("2022-01-05T09:28:31", "2022-01-05T09:28:31Z");
        check("2026-01-02T03:04Z", "2026-01-02T03:04:00Z");
        check("2026-01-02t03:04:05z", "2026-01-02T03:04:05Z");
        check("2026-01-02 03:04:05", "2026-01-02T03:04:05Z");
        check("2026-01-02T03:04:05+00:00", "2026-01-02T03:04:05Z");
        check("2026-01-02T03:04:05+01:00", "2026-01-02T02:04:05Z");
        check("2026-01-01T00:30:00+0100", "2025-12-31T23:30:00Z");
        check("2026-01-01T00:30:00-05", "2026-01-01T05:30:00Z");
        check("2026-12-31T23:00:00-14:00", "2027-01-01T13:00:00Z");
        check("2024-02-29", "2024-02-29T00:00:00Z");
        check("2000-02-29", "2000-02-29T00:00:00Z");
        check("0001-01-01", "0001-01-01T00:00:00Z");
        check(
            "9999-12-31T23:59:59.9999999Z",
            "9999-12-31T23:59:59.9999999Z",
        );
    }

    #[test]
    fn fractions_are_cut_off_and_printed_short() {
        check("2026-01-02T03:04:05.1Z", "2026-01-02T03:04:05.1Z");
        check("2026-01-02T03:04:05.120Z", "2026-01-02T03:04:05.12Z");
        check(
            "2026-01-02T03:04:05.0000001Z",
            "2026-01-02T03:04:05.0000001Z",
        );
        check(
            "2026-01-02T03:04:05.12345678999Z",
            "2026-01-02T03:04:05.1234567Z",
        );
        check("2026-01-02T03:04:05.000Z", "2026-01-02T03:04:05Z");
        check(
            "1969-12-31T23:59:59.9999999Z",
            "1969-12-31T23:59:59.9999999Z",
        );
    }

    #[test]
    fn nonsense_is_refused_with_its_reason() {
        for text in [
            "",
            "tomorrow",
            "2026",
            "2026-01",
            "2026-1-1",
            "26-01-01",
            "2026-01-01T",
            "2026/01/01",
            "2026-01-01Z",
            "2026-01-01T12",
            "2026-01-01T12:00:00.",
            "2026-01-01T12:00:00.Z",
            "2026-01-01T12:00:00ZZ",
            "2026-01-01T12:00:00+",
            "2026-01-01T12:00:00+1",
            "2026-01-01T12:00:00+01:00x",
            "2026-01-01T12:00:00+01:",
            "+2026-01-01",
            "-001-01-01",
            "2026-01-01T12:00:00,5Z",
            " 2026-01-01",
            "2026-01-01 ",
            "٢٠٢٦-01-01",
            "10000-01-01",
            "2026-01-01T12:00:00 +01:00",
            "20260101",
            "1/31/2026",
            "2026-01-01T1:00:00Z",
        ] {
            check(text, NOT_ISO);
        }
        for text in [
            "2026-02-29",
            "1900-02-29",
            "2026-13-01",
            "2026-00-01",
            "2026-01-00",
            "2026-04-31",
            "0000-01-01",
        ] {
            check(text, NO_SUCH_DAY);
        }
        for text in [
            "2026-01-01T24:00:00Z",
            "2026-01-01T12:60:00Z",
            "2026-01-01T23:59:60Z",
        ] {
            check(text, NO_SUCH_TIME);
        }
        check("2026-01-01T12:00:00+14:01", OFFSET_TOO_LARGE);
        check("2026-01-01T12:00:00+10:60", OFFSET_TOO_LARGE);
        check("0001-01-01T00:00:00+01:00", OUT_OF_RANGE);
        check("9999-12-31T23:59:59-01:00", OUT_OF_RANGE);
    }

    #[test]
    fn ticks_count_from_1970() {
        assert_eq!(DateTime::parse("1970-01-01").unwrap(), DateTime(0));
        assert_eq!(
            DateTime::parse("1970-01-01T00:00:01Z").unwrap(),
            DateTime(10_000_000)
        );
        assert_eq!(
            DateTime::parse("1969-12-31T23:59:59Z").unwrap(),
            DateTime(-10_000_000)
        );
        assert_eq!(DateTime::MIN.to_string(), "0001-01-01T00:00:00Z");
        assert_eq!(DateTime::MAX.to_string(), "9999-12-31T23:59:59.9999999Z");
        // A number from elsewhere may lie outside; it must still print.
        assert!(DateTime(i64::MIN).to_string().ends_with('Z'));
        assert!(DateTime(i64::MAX).to_string().ends_with('Z'));
    }

    proptest! {
        #[test]
        fn printed_dates_read_back(ticks in DateTime::MIN.0..=DateTime::MAX.0) {
            prop_assert_eq!(DateTime::parse(&DateTime(ticks).to_string()), Ok(DateTime(ticks)));
        }

        #[test]
        fn the_calendar_is_the_one_of_jiff(year in 1..=9999_i16, month in 0..=13_i8, day in 0..=32_i8) {
            let ours = DateTime::midnight(year.into(), month.into(), day.into());
            let theirs = jiff::civil::Date::new(year, month, day).ok().map(|date| {
                let epoch = jiff::civil::Date::constant(1970, 1, 1);
                DateTime(date.duration_since(epoch).as_secs() * TICKS_PER_SECOND)
            });
            prop_assert_eq!(ours, theirs);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC*|[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.+Z-]*") {
            if let Ok(read) = DateTime::parse(&text) {
                prop_assert!((DateTime::MIN..=DateTime::MAX).contains(&read));
            }
        }
    }
}
