//! `/external/connections?$skiptoken=…`: where the page before ended.
//!
//! Documentation: <https://learn.microsoft.com/graph/paging>

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use graph::{ErrorCode, PublicError, odata::Order};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::page::Row;

/// Bytes of the digest, enough that no changed token is read as another one.
const DIGEST_BYTES: usize = 16;

/// The token behind a row of a collection that is answered in this order.
pub(super) fn write(row: &Row, path: &str, order: &Order) -> String {
    let told = json!([row.place, order.keys(&row.members)]).to_string();
    let mut bytes = digest(&told, path, order).to_vec();
    bytes.extend_from_slice(told.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The row behind which the page begins: its place, and the members by which it is sorted.
///
/// # Errors
/// 400 for a token that was changed, or made for another collection or order.
pub(super) fn read(token: &str, path: &str, order: &Order) -> Result<Row, PublicError> {
    told(token, path, order).ok_or_else(|| {
        let message = format!(
            "Invalid value {} for $skiptoken: follow `@odata.nextLink` as it is, or begin without it.",
            graph::generous::shown(token)
        );
        let mut error = PublicError::new(ErrorCode::BadRequest, message);
        error.target = Some("$skiptoken".to_owned());
        error
    })
}

fn told(token: &str, path: &str, order: &Order) -> Option<Row> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (sent, told) = bytes.split_first_chunk::<DIGEST_BYTES>()?;
    let told = str::from_utf8(told).ok()?;
    if *sent != digest(told, path, order) {
        return None;
    }
    let [Value::String(place), members] = serde_json::from_str::<[Value; 2]>(told).ok()? else {
        return None;
    };
    Some(Row { place, members })
}

/// Binds a token to its collection, whose ids may be written in another case, and to its order.
fn digest(told: &str, path: &str, order: &Order) -> [u8; DIGEST_BYTES] {
    let mut hash = Sha256::new();
    for part in [&path.to_lowercase(), &order.to_string(), told] {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    let whole: [u8; 32] = hash.finalize().into();
    std::array::from_fn(|at| whole[at])
}

#[cfg(test)]
mod tests {
    use graph::odata::shapes::CONNECTIONS;

    use super::*;

    #[test]
    fn a_token_is_read_where_it_was_made_and_nowhere_else() {
        let path = "external/connections";
        let [own, named] = [Order::default(), Order::read("name", &CONNECTIONS).unwrap()];
        let row = Row {
            place: "7".to_owned(),
            members: json!({"id": "a", "name": "N"}),
        };
        let token = write(&row, path, &named);
        let back = read(&token, "External/Connections", &named).unwrap();
        assert_eq!(back.place, "7");
        assert_eq!(back.members, json!({"name": "N"}));
        let mut refused = vec![String::new(), "x".to_owned(), "MTIz".to_owned()];
        for at in 0..token.len() {
            let mut letters = token.clone().into_bytes();
            letters[at] = if letters[at] == b'A' { b'B' } else { b'A' };
            refused.push(String::from_utf8(letters).unwrap());
        }
        for changed in refused {
            assert!(read(&changed, path, &named).is_err(), "{changed}");
        }
        let error = read(&token, path, &own).unwrap_err();
        assert_eq!(error.target.as_deref(), Some("$skiptoken"));
        assert!(read(&token, "users", &named).is_err());
    }
}
