//! What makes the weather.

use std::{fmt, sync::Arc};

use tenant::clock::MovableClock;

/// The weather that a tenant's clients meet.
pub struct Weather {
    /// The tenant's clock.
    pub(super) clock: Arc<MovableClock>,
}

impl fmt::Debug for Weather {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Weather").finish_non_exhaustive()
    }
}

impl Weather {
    /// Fair weather, under a clock that must be the tenant's.
    pub fn new(clock: Arc<MovableClock>) -> Self {
        Self { clock }
    }
}
