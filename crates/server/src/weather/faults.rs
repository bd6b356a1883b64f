//! All rules, in the order they were made; and the faults that one request orders for itself.

use std::{
    collections::BTreeSet,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::http::HeaderMap;
use graph::{
    PublicError,
    route::{Params, Route},
};
use serde_json::{Map, Value, json};

use super::{
    fault::{Fault, Kind},
    rule::Rule,
};
use crate::said::refused;

/// Rules at the same time.
const RULES_MAX: usize = 100;

/// Connections that are remembered as created behind a 503.
const CREATED_MAX: usize = 1_000;

/// The preference that orders a fault for one request.
const PREFERENCE: &str = "linkspan-fault";

/// The rules and what they have done.
#[derive(Default)]
pub struct Faults {
    kept: Mutex<Kept>,
    /// Is there anything in there? Asked for every request.
    any: AtomicBool,
}

#[derive(Default)]
struct Kept {
    rules: Vec<Rule>,
    /// Connections, in lower case, that were created although the answer was 503.
    created: BTreeSet<String>,
}

/// What falls on one request.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Falling {
    /// How long the request waits first, and how many faults that are.
    pub latency: Duration,
    pub pauses: u64,
    /// What goes wrong then.
    pub fault: Option<Fault>,
}

impl Faults {
    /// Does any request have to be looked at?
    pub fn any(&self) -> bool {
        self.any.load(Ordering::Relaxed)
    }

    /// Makes a rule.
    ///
    /// # Errors
    /// 400 as [`Rule::read`] says, and when there are too many.
    pub fn add(&self, said: &Value) -> Result<Value, PublicError> {
        let rule = Rule::read(said)?;
        let mut kept = self.kept();
        if kept.rules.len() >= RULES_MAX {
            let rule = format!(
                "there are {RULES_MAX} rules already, as many as there may be; clear them first"
            );
            return Err(refused("the body", said, &rule));
        }
        let made = rule.json();
        kept.rules.push(rule);
        self.any.store(true, Ordering::Relaxed);
        Ok(made)
    }

    /// Forgets all rules, and what was created behind a 503.
    pub fn clear(&self) {
        *self.kept() = Kept::default();
        self.any.store(false, Ordering::Relaxed);
    }

    /// All rules.
    pub fn json(&self) -> Value {
        let rules: Vec<Value> = self.kept().rules.iter().map(Rule::json).collect();
        json!({ "faults": rules })
    }

    /// What falls on a request: what it ordered, or else the first rule that falls, behind all latency that does.
    ///
    /// # Errors
    /// 400 for an order that cannot be read, or that cannot befall this request.
    pub fn falling(
        &self,
        headers: &HeaderMap,
        route: &Route,
        params: &Params,
    ) -> Result<Falling, PublicError> {
        let mut falling = Falling::default();
        if let Some(ordered) = ordered(headers)? {
            if !ordered.fits(route.door) {
                let rule = "it is what happens to a creation of a connection, and this request is none; leave it out";
                return Err(refused(PREFERENCE, &ordered.kind.as_str().into(), rule));
            }
            falling.add(ordered);
            return Ok(falling);
        }
        if self.any() {
            for rule in &mut self.kept().rules {
                if falling.fault.is_none() && rule.falls_on(route, params) {
                    falling.add(rule.fault.clone());
                }
            }
        }
        Ok(falling)
    }

    /// Remembers that a connection was created although the answer was 503.
    pub fn remember(&self, connection: &str) {
        let mut kept = self.kept();
        if kept.created.len() < CREATED_MAX {
            kept.created.insert(connection.to_ascii_lowercase());
            self.any.store(true, Ordering::Relaxed);
        }
    }

