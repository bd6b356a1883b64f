//! A hit's summary: fragments of its text, with `<c0>` around every token that answers the query and `<ddd/>` for what is left out
//! (`contract/search.md` §5.2).

use graph::{ExternalItem, Schema, Value, item::ContentType};

use super::highlight::Highlight;
use crate::{
    analysis::{self, Token},
    html,
};

/// Fragments in a summary.
const FRAGMENTS: usize = 2;
/// A fragment's length in bytes, before it is cut at a token.
const FRAGMENT_BYTES: usize = 140;
/// Text before the first token of a fragment that answers, in bytes.
const LEAD_BYTES: usize = 30;
/// Only so much of a text is looked at.
const TEXT_BYTES_MAX: usize = 256 * 1024;

/// The summary of an item that the second lock admitted.
pub(super) fn summary(item: &ExternalItem, schema: &Schema, highlight: &Highlight) -> String {
    let texts = texts(item, schema);
    let answering = texts
        .iter()
        .map(|text| (text, marked(text, highlight)))
        .find(|(_, marks)| !marks.is_empty());
    match answering {
        Some((text, marks)) => fragments(text, &marks),
        None => texts
            .first()
            .map(|text| fragments(text, &[]))
            .unwrap_or_default(),
    }
}

/// The texts a summary may come from: content first, then the searchable properties in the schema's order.
fn texts(item: &ExternalItem, schema: &Schema) -> Vec<String> {
    let content = item.content.iter().filter_map(|content| {
        let text = clipped(content.value.as_deref()?);
        Some(match content.kind {
            ContentType::Text => text.to_owned(),
            ContentType::Html => one_line(&html::to_text(text)),
        })
    });
    let properties = schema
        .properties
        .iter()
        .filter(|property| property.is_searchable)
        .filter_map(|property| match item.property(&property.name)? {
            Value::String(text) => Some(clipped(text).to_owned()),
            Value::Strings(texts) => Some(clipped(&texts.join(" ")).to_owned()),
            _ => None,
        });
    content
        .chain(properties)
        .filter(|text| !text.trim().is_empty())
        .collect()
}

/// Blanks between the words of HTML are one, however many tags and line breaks they come from.
fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

fn clipped(text: &str) -> &str {
    &text[..text.floor_char_boundary(TEXT_BYTES_MAX)]
}

/// A token that answers, and which word it answers.
struct Mark {
    token: Token,
    word: usize,
}

fn marked(text: &str, highlight: &Highlight) -> Vec<Mark> {
    analysis::tokens(text)
        .into_iter()
        .filter_map(|token| {
            let word = highlight.answers(&token.text)?;
            Some(Mark { token, word })
        })
        .collect()
}

fn fragments(text: &str, marks: &[Mark]) -> String {
    let mut windows = windows(text, marks);
    windows.sort_unstable();
    let mut summary = String::new();
    let mut shown_to = 0;
    for (at, (start, end)) in windows.iter().copied().enumerate() {
        if at > 0 {
            summary.push_str("<ddd/>");
        }
        write_fragment(&mut summary, text, (start, end), marks);
        shown_to = end;
    }
    if !text[shown_to..].trim().is_empty() {
        summary.push_str("<ddd/>");
    }
    summary
}

/// The windows with the most different answers, at most [`FRAGMENTS`], not overlapping.
fn windows(text: &str, marks: &[Mark]) -> Vec<(usize, usize)> {
    if marks.is_empty() {
        return vec![window(text, 0)];
    }
    let mut ranked: Vec<_> = marks
        .iter()
        .take(500)
        .enumerate()
        .map(|(at, mark)| {
            let window = window(text, mark.token.start.saturating_sub(LEAD_BYTES));
            (std::cmp::Reverse(score(&marks[at..], window)), window)
        })
        .collect();
    ranked.sort_unstable();
    let mut chosen: Vec<(usize, usize)> = Vec::new();
    for (_, window) in ranked {
        if chosen
            .iter()
            .all(|other| window.1 <= other.0 || other.1 <= window.0)
        {
            chosen.push(window);
        }
        if chosen.len() == FRAGMENTS {
            break;
        }
    }
    chosen
}

/// How many different words, then how many tokens, answer inside a window.
fn score(marks: &[Mark], (_, end): (usize, usize)) -> (usize, usize) {
    let inside: Vec<_> = marks
        .iter()
        .take_while(|mark| mark.token.end <= end)
        .map(|mark| mark.word)
        .collect();
    let different: std::collections::HashSet<_> = inside.iter().collect();
    (different.len(), inside.len())
}

