//! The check of a user's password: slow on purpose, one at a time, and not too often.

use std::sync::{
    Mutex, OnceLock, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use tenant::accounts::{Accounts, Cost, Secret, User};
use tokio::runtime::{Handle, RuntimeFlavor};

use super::{chance, refusal::Refusal, throttle::Throttle};

/// Failures in a minute after which a name is locked.
const FAILURES_MAX: u32 = 10;
/// How many checks may wait for their turn; each takes some 20 ms and 19 MiB.
const WAITING_MAX: usize = 16;

/// Checks passwords. It holds no user's secret, only those of nobody.
pub(super) struct Passwords {
    throttle: Throttle,
    /// Compared with the password of users who do not exist, where those who do have quick digests.
    nobody: Secret,
    /// The same where they have slow ones; made at the first use.
    slow_nobody: OnceLock<Secret>,
    turn: Mutex<()>,
    waiting: AtomicUsize,
}

impl Passwords {
    pub fn new() -> Self {
        Self {
            throttle: Throttle::new(FAILURES_MAX),
            nobody: Secret::new(chance::unique().as_bytes(), &chance::secret()),
            slow_nobody: OnceLock::new(),
            turn: Mutex::new(()),
            waiting: AtomicUsize::new(0),
        }
    }

    /// The user of that name and password. An unknown user costs the same work and gets the same words as a wrong password,
    /// so that nobody learns who exists.
    pub fn user<'a>(
        &self,
        accounts: &'a Accounts,
        (name, password): (&str, &str),
        now: u64,
    ) -> Result<&'a User, Refusal> {
        let user = accounts.user(name);
        let key = user.map_or_else(|| name.to_ascii_lowercase(), |user| user.id.clone());
        if self.throttle.is_locked(&key, now) {
            return Err(Refusal::grant(
                50053,
                "This user name is locked for a minute, because too many wrong passwords were sent for it. Wait, then send the right one.",
            ));
        }
        let secret = user.map_or_else(|| self.nobody(accounts), |user| &user.password);
        let right = if secret.is_slow() {
            self.in_turn(|| secret.is(password))?
        } else {
            secret.is(password)
        };
        match (right, user) {
            (true, Some(user)) => Ok(user),
            _ => {
                self.throttle.failed(&key, now);
                Err(Refusal::grant(
                    50126,
                    "The user name or the password is wrong. Send the user principal name in 'username'.",
                ))
            }
        }
    }

    fn nobody(&self, accounts: &Accounts) -> &Secret {
        if !accounts.users.iter().any(|user| user.password.is_slow()) {
            return &self.nobody;
        }
        self.slow_nobody.get_or_init(|| {
            let salt = chance::unique();
            Secret::slow(salt.as_bytes(), &chance::secret(), Cost::default())
                .unwrap_or_else(|| self.nobody.clone())
        })
    }

    /// Runs one slow check at a time, on a thread that may be slow: memory and work stay bounded whoever asks.
    fn in_turn(&self, check: impl FnOnce() -> bool) -> Result<bool, Refusal> {
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= WAITING_MAX {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            let mut refusal = Refusal::new(
                503,
                "temporarily_unavailable",
                90033,
                "Too many passwords are being checked right now. Try again in a second.",
            );
            refusal.header = Some(("retry-after", "1"));
            return Err(refusal);
        }
        let work = || {
            let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
            check()
        };
        let right = match Handle::try_current() {
            Ok(runtime) if runtime.runtime_flavor() == RuntimeFlavor::MultiThread => {
                tokio::task::block_in_place(work)
            }
            _ => work(),
        };
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        Ok(right)
    }
}
