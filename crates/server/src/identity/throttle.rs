//! Guessing takes patience: after some failures in a minute, further attempts are refused for a minute.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{Mutex, PoisonError},
};

/// Failures are counted in this many seconds, and as long it takes until the next attempt is allowed.
const WINDOW_SECONDS: u64 = 60;
/// How many counters a row has: all the memory there is, whatever names are tried.
const SLOTS: usize = 4096;
const ROWS: usize = 2;

/// Counts failures by a key: a user, an app, or what somebody took for one. The keys are hashed into a fixed number of counters;
/// two rows with hashes of their own make it unlikely that anybody pays for a stranger, and nobody outside can aim for it.
pub(super) struct Throttle {
    failures_max: u32,
    hashes: [RandomState; ROWS],
    rows: Mutex<[Vec<Slot>; ROWS]>,
}

#[derive(Clone, Copy, Default)]
struct Slot {
    failures: u32,
    /// The second of the first failure that counts, or of the one that was too many.
    since: u64,
}

impl Slot {
    fn is_over(self, now: u64) -> bool {
        now.saturating_sub(self.since) >= WINDOW_SECONDS
    }
}

impl Throttle {
    pub fn new(failures_max: u32) -> Self {
        Self {
            failures_max,
            hashes: std::array::from_fn(|_| RandomState::new()),
            rows: Mutex::new(std::array::from_fn(|_| vec![Slot::default(); SLOTS])),
        }
    }

    /// Must the key wait? Asked before the attempt, so that a locked one costs nothing.
    pub fn is_locked(&self, key: &str, now: u64) -> bool {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        self.places(key)
            .into_iter()
            .zip(rows.iter())
            .all(|(at, row)| row[at].failures >= self.failures_max && !row[at].is_over(now))
    }

    /// Counts a failed attempt.
    pub fn failed(&self, key: &str, now: u64) {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        for (at, row) in self.places(key).into_iter().zip(rows.iter_mut()) {
            let slot = &mut row[at];
            if slot.is_over(now) {
                *slot = Slot {
                    failures: 0,
                    since: now,
                };
            }
            slot.failures = slot.failures.saturating_add(1);
            if slot.failures == self.failures_max {
                slot.since = now;
            }
        }
    }

    fn places(&self, key: &str) -> [usize; ROWS] {
        let place = |hash: &RandomState| {
            usize::try_from(hash.hash_one(key) % SLOTS as u64).unwrap_or_default()
        };
        std::array::from_fn(|row| place(&self.hashes[row]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tenth_failure_in_a_minute_locks_for_a_minute() {
        let throttle = Throttle::new(10);
        for second in 0..9 {
            throttle.failed("alice", 1000 + second);
        }
        assert!(!throttle.is_locked("alice", 1009));
        throttle.failed("alice", 1050);
        assert!(throttle.is_locked("alice", 1050));
        assert!(throttle.is_locked("alice", 1109));
        assert!(!throttle.is_locked("bob", 1050));
        assert!(!throttle.is_locked("alice", 1110));
        throttle.failed("alice", 1110);
        assert!(!throttle.is_locked("alice", 1110));
    }

    #[test]
    fn failures_that_are_far_apart_lock_nobody() {
        let throttle = Throttle::new(10);
        for number in 0..100 {
            throttle.failed("alice", 1000 + number * 7);
            assert!(!throttle.is_locked("alice", 1000 + number * 7));
        }
    }

    #[test]
    fn many_names_take_no_more_memory_and_lock_no_stranger() {
        let throttle = Throttle::new(10);
        for number in 0..2000 {
            throttle.failed(&format!("nobody-{number}"), 1000);
        }
        let rows = throttle.rows.lock().unwrap();
        assert!(rows.iter().all(|row| row.len() == SLOTS));
        drop(rows);
        assert!(!throttle.is_locked("alice", 1000));
    }
}
