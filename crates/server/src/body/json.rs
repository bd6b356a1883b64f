//! Reads JSON whole, and counts its values before anything is made of them.

use std::{cell::RefCell, fmt};

use graph::{PublicError, generous::start};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value, map::Entry};

use super::{unfit, unreadable};

/// The tree that a text stands for.
///
/// # Errors
/// 400 `BadRequest` with the place of what is no JSON, and of a member that stands twice in one object: whichever of the
/// two counted, its sender may have meant the other one, and it may be the access list.
pub(crate) fn read(text: &str) -> Result<Value, PublicError> {
    let twice = RefCell::default();
    let mut source = serde_json::Deserializer::from_str(text);
    let read = Tree { twice: &twice }.deserialize(&mut source);
    let read = read.and_then(|tree| source.end().map(|()| tree));
    read.map_err(|fault| match twice.take() {
        None => unfit(fault),
        Some(place) => stands_twice(&fault, place),
    })
}

fn stands_twice(fault: &serde_json::Error, place: String) -> PublicError {
    let mut refusal = unreadable(&format!(
        "Unable to read JSON request payload at line {}, column {}: the member `{place}` stands twice.",
        fault.line(),
        fault.column()
    ))
    .with_help(
        &place,
        "An object holds each of its members once; leave one of the two out.",
    );
    refusal.target = Some(place);
    refusal
}

/// How many values a text of JSON holds, itself among them. What is no JSON has some number too, and is refused later.
pub(super) fn values(text: &[u8]) -> usize {
    let mut count = 1;
    let mut before = b' ';
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => continue,
            b'"' => loop {
                match bytes.next() {
                    None | Some(b'"') => break,
                    Some(b'\\') => drop(bytes.next()),
                    Some(_) => {}
                }
            },
            // As many values as commas, and one more in what is not empty.
            b',' | b'[' | b'{' => count += 1,
            b']' | b'}' if matches!(before, b'[' | b'{') => count -= 1,
            _ => {}
        }
        before = *byte;
    }
    count
}

/// Makes a tree, and remembers where it met a member again.
#[derive(Clone, Copy)]
struct Tree<'t> {
    twice: &'t RefCell<Option<String>>,
}

impl Tree<'_> {
    /// On the way out of a fault: the place lies within this member or entry.
    fn within(self, outer: &str) {
        if let Some(place) = self.twice.borrow_mut().as_mut() {
            let dot = if place.starts_with('[') { "" } else { "." };
            place.insert_str(0, dot);
            place.insert_str(0, outer);
        }
    }
}

impl<'de> DeserializeSeed<'de> for Tree<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Value, D::Error> {
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sent: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        loop {
            match sent.next_element_seed(self) {
                Ok(Some(entry)) => entries.push(entry),
                Ok(None) => return Ok(Value::Array(entries)),
                Err(fault) => {
                    self.within(&format!("[{}]", entries.len()));
                    return Err(fault);
                }
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut sent: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = sent.next_key::<String>()? {
            match members.entry(name) {
                Entry::Occupied(first) => {
                    *self.twice.borrow_mut() = Some(start(first.key()));
                    return Err(A::Error::custom("a member stands twice"));
                }
                Entry::Vacant(place) => match sent.next_value_seed(self) {
                    Ok(value) => drop(place.insert(value)),
                    Err(fault) => {
                        self.within(&start(place.key()));
                        return Err(fault);
                    }
                },
            }
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use graph::ErrorCode;
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_counted() {
        for (text, expect) in [
            ("1", 1),
            (" [ ] ", 1),
            ("[[],{},[{}]]", 5),
            (r#"{"a,[{":"\",[","b":[1,2,{"c":null}]}"#, 7),
            ("[ 1 , 2 ]", 3),
            ("\"", 1),
            ("]", 1),
        ] {
            assert_eq!(values(text.as_bytes()), expect, "{text}");
        }
    }

    #[test]
    fn what_is_read_is_what_was_sent() {
        let text = r#"{"b":[1,-1,1.5,18446744073709551615,"\u00e4",null,true,{}],"a":{"a":{"a":[]}},"$serde_json::private::RawValue":"1"}"#;
        assert_eq!(
            read(text).unwrap().to_string(),
            text.replace("\\u00e4", "ä")
        );
        assert_eq!(
            read("[{\"a\":1},{\"a\":2}]").unwrap(),
            json!([{"a": 1}, {"a": 2}])
        );
        assert!(read("{} {}").unwrap_err().message.contains("trailing"));
    }

    #[test]
    fn a_member_that_stands_twice_is_refused_with_its_place() {
        for (text, place) in [
            (r#"{"acl":[],"b":1,"acl":[]}"#, "acl"),
            (r#"{"acl":[{},{"type":1,"t\u0079pe":1}]}"#, "acl[1].type"),
            (r#"[[{"x":{"":1,"":1}}]]"#, "[0][0].x."),
            (r#"{"é":{"é":1,"é":1}}"#, "é.é"),
        ] {
            let refusal = read(text).unwrap_err();
            assert_eq!((refusal.status, refusal.code), (400, ErrorCode::BadRequest));
            assert_eq!(refusal.target.as_deref(), Some(place), "{text}");
            let told = format!("the member `{place}` stands twice");
            assert!(refusal.message.contains(&told), "{}", refusal.message);
        }
        let long = "x".repeat(100_000);
        let refusal = read(&format!(r#"{{"{long}":1,"{long}":2}}"#)).unwrap_err();
        assert!(refusal.message.len() < 400, "{}", refusal.message);
    }
}
