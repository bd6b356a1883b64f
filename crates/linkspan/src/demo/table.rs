//! What three users find, side by side, and whether what all users find is right.

use std::collections::BTreeSet;

use super::{query::Query, search::Found};

/// Titles shown per query and user.
pub const TITLES: usize = 5;
/// Characters of a column.
const WIDTH: usize = 34;

/// What one user found and should have found, by query.
pub struct Column {
    /// The user.
    pub user: &'static str,
    /// By query.
    pub cells: Vec<Cell>,
}

/// What one user found and should have found for one query.
#[derive(Default)]
pub struct Cell {
    /// From the server.
    pub found: Found,
    /// From the plain evaluation: item ids.
    pub expected: BTreeSet<String>,
}

impl Cell {
    /// What is wrong, if anything is.
    pub fn fault(&self) -> Option<String> {
        let found: BTreeSet<_> = self.found.ids.iter().cloned().collect();
        let sample = |ids: Vec<&String>| {
            let shown: Vec<_> = ids.iter().take(5).map(|id| id.as_str()).collect();
            format!("{} ({})", ids.len(), shown.join(", "))
        };
        let mut faults = Vec::new();
        let expected = self.expected.len();
        if self.found.total != expected {
            faults.push(format!("total {} instead of {expected}", self.found.total));
        }
        let missing: Vec<_> = self.expected.difference(&found).collect();
        if !missing.is_empty() {
            faults.push(format!("missing: {}", sample(missing)));
        }
        let surplus: Vec<_> = found.difference(&self.expected).collect();
        if !surplus.is_empty() {
            faults.push(format!("too many: {}", sample(surplus)));
        }
        if found.len() != self.found.ids.len() {
            faults.push(format!("{} hits twice", self.found.ids.len() - found.len()));
        }
        (!faults.is_empty()).then(|| faults.join("; "))
    }
}

/// The table's lines.
pub fn lines(queries: &[Query], columns: &[&Column]) -> Vec<String> {
    let rule = vec!["─".repeat(WIDTH); columns.len()].join("─┼─");
    let row = |cells: Vec<String>| cells.join(" │ ").trim_end().to_owned();
    let mut lines = vec![row(columns.iter().map(|column| fit(column.user)).collect())];
    for (at, query) in queries.iter().enumerate() {
        lines.push(rule.clone());
        lines.push(query.text.to_owned());
        let cells: Vec<_> = columns
            .iter()
            .filter_map(|column| column.cells.get(at))
            .collect();
        lines.push(row(cells
            .iter()
            .map(|cell| fit(&hits(cell.found.total)))
            .collect()));
        for hit in 0..TITLES {
            let title = |cell: &&Cell| {
                let title = cell.found.titles.get(hit);
                title.map_or_else(|| fit(""), |title| fit_title(hit + 1, title))
            };
            lines.push(row(cells.iter().map(title).collect()));
        }
    }
    lines
}

/// The totals of all users, a line per query.
pub fn totals(queries: &[Query], columns: &[Column]) -> Vec<String> {
    let line = |(at, query): (usize, &Query)| {
        let totals: Vec<_> = columns
            .iter()
            .filter_map(|column| {
                Some(format!(
                    "{} {}",
                    column.user,
                    column.cells.get(at)?.found.total
                ))
            })
            .collect();
        format!("{:<WIDTH$} {}", query.text, totals.join(" · "))
    };
    queries.iter().enumerate().map(line).collect()
}

/// Every difference between what was found and what should have been.
pub fn faults(queries: &[Query], columns: &[Column]) -> Vec<String> {
    columns
        .iter()
        .flat_map(|column| {
            column
                .cells
                .iter()
                .zip(queries)
                .filter_map(|(cell, query)| {
                    let fault = cell.fault()?;
                    Some(format!("{}, {}: {fault}", column.user, query.text))
                })
        })
        .collect()
}

fn hits(count: usize) -> String {
    format!("{count} {}", if count == 1 { "hit" } else { "hits" })
}

/// A numbered title in one column's width; of a path too long, the end says more than the beginning.
fn fit_title(number: usize, title: &str) -> String {
    let start = format!("  {number}. ");
    let count = title.chars().count();
    let room = WIDTH - start.len();
    if count <= room || !title.contains('/') {
        return fit(&format!("{start}{title}"));
    }
    let end: String = title.chars().skip(count + 1 - room).collect();
    format!("{start}…{end}")
}

/// The text in exactly one column's width.
fn fit(text: &str) -> String {
    let count = text.chars().count();
    if count <= WIDTH {
        return format!("{text}{}", " ".repeat(WIDTH - count));
    }
    text.chars().take(WIDTH - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::{super::query::EVERYTHING, *};

    fn cell(total: usize, found: &[&str], expected: &[&str]) -> Cell {
        let owned = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        Cell {
            found: Found {
                total,
                ids: owned(found),
                titles: owned(found),
            },
            expected: owned(expected).into_iter().collect(),
        }
    }

    #[test]
    fn every_kind_of_fault_is_named() {
        assert_eq!(cell(2, &["a", "b"], &["b", "a"]).fault(), None);
        assert_eq!(cell(0, &[], &[]).fault(), None);
        let fault = |cell: Cell| cell.fault().unwrap();
        assert_eq!(
            fault(cell(3, &["a", "b"], &["a", "b"])),
            "total 3 instead of 2"
        );
        assert_eq!(fault(cell(2, &["a"], &["a", "b"])), "missing: 1 (b)");
        assert_eq!(fault(cell(1, &["a", "c"], &["a"])), "too many: 1 (c)");
        assert_eq!(fault(cell(1, &["a", "a"], &["a"])), "1 hits twice");
    }

    #[test]
    fn titles_fill_a_column() {
        for title in ["a", &"a".repeat(60), &format!("{}/z.rs", "a".repeat(60))] {
            assert_eq!(fit_title(1, title).chars().count(), WIDTH, "{title}");
        }
        assert!(fit_title(1, &format!("{}/z.rs", "a".repeat(60))).ends_with("/z.rs"));
        assert_eq!(
            (hits(1), hits(2)),
            ("1 hit".to_owned(), "2 hits".to_owned())
        );
    }

    #[test]
    fn columns_are_aligned() {
        let column = |user, found: &[&str]| Column {
            user,
            cells: vec![cell(found.len(), found, &[])],
        };
        let long = "x".repeat(50);
        let columns = [column("alice", &["ä", &long]), column("dave", &[])];
        let lines = lines(&[EVERYTHING], &columns.each_ref());
        let bars: BTreeSet<_> = lines
            .iter()
            .filter_map(|line| line.chars().position(|c| c == '│' || c == '┼'))
            .collect();
        assert_eq!(bars, BTreeSet::from([WIDTH + 1]), "{lines:#?}");
        assert!(lines.iter().any(|line| line.contains("2 hits")));
        assert!(lines.iter().any(|line| line.contains("xxx…")));
        assert_eq!(
            totals(&[EVERYTHING], &columns)[0]
                .split_once(' ')
                .unwrap()
                .1
                .trim(),
            "alice 2 · dave 0"
        );
        assert_eq!(faults(&[EVERYTHING], &columns).len(), 1);
    }
}
