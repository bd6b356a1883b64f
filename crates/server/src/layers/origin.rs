//! Where the client thinks we are: the scheme and host that links in answers begin with.

use axum::http::{HeaderMap, Uri, header, request::Parts};
use graph::{ErrorCode, PublicError};

use crate::Settings;

/// A host with its port is never longer than this many bytes: 255 for the name, and the port.
const HOST_BYTES_MAX: usize = 261;

/// How a request came in; a listener puts it into the request's extensions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scheme {
    /// Plain.
    #[default]
    Http,
    /// Over TLS.
    Https,
}

impl Scheme {
    /// The scheme as it begins a URL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// The configured address, or the scheme and host that the client used, without a slash at the end.
///
/// # Errors
/// 400 `BadRequest` when the client named no host, or something that is none: it would come back in every link.
pub(crate) fn origin(settings: &Settings, parts: &Parts) -> Result<String, PublicError> {
    if let Some(url) = &settings.public_url {
        return Ok(url.trim_end_matches('/').to_owned());
    }
    let scheme = parts
        .extensions
        .get::<Scheme>()
        .copied()
        .unwrap_or_default();
    let host = host(&parts.uri, &parts.headers)?;
    Ok(format!("{}://{host}", scheme.as_str()))
}

fn host<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Result<&'a str, PublicError> {
    // HTTP/2 says `:authority`, and an absolute request line goes before the Host header too.
    let host = match (uri.authority(), headers.get(header::HOST)) {
        (Some(authority), _) => Some(authority.as_str()),
        (None, Some(value)) => Some(value.to_str().unwrap_or("?")),
        (None, None) => None,
    };
    let refused = |message: &str| {
        Err(PublicError::new(ErrorCode::BadRequest, message).with_help(
            "Host",
            "Links in answers begin with the host that the client names; send `Host: name` or `Host: name:port`.",
        ))
    };
    match host {
        None => refused("The Host header is missing."),
        Some(host) if is_host(host) => Ok(host),
        Some(_) => refused("The Host header is not a host name with an optional port."),
    }
}

/// A name, an IPv4 address or an IPv6 address in brackets, and perhaps a port.
pub(crate) fn is_host(text: &str) -> bool {
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (text, None),
    };
    let name_is_fine = match name.strip_prefix('[') {
        Some(rest) => rest
            .strip_suffix(']')
            .is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok()),
        None => {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
        }
    };
    let port_is_fine = port.is_none_or(|port| {
        port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok()
    });
    text.len() <= HOST_BYTES_MAX && name_is_fine && port_is_fine
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    #[test]
    fn hosts() {
        for host in [
            "localhost",
            "localhost:7780",
            "127.0.0.1:1",
            "[::1]",
            "[::1]:7743",
            "graph.microsoft.com",
            "my_host-1.example:443",
        ] {
            assert!(is_host(host), "{host}");
        }
        for host in [
            "",
            ":80",
            "a b",
            "a/b",
            "user@host",
            "host:",
            "host:x",
            "host:+1",
            "host:65536",
            "[::1",
            "::1",
            "[localhost]",
            "a\"b",
            "ä",
            "host:80:90",
        ] {
            assert!(!is_host(host), "{host}");
        }
        assert!(!is_host(&"a".repeat(262)));
    }

    fn parts(uri: &str, host: Option<&str>, scheme: Option<Scheme>) -> Parts {
        let mut request = Request::builder().uri(uri);
        if let Some(host) = host {
            request = request.header("host", host);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        parts.extensions.extend(
            scheme
                .map(|scheme| {
                    let mut extensions = axum::http::Extensions::new();
                    extensions.insert(scheme);
                    extensions
                })
                .unwrap_or_default(),
        );
        parts
    }

    #[test]
    fn the_origin_is_what_the_client_used() {
        let settings = Settings::default();
        let check = |parts: Parts, expect: &str| {
            assert_eq!(origin(&settings, &parts).unwrap(), expect);
        };
        check(
            parts("/v1.0/me", Some("localhost:1"), None),
            "http://localhost:1",
        );
        check(
            parts("/v1.0/me", Some("localhost:1"), Some(Scheme::Https)),
            "https://localhost:1",
        );
        // HTTP/2 carries the authority in the target.
        check(
            parts(
                "https://graph.example/v1.0/me",
                Some("other"),
                Some(Scheme::Https),
            ),
            "https://graph.example",
        );
        for host in [None, Some("a\"b"), Some("evil/path")] {
            let error = origin(&settings, &parts("/v1.0/me", host, None)).unwrap_err();
            assert_eq!(error.status, 400, "{host:?}");
        }
    }

    #[test]
    fn the_public_url_goes_first() {
        let settings = Settings {
            public_url: Some("https://search.example/".to_owned()),
            ..Settings::default()
        };
        let parts = parts("/", None, None);
        assert_eq!(origin(&settings, &parts).unwrap(), "https://search.example");
    }
}
