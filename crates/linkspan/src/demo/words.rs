//! Texts as words, by the rule of `contract/search.md` §12.1 (L4) but not by the server's code: the check has to be
//! able to disagree.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// The folded words of a text: runs of letters, digits and their marks in its compatibility decomposition.
pub fn words(text: &str) -> impl Iterator<Item = String> {
    let decomposed: String = if text.is_ascii() {
        text.to_owned()
    } else {
        text.nfkd().filter(|c| !is_combining_mark(*c)).collect()
    };
    let words: Vec<_> = decomposed
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(folded)
        .collect();
    words.into_iter()
}

fn folded(word: &str) -> String {
    if word.is_ascii() {
        return word.to_ascii_lowercase();
    }
    word.chars()
        .flat_map(char::to_lowercase)
        .filter(|c| !is_combining_mark(*c))
        .collect::<String>()
        .replace('ß', "ss")
        .replace('ς', "σ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_folded() {
        let check = |text: &str, expect: &[&str]| {
            assert_eq!(words(text).collect::<Vec<_>>(), expect, "{text}");
        };
        check("Web-Server, C++ (v2.0)", &["web", "server", "c", "v2", "0"]);
        check(
            "Café cafe\u{301} STRASSE Straße",
            &["cafe", "cafe", "strasse", "strasse"],
        );
        check("Python™ ﬁne", &["pythontm", "fine"]);
        check(" – … ", &[]);
    }
}
