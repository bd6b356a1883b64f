//! Holds every answer against Microsoft's own descriptions of the API: status, names, types and enum members.
//!
//! The descriptions (OpenAPI 3.0) are read into JSON Schema once. They permit every further member; we do not: an answer may
//! hold what is described, and annotations.

use std::{
    collections::HashMap,
    fs,
    sync::{LazyLock, Mutex, PoisonError},
};

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use crate::{corpus, coverage};

/// The descriptions of `/v1.0` and of `/beta`.
static DESCRIPTIONS: LazyLock<[Description; 2]> =
    LazyLock::new(|| ["v1.0", "beta"].map(Description::read));

/// What is described for one version.
struct Description {
    /// The responses by method and path, with `{}` for every id.
    operations: HashMap<(String, String), Map<String, Value>>,
    /// Responses that several operations share.
    shared: Value,
    /// The types as JSON Schema; under the name with `open.` before it as they are described, under the bare name closed.
    types: Map<String, Value>,
    /// What was built, by method, path and response.
    validators: Mutex<HashMap<(String, String, String), &'static Validator>>,
}

/// How an answer differs from what is described; nothing for operations that are not described at all.
pub fn differences((method, path): (&str, &str), status: u16, body: Option<&Value>) -> Vec<String> {
    let Some(route) = coverage::row(method, path) else {
        return Vec::new();
    };
    let beta = path.trim_start_matches('/').starts_with("beta");
    DESCRIPTIONS[usize::from(beta)].differences((method, &shape(route.1)), status, body)
}

impl Description {
    fn read(version: &str) -> Self {
        let file = corpus::root().join(format!("fixtures/openapi-{version}.json"));
        let text = fs::read_to_string(&file).expect("the description");
        let mut whole: Value = serde_json::from_str(&text).expect("the description is JSON");
        let mut operations = HashMap::new();
        for (path, methods) in whole["paths"].as_object().expect("paths") {
            for (method, operation) in methods.as_object().expect("methods") {
                if let Some(responses) = operation["responses"].as_object() {
                    let key = (method.to_ascii_uppercase(), shape(path));
                    operations.insert(key, responses.clone());
                }
            }
        }
        Self {
            operations,
            shared: whole["components"]["responses"].take(),
            types: types(whole["components"]["schemas"].as_object().expect("types")),
            validators: Mutex::default(),
        }
    }

    fn differences(
        &self,
        (method, path): (&str, &str),
        status: u16,
        body: Option<&Value>,
    ) -> Vec<String> {
        let key = (method.to_owned(), path.to_owned());
        let Some(responses) = self.operations.get(&key) else {
            return Vec::new();
        };
        let exact = status.to_string();
        let name = [exact.as_str(), "2XX", "default"]
            .into_iter()
            .filter(|name| *name != "2XX" || status < 300)
            .filter(|name| *name != "default" || status >= 300)
            .find(|name| responses.contains_key(*name));
        let Some(name) = name else {
            return vec![format!(
                "the status {status} is not described for {method} {path}"
            )];
        };
        let mut response = &responses[name];
        if let Some(reference) = response["$ref"].as_str() {
            response = &self.shared[reference.rsplit('/').next().unwrap_or_default()];
        }
        let media = response["content"].as_object();
        let schema = media.and_then(|media| media.get("application/json"));
        match (schema, body) {
            (Some(schema), Some(body)) => {
                let key = (key.0, key.1, name.to_owned());
                let validator = self.validator(key, &schema["schema"]);
                let told = validator.iter_errors(body);
                told.map(|error| format!("described otherwise: {}: {error}", error.instance_path()))
                    .collect()
            }
            (None, Some(_)) if media.is_none() => {
                vec![format!("there is a body; none is described for {status}")]
            }
            // One description stands for all successes; these have no body by their nature.
            (Some(_), None) if !matches!(status, 202 | 204 | 304) => {
                vec![format!("there is no JSON; {status} is described with some")]
            }
            // Text, or an answer without a body, which a transcript says more about.
            (_, None) | (None, Some(_)) => Vec::new(),
        }
    }

    fn validator(&self, key: (String, String, String), schema: &Value) -> &'static Validator {
        let mut validators = self
            .validators
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        validators.entry(key).or_insert_with(|| {
            let mut root = closed(translated(schema, ""));
            root["$defs"] = Value::Object(self.types.clone());
            let built = jsonschema::draft202012::new(&root).expect("the description is a schema");
            // The descriptions are few and live as long as the tests.
            Box::leak(Box::new(built))
        })
    }
}

/// A path with `{}` for every id, in small letters.
fn shape(path: &str) -> String {
    let segments = path.split('/').map(|segment| {
        if segment.starts_with('{') {
            "{}".to_owned()
        } else {
            segment.to_ascii_lowercase()
        }
    });
    segments.collect::<Vec<_>>().join("/")
}

