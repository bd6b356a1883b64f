//! `activitySettings.urlToItemResolvers` of a connection: from the address of a page to the id of an item.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/externalconnectors-itemidresolver>

use serde_json::{Map, Value, json};

use super::settings::note;
use crate::{
    error::PublicError,
    generous::{Object, is_type, member, object, quoted, refused, shown, text, texts},
    limits::{
        BASE_URL_BYTES_MAX, BASE_URLS_MAX, URL_PATTERN_BYTES_MAX, URL_PATTERN_GROUPS_MAX,
        URL_RESOLVER_PRIORITY_MAX,
    },
    odata::integer,
};

/// The type that a resolver is answered with; clients choose a class by it.
const ITEM_ID_RESOLVER: &str = "#microsoft.graph.externalConnectors.itemIdResolver";

/// An `itemIdResolver`, the only concrete kind. An SDK is known to send no more than its priority; such a resolver finds nothing, and is refused.
pub(super) fn resolver(
    target: &str,
    value: &Value,
    ignored: &mut Vec<String>,
) -> Result<Value, PublicError> {
    let sent = object(target, value)?;
    note(
        target,
        sent,
        &["priority", "itemId", "urlMatchInfo"],
        ignored,
    );
    if let Some(kind) = member(sent, "@odata.type") {
        let place = format!("{target}.@odata.type");
        if !is_type(text(&place, kind)?, &["itemIdResolver"]) {
            let help = format!(
                "{place} is {}; it must be \"{ITEM_ID_RESOLVER}\".",
                quoted(kind)
            );
            return Err(refused(place, help));
        }
    }
    let mut resolver = Map::new();
    resolver.insert("@odata.type".to_owned(), json!(ITEM_ID_RESOLVER));
    let priority = member(sent, "priority")
        .map(|value| {
            integer(
                format!("{target}.priority"),
                value,
                1..=URL_RESOLVER_PRIORITY_MAX,
            )
        })
        .transpose()?;
    resolver.insert("priority".to_owned(), json!(priority));
    let place = format!("{target}.itemId");
    let template = required(
        sent,
        "itemId",
        &place,
        "a template of an item id such as \"{slug}\"",
    )?;
    let template = text(&place, template)?;
    let within = format!("{target}.urlMatchInfo");
    let fix = "an object with the members baseUrls and urlPattern";
    let match_info = required(sent, "urlMatchInfo", &within, fix)?;
    let match_info = url_match_info(&within, match_info, ignored)?;
    item_id(&place, template, match_info["urlPattern"].as_str())?;
    resolver.insert("itemId".to_owned(), json!(template));
    resolver.insert("urlMatchInfo".to_owned(), match_info);
    Ok(Value::Object(resolver))
}

/// A member without which a resolver finds nothing.
fn required<'a>(
    sent: &'a Object,
    name: &str,
    place: &str,
    fix: &str,
) -> Result<&'a Value, PublicError> {
    member(sent, name).ok_or_else(|| {
        let help = format!("{place} is missing or null; a resolver needs it: send {fix}. Some SDKs leave out what is not in the base type.");
        refused(place, help)
    })
}

/// `itemId`: a template whose placeholders are named groups of the pattern.
fn item_id(place: &str, template: &str, pattern: Option<&str>) -> Result<(), PublicError> {
    let broken = |why: String| Err(refused(place, format!("{place} {why}")));
    if template.is_empty() {
        return broken(
            "is empty; it must be a template of an item id such as \"{slug}\".".to_owned(),
        );
    }
    if template.len() > URL_PATTERN_BYTES_MAX {
        let length = template.len();
        return broken(format!(
            "has {length} bytes; it may have {URL_PATTERN_BYTES_MAX}."
        ));
    }
    let groups = named_groups(pattern.unwrap_or_default());
    for opened in template.split('{').skip(1) {
        let Some((name, _)) = opened.split_once('}') else {
            return broken(format!(
                "is {}; a placeholder in it is not closed.",
                shown(template)
            ));
        };
        if !groups.contains(&name) {
            let known = if groups.is_empty() {
                "none".to_owned()
            } else {
                groups.join(", ")
            };
            return broken(format!(
                "has the placeholder {}, which is no named group of urlMatchInfo.urlPattern (it has {known}); name a group like (?<{}>[^/]+).",
                shown(&format!("{{{name}}}")),
                if is_group_name(name) { name } else { "slug" },
            ));
        }
    }
    Ok(())
}

