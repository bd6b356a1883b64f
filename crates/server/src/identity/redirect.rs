//! Where sign-in in a browser may send its users: loopback addresses, and what was registered for the app.
//!
//! Documentation: <https://learn.microsoft.com/entra/identity-platform/reply-url>

use std::fmt::Write;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tenant::accounts::App;

/// Longer ones are not worth a look.
const BYTES_MAX: usize = 2048;
/// Everything but the unreserved characters of RFC 3986.
const ENCODED: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// Schemes that make a browser run or show what stands in the address.
const UNSAFE_SCHEMES: [&str; 8] = [
    "javascript",
    "data",
    "vbscript",
    "file",
    "blob",
    "about",
    "ftp",
    "view-source",
];

/// A redirect URI that cannot be registered for an app.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` cannot be a redirect URI: it must be https://…, a scheme of the app's own (app://…), or http:// on localhost, without a fragment, a wildcard, a user name or blanks"
)]
pub struct RedirectUriError(String);

/// Checks a redirect URI before it is registered.
///
/// # Errors
/// It is none, or one that tokens must not be sent to.
pub fn check_redirect_uri(uri: &str) -> Result<(), RedirectUriError> {
    let refused = || RedirectUriError(uri.to_owned());
    let (scheme, rest) = uri.split_once("://").ok_or_else(refused)?;
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let lower = scheme.to_ascii_lowercase();
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let is_fine = is_scheme
        && is_plain(uri)
        && !uri.contains(['#', '*'])
        && !authority.is_empty()
        && !authority.contains('@')
        && !UNSAFE_SCHEMES.contains(&lower.as_str())
        && (lower != "http" || is_loopback(uri));
    if is_fine { Ok(()) } else { Err(refused()) }
}

/// May sign-in through this app end there? Registered ones must be the very same text; loopback addresses need no registration,
/// because a native app cannot know its port beforehand (RFC 8252, section 7.3).
pub(super) fn is_allowed(app: &App, uri: &str) -> bool {
    is_loopback(uri) || app.redirect_uris.iter().any(|known| known == uri)
}

/// `http` on this machine, with any port and path.
pub(super) fn is_loopback(uri: &str) -> bool {
    let Some(rest) = uri.strip_prefix("http://").filter(|_| is_plain(uri)) else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let is_port =
        |port: &str| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
    matches!(host, "localhost" | "127.0.0.1" | "[::1]")
        && port.is_none_or(is_port)
        && !uri.contains('#')
}

/// Nothing that a header, a page or another reader of addresses could take for something else.
fn is_plain(uri: &str) -> bool {
    uri.len() <= BYTES_MAX
        && uri
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"\"'<>\\^`{|};,".contains(&byte))
}

/// Appends parameters to an address, after `?` or `#`.
pub(super) fn with(uri: &str, mark: char, parameters: &[(&str, String)]) -> String {
    let mut out = uri.to_owned();
    let mut separator = if mark == '?' && uri.contains('?') {
        '&'
    } else {
        mark
    };
    for (name, value) in parameters {
        let value = utf8_percent_encode(value, &ENCODED);
        // Writing to a string cannot fail.
        let _ = write!(out, "{separator}{name}={value}");
        separator = '&';
    }
    out
}

/// What a page's policy has to name so that its form may lead there: scheme and host, or the scheme alone.
pub(super) fn source(uri: &str) -> String {
    let (scheme, rest) = uri.split_once("://").unwrap_or((uri, ""));
    match scheme {
        "http" | "https" => {
            let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
            // A policy cannot name the addresses of IP version 6.
            if authority.starts_with('[') {
                return format!("{scheme}:");
            }
            format!("{scheme}://{authority}")
        }
        _ => format!("{scheme}:"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_http_on_this_machine_and_nothing_that_looks_like_it() {
        for uri in [
            "http://localhost",
            "http://localhost/",
            "http://localhost:1",
            "http://127.0.0.1:65535/a/b?c=d",
            "http://[::1]:8400/",
            "http://localhost?x",
        ] {
            assert!(is_loopback(uri), "{uri}");
        }
        for uri in [
            "https://localhost",
            "HTTP://localhost",
            "http://localhost.evil.example",
            "http://localhost@evil.example",
            "http://evil.example@localhost",
            "http://user@localhost:1",
            "http://localhost:1@evil.example",
            "http://localhost:65536",
            "http://localhost:",
            "http://localhost:+1",
            "http://localhost\\@evil.example",
            "http://localhost\\evil.example",
            "http://localhost;evil.example",
            "http://localhost/ x",
            "http://localhost/\r\nset-cookie:a",
            "http://localhost/#a",
            "http://localhost/\"><b>",
            "http://0.0.0.0:1",
            "http://127.0.0.2",
            "http://[::1",
            "http://::1",
            "//localhost",
            "http:localhost",
            "",
        ] {
            assert!(!is_loopback(uri), "{uri}");
        }
    }

    #[test]
    fn only_addresses_that_tokens_may_be_sent_to_are_registered() {
        for uri in [
            "https://portal.example/back",
            "https://portal.example:8443/back?x=y",
            "app://back",
            "com.example.app://auth",
            "http://localhost:1/x",
        ] {
            assert_eq!(check_redirect_uri(uri), Ok(()), "{uri}");
        }
        for uri in [
            "http://portal.example/back",
            "https://*.example/back",
            "https://portal.example/#x",
            "https://user@portal.example/",
            "https:///back",
            "javascript://x/%0aalert(1)",
            "JavaScript://x/",
            "data://x",
            "file://x/y",
            "portal.example",
            "https://portal example/",
            "https://a,b.example/",
            "://x",
        ] {
            assert!(check_redirect_uri(uri).is_err(), "{uri}");
        }
        assert!(check_redirect_uri(&format!("https://x.example/{}", "a".repeat(2048))).is_err());
    }

    #[test]
    fn parameters_are_appended_and_encoded() {
        let parameters = [("code", "a b&c".to_owned()), ("state", "=é#".to_owned())];
        for (uri, mark, expect) in [
            (
                "http://localhost",
                '?',
                "http://localhost?code=a%20b%26c&state=%3D%C3%A9%23",
            ),
            (
                "https://x.example/b?c=d",
                '?',
                "https://x.example/b?c=d&code=a%20b%26c&state=%3D%C3%A9%23",
            ),
            (
                "app://b?c",
                '#',
                "app://b?c#code=a%20b%26c&state=%3D%C3%A9%23",
            ),
        ] {
            assert_eq!(with(uri, mark, &parameters), expect);
        }
        assert_eq!(source("http://localhost:1/a?b"), "http://localhost:1");
        assert_eq!(source("app://back"), "app:");
    }
}
