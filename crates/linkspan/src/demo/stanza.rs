//! Paragraphs of `Name: value` lines, as Debian's control files and `apt-cache dumpavail` write them.

/// One paragraph.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Stanza<'a> {
    fields: Vec<(&'a str, String)>,
}

impl Stanza<'_> {
    /// A field's value; lines after the first are joined by line feeds. Names are compared without case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// The paragraphs of a text. Lines that are neither a field nor the continuation of one are passed over.
pub fn stanzas(text: &str) -> impl Iterator<Item = Stanza<'_>> {
    let mut lines = text.lines();
    std::iter::from_fn(move || {
        let mut stanza = Stanza::default();
        for line in lines.by_ref() {
            if line.trim().is_empty() {
                if stanza.fields.is_empty() {
                    continue;
                }
                return Some(stanza);
            }
            push(&mut stanza, line);
        }
        (!stanza.fields.is_empty()).then_some(stanza)
    })
}

fn push<'a>(stanza: &mut Stanza<'a>, line: &'a str) {
    if let Some(more) = line.strip_prefix([' ', '\t']) {
        if let Some((_, value)) = stanza.fields.last_mut() {
            value.push('\n');
            // A full stop alone stands for an empty line, which would end the paragraph.
            value.push_str(if more.trim() == "." {
                ""
            } else {
                more.trim_end()
            });
        }
    } else if let Some((name, value)) = line.split_once(':') {
        stanza.fields.push((name.trim(), value.trim().to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\n\nPackage: a+b\nDescription: short\n long one\n .\n  indented\nTag: x::y,\n z::w\n\n\n\
                        package: c\nEmpty:\nno field\nHomepage: https://example.test:80/\n";

    #[test]
    fn paragraphs_have_fields_of_several_lines() {
        let found: Vec<_> = stanzas(TEXT).collect();
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].get("Package"), Some("a+b"));
        assert_eq!(
            found[0].get("Description"),
            Some("short\nlong one\n\n indented")
        );
        assert_eq!(found[0].get("Tag"), Some("x::y,\nz::w"));
        assert_eq!(found[0].get("Homepage"), None);
        assert_eq!(found[1].get("Package"), Some("c"));
        assert_eq!(found[1].get("Empty"), Some(""));
        assert_eq!(found[1].get("Homepage"), Some("https://example.test:80/"));
    }

    #[test]
    fn nothing_and_stray_continuations_are_no_paragraph() {
        assert_eq!(stanzas("").count(), 0);
        assert_eq!(stanzas(" \n\n").count(), 0);
        assert_eq!(stanzas(" stray\n\nA: b").count(), 1);
    }
}
