//! The forms in which an examination is told.

use tenant::doctor::{Area, Examination, Verdict};

use super::{markdown, sarif, text};

/// A form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The examination as it is.
    Json,
    /// For terminals, with color or without.
    Text {
        /// Escape sequences for color?
        color: bool,
    },
    /// For comments and summaries.
    Markdown,
    /// SARIF 2.1.0, for what shows findings of tools.
    Sarif,
}

impl Format {
    /// The names, as they are asked for.
    pub const NAMES: [&'static str; 4] = ["json", "text", "markdown", "sarif"];

    /// The form of that name; text is without color.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "json" => Some(Self::Json),
            "text" => Some(Self::Text { color: false }),
            "markdown" => Some(Self::Markdown),
            "sarif" => Some(Self::Sarif),
            _ => None,
        }
    }

    /// The first form that the header `Accept` names, or JSON.
    pub(super) fn accepted(accept: &str) -> Self {
        let mut types = accept.split(',').map(|it| {
            let media_type = it.split(';').next().unwrap_or_default();
            media_type.trim().to_ascii_lowercase()
        });
        types
            .find_map(|media_type| match media_type.as_str() {
                "application/json" => Some(Self::Json),
                "text/plain" => Some(Self::Text { color: false }),
                "text/markdown" => Some(Self::Markdown),
                "application/sarif+json" => Some(Self::Sarif),
                _ => None,
            })
            .unwrap_or(Self::Json)
    }

    pub(super) const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Text { .. } => "text/plain; charset=utf-8",
            Self::Markdown => "text/markdown; charset=utf-8",
            Self::Sarif => "application/sarif+json",
        }
    }
}

/// Tells an examination in a form; the text ends with a line break.
///
/// # Errors
/// Never with an examination that was made here.
pub fn render(examination: &Examination, format: Format) -> Result<String, serde_json::Error> {
    match format {
        Format::Json => serde_json::to_string_pretty(examination).map(|json| json + "\n"),
        Format::Text { color } => Ok(text::text(examination, color)),
        Format::Markdown => Ok(markdown::markdown(examination)),
        Format::Sarif => {
            serde_json::to_string_pretty(&sarif::log(examination)).map(|json| json + "\n")
        }
    }
}

/// The areas in their order.
pub(super) const AREAS: [Area; 5] = [
    Area::Connection,
    Area::Schema,
    Area::Items,
    Area::Access,
    Area::Usage,
];

/// An area for people.
pub(super) const fn area(area: Area) -> &'static str {
    match area {
        Area::Connection => "Connection",
        Area::Schema => "Schema",
        Area::Items => "Items",
        Area::Access => "Access",
        Area::Usage => "Usage",
    }
}

/// A verdict as one sign.
pub(super) const fn sign(verdict: Verdict) -> char {
    match verdict {
        Verdict::Pass => '✓',
        Verdict::Warning => '!',
        Verdict::Failure => '✗',
        Verdict::Unknown => '?',
    }
}

/// What a client named, without what would steer a terminal.
pub(super) fn plain(text: &str) -> String {
    let is_control = |letter: char| {
        letter.is_control() || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.replace(is_control, "\u{fffd}")
}

/// How many items the facts are of.
pub(super) fn examined(examination: &Examination) -> String {
    let items = examination.items;
    let counted = if items.counted < items.count {
        format!(", {} counted", items.counted)
    } else {
        String::new()
    };
    format!("{} items{counted}, {} sampled", items.count, items.sampled)
}

/// How the checks ended, in words.
pub(super) fn summary(examination: &Examination) -> String {
    let of = |count: u32, one: &str| {
        let ending = if count == 1 { "" } else { "s" };
        format!("{count} {one}{ending}")
    };
    let summary = examination.summary;
    format!(
        "{}, {}, {} passed, {} unknown",
        of(summary.failure, "failure"),
        of(summary.warning, "warning"),
        summary.pass,
        summary.unknown
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_type_that_is_known_counts() {
        let text = Format::Text { color: false };
        for (accept, expect) in [
            ("", Format::Json),
            ("*/*", Format::Json),
            ("text/html, text/plain;q=0.8, application/json", text),
            ("Text/Markdown; charset=utf-8", Format::Markdown),
            ("application/sarif+json", Format::Sarif),
        ] {
            assert_eq!(Format::accepted(accept), expect, "{accept}");
        }
        assert!(
            Format::NAMES
                .iter()
                .all(|name| Format::parse(name).is_some())
        );
        assert_eq!(Format::parse("xml"), None);
    }

    #[test]
    fn nothing_steers_a_terminal() {
        assert_eq!(
            plain("a\u{1b}[2Jb\n\u{202e}ä"),
            "a\u{fffd}[2Jb\u{fffd}\u{fffd}ä"
        );
    }
}
