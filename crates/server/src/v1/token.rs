//! `/external/connections?$skiptoken=…`: where the page before ended, for nobody to read.
//!
//! Documentation: <https://learn.microsoft.com/graph/paging>

use graph::{ErrorCode, PublicError, odata::Order};
use serde_json::{Value, json};
use uuid::Uuid;

use super::page::Row;
use crate::seal::Seal;

/// Where a page ended.
#[derive(Debug, PartialEq)]
pub(super) enum Mark {
    /// Behind this row, of which all is told by which it is sorted.
    Behind(Row),
    /// Behind so many rows of a walk that we remember.
    Remembered {
        /// The walk's id.
        walk: Uuid,
        /// How many rows of it were shown or passed over.
        passed: usize,
    },
}

/// The token of a collection, whose path begins with its tenant, that is answered in this order.
pub(super) fn write(mark: &Mark, seal: &Seal, path: &str, order: &Order) -> String {
    let told = match mark {
        Mark::Behind(row) => json!([row.place, order.keys(&row.members)]),
        Mark::Remembered { walk, passed } => json!([walk, passed]),
    };
    seal.close(&told.to_string(), &about(path, order))
}

/// Where the page begins.
///
/// # Errors
/// 400 for a token that was changed, or made for another collection or order.
pub(super) fn read(
    token: &str,
    seal: &Seal,
    path: &str,
    order: &Order,
) -> Result<Mark, PublicError> {
    let told = seal.open(token, &about(path, order));
    told.and_then(|told| mark(&told)).ok_or_else(|| {
        refused(&format!(
            "Invalid value {} for $skiptoken: follow `@odata.nextLink` as it is, or begin without it.",
            graph::generous::shown(token)
        ))
    })
}

/// 400 about the token.
pub(super) fn refused(message: &str) -> PublicError {
    let mut error = PublicError::new(ErrorCode::BadRequest, message);
    error.target = Some("$skiptoken".to_owned());
    error
}

fn mark(told: &str) -> Option<Mark> {
    let [first, second] = serde_json::from_str::<[Value; 2]>(told).ok()?;
    let first = first.as_str()?;
    Some(match second.as_u64() {
        Some(passed) => Mark::Remembered {
            walk: first.parse().ok()?,
            passed: usize::try_from(passed).ok()?,
        },
        None => Mark::Behind(Row {
            place: first.to_owned(),
            members: second,
        }),
    })
}

/// Binds a token to its collection, whose ids may be written in another case, and to its order.
fn about(path: &str, order: &Order) -> String {
    format!("{} {order}", path.to_lowercase())
}

#[cfg(test)]
mod tests {
    use graph::odata::shapes::CONNECTIONS;

    use super::*;

    #[test]
    fn a_token_is_read_where_it_was_made_and_nowhere_else() {
        let seal = Seal::derive(b"secret", "pages");
        let path = "external/connections";
        let [own, named] = ["id", "id,name"].map(|text| Order::read(text, &CONNECTIONS).unwrap());
        let row = Row {
            place: "7".to_owned(),
            members: json!({"id": "a", "name": "N", "state": "ready"}),
        };
        let token = write(&Mark::Behind(row), &seal, path, &named);
        let back = read(&token, &seal, "External/Connections", &named).unwrap();
        let expect = Row {
            place: "7".to_owned(),
            members: json!({"id": "a", "name": "N"}),
        };
        assert_eq!(back, Mark::Behind(expect));
        for (path, order) in [(path, &own), ("users", &named)] {
            let error = read(&token, &seal, path, order).unwrap_err();
            assert_eq!(
                (error.status, error.target.as_deref()),
                (400, Some("$skiptoken"))
            );
        }
        assert!(read("made-up", &seal, path, &own).is_err());
    }

    #[test]
    fn a_walk_is_named_with_how_far_it_got() {
        let seal = Seal::derive(b"secret", "pages");
        let walk = Uuid::from_u128(7);
        let mark = || Mark::Remembered { walk, passed: 12 };
        let token = write(&mark(), &seal, "users", &Order::default());
        let back = read(&token, &seal, "users", &Order::default());
        assert_eq!(back, Ok(mark()));
    }
}
