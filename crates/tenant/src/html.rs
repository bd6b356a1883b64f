//! HTML as text, the same for the index and for summaries: tags go, blocks separate words, entities are read, scripts and styles are skipped.

/// Elements inside a line of text: a word may go on behind their tags.
const INLINE: [&str; 27] = [
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "dfn", "em", "font", "i",
    "ins", "kbd", "mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "u", "var",
    "wbr",
];

/// Elements whose content is no text.
const HIDDEN: [&str; 2] = ["script", "style"];

/// The text of an HTML document or fragment. Never fails: what is no markup is text.
pub fn to_text(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        rest = if rest.starts_with('&') {
            entity(rest, &mut text)
        } else {
            markup(rest, &mut text)
        };
    }
    text.push_str(rest);
    text
}

/// Reads what begins with `<` and returns what follows.
fn markup<'a>(html: &'a str, text: &mut String) -> &'a str {
    if let Some(comment) = html.strip_prefix("<!--") {
        return behind(comment, "-->");
    }
    if let Some(section) = html.strip_prefix("<![CDATA[") {
        let end = section.find("]]>").unwrap_or(section.len());
        text.push_str(&section[..end]);
        return section.get(end + 3..).unwrap_or_default();
    }
    let body = &html[1..];
    let name = body.strip_prefix('/').unwrap_or(body);
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        if body.starts_with(['!', '?', '/']) {
            text.push(' ');
            return behind(body, ">");
        }
        // A lone sign: text.
        text.push('<');
        return body;
    }
    let length = name
        .find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>'))
        .unwrap_or(name.len());
    let name = name[..length].to_ascii_lowercase();
    let after = behind_tag(body);
    if !INLINE.contains(&name.as_str()) {
        text.push(' ');
    }
    if !body.starts_with('/') && HIDDEN.contains(&name.as_str()) {
        return behind_hidden(after, &name);
    }
    after
}

fn behind<'a>(html: &'a str, end: &str) -> &'a str {
    html.find(end).map_or("", |at| &html[at + end.len()..])
}

/// What follows the tag: a `>` inside a quoted attribute does not end it.
fn behind_tag(tag: &str) -> &str {
    let mut quote = None;
    let mut before = ' ';
    for (at, character) in tag.char_indices() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (Some(_), _) => {}
            (None, '>') => return &tag[at + 1..],
            (None, '"' | '\'') if before == '=' => quote = Some(character),
            (None, _) => {}
        }
        if !character.is_ascii_whitespace() {
            before = character;
        }
    }
    ""
}

/// What follows the end tag of a hidden element.
fn behind_hidden<'a>(html: &'a str, name: &str) -> &'a str {
    let mut rest = html;
    while let Some(at) = rest.find("</") {
        rest = &rest[at + 2..];
        if rest
            .get(..name.len())
            .is_some_and(|tag| tag.eq_ignore_ascii_case(name))
        {
            return behind(rest, ">");
        }
    }
    ""
}

/// Reads what begins with `&` and returns what follows; an unknown name stays text.
fn entity<'a>(html: &'a str, text: &mut String) -> &'a str {
    let body = &html[1..];
    let (character, length) = if let Some(number) = body.strip_prefix('#') {
        let (character, length) = numbered(number);
        (character, length + 1)
    } else {
        named(body)
    };
    let Some(character) = character else {
        text.push('&');
        return body;
    };
    text.push(character);
    let rest = &body[length..];
    rest.strip_prefix(';').unwrap_or(rest)
}

fn numbered(number: &str) -> (Option<char>, usize) {
    let (digits, radix, mark) = match number.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16, 1),
        None => (number, 10, 0),
    };
    let length = digits
        .find(|c: char| !c.is_digit(radix))
        .unwrap_or(digits.len());
    let character = u32::from_str_radix(&digits[..length], radix)
        .ok()
        .and_then(char::from_u32);
    (character, mark + length)
}

fn named(body: &str) -> (Option<char>, usize) {
    let length = body
        .find(|c: char| !c.is_ascii_alphanumeric())
        .unwrap_or(body.len());
    let name = &body[..length];
    // All but the oldest names need their semicolon, and requiring it keeps `a&copy=1` in one piece.
    if !body[length..].starts_with(';') && !matches!(name, "amp" | "lt" | "gt" | "quot" | "nbsp") {
        return (None, 0);
    }
    let found = NAMED.iter().find(|(known, _)| *known == name);
    (found.map(|(_, character)| *character), length)
}

