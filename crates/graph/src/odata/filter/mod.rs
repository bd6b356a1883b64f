//! `$filter=state eq 'ready' and startswith(name,'A')`: the tree of a filter, held against resources.
//!
//! Documentation: <https://docs.oasis-open.org/odata/odata/v4.01/odata-v4.01-part2-url-conventions.html>

mod parse;
mod tokens;

use std::cmp::Ordering;

use serde_json::Value;

use super::shape::{Property, Scalar, Shape};
use crate::error::PublicError;

/// A filter whose properties and literals fit each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter(Node);

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Not(Box<Node>),
    All(Vec<Node>),
    Any(Vec<Node>),
    Compare(&'static Property, Operator, Scalar),
    In(&'static Property, Vec<Scalar>),
    Call(Function, &'static Property, String),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Operator {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Function {
    StartsWith,
    EndsWith,
    Contains,
}

impl Filter {
    /// Reads a decoded filter over resources of this shape.
    ///
    /// # Errors
    /// 400 `BadRequest` with the position of the fault, what was found, and what is supported.
    pub fn read(text: &str, shape: &Shape) -> Result<Self, PublicError> {
        parse::read(text, shape).map(Self)
    }

    /// Does the filter admit this resource, given as its JSON members?
    pub fn admits(&self, resource: &Value) -> bool {
        self.0.holds(resource) == Some(true)
    }
}

impl Node {
    /// True, false, or neither: what a function says about null is null, and so is its negation.
    fn holds(&self, resource: &Value) -> Option<bool> {
        match self {
            Self::Not(node) => node.holds(resource).map(|holds| !holds),
            Self::All(nodes) => settle(nodes, resource, false),
            Self::Any(nodes) => settle(nodes, resource, true),
            Self::Compare(property, operator, scalar) => {
                Some(operator.holds(&property.of(resource), scalar))
            }
            Self::In(property, scalars) => Some(scalars.contains(&property.of(resource))),
            Self::Call(function, property, part) => match property.of(resource) {
                Scalar::Text(text) => Some(function.holds(&text, part)),
                _ => None,
            },
        }
    }
}

/// The first node that holds as `decisive` settles it; failing that, one that says nothing leaves it open.
fn settle(nodes: &[Node], resource: &Value, decisive: bool) -> Option<bool> {
    let mut settled = Some(!decisive);
    for node in nodes {
        match node.holds(resource) {
            Some(holds) if holds == decisive => return Some(decisive),
            Some(_) => {}
            None => settled = None,
        }
    }
    settled
}

impl Operator {
    fn parse(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "eq" => Self::Eq,
            "ne" => Self::Ne,
            "gt" => Self::Gt,
            "ge" => Self::Ge,
            "lt" => Self::Lt,
            "le" => Self::Le,
            _ => return None,
        })
    }

    const fn orders(self) -> bool {
        !matches!(self, Self::Eq | Self::Ne)
    }

    /// Nothing comes before or after null.
    fn holds(self, value: &Scalar, literal: &Scalar) -> bool {
        let null = [value, literal].contains(&&Scalar::Null);
        let ordering = value.compare(literal);
        match self {
            Self::Eq => ordering == Ordering::Equal,
            Self::Ne => ordering != Ordering::Equal,
            Self::Gt => !null && ordering == Ordering::Greater,
            Self::Ge => !null && ordering != Ordering::Less,
            Self::Lt => !null && ordering == Ordering::Less,
            Self::Le => !null && ordering != Ordering::Greater,
        }
    }
}

impl Function {
    fn parse(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "startswith" => Self::StartsWith,
            "endswith" => Self::EndsWith,
            "contains" => Self::Contains,
            _ => return None,
        })
    }

    fn holds(self, text: &str, part: &str) -> bool {
        match self {
            Self::StartsWith => text.starts_with(part),
            Self::EndsWith => text.ends_with(part),
            Self::Contains => text.contains(part),
        }
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
