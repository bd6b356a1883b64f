//! A rule: on which requests a fault falls, and how often.

use graph::{
    PublicError,
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
        let id = |name: &str| Ok::<_, PublicError>(text(members, name)?.map(str::to_owned));
        let rate = rate(members)?;
        let seed = whole(members, "seed", 0..=u64::MAX)?;
        if let (None, Some(seed)) = (rate, seed) {
            let rule = "only a `rate` is drawn by lot";
            return Err(refused("seed", &seed.into(), rule));
        }
        let nth = whole(members, "nth", 1..=u64::MAX)?;
        let count = whole(members, "count", 1..=u64::MAX)?;
        Ok(Self {
            about: About {
                route: text(members, "route")?.map(place).transpose()?,
                connection: id("connection")?,
                item: id("item")?,
            },
            rate,
            seed: seed.unwrap_or_default(),
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
        if !self.about.has(route, params) {
            return false;
        }
        self.matched += 1;
        let by_lot = self.rate.is_none_or(|rate| {
            let drawn = spread(self.seed, &self.matched.to_string());
            (drawn as f64) < rate * 2f64.powi(64)
        });
        let falls = by_lot && self.matched >= self.nth && self.struck < self.count;
        self.struck += u64::from(falls);
        falls
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
    fn has(&self, route: &Route, params: &Params) -> bool {
        let is_route = match self.route {
            // An envelope is looked at where it is named; its entries are requests of their own.
            None => route.door != Door::Batch,
            Some(Place::Door(door)) => door == route.door,
            Some(Place::Row(row)) => row == route,
        };
        // Ids of connections are compared without case, those of items with it, as everywhere.
        let connection = self.connection.as_ref();
        let item = self.item.as_ref();
        is_route
            && connection.is_none_or(|id| id.eq_ignore_ascii_case(params.connection()))
            && item.is_none_or(|id| id == params.item())
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

fn rate(members: &Map<String, Value>) -> Result<Option<f64>, PublicError> {
    let read = |value: &Value| {
        let rate = value.as_f64().filter(|rate| (0.0..=1.0).contains(rate));
        rate.ok_or_else(|| refused("rate", value, "it must be a number, 0 to 1"))
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
        assert_eq!(falls(json!({ "fault": "500", "rate": 0 }), 50), [0; 0]);
        assert_eq!(falls(json!({ "fault": "500", "rate": 1 }), 2), [1, 2]);
        let drawn = |seed| falls(json!({ "fault": "500", "rate": 0.25, "seed": seed }), 1_000);
        assert!((200..300).contains(&drawn(7).len()), "{}", drawn(7).len());
        assert_eq!(drawn(7), drawn(7));
        assert_ne!(drawn(7), drawn(8));
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
            (json!({ "fault": "500", "rate": 1.5 }), "0 to 1"),
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
