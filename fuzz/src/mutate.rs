//! Changes JSON as JSON: bytes changed at random are hardly ever JSON, and then nothing behind the parser is reached.

use std::sync::LazyLock;

use libfuzzer_sys::fuzzer_mutate;
use serde_json::{Value, json};

use crate::json;

/// The quoted words of the dictionary.
static WORDS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    include_str!("../words.dict")
        .lines()
        .filter_map(|line| line.strip_prefix(r#""\""#)?.strip_suffix(r#"\"""#))
        .collect()
});

/// A custom mutator: one node of the JSON changes, now and then the bytes. Returns the new size.
pub fn mutate_json(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mut chance = Chance(u64::from(seed));
    let parsed = json(&data[..size]).filter(|_| chance.below(8) > 0);
    let Some(mut body) = parsed else {
        return fuzzer_mutate(data, size, max_size);
    };
    let nodes = count(&body);
    let donor = nth(&mut body, chance.below(nodes)).map(|node| node.clone());
    if let (Some(node), Some(donor)) = (nth(&mut body, chance.below(nodes)), donor) {
        change(node, donor, &mut chance);
    }
    let text = body.to_string();
    if text.len() > max_size {
        return fuzzer_mutate(data, size, max_size);
    }
    data[..text.len()].copy_from_slice(text.as_bytes());
    text.len()
}

fn change(node: &mut Value, donor: Value, chance: &mut Chance) {
    let leaves = [
        Value::Null,
        json!(true),
        json!("True"),
        json!(0),
        json!(-1),
        json!(1.5e300),
        json!(u64::MAX),
        json!(""),
        json!([]),
        json!({}),
    ];
    match (chance.below(6), node) {
        (0 | 1, Value::Object(members)) => {
            members.insert(chance.word(), donor);
        }
        (2, Value::Object(members)) if !members.is_empty() => {
            let place = chance.below(members.len());
            let name = members.keys().nth(place).cloned().unwrap_or_default();
            if let Some(value) = members.shift_remove(&name)
                && chance.below(2) == 0
            {
                members.insert(chance.mangled(&name), value);
            }
        }
        (0 | 1, Value::Array(entries)) => entries.push(donor),
        (2, Value::Array(entries)) if !entries.is_empty() => {
            entries.swap_remove(chance.below(entries.len()));
        }
        (0 | 1, Value::String(text)) => *text = chance.mangled(text),
        (2, Value::String(text)) => *text = chance.word(),
        (3, node) => *node = leaves[chance.below(leaves.len())].clone(),
        (4, node) => *node = Value::from(chance.word()),
        (_, node) => *node = donor,
    }
}

fn children(value: &mut Value) -> Vec<&mut Value> {
    match value {
        Value::Array(entries) => entries.iter_mut().collect(),
        Value::Object(members) => members.values_mut().collect(),
        _ => Vec::new(),
    }
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(entries) => entries.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum(),
        _ => 0,
    }
}

/// The node of that number, parents before children.
fn nth(value: &mut Value, number: usize) -> Option<&mut Value> {
    let mut left = number;
    let mut open = vec![value];
    while let Some(node) = open.pop() {
        if left == 0 {
            return Some(node);
        }
        left -= 1;
        open.extend(children(node));
    }
    None
}

/// Numbers that follow from a seed, so that a run can be repeated: a linear congruential generator, its high bits.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % end.max(1)
    }

    fn word(&mut self) -> String {
        WORDS[self.below(WORDS.len())].to_owned()
    }

    /// The text after the fuzzer has had its way with its bytes.
    fn mangled(&mut self, text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        bytes.resize(text.len() + 32, 0);
        let end = bytes.len();
        let size = fuzzer_mutate(&mut bytes, text.len(), end);
        String::from_utf8_lossy(&bytes[..size]).into_owned()
    }
}
