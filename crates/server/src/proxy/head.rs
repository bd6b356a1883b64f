//! The head of a request to the CONNECT listener: read within bounds, and judged.

use std::{io, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt},
    time::timeout,
};

use crate::tls;

/// Bytes of a head; nothing in it is for us but its first line.
const BYTES_MAX: usize = 8 * 1024;

/// How long a client may take for its head.
const PATIENCE: Duration = Duration::from_secs(10);

/// The only port that is carried.
const PORT: &str = "443";

/// Characters of a client's text that a refusal repeats.
const QUOTE_MAX: usize = 100;

/// What the listener is for; every refusal says so.
const PURPOSE: &str = "this listener carries CONNECT tunnels to port 443 of graph.microsoft.com, \
login.microsoftonline.com and their like in the national clouds, all of which end in this Linkspan server, and nothing else";

/// A head that asks for a tunnel which is carried.
#[derive(Debug)]
pub(super) struct Head {
    /// The version to answer in: `HTTP/1.0` or `HTTP/1.1`.
    pub version: &'static str,
    /// What came behind the head already, which belongs into the tunnel.
    pub ahead: Vec<u8>,
}

/// A head that asks for anything else.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// HTTP status with its phrase.
    pub status: &'static str,
    /// One sentence for people.
    pub sentence: String,
    /// The host and port that were asked for, when it was a tunnel.
    pub target: Option<String>,
}

/// How reading a head ended without one.
#[derive(Debug)]
pub(super) enum Ended {
    /// The client is to be told.
    Refused(Refusal),
    /// There is nobody to be told.
    Gone,
}

impl From<io::Error> for Ended {
    fn from(_: io::Error) -> Self {
        Self::Gone
    }
}

/// Reads a head, within its bytes and its time.
pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<Head, Ended> {
    timeout(PATIENCE, collect(stream))
        .await
        .unwrap_or_else(|_| {
            Err(refused(
                "408 Request Timeout",
                format!(
                    "The head of the request took longer than {} seconds; {PURPOSE}.",
                    PATIENCE.as_secs()
                ),
            ))
        })
}

async fn collect(stream: &mut (impl AsyncRead + Unpin)) -> Result<Head, Ended> {
    let mut bytes = Vec::new();
    loop {
        let mut piece = [0; 1024];
        let count = stream.read(&mut piece).await?;
        if count == 0 {
            return Err(Ended::Gone);
        }
        // The end may have begun in the piece before.
        let from = bytes.len().saturating_sub(3);
        bytes.extend_from_slice(piece.get(..count).unwrap_or_default());
        if !bytes.first().is_some_and(u8::is_ascii_uppercase) {
            return Err(refused(
                "400 Bad Request",
                format!(
                    "This is not a request in HTTP/1 (is the proxy's URL written with https:// instead of http://?); {PURPOSE}."
                ),
            ));
        }
        if let Some(end) = end(bytes.get(from..).unwrap_or_default()) {
            let ahead = bytes.split_off(from + end);
            return judge(&bytes, ahead).map_err(Ended::Refused);
        }
        if bytes.len() > BYTES_MAX {
            return Err(refused(
                "431 Request Header Fields Too Large",
                format!("The head of the request is larger than {BYTES_MAX} bytes; {PURPOSE}."),
            ));
        }
    }
}

/// Where a head ends: behind its empty line.
fn end(bytes: &[u8]) -> Option<usize> {
    let after = |mark: &[u8]| {
        bytes
            .windows(mark.len())
            .position(|window| window == mark)
            .map(|at| at + mark.len())
    };
    after(b"\r\n\r\n").or_else(|| after(b"\n\n"))
}

fn judge(head: &[u8], ahead: Vec<u8>) -> Result<Head, Refusal> {
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = std::str::from_utf8(line).unwrap_or_default();
    let mut words = line.split_ascii_whitespace();
    let (method, target, version, more) = (words.next(), words.next(), words.next(), words.next());
    let version = match version {
        Some("HTTP/1.1") => "HTTP/1.1",
        Some("HTTP/1.0") => "HTTP/1.0",
        _ => "",
    };
    let (Some(method), Some(target), false, None) = (method, target, version.is_empty(), more)
    else {
        return Err(Refusal {
            status: "400 Bad Request",
            sentence: format!(
                "The request line '{}' is none of HTTP/1.0 or HTTP/1.1; {PURPOSE}.",
                quoted(line)
            ),
            target: None,
        });
    };
    if method != "CONNECT" {
        return Err(Refusal {
            status: "403 Forbidden",
            sentence: format!("The method '{}' is refused: {PURPOSE}.", quoted(method)),
            target: None,
        });
    }
    if !is_carried(target) {
        return Err(Refusal {
            status: "403 Forbidden",
            sentence: format!(
                "'{}' is refused: {PURPOSE} (a program reaches other hosts directly when NO_PROXY names them).",
                quoted(target)
            ),
            target: Some(quoted(target)),
        });
    }
    Ok(Head { version, ahead })
}

