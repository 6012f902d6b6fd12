//! Connectors of MirrorMaker 2 on Kafka Connect, in the forms that its REST takes and gives.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::names;
use super::plan::{FlowSettings, Plan, judge, judge_client, judge_connector, judge_unknown};
use super::providers::Providers;
use super::report::{MISSING, Report};
use super::settings::{Reader, Setting, Settings, take_over};

const PACKAGE: &str = "org.apache.kafka.connect.mirror.";
const SOURCE: &str = "MirrorSourceConnector";
const DEFAULT_TARGET: &str = "target";
/// Connectors beside the one that copies, and the key that says whether they do anything.
const BESIDE: [(&str, &str); 2] = [
    ("MirrorCheckpointConnector", "emit.checkpoints.enabled"),
    ("MirrorHeartbeatConnector", "emit.heartbeats.enabled"),
];

/// The plan of one connector, of a list of them, or of what `GET /connectors?expand=info` answers.
pub(super) fn plan(root: &Value, report: &mut Report) -> Plan {
    let mut plan = Plan { providers: Providers::usual(), ..Plan::default() };
    let mut beside = Vec::new();
    for found in configs(root, None, None) {
        connector(&found, &mut plan, &mut beside, report);
    }
    join(&mut plan, beside, report);
    if plan.flows.is_empty() && report.refusals.is_empty() {
        report.refuse("connector.class", MISSING, format!("no enabled {PACKAGE}{SOURCE} is in the file"));
    }
    plan
}

/// A connector beside the one that copies.
struct Beside {
    class: &'static str,
    source: String,
    target: String,
    settings: Settings,
}

/// Gives each flow what the connectors beside it were told; what has none is switched off.
fn join(plan: &mut Plan, beside: Vec<Beside>, report: &mut Report) {
    let is_between =
        |flow: &FlowSettings, one: &Beside| flow.source == one.source && flow.target == one.target;
    for one in &beside {
        if !plan.flows.iter().any(|flow| is_between(flow, one)) {
            report.note(one.class, format!("{}->{} has no {SOURCE}", one.source, one.target));
        }
    }
    for flow in &mut plan.flows {
        for (class, switch) in BESIDE {
            match beside.iter().find(|one| one.class == class && is_between(flow, one)) {
                Some(one) => take_over(&mut flow.connector, one.settings.clone()),
                None => {
                    let off = setting(class, &Value::Bool(false));
                    flow.connector.insert(switch.to_owned(), off);
                }
            }
        }
    }
}

/// A connector's settings.
struct Found<'a> {
    config: &'a Map<String, Value>,
    /// The key that says that it is held.
    held: Option<&'static str>,
    name: Option<&'a str>,
}

/// Those of all connectors of a file.
fn configs<'a>(root: &'a Value, held: Option<&'static str>, name: Option<&'a str>) -> Vec<Found<'a>> {
    let name = root["name"].as_str().or(name);
    let below = |value: &'a Value| configs(value, held, name);
    match root {
        Value::Array(items) => items.iter().flat_map(below).collect(),
        Value::Object(table) if table.contains_key("connector.class") => {
            vec![Found { config: table, held, name }]
        }
        Value::Object(table) => match (table.get("config"), table.get("info")) {
            (Some(config), _) => configs(config, held.or_else(|| held_by(root)), name),
            (None, Some(info)) => configs(info, held_by(root), name),
            (None, None) => table.values().filter(|value| value.is_object()).flat_map(below).collect(),
        },
        _ => Vec::new(),
    }
}

/// The state that a connector is created in, or was in when Connect was asked (KIP-980).
fn held_by(connector: &Value) -> Option<&'static str> {
    let states = [
        ("initial_state", &connector["initial_state"]),
        ("status.connector.state", &connector["status"]["connector"]["state"]),
    ];
    let held = |state: &Value| matches!(state.as_str(), Some("PAUSED" | "STOPPED"));
    states.into_iter().find_map(|(key, state)| held(state).then_some(key))
}

