//! `${name}` in transcripts: the connection's id, ids and secrets of the seeded tenant, and what steps have saved.

use std::{collections::HashMap, sync::LazyLock};

use serde_json::Value;

/// As many blanks as the body of a request may hold bytes: 31 MiB.
static BLANKS: LazyLock<String> = LazyLock::new(|| " ".repeat(31 << 20));

/// Values by name.
#[derive(Clone, Default)]
pub struct Variables(HashMap<String, String>);

impl Variables {
    /// Adds a value.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.insert(name.into(), value.into());
    }

    /// The text with every `${name}` replaced; `$${` stands for `${`.
    pub fn fill(&self, text: &str) -> Result<String, String> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            if let Some(before) = before.strip_suffix('$') {
                filled.push_str(before);
                filled.push_str("${");
                rest = after;
                continue;
            }
            let (name, behind) = after
                .split_once('}')
                .ok_or_else(|| format!("`${{` is not closed in {text}"))?;
            filled.push_str(before);
            filled.push_str(self.get(name)?);
            rest = behind;
        }
        filled.push_str(rest);
        Ok(filled)
    }

    /// The same for every text in a JSON value, names of members included.
    pub fn fill_json(&self, value: &Value) -> Result<Value, String> {
        Ok(match value {
            Value::String(text) => Value::String(self.fill(text)?),
            Value::Array(entries) => entries
                .iter()
                .map(|entry| self.fill_json(entry))
                .collect::<Result<_, _>>()?,
            Value::Object(members) => members
                .iter()
                .map(|(name, value)| Ok((self.fill(name)?, self.fill_json(value)?)))
                .collect::<Result<_, String>>()?,
            other => other.clone(),
        })
    }

    /// A value; `name.last` is what follows its last slash.
    fn get(&self, name: &str) -> Result<&str, String> {
        let whole = |name: &str| self.0.get(name).map(String::as_str);
        let last = |name: &str| {
            let whole = whole(name.strip_suffix(".last")?)?;
            Some(whole.rsplit('/').next().unwrap_or(whole))
        };
        if name == "blanks" {
            return Ok(&BLANKS);
        }
        whole(name)
            .or_else(|| last(name))
            .ok_or_else(|| format!("nothing is called ${{{name}}}"))
    }
}

#[test]
fn names_are_filled_in_everywhere() {
    let mut variables = Variables::default();
    variables.set("c", "t1");
    variables.set("op", "http://localhost/a/b-2");
    let fill = |text: &str| variables.fill(text);
    assert_eq!(
        fill("/x/${c}b/${op.last}?$top=1").as_deref(),
        Ok("/x/t1b/b-2?$top=1")
    );
    assert_eq!(fill("$${c} ${c}").as_deref(), Ok("${c} t1"));
    assert!(fill("${unknown}").is_err());
    assert!(fill("${c").is_err());
    let filled = variables.fill_json(&serde_json::json!({ "a": ["${c}", 1, { "${c}": null }] }));
    assert_eq!(
        filled,
        Ok(serde_json::json!({ "a": ["t1", 1, { "t1": null }] }))
    );
}
