//! `/external/connections?$filter=…&$top=…&$skiptoken=…`: which members of a collection a page shows, and where the next one begins.
//!
//! A page begins behind a *place*: a text that a member keeps for life, in whose order the collection stands. Where it is sorted by
//! what may change, the order is [remembered](super::walks). Whatever is written between two pages, a member that is there all the
//! time is shown once.
//!
//! Documentation: <https://learn.microsoft.com/graph/paging>

use std::ops::ControlFlow;

use graph::odata::{Context, List, QueryOptions, TOP_MAX};
use serde_json::{Map, Value, json};
use tenant::Error;
use uuid::Uuid;

use super::course::{Course, End, Reader};
use crate::{ask::Ask, respond::Answer};

/// The size of a page where nobody says another.
pub(super) const SIZE: u16 = 100;

/// How many members are looked at in one go.
const STEP: u32 = 1_000;

/// Which members to look for.
pub(super) struct Span {
    /// The place behind which they stand; `None` for the beginning.
    pub after: Option<String>,
    /// How many to look at.
    pub limit: u32,
}

/// A member of a collection.
#[derive(Debug, PartialEq)]
pub(super) struct Row {
    /// Where it stands.
    pub place: String,
    /// Its JSON members.
    pub members: Value,
}

/// Some members of a collection.
pub(super) struct Chunk {
    /// Those found, in any order.
    pub rows: Vec<Row>,
    /// The place behind which to look for more; `None` when these were the last.
    pub rest: Option<String>,
}

impl Chunk {
    /// A whole collection.
    pub fn all(rows: Vec<Row>) -> Self {
        Self { rows, rest: None }
    }

    /// All that was looked at; there may be more if it is as much as was to be.
    pub fn upto(limit: u32, rows: Vec<Row>) -> Self {
        let full = u32::try_from(rows.len()).is_ok_and(|length| length == limit);
        let rest = rows.last().filter(|_| full).map(|row| row.place.clone());
        Self { rows, rest }
    }
}

/// One page.
pub(super) struct Page {
    options: QueryOptions,
    /// What it shows; a door may change the members before they are answered.
    pub rows: Vec<Row>,
    /// What is answered instead of the rows.
    shown: Option<Vec<Value>>,
    /// In which order they come.
    course: Course,
    /// Are there more?
    more: bool,
    /// How many there are on all pages, where that was asked for.
    total: Option<usize>,
    /// The page size that was preferred in a header.
    preferred: Option<u16>,
}

/// Reads the page that the request asks for. `next` finds the members behind a place, in the order of their places from one call to the
/// next; `size` is the size of a page where nobody says another.
///
/// # Errors
/// 400 for options that are not understood or a token that we did not make; what `next` answers.
pub(super) async fn page<F, R>(
    ask: &Ask<'_>,
    list: List<'_>,
    size: u16,
    next: F,
) -> Result<Page, Error>
where
    F: Fn(Span) -> R,
    R: Future<Output = Result<Chunk, Error>>,
{
    let options = QueryOptions::read(ask.query, list.shape(ask.beta))?;
    let preferred = ask.exchange.prefers.max_page_size;
    let asked = options.top.into_iter().chain(preferred).min();
    let course = Course::open(&Reader::of(ask), &list.path(), &options)?;
    let mut window = Window::open(course, options, asked.unwrap_or(size));
    let mut after = window.start();
    loop {
        let limit = window.step();
        let chunk = next(Span { after, limit }).await?;
        after = chunk.rest;
        let is_full = window.look(chunk.rows).is_break();
        window.course.check_length(&window.options.order)?;
        if is_full || after.is_none() {
            break;
        }
    }
    Ok(window.close(preferred))
}

/// `GET …/$count`: how many members the filter admits, as a plain number.
///
/// # Errors
/// As for [`page`].
pub(super) async fn count<F, R>(ask: &Ask<'_>, list: List<'_>, next: F) -> Result<Answer, Error>
where
    F: Fn(Span) -> R,
    R: Future<Output = Result<Chunk, Error>>,
{
    let options = QueryOptions::read(ask.query, list.shape(ask.beta))?;
    let mut total = 0;
    let (mut after, limit) = (None, STEP);
    loop {
        let chunk = next(Span { after, limit }).await?;
        total += admitted(&options, chunk.rows).count();
        after = chunk.rest;
        if after.is_none() {
            return Ok(Answer::number(total).ignoring("options", &options.ignored));
        }
    }
}

fn admitted(options: &QueryOptions, rows: Vec<Row>) -> impl Iterator<Item = Row> {
    let filter = options.filter.as_ref();
    rows.into_iter()
        .filter(move |row| filter.is_none_or(|filter| filter.admits(&row.members)))
}

/// The rows that may be on the page, while the collection goes by.
struct Window {
    options: QueryOptions,
    course: Course,
    size: usize,
    rows: Vec<Row>,
    total: usize,
    /// Was anything looked at?
    begun: bool,
}

impl Window {
    fn open(course: Course, options: QueryOptions, size: u16) -> Self {
        Self {
            course,
            size: usize::from(size.clamp(1, TOP_MAX)),
            rows: Vec::new(),
            total: 0,
            begun: false,
            options,
        }
    }

