//! Device codes that are out: an app without a browser waits while its user signs in somewhere else.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tenant::accounts::App;

use super::{
    chance,
    outstanding::{Asker, End, Outstanding},
    refusal::Refusal,
};

/// How long a device code lives, in seconds.
pub(super) const DEVICE_SECONDS: u64 = 15 * 60;

struct Device {
    user_code: String,
    scope: String,
    /// Object id of the user who has approved.
    approved: Option<String>,
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

/// The devices, by their code.
pub(super) struct Devices(Mutex<Outstanding<Device>>);

impl Devices {
    pub fn new() -> Self {
        Self(Mutex::new(Outstanding::new()))
    }

    /// A device begins to wait. With a user it need not: that user has approved already.
    pub fn begin(
        &self,
        asker: Asker<'_>,
        scope: String,
        approved: Option<String>,
        now: u64,
    ) -> Result<Pair, Refusal> {
        let mut devices = self.lock();
        devices.make_room(asker, |device| u8::from(device.approved.is_some()), now)?;
        let mut user_code = chance::user_code();
        while devices
            .find(|device| device.user_code == user_code, now)
            .is_some()
        {
            user_code = chance::user_code();
        }
        let device_code = chance::secret();
        let device = Device {
            user_code: user_code.clone(),
            scope,
            approved,
        };
        devices.add(&device_code, asker.app, now + DEVICE_SECONDS, device);
        Ok(Pair {
            device_code,
            user_code,
        })
    }

    /// May a device still get its tokens?
    pub fn are_out(&self, now: u64) -> bool {
        self.lock().find(|_| true, now).is_some()
    }

    /// What the device with this user code wants, if it still waits.
    pub fn wanted(&self, user_code: &str, now: u64) -> Option<Wanted> {
        let user_code = typed(user_code);
        let devices = self.lock();
        let (app, device) = devices.find(|device| device.waits_with(&user_code), now)?;
        Some(Wanted {
            app: app.to_owned(),
            scope: device.scope.clone(),
        })
    }

    /// A user has decided: `None` declines. False if the device no longer waits.
    pub fn decide(&self, user_code: &str, user: Option<&str>, now: u64) -> bool {
        let user_code = typed(user_code);
        let change = |device: &mut Device| {
            device.approved = user.map(str::to_owned);
            user.is_none().then_some(End::Declined)
        };
        let mut devices = self.lock();
        devices.settle(|device| device.waits_with(&user_code), change, now)
    }

    /// A device asks whether its user has decided: the user's object id and the scope. An approval is good once.
    pub fn redeem(
        &self,
        device_code: &str,
        app: &App,
        now: u64,
    ) -> Result<(String, String), Refusal> {
        let refuse = |error, code, text: &str| Err(Refusal::new(400, error, code, text));
        let mut devices = self.lock();
        let found = devices.look(device_code, now);
        let found = found.filter(|(known, _)| known.eq_ignore_ascii_case(&app.client_id));
        let Some((_, state)) = found else {
            return refuse(
                "bad_verification_code",
                70018,
                "The device code is malformed, unknown, or was issued to another client. Send the value of 'device_code' as it is; a restart of the server ends all of them.",
            );
        };
        let grant = match state {
            Ok(device) => device
                .approved
                .clone()
                .map(|user| (user, device.scope.clone())),
            Err(end) => return Err(over(end)),
        };
        if let Some(grant) = grant {
            devices.redeem(device_code);
            return Ok(grant);
        }
        refuse(
            "authorization_pending",
            70016,
            "No user has signed in yet. Ask again after the interval.",
        )
    }

    fn lock(&self) -> MutexGuard<'_, Outstanding<Device>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a device code no longer counts.
fn over(end: End) -> Refusal {
    let (error, code, text) = match end {
        End::Redeemed => (
            "invalid_grant",
            54005,
            "The device code was already redeemed: it is good once. Use the refresh token, or begin again.",
        ),
        End::Declined => (
            "authorization_declined",
            65004,
            "The user declined the sign-in.",
        ),
        End::Expired => (
            "expired_token",
            70020,
            "The device code has expired before a user signed in. Ask for a new one.",
        ),
        End::PushedOut => (
            "expired_token",
            70020,
            "The device code has ended early, because too many newer ones were asked for by this app. Ask for a new one.",
        ),
    };
    Refusal::new(400, error, code, text)
}

impl Device {
    fn waits_with(&self, user_code: &str) -> bool {
        self.approved.is_none() && self.user_code == user_code
    }
}

/// A code as people type it: in any casing, with blanks and hyphens.
fn typed(code: &str) -> String {
    code.chars()
        .filter(char::is_ascii_alphabetic)
        .map(|letter| letter.to_ascii_uppercase())
        .collect()
}