/// Names of characters: of markup, of spaces, and of all letters. Other signs separate words, as does the name's `&`; of them only those that would leave a
/// wrong word behind are listed.
#[rustfmt::skip]
const NAMED: &[(&str, char)] = &[
    ("amp", '&'), ("lt", '<'), ("gt", '>'), ("quot", '"'), ("apos", '\''), ("nbsp", ' '),
    ("ensp", ' '), ("emsp", ' '), ("thinsp", ' '), ("shy", '\u{ad}'), ("zwnj", '\u{200c}'), ("zwj", '\u{200d}'),
    ("ndash", '–'), ("mdash", '—'), ("hellip", '…'), ("lsquo", '‘'), ("rsquo", '’'), ("sbquo", '‚'),
    ("ldquo", '“'), ("rdquo", '”'), ("bdquo", '„'), ("laquo", '«'), ("raquo", '»'), ("lsaquo", '‹'), ("rsaquo", '›'),
    ("bull", '•'), ("middot", '·'), ("copy", '©'), ("reg", '®'), ("trade", '™'), ("deg", '°'), ("sect", '§'),
    ("para", '¶'), ("plusmn", '±'), ("times", '×'), ("divide", '÷'), ("micro", 'µ'), ("euro", '€'), ("pound", '£'),
    ("yen", '¥'), ("cent", '¢'), ("curren", '¤'), ("brvbar", '¦'), ("not", '¬'), ("macr", '¯'), ("acute", '´'),
    ("cedil", '¸'), ("uml", '¨'), ("iexcl", '¡'), ("iquest", '¿'), ("ordf", 'ª'), ("ordm", 'º'), ("sup1", '¹'),
    ("sup2", '²'), ("sup3", '³'), ("frac14", '¼'), ("frac12", '½'), ("frac34", '¾'), ("dagger", '†'), ("Dagger", '‡'),
    ("permil", '‰'), ("prime", '′'), ("Prime", '″'), ("larr", '←'), ("rarr", '→'), ("uarr", '↑'), ("darr", '↓'),
    ("harr", '↔'), ("minus", '−'), ("le", '≤'), ("ge", '≥'), ("ne", '≠'), ("infin", '∞'),
    ("Agrave", 'À'), ("Aacute", 'Á'), ("Acirc", 'Â'), ("Atilde", 'Ã'), ("Auml", 'Ä'), ("Aring", 'Å'), ("AElig", 'Æ'),
    ("Ccedil", 'Ç'), ("Egrave", 'È'), ("Eacute", 'É'), ("Ecirc", 'Ê'), ("Euml", 'Ë'), ("Igrave", 'Ì'), ("Iacute", 'Í'),
    ("Icirc", 'Î'), ("Iuml", 'Ï'), ("ETH", 'Ð'), ("Ntilde", 'Ñ'), ("Ograve", 'Ò'), ("Oacute", 'Ó'), ("Ocirc", 'Ô'),
    ("Otilde", 'Õ'), ("Ouml", 'Ö'), ("Oslash", 'Ø'), ("Ugrave", 'Ù'), ("Uacute", 'Ú'), ("Ucirc", 'Û'), ("Uuml", 'Ü'),
    ("Yacute", 'Ý'), ("THORN", 'Þ'), ("szlig", 'ß'), ("agrave", 'à'), ("aacute", 'á'), ("acirc", 'â'), ("atilde", 'ã'),
    ("auml", 'ä'), ("aring", 'å'), ("aelig", 'æ'), ("ccedil", 'ç'), ("egrave", 'è'), ("eacute", 'é'), ("ecirc", 'ê'),
    ("euml", 'ë'), ("igrave", 'ì'), ("iacute", 'í'), ("icirc", 'î'), ("iuml", 'ï'), ("eth", 'ð'), ("ntilde", 'ñ'),
    ("ograve", 'ò'), ("oacute", 'ó'), ("ocirc", 'ô'), ("otilde", 'õ'), ("ouml", 'ö'), ("oslash", 'ø'), ("ugrave", 'ù'),
    ("uacute", 'ú'), ("ucirc", 'û'), ("uuml", 'ü'), ("yacute", 'ý'), ("thorn", 'þ'), ("yuml", 'ÿ'), ("OElig", 'Œ'),
    ("oelig", 'œ'), ("Scaron", 'Š'), ("scaron", 'š'), ("Yuml", 'Ÿ'), ("fnof", 'ƒ'),
    ("Alpha", 'Α'), ("Beta", 'Β'), ("Gamma", 'Γ'), ("Delta", 'Δ'), ("Epsilon", 'Ε'), ("Zeta", 'Ζ'), ("Eta", 'Η'),
    ("Theta", 'Θ'), ("Iota", 'Ι'), ("Kappa", 'Κ'), ("Lambda", 'Λ'), ("Mu", 'Μ'), ("Nu", 'Ν'), ("Xi", 'Ξ'),
    ("Omicron", 'Ο'), ("Pi", 'Π'), ("Rho", 'Ρ'), ("Sigma", 'Σ'), ("Tau", 'Τ'), ("Upsilon", 'Υ'), ("Phi", 'Φ'),
    ("Chi", 'Χ'), ("Psi", 'Ψ'), ("Omega", 'Ω'), ("alpha", 'α'), ("beta", 'β'), ("gamma", 'γ'), ("delta", 'δ'),
    ("epsilon", 'ε'), ("zeta", 'ζ'), ("eta", 'η'), ("theta", 'θ'), ("iota", 'ι'), ("kappa", 'κ'), ("lambda", 'λ'),
    ("mu", 'μ'), ("nu", 'ν'), ("xi", 'ξ'), ("omicron", 'ο'), ("pi", 'π'), ("rho", 'ρ'), ("sigmaf", 'ς'), ("sigma", 'σ'),
    ("tau", 'τ'), ("upsilon", 'υ'), ("phi", 'φ'), ("chi", 'χ'), ("psi", 'ψ'), ("omega", 'ω'),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(html: &str, expect: &str) {
        let text = to_text(html);
        let words: Vec<_> = text.split_whitespace().collect();
        assert_eq!(words.join(" "), expect, "{html}");
    }

    #[test]
    fn tags_go_and_blocks_separate() {
        check("plain", "plain");
        check("<p>one</p><p>two</p>", "one two");
        check("<b>B</b>udg<em class='x'>e</em>t", "Budget");
        check("a<br/>b<BR>c", "a b c");
        check("<td>1</td><td>2</td>", "1 2");
        check("<a title=\"x > y\" href='>'>link</a>", "link");
        check("<p title=it's>fine</p>", "fine");
        check("<div\nid = \"a\">x</div>", "x");
        check("<!DOCTYPE html><?xml version='1'?>x", "x");
    }

    #[test]
    fn hidden_content_is_skipped() {
        check("a<script>if (1 < 2) { \"</p>\" }</script>b", "a b");
        check("a<STYLE>p{}</Style >b", "a b");
        check("a<script>never closed", "a");
        check("a<!-- <b>no</b> -->b", "ab");
        check("a<!-- never closed", "a");
        check("<![CDATA[<kept>]]>", "<kept>");
        check("<scripture>holy</scripture>", "holy");
    }

    #[test]
    fn entities_are_read() {
        check("R&amp;D &lt;b&gt;", "R&D <b>");
        check(
            "caf&eacute; na&#239;ve &#x4D;ax &#X4d;ax",
            "café naïve Max Max",
        );
        check("a&nbsp;b", "a b");
        check(
            "&unknown; & &; &#; &#xZ; &#1114112;",
            "&unknown; & &; &#; &#xZ; &#1114112;",
        );
        check("?a=1&copy=2", "?a=1&copy=2");
        check("AT&T", "AT&T");
    }

    #[test]
    fn what_is_no_markup_is_text() {
        check("1 < 2 and 3 > 2", "1 < 2 and 3 > 2");
        check("a <b", "a");
        check("<", "<");
        check("ä<ö>ü", "ä<ö>ü");
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = NAMED.iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), NAMED.len());
    }

    proptest! {
        #[test]
        fn anything_can_be_read(html in "[<>&;#!/'\"= abé-]{0,60}|.{0,60}") {
            to_text(&html);
        }

        #[test]
        fn escaped_text_comes_back(text in "[^&<>]{0,40}") {
            let escaped: String = text.chars().map(|c| format!("&#{};", u32::from(c))).collect();
            prop_assert_eq!(to_text(&escaped), text);
        }
    }
}
