//! `Prefer: respond-async`: what a client would like, as far as we know the words.
//!
//! Documentation: <https://learn.microsoft.com/graph/best-practices-concept>

/// A preference that is understood; the others are ignored, as the header's definition asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Preference {
    /// `include-unknown-enum-members`: enum members younger than the client. They are sent anyway.
    IncludeUnknownEnumMembers,
    /// `respond-async`: registering a schema always answers asynchronously.
    RespondAsync,
    /// `return=minimal`: no body where one could be left out.
    ReturnMinimal,
}

impl Preference {
    /// The preferences in the value of a `Prefer` header, each once, in the order sent.
    pub fn read(header: &str) -> Vec<Self> {
        let mut read = Vec::new();
        for word in header.split([',', ';']) {
            if let Some(preference) = Self::parse(word)
                && !read.contains(&preference)
            {
                read.push(preference);
            }
        }
        read
    }

    fn parse(word: &str) -> Option<Self> {
        let bare: String = word
            .chars()
            .filter(|letter| !letter.is_whitespace() && *letter != '"')
            .collect();
        [
            Self::IncludeUnknownEnumMembers,
            Self::RespondAsync,
            Self::ReturnMinimal,
        ]
        .into_iter()
        .find(|preference| preference.as_str().eq_ignore_ascii_case(&bare))
    }

    /// The preference as `Preference-Applied` repeats it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::IncludeUnknownEnumMembers => "include-unknown-enum-members",
            Self::RespondAsync => "respond-async",
            Self::ReturnMinimal => "return=minimal",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Preference::*, *};

    #[test]
    fn preferences_are_read() {
        let check = |header: &str, expect: &[Preference]| {
            assert_eq!(Preference::read(header), expect, "{header}");
        };
        check("", &[]);
        check("respond-async", &[RespondAsync]);
        check(
            "Respond-Async, return=minimal",
            &[RespondAsync, ReturnMinimal],
        );
        check("return = \"minimal\"", &[ReturnMinimal]);
        check("respond-async, respond-async", &[RespondAsync]);
        check(
            "include-unknown-enum-members; odata.maxpagesize=5",
            &[IncludeUnknownEnumMembers],
        );
        check("return=representation, wait=10", &[]);
    }
}