fn types(described: &Map<String, Value>) -> Map<String, Value> {
    let mut all = Map::new();
    for (name, schema) in described {
        all.insert(format!("open.{name}"), translated(schema, ""));
        // Where a type is named, one that derives from it may stand.
        let family = described
            .iter()
            .filter(|(other, schema)| *other == name || descends(described, schema, name))
            .map(|(other, _)| closed(json!({"$ref": format!("#/$defs/open.{other}")})));
        all.insert(name.clone(), json!({"anyOf": family.collect::<Vec<_>>()}));
    }
    all
}

fn descends(described: &Map<String, Value>, schema: &Value, ancestor: &str) -> bool {
    let bases = schema["allOf"].as_array().into_iter().flatten();
    bases
        .filter_map(reference)
        .any(|base| base == ancestor || descends(described, &described[base], ancestor))
}

fn reference(schema: &Value) -> Option<&str> {
    schema["$ref"]
        .as_str()?
        .strip_prefix("#/components/schemas/")
}

/// The same with no members but those that are described, and annotations.
fn closed(mut schema: Value) -> Value {
    if schema.get("properties").is_some() || schema.get("$ref").is_some() {
        schema["patternProperties"] = json!({"@": true});
        schema["unevaluatedProperties"] = json!(false);
    }
    schema
}

/// OpenAPI 3.0 as JSON Schema; `kind` is put before the names of types.
fn translated(schema: &Value, kind: &str) -> Value {
    let Some(members) = schema.as_object() else {
        return schema.clone();
    };
    if let Some(name) = reference(schema) {
        return json!({"$ref": format!("#/$defs/{kind}{name}")});
    }
    let each = |value: &Value, kind| match value {
        Value::Array(all) => all.iter().map(|one| translated(one, kind)).collect(),
        other => other.clone(),
    };
    let mut new = Map::new();
    for (name, value) in members {
        let value = match name.as_str() {
            "properties" => {
                let all = value.as_object().into_iter().flatten();
                Value::Object(
                    all.map(|(name, one)| (name.clone(), translated(one, "")))
                        .collect(),
                )
            }
            "items" | "additionalProperties" => translated(value, ""),
            "anyOf" => each(value, ""),
            // A base is a part of the whole, so it must let the other parts stand.
            "allOf" => each(value, "open."),
            "type" | "enum" => value.clone(),
            _ => continue,
        };
        new.insert(name.clone(), value);
    }
    if schema["nullable"] != json!(true) {
        return Value::Object(new);
    }
    // An object without members that may be null is how the descriptions say "or null".
    if schema["type"] == "object" && new.len() == 1 {
        return json!({"type": "null"});
    }
    json!({"anyOf": [new, {"type": "null"}]})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(method: &str, path: &str, status: u16, body: Value) -> Vec<String> {
        differences((method, path), status, Some(&body))
    }

    #[test]
    fn what_is_described_passes() {
        let path = "/v1.0/external/connections/c/items/i";
        let acl = json!([{"type": "user", "value": "x", "accessType": "grant"}]);
        let item = json!({
            "@odata.context": "x", "id": "i", "acl": acl, "content": null,
            "properties": {"title": "t", "tags@odata.type": "Collection(String)", "tags": []},
            "activities": [],
        });
        assert_eq!(told("PUT", path, 200, item), [""; 0]);
        let resolver = json!({
            "@odata.type": "#microsoft.graph.externalConnectors.itemIdResolver", "priority": 1,
            "itemId": "{slug}", "urlMatchInfo": {"baseUrls": ["https://x.example"], "urlPattern": "/"},
        });
        let connection = json!({"id": "c", "activitySettings": {"urlToItemResolvers": [resolver]}});
        assert_eq!(
            told("GET", "/v1.0/connections('c')", 200, connection),
            [""; 0]
        );
        assert_eq!(
            told("GET", "/v1.0/unheard/of", 200, json!({"a": 1})),
            [""; 0]
        );
    }

    #[test]
    fn what_is_described_otherwise_is_told() {
        let path = "/v1.0/external/connections/c/items/i";
        for (status, body) in [
            (200, json!({"id": 7})),
            (200, json!({"id": "i", "version": 1})),
            (200, json!({"acl": [{"type": "anyone"}]})),
            (201, json!({"id": "i"})),
            (400, json!({"error": "no"})),
        ] {
            assert_ne!(told("PUT", path, status, body.clone()), [""; 0], "{body}");
        }
        let list = json!({"value": [{"id": "c", "secret": true}], "more": 1});
        assert_ne!(
            told("GET", "/beta/external/connections", 200, list),
            [""; 0]
        );
        let body = json!({"id": "c"});
        assert_eq!(
            told("DELETE", "/v1.0/external/connections/c", 202, body).len(),
            1
        );
    }
}
