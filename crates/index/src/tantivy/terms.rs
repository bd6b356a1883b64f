//! How the values of an item become terms and positions, for all text fields of the layout.
//!
//! The values of one field travel in one string, separated by [`SEPARATOR`], and are read by the indexing threads.

use std::{str::Split, vec};

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};
use tenant::analysis::{self, GAP};

use super::mapping;

/// Ends a value. Never part of a token, so a value loses nothing when its own are replaced.
pub const SEPARATOR: char = '\u{1f}';
/// Ends the head of a value in the `property` field: the property's prefix, then the [`Mode`].
pub const HEAD_END: char = '\u{1e}';
/// The term between two values of the `text` field, so that proximity can tell whether it left a value.
pub const BREAK: &str = "\u{1f}";

/// From here on, values stand closer together, so that even the largest item has enough positions.
const FAR: usize = 1 << 31;
/// Positions between two values from [`FAR`] on.
pub const GAP_FAR: usize = 200;

/// Texts are read in pieces of about this size, so that a large one never stands in memory as tokens.
const PIECE_BYTES: usize = 1 << 16;

/// What a value of the `property` field is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A text, read token by token between two sentinels.
    Tokens,
    /// A text that matches as a whole.
    Whole,
    /// The mark that the property has a value.
    Exists,
    /// `true` or `false`.
    Truth,
}

impl Mode {
    /// The mode in a head.
    pub const fn code(self) -> char {
        match self {
            Self::Tokens => 't',
            Self::Whole => 'w',
            Self::Exists => 'e',
            Self::Truth => 'b',
        }
    }

    fn of(code: char) -> Self {
        match code {
            't' => Self::Tokens,
            'w' => Self::Whole,
            'b' => Self::Truth,
            _ => Self::Exists,
        }
    }
}

/// Which field is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Plain values with a [`BREAK`] between them.
    Text,
    /// Plain values, no positions needed.
    Title,
    /// Values with heads.
    Property,
}

/// The tokenizer of one field.
#[derive(Clone, Copy, Debug)]
pub struct Terms(pub Reading);

impl Tokenizer for Terms {
    type TokenStream<'a> = TermStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> TermStream<'a> {
        TermStream {
            reading: self.0,
            values: text.split(SEPARATOR),
            is_first: true,
            prefix: String::new(),
            opening: None,
            rest: "",
            piece: Vec::new().into_iter(),
            closing: None,
            position: 0,
            token: Token::default(),
        }
    }
}

/// The terms of one field of one item.
pub struct TermStream<'a> {
    reading: Reading,
    values: Split<'a, char>,
    is_first: bool,
    /// What the tokens of the current value begin with.
    prefix: String,
    /// The term before the tokens of the current value.
    opening: Option<String>,
    /// What of the current value is not yet read.
    rest: &'a str,
    piece: vec::IntoIter<analysis::Token>,
    /// The term behind the tokens of the current value.
    closing: Option<String>,
    position: usize,
    token: Token,
}

impl<'a> TermStream<'a> {
    fn begin(&mut self, value: &'a str) {
        let is_first = std::mem::replace(&mut self.is_first, false);
        if !is_first {
            self.position += if self.position < FAR { GAP } else { GAP_FAR };
        }
        match self.reading {
            Reading::Text => {
                self.opening = (!is_first).then(|| BREAK.to_owned());
                self.rest = value;
            }
            Reading::Title => self.rest = value,
            Reading::Property => self.begin_property(value),
        }
    }

    fn begin_property(&mut self, value: &'a str) {
        // The head was written by `mapping`; a value without one holds nothing that could be found.
        let Some((prefix, value)) = value.split_once(HEAD_END) else {
            return;
        };
        let mut characters = value.chars();
        let Some(mode) = characters.next().map(Mode::of) else {
            return;
        };
        let value = characters.as_str();
        match mode {
            Mode::Tokens => {
                self.opening = Some(mapping::begin_of(prefix));
                self.closing = Some(mapping::end_of(prefix));
                self.prefix = mapping::token_of(prefix, "");
                self.rest = value;
            }
            Mode::Whole => self.opening = Some(mapping::whole_of(prefix, &analysis::fold(value))),
            Mode::Exists => self.opening = Some(mapping::existence_of(prefix)),
            Mode::Truth => self.opening = Some(mapping::truth_of(prefix, value == "true")),
        }
    }

