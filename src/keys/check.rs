//! Whether a file holds known keys with values of the right type; all that is wrong at once.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use strait_replicator::configuration::{Problem, Start};

use super::{Key, Kind, all, nearest, nearest_paths};

/// Everything that is wrong with the shape of `root`.
pub(crate) fn problems(root: &Value) -> Vec<Problem> {
    let mut problems = Vec::new();
    node(root, "", "", &mut problems);
    problems
}

/// `path` is where `value` stands, `form` the same with `ALIAS` and `[]`.
fn node(value: &Value, path: &str, form: &str, problems: &mut Vec<Problem>) {
    if let Some(key) = all().find(|key| key.path == form) {
        if !is_allowed(value, key) {
            let allowed = format!("{} ({})", key.allowed, key.kind.name());
            problems.push(problem(path, &shown(value, key.kind), &allowed));
        }
        return;
    }
    match (value, form) {
        (Value::Array(items), "flows") => {
            for (index, item) in items.iter().enumerate() {
                node(item, &format!("{path}[{index}]"), "flows[]", problems);
            }
        }
        (_, "flows") => problems.push(problem(path, &value.to_string(), "a list of flows: [[flows]]")),
        (Value::Object(table), "clusters") => {
            for (alias, cluster) in table {
                node(cluster, &format!("{path}.{alias}"), "clusters.ALIAS", problems);
            }
        }
        (Value::Object(table), _) => members(table, path, form, problems),
        (_, _) => problems.push(problem(path, &value.to_string(), "a table of keys")),
    }
}

fn members(table: &Map<String, Value>, path: &str, form: &str, problems: &mut Vec<Problem>) {
    let known = names_under(form);
    for (name, value) in table {
        let (path, form) = (below(path, name), below(form, name));
        if known.contains(name.as_str()) {
            node(value, &path, &form, problems);
        } else {
            problems.push(unknown(&path, name, &known));
        }
    }
    for name in known.iter().filter(|name| !table.contains_key(**name)) {
        let form_of_name = below(form, name);
        let required = all().any(|key| key.path == form_of_name && key.required);
        if required || form.is_empty() && (*name == "clusters" || *name == "flows") {
            problems.push(problem(&below(path, name), "missing", "a value; this key must be given"));
        }
    }
}

fn unknown(path: &str, name: &str, known: &BTreeSet<&str>) -> Problem {
    let names: Vec<&str> = known.iter().copied().collect();
    let elsewhere = || nearest_paths(name, 1).first().copied();
    Problem {
        key: path.to_owned(),
        value: "unknown key".to_owned(),
        allowed: names.join(", "),
        nearest: nearest(name, known.iter().copied()).or_else(elsewhere).map(str::to_owned),
    }
}

/// The names that a table of this form may hold.
fn names_under(form: &str) -> BTreeSet<&'static str> {
    let rest = all().filter_map(|key| match form {
        "" => Some(key.path),
        form => key.path.strip_prefix(form)?.strip_prefix('.'),
    });
    rest.map(|rest| rest.split(['.', '[']).next().unwrap_or(rest)).collect()
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

pub(super) fn is_allowed(value: &Value, key: &Key) -> bool {
    match key.kind {
        Kind::Text | Kind::Secret => value.is_string(),
        Kind::Choice => value.as_str().is_some_and(|word| key.allowed.split(", ").any(|one| one == word)),
        Kind::Start => is_start(value),
        Kind::Number => value.is_u64(),
        Kind::Integer => value.as_i64().is_some_and(|number| i16::try_from(number).is_ok()),
        Kind::Boolean => value.is_boolean(),
        Kind::TextList => value.as_array().is_some_and(|items| items.iter().all(Value::is_string)),
        Kind::Starts => value.as_object().is_some_and(|table| table.values().all(is_start)),
        Kind::Secrets => value.as_object().is_some_and(|table| table.values().all(Value::is_string)),
    }
}

fn is_start(value: &Value) -> bool {
    value.as_str().is_some_and(|text| Start::try_from(text.to_owned()).is_ok())
}

fn shown(value: &Value, kind: Kind) -> String {
    match kind {
        Kind::Secret | Kind::Secrets => "(secret)".to_owned(),
        _ => value.to_string(),
    }
}

fn problem(key: &str, value: &str, allowed: &str) -> Problem {
    Problem { key: key.to_owned(), value: value.to_owned(), allowed: allowed.to_owned(), nearest: None }
}
