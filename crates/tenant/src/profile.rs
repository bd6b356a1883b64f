//! The numbers that a tenant lives by: how long things take, and how much of each there may be.

use std::time::Duration;

use graph::{DateTime, limits};

use crate::clock::between;

/// How a tenant lives. Two are given; every number can be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Items that one connection takes per second; none: as many as come.
    pub items_per_second: Option<u32>,
    /// Requests about external groups per second; none: as many as come.
    pub group_requests_per_second: Option<u32>,
    /// How long the registration of a schema takes.
    pub schema_registration: Span,
    /// Does every registration that takes time fail when its time has come?
    pub schema_registration_fails: bool,
    /// How long a deleted connection still answers.
    pub connection_deletion: Span,
    /// How long after a write an item is findable, beyond the time that indexing really takes.
    pub index_latency: Span,
    /// Connections of the tenant.
    pub connections_max: usize,
    /// Items of one connection.
    pub items_per_connection_max: u64,
    /// Items of all connections.
    pub items_per_tenant_max: u64,
    /// External groups of all connections.
    pub groups_max: u64,
    /// Members of one external group.
    pub group_members_max: u64,
    /// What varies between the ends of a [`Span`] follows from this number, so that it can be repeated.
    pub seed: u64,
}

impl Profile {
    /// Nothing takes time and nothing is throttled; the Graph's published amounts hold, those that it no longer publishes for items too.
    pub const INSTANT: Self = Self {
        items_per_second: None,
        group_requests_per_second: None,
        schema_registration: Span::ZERO,
        schema_registration_fails: false,
        connection_deletion: Span::ZERO,
        index_latency: Span::ZERO,
        connections_max: usize::MAX,
        items_per_connection_max: limits::ITEMS_PER_CONNECTION_DEFAULT,
        items_per_tenant_max: limits::ITEMS_PER_TENANT_DEFAULT,
        groups_max: limits::EXTERNAL_GROUPS_PER_TENANT_MAX as u64,
        group_members_max: limits::GROUP_MEMBERS_MAX as u64,
        seed: 0,
    };

    /// As the live service is documented or was observed; each number has its source in [`graph::limits`].
    pub const GRAPH: Self = Self {
        items_per_second: Some(limits::ITEMS_PER_SECOND_DEFAULT),
        group_requests_per_second: Some(limits::GROUP_REQUESTS_PER_SECOND_MAX),
        schema_registration: Span::of(limits::SCHEMA_REGISTRATION),
        connection_deletion: Span::of(limits::CONNECTION_DELETION),
        index_latency: Span::of(limits::INDEX_LATENCY),
        connections_max: limits::CONNECTIONS_PER_TENANT_DEFAULT,
        ..Self::INSTANT
    };
}

/// How much of each a store may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Items of one connection.
    pub items_per_connection: u64,
    /// Items of all connections.
    pub items_per_tenant: u64,
    /// External groups of all connections.
    pub groups: u64,
    /// Members of one external group.
    pub group_members: u64,
}

impl Limits {
    /// As much as comes.
    pub const NONE: Self = Self {
        items_per_connection: u64::MAX,
        items_per_tenant: u64::MAX,
        groups: u64::MAX,
        group_members: u64::MAX,
    };

    /// Those of a profile.
    pub fn of(profile: &Profile) -> Self {
        Self {
            items_per_connection: profile.items_per_connection_max,
            items_per_tenant: profile.items_per_tenant_max,
            groups: profile.groups_max,
            group_members: profile.group_members_max,
        }
    }
}

impl Default for Profile {
    fn default() -> Self {
        Self::INSTANT
    }
}

/// From the shortest time that something takes to the longest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The shortest.
    pub least: Duration,
    /// The longest; the shortest holds if this one is shorter still.
    pub most: Duration,
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self {
        least: Duration::ZERO,
        most: Duration::ZERO,
    };

    /// Between these two.
    pub const fn of((least, most): (Duration, Duration)) -> Self {
        Self { least, most }
    }

    /// The longest that it can take.
    pub fn longest(self) -> Duration {
        self.most.max(self.least)
    }

    /// How long something is still to take that is due at that moment. A clock that was moved back makes nobody wait longer than the whole takes.
    pub fn left(self, now: DateTime, due: DateTime) -> Duration {
        between(now, due).min(self.longest())
    }

    /// How long the thing of this name takes: always the same for the same seed and name.
    pub fn pick(self, seed: u64, name: &str) -> Duration {
        let width = self.most.saturating_sub(self.least).as_millis();
        let share = u128::from(spread(seed, name));
        let millis = u64::try_from((width * share) >> 64).unwrap_or_default();
        self.least + Duration::from_millis(millis)
    }
}

/// Spreads names evenly over all numbers: FNV-1a, and a last mixing because its upper bits are poor for short names.
pub fn spread(seed: u64, name: &str) -> u64 {
    let bytes = seed.to_le_bytes();
    let hash = bytes
        .iter()
        .chain(name.as_bytes())
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash: u64, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
    let mixed = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    mixed ^ (mixed >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_repeatable_and_spread_between_the_ends() {
        let span = Profile::GRAPH.schema_registration;
        let picked: Vec<Duration> = (0..200)
            .map(|n| span.pick(7, &format!("operation {n}")))
            .collect();
        assert!(
            picked
                .iter()
                .all(|time| (span.least..=span.most).contains(time))
        );
        let middle = (span.least + span.most) / 2;
        let early = picked.iter().filter(|time| **time < middle).count();
        assert!((60..140).contains(&early), "{early}");
        assert_eq!(span.pick(7, "operation 3"), picked[3]);
        assert_ne!(span.pick(8, "operation 3"), picked[3]);
    }

    #[test]
    fn nothing_is_left_beyond_the_whole() {
        let minute = Duration::from_secs(60);
        let span = Span::of((Duration::ZERO, minute));
        let now = DateTime(0);
        for (seconds, left) in [(-5, 0), (0, 0), (59, 59), (60, 60), (2_592_856, 60)] {
            let due = DateTime(seconds * 10_000_000);
            assert_eq!(span.left(now, due), Duration::from_secs(left), "{seconds}");
        }
    }

    #[test]
    fn no_span_is_no_time() {
        assert_eq!(Span::ZERO.pick(1, "a"), Duration::ZERO);
        let second = Duration::from_secs(1);
        assert_eq!(Span::of((second, Duration::ZERO)).pick(1, "a"), second);
    }
}