    /// Reads the next piece. It ends behind white space, which ends every token, so pieces read like the whole.
    fn read_piece(&mut self) {
        let end = self
            .rest
            .as_bytes()
            .iter()
            .skip(PIECE_BYTES)
            .position(u8::is_ascii_whitespace)
            .map_or(self.rest.len(), |at| PIECE_BYTES + at + 1);
        let (piece, rest) = self.rest.split_at(end);
        self.piece = analysis::tokens(piece).into_iter();
        self.rest = rest;
    }

    fn emit(&mut self, text: &str, prefixed: bool) {
        self.token.text.clear();
        if prefixed {
            self.token.text.push_str(&self.prefix);
        }
        self.token.text.push_str(text);
        self.token.position = self.position;
        self.position += 1;
    }
}

impl TokenStream for TermStream<'_> {
    fn advance(&mut self) -> bool {
        loop {
            if let Some(opening) = self.opening.take() {
                self.emit(&opening, false);
                return true;
            }
            if let Some(token) = self.piece.next() {
                self.emit(mapping::cut(&token.text), true);
                return true;
            }
            if !self.rest.is_empty() {
                self.read_piece();
            } else if let Some(closing) = self.closing.take() {
                self.emit(&closing, false);
                return true;
            } else if let Some(value) = self.values.next() {
                self.begin(value);
            } else {
                return false;
            }
        }
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(reading: Reading, text: &str) -> Vec<(String, usize)> {
        let mut terms = Terms(reading);
        let mut stream = terms.token_stream(text);
        let mut found = Vec::new();
        while stream.advance() {
            let token = stream.token();
            found.push((token.text.clone(), token.position));
        }
        found
    }

    fn check(reading: Reading, text: &str, expect: &[(&str, usize)]) {
        let found = read(reading, text);
        let found: Vec<_> = found
            .iter()
            .map(|(text, at)| (text.as_str(), *at))
            .collect();
        assert_eq!(found, expect, "{text:?}");
    }

    #[test]
    fn values_of_the_text_stand_apart() {
        check(Reading::Text, "", &[]);
        check(Reading::Text, "Red Café", &[("red", 0), ("cafe", 1)]);
        check(
            Reading::Text,
            "red\u{1f}blue sky",
            &[("red", 0), (BREAK, 1001), ("blue", 1002), ("sky", 1003)],
        );
        check(
            Reading::Title,
            "red\u{1f}blue",
            &[("red", 0), ("blue", 1001)],
        );
    }

    #[test]
    fn values_of_properties_have_sentinels() {
        let text = "1/color\u{1e}e\u{1f}1/color\u{1e}tDark Red\u{1f}1/id\u{1e}w Été 1 \u{1f}1/done\u{1e}btrue";
        check(
            Reading::Property,
            text,
            &[
                ("1/color?", 0),
                ("1/color^", 1001),
                ("1/color:dark", 1002),
                ("1/color:red", 1003),
                ("1/color$", 1004),
                ("1/id=ete 1", 2005),
                ("1/done!true", 3006),
            ],
        );
    }

    #[test]
    fn long_texts_read_in_pieces_read_like_the_whole() {
        let words = ["naïve", "x", "Straße\u{301}", "a1", "\u{301}b", "—"];
        let text: String = (0..60_000)
            .map(|at| format!("{} ", words[at * 7 % words.len()]))
            .collect();
        let whole: Vec<_> = analysis::tokens(&text)
            .into_iter()
            .enumerate()
            .map(|(at, token)| (token.text, at))
            .collect();
        assert!(text.len() > 4 * PIECE_BYTES);
        assert_eq!(read(Reading::Text, &text), whole);
    }

    #[test]
    fn tokens_are_cut() {
        let long = "é".repeat(300);
        let found = read(Reading::Text, &long);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0.len(), analysis::TOKEN_BYTES_MAX);
    }
}
