//! `activitySettings.urlToItemResolvers` of a connection at work: which item an address means.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/externalconnectors-itemidresolver>

use regress::Regex;
use serde_json::Value;

use super::{ExternalConnection, resolver::named_groups};
use crate::limits::ITEM_ID_CHARS_MAX;

/// Bytes of an item's id, whatever its letters.
const ITEM_ID_BYTES_MAX: usize = 4 * ITEM_ID_CHARS_MAX;

/// One accepted resolver.
#[derive(Clone, Debug)]
pub struct UrlResolver {
    /// Smaller ones are tried first; those without come last.
    pub priority: Option<i64>,
    /// Beginnings of the addresses that it knows; none: any.
    pub base_urls: Vec<String>,
    /// The regular expression with named groups; empty when there is none.
    pub url_pattern: String,
    /// The template of the id; empty when there is none.
    pub item_id: String,
    pattern: Option<Regex>,
}

impl ExternalConnection {
    /// The resolvers in the order in which they are tried.
    pub fn url_resolvers(&self) -> Vec<UrlResolver> {
        let mut resolvers: Vec<UrlResolver> = self
            .list("activitySettings", "urlToItemResolvers")
            .iter()
            .map(UrlResolver::kept)
            .collect();
        resolvers.sort_by_key(|resolver| resolver.priority.unwrap_or(i64::MAX));
        resolvers
    }

    /// `searchSettings.searchResultTemplates`, as accepted.
    pub fn result_templates(&self) -> &[Value] {
        self.list("searchSettings", "searchResultTemplates")
    }

    fn list(&self, settings: &str, list: &str) -> &[Value] {
        self.members
            .get(settings)
            .and_then(|settings| settings.get(list)?.as_array())
            .map_or(&[], Vec::as_slice)
    }
}

