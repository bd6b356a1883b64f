//! What the weather has done so far, for people and machines.

use std::collections::BTreeMap;

use serde::Serialize;

use super::forecast::Forecast;

/// A report; all numbers count from the start of the server.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The profile's name.
    pub profile: &'static str,
    /// Requests that were told to come back because too many had come.
    pub throttled: u64,
    /// Requests that came back before they should have.
    pub came_back_too_early: u64,
    /// Faults that fell, by kind.
    pub faults: BTreeMap<&'static str, u64>,
    /// How long what was done would have taken on the Graph; none when nothing was done.
    pub forecast: Option<Forecast>,
}

impl Report {
    /// Is there nothing to say?
    pub fn is_empty(&self) -> bool {
        self.throttled == 0 && self.faults.is_empty() && self.forecast.is_none()
    }

    /// The report as sentences for people.
    pub fn sentences(&self) -> Vec<String> {
        let mut all = vec![format!(
            "the weather (profile {}): throttled {}, came back too early {}",
            self.profile,
            times(self.throttled),
            times(self.came_back_too_early)
        )];
        if !self.faults.is_empty() {
            let faults: Vec<String> = self
                .faults
                .iter()
                .map(|(kind, count)| format!("{count} × {kind}"))
                .collect();
            all.push(format!("faults injected: {}", faults.join(", ")));
        }
        all.extend(self.forecast.iter().flat_map(Forecast::sentences));
        all
    }
}

fn times(count: u64) -> String {
    match count {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        _ => format!("{count} times"),
    }
}
