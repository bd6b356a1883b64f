//! `Prefer: respond-async, odata.maxpagesize=50`: what a client would like, as far as we know the words.
//!
//! Documentation: <https://docs.oasis-open.org/odata/odata/v4.01/odata-v4.01-part1-protocol.html>

use super::TOP_MAX;

/// The preferences that are understood; the others are ignored, as the header's definition asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Preferences {
    /// `include-unknown-enum-members`: enum members younger than the client. They are sent anyway.
    pub unknown_enum_members: bool,
    /// `respond-async`: registering a schema always answers asynchronously.
    pub respond_async: bool,
    /// `return`: what a write should answer.
    pub returned: Option<Returned>,
    /// `odata.maxpagesize`: members on a page, 1 to 999.
    pub max_page_size: Option<u16>,
}

/// What a write should answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returned {
    /// Nothing but the status.
    Minimal,
    /// The whole resource.
    Representation,
}

impl Returned {
    /// The preference as `Preference-Applied` repeats it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Minimal => "return=minimal",
            Self::Representation => "return=representation",
        }
    }
}

impl Preferences {
    /// Reads the values of all `Prefer` headers of a request. Where a preference is named twice, the first counts.
    pub fn read<'h>(headers: impl Iterator<Item = &'h str>) -> Self {
        let mut read = Self::default();
        for word in headers.flat_map(words) {
            let (name, value) = word.split_once('=').unwrap_or((word, ""));
            let value = value.trim().trim_matches('"').trim();
            match name.trim().to_ascii_lowercase().as_str() {
                "include-unknown-enum-members" => read.unknown_enum_members = true,
                "respond-async" => read.respond_async = true,
                "return" => read.returned = read.returned.or(returned(value)),
                "odata.maxpagesize" | "maxpagesize" => {
                    read.max_page_size = read.max_page_size.or(size(value));
                }
                _ => {}
            }
        }
        read
    }
}

/// The pieces between commas and semicolons that stand outside quotes.
fn words(header: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    header.split(move |letter| {
        quoted ^= letter == '"';
        !quoted && matches!(letter, ',' | ';')
    })
}

fn returned(value: &str) -> Option<Returned> {
    if value.eq_ignore_ascii_case("minimal") {
        Some(Returned::Minimal)
    } else if value.eq_ignore_ascii_case("representation") {
        Some(Returned::Representation)
    } else {
        None
    }
}

/// A page may be smaller than preferred, so a larger number is cut to ours.
fn size(value: &str) -> Option<u16> {
    let size: u64 = value.parse().ok()?;
    (size > 0).then(|| u16::try_from(size).unwrap_or(TOP_MAX).min(TOP_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn preferences_are_read() {
        let check = |headers: &[&str], expect: Preferences| {
            assert_eq!(
                Preferences::read(headers.iter().copied()),
                expect,
                "{headers:?}"
            );
        };
        let none = Preferences::default();
        let returned = |returned| Preferences {
            returned: Some(returned),
            ..none
        };
        let page = |size| Preferences {
            max_page_size: Some(size),
            ..none
        };
        check(&[], none);
        check(&["", "wait=10, handling=lenient"], none);
        check(
            &["Respond-Async"],
            Preferences {
                respond_async: true,
                ..none
            },
        );
        check(
            &[
                "respond-async, RETURN = \"Minimal\"",
                "include-unknown-enum-members; odata.maxpagesize=5",
            ],
            Preferences {
                unknown_enum_members: true,
                respond_async: true,
                returned: Some(Returned::Minimal),
                max_page_size: Some(5),
            },
        );
        check(
            &["return=representation", "return=minimal"],
            returned(Returned::Representation),
        );
        check(&["return=all, return=minimal"], returned(Returned::Minimal));
        check(&["x=\"a, respond-async\""], none);
        check(&["OData.MaxPageSize = \"7\""], page(7));
        check(&["maxpagesize=70000"], page(TOP_MAX));
        check(&["maxpagesize=4294967296"], page(TOP_MAX));
        for odd in [
            "odata.maxpagesize=0",
            "odata.maxpagesize=many",
            "odata.maxpagesize",
        ] {
            check(&[odd], none);
        }
    }
}
