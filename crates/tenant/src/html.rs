//! The readable text of HTML content, the same for the index and for summaries.

/// Elements whose text nobody reads.
const UNREAD: [&str; 4] = ["script", "style", "head", "template"];
/// The longest character reference we look for, without `&` and `;`.
const REFERENCE_MAX: usize = 10;

/// The text between the tags: a tag parts words, character references are resolved, scripts and styles are left out.
///
/// Broken HTML gives broken text, never a failure.
pub fn text(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        rest = if rest.starts_with('&') {
            reference(rest, &mut text)
        } else {
            tag(rest, &mut text)
        };
    }
    text.push_str(rest);
    text
}

/// Skips one tag, comment or unread element; a lone `<` is text.
fn tag<'a>(html: &'a str, text: &mut String) -> &'a str {
    if let Some(comment) = html.strip_prefix("<!--") {
        text.push(' ');
        return comment.find("-->").map_or("", |end| &comment[end + 3..]);
    }
    let inner = &html[1..];
    if !inner.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?')) {
        text.push('<');
        return inner;
    }
    let Some(end) = tag_end(inner) else {
        return "";
    };
    text.push(' ');
    let after = &inner[end + 1..];
    let name: &str = inner[..end]
        .split(|c: char| !c.is_ascii_alphanumeric())
        .next()
        .unwrap_or_default();
    if UNREAD
        .iter()
        .any(|unread| name.eq_ignore_ascii_case(unread))
    {
        return behind_element(after, name);
    }
    after
}

/// Where a tag ends: the first `>` outside of quotes.
fn tag_end(inner: &str) -> Option<usize> {
    let mut quote = None;
    for (at, character) in inner.char_indices() {
        match (quote, character) {
            (None, '>') => return Some(at),
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), close) if open == close => quote = None,
            _ => {}
        }
    }
    // An unclosed quote is more often a stray apostrophe than the end of the document.
    inner.find('>')
}

/// What follows the end tag of an unread element; nothing if it never ends.
fn behind_element<'a>(html: &'a str, name: &str) -> &'a str {
    let mut rest = html;
    while let Some(at) = rest.find("</") {
        rest = &rest[at + 2..];
        if rest
            .get(..name.len())
            .is_some_and(|found| found.eq_ignore_ascii_case(name))
        {
            return rest.find('>').map_or("", |end| &rest[end + 1..]);
        }
    }
    ""
}

/// Resolves one character reference; an unknown one is text.
fn reference<'a>(html: &'a str, text: &mut String) -> &'a str {
    let end = html
        .char_indices()
        .take(REFERENCE_MAX + 2)
        .find(|(_, c)| *c == ';')
        .map(|(at, _)| at);
    let resolved = end.and_then(|end| Some((named(&html[1..end])?, end)));
    match resolved {
        Some((character, end)) => {
            text.push(character);
            &html[end + 1..]
        }
        None => {
            text.push('&');
            &html[1..]
        }
    }
}

fn named(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => number.parse(),
        };
        return code.ok().and_then(char::from_u32);
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "ndash" => '–',
        "mdash" => '—',
        "hellip" => '…',
        "auml" => 'ä',
        "ouml" => 'ö',
        "uuml" => 'ü',
        "Auml" => 'Ä',
        "Ouml" => 'Ö',
        "Uuml" => 'Ü',
        "szlig" => 'ß',
        "eacute" => 'é',
        "egrave" => 'è',
        "agrave" => 'à',
        "ccedil" => 'ç',
        "copy" => '©',
        "reg" => '®',
        "euro" => '€',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(html: &str, expect: &str) {
        let words: Vec<_> = text(html).split_whitespace().map(str::to_owned).collect();
        assert_eq!(words.join(" "), expect, "{html}");
    }

    #[test]
    fn tags_part_words_and_leave_no_trace() {
        check("<p>One</p><p>Two &amp; three</p>", "One Two & three");
        check("a<br/>b", "a b");
        check("<a title=\"x > y\" href='z'>link</a>", "link");
        check(
            "<style>p { color: red }</style>x<SCRIPT>if (a < b) {}</script >y",
            "x y",
        );
        check("<!-- hidden -->seen", "seen");
        check("caf&eacute; &#8364; &#x41;", "café € A");
    }

    #[test]
    fn broken_html_is_survived() {
        check("a < b & c", "a < b & c");
        check("x <b", "x");
        check("&unknown; &", "&unknown; &");
        check("<script>never closed", "");
        check("it<b title='open>bold", "it bold");
        check("&#xFFFFFFFFFFFF;", "&#xFFFFFFFFFFFF;");
    }
}