fn is_group_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 40
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// The names of the groups in a pattern that was read before, in their order.
pub(super) fn named_groups(pattern: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let (mut rest, mut in_class) = (pattern, false);
    while let Some(first) = rest.chars().next() {
        if let Some(named) = rest.strip_prefix("(?<").filter(|_| !in_class)
            && !named.starts_with(['=', '!'])
            && let Some((name, _)) = named.split_once('>')
        {
            names.push(name);
        }
        // What follows a backslash means itself.
        let step = if first == '\\' { 2 } else { 1 };
        in_class = match first {
            '[' => true,
            ']' => false,
            _ => in_class,
        };
        rest = &rest[rest
            .char_indices()
            .nth(step)
            .map_or(rest.len(), |(at, _)| at)..];
    }
    names
}

/// `baseUrls` and `urlPattern`. What a shell has mangled is often a pattern still, and is stored as it came.
fn url_match_info(
    target: &str,
    value: &Value,
    ignored: &mut Vec<String>,
) -> Result<Value, PublicError> {
    let sent = object(target, value)?;
    note(target, sent, &["baseUrls", "urlPattern"], ignored);
    let base_urls = member(sent, "baseUrls")
        .map(|value| texts(format!("{target}.baseUrls"), value))
        .transpose()?
        .unwrap_or_default();
    if base_urls.len() > BASE_URLS_MAX || base_urls.iter().any(|url| url.len() > BASE_URL_BYTES_MAX)
    {
        let place = format!("{target}.baseUrls");
        let help =
            format!("{place} may have {BASE_URLS_MAX} entries of {BASE_URL_BYTES_MAX} bytes each.");
        return Err(refused(place, help));
    }
    if let Some(at) = base_urls.iter().position(|url| !is_base_url(url)) {
        let place = format!("{target}.baseUrls[{at}]");
        let help = format!(
            "{place} is {}; it must be the beginning of an address with its scheme and host, such as \"https://tickets.example\".",
            shown(&base_urls[at])
        );
        return Err(refused(place, help));
    }
    let place = format!("{target}.urlPattern");
    let fix = "a regular expression such as \"/articles/(?<slug>[^/]+)\"";
    let pattern = url_pattern(&place, required(sent, "urlPattern", &place, fix)?)?;
    Ok(json!({"baseUrls": base_urls, "urlPattern": pattern}))
}

/// Scheme, host, and no blanks: what an address of a page can begin with.
fn is_base_url(url: &str) -> bool {
    let host = url.split_once("://").filter(|(scheme, _)| {
        scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http")
    });
    host.is_some_and(|(_, rest)| {
        rest.starts_with(|first: char| first.is_alphanumeric() || first == '[')
    }) && !url.contains(|letter: char| letter.is_whitespace() || letter.is_control())
}

