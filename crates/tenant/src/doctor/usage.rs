//! Usage: what happens to the items, what their apps did, and what the Graph would make of the numbers.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use graph::{
    Schema, Scope, limits,
    route::{Door, Route},
};

use super::{
    Check,
    items::{grouped, named, percent},
    rules::{ACTIVITIES, FORECAST, LIMITS, PERMISSIONS_MISSING, PERMISSIONS_UNUSED, Rule},
};
use crate::{Caller, Profile, accounts::Accounts, kept::KeptConnection, survey::Survey};

/// A first crawl that takes longer wants a plan.
const DAY: u64 = 24 * 60 * 60;

/// From this share of a limit on, in percent, there is a warning.
const NEAR_PERCENT: u64 = 80;

/// Something that an app was seen to do.
#[derive(Clone, Copy, Debug)]
pub struct Deed<'a> {
    /// The app's client id.
    pub app: &'a str,
    /// What it asked.
    pub route: &'static Route,
    /// Was it refused for want of a permission?
    pub is_denied: bool,
}

/// An app and the permissions that it has.
pub(super) struct KnownApp {
    client_id: String,
    roles: Vec<Scope>,
}

pub(super) fn checks(schema: &Schema, survey: &Survey) -> Vec<Check> {
    vec![activities(survey), limits(schema, survey), forecast(survey)]
}

/// The apps whose permissions are judged: all that manage the connection for who may read everything, else only the one that asks.
pub(super) fn apps(caller: &Caller, kept: &KeptConnection, accounts: &Accounts) -> Vec<KnownApp> {
    let reaches_all = caller.reaches_all(Door::GetConnection);
    let managing = kept.connection.authorized_app_ids.iter();
    managing
        .filter(|id| reaches_all || id.eq_ignore_ascii_case(&caller.app))
        .filter_map(|id| accounts.app(id))
        .map(|app| KnownApp {
            client_id: app.client_id.clone(),
            roles: app.roles.clone(),
        })
        .collect()
}

