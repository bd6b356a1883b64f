//! How much a connection takes: buckets that fill by their tenant's clock.
//!
//! A bucket holds what comes in within one second. It is kept as the moment at which it will be full again, so nothing has
//! to run beside it, and moving the clock forward fills it.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use graph::DateTime;
use uuid::Uuid;

/// Ticks of 100 ns in a second.
const SECOND: i64 = 10_000_000;

/// Buckets of a tenant, or warnings, that are remembered; beyond that those go that say nothing any more.
const REMEMBERED_MAX: usize = 10_000;

/// What shares a bucket: the items of a connection, or all external groups of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Bucket {
    /// The tenant.
    pub tenant: Uuid,
    /// The connection, in lower case.
    pub connection: Option<String>,
}

/// May a request pass?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measured {
    /// Yes.
    Passes,
    /// No: after so many seconds there will be room for one.
    Throttled(u32),
    /// No: it was told to wait, and so many seconds of that are still to come.
    TooEarly(u32),
}

/// The buckets of each tenant: what is over by the clock of one may not be by another's.
#[derive(Default)]
pub struct Meter(Mutex<HashMap<Uuid, Kept>>);

#[derive(Default)]
struct Kept {
    /// When each is full again.
    buckets: HashMap<Bucket, DateTime>,
    /// From when until when each was told to wait.
    told: HashMap<(Bucket, String), (DateTime, DateTime)>,
}

impl Meter {
    /// Measures a request of a bucket that takes `rate` of them per second, if there is a limit; `who` is who comes back.
    pub fn measure(
        &self,
        bucket: Bucket,
        who: String,
        rate: Option<u32>,
        now: DateTime,
    ) -> Measured {
        let mut all = self.all();
        let kept = all.entry(bucket.tenant).or_default();
        let who = (bucket, who);
        if let Some((from, until)) = kept.told.get(&who) {
            // Before it was told at all, the clock has gone back.
            if (from.0..until.0).contains(&now.0) {
                return Measured::TooEarly(seconds(until.0 - now.0));
            }
            kept.told.remove(&who);
        }
        let Some(rate) = rate else {
            return Measured::Passes;
        };
        let one = SECOND / i64::from(rate.max(1));
        let full_at = kept.buckets.get(&who.0).map_or(now.0, |at| at.0);
        // One that seems to need longer than to fill from nothing has seen the clock go back, and begins anew.
        let full_at = if full_at.saturating_sub(now.0) > SECOND {
            now.0
        } else {
            full_at.max(now.0)
        };
        let then = full_at + one;
        let wait = then - now.0 - SECOND;
        if wait <= 0 {
            if kept.buckets.len() >= REMEMBERED_MAX {
                kept.buckets.retain(|_, full_at| *full_at > now);
            }
            kept.buckets.insert(who.0, DateTime(then));
            return Measured::Passes;
        }
        let wait = seconds(wait);
        kept.tell(who, wait, now);
        Measured::Throttled(wait)
    }

    /// Tells somebody to wait so many seconds.
    pub fn tell(&self, bucket: Bucket, who: String, seconds: u32, now: DateTime) {
        let mut all = self.all();
        let kept = all.entry(bucket.tenant).or_default();
        kept.tell((bucket, who), seconds, now);
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Uuid, Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn tell(&mut self, who: (Bucket, String), seconds: u32, now: DateTime) {
        if self.told.len() >= REMEMBERED_MAX {
            self.told
                .retain(|_, (from, until)| (from.0..until.0).contains(&now.0));
        }
        if self.told.len() < REMEMBERED_MAX {
            let until = now.0.saturating_add(i64::from(seconds) * SECOND);
            self.told.insert(who, (now, DateTime(until)));
        }
    }
}

/// Whole seconds, never too few.
fn seconds(ticks: i64) -> u32 {
    u32::try_from((ticks + SECOND - 1) / SECOND).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Measured::*, *};

    const NOON: DateTime = DateTime(17_738_352_000_000_000);

    fn after(millis: i64) -> DateTime {
        DateTime(NOON.0 + millis * 10_000)
    }

    fn bucket(connection: &str) -> Bucket {
        Bucket {
            tenant: Uuid::nil(),
            connection: Some(connection.to_owned()),
        }
    }

