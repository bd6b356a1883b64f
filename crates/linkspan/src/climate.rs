//! `--profile` and `--limit`: how the tenant of `linkspan dev` and `linkspan run` lives.

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use server::weather::read_length;
use tenant::{Profile, profile::Span};

/// What may be limited.
const LIMITS: &str = "items_per_second, group_requests_per_second, schema_registration, schema_registration_fails, \
connection_deletion, index_latency, connections, items_per_connection, items_per_tenant, groups, group_members, seed";

/// How the tenant lives.
#[derive(Args, Clone, Debug, Default)]
pub struct Climate {
    /// How long things take and how much is taken: `instant`, or `graph` as Microsoft Graph does (docs/weather.md)
    /// [default: instant].
    #[arg(long, value_enum, value_name = "PROFILE")]
    pub profile: Option<Name>,
    /// Change one number of the profile, such as items_per_second=4 or schema_registration=30s; may be repeated.
    #[arg(long = "limit", value_name = "NAME=VALUE")]
    pub limits: Vec<String>,
}

/// A profile by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Name {
    /// Nothing takes time, nothing is throttled.
    #[default]
    Instant,
    /// As Microsoft Graph does.
    Graph,
}

impl Climate {
    /// Was nothing said?
    pub fn is_usual(&self) -> bool {
        self.profile.is_none() && self.limits.is_empty()
    }

    /// The profile's name.
    pub fn name(&self) -> &'static str {
        match self.profile.unwrap_or_default() {
            Name::Instant => "instant",
            Name::Graph => "graph",
        }
    }

    /// The numbers.
    ///
    /// # Errors
    /// A limit that does not exist, or is none.
    pub fn profile(&self) -> anyhow::Result<Profile> {
        let mut profile = match self.profile.unwrap_or_default() {
            Name::Instant => Profile::INSTANT,
            Name::Graph => Profile::GRAPH,
        };
        for limit in &self.limits {
            let (name, value) = limit.split_once('=').with_context(|| {
                format!("--limit '{limit}' must be NAME=VALUE, with one of {LIMITS}")
            })?;
            change(&mut profile, name, value)
                .with_context(|| format!("--limit {name}: the value '{value}' cannot be used"))?;
        }
        Ok(profile)
    }
}

fn change(profile: &mut Profile, name: &str, value: &str) -> anyhow::Result<()> {
    let number = || {
        value
            .parse::<u64>()
            .context("it must be a whole number, not below 0")
    };
    // Zero would let nothing through, ever: it means that nothing is limited.
    let rate = || {
        let rate = u32::try_from(number()?).context("it is too large")?;
        anyhow::Ok(Some(rate).filter(|rate| *rate > 0))
    };
    let length = || {
        let length = read_length(name, value);
        let length =
            length.map_err(|refusal| anyhow::anyhow!(refusal.details[0].message.clone()))?;
        anyhow::Ok(Span::of((length, length)))
    };
    match name {
        "items_per_second" => profile.items_per_second = rate()?,
        "group_requests_per_second" => profile.group_requests_per_second = rate()?,
        "schema_registration" => profile.schema_registration = length()?,
        "schema_registration_fails" => {
            profile.schema_registration_fails =
                value.parse().context("it must be true or false")?;
        }
        "connection_deletion" => profile.connection_deletion = length()?,
        "index_latency" => profile.index_latency = length()?,
        "connections" => profile.connections_max = usize::try_from(number()?)?,
        "items_per_connection" => profile.items_per_connection_max = number()?,
        "items_per_tenant" => profile.items_per_tenant_max = number()?,
        "groups" => profile.groups_max = number()?,
        "group_members" => profile.group_members_max = number()?,
        "seed" => profile.seed = number()?,
        _ => bail!("there are only {LIMITS}"),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn climate(profile: Option<Name>, limits: &[&str]) -> Climate {
        Climate {
            profile,
            limits: limits.iter().map(|it| (*it).to_owned()).collect(),
        }
    }

    #[test]
    fn numbers_of_a_profile_are_changed() {
        assert_eq!(Climate::default().profile().unwrap(), Profile::INSTANT);
        let graph = climate(Some(Name::Graph), &[]);
        assert_eq!(graph.profile().unwrap(), Profile::GRAPH);
        let changed = climate(
            Some(Name::Graph),
            &[
                "items_per_second=4",
                "schema_registration=30s",
                "group_requests_per_second=0",
            ],
        );
        let half = Duration::from_secs(30);
        let expected = Profile {
            items_per_second: Some(4),
            schema_registration: Span::of((half, half)),
            group_requests_per_second: None,
            ..Profile::GRAPH
        };
        assert_eq!(changed.profile().unwrap(), expected);
    }

    #[test]
    fn what_is_no_limit_is_refused_by_name() {
        for (limit, named) in [
            ("items_per_second", "NAME=VALUE"),
            ("items_per_second=many", "'many'"),
            ("schema_registration_fails=1", "true or false"),
            ("items=4", "there are only items_per_second"),
            (
                "schema_registration=soon",
                "`schema_registration` is \"soon\"",
            ),
        ] {
            let refused = climate(None, &[limit]).profile().unwrap_err();
            assert!(format!("{refused:#}").contains(named), "{refused:#}");
        }
    }
}