    /// Must the whole collection go by?
    fn is_whole(&self) -> bool {
        self.options.count || !self.options.order.is_own()
    }

    /// The place behind which the page begins, where the collection stands in the order that was asked for.
    fn start(&self) -> Option<String> {
        match &self.course {
            Course::Fixed(Some(after)) if !self.is_whole() => Some(after.place.clone()),
            _ => None,
        }
    }

    /// One more than the page shows, to know whether there is another.
    fn wanted(&self) -> usize {
        let skip = usize::try_from(self.options.skip).unwrap_or(usize::MAX);
        skip.saturating_add(self.size + 1)
    }

    /// How many members to look at next: no more than the page wants, where each of them may be on it. Once some were not, as where most
    /// are hidden from the caller, small steps would take for ever.
    fn step(&self) -> u32 {
        let may_all_be_on_it = !self.begun && !self.is_whole() && self.options.filter.is_none();
        match u32::try_from(self.wanted()) {
            Ok(wanted) if may_all_be_on_it => wanted.min(STEP),
            _ => STEP,
        }
    }

    fn look(&mut self, rows: Vec<Row>) -> ControlFlow<()> {
        self.begun = true;
        for row in admitted(&self.options, rows) {
            self.total += 1;
            if self.course.takes(&self.options.order, &row) {
                self.rows.push(row);
            }
        }
        // Never more than a page and a chunk are held.
        self.sort();
        if self.rows.len() >= self.wanted() && !self.is_whole() {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    fn sort(&mut self) {
        let mut rows = std::mem::take(&mut self.rows);
        rows.sort_by(|a, b| self.course.compare(&self.options.order, a, b));
        rows.truncate(self.wanted());
        self.rows = rows;
    }

    fn close(mut self, preferred: Option<u16>) -> Page {
        let skip = usize::try_from(self.options.skip).unwrap_or(usize::MAX);
        self.rows.drain(..skip.min(self.rows.len()));
        let more = self.rows.len() > self.size;
        self.rows.truncate(self.size);
        Page {
            rows: self.rows,
            shown: None,
            course: self.course,
            more,
            total: self.options.count.then_some(self.total),
            preferred,
            options: self.options,
        }
    }
}

impl Page {
    /// What the query asked for.
    pub fn options(&self) -> &QueryOptions {
        &self.options
    }

    /// Ends the page after so many rows; the next one begins behind them.
    pub fn cut(&mut self, length: usize) {
        if length < self.rows.len() {
            self.rows.truncate(length);
            self.more = true;
        }
    }

    /// Shows these instead of the rows.
    pub fn show(&mut self, members: Vec<Value>) {
        self.shown = Some(members);
    }

    /// The token of the next page, if there is one.
    fn token(
        &mut self,
        reader: &Reader<'_>,
        path: &str,
        new_id: impl FnOnce() -> Uuid,
    ) -> Option<String> {
        let last = self.rows.last().filter(|_| self.more)?;
        let end = End {
            course: std::mem::replace(&mut self.course, Course::Fixed(None)),
            order: &self.options.order,
            last: Row {
                place: last.place.clone(),
                members: last.members.clone(),
            },
        };
        Some(reader.token(end, path, new_id))
    }

    /// The answer: 200, in the order in which the Graph writes its members.
    pub fn answer(mut self, ask: &Ask<'_>, list: List<'_>) -> Answer {
        let mut members = Map::new();
        if let Some(total) = self.total {
            members.insert("@odata.count".to_owned(), json!(total));
        }
        let path = list.path();
        if let Some(token) = self.token(&Reader::of(ask), &path, || ask.new_id()) {
            let query = continued(ask.query, &token);
            let next = format!("{}?{query}", ask.url(&path));
            members.insert("@odata.nextLink".to_owned(), Value::String(next));
        }
        let rows = self.rows.into_iter().map(|row| row.members);
        let mut shown = self.shown.unwrap_or_else(|| rows.collect());
        for one in &mut shown {
            ask.annotate(list, one);
            self.options.keep_selected(one);
        }
        members.insert("value".to_owned(), Value::Array(shown));
        let context = Context::List(list, &self.options.select);
        let body = ask.in_context(context, Value::Object(members));
        Answer::json(axum::http::StatusCode::OK, body)
            .ignoring("options", &self.options.ignored)
            .paged(self.preferred)
    }
}

/// The query of the next page: the options as they were sent, and the new token, which has left out already what was to be.
fn continued(query: &str, token: &str) -> String {
    let is_spent = |piece: &&str| {
        let name = piece.split('=').next().unwrap_or_default();
        let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy();
        let name = name.trim().trim_start_matches('$');
        name.eq_ignore_ascii_case("skiptoken") || name.eq_ignore_ascii_case("skip")
    };
    let mut pieces: Vec<&str> = query
        .split('&')
        .filter(|piece| !piece.is_empty() && !is_spent(piece))
        .collect();
    let token = format!("$skiptoken={token}");
    pieces.push(&token);
    pieces.join("&")
}

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;
