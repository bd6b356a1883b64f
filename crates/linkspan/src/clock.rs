//! Real time, as the tenant's clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use graph::DateTime;
use tenant::clock::{self, Clock};

/// The system's clock may be set, or the machine sent to sleep, while somebody waits: it is looked at again after this time.
const NAP_MAX: Duration = Duration::from_secs(60);

/// Real time.
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is where time comes in")]
    fn now(&self) -> DateTime {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        DateTime(i64::try_from(since.as_nanos() / 100).unwrap_or(i64::MAX))
    }

    async fn sleep_until(&self, until: DateTime) {
        let mut before = self.now();
        while before < until {
            tokio::time::sleep(clock::between(before, until).min(NAP_MAX)).await;
            let now = self.now();
            if now < before {
                return;
            }
            before = now;
        }
    }
}