impl UrlResolver {
    fn kept(value: &Value) -> Self {
        let info = &value["urlMatchInfo"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let url_pattern = text(&info["urlPattern"]);
        let base_urls = info["baseUrls"].as_array();
        Self {
            priority: value["priority"].as_i64(),
            base_urls: base_urls.into_iter().flatten().map(text).collect(),
            pattern: Regex::new(&url_pattern)
                .ok()
                .filter(|_| !url_pattern.is_empty()),
            url_pattern,
            item_id: text(&value["itemId"]),
        }
    }

    /// Does it have all that it needs to find an id: a template, and a pattern that names every placeholder in it?
    pub fn is_whole(&self) -> bool {
        let groups = named_groups(&self.url_pattern);
        let mut names = placeholders(&self.item_id);
        self.pattern.is_some()
            && !self.item_id.is_empty()
            && names.all(|name| groups.contains(&name))
    }

    /// The most steps that matching an address of so many bytes can take; `None` when there is no bound worth the name, because a group repeats.
    ///
    /// The engine goes back and tries again, so each repetition multiplies by the length and each choice by two.
    pub fn steps_max(&self, bytes: usize) -> Option<u64> {
        let length = bytes.max(1) as u64;
        let mut steps = length;
        let (mut in_class, mut before) = (false, ' ');
        let mut letters = self.url_pattern.chars().peekable();
        while let Some(letter) = letters.next() {
            match letter {
                '\\' => drop(letters.next()),
                ']' => in_class = false,
                _ if in_class => {}
                '[' => in_class = true,
                '*' | '+' | '{' if before == ')' => return None,
                '*' | '+' | '{' => steps = steps.saturating_mul(length),
                '|' => steps = steps.saturating_mul(2),
                // Not the one that begins `(?<name>`, nor the one that makes a repetition lazy.
                '?' if !matches!(before, '(' | '*' | '+' | '}') => steps = steps.saturating_mul(2),
                _ => {}
            }
            before = if letter == '\\' { ' ' } else { letter };
        }
        Some(steps)
    }

    /// The id of the item that an address means; `None` when the resolver does not know it.
    ///
    /// The pattern is tried on what follows the base URL, and then on the whole address: the pages do not say which.
    /// Ask [`UrlResolver::steps_max`] first.
    pub fn item_id_of(&self, url: &str) -> Option<String> {
        let pattern = self.pattern.as_ref()?;
        let rest = if self.base_urls.is_empty() {
            Some(url)
        } else {
            let mut bases = self.base_urls.iter();
            bases.find_map(|base| url.strip_prefix(base.as_str()))
        };
        [rest?, url].into_iter().find_map(|text| {
            let found = pattern.find(text)?;
            let mut pieces = self.item_id.split('{');
            let mut id = pieces.next()?.to_owned();
            for piece in pieces {
                let (name, behind) = piece.split_once('}')?;
                id += found.named_group(name).and_then(|range| text.get(range))?;
                id += behind;
                // No item is called so; a template of many placeholders could fill the memory.
                if id.len() > ITEM_ID_BYTES_MAX {
                    return None;
                }
            }
            Some(id)
        })
    }
}

fn placeholders(template: &str) -> impl Iterator<Item = &str> {
    template
        .split('{')
        .skip(1)
        .filter_map(|opened| opened.split_once('}').map(|(name, _)| name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn resolver(item_id: &str, bases: &[&str], pattern: &str) -> UrlResolver {
        UrlResolver::kept(&json!({
            "priority": 1, "itemId": item_id, "urlMatchInfo": {"baseUrls": bases, "urlPattern": pattern},
        }))
    }

    #[test]
    fn addresses_become_ids() {
        let check = |resolver: &UrlResolver, url: &str, expect: Option<&str>| {
            assert_eq!(resolver.item_id_of(url).as_deref(), expect, "{url}");
        };
        let slug = resolver("{slug}", &["https://a.example"], "/articles/(?<slug>[^/]+)");
        check(&slug, "https://a.example/articles/T-1", Some("T-1"));
        check(&slug, "https://b.example/articles/T-1", None);
        check(&slug, "https://a.example/pages/T-1", None);
        let two = resolver("{a}-{b}", &["https://a.example"], r"^/(?<a>\d+)/(?<b>\w+)$");
        check(&two, "https://a.example/12/x", Some("12-x"));
        let whole = resolver(
            "{a}",
            &["https://a.example"],
            r"^https://a\.example/(?<a>\d+)",
        );
        check(&whole, "https://a.example/12", Some("12"));
        check(&resolver("{a}", &[], "(?<a>[0-9]+)"), "x9", Some("9"));
        check(&resolver("{a}", &[], ""), "x9", None);
        let (braces, all) = ("(?<a>.)(?<b>.*)", "(?<a>.*)");
        check(&resolver("{b}-{a}", &[], braces), "x{a}", Some("{a}-x"));
        check(
            &resolver(&"{a}".repeat(512), &[], all),
            "x",
            Some(&"x".repeat(512)),
        );
        check(&resolver(&"{a}".repeat(513), &[], all), "x", None);
    }

    #[test]
    fn whole_ones_name_their_placeholders() {
        assert!(resolver("{a}", &[], "(?<a>.)").is_whole());
        assert!(resolver("fixed", &[], ".").is_whole());
        assert!(!resolver("{b}", &[], "(?<a>.)").is_whole());
        assert!(!resolver("", &[], "(?<a>.)").is_whole());
        assert!(!resolver("{a}", &[], "").is_whole());
    }

    #[test]
    fn costly_patterns_are_known() {
        let steps = |pattern: &str| resolver("x", &[], pattern).steps_max(10);
        assert_eq!(steps("/abc"), Some(10));
        assert_eq!(steps("/(?<slug>[^/]+)"), Some(100));
        assert_eq!(steps(r"(?<a>[*+?]+?)\+x?|y"), Some(400));
        assert_eq!(steps("(?:/en)?/a"), Some(20));
        assert_eq!(steps("(a+)+$"), None);
        assert_eq!(steps("(a|a){1,9}"), None);
        assert_eq!(steps(&"a*".repeat(99)), Some(u64::MAX));
    }
}