/// A stretch of text from about `start`, beginning and ending between words where there are blanks near.
fn window(text: &str, start: usize) -> (usize, usize) {
    let start = text.floor_char_boundary(start);
    let start = if start == 0 {
        0
    } else {
        let near = text.floor_char_boundary((start + LEAD_BYTES).min(text.len()));
        text[start..near]
            .find(char::is_whitespace)
            .map_or(start, |at| start + at)
    };
    let end = text.floor_char_boundary((start + FRAGMENT_BYTES).min(text.len()));
    let end = if end == text.len() {
        end
    } else {
        text[start..end]
            .rfind(char::is_whitespace)
            .filter(|at| *at > FRAGMENT_BYTES / 2)
            .map_or(end, |at| start + at)
    };
    (start, end)
}

fn write_fragment(to: &mut String, text: &str, (start, end): (usize, usize), marks: &[Mark]) {
    let mut at = start;
    let inside = marks
        .iter()
        .filter(|mark| mark.token.start >= start && mark.token.end <= end);
    for Mark { token, .. } in inside {
        to.push_str(&text[at..token.start]);
        to.push_str("<c0>");
        to.push_str(&text[token.start..token.end]);
        to.push_str("</c0>");
        at = token.end;
    }
    to.push_str(&text[at..end]);
}

#[cfg(test)]
mod tests {
    use graph::{ExternalItemContent, ItemId, SchemaDraft};
    use serde_json::json;

    use super::*;
    use crate::search::bind::Binder;

    fn shown(content: Option<(ContentType, &str)>, title: &str, query: &str) -> String {
        let schema = SchemaDraft::read(&json!({
            "baseType": "microsoft.graph.externalItem",
            "properties": [{ "name": "title", "type": "string", "isSearchable": true }],
        }))
        .unwrap()
        .schema;
        let item = ExternalItem {
            id: ItemId::kept("i"),
            acl: Vec::new(),
            properties: vec![("title".to_owned(), Value::String(title.to_owned()))],
            content: content.map(|(kind, value)| ExternalItemContent {
                kind,
                value: Some(value.to_owned()),
            }),
            sensitivity_label_id: None,
        };
        let binder = Binder {
            scope: &[],
            now: graph::DateTime(0),
        };
        let parsed = kql::parse(query).expr.unwrap();
        summary(&item, &schema, &Highlight::of(&binder, &parsed))
    }

    fn text(content: &str) -> Option<(ContentType, &str)> {
        Some((ContentType::Text, content))
    }

    #[test]
    fn every_token_that_answers_is_marked_by_itself() {
        let content = text("Café tables & cafe chairs, CAFES too");
        assert_eq!(
            shown(content, "x", "cafe"),
            "<c0>Café</c0> tables & <c0>cafe</c0> chairs, CAFES too"
        );
        assert_eq!(
            shown(content, "x", "caf*"),
            "<c0>Café</c0> tables & <c0>cafe</c0> chairs, <c0>CAFES</c0> too"
        );
        assert_eq!(
            shown(text("one two"), "x", "*"),
            "<c0>one</c0> <c0>two</c0>"
        );
        assert_eq!(
            shown(text("one two"), "x", "\"one two\""),
            "<c0>one</c0> <c0>two</c0>"
        );
    }

    #[test]
    fn negated_words_light_nothing() {
        assert_eq!(
            shown(text("pump and valve"), "x", "pump NOT valve"),
            "<c0>pump</c0> and valve"
        );
    }

    #[test]
    fn a_property_answers_where_the_content_does_not() {
        assert_eq!(
            shown(text("nothing here"), "Pump seven", "pump"),
            "<c0>Pump</c0> seven"
        );
        assert_eq!(
            shown(text("nothing here"), "Pump seven", "valve"),
            "nothing here"
        );
        assert_eq!(shown(None, "Pump seven", "valve"), "Pump seven");
        assert_eq!(shown(None, "", "valve"), "");
    }

    #[test]
    fn html_is_read_as_text() {
        let content = Some((
            ContentType::Html,
            "<p>The <b>pump</b></p><script>pump()</script>",
        ));
        assert_eq!(shown(content, "x", "pump"), "The <c0>pump</c0>");
        let spread = Some((
            ContentType::Html,
            "<ul>\n <li>The</li>\n <li>pump</li></ul>",
        ));
        assert_eq!(shown(spread, "x", "pump"), "The <c0>pump</c0>");
    }

    #[test]
    fn long_texts_are_shown_in_fragments() {
        let padding = "filler ".repeat(60);
        let content = format!("{padding}the pump {padding}the valve of the pump {padding}");
        let summary = shown(text(&content), "x", "pump valve");
        assert!(
            summary.contains("the <c0>valve</c0> of the <c0>pump</c0>"),
            "{summary}"
        );
        assert_eq!(summary.matches("<ddd/>").count(), 2, "{summary}");
        assert!(summary.ends_with("<ddd/>"), "{summary}");
        assert!(summary.len() < 400, "{summary}");
    }

    #[test]
    fn fragments_never_cut_a_character() {
        let content = "é".repeat(1000) + " pump " + &"漢".repeat(1000);
        assert!(shown(text(&content), "x", "pump").contains("<c0>pump</c0>"));
    }
}
