//! The tenant's time: a port, because tests and `dev` may move it. Tokens and TLS live on real time instead.

use std::{future::pending, sync::Arc, time::Duration};

use async_trait::async_trait;
use graph::DateTime;
use tokio::sync::watch;

/// Nanoseconds of one tick of a [`DateTime`].
const TICK_NANOS: u128 = 100;

/// Tells the tenant what time it is.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Now, in ticks of 100 ns since 1970-01-01T00:00:00Z.
    fn now(&self) -> DateTime;

    /// Resolves when [`Clock::now`] has reached `until`, at once when it has already; and earlier if the time jumps back, because what is due
    /// then has to be reckoned anew.
    async fn sleep_until(&self, until: DateTime);
}

/// The moment after `by`, the end of time at most.
pub fn later(from: DateTime, by: Duration) -> DateTime {
    let ticks = i64::try_from(by.as_nanos() / TICK_NANOS).unwrap_or(i64::MAX);
    DateTime(from.0.saturating_add(ticks)).min(DateTime::MAX)
}

/// How long it is from one moment to a later one; nothing if it is none.
pub fn between(from: DateTime, to: DateTime) -> Duration {
    let ticks = u64::try_from(to.0.saturating_sub(from.0)).unwrap_or_default();
    Duration::from_secs(ticks / 10_000_000) + Duration::from_nanos(ticks % 10_000_000 * 100)
}

/// How a clock is moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// Forward.
    Advance(Duration),
    /// To a moment, a past one too; from there it goes on.
    To(DateTime),
    /// To what the other clock says.
    Back,
}

/// Another clock's time and an offset that can be changed while the tenant runs. Sleepers wake when it is moved past their moment, or back.
pub struct MovableClock {
    real: Arc<dyn Clock>,
    /// Ticks that this clock is ahead of the real one.
    ahead: watch::Sender<i64>,
}

impl MovableClock {
    /// A clock that begins at the other clock's time and goes with it.
    pub fn over(real: Arc<dyn Clock>) -> Self {
        Self {
            real,
            ahead: watch::Sender::new(0),
        }
    }

    /// A clock that stands still until it is moved.
    pub fn standing(at: DateTime) -> Self {
        let clock = Self::over(Arc::new(Standing));
        clock.set(at);
        clock
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        self.put_ahead(self.ahead_after(Move::Advance(by)));
    }

    /// Moves the clock to a moment, a past one too; from there it goes on.
    pub fn set(&self, now: DateTime) {
        self.put_ahead(self.ahead_after(Move::To(now)));
    }

    /// How many ticks of 100 ns this clock would be ahead of the other one after a move; fewer than none: behind it.
    pub fn ahead_after(&self, by: Move) -> i64 {
        let real = self.real.now();
        match by {
            Move::Advance(by) => {
                let now = DateTime(real.0.saturating_add(*self.ahead.borrow()));
                later(now, by).0.saturating_sub(real.0)
            }
            Move::To(now) => now.0.saturating_sub(real.0),
            Move::Back => 0,
        }
    }

    /// Lets the clock be so many ticks of 100 ns ahead of the other one.
    pub fn put_ahead(&self, ticks: i64) {
        self.ahead.send_replace(ticks);
    }

    /// What the other clock says, and what this one says at that very moment.
    pub fn both(&self) -> (DateTime, DateTime) {
        let real = self.real.now();
        (real, self.seen_from(real))
    }

    fn seen_from(&self, real: DateTime) -> DateTime {
        let ticks = real.0.saturating_add(*self.ahead.borrow());
        DateTime(ticks).clamp(DateTime::MIN, DateTime::MAX)
    }
}

#[async_trait]
impl Clock for MovableClock {
    fn now(&self) -> DateTime {
        self.seen_from(self.real.now())
    }

    async fn sleep_until(&self, until: DateTime) {
        let mut ahead = self.ahead.subscribe();
        let mut offset = *ahead.borrow_and_update();
        while self.now() < until {
            let wake = DateTime(until.0.saturating_sub(offset));
            tokio::select! {
                moved = ahead.changed() => {
                    let former = std::mem::replace(&mut offset, *ahead.borrow_and_update());
                    if moved.is_err() || offset < former {
                        return;
                    }
                }
                () = self.real.sleep_until(wake) => return,
            }
        }
    }
}

