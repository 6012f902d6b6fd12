//! A configuration as TOML, its keys in the order of the documentation.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::keys;

/// The text of a file that has the keys of `configuration` and no more.
pub(crate) fn toml(configuration: &Value) -> String {
    let mut text = String::new();
    for (alias, cluster) in configuration["clusters"].as_object().into_iter().flatten() {
        let table = format!("clusters.{}", key(alias));
        section(&mut text, &format!("[{table}]"), "clusters.ALIAS", cluster);
        for inner in ["tls", "sasl"] {
            if let Some(inner_table) = cluster.get(inner) {
                section(
                    &mut text,
                    &format!("[{table}.{inner}]"),
                    &format!("clusters.ALIAS.{inner}"),
                    inner_table,
                );
            }
        }
    }
    for flow in configuration["flows"].as_array().into_iter().flatten() {
        section(&mut text, "[[flows]]", "flows[]", flow);
    }
    text
}

fn section(text: &mut String, header: &str, form: &str, table: &Value) {
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(header);
    text.push('\n');
    for known in keys::all() {
        let name = known.path.strip_prefix(form).and_then(|rest| rest.strip_prefix('.'));
        if let Some(name) = name
            && let Some(found) = table.get(name)
        {
            let _ = writeln!(text, "{name} = {}", value(found));
        }
    }
}

fn value(value: &Value) -> String {
    match value {
        Value::String(text) => string(text),
        Value::Array(items) => format!("[{}]", items.iter().map(self::value).collect::<Vec<_>>().join(", ")),
        Value::Object(table) => inline(table),
        other => other.to_string(),
    }
}

fn inline(table: &Map<String, Value>) -> String {
    let pairs = table.iter().map(|(name, found)| format!("{} = {}", key(name), value(found)));
    format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
}

fn key(name: &str) -> String {
    let is_bare = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if is_bare && !name.is_empty() { name.to_owned() } else { string(name) }
}

/// In single quotes where backslashes would have to be doubled.
fn string(text: &str) -> String {
    if text.contains('\\') && !text.contains('\'') && !text.contains(char::is_control) {
        return format!("'{text}'");
    }
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            letter if letter.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(letter));
            }
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let configuration = json!({
            "clusters": {
                "a.b": { "bootstrap": ["x:1", "y:2"], "tls": {}, "sasl": { "mechanism": "PLAIN", "password": "\"\\'\u{7}é" } },
                "west": { "bootstrap": ["z:3"] }
            },
            "flows": [{ "source": "a.b", "target": "west", "topics": ["^(?!x\\.).*"], "replication_factor": 2 }]
        });
        let text = toml(&configuration);
        let read = crate::load::parse(&text, config::FileFormat::Toml).expect("TOML");
        assert_eq!(read, configuration, "{text}");
    }
}
