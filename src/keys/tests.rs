//! The table, the typed configuration and the documents name the same keys with the same defaults.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use strait_replicator::configuration::{Cluster, Configuration, Flow, Http, Limits, Sasl, Tls};

use super::*;

/// The names that a struct reads, from its refusal of another.
fn names_of<T: DeserializeOwned>(prefix: &str) -> BTreeSet<String> {
    let Err(error) = serde_json::from_value::<T>(json!({ "?": 0 })) else { panic!("{prefix} takes any key") };
    let text = error.to_string();
    let names = text.split('`').skip(3).step_by(2);
    names.map(|name| format!("{prefix}{name}")).collect()
}

#[test]
fn the_table_has_the_keys_of_the_typed_configuration() {
    let mut typed = names_of::<Configuration>("");
    for table in ["http", "clusters", "flows", "limits"] {
        assert!(typed.remove(table), "{table}");
    }
    typed.extend(names_of::<Http>("http."));
    typed.extend(names_of::<Limits>("limits."));
    typed.extend(names_of::<Flow>("flows[]."));
    typed.extend(names_of::<Cluster>("clusters.ALIAS."));
    for table in ["tls", "sasl"] {
        assert!(typed.remove(&format!("clusters.ALIAS.{table}")), "{table}");
    }
    typed.extend(names_of::<Tls>("clusters.ALIAS.tls."));
    typed.extend(names_of::<Sasl>("clusters.ALIAS.sasl."));
    let table: BTreeSet<String> = all().map(|key| key.path.to_owned()).collect();
    assert_eq!(table, typed);
}

/// A value as the table writes it, by reading a TOML file that has it.
fn parsed(default: &str) -> Value {
    let text = format!("value = {default}");
    crate::load::parse(&text, config::FileFormat::Toml).expect("a TOML value")["value"].take()
}

#[test]
fn the_table_has_the_defaults_of_the_typed_configuration() {
    let cluster: Cluster = serde_json::from_value(json!({ "bootstrap": [], "tls": {} })).expect("a cluster");
    let configuration = Configuration { flows: vec![Flow::new("", "")], ..Configuration::default() };
    let root = serde_json::to_value(&configuration).expect("JSON");
    let cluster = serde_json::to_value(&cluster).expect("JSON");
    for key in all() {
        let Some(default) = key.default else { continue };
        let value = match key.path.split_once('.') {
            Some(("flows[]", name)) => &root["flows"][0][name],
            Some(("clusters", rest)) => match rest.trim_start_matches("ALIAS.").split_once('.') {
                Some((table, name)) => &cluster[table][name],
                None => &cluster[rest.trim_start_matches("ALIAS.")],
            },
            Some((table, name)) => &root[table][name],
            None => &root[key.path],
        };
        let is_empty = matches!(default, "''" | "\"\"" | "{}");
        assert!(parsed(default) == *value || is_empty && value.is_null(), "{}: {default}, {value}", key.path);
    }
}

#[test]
fn every_example_is_a_value_of_its_key() {
    for key in all() {
        let table = crate::load::parse(key.example, config::FileFormat::Toml).expect(key.example);
        let (name, value) = table.as_object().and_then(|table| table.iter().next()).expect("one key");
        assert_eq!(name, key.name());
        assert!(check::is_allowed(value, key), "{}: {value}", key.path);
    }
}

#[test]
fn the_documentation_has_the_table() {
    let documentation = include_str!("../../docs/configuration.md");
    assert!(
        documentation.contains(&markdown()),
        "docs/configuration.md must have what `strait config explain` prints"
    );
}

#[test]
fn the_template_names_every_key() {
    let template = include_str!("../../docs/strait.toml");
    let is_key = |name: &str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let lines = template.lines().map(|line| line.trim_start_matches("# "));
    let named: BTreeSet<&str> = lines
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, _)| name)
        .filter(|name| is_key(name))
        .collect();
    let names: BTreeSet<&str> = all().map(Key::name).collect();
    assert_eq!(named, names);
}

#[test]
fn a_concrete_path_finds_its_key() {
    for (path, key) in [
        ("flows[12].topics", "flows[].topics"),
        ("flows[].topics", "flows[].topics"),
        ("clusters.us.east.client_id", "clusters.ALIAS.client_id"),
        ("limits.memory_bytes", "limits.memory_bytes"),
    ] {
        assert_eq!(find(path).map(|key| key.path), Some(key));
    }
    assert!(find("clusters.east").is_none());
    assert_eq!(nearest_paths("flows[0].topcs", 1), ["flows[].topics"]);
}

#[test]
fn secrets_are_known_by_their_paths() {
    for (path, is_secret_path) in [
        ("clusters.east.sasl.password", true),
        ("flows[0].scram_passwords.alice", true),
        ("flows[0].scram_passwords.alice.smith", true),
        ("flows[0].scram_passwords", false),
        ("flows[0].topics", false),
        ("clusters.east.sasl.username", false),
    ] {
        assert_eq!(is_secret(path), is_secret_path, "{path}");
    }
}
