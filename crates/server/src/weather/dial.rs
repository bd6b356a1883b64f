//! The clock of one tenant, where it can be moved: what it shows, and how it is moved and stays so.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::{Value, json};
use tenant::{
    Error,
    clock::{MovableClock, Move},
};
use tokio::task::spawn_blocking;

use crate::tenants::unavailable;

/// Keeps how many ticks of 100 ns a clock is ahead of real time, durably; whoever opens the tenant again puts it ahead by as many.
pub type Keep = Box<dyn Fn(i64) -> io::Result<()> + Send + Sync>;

/// The clock of one tenant, which can be moved.
pub struct Dial(Arc<Works>);

struct Works {
    clock: Arc<MovableClock>,
    /// Held by whoever moves it: two moves forward are as far as both.
    keep: Mutex<Keep>,
}

impl Dial {
    /// A dial of the tenant's clock. What is kept must be what the clock is ahead already.
    pub fn new(clock: Arc<MovableClock>, keep: Keep) -> Self {
        let keep = Mutex::new(keep);
        Self(Arc::new(Works { clock, keep }))
    }

    /// Moves the clock, for good: a move that cannot be kept is none.
    ///
    /// # Errors
    /// It cannot be kept.
    pub(crate) async fn turn(&self, by: Move) -> Result<(), Error> {
        let works = Arc::clone(&self.0);
        let turning = move || {
            let keep = works.keep.lock().unwrap_or_else(PoisonError::into_inner);
            let ahead = works.clock.ahead_after(by);
            keep(ahead)?;
            works.clock.put_ahead(ahead);
            io::Result::Ok(())
        };
        let turned = spawn_blocking(turning).await.map_err(unavailable)?;
        turned.map_err(unavailable)
    }

    /// What time it is, really and here.
    pub(crate) fn json(&self) -> Value {
        let (real, now) = self.0.clock.both();
        let ahead = now.0.saturating_sub(real.0).div_euclid(10_000_000);
        json!({ "now": now.to_string(), "real": real.to_string(), "ahead_seconds": ahead })
    }
}
