//! `/{version}/external/connections('{id}')/…`: our small parser of OData paths.
//!
//! Documentation: <https://docs.oasis-open.org/odata/odata/v4.01/odata-v4.01-part2-url-conventions.html>

use crate::{
    error::{ErrorCode, PublicError},
    generous::shown,
    route::Segment,
};

/// One decoded segment of a path, owned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedSegment {
    /// The name, or an id that stands as its own segment.
    pub name: String,
    /// The key in parentheses, without its quotes.
    pub key: Option<String>,
}

impl OwnedSegment {
    /// The segment as [`crate::route::find`] reads it.
    pub fn borrowed(&self) -> Segment<'_> {
        Segment {
            name: &self.name,
            key: self.key.as_deref(),
        }
    }
}

/// The segments as [`crate::route::find`] reads them.
pub fn segments(owned: &[OwnedSegment]) -> Vec<Segment<'_>> {
    owned.iter().map(OwnedSegment::borrowed).collect()
}

/// Reads the raw path after the version segment, such as `//external/connections('parts')/items/a%20b`.
///
/// Doubled and trailing slashes count as one, because a widely used client sends them. Each segment
/// is decoded on its own, after the split, so an encoded slash is part of an id. Parentheses make a
/// key only where they are written plainly; an encoded one belongs to the id.
///
/// # Errors
/// 400 `BadRequest` naming the segment: a broken `%` escape, bytes that are not UTF-8, or a key
/// whose quotes do not close.
pub fn path(text: &str) -> Result<Vec<OwnedSegment>, PublicError> {
    text.split('/')
        .filter(|raw| !raw.is_empty())
        .map(segment)
        .collect()
}

fn segment(raw: &str) -> Result<OwnedSegment, PublicError> {
    let Some((name, rest)) = raw.split_once('(').filter(|(name, _)| !name.is_empty()) else {
        return Ok(OwnedSegment {
            name: decoded(raw, raw)?,
            key: None,
        });
    };
    let inner = rest.strip_suffix(')').ok_or_else(|| {
        bad(
            raw,
            "the parenthesis does not close; write the key as `name('key')`",
        )
    })?;
    let name = decoded(name, raw)?;
    let key = unquoted(&decoded(inner, raw)?, raw)?;
    Ok(OwnedSegment { name, key })
}

/// The key without its quotes, doubled quotes undoubled; `name()` has no key.
fn unquoted(inner: &str, raw: &str) -> Result<Option<String>, PublicError> {
    let inner = inner.trim();
    let Some(quote) = inner.chars().next().filter(|c| matches!(c, '\'' | '"')) else {
        return Ok((!inner.is_empty()).then(|| inner.to_owned()));
    };
    let body = inner
        .strip_prefix(quote)
        .and_then(|rest| rest.strip_suffix(quote))
        .ok_or_else(|| bad(raw, "the quote of the key does not close"))?;
    let mut key = String::with_capacity(body.len());
    let mut letters = body.chars();
    while let Some(letter) = letters.next() {
        if letter == quote && letters.next() != Some(quote) {
            return Err(bad(raw, "a quote inside the key must be doubled"));
        }
        key.push(letter);
    }
    Ok(Some(key))
}

/// Percent-decodes; a plus sign stays a plus sign in a path.
fn decoded(text: &str, raw: &str) -> Result<String, PublicError> {
    percent_decoded(text).map_err(|fault| bad(raw, fault))
}

/// Percent-decodes, or says in half a sentence what is wrong.
pub(super) fn percent_decoded(text: &str) -> Result<String, &'static str> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = (rest.next().and_then(hex), rest.next().and_then(hex));
            let (Some(high), Some(low)) = digits else {
                return Err("`%` must be followed by two hexadecimal digits; write `%25` for `%`");
            };
            bytes.push(high * 16 + low);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).map_err(|_| "the escapes are not UTF-8")
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

fn bad(raw: &str, fault: &str) -> PublicError {
    PublicError::new(
        ErrorCode::BadRequest,
        format!("The path segment {} cannot be read: {fault}.", shown(raw)),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(text: &str) -> Vec<String> {
        let owned = path(text).unwrap();
        owned
            .into_iter()
            .map(|segment| match segment.key {
                Some(key) => format!("{}|{key}", segment.name),
                None => segment.name,
            })
            .collect()
    }

    #[test]
    fn segments_and_keys() {
        let check = |text: &str, expect: &[&str]| assert_eq!(lines(text), expect, "{text}");
        check("", &[]);
        check("/", &[]);
        check("/external/connections", &["external", "connections"]);
        check("//external///connections/", &["external", "connections"]);
        check("/connections('p')", &["connections|p"]);
        check("/connections(\"p\")", &["connections|p"]);
        check("/connections(p)", &["connections|p"]);
        check("/connections(%27p%27)", &["connections|p"]);
        check("/items('it''s')", &["items|it's"]);
        check("/items(\"a\"\"b\")", &["items|a\"b"]);
        check("/items('')", &["items|"]);
        check("/items('a(b)')", &["items|a(b)"]);
        check("/items('a%2Fb')", &["items|a/b"]);
        check("/items/a%2Fb%20c%2Bd+e", &["items", "a/b c+d+e"]);
        check("/items/a%28b%29", &["items", "a(b)"]);
        check("/items/%C3%A4", &["items", "ä"]);
        check("/items/ä", &["items", "ä"]);
        check("/items/('x')", &["items", "('x')"]);
        check("/addActivities()", &["addActivities"]);
        check("/%24batch", &["$batch"]);
    }

    #[test]
    fn broken_paths_are_refused() {
        for text in [
            "/items/%",
            "/items/%4",
            "/items/%zz",
            "/items/%ff",
            "/items/%+1",
            "/items('a",
            "/items('a)",
            "/items('a'b')",
            "/items(')",
            "/items('a')x",
            "/items('a/b')",
            "/items(%27a)",
        ] {
            let error = path(text).unwrap_err();
            assert_eq!(
                (error.status, error.code),
                (400, ErrorCode::BadRequest),
                "{text}"
            );
            assert!(error.message.starts_with("The path segment `"), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_path_is_read_or_refused(text in ".*") {
            if let Err(error) = path(&text) {
                prop_assert_eq!(error.status, 400);
            }
        }

        #[test]
        fn keys_survive(id in "[^/%(]{1,20}") {
            let quoted = id.replace('\'', "''");
            let read = path(&format!("/items('{quoted}')")).unwrap();
            prop_assert_eq!(read[0].key.as_deref(), Some(id.as_str()));
        }
    }
}
