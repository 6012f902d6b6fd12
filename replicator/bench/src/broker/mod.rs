//! A broker by itself, ours and Apache Kafka beside it: how fast it takes and gives records, what that costs, how much
//! memory it needs, and how soon it serves.

// What was measured.
mod report;
// The broker's process.
mod running;
// Requests that were encoded before.
mod requests;
// A blocking connection, and what is done with it.
mod fetched;
mod reader;
mod sender;
mod wire;
// Our own driver.
mod encoded;
// Drivers of others.
mod tools;
// The machine's memory before each task.
mod memory;
// One task on one broker.
mod runner;
// The first record of a new broker.
mod start;

use std::path::PathBuf;

use strait_wire::batch::Compression;

use crate::error::BenchError;
use crate::peers::Peers;
use crate::session::Setup;
use crate::statistics::median;

pub use report::{BrokerMedians, BrokerReport, BrokerRun, BrokerStart, Driver, Figures, Line, Task, Work};
pub use running::BrokerKind;

use runner::Runner;
use running::RunningBroker;

/// What to measure.
#[derive(Clone, Debug)]
pub struct BrokerOptions {
    pub setup: Setup,
    /// The first is compared with the second.
    pub brokers: Vec<BrokerKind>,
    /// The program of [`BrokerKind::Baseline`].
    pub baseline: PathBuf,
    pub drivers: Vec<Driver>,
    /// The program rdkafka_performance, for [`Driver::Librdkafka`].
    pub rdkafka_performance: PathBuf,
    pub record_sizes: Vec<usize>,
    pub codecs: Vec<Compression>,
    pub partitions: i32,
    /// Bytes of a batch before compression, where we encode it.
    pub batch_bytes: usize,
    /// Connections that send at once.
    pub senders: usize,
    /// Connections that read at once.
    pub readers: usize,
    /// Bytes of batches that a task produces where we encode them.
    pub bytes: u64,
    /// Bytes of values that a task produces where others encode them.
    pub tool_bytes: u64,
    pub rounds: u32,
    /// Starts of each broker.
    pub starts: u32,
    /// Milliseconds since 1970 of the newest record.
    pub newest_timestamp: i64,
}

impl BrokerOptions {
    /// A, B, then B, A: what drifts hits both alike.
    fn order(&self, round: u32) -> Vec<BrokerKind> {
        let mut order = self.brokers.clone();
        if round % 2 == 1 {
            order.reverse();
        }
        order
    }
}

pub async fn measure(options: &BrokerOptions) -> Result<BrokerReport, BenchError> {
    let peers = Peers::new(&options.setup.site.script)?;
    let mut starts = Vec::new();
    for round in 0..options.starts {
        for kind in options.order(round) {
            let start = start::measure(options, &peers, kind).await?;
            tracing::info!(broker = kind.name(), seconds = start.first_record_seconds, "started");
            starts.push(start);
        }
    }
    let mut brokers = Vec::new();
    for kind in &options.brokers {
        brokers.push(RunningBroker::start(*kind, &peers, options)?);
    }
    let mut runner = Runner::new(options, &peers, &brokers);
    for driver in &options.drivers {
        for record_size in &options.record_sizes {
            for compression in &options.codecs {
                runner.cell(*driver, *record_size, *compression).await?;
            }
        }
    }
    let runs = runner.into_runs();
    let medians = brokers.iter().map(|broker| medians_of(broker, &starts));
    Ok(BrokerReport {
        lines: report::lines(&runs, &options.brokers),
        brokers: medians.collect::<Result<_, _>>()?,
        runs,
        starts,
    })
}

fn medians_of(broker: &RunningBroker<'_>, starts: &[BrokerStart]) -> Result<BrokerMedians, BenchError> {
    let of = |figure: fn(&BrokerStart) -> f64| {
        median(starts.iter().filter(|start| start.broker == broker.kind).map(figure))
    };
    Ok(BrokerMedians {
        broker: broker.kind,
        first_record_seconds: of(|start| start.first_record_seconds),
        idle_resident_bytes: of(|start| start.idle_resident_bytes),
        peak_resident_bytes: broker.peak_resident_bytes()?,
    })
}
