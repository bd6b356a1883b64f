//! What is said at our own doors, below `/_linkspan`, read strictly: those who ask there are no clients of the Graph's.

use std::{collections::BTreeMap, fmt, ops::RangeInclusive};

use axum::http::HeaderMap;
use graph::{PublicError, generous::quoted};
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, Visitor},
};
use serde_json::{Map, Value};

use crate::{body::Incoming, identity::decode};

/// The fields of a query that has no others than these, each once.
///
/// # Errors
/// 400 that names the field that is not known, or is there twice.
pub fn query(raw: Option<&str>, known: &[&str]) -> Result<BTreeMap<String, String>, PublicError> {
    let mut fields = BTreeMap::new();
    let pairs = raw.unwrap_or_default().split('&');
    for pair in pairs.filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decode(name.as_bytes()), decode(value.as_bytes()));
        let rule = match known {
            _ if fields.contains_key(&name) => "it is there twice".to_owned(),
            [] => "no query is taken here".to_owned(),
            known if !known.contains(&name.as_str()) => {
                format!("the query takes only `{}`", known.join("`, `"))
            }
            _ => {
                fields.insert(name, value);
                continue;
            }
        };
        return Err(refused(&name, &value.into(), &rule));
    }
    Ok(fields)
}

/// A body that is an object; where it may be missing, an empty one is an object without members.
///
/// # Errors
/// 400 for anything else, and for a member that is there twice; 413 and 415 as [`Incoming::read`] says.
pub async fn object(
    body: &mut Incoming,
    headers: &HeaderMap,
    may_be_empty: bool,
) -> Result<Value, PublicError> {
    let bytes = body.read(headers).await?;
    if may_be_empty && bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Object(Map::new()));
    }
    match serde_json::from_slice(&bytes) {
        Ok(Members(members)) => Ok(Value::Object(members)),
        Err(error) => {
            let help = format!("The body must be a JSON object: {error}.");
            Err(PublicError::invalid("body", help))
        }
    }
}

/// Nothing, where nothing is taken.
///
/// # Errors
/// 400 for a body.
pub async fn nothing(body: &mut Incoming, headers: &HeaderMap) -> Result<(), PublicError> {
    if body.read(headers).await?.is_empty() {
        return Ok(());
    }
    let help = "This request takes no body: leave it out.";
    Err(PublicError::invalid("body", help))
}

/// The members of an object, each there once.
struct Members(Map<String, Value>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_map(Once).map(Self)
    }
}

struct Once;

impl<'de> Visitor<'de> for Once {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut json: A) -> Result<Self::Value, A::Error> {
        let mut members = Map::new();
        while let Some((name, value)) = json.next_entry::<String, Value>()? {
            if members.contains_key(&name) {
                return Err(A::Error::custom(format!("`{name}` is there twice")));
            }
            members.insert(name, value);
        }
        Ok(members)
    }
}

/// The members of an object that has no others than these.
///
/// # Errors
/// 400 that names what is no object, or the member that is not known.
pub fn members<'v>(
    what: &str,
    said: &'v Value,
    known: &[&str],
) -> Result<&'v Map<String, Value>, PublicError> {
    let names = || format!("`{}`", known.join("`, `"));
    let members = said
        .as_object()
        .ok_or_else(|| refused(what, said, &format!("it must be an object of {}", names())))?;
    match members
        .iter()
        .find(|(name, _)| !known.contains(&name.as_str()))
    {
        Some((name, value)) => Err(refused(name, value, &format!("there are only {}", names()))),
        None => Ok(members),
    }
}

/// A member that must be a text, if it is there.
///
/// # Errors
/// 400 that names it and what it is.
pub fn text<'v>(
    members: &'v Map<String, Value>,
    name: &str,
) -> Result<Option<&'v str>, PublicError> {
    let read = |value: &'v Value| {
        let text = value.as_str();
        text.ok_or_else(|| refused(name, value, "it must be a text"))
    };
    members.get(name).map(read).transpose()
}

/// A member that must be true or false, and is false if it is not there.
///
/// # Errors
/// 400 that names it and what it is.
pub fn flag(members: &Map<String, Value>, name: &str) -> Result<bool, PublicError> {
    match members.get(name) {
        None => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(other) => Err(refused(name, other, "it must be true or false")),
    }
}

/// A member that must be a whole number between these, if it is there.
///
/// # Errors
/// 400 that names it, what it is, and the ends.
pub fn whole(
    members: &Map<String, Value>,
    name: &str,
    between: RangeInclusive<u64>,
) -> Result<Option<u64>, PublicError> {
    let read = |value: &Value| {
        let number = value.as_u64().filter(|number| between.contains(number));
        number.ok_or_else(|| {
            let (least, most) = (between.start(), between.end());
            let rule = format!("it must be a whole number, {least} to {most}");
            refused(name, value, &rule)
        })
    };
    members.get(name).map(read).transpose()
}

/// 400 that names the member, shows its value and says the rule.
pub fn refused(member: &str, value: &Value, rule: &str) -> PublicError {
    let help = format!("`{member}` is {}: {rule}.", quoted(value));
    PublicError::invalid(member, help)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn queries_are_held_to_what_is_known() {
        let known = ["since", "tenant"];
        let fields = query(Some("since=7&tenant=a%2Db&"), &known).unwrap();
        assert_eq!((&*fields["since"], &*fields["tenant"]), ("7", "a-b"));
        assert!(query(None, &[]).unwrap().is_empty());
        for (raw, known, wanted) in [
            ("tenent=a", &known[..], "`since`, `tenant`"),
            ("since=1&since=2", &known, "twice"),
            ("a", &[], "no query"),
        ] {
            let refusal = query(Some(raw), known).unwrap_err();
            assert_eq!(refusal.status, 400, "{raw}");
            let told = &refusal.details[0].message;
            assert!(told.contains(wanted), "{raw}: {told}");
        }
    }

    #[tokio::test]
    async fn bodies_are_objects_or_nothing() {
        let headers = HeaderMap::new();
        let incoming =
            |text: &'static str| Incoming::new(Body::from(text), 1_000, &std::sync::Arc::default());
        for (text, may_be_empty, is_fine) in [
            ("{\"a\":[1]}", false, true),
            (" \n", true, true),
            ("", true, true),
            ("", false, false),
            ("[]", true, false),
            ("[null,null,true]", true, false),
            ("null", true, false),
            ("{\"a\":1,\"a\":1}", true, false),
            ("{} {}", true, false),
        ] {
            let read = object(&mut incoming(text), &headers, may_be_empty).await;
            assert_eq!(read.is_ok(), is_fine, "{text:?}");
            if let Err(refusal) = read {
                assert_eq!(refusal.status, 400, "{text:?}");
            }
        }
        assert!(nothing(&mut incoming(""), &headers).await.is_ok());
        assert!(nothing(&mut incoming("{}"), &headers).await.is_err());
    }
}
