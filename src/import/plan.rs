//! What an import reads from any of its formats: clusters and flows by MirrorMaker 2's keys; and from there to Strait's.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::names::Effect;
use super::providers::Providers;
use super::report::Report;
use super::settings::{Reader, Setting, Settings};
use super::{cluster, flow, names};
use crate::keys;

/// Clusters and flows by MirrorMaker 2's keys.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Client settings of each cluster.
    pub(super) clusters: BTreeMap<String, Settings>,
    pub(super) flows: Vec<FlowSettings>,
    pub(super) providers: Providers,
}

/// What a connector would be given.
#[derive(Debug)]
pub(super) struct FlowSettings {
    pub(super) source: String,
    pub(super) target: String,
    pub(super) connector: Settings,
    /// The imported key that holds the flow.
    pub(super) paused: Option<String>,
    /// Where Connect keeps positions, if that is known.
    pub(super) positions: Option<String>,
    /// The connector's name in a Connect cluster, if that is known.
    pub(super) connector_name: Option<String>,
    /// What the connectors of the way back would be given, where none runs but for heartbeats.
    pub(super) way_back: Option<Settings>,
}

/// What secrets are written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The result is run at once and never written.
    Run,
    /// The result is written to a file, so secrets of providers stay there.
    Write,
}

/// Strait's configuration and where its parts stood.
#[derive(Debug, Default)]
pub(crate) struct Translated {
    pub(crate) configuration: Value,
    /// The imported key behind a path of the configuration.
    pub(crate) origins: BTreeMap<String, String>,
}

impl Plan {
    /// Strait's configuration; what can't be honoured is in the report.
    pub(super) fn translate(&self, purpose: Purpose, report: &mut Report) -> Translated {
        let mut translated = Translated::default();
        let mut clusters = Map::new();
        for (alias, settings) in &self.clusters {
            let mut reader = Reader { settings, providers: &self.providers, report };
            clusters.insert(alias.clone(), cluster::translate(&mut reader, alias, purpose));
            let bootstrap = settings.get("bootstrap.servers").map(|setting| setting.key.clone());
            let path = format!("clusters.{alias}.bootstrap");
            translated.origins.extend(bootstrap.map(|key| (path, key)));
        }
        let mut flows = Vec::new();
        for (index, settings) in self.flows.iter().enumerate() {
            let mut reader = Reader { settings: &settings.connector, providers: &self.providers, report };
            let (flow, origins) = flow::translate(&mut reader, settings);
            flows.push(flow);
            let named = origins.into_iter().map(|(name, key)| (format!("flows[{index}].{name}"), key));
            translated.origins.extend(named);
        }
        translated.configuration = json!({ "clusters": clusters, "flows": flows });
        translated
    }
}

impl Translated {
    /// How a key of the configuration is called in the imported file.
    pub(crate) fn name_of(&self, path: &str) -> String {
        let covering = self.origins.iter().filter(|(known, _)| path.starts_with(known.as_str()));
        match covering.max_by_key(|(known, _)| known.len()) {
            Some((_, key)) => format!("{key} ({path})"),
            None => path.to_owned(),
        }
    }
}

/// Says what becomes of a key below a flow, such as `topics` or `source.consumer.isolation.level`.
pub(super) fn judge_connector(name: &str, setting: &Setting, report: &mut Report) {
    let client = |side: &str| {
        let (role, rest) = name.strip_prefix(side)?.split_once('.')?;
        matches!(role, "consumer" | "producer" | "admin").then_some((role, rest))
    };
    if name.starts_with("transforms.") || name.starts_with("predicates.") {
        return;
    }
    if name.starts_with("topic.creation.") {
        return report.note(&setting.key, "Strait makes remote topics itself, as MirrorMaker 2 does");
    }
    if let Some(effect) = names::connector(name) {
        return judge(effect, setting, report);
    }
    for (side, role_is_used) in [("source.", "consumer"), ("", "consumer"), ("target.", "producer")] {
        if let Some((role, rest)) = client(side) {
            let rest = rest.strip_prefix("override.").unwrap_or(rest);
            return judge_client(role, rest, role == role_is_used, setting, report);
        }
    }
    judge_unknown(setting, name, report);
}

/// Says what becomes of a key of one of a cluster's clients.
pub(super) fn judge_client(role: &str, name: &str, is_used: bool, setting: &Setting, report: &mut Report) {
    if names::is_common(name) {
        let reason = "all clients of a cluster share one address, one identity and one way of encryption: \
                      set it for the cluster";
        return report.refuse(&setting.key, &setting.value, reason);
    }
    let effect = match role {
        "consumer" => names::consumer(name),
        "producer" => names::producer(name),
        _ => names::admin(name),
    };
    match effect {
        Some(Effect::Taken) if !is_used => report.note(&setting.key, "no such client reads a source"),
        Some(effect) => judge(effect, setting, report),
        None => judge_unknown(setting, name, report),
    }
}

pub(super) fn judge(effect: Effect, setting: &Setting, report: &mut Report) {
    match effect {
        Effect::Taken => {}
        Effect::Nothing(reason) => report.note(&setting.key, reason),
        Effect::Only(allowed, _) if allowed.contains(&setting.value.trim()) => {}
        Effect::Only(_, reason) => report.refuse(&setting.key, &setting.value, reason),
    }
}

pub(super) fn judge_unknown(setting: &Setting, name: &str, report: &mut Report) {
    match keys::nearest(name, names::all()) {
        Some(nearest) => report.note(&setting.key, format!("unknown; the nearest known key is `{nearest}`")),
        None => report.note(&setting.key, "unknown"),
    }
}
