//! A rule: on which requests a fault falls, and how often.

use std::collections::HashMap;

use graph::{
    ConnectionId, ItemId, PublicError,
    route::{Door, Params, ROUTES, Route, Serving},
};
use serde_json::{Map, Value, json};
use tenant::profile::spread;

use super::fault::Fault;
use crate::said::{members, refused, text, whole};

/// Names of members of a rule, besides those of its fault.
const MEMBERS: [&str; 7] = [
    "route",
    "connection",
    "item",
    "rate",
    "seed",
    "nth",
    "count",
];

/// Requests that a rule with a rate tells apart; then it begins to count anew.
const TOLD_APART_MAX: usize = 100_000;

/// Which requests a rule looks at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct About {
    route: Option<Place>,
    connection: Option<String>,
    item: Option<String>,
}

/// One row of the table, or all rows of a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Door(Door),
    Row(&'static Route),
}

/// A rule and how often it was looked at.
#[derive(Clone, Debug)]
pub struct Rule {
    /// What falls.
    pub fault: Fault,
    about: About,
    /// The share of the requests that it falls on; none: all.
    rate: Option<f64>,
    seed: u64,
    /// How often each request came, where lots are drawn: in what order others come must not change what falls.
    came: HashMap<u64, u64>,
    /// The first request that it may fall on, counted from 1.
    nth: u64,
    /// How often it falls at most.
    count: u64,
    matched: u64,
    struck: u64,
}

impl Rule {
    /// Reads a rule.
    ///
    /// # Errors
    /// 400 that names the member, its value and the rule.
    pub fn read(said: &Value) -> Result<Self, PublicError> {
        let known = [&Fault::MEMBERS[..], &MEMBERS].concat();
        let members = members("the body", said, &known)?;
        let fault = Fault::read(members)?;
        let about = About::read(members, &fault)?;
        let rate = rate(members)?;
        let seed = whole(members, "seed", 0..=u64::MAX)?;
        if let (None, Some(seed)) = (rate, seed) {
            let rule = "only a `rate` is drawn by lot";
            return Err(refused("seed", &seed.into(), rule));
        }
        let nth = whole(members, "nth", 1..=u64::MAX)?;
        let count = whole(members, "count", 1..=u64::MAX)?;
        Ok(Self {
            about,
            rate,
            seed: seed.unwrap_or_default(),
            came: HashMap::new(),
            // The nth alone means that one.
            count: count.unwrap_or(if nth.is_some() { 1 } else { u64::MAX }),
            nth: nth.unwrap_or(1),
            fault,
            matched: 0,
            struck: 0,
        })
    }

    /// Looks at a request: does the fault fall on it?
    pub fn falls_on(&mut self, route: &Route, params: &Params) -> bool {
        if !self.fault.fits(route.door) || !self.about.has(route, params) {
            return false;
        }
        self.matched += 1;
        let by_lot = self.rate.is_none_or(|rate| {
            let drawn = self.lot(route, params);
            (drawn as f64) < rate * 2f64.powi(64)
        });
        let falls = by_lot && self.matched >= self.nth && self.struck < self.count;
        self.struck += u64::from(falls);
        falls
    }

    /// What a request draws: the same in every run for the first, the second, … of its kind and ids.
    fn lot(&mut self, route: &Route, params: &Params) -> u64 {
        let request = request_name(route, params);
        if self.came.len() >= TOLD_APART_MAX {
            self.came.clear();
        }
        let times = self.came.entry(spread(self.seed, &request)).or_default();
        *times += 1;
        spread(self.seed, &format!("{request} {times}"))
    }

    /// The rule, and how often it was looked at and fell.
    pub fn json(&self) -> Value {
        let mut all = Map::new();
        self.fault.write(&mut all);
        let mut add = |name: &str, value: Value| {
            all.insert(name.to_owned(), value);
        };
        if let Some(route) = self.about.route {
            add("route", json!(route.name()));
        }
        for (name, id) in [
            ("connection", &self.about.connection),
            ("item", &self.about.item),
        ] {
            if let Some(id) = id {
                add(name, json!(id));
            }
        }
        if let Some(rate) = self.rate {
            add("rate", json!(rate));
            add("seed", json!(self.seed));
        }
        if self.nth > 1 {
            add("nth", json!(self.nth));
        }
        if self.count < u64::MAX {
            add("count", json!(self.count));
        }
        add("matched", json!(self.matched));
        add("struck", json!(self.struck));
        Value::Object(all)
    }
}