    fn passing(meter: &Meter, now: DateTime, of: usize) -> usize {
        let measured = (0..of).map(|number| {
            let who = format!("{number} at {}", now.0);
            meter.measure(bucket("parts"), who, Some(25), now)
        });
        measured.filter(|measured| *measured == Passes).count()
    }

    #[test]
    fn a_second_s_worth_passes_at_once_and_then_as_many_as_time_brings() {
        let meter = Meter::default();
        assert_eq!(passing(&meter, NOON, 100), 25);
        assert_eq!(passing(&meter, after(39), 10), 0);
        assert_eq!(passing(&meter, after(40), 10), 1);
        assert_eq!(passing(&meter, after(400), 100), 9);
        // A full bucket holds one second, however long nobody came.
        assert_eq!(passing(&meter, after(3_600_000), 100), 25);
        assert_eq!(
            meter.measure(bucket("other"), "a".to_owned(), Some(25), NOON),
            Passes
        );
    }

    #[test]
    fn whoever_comes_back_too_early_hears_it_and_others_do_not() {
        let meter = Meter::default();
        let ask = |item: &str, millis| {
            meter.measure(bucket("parts"), item.to_owned(), Some(1), after(millis))
        };
        assert_eq!(ask("a", 0), Passes);
        assert_eq!(ask("b", 0), Throttled(1));
        assert_eq!(ask("b", 400), TooEarly(1));
        assert_eq!(ask("c", 400), Throttled(1));
        assert_eq!(ask("b", 1_000), Passes);
        assert_eq!(ask("b", 1_000), Throttled(1));
    }

    #[test]
    fn what_was_promised_holds() {
        for rate in [1, 3, 25, 1_000] {
            let meter = Meter::default();
            let ask = |now| meter.measure(bucket("parts"), "a".to_owned(), Some(rate), now);
            while ask(NOON) == Passes {}
            assert_eq!(ask(after(1_000)), Passes, "{rate}");
        }
    }

    #[test]
    fn a_clock_that_goes_back_holds_nobody_up_for_long() {
        let meter = Meter::default();
        let ask = |millis| meter.measure(bucket("parts"), "a".to_owned(), Some(1), after(millis));
        assert_eq!(ask(0), Passes);
        assert_eq!(ask(0), Throttled(1));
        let year = -365 * 24 * 3_600_000;
        assert_eq!(ask(year), Passes);
        assert_eq!(ask(year), Throttled(1));
        assert_eq!(ask(year + 1_000), Passes);
    }

    #[test]
    fn a_tenant_that_lives_in_the_future_fills_nobody_else_s_bucket() {
        let meter = Meter::default();
        let ask = |tenant, millis| {
            let bucket = Bucket {
                tenant: Uuid::from_u128(tenant),
                connection: None,
            };
            meter.measure(bucket, "a".to_owned(), Some(1), after(millis))
        };
        let year = 365 * 24 * 3_600_000;
        assert_eq!((ask(1, 0), ask(2, year)), (Passes, Passes));
        assert_eq!((ask(1, 0), ask(2, year)), (Throttled(1), Throttled(1)));
        assert_eq!((ask(1, 500), ask(2, year + 1_000)), (TooEarly(1), Passes));
    }

    #[test]
    fn who_was_told_to_wait_waits_though_nothing_is_limited() {
        let meter = Meter::default();
        let ask =
            |who: &str, millis| meter.measure(bucket("parts"), who.to_owned(), None, after(millis));
        meter.tell(bucket("parts"), "a".to_owned(), 10, NOON);
        assert_eq!((ask("a", 0), ask("b", 0)), (TooEarly(10), Passes));
        assert_eq!((ask("a", 9_999), ask("a", 10_000)), (TooEarly(1), Passes));
        meter.tell(bucket("parts"), "a".to_owned(), 10, NOON);
        assert_eq!(ask("a", -1), Passes);
    }

    #[test]
    fn what_is_over_is_forgotten() {
        let meter = Meter::default();
        for number in 0..REMEMBERED_MAX + 10 {
            let name = number.to_string();
            let now = after(i64::try_from(number).unwrap() * 2_000);
            meter.measure(bucket(&name), "a".to_owned(), Some(1), now);
        }
        let kept = meter.0.lock().unwrap();
        assert!(kept[&Uuid::nil()].buckets.len() < 20);
    }
}
