//! Reading values that people wrote: every problem is noted with its place, and reading goes on.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::derived_id;

/// What is wrong with the file, in the order it was found.
#[derive(Default)]
pub struct Problems(pub Vec<String>);

impl Problems {
    /// Notes a problem at a place.
    pub fn add(&mut self, path: &str, problem: &str) {
        self.0.push(format!("{path}: {problem}"));
    }
}

/// A value and its place: `users[2].upn`.
pub struct Node<'v> {
    /// The place.
    pub path: String,
    value: &'v Value,
}

/// The members of a value that is an object.
pub struct Members<'v> {
    path: String,
    members: Option<&'v Map<String, Value>>,
}

impl<'v> Node<'v> {
    /// The whole file.
    pub fn root(value: &'v Value) -> Self {
        Self {
            path: String::new(),
            value,
        }
    }

    /// The value's members; all of them must be known.
    pub fn object(&self, known: &[&str], problems: &mut Problems) -> Members<'v> {
        let members = self.value.as_object();
        let here = match self.path.as_str() {
            "" => "the file",
            path => path,
        };
        if members.is_none() {
            problems.add(
                here,
                &format!("must be an object with the members {}", known.join(", ")),
            );
        }
        for name in members.into_iter().flat_map(Map::keys) {
            if !known.contains(&name.as_str()) {
                problems.add(
                    here,
                    &format!("'{name}' is unknown; known are {}", known.join(", ")),
                );
            }
        }
        Members {
            path: self.path.clone(),
            members,
        }
    }

    /// The value as text that is not empty and has no blanks around it.
    pub fn text(&self, problems: &mut Problems) -> Option<&'v str> {
        match self.value.as_str() {
            Some(text) if !text.is_empty() && text.trim() == text => Some(text),
            Some(_) => {
                problems.add(&self.path, "must not be empty, or have blanks around it");
                None
            }
            None => {
                problems.add(
                    &self.path,
                    &format!("must be text, in quotes if need be; it is {}", self.value),
                );
                None
            }
        }
    }
}

impl<'v> Members<'v> {
    /// The place of a member.
    pub fn at(&self, name: &str) -> String {
        match self.path.as_str() {
            "" => name.to_owned(),
            path => format!("{path}.{name}"),
        }
    }

    fn node(&self, name: &str) -> Option<Node<'v>> {
        let value = self.members?.get(name)?;
        Some(Node {
            path: self.at(name),
            value,
        })
    }

    /// The values of a list; one that is not there is empty.
    pub fn list(&self, name: &str, problems: &mut Problems) -> Vec<Node<'v>> {
        let Some(node) = self.node(name) else {
            return Vec::new();
        };
        let Some(values) = node.value.as_array() else {
            problems.add(&node.path, "must be a list");
            return Vec::new();
        };
        let nodes = values.iter().enumerate().map(|(at, value)| Node {
            path: format!("{}[{at}]", node.path),
            value,
        });
        nodes.collect()
    }

    /// The texts of a list.
    pub fn texts(&self, name: &str, problems: &mut Problems) -> Vec<&'v str> {
        let nodes = self.list(name, problems);
        nodes
            .iter()
            .filter_map(|node| node.text(problems))
            .collect()
    }

    /// A text that may be left out.
    pub fn optional_text(&self, name: &str, problems: &mut Problems) -> Option<&'v str> {
        self.node(name)?.text(problems)
    }

    /// A text that must be there; empty after a problem.
    pub fn required_text(&self, name: &str, problems: &mut Problems) -> &'v str {
        match self.node(name) {
            Some(node) => node.text(problems).unwrap_or_default(),
            // What is no object has been told about already.
            None if self.members.is_none() => "",
            None => {
                problems.add(&self.at(name), "must be there");
                ""
            }
        }
    }

    /// True or false.
    pub fn flag(&self, name: &str, problems: &mut Problems) -> Option<bool> {
        let node = self.node(name)?;
        if node.value.as_bool().is_none() {
            problems.add(&node.path, "must be true or false");
        }
        node.value.as_bool()
    }

    /// A GUID; one that is left out follows from what it is for.
    pub fn id(&self, name: &str, problems: &mut Problems, what: &str) -> String {
        let Some(node) = self.node(name) else {
            return derived_id(what);
        };
        let Some(text) = node.text(problems) else {
            return String::new();
        };
        match Uuid::try_parse(text) {
            Ok(id) => id.hyphenated().to_string(),
            Err(_) => {
                problems.add(
                    &self.at(name),
                    &format!("'{text}' must be a GUID, or left out to have one made"),
                );
                String::new()
            }
        }
    }
}
