//! Strimzi's `KafkaMirrorMaker2` resource, versions v1beta2 and v1.

// A cluster of the resource.
mod cluster;

use serde_json::{Map, Value};

use super::connector::setting;
use super::plan::{FlowSettings, Plan, judge_connector};
use super::providers::Providers;
use super::report::{MISSING, Report};
use super::settings::{Settings, take_over};

const KIND: &str = "KafkaMirrorMaker2";
const KUBERNETES: &str = "it is for Strimzi's operator";
/// Connectors beside the one that copies, and the key that says whether they do anything.
const SIDE_CONNECTORS: [(&str, &str); 2] =
    [("checkpointConnector", "emit.checkpoints.enabled"), ("heartbeatConnector", "emit.heartbeats.enabled")];
/// Where Strimzi keeps positions, if it is told nothing else.
const POSITIONS: &str = "mirrormaker2-cluster-offsets";
/// Keys of `spec` that hold clusters and flows.
const READ: [&str; 3] = ["clusters", "mirrors", "target"];
const PATTERNS: [(&str, &str); 6] = [
    ("groupsPattern", "groups"),
    ("groupsExcludePattern", "groups.exclude"),
    ("groupsBlacklistPattern", "groups.exclude"),
    ("topicsPattern", "topics"),
    ("topicsExcludePattern", "topics.exclude"),
    ("topicsBlacklistPattern", "topics.exclude"),
];

/// The plan of a resource.
pub(super) fn plan(root: &Value, report: &mut Report) -> Plan {
    let mut plan = Plan { providers: Providers::usual(), ..Plan::default() };
    if root["kind"] != KIND {
        report.refuse("kind", &root["kind"].to_string(), format!("allowed is {KIND}"));
        return plan;
    }
    let spec = table(&root["spec"]);
    for name in spec.keys().filter(|name| !READ.contains(&name.as_str())) {
        report.note(&format!("spec.{name}"), KUBERNETES);
    }
    for (index, source) in items(&root["spec"]["clusters"]).enumerate() {
        cluster::add(&mut plan, source, &format!("spec.clusters[{index}]"), report);
    }
    let target = match &root["spec"]["target"] {
        Value::Null => None,
        target => cluster::add(&mut plan, target, "spec.target", report),
    };
    for (index, mirror) in items(&root["spec"]["mirrors"]).enumerate() {
        add_mirror(&mut plan, mirror, &format!("spec.mirrors[{index}]"), target.as_deref(), report);
    }
    for flow in &mut plan.flows {
        flow.positions = Some(positions_topic(&root["spec"], &flow.target));
    }
    if plan.flows.is_empty() && report.refusals.is_empty() {
        report.refuse("spec.mirrors", "[]", "one or more with a sourceConnector");
    }
    let used: Vec<String> =
        plan.flows.iter().flat_map(|flow| [flow.source.clone(), flow.target.clone()]).collect();
    plan.clusters.retain(|alias, _| used.contains(alias));
    plan
}

fn add_mirror(plan: &mut Plan, mirror: &Value, path: &str, target: Option<&str>, report: &mut Report) {
    let source = match &mirror["source"] {
        Value::Null => text(&mirror["sourceCluster"]),
        source => cluster::add(plan, source, &format!("{path}.source"), report),
    };
    let target = target.map(str::to_owned).or_else(|| text(&mirror["targetCluster"]));
    let (Some(source), Some(target)) = (source, target) else {
        return report.refuse(path, MISSING, "aliases of source and target must be given");
    };
    for name in table(mirror).keys() {
        judge_mirror_key(name, path, report);
    }
    let connector = &mirror["sourceConnector"];
    if connector.is_null() {
        return report.note(path, "it has no sourceConnector, so it copies nothing");
    }
    let connector_path = format!("{path}.sourceConnector");
    let mut settings = connector_settings(connector, &connector_path, report);
    let held = [("pause", connector["pause"] == true), ("state", is_held(&connector["state"]))];
    let paused = held.iter().find(|(_, held)| *held).map(|(name, _)| format!("{connector_path}.{name}"));
    for (class, switch) in SIDE_CONNECTORS {
        let path = format!("{path}.{class}");
        let others = match &mirror[class] {
            Value::Null => Settings::from([(switch.to_owned(), setting(&path, &Value::Bool(false)))]),
            connector => connector_settings(connector, &path, report),
        };
        take_over(&mut settings, others);
    }
    for (name, key) in PATTERNS {
        if let Some(pattern) = mirror.get(name) {
            settings.insert(key.to_owned(), setting(&format!("{path}.{name}"), pattern));
        }
    }
    let connector_name = Some(format!("{source}->{target}.MirrorSourceConnector"));
    plan.flows.push(FlowSettings {
        source,
        target,
        connector: settings,
        paused,
        positions: None,
        connector_name,
        way_back: None,
    });
}

/// Version v1 has a key for it, v1beta2 that of Connect among the cluster's.
fn positions_topic(spec: &Value, target: &str) -> String {
    let of_target = |cluster: &&Value| text(&cluster["alias"]).as_deref() == Some(target);
    let cluster = items(&spec["clusters"]).find(of_target);
    let named = cluster.and_then(|cluster| text(&cluster["config"]["offset.storage.topic"]));
    let named = text(&spec["target"]["offsetStorageTopic"]).or(named);
    named.unwrap_or_else(|| POSITIONS.to_owned())
}

fn judge_mirror_key(name: &str, path: &str, report: &mut Report) {
    let key = format!("{path}.{name}");
    match name {
        "source" | "sourceCluster" | "targetCluster" => {}
        "sourceConnector" | "checkpointConnector" | "heartbeatConnector" => {}
        name if PATTERNS.iter().any(|(known, _)| *known == name) => {}
        _ => report.note(&key, "unknown"),
    }
}

fn connector_settings(connector: &Value, path: &str, report: &mut Report) -> Settings {
    let mut settings = Settings::new();
    for (name, value) in table(connector) {
        let key = format!("{path}.{name}");
        match name.as_str() {
            "config" | "pause" => {}
            "state" if value == "running" || is_held(&value) => {}
            "state" => report.refuse(&key, &value.to_string(), "allowed are running, paused and stopped"),
            "tasksMax" => report.note(&key, "a flow needs no tasks: each runs on one thread"),
            _ => report.note(&key, KUBERNETES),
        }
    }
    for (name, value) in table(&connector["config"]) {
        let setting = setting(&format!("{path}.config.{name}"), &value);
        judge_connector(&name, &setting, report);
        settings.insert(name, setting);
    }
    settings
}

fn is_held(state: &Value) -> bool {
    state == "paused" || state == "stopped"
}

fn table(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}
