//! Keys that the environment overrides: `STRAIT_LIMITS__MEMORY_BYTES=67108864` sets `limits.memory_bytes`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::keys::{self, Kind};

const PREFIX: &str = "STRAIT_";
/// Between the parts of a path. A variable without it is no key, except for a key at the top.
const SEPARATOR: &str = "__";

/// The variable behind each path that it set.
pub(crate) type Origins = BTreeMap<String, String>;

/// Puts the values of variables into `root`.
pub(crate) fn apply(root: &mut Value, variables: impl Iterator<Item = (String, String)>) -> Origins {
    let mut origins = Origins::new();
    for (name, value) in variables {
        let Some(rest) = name.strip_prefix(PREFIX) else { continue };
        let parts: Vec<&str> = rest.split(SEPARATOR).collect();
        if parts.len() > 1 || keys::find(&rest.to_lowercase()).is_some() {
            let path = set(root, &parts, value);
            origins.insert(path, name);
        }
    }
    origins
}

/// Sets the value and gives the path it got.
fn set(root: &mut Value, parts: &[&str], value: String) -> String {
    let mut path = String::new();
    let mut node = root;
    for part in parts {
        if node.as_array().is_some_and(|items| part.parse().is_ok_and(|index: usize| index < items.len())) {
            path = format!("{path}[{part}]");
            node = &mut node[part.parse::<usize>().unwrap_or_default()];
            continue;
        }
        if !node.is_object() {
            *node = Value::Object(Map::new());
        }
        let name = existing_name(node, part).unwrap_or_else(|| part.to_lowercase());
        path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        node = &mut node[name];
    }
    let kind = keys::find(&path).map_or(Kind::Text, |key| key.kind);
    *node = typed(value, kind);
    path
}

/// A name that is there already and reads like `part` in capitals, such as the alias `us-east` for `US_EAST`.
fn existing_name(node: &Value, part: &str) -> Option<String> {
    let in_capitals = |name: &String| {
        let plain = name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' });
        plain.collect::<String>().to_uppercase()
    };
    node.as_object()?.keys().find(|name| in_capitals(name) == part.to_uppercase()).cloned()
}

/// The text as a value of the key's type; text that is none stays text, which the check then names.
pub(crate) fn typed(text: String, kind: Kind) -> Value {
    match kind {
        Kind::Number | Kind::Integer => {
            text.trim().parse::<i64>().map_or_else(|_| Value::String(text), Value::from)
        }
        Kind::Boolean => text.trim().parse::<bool>().map_or_else(|_| Value::String(text), Value::from),
        Kind::TextList => text.split(',').map(|item| Value::from(item.trim())).collect(),
        Kind::Text | Kind::Secret | Kind::Start | Kind::Starts | Kind::Secrets | Kind::Choice => {
            Value::String(text)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn applied(mut root: Value, name: &str, value: &str) -> (Value, Origins) {
        let origins = apply(&mut root, [(name.to_owned(), value.to_owned())].into_iter());
        (root, origins)
    }

    #[test]
    fn a_value_takes_the_type_of_its_key() {
        let (root, origins) = applied(json!({}), "STRAIT_LIMITS__MEMORY_BYTES", "67108864");
        assert_eq!(root, json!({ "limits": { "memory_bytes": 67_108_864 } }));
        assert_eq!(origins["limits.memory_bytes"], "STRAIT_LIMITS__MEMORY_BYTES");
        let (root, _) = applied(json!({ "flows": [{}] }), "STRAIT_FLOWS__0__TOPICS", "a, b");
        assert_eq!(root, json!({ "flows": [{ "topics": ["a", "b"] }] }));
    }

    #[test]
    fn an_alias_is_found_by_its_letters() {
        let root = json!({ "clusters": { "us-East.1": {} } });
        let (root, origins) = applied(root, "STRAIT_CLUSTERS__US_EAST_1__CLIENT_ID", "x");
        assert_eq!(root, json!({ "clusters": { "us-East.1": { "client_id": "x" } } }));
        assert_eq!(origins.keys().next().map(String::as_str), Some("clusters.us-East.1.client_id"));
    }

    #[test]
    fn other_variables_are_left_alone() {
        for name in ["STRAIT_LOG_LEVEL", "STRAIT_BIN", "HOME"] {
            assert_eq!(applied(json!({}), name, "x").0, json!({}));
        }
        assert_eq!(applied(json!({}), "STRAIT_DATA_DIR", "/x").0, json!({ "data_dir": "/x" }));
    }
}
