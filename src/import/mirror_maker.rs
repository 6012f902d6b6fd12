//! MirrorMaker 2's properties file: which key reaches which flow and which cluster, as its dedicated mode resolves them.

use std::collections::{BTreeMap, BTreeSet};

use crate::properties::Entry;

use super::names;
use super::plan::{FlowSettings, Plan, judge, judge_client, judge_connector, judge_unknown};
use super::providers::Providers;
use super::report::{MISSING, Report};
use super::settings::{Reader, Setting, Settings};

const NOT_ENABLED: &str = "the flow is not enabled";
const NOT_USED: &str = "no flow that runs here uses the cluster";
const NO_SUCH_CLUSTER: &str = "it names a cluster that is not in `clusters`";
const DROPPED: &str =
    "MirrorMaker 2 drops it at the top of the file; it counts as SOURCE->TARGET.KEY or ALIAS.KEY";
const POSITIONS: &str = "offset.storage.topic";
const OWN_HTTP: &str = "the HTTP server is set by http.listen";

/// The plan of a file; with `targets` only of flows to one of these.
pub(super) fn plan(entries: Vec<Entry>, targets: &[String], report: &mut Report) -> Plan {
    let all: Settings =
        entries.into_iter().map(|Entry { key, value, .. }| (key.clone(), Setting { key, value })).collect();
    let providers = Providers::declared(&all, report);
    let mut reader = Reader { settings: &all, providers: &providers, report };
    let aliases = reader.list("clusters").unwrap_or_default();
    if aliases.is_empty() {
        reader.refuse("clusters", "allowed are aliases of clusters, parted by commas");
    }
    for target in targets.iter().filter(|target| !aliases.contains(target)) {
        report.refuse("--clusters", target, format!("allowed are {}", aliases.join(", ")));
    }
    let file = File { all: &all, aliases: &aliases };
    let flows = file.flows(targets, &providers, report);
    let used: BTreeSet<&String> = flows.iter().flat_map(|flow| [&flow.source, &flow.target]).collect();
    let clusters: BTreeMap<String, Settings> =
        used.iter().map(|alias| ((*alias).clone(), file.cluster(alias))).collect();
    if flows.is_empty() && report.refusals.is_empty() {
        let example = aliases.iter().take(2).map(String::as_str).collect::<Vec<_>>().join("->");
        report.refuse(&format!("{example}.enabled"), MISSING, "no flow is enabled for these targets");
    }
    for setting in all.values() {
        file.judge(setting, &flows, report);
    }
    Plan { clusters, flows, providers }
}

struct File<'a> {
    all: &'a Settings,
    aliases: &'a [String],
}

