//! Device codes that are out: an app without a browser waits while its user signs in somewhere else.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use sha2::{Digest, Sha256};
use tenant::accounts::App;

use super::{chance, refusal::Refusal};

/// How long a device code lives, in seconds.
pub(super) const DEVICE_SECONDS: u64 = 15 * 60;
/// How many may be out.
const DEVICES_MAX: usize = 1024;

#[derive(Clone, PartialEq, Eq)]
enum State {
    Waiting,
    /// By the user of that object id.
    Approved(String),
    Declined,
    Redeemed,
}

#[derive(Clone)]
struct Device {
    user_code: String,
    /// Client id.
    app: String,
    scope: String,
    expires_at: u64,
    state: State,
}

/// What a user is asked to approve.
pub(super) struct Wanted {
    /// Client id.
    pub app: String,
    pub scope: String,
}

/// The codes that were handed out: for the device, and for its user.
pub(super) struct Pair {
    pub device_code: String,
    pub user_code: String,
}

/// The devices, by the SHA-256 of their code.
pub(super) struct Devices(Mutex<HashMap<[u8; 32], Device>>);

impl Devices {
    pub fn new() -> Self {
        Self(Mutex::new(HashMap::new()))
    }

    /// A device begins to wait. With a user it need not: that user has approved already.
    pub fn begin(
        &self,
        app: &App,
        scope: String,
        user: Option<String>,
        now: u64,
    ) -> Result<Pair, Refusal> {
        let mut devices = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        devices.retain(|_, device| now < device.expires_at.saturating_add(DEVICE_SECONDS));
        if devices.len() >= DEVICES_MAX {
            return Err(Refusal::new(
                503,
                "temporarily_unavailable",
                90033,
                "Too many devices wait for a sign-in. Try again in some minutes.",
            ));
        }
        let mut user_code = chance::user_code();
        while devices.values().any(|device| device.user_code == user_code) {
            user_code = chance::user_code();
        }
        let device_code = chance::secret();
        devices.insert(
            Sha256::digest(&device_code).into(),
            Device {
                user_code: user_code.clone(),
                app: app.client_id.clone(),
                scope,
                expires_at: now + DEVICE_SECONDS,
                state: user.map_or(State::Waiting, State::Approved),
            },
        );
        Ok(Pair {
            device_code,
            user_code,
        })
    }

    /// May a device still get its tokens?
    pub fn are_out(&self, now: u64) -> bool {
        let devices = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let may = |device: &Device| now < device.expires_at && device.state != State::Redeemed;
        devices.values().any(may)
    }

    /// What the device with this user code wants, if it still waits.
    pub fn wanted(&self, user_code: &str, now: u64) -> Option<Wanted> {
        let user_code = typed(user_code);
        let devices = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let device = devices
            .values()
            .find(|device| device.is_waiting(&user_code, now))?;
        Some(Wanted {
            app: device.app.clone(),
            scope: device.scope.clone(),
        })
    }

    /// A user has decided: `None` declines. False if the device no longer waits.
    pub fn decide(&self, user_code: &str, user: Option<&str>, now: u64) -> bool {
        let user_code = typed(user_code);
        let mut devices = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = devices
            .values_mut()
            .find(|device| device.is_waiting(&user_code, now));
        let Some(device) = waiting else {
            return false;
        };
        device.state = user.map_or(State::Declined, |user| State::Approved(user.to_owned()));
        true
    }

    /// A device asks whether its user has decided: the user's object id and the scope. An approval is good once.
    pub fn redeem(
        &self,
        device_code: &str,
        app: &App,
        now: u64,
    ) -> Result<(String, String), Refusal> {
        let refuse = |error, code, text: &str| Err(Refusal::new(400, error, code, text));
        let key: [u8; 32] = Sha256::digest(device_code).into();
        let mut devices = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let device = devices
            .get_mut(&key)
            .filter(|device| device.app.eq_ignore_ascii_case(&app.client_id));
        let Some(device) = device else {
            return refuse(
                "bad_verification_code",
                70018,
                "The device code is malformed, unknown, or was issued to another client. Send the value of 'device_code' as it is; a restart of the server ends all of them.",
            );
        };
        match &device.state {
            State::Redeemed => refuse(
                "invalid_grant",
                54005,
                "The device code was already redeemed: it is good once. Use the refresh token, or begin again.",
            ),
            State::Declined => refuse(
                "authorization_declined",
                65004,
                "The user declined the sign-in.",
            ),
            _ if now >= device.expires_at => refuse(
                "expired_token",
                70020,
                "The device code has expired before a user signed in. Ask for a new one.",
            ),
            State::Waiting => refuse(
                "authorization_pending",
                70016,
                "No user has signed in yet. Ask again after the interval.",
            ),
            State::Approved(user) => {
                let user = user.clone();
                device.state = State::Redeemed;
                Ok((user, device.scope.clone()))
            }
        }
    }
}

impl Device {
    fn is_waiting(&self, user_code: &str, now: u64) -> bool {
        self.state == State::Waiting && now < self.expires_at && self.user_code == user_code
    }
}

/// A code as people type it: in any casing, with blanks and hyphens.
fn typed(code: &str) -> String {
    code.chars()
        .filter(char::is_ascii_alphabetic)
        .map(|letter| letter.to_ascii_uppercase())
        .collect()
}
