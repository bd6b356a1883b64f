//! `searchSettings.searchResultTemplates[].layout`: which names its `${…}` placeholders stand for.
//!
//! Documentation: <https://learn.microsoft.com/adaptive-cards/templating/language>

use std::collections::BTreeSet;

use serde_json::Value;

/// The names that a layout takes from the data it is bound to, each once. Inside an element that is bound to other data (`$data`)
/// only names behind `$root` are such.
pub fn bindings(layout: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    collect(layout, true, &mut names);
    names
}

fn collect(value: &Value, is_root: bool, names: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => in_text(text, is_root, names),
        Value::Array(values) => values.iter().for_each(|it| collect(it, is_root, names)),
        Value::Object(members) => {
            let inside = is_root && !members.contains_key("$data");
            for (name, value) in members {
                // What an element is bound to is itself said in terms of the data around it.
                let is_root = if name == "$data" { is_root } else { inside };
                collect(value, is_root, names);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn in_text(text: &str, is_root: bool, names: &mut BTreeSet<String>) {
    for opened in text.split("${").skip(1) {
        let expression = opened.split_once('}').map_or(opened, |(inside, _)| inside);
        in_expression(expression, is_root, names);
    }
}

/// Paths such as `title`, `$root.title` and `author.name`, apart from texts, numbers and the names of functions.
fn in_expression(expression: &str, is_root: bool, names: &mut BTreeSet<String>) {
    let mut rest = expression;
    while let Some(first) = rest.chars().next() {
        if first == '\'' || first == '"' {
            let text = &rest[1..];
            rest = text.split_once(first).map_or("", |(_, behind)| behind);
            continue;
        }
        let end = rest.find(|letter| !is_of_path(letter));
        let (path, behind) = rest.split_at(end.unwrap_or(rest.len()));
        if path.is_empty() {
            rest = &rest[first.len_utf8()..];
            continue;
        }
        rest = behind;
        let is_function = behind.trim_start().starts_with('(');
        if let Some(name) = name_of(path, is_root).filter(|_| !is_function) {
            names.insert(name.to_owned());
        }
    }
}

fn is_of_path(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '_' | '$' | '.')
}

fn name_of(path: &str, is_root: bool) -> Option<&str> {
    let mut parts = path.split('.');
    let name = match parts.next()? {
        "$root" => parts.next()?,
        "$data" if is_root => parts.next()?,
        first if is_root => first,
        _ => return None,
    };
    let is_word = name.starts_with(|letter: char| letter.is_ascii_alphabetic());
    (is_word && !matches!(name, "true" | "false" | "null")).then_some(name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_found_where_they_are_bound() {
        let check = |layout: Value, expect: &[&str]| {
            let names = bindings(&layout);
            assert_eq!(names.iter().collect::<Vec<_>>(), expect, "{layout}");
        };
        check(json!({"text": "[${title}](${url})"}), &["title", "url"]);
        check(
            json!([{"$when": "${empty(dueDate) == false}"}]),
            &["dueDate"],
        );
        check(
            json!({"text": "${if(state == 'open', author.name, 3.5)} ${$root.tag} ${$index}"}),
            &["author", "state", "tag"],
        );
        check(
            json!({"$data": "${tags}", "text": "${$data} ${name} ${$root.title}"}),
            &["tags", "title"],
        );
        check(json!({"text": "{title} $title ${"}), &[]);
        check(
            json!({"text": "${formatDateTime(due, \"yyyy${x}\")}"}),
            &["due", "x"],
        );
    }
}
