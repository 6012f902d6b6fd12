//! What `/metrics` tells: a picture taken at each scrape.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use prometheus::Registry;
use strait_broker_core::group::{ConsumerState, Groups, State};
use strait_http::{Families, Kind};
use strait_wire::api_key::ApiKey;

use crate::dispatch::SERVED;
use crate::node::Node;

/// Requests that were answered, by their place in the table of requests.
#[derive(Debug)]
pub(crate) struct RequestCounts {
    counts: Vec<AtomicU64>,
}

impl Default for RequestCounts {
    fn default() -> Self {
        Self { counts: SERVED.iter().map(|_| AtomicU64::new(0)).collect() }
    }
}

impl RequestCounts {
    pub(crate) fn count(&self, key: i16) {
        let place = SERVED.iter().position(|served| served.key == key);
        if let Some(count) = place.and_then(|place| self.counts.get(place)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Bytes of records in answers to Fetch.
#[derive(Debug, Default)]
pub(crate) struct FetchedBytes {
    memory: AtomicU64,
    files: AtomicU64,
}

impl FetchedBytes {
    /// So many bytes in all, and of them those that the kernel sends out of files.
    pub(crate) fn count(&self, bytes: usize, of_files: usize) {
        self.memory.fetch_add(bytes.saturating_sub(of_files) as u64, Ordering::Relaxed);
        self.files.fetch_add(of_files as u64, Ordering::Relaxed);
    }
}

/// The registry of a broker's metrics.
pub(crate) fn registry(node: &Arc<Node>) -> Result<Registry, prometheus::Error> {
    let (registry, node) = (Registry::new(), Arc::clone(node));
    strait_http::register(&registry, move |families| {
        requests(&node, families);
        fetched(&node, families);
        logs(&node, families);
        groups(&node, families);
    })?;
    Ok(registry)
}

fn requests(node: &Node, families: &mut Families) {
    for (served, count) in SERVED.iter().zip(&node.requests.counts) {
        let count = count.load(Ordering::Relaxed) as f64;
        let labels = [("api", ApiKey(served.key).name())];
        families.add(
            "strait_broker_requests_total",
            "Requests that came, by API.",
            Kind::Counter,
            &labels,
            count,
        );
    }
}

fn fetched(node: &Node, families: &mut Families) {
    let FetchedBytes { memory, files } = &node.fetched;
    for (from, bytes) in [("memory", memory), ("file", files)] {
        families.add(
            "strait_broker_fetched_bytes_total",
            "Bytes of records that consumers were given, out of memory or by the kernel out of files.",
            Kind::Counter,
            &[("from", from)],
            bytes.load(Ordering::Relaxed) as f64,
        );
    }
}

fn logs(node: &Node, families: &mut Families) {
    for topic in node.topics.all() {
        let labels = [("topic", topic.name.as_str())];
        let sizes = topic.partitions.iter().filter_map(|partition| partition.look(|log, _| log.size()).ok());
        let size = sizes.sum::<u64>() as f64;
        families.add("strait_broker_log_bytes", "Bytes of a topic's logs.", Kind::Gauge, &labels, size);
        let count = topic.partitions.len() as f64;
        families.add("strait_broker_partitions", "Partitions of a topic.", Kind::Gauge, &labels, count);
    }
}

fn groups(node: &Node, families: &mut Families) {
    let states = [
        ("empty", State::Empty),
        ("preparing_rebalance", State::PreparingRebalance),
        ("completing_rebalance", State::CompletingRebalance),
        ("stable", State::Stable),
    ];
    for (name, state) in states {
        count_groups(node, families, ("classic", name), |groups| groups.count_in(state));
    }
    let states = [
        ("empty", ConsumerState::Empty),
        ("assigning", ConsumerState::Assigning),
        ("reconciling", ConsumerState::Reconciling),
        ("stable", ConsumerState::Stable),
    ];
    for (name, state) in states {
        count_groups(node, families, ("consumer", name), |groups| groups.count_consumers_in(state));
    }
}

fn count_groups(
    node: &Node,
    families: &mut Families,
    (kind, state): (&str, &str),
    count: impl Fn(&Groups) -> usize,
) {
    let counts = node.groups.shards().iter().filter_map(|shard| shard.look(&count).ok());
    let total = counts.sum::<usize>() as f64;
    let labels = [("type", kind), ("state", state)];
    families.add("strait_broker_groups", "Groups by type and state.", Kind::Gauge, &labels, total);
}
