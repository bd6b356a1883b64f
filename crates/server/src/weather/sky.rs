//! What makes the weather.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tenant::Profile;

use super::{
    fault::Kind,
    faults::Faults,
    forecast::{Done, Work},
    meter::Meter,
    report::Report,
};

/// The weather that the clients of a server meet.
pub struct Weather {
    pub(super) profile: Profile,
    name: &'static str,
    pub(super) meter: Meter,
    pub(super) faults: Faults,
    seen: Mutex<Seen>,
}

/// What has happened.
#[derive(Default)]
struct Seen {
    throttled: u64,
    too_early: u64,
    faults: BTreeMap<Kind, u64>,
    done: Done,
}

impl fmt::Debug for Weather {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Weather")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Weather {
    /// The weather of a profile, which must be the tenants'.
    pub fn new(name: &'static str, profile: Profile) -> Self {
        Self {
            profile,
            name,
            meter: Meter::default(),
            faults: Faults::default(),
            seen: Mutex::default(),
        }
    }

    /// What has happened so far.
    pub fn report(&self) -> Report {
        let seen = self.seen();
        let faults = seen.faults.iter();
        Report {
            profile: self.name,
            throttled: seen.throttled,
            came_back_too_early: seen.too_early,
            faults: faults
                .map(|(kind, count)| (kind.as_str(), *count))
                .collect(),
            forecast: seen.done.forecast(),
        }
    }

    /// Is anything measured?
    pub(super) fn measures(&self) -> bool {
        let rates = &self.profile;
        rates.items_per_second.is_some() || rates.group_requests_per_second.is_some()
    }

    pub(super) fn saw_throttled(&self, too_early: bool) {
        let mut seen = self.seen();
        if too_early {
            seen.too_early += 1;
        } else {
            seen.throttled += 1;
        }
    }

    pub(super) fn saw_fault(&self, kind: Kind, count: u64) {
        if count > 0 {
            *self.seen().faults.entry(kind).or_default() += count;
        }
    }

    pub(super) fn saw_work(&self, connection: &str, work: Work) {
        self.seen().done.add(connection, work);
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