/// What was used and what was missing. Only permissions about connections and items are judged: the others are for what is not served here.
pub(super) fn permissions(apps: &[KnownApp], seen: Option<&[Deed<'_>]>) -> Vec<Check> {
    let both = |found: &str| {
        vec![
            PERMISSIONS_UNUSED.unknown(found),
            PERMISSIONS_MISSING.unknown(found),
        ]
    };
    let Some(seen) = seen else {
        return both("there is no journal; `linkspan dev` keeps one");
    };
    let of = |app: &KnownApp| {
        let deeds = seen
            .iter()
            .filter(|deed| deed.app.eq_ignore_ascii_case(&app.client_id));
        deeds.copied().collect::<Vec<Deed<'_>>>()
    };
    let done: Vec<(&KnownApp, Vec<Deed<'_>>)> = apps
        .iter()
        .map(|app| (app, of(app)))
        .filter(|(_, deeds)| !deeds.is_empty())
        .collect();
    if done.is_empty() {
        return both("the journal saw nothing of the apps that manage the connection");
    }
    let unused: Vec<String> = done
        .iter()
        .flat_map(|(app, deeds)| unused(app, deeds))
        .collect();
    let missing: Vec<String> = done
        .iter()
        .flat_map(|(app, deeds)| missing(app, deeds))
        .collect();
    let check = |rule: &Rule, found: &[String], is_failure: bool| match found {
        [] => rule.pass("as far as the journal saw"),
        found if is_failure => rule.failure(named(found)),
        found => rule.warning(named(found)),
    };
    vec![
        check(&PERMISSIONS_UNUSED, &unused, false),
        check(&PERMISSIONS_MISSING, &missing, true),
    ]
}

fn unused(app: &KnownApp, deeds: &[Deed<'_>]) -> Vec<String> {
    let needed = |scope: &Scope| {
        let mut done = deeds.iter().filter(|deed| !deed.is_denied);
        done.any(|deed| deed.route.application.contains(scope))
    };
    app.roles
        .iter()
        .filter(|scope| scope.as_str().starts_with("External") && !needed(scope))
        .map(|scope| format!("{} of {}", scope.as_str(), app.client_id))
        .collect()
}

fn missing(app: &KnownApp, deeds: &[Deed<'_>]) -> BTreeSet<String> {
    let denied = deeds.iter().filter(|deed| deed.is_denied);
    denied
        .map(|deed| {
            let names: Vec<&str> = deed
                .route
                .application
                .iter()
                .map(|it| it.as_str())
                .collect();
            format!(
                "{} {} by {} takes {}",
                deed.route.method,
                deed.route.path,
                app.client_id,
                if names.is_empty() {
                    "no application permission".to_owned()
                } else {
                    names.join(" or ")
                }
            )
        })
        .collect()
}

fn activities(survey: &Survey) -> Check {
    let (with, of) = (survey.with_activities, survey.counted);
    let found = format!(
        "{} of {} items ({})",
        grouped(with),
        grouped(of),
        percent(with, of)
    );
    match (of, with) {
        (0, _) => ACTIVITIES.unknown("there is no item"),
        (_, 0) => ACTIVITIES.warning(found),
        _ => ACTIVITIES.pass(found),
    }
}

fn limits(schema: &Schema, survey: &Survey) -> Check {
    let mut sizes: HashMap<&str, u64> = HashMap::new();
    for (group, _) in &survey.memberships {
        *sizes.entry(group.as_str()).or_default() += 1;
    }
    let largest = sizes.values().copied().max().unwrap_or_default();
    let graph = Profile::GRAPH;
    let numbers = [
        ("items", survey.items, graph.items_per_connection_max),
        (
            "properties",
            schema.properties.len() as u64,
            limits::SCHEMA_PROPERTIES_MAX as u64,
        ),
        (
            "external groups",
            survey.groups.len() as u64,
            graph.groups_max,
        ),
        (
            "members of the largest group",
            largest,
            graph.group_members_max,
        ),
    ];
    let found = numbers
        .map(|(what, number, most)| format!("{} of {} {what}", grouped(number), grouped(most)));
    let found = found.join(", ");
    let is_near = |(_, number, most): (&str, u64, u64)| number >= most / 100 * NEAR_PERCENT;
    if numbers.iter().any(|(_, number, most)| number > most) {
        LIMITS.failure(found)
    } else if numbers.into_iter().any(is_near) {
        LIMITS.warning(found)
    } else {
        LIMITS.pass(found)
    }
}

fn forecast(survey: &Survey) -> Check {
    let graph = Profile::GRAPH;
    let rate = u64::from(
        graph
            .items_per_second
            .unwrap_or(limits::ITEMS_PER_SECOND_DEFAULT),
    );
    let seconds = survey.items.div_ceil(rate.max(1));
    let minutes = |time: Duration| time.as_secs() / 60;
    let registration = graph.schema_registration;
    let found = format!(
        "{} items at {rate} per second take {}; the registration of the schema takes {} to {} minutes",
        grouped(survey.items),
        lasting(seconds),
        minutes(registration.least),
        minutes(registration.most),
    );
    if seconds > DAY {
        FORECAST.warning(found)
    } else {
        FORECAST.pass(found)
    }
}

/// A time in its two largest units.
fn lasting(seconds: u64) -> String {
    let units = [
        (seconds / DAY, "d"),
        (seconds / 3600 % 24, "h"),
        (seconds / 60 % 60, "min"),
        (seconds % 60, "s"),
    ];
    let first = units.iter().position(|(count, _)| *count > 0).unwrap_or(3);
    let shown = units
        .iter()
        .skip(first)
        .take(2)
        .filter(|(count, _)| *count > 0);
    let shown: Vec<String> = shown
        .map(|(count, unit)| format!("{count} {unit}"))
        .collect();
    if shown.is_empty() {
        "no time".to_owned()
    } else {
        shown.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_two_units() {
        assert_eq!(
            [0, 1, 61, 3600, 90_061].map(lasting),
            ["no time", "1 s", "1 min 1 s", "1 h", "1 d 1 h"]
        );
    }

    #[test]
    fn limits_warn_before_they_fail() {
        let schema = Schema {
            base_type: String::new(),
            properties: Vec::new(),
        };
        let of = |items| {
            limits(
                &schema,
                &Survey {
                    items,
                    ..Survey::default()
                },
            )
            .verdict
        };
        use super::super::Verdict::{Failure, Pass, Warning};
        assert_eq!(
            [3_999_999, 4_000_000, 5_000_000].map(of),
            [Pass, Warning, Warning]
        );
        assert_eq!(of(5_000_001), Failure);
    }
}