impl File<'_> {
    fn flows(&self, targets: &[String], providers: &Providers, report: &mut Report) -> Vec<FlowSettings> {
        let mut flows = Vec::new();
        for source in self.aliases {
            for target in self.aliases.iter().filter(|target| *target != source) {
                let mut reader = Reader { settings: self.all, providers, report };
                let mut is_enabled = |source: &str, target: &str| {
                    reader.boolean(&format!("{source}->{target}.enabled")).unwrap_or(false)
                };
                let is_near = |target: &String| targets.is_empty() || targets.contains(target);
                if is_enabled(source, target) && is_near(target) {
                    let only_heartbeats = is_near(source) && !is_enabled(target, source);
                    flows.push(FlowSettings {
                        source: source.clone(),
                        target: target.clone(),
                        connector: self.connector(source, target),
                        paused: None,
                        positions: Some(positions_topic(source, target, &mut reader)),
                        connector_name: None,
                        way_back: only_heartbeats.then(|| self.connector(target, source)),
                    });
                }
            }
        }
        flows
    }

    /// What the connectors of a flow are given; later layers win.
    fn connector(&self, source: &str, target: &str) -> Settings {
        let at_top = self.all.iter().filter(|(key, _)| is_for_connector(key));
        let mut connector: Settings = at_top.map(|(key, setting)| (key.clone(), setting.clone())).collect();
        for (side, alias) in [("source", source), ("target", target)] {
            for (name, setting) in self.below(&format!("{alias}.")) {
                let is_client =
                    ["consumer.", "producer.", "admin."].iter().any(|role| name.starts_with(role));
                let name =
                    if is_client { format!("{side}.{name}") } else { format!("{side}.cluster.{name}") };
                connector.insert(name, setting);
            }
        }
        connector.extend(self.below(&format!("{source}->{target}.")));
        connector
    }

    /// What all clients of a cluster share: its own keys, and those at the top that it lacks.
    fn cluster(&self, alias: &str) -> Settings {
        let at_top = self.all.iter().map(|(key, setting)| (key.clone(), setting.clone()));
        let mut cluster: Settings = at_top.filter(|(key, _)| names::is_common(key)).collect();
        cluster.extend(self.below(&format!("{alias}.")).filter(|(key, _)| names::is_common(key)));
        cluster
    }

    fn below(&self, prefix: &str) -> impl Iterator<Item = (String, Setting)> {
        let settings = self.all.iter();
        settings
            .filter_map(move |(key, setting)| Some((key.strip_prefix(prefix)?.to_owned(), setting.clone())))
    }

    /// Says what becomes of one key of the file.
    fn judge(&self, setting: &Setting, flows: &[FlowSettings], report: &mut Report) {
        let key = setting.key.as_str();
        if let Some((source, target, name)) = self.flow_key(key) {
            let runs = flows.iter().any(|flow| flow.source == source && flow.target == target);
            let runs_back = flows
                .iter()
                .any(|flow| flow.source == target && flow.target == source && flow.way_back.is_some());
            return match name {
                "enabled" => {}
                "emit.heartbeats.enabled" | "emit.heartbeats.interval.seconds" if runs_back => {}
                _ if !runs => report.note(key, NOT_ENABLED),
                name if name.starts_with("source.cluster.") || name.starts_with("target.cluster.") => {
                    report.refuse(
                        key,
                        &setting.value,
                        "a cluster is the same for all its flows: set it for the cluster",
                    );
                }
                name => judge_connector(name, setting, report),
            };
        }
        if let Some((alias, name)) = self.cluster_key(key) {
            let reads = flows.iter().any(|flow| flow.source == alias);
            if !reads && !flows.iter().any(|flow| flow.target == alias) {
                return report.note(key, NOT_USED);
            }
            return judge_cluster_key(name, setting, reads, report);
        }
        judge_top(key, setting, report);
    }

    fn flow_key<'k>(&self, key: &'k str) -> Option<(&str, &str, &'k str)> {
        let pairs =
            self.aliases.iter().flat_map(|source| self.aliases.iter().map(move |target| (source, target)));
        let named = pairs.filter(|(source, target)| source != target).filter_map(|(source, target)| {
            let name = key.strip_prefix(source.as_str())?.strip_prefix("->")?;
            let name = name.strip_prefix(target.as_str())?.strip_prefix('.')?;
            Some((source.as_str(), target.as_str(), name))
        });
        // A flow to `us` must not take the keys of one to `us.east`.
        named.max_by_key(|(_, target, _)| target.len())
    }

    fn cluster_key<'k>(&self, key: &'k str) -> Option<(&str, &'k str)> {
        let named = self.aliases.iter().filter_map(|alias| {
            let name = key.strip_prefix(alias.as_str())?.strip_prefix('.')?;
            Some((alias.as_str(), name))
        });
        named.max_by_key(|(alias, _)| alias.len())
    }
}

/// Where positions of a flow are: a worker has its target's keys, and over them these of the file's top.
fn positions_topic(source: &str, target: &str, reader: &mut Reader<'_>) -> String {
    let named = reader.text(POSITIONS).or_else(|| reader.text(&format!("{target}.{POSITIONS}")));
    named.unwrap_or_else(|| format!("mm2-offsets.{source}.internal"))
}

fn is_for_connector(key: &str) -> bool {
    let is_declared = names::connector(key).is_some() && !names::is_dropped_at_top(key);
    is_declared || key.starts_with("config.providers") || key.starts_with("replication.policy")
}

fn judge_cluster_key(name: &str, setting: &Setting, reads: bool, report: &mut Report) {
    if let Some(effect) = names::client(name) {
        return judge(effect, setting, report);
    }
    if let Some((role @ ("consumer" | "producer" | "admin"), rest)) = name.split_once('.') {
        return judge_client(role, rest, role == "producer" || role == "consumer" && reads, setting, report);
    }
    match names::worker(name).or_else(|| names::admin(name)) {
        Some(effect) => judge(effect, setting, report),
        None => judge_unknown(setting, name, report),
    }
}

fn judge_top(key: &str, setting: &Setting, report: &mut Report) {
    if key.contains("->") {
        return report.note(key, NO_SUCH_CLUSTER);
    }
    if key == "clusters" || key == POSITIONS || key.starts_with("config.providers") {
        return;
    }
    if matches!(key, "listeners" | "dedicated.mode.enable.internal.rest") || key.starts_with("rest.") {
        return report.note(key, OWN_HTTP);
    }
    if names::is_dropped_at_top(key) {
        return report.note(key, DROPPED);
    }
    if let Some(effect) = names::connector(key).or_else(|| names::client(key)) {
        return judge(effect, setting, report);
    }
    let role = key
        .split_once('.')
        .filter(|(role, _)| matches!(*role, "consumer" | "producer" | "admin" | "source" | "target"));
    if role.is_some() || names::admin(key).is_some() || names::worker(key).is_some() {
        return report.note(key, DROPPED);
    }
    judge_unknown(setting, key, report);
}
