//! Which protocol a client speaks, by its first bytes.

use tokio::net::TcpStream;

/// As much as tells the protocols apart, and most often whom the client took us for.
const BYTES_MAX: usize = 2 * 1024;

/// With this a TLS handshake begins.
const HANDSHAKE: u8 = 0x16;

/// With this HTTP/2 begins where both know that it is spoken.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n";

/// What a client begins with.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum First {
    /// A handshake.
    Tls,
    /// HTTP/2.
    Http2,
    /// Anything else, HTTP/1 most often, for the host that it names.
    Http1 {
        /// The Host header, as far as it came already.
        host: Option<String>,
    },
}

impl First {
    /// Looks at the first bytes and leaves them where they are; none when the client goes away without a word.
    pub async fn of(stream: &TcpStream) -> Option<Self> {
        let mut bytes = [0; BYTES_MAX];
        let count = stream.peek(&mut bytes).await.ok()?;
        let bytes = bytes.get(..count)?;
        Some(match bytes.first()? {
            &HANDSHAKE => Self::Tls,
            _ if bytes.starts_with(PREFACE) => Self::Http2,
            _ => Self::Http1 { host: host(bytes) },
        })
    }
}

fn host(head: &[u8]) -> Option<String> {
    let lines = head.split(|byte| *byte == b'\n');
    let named = lines.filter_map(|line| {
        let (name, value) = std::str::from_utf8(line).ok()?.split_once(':')?;
        let is_host = name.eq_ignore_ascii_case("host");
        is_host.then(|| value.trim().to_owned())
    });
    named.into_iter().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_found() {
        let check = |head: &str, expect: Option<&str>| {
            assert_eq!(host(head.as_bytes()).as_deref(), expect, "{head}");
        };
        check(
            "GET / HTTP/1.1\r\nAccept: a\r\nHOST: a:1\r\n\r\n",
            Some("a:1"),
        );
        check("GET / HTTP/1.1\r\nHo", None);
    }
}
