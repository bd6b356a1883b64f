//! `/{version}/…`: from the segments of a path to the row of the table.
//!
//! Documentation: <https://learn.microsoft.com/graph/use-the-api>

use std::sync::LazyLock;

use super::{
    row::{Method, Route},
    table::ROUTES,
};

/// Longer than every template: the deepest one has eight parts.
const PARTS_MAX: usize = 12;

/// No template names more ids than this.
const PARAMS_MAX: usize = 3;

/// One decoded segment of a path.
///
/// `connections('parts')` is a name with a key; in `connections/parts` both are plain segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment<'a> {
    /// The name, or an id that stands as its own segment.
    pub name: &'a str,
    /// The key in parentheses, without its quotes.
    pub key: Option<&'a str>,
}

/// What the table says about a method and a path.
#[derive(Clone, Debug, PartialEq)]
pub enum Found<'a> {
    /// The row, and the ids in the path.
    Route(&'static Route, Params),
    /// The path is known; these are its methods.
    MethodNotAllowed(Vec<Method>),
    /// The first segment that nobody knows, for "Resource not found for the segment '…'."
    Unknown(&'a str),
}

/// The ids in a path, in the order of the path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params {
    ids: [(&'static str, String); PARAMS_MAX],
}

impl Params {
    /// The id that the template calls by this name, such as `connection`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.ids
            .iter()
            .find(|(known, _)| !known.is_empty() && *known == name)
            .map(|(_, id)| id.as_str())
    }

    /// The ids with their names, in the order of the path.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.ids
            .iter()
            .filter(|(name, _)| !name.is_empty())
            .map(|(name, id)| (*name, id.as_str()))
    }

    /// `{connection}`; empty, and so never an accepted id, where the template has none.
    pub fn connection(&self) -> &str {
        self.get("connection").unwrap_or_default()
    }

    /// `{item}`; empty where the template has none.
    pub fn item(&self) -> &str {
        self.get("item").unwrap_or_default()
    }

    /// `{group}`; empty where the template has none.
    pub fn group(&self) -> &str {
        self.get("group").unwrap_or_default()
    }

    /// `{member}`; empty where the template has none.
    pub fn member(&self) -> &str {
        self.get("member").unwrap_or_default()
    }

    /// `{activity}`; empty where the template has none.
    pub fn activity(&self) -> &str {
        self.get("activity").unwrap_or_default()
    }

    /// `{user}`; empty where the template has none.
    pub fn user(&self) -> &str {
        self.get("user").unwrap_or_default()
    }

    /// `{operation}`; empty where the template has none.
    pub fn operation(&self) -> &str {
        self.get("operation").unwrap_or_default()
    }
}

/// A row with its template taken apart once.
struct Template {
    route: &'static Route,
    words: Vec<Word>,
}

enum Word {
    Literal(&'static str),
    Param(&'static str),
}

/// The rows by the number of their words: most of the table is ruled out by one comparison.
static TEMPLATES: LazyLock<Vec<Vec<Template>>> = LazyLock::new(|| {
    let mut by_length: Vec<Vec<Template>> = (0..=PARTS_MAX).map(|_| Vec::new()).collect();
    for route in ROUTES {
        let words: Vec<Word> = words(route.path).collect();
        by_length[words.len()].push(Template { route, words });
    }
    by_length
});

fn words(path: &'static str) -> impl Iterator<Item = Word> {
    path.split('/').filter(|word| !word.is_empty()).map(|word| {
        word.strip_prefix('{')
            .and_then(|word| word.strip_suffix('}'))
            .map_or(Word::Literal(word), Word::Param)
    })
}

/// One step of a path: a plain segment, or a key in parentheses.
#[derive(Clone, Copy)]
struct Part<'a> {
    text: &'a str,
    key: bool,
}

impl Part<'_> {
    fn matches(self, word: &Word) -> bool {
        match word {
            Word::Literal(literal) => !self.key && self.text.eq_ignore_ascii_case(literal),
            // No id begins with `$`, so `/connections/$count` never reads as a connection.
            Word::Param(_) => self.key || !self.text.starts_with('$'),
        }
    }
}

/// Finds the row for a method and a path; `beta` opens the rows that only `/beta` knows.
///
/// Declared names are compared without case, ids are opaque. Nothing is allocated but the ids.
pub fn find<'a>(method: Method, beta: bool, segments: &[Segment<'a>]) -> Found<'a> {
    let mut buffer = [Part {
        text: "",
        key: false,
    }; PARTS_MAX];
    let parts = flatten(segments, &mut buffer);
    let mut path_is_known = false;
    for template in &TEMPLATES[parts.len()] {
        let visible = beta || !template.route.beta_only;
        if visible && depth(template, parts) == parts.len() {
            if template.route.method == method {
                return Found::Route(template.route, params(template, parts));
            }
            path_is_known = true;
        }
    }
    if path_is_known {
        return Found::MethodNotAllowed(methods(beta, parts));
    }
    Found::Unknown(first_unknown(beta, parts))
}

/// Lays the segments out as parts, with the alias `/connections` spelled in full.
///
/// What does not fit is cut off: no template is as long as the buffer, so nothing can match anyway.
fn flatten<'a, 'b>(
    segments: &[Segment<'a>],
    buffer: &'b mut [Part<'a>; PARTS_MAX],
) -> &'b [Part<'a>] {
    let alias = segments
        .first()
        .is_some_and(|first| first.name.eq_ignore_ascii_case("connections"));
    let root = alias.then_some(Part {
        text: "external",
        key: false,
    });
    let steps = segments.iter().flat_map(|segment| {
        let name = Part {
            text: segment.name,
            key: false,
        };
        let key = segment.key.map(|text| Part { text, key: true });
        std::iter::once(name).chain(key)
    });
    let mut length = 0;
    for (slot, part) in buffer.iter_mut().zip(root.into_iter().chain(steps)) {
        *slot = part;
        length += 1;
    }
    &buffer[..length]
}

/// How many parts agree with the template, from the left.
fn depth(template: &Template, parts: &[Part<'_>]) -> usize {
    parts
        .iter()
        .zip(&template.words)
        .take_while(|(part, word)| part.matches(word))
        .count()
}

fn params(template: &Template, parts: &[Part<'_>]) -> Params {
    let mut params = Params::default();
    let ids = parts
        .iter()
        .zip(&template.words)
        .filter_map(|(part, word)| match word {
            Word::Literal(_) => None,
            Word::Param(name) => Some((*name, part.text)),
        });
    for (slot, (name, id)) in params.ids.iter_mut().zip(ids) {
        *slot = (name, id.to_owned());
    }
    params
}

fn methods(beta: bool, parts: &[Part<'_>]) -> Vec<Method> {
    let mut methods: Vec<Method> = TEMPLATES[parts.len()]
        .iter()
        .filter(|template| beta || !template.route.beta_only)
        .filter(|template| depth(template, parts) == parts.len())
        .map(|template| template.route.method)
        .collect();
    methods.sort_unstable();
    methods.dedup();
    methods
}

/// The first part that no template knows; the last part where a path only stops too early.
fn first_unknown<'a>(beta: bool, parts: &[Part<'a>]) -> &'a str {
    let known = TEMPLATES
        .iter()
        .flatten()
        .filter(|template| beta || !template.route.beta_only)
        .map(|template| depth(template, parts))
        .max()
        .unwrap_or_default();
    parts
        .get(known)
        .or(parts.last())
        .map(|part| part.text)
        .unwrap_or_default()
}

#[cfg(test)]
#[path = "find_tests.rs"]
mod tests;
