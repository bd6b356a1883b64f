use graph::odata::shapes::CONNECTIONS;

use super::*;

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

/// A page over a collection that comes in chunks of two, in the order of its places.
fn page(mut rows: Vec<Row>, query: &str) -> Page {
    let options = QueryOptions::read(query, &CONNECTIONS).unwrap();
    let size = options.top.unwrap_or(TOP_MAX);
    let mut window = Window::open("external/connections", options, size).unwrap();
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
    window.close(None)
}

fn places(page: &Page) -> String {
    page.rows.iter().map(|row| row.place.as_str()).collect()
}

fn next(page: &Page, query: &str) -> Option<String> {
    let last = page.rows.last().filter(|_| page.more)?;
    let token = token::write(last, "external/connections", &page.options.order);
    Some(continued(query, &token))
}

/// The places of all pages, one page after the other; `meanwhile` changes the collection between them.
fn walk(query: &str, meanwhile: impl Fn(usize, &mut Vec<Row>)) -> String {
    let mut walked = String::new();
    let mut query = query.to_owned();
    for round in 0..9 {
        let mut rows = rows();
        for past in 0..=round {
            meanwhile(past, &mut rows);
        }
        let page = page(rows, &query);
        walked += &places(&page);
        match next(&page, &query) {
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
    assert_eq!(walk("$top=2&$orderby=name", meanwhile), "12 035 43");
}

#[test]
fn a_count_is_that_of_all_pages() {
    let first = page(rows(), "$top=2&$count=true&$filter=name ne 'd'");
    assert_eq!((places(&first).as_str(), first.total), ("01", Some(4)));
    let query = next(&first, "$top=2&$count=true&$filter=name ne 'd'").unwrap();
    assert_eq!(page(rows(), &query).total, Some(4));
    assert_eq!(page(rows(), "").total, None);
}

#[test]
fn a_page_that_is_cut_goes_on_where_it_was_cut() {
    let mut first = page(rows(), "");
    first.cut(3);
    let query = next(&first, "").unwrap();
    assert_eq!(places(&page(rows(), &query)), "34");
    let mut whole = page(rows(), "");
    whole.cut(5);
    assert_eq!(next(&whole, ""), None);
}

#[test]
fn steps_are_large_where_members_are_hidden() {
    let step = |query: &str, shown: &[&str]| {
        let options = QueryOptions::read(query, &CONNECTIONS).unwrap();
        let mut window = Window::open("external/connections", options, 1).unwrap();
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
