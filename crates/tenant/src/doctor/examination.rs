//! What an examination says.

use std::borrow::Cow;

use graph::{ConnectionState, ExternalConnection};
use serde::{Deserialize, Serialize};

use crate::survey::Survey;

/// How ready a connection is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Examination {
    /// Its id.
    pub connection: String,
    /// Its display name.
    pub name: String,
    /// Its state.
    pub state: ConnectionState,
    /// How many items were looked at, and how.
    pub items: Examined,
    /// How ready it is, in one number each.
    pub scores: Scores,
    /// How many checks ended how.
    pub summary: Tally,
    /// Every check, always all of them in the same order.
    pub checks: Vec<Check>,
}

/// Of how many items the facts are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Examined {
    /// All items.
    pub count: u64,
    /// Those whose ACLs and activities were counted.
    pub counted: u64,
    /// Those that were read.
    pub sampled: u64,
}

/// 0 to 100 each.
///
/// Of all checks that weigh something and have a verdict other than unknown: the sum of their weights, a warning's halved and a failure's left out, in
/// percent of the sum of all their weights, rounded down. A connection of which nothing is known scores 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scores {
    /// For search.
    pub search: u8,
    /// For Copilot.
    pub copilot: u8,
}

/// How many checks ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the verdicts say it")]
pub struct Tally {
    pub pass: u32,
    pub warning: u32,
    pub failure: u32,
    pub unknown: u32,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// Its name for machines; stable.
    pub id: Cow<'static, str>,
    /// What it is about.
    pub area: Area,
    /// What ought to be so.
    pub title: Cow<'static, str>,
    /// How it ended.
    pub verdict: Verdict,
    /// What was found, with the value.
    pub found: String,
    /// Why it matters.
    pub why: Cow<'static, str>,
    /// What to do if it is not so.
    pub fix: Cow<'static, str>,
    /// The parts of the connection that it is about, for example `schema/properties/title`; none: the connection.
    pub about: Vec<String>,
    /// How much it counts.
    pub weight: Weight,
}

/// What a check is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Area {
    Connection,
    Schema,
    Items,
    Access,
    Usage,
}

/// How a check ended, from good to bad; `unknown` is none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// As it ought to be.
    Pass,
    /// It works, and could work better.
    Warning,
    /// Something does not work.
    Failure,
    /// Nothing is known about it, or there is nothing of the kind.
    Unknown,
}

/// How much a check counts; 0: not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weight {
    /// For search.
    pub search: u8,
    /// For Copilot.
    pub copilot: u8,
}

impl Examination {
    pub(super) fn new(
        connection: &ExternalConnection,
        survey: &Survey,
        checks: Vec<Check>,
    ) -> Self {
        let mut summary = Tally::default();
        for check in &checks {
            *match check.verdict {
                Verdict::Pass => &mut summary.pass,
                Verdict::Warning => &mut summary.warning,
                Verdict::Failure => &mut summary.failure,
                Verdict::Unknown => &mut summary.unknown,
            } += 1;
        }
        Self {
            connection: connection.id.as_str().to_owned(),
            name: connection.name().to_owned(),
            state: connection.state,
            items: Examined {
                count: survey.items,
                counted: survey.counted,
                sampled: survey.sample.len() as u64,
            },
            scores: Scores {
                search: score(&checks, |weight| weight.search),
                copilot: score(&checks, |weight| weight.copilot),
            },
            summary,
            checks,
        }
    }

    /// Is there a check that ended so badly, or worse?
    pub fn has(&self, level: Verdict) -> bool {
        match level {
            Verdict::Failure => self.summary.failure > 0,
            Verdict::Warning => self.summary.failure + self.summary.warning > 0,
            Verdict::Pass | Verdict::Unknown => true,
        }
    }
}

fn score(checks: &[Check], of: impl Fn(Weight) -> u8) -> u8 {
    let (mut earned, mut possible) = (0, 0);
    for check in checks {
        let weight = u32::from(of(check.weight));
        let (got, all) = match check.verdict {
            Verdict::Pass => (2 * weight, 2 * weight),
            Verdict::Warning => (weight, 2 * weight),
            Verdict::Failure => (0, 2 * weight),
            Verdict::Unknown => (0, 0),
        };
        earned += got;
        possible += all;
    }
    let percent = (100 * earned).checked_div(possible).unwrap_or(0);
    u8::try_from(percent).unwrap_or(100)
}

#[cfg(test)]
mod tests {
    use super::{
        super::rules::{DESCRIPTION, FORECAST, LABEL_TITLE, STATE},
        *,
    };

    #[test]
    fn scores_weigh_what_is_known() {
        let of = |checks: &[Check]| score(checks, |weight| weight.search);
        assert_eq!(of(&[]), 0);
        assert_eq!(of(&[FORECAST.pass("no weight")]), 0);
        // 10, 8 and 1 for search.
        let (state, title) = (STATE.pass("ready"), LABEL_TITLE.warning("none"));
        assert_eq!(of(std::slice::from_ref(&state)), 100);
        assert_eq!(of(&[state.clone(), title.clone()]), 77);
        let short = DESCRIPTION.failure("none");
        assert_eq!(of(&[state.clone(), title.clone(), short]), 73);
        let unknown = DESCRIPTION.unknown("none");
        assert_eq!(of(&[state, title, unknown]), 77);
    }
}
