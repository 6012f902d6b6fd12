//! The typed configuration of the daemon. Pure values: reading files and the environment is the program's job.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use strait_replicator_core::rename::ReplicationPolicy;
use strait_replicator_core::selection::TopicFilter;

/// Everything `strait replicate` runs on.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    /// Folder for what makes recovery faster; may vanish without loss.
    #[serde(default)]
    pub data_dir: PathBuf,
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

/// How to reach one Kafka cluster.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    /// `host:port` of some brokers.
    pub bootstrap: Vec<String>,
    #[serde(default = "default_client_id")]
    pub client_id: String,
    #[serde(default = "default_request_timeout_ms")]
    pub request_timeout_ms: u64,
    #[serde(default = "default_connect_timeout_ms")]
    pub connect_timeout_ms: u64,
}

/// One direction of replication between two clusters.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Flow {
    /// Alias of the cluster to read from.
    pub source: String,
    /// Alias of the cluster to write to.
    pub target: String,
    /// Regular expressions of topics to copy; each must match the whole name.
    #[serde(default = "default_topics")]
    pub topics: Vec<String>,
    /// Regular expressions of topics to leave out; wins over `topics`.
    #[serde(default = "default_topics_exclude")]
    pub topics_exclude: Vec<String>,
    #[serde(default)]
    pub rename: Rename,
    /// Between source alias and topic in the default remote name.
    #[serde(default = "default_separator")]
    pub separator: String,
    /// Replicas of topics created at the target; -1 leaves it to the target.
    #[serde(default = "default_replication_factor")]
    pub replication_factor: i16,
    /// Where a partition without a stored position begins.
    #[serde(default)]
    pub start: Start,
    /// How often topics of the source are listed anew.
    #[serde(default = "default_refresh_interval_ms")]
    pub refresh_interval_ms: u64,
    /// How often positions are written to the target's state topic.
    #[serde(default = "default_position_interval_ms")]
    pub position_interval_ms: u64,
}

/// The remote topic's name.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Rename {
    /// `source<separator>topic`.
    #[default]
    Default,
    /// The same name on both sides.
    Identity,
}

/// Where a partition without a stored position begins.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Start {
    #[default]
    Earliest,
    Latest,
}

/// Bounds of memory and requests, for each flow.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Bytes of batches held between fetch and acknowledgement.
    pub memory_bytes: usize,
    /// Bytes of one fetch response.
    pub fetch_bytes: usize,
    /// Bytes of one partition in a fetch response.
    pub partition_fetch_bytes: usize,
    /// Produce requests in flight to one target broker, 1 to 5.
    pub requests_in_flight: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 32 << 20,
            fetch_bytes: 4 << 20,
            partition_fetch_bytes: 1 << 20,
            requests_in_flight: 5,
        }
    }
}

fn default_client_id() -> String {
    "strait".to_owned()
}
fn default_request_timeout_ms() -> u64 {
    30_000
}
fn default_connect_timeout_ms() -> u64 {
    10_000
}
fn default_topics() -> Vec<String> {
    vec![".*".to_owned()]
}
fn default_topics_exclude() -> Vec<String> {
    vec![r".*[\-.]internal".to_owned(), r".*\.replica".to_owned(), "__.*".to_owned()]
}
fn default_separator() -> String {
    ".".to_owned()
}
fn default_replication_factor() -> i16 {
    -1
}
fn default_refresh_interval_ms() -> u64 {
    2_000
}
fn default_position_interval_ms() -> u64 {
    1_000
}

impl Flow {
    /// `source--target`: the flow's name in REST, CLI and metrics.
    pub fn id(&self) -> String {
        format!("{}--{}", self.source, self.target)
    }