impl About {
    /// Refuses what no request can be.
    fn read(members: &Map<String, Value>, fault: &Fault) -> Result<Self, PublicError> {
        let about = Self {
            route: text(members, "route")?.map(place).transpose()?,
            connection: text(members, "connection")?.map(str::to_owned),
            item: text(members, "item")?.map(str::to_owned),
        };
        let rows = || ROUTES.iter().filter(|row| about.is_row(row));
        if let Some(route) = about.route
            && !rows().any(|row| fault.fits(row.door))
        {
            let rule = format!(
                "{} is what happens to a creation of a connection; leave `route` out, or name CreateConnection",
                fault.kind.as_str()
            );
            return Err(refused("route", &route.name().into(), &rule));
        }
        let connection = about.connection.as_deref();
        let item = about.item.as_deref();
        for (name, id, is_one) in [
            (
                "connection",
                connection,
                connection.is_some_and(|id| ConnectionId::admit(id).is_ok()),
            ),
            (
                "item",
                item,
                item.is_some_and(|id| ItemId::admit(id).is_ok()),
            ),
        ] {
            let Some(id) = id else { continue };
            let in_path = format!("{{{name}}}");
            let rule = if !is_one {
                format!("no {name} has such an id")
            } else if !rows().any(|row| fault.fits(row.door) && row.path.contains(&in_path)) {
                format!(
                    "the paths that the rule is about name no {name}; leave it out, or name another `route`"
                )
            } else {
                continue;
            };
            return Err(refused(name, &id.into(), &rule));
        }
        Ok(about)
    }

    fn has(&self, route: &Route, params: &Params) -> bool {
        // Ids of connections are compared without case, those of items with it, as everywhere.
        let connection = self.connection.as_ref();
        let item = self.item.as_ref();
        self.is_row(route)
            && connection.is_none_or(|id| id.eq_ignore_ascii_case(params.connection()))
            && item.is_none_or(|id| id == params.item())
    }

    fn is_row(&self, route: &Route) -> bool {
        match self.route {
            // An envelope is looked at where it is named; its entries are requests of their own.
            None => route.door != Door::Batch,
            Some(Place::Door(door)) => door == route.door,
            Some(Place::Row(row)) => row == route,
        }
    }
}

impl Place {
    fn name(self) -> String {
        match self {
            Self::Door(door) => format!("{door:?}"),
            Self::Row(row) => format!("{} {}", row.method, row.path),
        }
    }
}

/// What tells a request from others: its operation and the ids in its path.
pub fn request_name(route: &Route, params: &Params) -> String {
    let ids: Vec<&str> = params.iter().map(|(_, id)| id).collect();
    format!("{} {} {}", route.method, route.path, ids.join("/"))
}

fn rate(members: &Map<String, Value>) -> Result<Option<f64>, PublicError> {
    let read = |value: &Value| {
        let rate = value.as_f64().filter(|rate| *rate > 0.0 && *rate <= 1.0);
        rate.ok_or_else(|| refused("rate", value, "it must be a number above 0, at most 1"))
    };
    members.get("rate").map(read).transpose()
}

fn place(name: &str) -> Result<Place, PublicError> {
    let served = || ROUTES.iter().filter(|row| row.serving == Serving::Served);
    let door = served().find(|row| format!("{:?}", row.door).eq_ignore_ascii_case(name));
    if let Some(row) = door {
        return Ok(Place::Door(row.door));
    }
    let row = served().find(|row| Place::Row(row).name() == name);
    row.map(Place::Row).ok_or_else(|| {
        let mut doors: Vec<String> = served().map(|row| format!("{:?}", row.door)).collect();
        doors.dedup();
        let rule = format!(
            "it must be a method and a template, such as \"PUT /external/connections/{{connection}}/items/{{item}}\", or one of {}",
            doors.join(", ")
        );
        refused("route", &name.into(), &rule)
    })
}

#[cfg(test)]
mod tests {
    use graph::{
        odata,
        route::{Found, Method, find},
    };

    use super::*;

    fn request(method: Method, path: &str) -> (&'static Route, Params) {
        let owned = odata::path(path).unwrap();
        let segments = odata::segments(&owned);
        match find(method, false, &segments) {
            Found::Route(route, params) => (route, params),
            other => panic!("{other:?}"),
        }
    }

    fn put(item: &str) -> (&'static Route, Params) {
        request(
            Method::Put,
            &format!("external/connections/parts/items/{item}"),
        )
    }

    /// On which of so many puts of an item it falls.
    fn falls(said: Value, of: usize) -> Vec<usize> {
        let mut rule = Rule::read(&said).unwrap();
        let (route, params) = put("a");
        (1..=of).filter(|_| rule.falls_on(route, &params)).collect()
    }

    #[test]
    fn a_rule_falls_on_those_that_it_is_about() {
        let template = "PUT /external/connections/{connection}/items/{item}";
        for (about, there, elsewhere) in [
            (json!({}), true, true),
            (json!({ "route": "PutItem" }), true, false),
            (json!({ "route": "putItem" }), true, false),
            (json!({ "route": template }), true, false),
            (json!({ "connection": "PARTS" }), true, true),
            (json!({ "connection": "other" }), false, false),
            (json!({ "item": "a" }), true, false),
            (json!({ "item": "A" }), false, false),
        ] {
            let mut said = about.clone();
            said["fault"] = json!("500");
            let mut rule = Rule::read(&said).unwrap();
            let (route, params) = put("a");
            assert_eq!(rule.falls_on(route, &params), there, "{about}");
            let (route, params) = request(Method::Get, "external/connections/parts");
            assert_eq!(rule.falls_on(route, &params), elsewhere, "{about}");
        }
    }

