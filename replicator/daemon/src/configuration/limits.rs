//! Bounds of memory and requests.

use serde::{Deserialize, Serialize};

use super::{Problem, check_range};

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
            memory_bytes: 24 << 20,
            fetch_bytes: 4 << 20,
            partition_fetch_bytes: 1 << 20,
            requests_in_flight: 5,
        }
    }
}

impl Limits {
    pub(super) fn validate(&self, key: &str, problems: &mut Vec<Problem>) {
        for (name, value, range) in [
            ("memory_bytes", self.memory_bytes, (4 << 20, 64 << 30)),
            ("fetch_bytes", self.fetch_bytes, (64 << 10, 1 << 30)),
            ("partition_fetch_bytes", self.partition_fetch_bytes, (16 << 10, 1 << 30)),
            ("requests_in_flight", self.requests_in_flight, (1, 5)),
        ] {
            check_range(&format!("{key}.{name}"), value as u64, range, problems);
        }
    }
}