    /// Was it?
    pub fn created(&self, connection: &str) -> bool {
        self.kept()
            .created
            .contains(&connection.to_ascii_lowercase())
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Falling {
    fn add(&mut self, fault: Fault) {
        if fault.kind == Kind::Latency {
            self.latency += fault.latency;
            self.pauses += 1;
        } else {
            self.fault = Some(fault);
        }
    }
}

/// The fault that the header `Prefer` orders: `linkspan-fault=503; when=after; retry-after=5`, or `linkspan-fault=latency=PT2S`.
fn ordered(headers: &HeaderMap) -> Result<Option<Fault>, PublicError> {
    let lines = headers.get_all("prefer").into_iter();
    let preferences = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','));
    let mut found = None;
    for preference in preferences {
        let mut words = preference.split(';').map(assigned);
        let Some((name, value)) = words.next() else {
            continue;
        };
        if !name.eq_ignore_ascii_case(PREFERENCE) {
            continue;
        }
        if found.is_some() {
            let rule = "one request orders one fault; leave all but one out";
            return Err(refused(PREFERENCE, &value.into(), rule));
        }
        let mut members = Map::new();
        let (kind, lasts) = value.split_once('=').unwrap_or((&value, ""));
        members.insert("fault".to_owned(), json!(kind));
        if !lasts.is_empty() {
            members.insert("latency".to_owned(), json!(lasts));
        }
        for (name, value) in words {
            let name = name.to_ascii_lowercase().replace('-', "_");
            let number = value.parse::<u64>().map(Value::from);
            let value = number.unwrap_or_else(|_| value.into());
            if !["when", "retry_after"].contains(&name.as_str()) {
                let rule = "beside `linkspan-fault` there are only `when` and `retry-after`";
                return Err(refused(&name, &value, rule));
            }
            members.insert(name, value);
        }
        found = Some(Fault::read(&members)?);
    }
    Ok(found)
}

/// A word and what is behind its equals sign, which may stand in quotation marks.
fn assigned(word: &str) -> (&str, String) {
    let (name, value) = word.split_once('=').unwrap_or((word, ""));
    (name.trim(), value.trim().trim_matches('"').to_owned())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn order(prefer: &str) -> Result<Option<Fault>, PublicError> {
        let mut headers = HeaderMap::new();
        headers.insert("prefer", HeaderValue::from_str(prefer).unwrap());
        ordered(&headers)
    }

    #[test]
    fn one_request_orders_its_own_fault() {
        let fault = |prefer: &str| order(prefer).unwrap().unwrap();
        for kind in ["429", "500", "502", "503", "reset", "503-then-409"] {
            assert_eq!(fault(&format!("linkspan-fault={kind}")).kind.as_str(), kind);
        }
        for prefer in [
            "linkspan-fault=latency=PT2S",
            "respond-async, Linkspan-Fault = \"latency=PT2S\"",
        ] {
            assert_eq!(fault(prefer).latency, Duration::from_secs(2), "{prefer}");
        }
        let after = fault("linkspan-fault=503; when=after; retry-after=5");
        assert_eq!((after.after, after.retry_after), (true, Some(5)));
        assert_eq!(order("respond-async, return=minimal"), Ok(None));
        for (prefer, named) in [
            ("linkspan-fault", "`fault` is \"\""),
            ("linkspan-fault=418", "`fault` is \"418\""),
            ("linkspan-fault=503; rate=1", "`rate` is 1"),
            ("linkspan-fault=latency", "needs a length"),
            ("linkspan-fault=500, linkspan-fault=503", "one fault"),
        ] {
            let refusal = order(prefer).unwrap_err();
            assert!(
                refusal.details[0].message.contains(named),
                "{prefer}: {refusal:?}"
            );
        }
    }

    #[test]
    fn there_are_only_so_many_rules_and_none_after_clearing() {
        let faults = Faults::default();
        assert!(!faults.any());
        for _ in 0..RULES_MAX {
            faults.add(&json!({ "fault": "500" })).unwrap();
        }
        assert_eq!(
            faults.add(&json!({ "fault": "500" })).unwrap_err().status,
            400
        );
        faults.remember("Parts");
        assert!(faults.any() && faults.created("pARTS"));
        faults.clear();
        assert!(!faults.any() && !faults.created("parts"));
        assert_eq!(faults.json(), json!({ "faults": [] }));
    }
}