    #[test]
    fn how_often_is_counted_or_drawn_by_lot() {
        assert_eq!(falls(json!({ "fault": "500" }), 3), [1, 2, 3]);
        assert_eq!(falls(json!({ "fault": "500", "count": 2 }), 5), [1, 2]);
        assert_eq!(falls(json!({ "fault": "500", "nth": 3 }), 5), [3]);
        assert_eq!(
            falls(json!({ "fault": "500", "nth": 3, "count": 2 }), 9),
            [3, 4]
        );
        assert_eq!(falls(json!({ "fault": "500", "rate": 1 }), 2), [1, 2]);
        let drawn = |seed| falls(json!({ "fault": "500", "rate": 0.25, "seed": seed }), 1_000);
        assert!((200..300).contains(&drawn(7).len()), "{}", drawn(7).len());
        assert_eq!(drawn(7), drawn(7));
        assert_ne!(drawn(7), drawn(8));
    }

    #[test]
    fn the_lots_of_a_request_do_not_hang_on_what_else_comes() {
        let rule = || Rule::read(&json!({ "fault": "500", "rate": 0.5, "seed": 7 })).unwrap();
        let requests: Vec<_> = (0..40).map(|number| put(&number.to_string())).collect();
        let struck = |order: &mut dyn Iterator<Item = usize>| {
            let mut rule = rule();
            let mut all: Vec<_> = order
                .filter(|number| rule.falls_on(requests[*number].0, &requests[*number].1))
                .collect();
            all.sort_unstable();
            all
        };
        let forwards = struck(&mut (0..40).chain(0..40));
        let backwards = struck(&mut (0..40).rev().chain((0..40).rev()));
        assert_eq!(forwards, backwards);
        // Whoever comes again draws again.
        assert!(forwards.windows(2).any(|pair| pair[0] != pair[1]));
        let twice = forwards
            .windows(2)
            .filter(|pair| pair[0] == pair[1])
            .count();
        assert!((1..40).contains(&twice), "{forwards:?}");
    }

    #[test]
    fn the_known_issue_looks_at_creations_alone() {
        let mut rule = Rule::read(&json!({ "fault": "503-then-409", "count": 1 })).unwrap();
        let (route, params) = request(Method::Get, "external/connections");
        assert!(!rule.falls_on(route, &params));
        let (route, params) = request(Method::Post, "external/connections");
        assert!(rule.falls_on(route, &params));
        assert_eq!((rule.matched, rule.struck), (1, 1));
    }

    #[test]
    fn a_rule_that_cannot_be_is_refused_by_name() {
        for (said, named) in [
            (
                json!({ "fault": "500", "route": "PutItems" }),
                "one of ListConnections",
            ),
            (
                json!({ "fault": "500", "route": "Refused" }),
                "`route` is \"Refused\"",
            ),
            (json!({ "fault": "500", "rate": 1.5 }), "at most 1"),
            (json!({ "fault": "500", "rate": 0 }), "above 0"),
            (
                json!({ "fault": "503-then-409", "route": "PutItem" }),
                "a creation of a connection",
            ),
            (
                json!({ "fault": "503-then-409", "connection": "parts" }),
                "name no connection",
            ),
            (
                json!({ "fault": "500", "route": "ListConnections", "connection": "parts" }),
                "name no connection",
            ),
            (
                json!({ "fault": "500", "route": "GetConnection", "item": "a" }),
                "name no item",
            ),
            (
                json!({ "fault": "500", "connection": "a b" }),
                "no connection has such an id",
            ),
            (
                json!({ "fault": "500", "item": "" }),
                "no item has such an id",
            ),
            (json!({ "fault": "500", "seed": 1 }), "by lot"),
            (json!({ "fault": "500", "nth": 0 }), "`nth` is 0"),
            (json!({ "fault": "500", "count": 0 }), "`count` is 0"),
            (
                json!({ "fault": "500", "path": "/" }),
                "there are only `fault`",
            ),
            (json!("500"), "must be an object"),
        ] {
            let refusal = Rule::read(&said).unwrap_err();
            let help = &refusal.details[0].message;
            assert!(help.contains(named), "{said}: {help}");
        }
    }

    #[test]
    fn a_rule_says_what_it_is() {
        let said =
            json!({ "fault": "503", "route": "PutItem", "item": "a", "rate": 0.5, "nth": 2 });
        let mut rule = Rule::read(&said).unwrap();
        let (route, params) = put("a");
        rule.falls_on(route, &params);
        assert_eq!(
            rule.json(),
            json!({ "fault": "503", "when": "before", "retry_after": 10, "route": "PutItem", "item": "a",
                "rate": 0.5, "seed": 0, "nth": 2, "count": 1, "matched": 1, "struck": 0 })
        );
    }
}
