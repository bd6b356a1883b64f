//! Codes of one kind that are out: so many for every app, the oldest making room for new ones, and a short memory of what became
//! of those that no longer count, so that who hands one in again is told why.

use std::{
    collections::{HashMap, VecDeque},
    net::IpAddr,
};

use sha2::{Digest, Sha256};

use super::{refusal::Refusal, throttle::Throttle};

/// How many codes of one app may be out.
pub(super) const OUT_MAX: usize = 1024;
/// How many codes of others one address may push out in a minute. Within a code's life these are fewer than [`OUT_MAX`], so
/// that one address alone ends nobody's sign-in that has just begun.
const PUSHES_MAX: u32 = 60;
/// Of how many codes it is known how they ended.
const ENDED_MAX: usize = 4096;

/// Who reads our memory cannot use the codes.
type Key = [u8; 32];

/// How a code ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Redeemed,
    Declined,
    Expired,
    /// Newer ones took its place.
    PushedOut,
}

struct Code<V> {
    /// Client id.
    app: String,
    expires_at: u64,
    /// How many came before it.
    number: u64,
    value: V,
}

/// The codes, with what they stand for.
pub(super) struct Outstanding<V> {
    out: HashMap<Key, Code<V>>,
    ended: HashMap<Key, (String, End)>,
    /// The keys of those that ended, the oldest first.
    order: VecDeque<Key>,
    issued: u64,
    pushes: Throttle,
}

/// Who asks for a code.
#[derive(Clone, Copy)]
pub(super) struct Asker<'a> {
    /// Client id.
    pub app: &'a str,
    /// The address that the request came from.
    pub from: Option<IpAddr>,
}

impl<V> Outstanding<V> {
    pub fn new() -> Self {
        Self {
            out: HashMap::new(),
            ended: HashMap::new(),
            order: VecDeque::new(),
            issued: 0,
            pushes: Throttle::new(PUSHES_MAX),
        }
    }

    /// Sees to it that the app may have another code. If it has too many, the oldest goes, one that is worth less before others.
    pub fn make_room(
        &mut self,
        asker: Asker<'_>,
        worth: impl Fn(&V) -> u8,
        now: u64,
    ) -> Result<(), Refusal> {
        let expired = self.out.iter().filter(|(_, code)| now >= code.expires_at);
        let expired: Vec<Key> = expired.map(|(key, _)| *key).collect();
        for key in expired {
            self.end(&key, End::Expired);
        }
        let of_app = self.out.iter().filter(|(_, code)| code.app == asker.app);
        if of_app.clone().count() < OUT_MAX {
            return Ok(());
        }
        let source = source(asker.from);
        if self.pushes.is_locked(&source, now) {
            return Err(busy());
        }
        self.pushes.failed(&source, now);
        let oldest = of_app.min_by_key(|(_, code)| (worth(&code.value), code.number));
        if let Some(key) = oldest.map(|(key, _)| *key) {
            self.end(&key, End::PushedOut);
        }
        Ok(())
    }

    /// A code is out from now on.
    pub fn add(&mut self, code: &str, app: &str, expires_at: u64, value: V) {
        self.issued += 1;
        let code_of = Code {
            app: app.to_owned(),
            expires_at,
            number: self.issued,
            value,
        };
        self.out.insert(key(code), code_of);
    }

    /// The app of a code, and what it stands for; or how it ended. `None` if it is unknown, or forgotten.
    pub fn look(&self, code: &str, now: u64) -> Option<(&str, Result<&V, End>)> {
        let key = key(code);
        if let Some(code) = self.out.get(&key) {
            let is_over = now >= code.expires_at;
            let state = if is_over {
                Err(End::Expired)
            } else {
                Ok(&code.value)
            };
            return Some((&code.app, state));
        }
        let (app, end) = self.ended.get(&key)?;
        Some((app, Err(*end)))
    }

    /// A code was handed in, and is good no more: what it stood for.
    pub fn redeem(&mut self, code: &str) -> Option<V> {
        self.end(&key(code), End::Redeemed)
    }

    /// The first code that may still be handed in and stands for something like that: its app and what it stands for.
    pub fn find(&self, is_it: impl Fn(&V) -> bool, now: u64) -> Option<(&str, &V)> {
        let mut codes = self.out.values();
        let code = codes.find(|code| now < code.expires_at && is_it(&code.value))?;
        Some((&code.app, &code.value))
    }

    /// Changes what a code stands for, or ends it if nothing is left. False if no code stands for something like that.
    pub fn settle(
        &mut self,
        is_it: impl Fn(&V) -> bool,
        change: impl FnOnce(&mut V) -> Option<End>,
        now: u64,
    ) -> bool {
        let mut codes = self.out.iter_mut();
        let found = codes.find(|(_, code)| now < code.expires_at && is_it(&code.value));
        let Some((key, code)) = found else {
            return false;
        };
        let key = *key;
        if let Some(end) = change(&mut code.value) {
            self.end(&key, end);
        }
        true
    }

