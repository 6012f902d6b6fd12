//! What the replicator and the clusters say of the demo.

use std::fmt;
use std::time::Duration;

use anyhow::ensure;
use comfy_table::{Table, presets};
use serde_json::Value;
use strait_client::{ClientConfig, Cluster, IsolationLevel, ListOffsetsAt};
use tokio::time::{Instant, sleep};

use super::orders::{GROUP, TOPIC};
use super::processes::Processes;

const FLOW: &str = "east--west";
const REMOTE_TOPIC: &str = "east.orders";
const COLUMNS: [&str; 6] = ["flow", "state", "records/s", "copied", "lag", "group billing"];
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// What was seen last.
pub(super) struct Report {
    http: String,
    clusters: [ClientConfig; 2],
    flow: Value,
    group: Value,
}

/// How it ended.
pub(super) struct Summary {
    at_east: i64,
    at_west: i64,
    group: Vec<Place>,
    group_state: String,
}

/// A group's place on both sides.
struct Place {
    partition: i64,
    east: i64,
    west: Option<i64>,
}

impl Report {
    pub(super) fn new(processes: &Processes) -> Self {
        let cluster = |address: &str| ClientConfig {
            bootstrap: vec![address.to_owned()],
            operation_timeout: Duration::from_secs(5),
            ..ClientConfig::default()
        };
        let clusters = [cluster(processes.east()), cluster(processes.west())];
        Self { http: processes.http(), clusters, flow: Value::Null, group: Value::Null }
    }

    /// Asks the replicator; what it does not answer stays as it was.
    pub(super) async fn look(&mut self) {
        if let Some(flow) = self.get(&format!("/v1/flows/{FLOW}")).await {
            self.flow = flow;
        }
        if let Some(group) = self.get(&format!("/v1/flows/{FLOW}/groups/{GROUP}")).await {
            self.group = group;
        }
    }

    async fn get(&self, path: &str) -> Option<Value> {
        let url = format!("{}{path}", self.http);
        let asked = tokio::task::spawn_blocking(move || {
            let agent: ureq::Agent =
                ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(2))).build().into();
            agent.get(&url).call().ok()?.body_mut().read_json().ok()
        });
        asked.await.ok()?
    }

    /// What is copied, and below it which processes run.
    pub(super) fn table(&self, processes: &Processes) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_header(COLUMNS);
        table.add_row(self.cells());
        format!("{table}\n\n {}", processes.states())
    }

    pub(super) fn line(&self) -> String {
        let [_, state, rate, copied, lag, group] = self.cells();
        format!("{state}, {rate} records/s, {copied} copied, {lag} behind; billing: {group}")
    }

    fn cells(&self) -> [String; 6] {
        let number = |name: &str| self.flow[name].as_i64().unwrap_or(0).to_string();
        let state = self.flow["state"].as_str().unwrap_or("starting").to_owned();
        let rate = format!("{:.0}", self.flow["records_per_second"].as_f64().unwrap_or(0.0));
        let (east, west) = self
            .places()
            .iter()
            .fold((0, 0), |(east, west), place| (east + place.east, west + place.west.unwrap_or(0)));
        let group = format!("{east} at east, {west} at west ({})", self.group_state());
        [FLOW.to_owned(), state, rate, number("records_total"), number("lag_records"), group]
    }

    fn group_state(&self) -> &str {
        self.group["group"]["state"].as_str().unwrap_or("unknown")
    }

    fn places(&self) -> Vec<Place> {
        let partitions = self.group["partitions"].as_array().into_iter().flatten();
        let of_topic = partitions.filter(|place| place["topic"] == TOPIC);
        let place = |place: &Value| Place {
            partition: place["partition"].as_i64().unwrap_or(-1),
            east: place["source_offset"].as_i64().unwrap_or(0),
            west: place["target_offset"].as_i64(),
        };
        of_topic.map(place).collect()
    }

    /// Waits until everything is copied and the group stands there, as far as that takes no longer than `limit`.
    pub(super) async fn settle(&mut self, limit: Duration) -> Summary {
        let begun = Instant::now();
        loop {
            self.look().await;
            let summary = self.summary().await;
            if summary.is_complete() || begun.elapsed() > limit {
                return summary;
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    async fn summary(&self) -> Summary {
        Summary {
            at_east: records(&self.clusters[0], TOPIC).await.unwrap_or(-1),
            at_west: records(&self.clusters[1], REMOTE_TOPIC).await.unwrap_or(-1),
            group: self.places(),
            group_state: self.group_state().to_owned(),
        }
    }
}

/// Offsets of all partitions of a topic.
async fn records(cluster: &ClientConfig, topic: &str) -> Option<i64> {
    let cluster = Cluster::connect(cluster.clone()).await.ok()?;
    let metadata = cluster.refresh(Some(&[topic.to_owned()])).await.ok()?;
    let partitions: Vec<(String, i32)> = metadata
        .topics
        .get(topic)?
        .partitions
        .keys()
        .map(|partition| (topic.to_owned(), *partition))
        .collect();
    let ends =
        cluster.list_offsets(&partitions, ListOffsetsAt::Latest, IsolationLevel::ReadUncommitted).await;
    ends.ok()?.into_iter().map(|(_, end)| end.ok().map(|at| at.offset)).sum()
}

impl Summary {
    fn is_complete(&self) -> bool {
        self.at_east > 0 && self.at_west == self.at_east && self.is_group_there()
    }

    fn is_group_there(&self) -> bool {
        let translated = self.group.iter().filter_map(|place| place.west).sum::<i64>();
        let is_whole = self.group.iter().all(|place| place.west.is_some());
        self.group_state == "synced" && is_whole && translated > 0
    }

    /// An error where something is missing at west.
    pub(super) fn verdict(&self) -> anyhow::Result<()> {
        ensure!(self.at_east > 0, "no order was written");
        ensure!(self.at_west == self.at_east, "{} of {} orders are at west", self.at_west, self.at_east);
        ensure!(self.is_group_there(), "group {GROUP} is not at west: {}", self.group_state);
        Ok(())
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "{} orders in {TOPIC} at east, {} in {REMOTE_TOPIC} at west",
            self.at_east, self.at_west
        )?;
        write!(
            out,
            "group {GROUP} is {}: it would go on at west with its very next order",
            self.group_state
        )?;
        for place in &self.group {
            let west = place.west.map_or_else(|| "nowhere".to_owned(), |west| west.to_string());
            write!(
                out,
                "\n  partition {}: offset {} at east is {west} at west",
                place.partition, place.east
            )?;
        }
        Ok(())
    }
}
