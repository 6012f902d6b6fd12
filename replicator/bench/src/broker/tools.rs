//! Drivers that are programs of others: Kafka's performance tools and librdkafka's.

use std::path::{Path, PathBuf};
use std::process::Command;

use strait_wire::batch::Compression;

use crate::error::BenchError;
use crate::peers::{Peers, output};
use crate::statistics::percentile;

/// What a tool is told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order<'a> {
    pub(super) address: &'a str,
    pub(super) topic: &'a str,
    pub(super) partitions: i32,
    pub(super) records: u64,
    pub(super) record_size: usize,
    pub(super) compression: Compression,
}

/// What a tool said.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Said {
    pub(super) records_per_second: f64,
    /// Milliseconds.
    pub(super) p50: Option<f64>,
    pub(super) p99: Option<f64>,
}

/// A tool for each direction.
#[derive(Clone, Debug)]
pub(super) enum Tool {
    Java,
    /// The program rdkafka_performance.
    Librdkafka(PathBuf),
}

impl Tool {
    pub(super) fn produce(&self, peers: &Peers, order: Order<'_>) -> Result<Said, BenchError> {
        let (topic, address, codec) = (order.topic, order.address, order.compression.name());
        let (records, size) = (order.records.to_string(), order.record_size.to_string());
        match self {
            Self::Java => {
                let compression = format!("compression.type={codec}");
                let said = peers.ask(&[
                    "tool",
                    "org.apache.kafka.tools.ProducerPerformance",
                    "--bootstrap-server",
                    address,
                    "--topic",
                    topic,
                    "--num-records",
                    &records,
                    "--record-size",
                    &size,
                    "--throughput",
                    "-1",
                    "--command-property",
                    &compression,
                    "acks=all",
                ])?;
                java_produced(&said).ok_or_else(|| unreadable("ProducerPerformance", &said))
            }
            Self::Librdkafka(program) => {
                let times = peers.folder().join("rdkafka-times");
                let mut command = performance(program, order);
                command.args(["-P", "-s", &size, "-z", codec, "-a", "-1", "-l", "-A"]).arg(&times);
                let said = output(command)?;
                let rate =
                    before(&said, " msgs/s").ok_or_else(|| unreadable("rdkafka_performance", &said))?;
                Ok(Said { records_per_second: rate, ..librdkafka_times(&times)? })
            }
        }
    }

    pub(super) fn consume(&self, peers: &Peers, order: Order<'_>) -> Result<Said, BenchError> {
        let records = order.records.to_string();
        let rate = match self {
            Self::Java => {
                let said = peers.ask(&[
                    "tool",
                    "org.apache.kafka.tools.ConsumerPerformance",
                    "--bootstrap-server",
                    order.address,
                    "--topic",
                    order.topic,
                    "--num-records",
                    &records,
                    "--hide-header",
                ])?;
                java_consumed(&said).ok_or_else(|| unreadable("ConsumerPerformance", &said))?
            }
            Self::Librdkafka(program) => {
                let mut command = performance(program, order);
                command.args(["-C", "-o", "beginning"]);
                for partition in 0..order.partitions {
                    command.args(["-p", &partition.to_string()]);
                }
                let said = output(command)?;
                before(&said, " msgs/s").ok_or_else(|| unreadable("rdkafka_performance", &said))?
            }
        };
        Ok(Said { records_per_second: rate, ..Said::default() })
    }
}

fn performance(program: &Path, order: Order<'_>) -> Command {
    let mut command = Command::new(program);
    command.args(["-t", order.topic, "-b", order.address, "-c", &order.records.to_string()]);
    command
}

fn unreadable(command: &str, said: &str) -> BenchError {
    BenchError::Script { command: command.to_owned(), output: said.to_owned() }
}

/// The last number before `unit`.
fn before(text: &str, unit: &str) -> Option<f64> {
    text.rsplit_once(unit)?
        .0
        .rsplit(|letter: char| !(letter.is_ascii_digit() || letter == '.'))
        .next()?
        .parse()
        .ok()
}

fn java_produced(said: &str) -> Option<Said> {
    let line = said.lines().rfind(|line| line.contains("99.9th"))?;
    Some(Said {
        records_per_second: before(line, " records/sec")?,
        p50: Some(before(line, " ms 50th")?),
        p99: Some(before(line, " ms 99th")?),
    })
}

/// start, end, MB, MB/s, records, records/s, rebalance ms, fetch ms, fetch MB/s, fetch records/s.
fn java_consumed(said: &str) -> Option<f64> {
    let line = said.lines().rfind(|line| line.split(", ").count() == 10)?;
    line.split(", ").last()?.trim().parse().ok()
}

/// A line for each record: microseconds from its production to its delivery.
fn librdkafka_times(path: &Path) -> Result<Said, BenchError> {
    let text =
        std::fs::read_to_string(path).map_err(|source| BenchError::File { path: path.to_owned(), source })?;
    let times: Vec<f64> = text.lines().filter_map(|line| line.parse::<f64>().ok()).collect();
    let milliseconds = |percent| Some(percentile(times.iter().copied(), percent)? / 1_000.0);
    Ok(Said { records_per_second: 0.0, p50: milliseconds(50.0), p99: milliseconds(99.0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tools_print_is_understood() {
        let produced = "50000 records sent, 9000.0 records/sec (8.58 MB/sec), 1.0 ms avg latency, 9.0 ms max latency.\n\
            100000 records sent, 12345.6 records/sec (11.77 MB/sec), 2.51 ms avg latency, 320.00 ms max latency, \
            2 ms 50th, 7 ms 95th, 31 ms 99th, 300 ms 99.9th.\n";
        let expected = Said { records_per_second: 12_345.6, p50: Some(2.0), p99: Some(31.0) };
        assert_eq!(java_produced(produced), Some(expected));
        let consumed = "2026-11-28 04:00:00:000, 2026-11-28 04:00:01:000, 95.3674, 95.3674, 100000, 100000.0000, \
            300, 700, 136.2392, 142857.1429\n";
        assert_eq!(java_consumed(consumed), Some(142_857.142_9));
        let librdkafka = "% 1000 messages produced (100000 bytes), 1000 delivered (offset 0, 0 failed) in 5ms: \
            200000 msgs/s and 20.00 MB/s, 0 produce failures, 0 in queue, none compression\n";
        assert_eq!(before(librdkafka, " msgs/s"), Some(200_000.0));
        assert_eq!(java_produced("nothing"), None);
    }
}