/// A host of the Graph or its sign-in, and its port.
fn is_carried(target: &str) -> bool {
    let Some((host, port)) = target.rsplit_once(':') else {
        return false;
    };
    // A name may be written with the root's dot.
    let host = host.strip_suffix('.').unwrap_or(host);
    port == PORT
        && tls::cloud_names()
            .iter()
            .any(|name| name.eq_ignore_ascii_case(host))
}

/// A client's own text, printable and not long.
fn quoted(text: &str) -> String {
    text.trim()
        .chars()
        .take(QUOTE_MAX)
        .map(|letter| match letter {
            ' '..='~' => letter,
            _ => '?',
        })
        .collect()
}

fn refused(status: &'static str, sentence: String) -> Ended {
    Ended::Refused(Refusal {
        status,
        sentence,
        target: None,
    })
}

/// What is said when all tunnels are taken.
pub(super) fn full(tunnels_max: usize) -> Refusal {
    Refusal {
        status: "503 Service Unavailable",
        sentence: format!(
            "All {tunnels_max} tunnels are taken; close some and try again: {PURPOSE}."
        ),
        target: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(head: &str) -> Result<&'static str, &'static str> {
        judge(head.as_bytes(), Vec::new())
            .map(|head| head.version)
            .map_err(|refusal| refusal.status)
    }

    #[test]
    fn hosts_are_carried_in_any_case_and_on_their_port_only() {
        for target in [
            "graph.microsoft.com:443",
            "GRAPH.Microsoft.COM:443",
            "login.microsoftonline.com:443",
            "graph.microsoft.com.:443",
            "dod-graph.microsoft.us:443",
            "login.partner.microsoftonline.cn:443",
        ] {
            assert!(is_carried(target), "{target}");
        }
        for target in [
            "",
            ":",
            ":443",
            "graph.microsoft.com",
            "graph.microsoft.com:",
            "graph.microsoft.com:80",
            "graph.microsoft.com:0443",
            "graph.microsoft.com:+443",
            "graph.microsoft.com:443:443",
            "xgraph.microsoft.com:443",
            "graph.microsoft.com.evil.example:443",
            "user@graph.microsoft.com:443",
            "localhost:443",
            "127.0.0.1:443",
            "[::1]:443",
            "[::ffff:127.0.0.1]:443",
            "[",
            "]:443",
            "api.example:443",
        ] {
            assert!(!is_carried(target), "{target}");
        }
    }

    #[test]
    fn request_lines() {
        let fine = "CONNECT graph.microsoft.com:443 HTTP/1.1\r\nHost: graph.microsoft.com\r\n\r\n";
        assert_eq!(check(fine), Ok("HTTP/1.1"));
        assert_eq!(
            check("CONNECT graph.microsoft.com:443 HTTP/1.0\n\n"),
            Ok("HTTP/1.0")
        );
        for (line, status) in [
            ("CONNECT other.example:443 HTTP/1.1", "403 Forbidden"),
            ("CONNECT [::1]:443 HTTP/1.1", "403 Forbidden"),
            (
                "GET https://graph.microsoft.com/v1.0/me HTTP/1.1",
                "403 Forbidden",
            ),
            ("GET / HTTP/1.1", "403 Forbidden"),
            ("CONNECT graph.microsoft.com:443", "400 Bad Request"),
            ("CONNECT graph.microsoft.com:443 HTTP/2", "400 Bad Request"),
            (
                "CONNECT graph.microsoft.com:443 HTTP/1.1 x",
                "400 Bad Request",
            ),
            ("PRI * HTTP/2.0", "400 Bad Request"),
            ("CONNECT", "400 Bad Request"),
            ("", "400 Bad Request"),
        ] {
            assert_eq!(check(&format!("{line}\r\n\r\n")), Err(status), "{line}");
        }
    }

    #[test]
    fn a_refusal_says_what_the_listener_is_for_and_repeats_little() {
        let long = format!("CONNECT {}:443 HTTP/1.1\r\n\r\n", "ä".repeat(500));
        let refusal = judge(long.as_bytes(), Vec::new()).unwrap_err();
        assert!(refusal.sentence.contains("graph.microsoft.com"));
        assert!(refusal.sentence.is_ascii());
        assert!(refusal.sentence.len() < 500, "{}", refusal.sentence);
    }

    #[tokio::test]
    async fn what_comes_behind_the_head_belongs_into_the_tunnel() {
        let mut bytes: &[u8] = b"CONNECT graph.microsoft.com:443 HTTP/1.1\r\n\r\nhello";
        let head = read(&mut bytes).await.unwrap();
        assert_eq!(head.ahead, b"hello");
        let mut broken_off: &[u8] = b"CONNECT graph.microsoft.com:443 HTT";
        assert!(matches!(read(&mut broken_off).await, Err(Ended::Gone)));
        let endless = format!("CONNECT x:443 HTTP/1.1\r\n{}", "x: y\r\n".repeat(3_000));
        let Err(Ended::Refused(refusal)) = read(&mut endless.as_bytes()).await else {
            unreachable!("it is too large");
        };
        assert!(refusal.status.starts_with("431"));
    }
}
