use std::collections::{BTreeMap, BTreeSet};

use graph::odata::shapes::CONNECTIONS;
use proptest::prelude::*;

use super::{
    super::walks::{LENGTH_MAX, Walker, Walks},
    *,
};
use crate::seal::Seal;

const PATH: &str = "external/connections";

/// What a server keeps between two pages.
struct Server {
    seal: Seal,
    walks: Walks,
}

impl Server {
    fn new() -> Self {
        Self {
            seal: Seal::derive(b"secret", "pages"),
            walks: Walks::default(),
        }
    }

    fn reader(&self) -> Reader<'_> {
        let walker = Walker {
            tenant: Uuid::nil(),
            app: "app".to_owned(),
            user: None,
        };
        Reader {
            seal: &self.seal,
            walks: &self.walks,
            walker,
            now: 0,
        }
    }

    /// A page over a collection that comes in chunks of two, in the order of its places.
    fn page(&self, mut rows: Vec<Row>, query: &str) -> Result<Page, Error> {
        let options = QueryOptions::read(query, &CONNECTIONS)?;
        let size = options.top.unwrap_or(TOP_MAX);
        let course = Course::open(&self.reader(), PATH, &options)?;
        let mut window = Window::open(course, options, size);
        rows.sort_by(|a, b| a.place.cmp(&b.place));
        if let Some(start) = window.start() {
            rows.retain(|row| row.place > start);
        }
        while !rows.is_empty() {
            let rest = rows.split_off(rows.len().min(2));
            if window.look(rows).is_break() {
                break;
            }
            rows = rest;
        }
        Ok(window.close(None))
    }

    fn next(&self, page: &mut Page, query: &str) -> Option<String> {
        let token = page.token(&self.reader(), PATH, || Uuid::from_u128(1))?;
        Some(continued(query, &token))
    }
}

/// Connections by name, of which the second and the third are called the same.
fn rows() -> Vec<Row> {
    ["b", "a", "a", "d", "c"]
        .into_iter()
        .enumerate()
        .map(|(at, name)| row(&at.to_string(), name))
        .collect()
}

fn row(place: &str, name: &str) -> Row {
    Row {
        place: place.to_owned(),
        members: json!({"id": format!("id{place}"), "name": name}),
    }
}

fn page(rows: Vec<Row>, query: &str) -> Page {
    Server::new().page(rows, query).unwrap()
}

fn places(page: &Page) -> String {
    page.rows.iter().map(|row| row.place.as_str()).collect()
}

fn next(page: &mut Page, query: &str) -> Option<String> {
    Server::new().next(page, query)
}

/// The places of all pages, one page after the other; `meanwhile` changes the collection between them.
fn walk(query: &str, meanwhile: impl Fn(usize, &mut Vec<Row>)) -> String {
    let server = Server::new();
    let mut walked = String::new();
    let mut query = query.to_owned();
    for round in 0..9 {
        let mut rows = rows();
        for past in 0..=round {
            meanwhile(past, &mut rows);
        }
        let mut page = server.page(rows, &query).unwrap();
        walked += &places(&page);
        match server.next(&mut page, &query) {
            Some(more) => query = more,
            None => return walked,
        }
        walked.push(' ');
    }
    panic!("{query} has no end: {walked}");
}

#[test]
fn pages_follow_each_other_without_gap_or_repetition() {
    let check = |query: &str, expect: &str| assert_eq!(walk(query, |_, _| {}), expect, "{query}");
    check("", "01234");
    check("%24top=2", "01 23 4");
    check("$top=5", "01234");
    check("$top=2&$skip=1", "12 34");
    check("$skip=9", "");
    check("$top=2&$orderby=name", "12 04 3");
    check("$top=2&$orderby=name desc", "34 01 2");
    check("$top=1&$filter=name eq 'a'", "1 2");
    check("$top=2&$count=true&$filter=name ne 'a'", "03 4");
}

#[test]
fn what_comes_and_goes_moves_nothing_else() {
    let meanwhile = |round: usize, rows: &mut Vec<Row>| match round {
        // The last one of the first page goes, and others come before and behind it.
        1 => {
            rows.retain(|row| row.place != "1");
            rows.push(row("00", "a"));
            rows.push(row("35", "b"));
        }
        2 => rows.retain(|row| row.place != "0"),
        _ => {}
    };
    assert_eq!(walk("$top=2", meanwhile), "01 23 354");
    assert_eq!(walk("$top=2&$orderby=id", meanwhile), "01 23 354");
    // What came later has no place in an order that was taken down before.
    assert_eq!(walk("$top=2&$orderby=name", meanwhile), "12 04 3");
}

#[test]
fn a_count_is_that_of_all_pages() {
    let mut first = page(rows(), "$top=2&$count=true&$filter=name ne 'd'");
    assert_eq!((places(&first).as_str(), first.total), ("01", Some(4)));
    let query = next(&mut first, "$top=2&$count=true&$filter=name ne 'd'").unwrap();
    assert_eq!(page(rows(), &query).total, Some(4));
    assert_eq!(page(rows(), "").total, None);
}

#[test]
fn a_page_that_is_cut_goes_on_where_it_was_cut() {
    let mut first = page(rows(), "");
    first.cut(3);
    let query = next(&mut first, "").unwrap();
    assert_eq!(places(&page(rows(), &query)), "34");
    let mut whole = page(rows(), "");
    whole.cut(5);
    assert_eq!(next(&mut whole, ""), None);
}