    fn end(&mut self, key: &Key, end: End) -> Option<V> {
        let code = self.out.remove(key)?;
        self.ended.insert(*key, (code.app, end));
        self.order.push_back(*key);
        if self.order.len() > ENDED_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.ended.remove(&oldest);
        }
        Some(code.value)
    }
}

fn key(code: &str) -> Key {
    Sha256::digest(code).into()
}

/// Who has one address of IP version 6 usually has all of its network.
fn source(from: Option<IpAddr>) -> String {
    match from {
        Some(IpAddr::V6(address)) => format!("{:x?}", &address.segments()[..4]),
        Some(IpAddr::V4(address)) => address.to_string(),
        None => String::new(),
    }
}

fn busy() -> Refusal {
    let mut refusal = Refusal::new(
        429,
        "temporarily_unavailable",
        90055,
        format!(
            "{OUT_MAX} sign-ins of this app are under way, and this address keeps beginning more. Wait a minute, then try again."
        ),
    );
    refusal.header = Some(("retry-after", "60"));
    refusal
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const HERE: Asker<'_> = Asker {
        app: "search",
        from: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
    };

    fn issue(codes: &mut Outstanding<u8>, asker: Asker<'_>, name: &str, now: u64) -> bool {
        let room = codes.make_room(asker, |worth| *worth, now);
        if room.is_ok() {
            codes.add(name, asker.app, now + 900, 0);
        }
        room.is_ok()
    }

    #[test]
    fn what_ended_takes_no_place_and_is_remembered() {
        let mut codes = Outstanding::new();
        for number in 0..3 * OUT_MAX {
            let name = number.to_string();
            assert!(issue(&mut codes, HERE, &name, 0), "{number}");
            assert_eq!(codes.redeem(&name), Some(0));
            assert_eq!(codes.look(&name, 0), Some(("search", Err(End::Redeemed))));
            assert_eq!(codes.redeem(&name), None);
        }
        assert!(codes.out.is_empty());
        assert_eq!(codes.look("0", 0), Some(("search", Err(End::Redeemed))));
        for number in 0..2 * ENDED_MAX {
            let name = format!("more {number}");
            assert!(issue(&mut codes, HERE, &name, 0));
            codes.redeem(&name);
        }
        assert_eq!(codes.look("0", 0), None);
        assert_eq!(
            (codes.ended.len(), codes.order.len()),
            (ENDED_MAX, ENDED_MAX)
        );
    }

    #[test]
    fn an_app_pushes_out_its_own_oldest_and_an_address_not_many_of_them() {
        let mut codes = Outstanding::new();
        let other = Asker {
            app: "other",
            ..HERE
        };
        assert!(issue(&mut codes, other, "of another", 0));
        for number in 0..OUT_MAX {
            assert!(issue(&mut codes, HERE, &number.to_string(), 0));
        }
        // What is worth more stays although it is older.
        codes.out.get_mut(&key("0")).unwrap().value = 1;
        for number in 0..PUSHES_MAX {
            assert!(issue(&mut codes, HERE, &format!("new {number}"), 1));
        }
        let refusal = codes.make_room(HERE, |worth| *worth, 2).unwrap_err();
        assert_eq!(
            (refusal.status, refusal.header),
            (429, Some(("retry-after", "60")))
        );
        assert_eq!(codes.look("0", 2), Some(("search", Ok(&1))));
        assert_eq!(codes.look("1", 2), Some(("search", Err(End::PushedOut))));
        assert_eq!(codes.look("60", 2), Some(("search", Err(End::PushedOut))));
        assert_eq!(codes.look("61", 2), Some(("search", Ok(&0))));
        assert_eq!(codes.look("of another", 2), Some(("other", Ok(&0))));
        // Others get on, and so does this one after a minute.
        let elsewhere = Asker {
            from: Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1))),
            ..HERE
        };
        assert!(issue(&mut codes, elsewhere, "elsewhere", 2));
        assert!(issue(&mut codes, other, "another of another", 2));
        assert!(issue(&mut codes, HERE, "later", 61));
    }

    #[test]
    fn what_expires_leaves() {
        let mut codes = Outstanding::new();
        assert!(issue(&mut codes, HERE, "a", 0));
        assert!(issue(&mut codes, HERE, "b", 0));
        assert!(codes.find(|_| true, 899).is_some());
        assert!(codes.find(|_| true, 900).is_none());
        assert_eq!(codes.look("a", 899), Some(("search", Ok(&0))));
        assert_eq!(codes.look("a", 900), Some(("search", Err(End::Expired))));
        assert!(issue(&mut codes, HERE, "c", 900));
        assert_eq!(codes.out.len(), 1);
        assert_eq!(codes.look("b", 900), Some(("search", Err(End::Expired))));
    }
}