    /// The rule from source topic to remote topic.
    pub fn policy(&self) -> ReplicationPolicy {
        match self.rename {
            Rename::Default => ReplicationPolicy::Default { separator: self.separator.clone() },
            Rename::Identity => ReplicationPolicy::Identity {
                source_alias: self.source.clone(),
                separator: self.separator.clone(),
            },
        }
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

impl Configuration {
    /// Everything that is wrong, by key.
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (alias, cluster) in &self.clusters {
            if cluster.bootstrap.is_empty() {
                problems.push(problem(format!("clusters.{alias}.bootstrap"), "[]", "one or more host:port"));
            }
            for (index, address) in cluster.bootstrap.iter().enumerate() {
                if !is_address(address) {
                    problems.push(problem(
                        format!("clusters.{alias}.bootstrap[{index}]"),
                        address,
                        "host:port",
                    ));
                }
            }
        }
        if self.flows.is_empty() {
            problems.push(problem("flows".to_owned(), "[]", "one or more flows"));
        }
        let mut ids = BTreeSet::new();
        for (index, flow) in self.flows.iter().enumerate() {
            self.validate_flow(index, flow, &mut problems);
            if !ids.insert(flow.id()) {
                let key = format!("flows[{index}]");
                problems.push(problem(key, &flow.id(), "one flow for each pair of source and target"));
            }
        }
        self.validate_limits(&mut problems);
        problems
    }

    fn validate_flow(&self, index: usize, flow: &Flow, problems: &mut Vec<Problem>) {
        for (key, alias) in [("source", &flow.source), ("target", &flow.target)] {
            if !self.clusters.contains_key(alias) {
                let known: Vec<&str> = self.clusters.keys().map(String::as_str).collect();
                problems.push(problem(
                    format!("flows[{index}].{key}"),
                    alias,
                    &format!("a cluster under [clusters]: {}", known.join(", ")),
                ));
            }
        }
        if flow.source == flow.target {
            problems.push(problem(
                format!("flows[{index}].target"),
                &flow.target,
                "another cluster than source",
            ));
        }
        for (key, patterns) in [("topics", &flow.topics), ("topics_exclude", &flow.topics_exclude)] {
            for (position, pattern) in patterns.iter().enumerate() {
                if let Err(error) = TopicFilter::new(std::slice::from_ref(pattern), &[]) {
                    problems.push(problem(
                        format!("flows[{index}].{key}[{position}]"),
                        pattern,
                        &format!("a regular expression ({})", error.reason),
                    ));
                }
            }
        }
        if flow.replication_factor == 0 || flow.replication_factor < -1 {
            let value = flow.replication_factor.to_string();
            problems.push(problem(format!("flows[{index}].replication_factor"), &value, "-1, or 1 and more"));
        }
        for (key, value) in [
            ("refresh_interval_ms", flow.refresh_interval_ms),
            ("position_interval_ms", flow.position_interval_ms),
        ] {
            if !(100..=3_600_000).contains(&value) {
                problems.push(problem(format!("flows[{index}].{key}"), &value.to_string(), "100 to 3600000"));
            }
        }
    }

    fn validate_limits(&self, problems: &mut Vec<Problem>) {
        let limits = &self.limits;
        for (key, value, low, high) in [
            ("memory_bytes", limits.memory_bytes, 4 << 20, 64 << 30),
            ("fetch_bytes", limits.fetch_bytes, 64 << 10, 1 << 30),
            ("partition_fetch_bytes", limits.partition_fetch_bytes, 16 << 10, 1 << 30),
            ("requests_in_flight", limits.requests_in_flight, 1, 5),
        ] {
            if !(low..=high).contains(&value) {
                problems.push(problem(
                    format!("limits.{key}"),
                    &value.to_string(),
                    &format!("{low} to {high}"),
                ));
            }
        }
    }
}

fn problem(key: String, value: &str, allowed: &str) -> Problem {
    Problem { key, value: value.to_owned(), allowed: allowed.to_owned(), nearest: None }
}

fn is_address(address: &str) -> bool {
    address
        .rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0))
}