#[test]
fn steps_are_large_where_members_are_hidden() {
    let step = |query: &str, shown: &[&str]| {
        let options = QueryOptions::read(query, &CONNECTIONS).unwrap();
        let mut window = Window::open(Course::Fixed(None), options, 1);
        let first = window.step();
        let _ = window.look(shown.iter().map(|place| row(place, "a")).collect());
        (first, window.step())
    };
    assert_eq!(step("", &[]), (2, STEP));
    assert_eq!(step("$skip=3", &["1"]), (5, STEP));
    assert_eq!(step("$count=true", &[]), (STEP, STEP));
}

#[test]
fn the_next_link_keeps_the_other_options() {
    let query = continued("%24top=1&$SKIP=2&&$skiptoken=x&$filter=id%20eq%20'a'", "t");
    assert_eq!(query, "%24top=1&$filter=id%20eq%20'a'&$skiptoken=t");
}

#[test]
fn what_is_renamed_between_two_pages_is_shown_once() {
    let rename = |place: &'static str, name: &'static str| {
        move |round: usize, rows: &mut Vec<Row>| {
            if round == 1 {
                rows.retain(|row| row.place != place);
                rows.push(row(place, name));
            }
        }
    };
    let query = "$top=2&$orderby=name";
    assert_eq!(walk(query, rename("1", "z")), "12 04 3");
    assert_eq!(walk(query, rename("3", "0")), "12 04 3");
    // The filter is asked anew.
    let query = "$top=2&$orderby=name&$filter=name ne 'z'";
    assert_eq!(walk(query, rename("4", "z")), "12 03");
}

#[test]
fn a_page_can_be_asked_for_again() {
    let server = Server::new();
    let query = "$top=2&$orderby=name";
    let mut first = server.page(rows(), query).unwrap();
    let query = server.next(&mut first, query).unwrap();
    for _ in 0..2 {
        assert_eq!(places(&server.page(rows(), &query).unwrap()), "04");
    }
}

#[test]
fn an_order_that_was_forgotten_is_refused_with_the_way_out() {
    let server = Server::new();
    let query = "$top=2&$orderby=name";
    let mut first = server.page(rows(), query).unwrap();
    let query = server.next(&mut first, query).unwrap();
    let restarted = Server::new();
    let Err(Error::Refused(refusal)) = restarted.page(rows(), &query) else {
        panic!("{query} was answered");
    };
    assert_eq!(
        (refusal.status, refusal.target.as_deref()),
        (400, Some("$skiptoken"))
    );
    assert!(
        refusal.message.contains("Start over without $skiptoken"),
        "{}",
        refusal.message
    );
    // Where rows keep their places, nothing needs to be remembered.
    let mut first = server.page(rows(), "$top=2&$orderby=id desc").unwrap();
    let query = server.next(&mut first, "$top=2&$orderby=id desc").unwrap();
    assert_eq!(places(&restarted.page(rows(), &query).unwrap()), "21");
}

#[test]
fn what_is_too_long_to_be_remembered_is_refused() {
    let order = |text: &str| QueryOptions::read(text, &CONNECTIONS).unwrap().order;
    let length = |count: usize, order: &graph::odata::Order, mut course: Course| {
        for at in 0..count {
            assert!(course.takes(order, &row(&at.to_string(), "a")));
        }
        course.check_length(order)
    };
    let (name, id) = (order("$orderby=name"), order("$orderby=id"));
    assert_eq!(length(LENGTH_MAX, &name, Course::New(Vec::new())), Ok(()));
    let refusal = length(LENGTH_MAX + 1, &name, Course::New(Vec::new())).unwrap_err();
    assert_eq!(
        (refusal.status, refusal.target.as_deref()),
        (400, Some("$orderby"))
    );
    assert_eq!(length(LENGTH_MAX + 1, &id, Course::Fixed(None)), Ok(()));
}

/// What happens to a collection between two pages.
#[derive(Clone, Debug)]
enum Write {
    Put(u8, u8),
    Delete(u8),
}

fn write() -> impl Strategy<Value = Write> {
    let put = (0..12u8, 0..4u8).prop_map(|(place, name)| Write::Put(place, name));
    prop_oneof![3 => put, 1 => (0..12u8).prop_map(Write::Delete)]
}

proptest! {
    /// Rows that are there from the first page to the last are shown once, whatever their names become; none is shown twice.
    #[test]
    fn no_write_makes_a_page_repeat_or_lose_a_row(
        order in prop::sample::select(vec!["", "$orderby=name", "$orderby=name desc,id desc", "$orderby=id desc", "$orderby=state,name"]),
        top in 1..5usize,
        mut names in prop::collection::btree_map(0..12u8, 0..4u8, 0..12),
        writes in prop::collection::vec(prop::collection::vec(write(), 0..5), 20),
    ) {
        let rows = |names: &BTreeMap<u8, u8>| -> Vec<Row> {
            names.iter().map(|(place, name)| row(&format!("{place:02}"), &name.to_string())).collect()
        };
        let server = Server::new();
        let mut query = format!("$top={top}&{order}");
        let mut always: BTreeSet<u8> = names.keys().copied().collect();
        let mut shown = Vec::new();
        for between in writes {
            let mut page = server.page(rows(&names), &query).unwrap();
            shown.extend(page.rows.iter().map(|row| row.place.parse::<u8>().unwrap()));
            let Some(next) = server.next(&mut page, &query) else {
                let once: BTreeSet<u8> = shown.iter().copied().collect();
                // A row that was deleted and made again is a row like any other to this test, but no longer one of those.
                prop_assert!(always.is_subset(&once), "{always:?} {shown:?}");
                prop_assert_eq!(once.len(), shown.len(), "{:?}", shown);
                return Ok(());
            };
            query = next;
            for write in between {
                match write {
                    Write::Put(place, name) => drop(names.insert(place, name)),
                    Write::Delete(place) => {
                        names.remove(&place);
                        always.remove(&place);
                    }
                }
            }
        }
        prop_assert!(false, "{} has no end", query);
    }
}