/// No time passes.
struct Standing;

#[async_trait]
impl Clock for Standing {
    fn now(&self) -> DateTime {
        DateTime(0)
    }

    async fn sleep_until(&self, until: DateTime) {
        if until > self.now() {
            pending().await
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{future::Future, pin::pin, task::Context};

    use super::*;

    const NOON: &str = "2026-03-18T12:00:00Z";

    fn at(text: &str) -> DateTime {
        DateTime::parse(text).unwrap()
    }

    /// Is the sleeper awake when it is looked at?
    fn awake(sleeper: &mut (impl Future<Output = ()> + Unpin)) -> bool {
        let waker = std::task::Waker::noop();
        Future::poll(std::pin::Pin::new(sleeper), &mut Context::from_waker(waker)).is_ready()
    }

    #[test]
    fn a_clock_is_moved_both_ways() {
        let clock = MovableClock::standing(at(NOON));
        assert_eq!(clock.now(), at(NOON));
        clock.advance(Duration::from_secs(90));
        assert_eq!(clock.now(), at("2026-03-18T12:01:30Z"));
        clock.set(at("2020-01-01"));
        assert_eq!(clock.now(), at("2020-01-01"));
        clock.advance(Duration::MAX);
        assert_eq!(clock.now(), DateTime::MAX);
    }

    #[test]
    fn a_moved_clock_goes_with_the_one_below() {
        let below = Arc::new(MovableClock::standing(at(NOON)));
        let clock = MovableClock::over(Arc::clone(&below) as Arc<dyn Clock>);
        assert_eq!(clock.now(), at(NOON));
        clock.advance(Duration::from_secs(3600));
        below.advance(Duration::from_secs(60));
        assert_eq!(clock.now(), at("2026-03-18T13:01:00Z"));
        let real = at("2026-03-18T12:01:00Z");
        assert_eq!(clock.both(), (real, at("2026-03-18T13:01:00Z")));
        clock.put_ahead(clock.ahead_after(Move::Back));
        assert_eq!(clock.both(), (real, real));
    }

    #[test]
    fn sleepers_wake_when_either_clock_passes_their_moment() {
        let below = Arc::new(MovableClock::standing(at(NOON)));
        let clock = MovableClock::over(Arc::clone(&below) as Arc<dyn Clock>);
        let mut past = pin!(clock.sleep_until(at(NOON)));
        assert!(awake(&mut past));
        let mut by_move = pin!(clock.sleep_until(at("2026-03-18T12:10:00Z")));
        let mut by_time = pin!(clock.sleep_until(at("2026-03-18T12:11:00Z")));
        assert!(!awake(&mut by_move) && !awake(&mut by_time));
        clock.advance(Duration::from_secs(5 * 60));
        assert!(!awake(&mut by_move));
        clock.advance(Duration::from_secs(5 * 60));
        assert!(awake(&mut by_move) && !awake(&mut by_time));
        // The rest of the way is gone by the clock below; the sleeper reckons with the offset of today.
        below.advance(Duration::from_secs(59));
        assert!(!awake(&mut by_time));
        below.advance(Duration::from_secs(1));
        assert!(awake(&mut by_time));
    }

    #[test]
    fn a_clock_moved_back_wakes_sleepers_to_reckon_anew() {
        let clock = MovableClock::standing(at(NOON));
        let mut sleeper = pin!(clock.sleep_until(at("2026-03-18T12:10:00Z")));
        assert!(!awake(&mut sleeper));
        clock.set(at("2020-01-01"));
        assert!(awake(&mut sleeper));
    }

    #[test]
    fn distances() {
        let noon = at(NOON);
        let minute = Duration::new(60, 500);
        assert_eq!(between(noon, later(noon, minute)), minute);
        assert_eq!(between(later(noon, minute), noon), Duration::ZERO);
        assert_eq!(later(noon, Duration::MAX), DateTime::MAX);
    }
}
