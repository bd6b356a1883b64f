//! How long what was done here would have taken on the Graph.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;
use tenant::{Profile, profile::Span};

/// Connections that are told apart; what is beyond goes under [`OTHERS`].
const CONNECTIONS_MAX: usize = 1_000;

/// The name for all other connections; no connection's id looks like this.
const OTHERS: &str = "(others)";

/// What was done to a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Work {
    /// Items written and deleted.
    pub items: u64,
    /// Schemas registered.
    pub registrations: u64,
}

/// What was done, by connection.
#[derive(Clone, Debug, Default)]
pub struct Done(BTreeMap<String, Work>);

/// How long it would take.
#[derive(Clone, Debug, Serialize)]
pub struct Forecast {
    /// The shortest: registrations are quick, and connections are filled side by side.
    pub least_seconds: u64,
    /// The longest: registrations are slow, and one connection comes after the other.
    pub most_seconds: u64,
    /// After the last write, until all is found.
    pub findable_after_seconds: (u64, u64),
    /// What it is made of.
    pub connections: BTreeMap<String, Work>,
}

impl Done {
    /// Counts work on a connection.
    pub fn add(&mut self, connection: &str, work: Work) {
        let known = self.0.len() < CONNECTIONS_MAX || self.0.contains_key(connection);
        let name = if known { connection } else { OTHERS };
        let all = self.0.entry(name.to_owned()).or_default();
        all.items += work.items;
        all.registrations += work.registrations;
    }

    /// How long it takes by the Graph's published numbers, whatever holds here; none if nothing was done.
    pub fn forecast(&self) -> Option<Forecast> {
        if self.0.is_empty() {
            return None;
        }
        let profile = &Profile::GRAPH;
        let least = self.0.values().map(|work| work.lasts(profile).least);
        let most = self.0.values().map(|work| work.lasts(profile).most);
        let latency = profile.index_latency;
        Some(Forecast {
            least_seconds: least.max().unwrap_or_default().as_secs(),
            most_seconds: most.sum::<Duration>().as_secs(),
            findable_after_seconds: (latency.least.as_secs(), latency.most.as_secs()),
            connections: self.0.clone(),
        })
    }
}

impl Work {
    fn lasts(self, profile: &Profile) -> Span {
        let rate = u64::from(profile.items_per_second.unwrap_or(u32::MAX));
        let items = Duration::from_secs(self.items.div_ceil(rate.max(1)));
        let times = u32::try_from(self.registrations).unwrap_or(u32::MAX);
        let Span { least, most } = profile.schema_registration;
        Span {
            least: least.saturating_mul(times) + items,
            most: most.saturating_mul(times) + items,
        }
    }
}

impl Forecast {
    /// The forecast as sentences for people.
    pub fn sentences(&self) -> Vec<String> {
        let (_, late) = self.findable_after_seconds;
        let mut first = format!(
            "by the Graph's published numbers that takes {}",
            between(self.least_seconds, self.most_seconds)
        );
        if late > 0 {
            first += &format!(", and up to {} more until all is found", lasts(late));
        }
        let mut all = vec![first];
        all.extend(self.connections.iter().map(|(connection, work)| {
            let (items, schemas) = (work.items, work.registrations);
            let s = |count: u64| if count == 1 { "" } else { "s" };
            format!(
                "'{connection}': {items} item{}, {schemas} schema{} registered",
                s(items),
                s(schemas)
            )
        }));
        all
    }
}

fn between(least: u64, most: u64) -> String {
    if least == most {
        return lasts(least);
    }
    format!("{} to {}", lasts(least), lasts(most))
}

/// Seconds for people.
fn lasts(seconds: u64) -> String {
    let (hours, minutes, rest) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let parts = [(hours, "h"), (minutes, "min"), (rest, "s")];
    let said: Vec<String> = parts
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, unit)| format!("{number} {unit}"))
        .collect();
    if said.is_empty() {
        "0 s".to_owned()
    } else {
        said.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_connection_at_best_and_all_of_them_at_worst() {
        let mut done = Done::default();
        assert!(done.forecast().is_none());
        for (connection, items, registrations) in [("a", 1_999, 0), ("a", 1, 1), ("b", 30, 1)] {
            let work = Work {
                items,
                registrations,
            };
            done.add(connection, work);
        }
        let forecast = done.forecast().unwrap();
        // 2,000 items at 25 per second are 80 s, 30 are 2 s; a registration is 5 to 15 minutes.
        assert_eq!(forecast.least_seconds, 300 + 80);
        assert_eq!(forecast.most_seconds, 900 + 80 + 900 + 2);
        let said = forecast.sentences().join("\n");
        assert!(said.contains("takes 6 min 20 s to 31 min 22 s"), "{said}");
        assert!(
            said.contains("'a': 2000 items, 1 schema registered"),
            "{said}"
        );
    }

    #[test]
    fn names_are_not_made_up_without_end() {
        let mut done = Done::default();
        for number in 0..CONNECTIONS_MAX + 10 {
            let work = Work {
                items: 1,
                registrations: 0,
            };
            done.add(&number.to_string(), work);
        }
        let forecast = done.forecast().unwrap();
        assert_eq!(forecast.connections[OTHERS].items, 10);
        assert_eq!(lasts(0), "0 s");
        assert_eq!(lasts(3_661), "1 h 1 min 1 s");
    }
}
