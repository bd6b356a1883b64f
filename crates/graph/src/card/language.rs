//! `searchResultTemplates` and `eDiscoveryResultTemplates`: two languages of templates around the same cards.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/externalconnectors-displaytemplate>

use serde_json::Value;

/// How a template says where values go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// `${property}`, in cards of any version.
    Search,
    /// `{property}`, in cards up to version 1.2.
    EDiscovery,
}

impl Language {
    /// What a placeholder begins with, as a regular expression of ECMA-262.
    pub(super) const fn opening(self) -> &'static str {
        match self {
            Self::Search => r"\$\{",
            Self::EDiscovery => r"\{",
        }
    }

    /// May a card have this version? Two numbers with a point, or a placeholder; then what it should be.
    pub(super) fn knows(self, version: &str) -> Result<(), &'static str> {
        let number = |part: &str| {
            let digits = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
            digits.then(|| part.parse().unwrap_or(u64::MAX))
        };
        let numbers = version
            .split_once('.')
            .and_then(|(major, minor)| Some((number(major)?, number(minor)?)));
        match (self, numbers) {
            (Self::Search, Some(_)) => Ok(()),
            (Self::Search, None) if version.contains("${") => Ok(()),
            (Self::Search, None) => Err("a version such as \"1.3\""),
            (Self::EDiscovery, Some(numbers)) if numbers <= (1, 2) => Ok(()),
            (Self::EDiscovery, _) => {
                Err("\"1.2\" or an earlier version in a template for eDiscovery")
            }
        }
    }

    /// The first place below this one where a placeholder of the other language stands. Only eDiscovery can tell: in a search template braces are text.
    pub(super) fn misused(self, place: &str, value: &Value) -> Option<String> {
        match (self, value) {
            (Self::EDiscovery, Value::String(text)) => {
                text.contains("${").then(|| place.to_owned())
            }
            (Self::EDiscovery, Value::Array(values)) => values
                .iter()
                .enumerate()
                .find_map(|(at, value)| self.misused(&format!("{place}[{at}]"), value)),
            (Self::EDiscovery, Value::Object(members)) => members
                .iter()
                .find_map(|(name, value)| self.misused(&format!("{place}.{name}"), value)),
            _ => None,
        }
    }
}