fn connector(found: &Found<'_>, plan: &mut Plan, beside: &mut Vec<Beside>, report: &mut Report) {
    let settings: Settings =
        found.config.iter().map(|(key, value)| (key.clone(), setting(key, value))).collect();
    let mut reader = Reader { settings: &settings, providers: &plan.providers, report };
    let class = reader.text("connector.class").unwrap_or_default();
    let class = class.strip_prefix(PACKAGE).unwrap_or(&class);
    if let Some((class, _)) = BESIDE.iter().find(|(known, _)| *known == class) {
        let source = reader.text("source.cluster.alias").unwrap_or_default();
        let target = reader.text("target.cluster.alias").unwrap_or_else(|| DEFAULT_TARGET.to_owned());
        for setting in settings.values() {
            judge_key(setting, report);
        }
        return beside.push(Beside { class, source, target, settings });
    }
    if class != SOURCE {
        return reader.refuse("connector.class", format!("allowed is {PACKAGE}{SOURCE}"));
    }
    let enabled = reader.boolean("enabled").unwrap_or(true);
    let alias = reader.text("source.cluster.alias");
    if alias.is_none() {
        reader.refuse("source.cluster.alias", "an alias must be given");
    }
    let source = alias.unwrap_or_default();
    let target = reader.text("target.cluster.alias").unwrap_or_else(|| DEFAULT_TARGET.to_owned());
    if !enabled {
        return report.note(&format!("{source}->{target}"), "the connector is not enabled");
    }
    for (side, alias) in [("source", &source), ("target", &target)] {
        add_cluster(side, alias, &settings, plan, report);
    }
    for setting in settings.values() {
        judge_key(setting, report);
    }
    let paused = found.held.map(str::to_owned);
    plan.flows.push(FlowSettings {
        source,
        target,
        connector: settings,
        paused,
        positions: None,
        connector_name: found.name.map(str::to_owned),
        way_back: None,
    });
}

/// Numbers and booleans need no quotes in JSON.
pub(super) fn setting(key: &str, value: &Value) -> Setting {
    let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Setting { key: key.to_owned(), value }
}

fn add_cluster(side: &str, alias: &str, settings: &Settings, plan: &mut Plan, report: &mut Report) {
    let prefix = format!("{side}.cluster.");
    let below = settings.iter().filter_map(|(key, setting)| Some((key.strip_prefix(&prefix)?, setting)));
    let own: BTreeMap<String, Setting> = below
        .filter(|(name, _)| names::is_common(name))
        .map(|(name, setting)| (name.to_owned(), setting.clone()))
        .collect();
    match plan.clusters.get(alias) {
        Some(known) if differs(known, &own) => {
            report.refuse(
                &format!("{prefix}alias"),
                alias,
                "another connector has this alias with other settings",
            );
        }
        Some(_) => {}
        None => {
            plan.clusters.insert(alias.to_owned(), own);
        }
    }
}

fn differs(one: &Settings, other: &Settings) -> bool {
    let values = |settings: &Settings| -> Vec<(String, String)> {
        settings.iter().map(|(name, setting)| (name.clone(), setting.value.clone())).collect()
    };
    values(one) != values(other)
}

fn judge_key(setting: &Setting, report: &mut Report) {
    let key = setting.key.as_str();
    let cluster_key = key.strip_prefix("source.cluster.").or_else(|| key.strip_prefix("target.cluster."));
    match cluster_key {
        None if names::is_common(key) => {
            report.note(key, "it counts as source.cluster.KEY or target.cluster.KEY")
        }
        None | Some("alias") => judge_connector(key, setting, report),
        Some(name) => match names::client(name) {
            Some(effect) => judge(effect, setting, report),
            None => match name.split_once('.') {
                Some((role @ ("consumer" | "producer" | "admin"), rest)) => {
                    judge_client(role, rest, false, setting, report);
                }
                _ => match names::admin(name) {
                    Some(effect) => judge(effect, setting, report),
                    None => judge_unknown(setting, name, report),
                },
            },
        },
    }
}
