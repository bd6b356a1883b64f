//! `?$filter=name eq '…'&$select=id&$top=5`: the query options that this release reads.
//!
//! Documentation: <https://learn.microsoft.com/graph/query-parameters>

use serde_json::Value;

use super::path::percent_decoded;
use crate::{
    error::{ErrorCode, PublicError},
    generous::{is_annotation, shown},
};

/// The largest page that may be asked for.
const TOP_MAX: u16 = 999;

/// The query options of a read, as far as they are understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueryOptions {
    /// `$filter`.
    pub filter: Option<Filter>,
    /// `$select`: names in the order asked for; empty means all.
    pub select: Vec<String>,
    /// `$top`, 1 to 999.
    pub top: Option<u16>,
    /// `$count=true`: add `@odata.count`.
    pub count: bool,
    /// `$skiptoken`: opaque, from an `@odata.nextLink`.
    pub skiptoken: Option<String>,
    /// Options that are not used here, by name, for `x-linkspan-advice`.
    pub ignored: Vec<String>,
}

/// `$filter`, in the one form that is served: a property equals a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// The property.
    pub property: FilterProperty,
    /// The text it must equal.
    pub value: String,
}

/// The properties that can be filtered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilterProperty {
    /// `name`.
    Name,
    /// `id`.
    Id,
    /// `state`.
    State,
}

impl FilterProperty {
    /// The property as it is written in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Id => "id",
            Self::State => "state",
        }
    }
}

impl QueryOptions {
    /// Reads a raw query string, without its question mark.
    ///
    /// Names may come with or without `$`, in any case and percent-encoded; `+` is a space; the
    /// last of two equal names counts.
    ///
    /// # Errors
    /// 400 `BadRequest` naming the option, the value, and what is supported.
    pub fn read(query: &str) -> Result<Self, PublicError> {
        let mut options = Self::default();
        let mut pieces = query.split('&').filter(|piece| !piece.is_empty());
        while let Some(piece) = pieces.next() {
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            let sent_name = decoded(name)?;
            let name = sent_name
                .trim()
                .trim_start_matches('$')
                .to_ascii_lowercase();
            let mut value = decoded(value)?;
            if name == "filter" {
                // A widely used client writes `&` inside the quotes as it is.
                while value.matches('\'').count() % 2 == 1
                    && let Some(more) = pieces.next()
                {
                    value.push('&');
                    value.push_str(&decoded(more)?);
                }
            }
            options.set(&name, value, sent_name)?;
        }
        Ok(options)
    }

    fn set(&mut self, name: &str, value: String, sent_name: String) -> Result<(), PublicError> {
        match name {
            "filter" => self.filter = Some(Filter::read(&value)?),
            "select" => self.select = select(&value),
            "top" => self.top = Some(top(&value)?),
            "count" => self.count = count(&value)?,
            "skiptoken" => self.skiptoken = Some(value),
            _ => self.ignored.push(sent_name),
        }
        Ok(())
    }

    /// Keeps of a printed resource what `$select` names, and its annotations.
    pub fn keep_selected(&self, resource: &mut Value) {
        if let Value::Object(members) = resource
            && !self.select.is_empty()
            && !self.select.iter().any(|name| name == "*")
        {
            members.retain(|member, _| {
                is_annotation(member)
                    || self
                        .select
                        .iter()
                        .any(|name| name.eq_ignore_ascii_case(member))
            });
        }
    }
}

fn decoded(text: &str) -> Result<String, PublicError> {
    percent_decoded(&text.replace('+', " ")).map_err(|fault| {
        PublicError::new(
            ErrorCode::BadRequest,
            format!(
                "The query string cannot be read at {}: {fault}.",
                shown(text)
            ),
        )
    })
}

fn select(value: &str) -> Vec<String> {
    value
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

fn top(value: &str) -> Result<u16, PublicError> {
    let digits = value.trim();
    digits
        .parse()
        .ok()
        .filter(|top| (1..=TOP_MAX).contains(top) && digits.bytes().all(|b| b.is_ascii_digit()))
        .ok_or_else(|| {
            refused(
                "$top",
                format!(
                    "Invalid value {} for $top: it must be a whole number from 1 to {TOP_MAX}.",
                    shown(value)
                ),
            )
        })
}

fn count(value: &str) -> Result<bool, PublicError> {
    match value.trim() {
        yes if yes.eq_ignore_ascii_case("true") => Ok(true),
        no if no.eq_ignore_ascii_case("false") => Ok(false),
        _ => Err(refused(
            "$count",
            format!(
                "Invalid value {} for $count: it must be true or false.",
                shown(value)
            ),
        )),
    }
}

fn refused(target: &str, message: String) -> PublicError {
    let mut error = PublicError::new(ErrorCode::BadRequest, message);
    error.target = Some(target.to_owned());
    error
}

impl Filter {
    /// Reads `name eq '…'`, `id eq '…'` or `state eq '…'`; a quote in the text is doubled.
    ///
    /// # Errors
    /// 400 `BadRequest` with the position of the fault and the forms that are supported.
    pub fn read(text: &str) -> Result<Self, PublicError> {
        let mut reader = FilterReader { text, at: 0 };
        let start = reader.skip_blanks();
        let word = reader.word();
        let property = [
            FilterProperty::Name,
            FilterProperty::Id,
            FilterProperty::State,
        ]
        .into_iter()
        .find(|property| property.as_str().eq_ignore_ascii_case(word))
        .ok_or_else(|| {
            fault(
                text,
                start,
                "a property that can be filtered by is expected",
            )
        })?;
        let operator = reader.skip_blanks();
        if !reader.word().eq_ignore_ascii_case("eq") {
            return Err(fault(text, operator, "the operator `eq` is expected"));
        }
        let literal = reader.skip_blanks();
        let value = reader
            .literal()
            .ok_or_else(|| fault(text, literal, "a text in single quotes is expected"))?;
        let end = reader.skip_blanks();
        if end < text.len() {
            return Err(fault(text, end, "nothing more is expected"));
        }
        Ok(Self { property, value })
    }
}

/// Walks through a filter; `at` is a byte offset at a character's start.
struct FilterReader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> FilterReader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_blanks(&mut self) -> usize {
        self.at = self.text.len() - self.rest().trim_start().len();
        self.at
    }

    fn word(&mut self) -> &'a str {
        let rest = self.rest();
        let end = rest
            .find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
            .unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn literal(&mut self) -> Option<String> {
        let mut value = String::new();
        let mut body = self.rest().strip_prefix('\'')?;
        loop {
            let (before, after) = body.split_once('\'')?;
            value.push_str(before);
            match after.strip_prefix('\'') {
                Some(more) => {
                    value.push('\'');
                    body = more;
                }
                None => {
                    self.at = self.text.len() - after.len();
                    return Some(value);
                }
            }
        }
    }
}

