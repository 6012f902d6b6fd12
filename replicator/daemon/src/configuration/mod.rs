//! The typed configuration of the daemon. Pure values: reading files and the environment is the program's job.

// How to reach a Kafka cluster.
mod cluster;
// One direction of replication and its policies.
mod flow;
// Bounds of memory and requests.
mod limits;
// Rules over remote names.
mod names;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use strait_replicator_core::shares::Part;

pub use cluster::{Cluster, Mechanism, Sasl, Secret, Tls};
pub use flow::{
    DefaultsOf, Delivery, Flow, Isolation, OffsetSyncs, OnLoss, OnRefused, Rename, Start, Timestamps,
};
pub use limits::Limits;

/// Everything `strait replicate` runs on.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    /// Folder for a copy of what is read at a start; may vanish without loss.
    #[serde(default)]
    pub data_dir: PathBuf,
    /// Name of this daemon among those that have the same flows; empty: its HTTP address and its host's name.
    #[serde(default)]
    pub instance: String,
    /// Group at the targets by which daemons share the flows; empty: this one claims all of its flows.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub worker_group: String,
    #[serde(default)]
    pub http: Http,
    /// Clusters by alias.
    pub clusters: BTreeMap<String, Cluster>,
    pub flows: Vec<Flow>,
    #[serde(default)]
    pub limits: Limits,
}

/// The daemon's HTTP server.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// Address to listen on, `host:port`; port 0 takes any free one.
    pub listen: String,
}

impl Default for Http {
    fn default() -> Self {
        Self { listen: "127.0.0.1:8080".to_owned() }
    }
}

/// A value that the daemon can't start with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub key: String,
    pub value: String,
    pub allowed: String,
    /// What was probably meant.
    pub nearest: Option<String>,
}

/// Shares of a flow where workers share them, and the flow does not say.
const SHARES_IN_GROUP: u16 = 12;

impl Configuration {
    /// What of a flow is run on its own: all of it, or its shares.
    pub fn parts(&self, flow: &Flow) -> Vec<Part> {
        let count = match (flow.shares, self.worker_group.is_empty()) {
            (0 | 1, true) => return vec![Part::whole(&flow.id())],
            (0, false) => SHARES_IN_GROUP,
            (count, _) => count,
        };
        Part::shares(&flow.id(), count).collect()
    }

    /// Everything that is wrong, by key.
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (alias, cluster) in &self.clusters {
            cluster.validate(&format!("clusters.{alias}"), &mut problems);
        }
        if self.flows.is_empty() {
            problems.push(problem("flows", "[]", "one or more flows"));
        }
        let mut ids = BTreeSet::new();
        for (index, flow) in self.flows.iter().enumerate() {
            let key = format!("flows[{index}]");
            self.validate_ends(&key, flow, &mut problems);
            flow.validate(&key, &mut problems);
            if !ids.insert(flow.id()) {
                problems.push(problem(&key, &flow.id(), "one flow for each pair of source and target"));
            }
        }
        names::validate(self, &mut problems);
        self.limits.validate("limits", &mut problems);
        problems
    }

    fn validate_ends(&self, key: &str, flow: &Flow, problems: &mut Vec<Problem>) {
        for (end, alias) in [("source", &flow.source), ("target", &flow.target)] {
            if !self.clusters.contains_key(alias) {
                let known: Vec<&str> = self.clusters.keys().map(String::as_str).collect();
                let allowed = format!("a cluster under [clusters]: {}", known.join(", "));
                problems.push(problem(&format!("{key}.{end}"), alias, &allowed));
            }
        }
        if flow.source == flow.target {
            problems.push(problem(&format!("{key}.target"), &flow.target, "another cluster than source"));
        }
    }
}

fn problem(key: &str, value: &str, allowed: &str) -> Problem {
    Problem { key: key.to_owned(), value: value.to_owned(), allowed: allowed.to_owned(), nearest: None }
}

/// Adds a problem when `value` lies outside of `low` to `high`.
fn check_range(key: &str, value: u64, (low, high): (u64, u64), problems: &mut Vec<Problem>) {
    if !(low..=high).contains(&value) {
        problems.push(problem(key, &value.to_string(), &format!("{low} to {high}")));
    }
}