/// `urlPattern`: a regular expression of ECMA-262.
fn url_pattern<'a>(place: &str, value: &'a Value) -> Result<&'a str, PublicError> {
    let pattern = text(place, value)?;
    let broken = |why: String| {
        Err(refused(
            place,
            format!("{place} is {}; {why}", shown(pattern)),
        ))
    };
    if pattern.is_empty() {
        return broken(
            "it must be a regular expression such as \"/articles/(?<slug>[^/]+)\".".to_owned(),
        );
    }
    if pattern.len() > URL_PATTERN_BYTES_MAX {
        return broken(format!("it may have {URL_PATTERN_BYTES_MAX} bytes."));
    }
    // The reader of patterns calls itself for every group.
    if pattern.matches('(').count() > URL_PATTERN_GROUPS_MAX {
        return broken(format!("it may have {URL_PATTERN_GROUPS_MAX} groups."));
    }
    match regress::Regex::new(pattern) {
        Ok(_) => Ok(pattern),
        Err(error) => broken(format!(
            "it must be a regular expression of ECMA-262 ({error}), for example \"/articles/(?<slug>[^/]+)\"."
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(item_id: &str, pattern: &str) -> Result<Value, PublicError> {
        let sent = json!({"itemId": item_id, "urlMatchInfo": {"urlPattern": pattern}});
        resolver("r", &sent, &mut Vec::new())
    }

    #[test]
    fn placeholders_are_named_groups() {
        for (item_id, pattern) in [
            ("{slug}", "/(?<slug>[^/]+)"),
            // What a shell has been seen to make of it.
            ("{slug}", "$'/(?<slug>[^/]+)'"),
            ("{a}-{b}", r"^/(?<a>\d+)/(?<b>\w+)$"),
            ("fixed", "/anything"),
            ("{b}", r"\(?<a>(?<=x)[(?<c>](?<b>y)"),
        ] {
            assert!(read(item_id, pattern).is_ok(), "{item_id} {pattern}");
        }
        for (item_id, pattern, words) in [
            ("{slug}", "/(?<id>[^/]+)", "it has id"),
            ("{slug}", "/([^/]+)", "it has none"),
            ("{c}", r"[(?<c>]", "it has none"),
            ("{c}", r"\(?<c>", "it has none"),
            ("{}", "(?<a>.)", "`{}`"),
            ("{a", "(?<a>.)", "not closed"),
            ("", "(?<a>.)", "empty"),
            (&"x".repeat(4097), "(?<a>.)", "may have 4096"),
        ] {
            let error = read(item_id, pattern).unwrap_err();
            assert_eq!(
                error.target.as_deref(),
                Some("r.itemId"),
                "{item_id} {pattern}"
            );
            let help = &error.details[0].message;
            assert!(help.contains(words), "{item_id} {pattern}: {help}");
        }
    }

    #[test]
    fn base_urls_are_few_and_short() {
        let read = |urls: Vec<String>| {
            let sent =
                json!({"itemId": "x", "urlMatchInfo": {"baseUrls": urls, "urlPattern": "."}});
            resolver("r", &sent, &mut Vec::new())
        };
        let long = |length: usize| format!("https://{}", "u".repeat(length - 8));
        assert!(read(vec![long(2048); 32]).is_ok());
        for urls in [vec![long(9); 33], vec![long(2049)]] {
            let target = read(urls).unwrap_err().target;
            assert_eq!(target.as_deref(), Some("r.urlMatchInfo.baseUrls"));
        }
        for url in ["HTTP://a", "https://[::1]:80/x?y", "https://größe.example"] {
            assert!(read(vec![url.to_owned()]).is_ok(), "{url}");
        }
        for url in [
            "",
            "nota url",
            "https://",
            "https:///x",
            "ftp://x",
            "/x",
            "https://a b",
        ] {
            let error = read(vec![long(9), url.to_owned()]).unwrap_err();
            assert_eq!(error.target.as_deref(), Some("r.urlMatchInfo.baseUrls[1]"));
            assert!(error.details[0].message.contains("https://tickets.example"));
        }
    }

    #[test]
    fn a_resolver_has_all_it_needs() {
        let whole = json!({"itemId": "{a}", "urlMatchInfo": {"urlPattern": "(?<a>.)"}});
        assert!(resolver("r", &whole, &mut Vec::new()).is_ok());
        let check = |sent: Value, target: &str| {
            let error = resolver("r", &sent, &mut Vec::new()).unwrap_err();
            assert_eq!(error.target.as_deref(), Some(target), "{sent}");
            assert!(error.details[0].message.contains("a resolver needs it"));
        };
        check(json!({}), "r.itemId");
        check(json!({"priority": 1}), "r.itemId");
        check(json!({"urlMatchInfo": whole["urlMatchInfo"]}), "r.itemId");
        check(json!({"itemId": "{a}"}), "r.urlMatchInfo");
        check(
            json!({"itemId": "{a}", "urlMatchInfo": {}}),
            "r.urlMatchInfo.urlPattern",
        );
    }

    #[test]
    fn patterns_are_regular_expressions_of_bounded_size() {
        for pattern in [
            "(",
            "[",
            "a**",
            "(?<a>.)(?<a>.)",
            &"(".repeat(100_000),
            &"a".repeat(5000),
        ] {
            let error = read("x", pattern).unwrap_err();
            let target = error.target.as_deref();
            assert_eq!(
                target,
                Some("r.urlMatchInfo.urlPattern"),
                "{}",
                shown(pattern)
            );
            assert!(error.details[0].message.len() < 1000);
        }
        let deep = format!("{}{}", "(".repeat(64), ")".repeat(64));
        assert!(read("x", &deep).is_ok());
    }
}