/// The position is counted in characters from one, as a person counts.
fn fault(text: &str, at: usize, expected: &str) -> PublicError {
    let position = text[..at].chars().count() + 1;
    refused(
        "$filter",
        format!(
            "Invalid filter clause {} at position {position}: {expected}. \
             Supported are: name eq '…', id eq '…', state eq '…'.",
            shown(text)
        ),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn filter(query: &str) -> (FilterProperty, String) {
        let filter = QueryOptions::read(query).unwrap().filter.unwrap();
        (filter.property, filter.value)
    }

    #[test]
    fn filters_of_real_clients() {
        let check = |query: &str, property: FilterProperty, value: &str| {
            assert_eq!(filter(query), (property, value.to_owned()), "{query}");
        };
        check(
            "$filter=name%20eq%20%27O%27%27Brien%20%26%20co%27",
            FilterProperty::Name,
            "O'Brien & co",
        );
        check("%24filter=name eq 'a'", FilterProperty::Name, "a");
        check("filter=id+eq+'a'", FilterProperty::Id, "a");
        check("$FILTER=STATE EQ 'ready'", FilterProperty::State, "ready");
        check(
            "$filter=name eq 'n & m'&$top=1",
            FilterProperty::Name,
            "n & m",
        );
        check("$filter= name  eq'' ", FilterProperty::Name, "");
        check("$filter=name eq 'ä''ö'", FilterProperty::Name, "ä'ö");
    }

    #[test]
    fn other_filters_are_refused_with_the_position() {
        let check = |clause: &str, position: &str| {
            let error = QueryOptions::read(&format!("$filter={clause}")).unwrap_err();
            assert_eq!((error.status, error.code), (400, ErrorCode::BadRequest));
            assert_eq!(error.target.as_deref(), Some("$filter"));
            assert!(
                error.message.contains(&format!("at position {position}:")),
                "{clause}: {}",
                error.message
            );
            assert!(error.message.ends_with("state eq '…'."));
        };
        check("", "1");
        check("description eq 'x'", "1");
        check("startswith(name,'x')", "1");
        check("name ne 'x'", "6");
        check("name eq", "8");
        check("name eq x", "9");
        check("name eq 'x", "9");
        check("name eq 'ä' and id eq 'y'", "13");
        check("nameeq 'x'", "1");
    }

    #[test]
    fn the_other_options() {
        let query =
            "$select=id,%20name,&$top=5&$count=TRUE&$skiptoken=a%2Bb&$orderby=name&api-version=1";
        let options = QueryOptions::read(query).unwrap();
        assert_eq!(options.select, ["id", "name"]);
        assert_eq!(options.top, Some(5));
        assert!(options.count);
        assert_eq!(options.skiptoken.as_deref(), Some("a+b"));
        assert_eq!(options.ignored, ["$orderby", "api-version"]);
        assert_eq!(QueryOptions::read("").unwrap(), QueryOptions::default());
        for top in ["0", "1000", "-1", "x", "", "1.5", "%2B5"] {
            let error = QueryOptions::read(&format!("$top={top}")).unwrap_err();
            assert_eq!(error.status, 400, "{top}");
            assert!(error.message.contains("from 1 to 999"));
        }
        assert_eq!(QueryOptions::read("$top=999").unwrap().top, Some(999));
        assert!(QueryOptions::read("$count=maybe").is_err());
        assert!(QueryOptions::read("$select=%zz").is_err());
    }

    #[test]
    fn select_keeps_members_and_annotations() {
        let options = QueryOptions::read("$select=ID,state").unwrap();
        let mut resource = json!({"@odata.context": "c", "id": "a", "name": "b", "state": "draft"});
        options.keep_selected(&mut resource);
        assert_eq!(
            resource,
            json!({"@odata.context": "c", "id": "a", "state": "draft"})
        );
        let mut whole = json!({"id": "a", "name": "b"});
        QueryOptions::default().keep_selected(&mut whole);
        assert_eq!(whole, json!({"id": "a", "name": "b"}));
    }

    proptest! {
        #[test]
        fn any_query_is_read_or_refused(query in ".*") {
            if let Err(error) = QueryOptions::read(&query) {
                prop_assert_eq!(error.status, 400);
            }
        }

        #[test]
        fn any_filter_is_read_or_refused(text in "(name|id|state|x)? ?(eq|ne)? ?['a-zä ]*") {
            if let Err(error) = Filter::read(&text) {
                prop_assert_eq!(error.status, 400);
            }
        }
    }
}
