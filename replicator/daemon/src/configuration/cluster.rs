//! How to reach a Kafka cluster.

use serde::{Deserialize, Serialize};

use super::{Problem, problem};

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

fn default_client_id() -> String {
    "strait".to_owned()
}
fn default_request_timeout_ms() -> u64 {
    30_000
}
fn default_connect_timeout_ms() -> u64 {
    10_000
}

impl Cluster {
    pub(super) fn validate(&self, key: &str, problems: &mut Vec<Problem>) {
        if self.bootstrap.is_empty() {
            problems.push(problem(&format!("{key}.bootstrap"), "[]", "one or more host:port"));
        }
        for (index, address) in self.bootstrap.iter().enumerate() {
            if !is_address(address) {
                problems.push(problem(&format!("{key}.bootstrap[{index}]"), address, "host:port"));
            }
        }
    }
}

fn is_address(address: &str) -> bool {
    address
        .rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0))
}
