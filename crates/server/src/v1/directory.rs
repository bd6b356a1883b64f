//! `/users` and `/groups`: members that the Graph knows and these accounts do not keep.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/directoryobject>

use graph::odata::{List, QueryOptions};
use serde_json::{Map, Value};

use super::page::Page;

/// The members of which an unset one is an empty list.
pub(super) type Unset = &'static [&'static str];

/// All members of a resource: what is kept, and null or an empty list for the rest.
pub(super) fn whole(list: List<'_>, kept: &Value, lists: Unset) -> Value {
    let member = |name: &&'static str| {
        let unset = || {
            if lists.contains(name) {
                Value::Array(Vec::new())
            } else {
                Value::Null
            }
        };
        let value = kept.get(*name).cloned().unwrap_or_else(unset);
        ((*name).to_owned(), value)
    };
    Value::Object(list.shape(true).members.iter().map(member).collect())
}

/// Keeps what is selected; the usual members, in their order, where nothing is.
pub(super) fn keep(options: &QueryOptions, usual: &[&str], members: &mut Value) {
    if !options.select.is_empty() {
        options.keep_selected(members);
        return;
    }
    let kept: Map<String, Value> = usual
        .iter()
        .map(|name| ((*name).to_owned(), members[*name].take()))
        .collect();
    *members = Value::Object(kept);
}

/// What a page shows of its rows, which hold every member to be filtered by.
pub(super) fn shown(page: &Page, usual: &[&str]) -> Vec<Value> {
    let mut shown: Vec<Value> = page.rows.iter().map(|row| row.members.clone()).collect();
    for members in &mut shown {
        keep(page.options(), usual, members);
    }
    shown
}
