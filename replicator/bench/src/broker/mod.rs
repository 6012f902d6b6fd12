//! A broker by itself: batches that were encoded before are produced as fast as it takes them, then fetched by a reader
//! that begins behind everything.

// The broker's process.
mod running;

use std::collections::VecDeque;

use serde::Serialize;
use strait_wire::batch::ClosedBatch;
use strait_wire::record_data::RecordData;
use tokio::time::Instant;
use tracing::info;

use crate::dataset::{DataSet, Stored};
use crate::error::BenchError;
use crate::peers::Peers;
use crate::process;
use crate::session::Setup;
use crate::statistics::median;
use crate::topic::{FetchLimits, Topic};

pub use running::BrokerKind;

use running::RunningBroker;

const REQUESTS_IN_FLIGHT: usize = 5;
const FETCH: FetchLimits =
    FetchLimits { max_wait_ms: 500, max_bytes: 52_428_800, partition_max_bytes: 1_048_576 };
const TOPIC: &str = "bench-broker";

/// What to measure.
#[derive(Clone, Debug)]
pub struct BrokerOptions {
    pub setup: Setup,
    pub brokers: Vec<BrokerKind>,
    /// Batches that are encoded before; they are sent over and over.
    pub data: DataSet,
    /// Bytes to produce.
    pub bytes: u64,
    pub rounds: u32,
}

#[derive(Clone, Debug, Serialize)]
pub struct BrokerReport {
    pub data: DataSet,
    pub brokers: Vec<BrokerMedians>,
    pub runs: Vec<BrokerRun>,
}

/// One broker, filled and read once.
#[derive(Clone, Debug, Serialize)]
pub struct BrokerRun {
    pub broker: BrokerKind,
    pub produced_per_second: f64,
    pub produce_cpu_seconds_per_gib: f64,
    /// Share of a core that the driver took meanwhile.
    pub driver_cpu_percent: f64,
    pub fetched_per_second: f64,
    pub fetch_cpu_seconds_per_gib: f64,
    pub peak_resident_bytes: u64,
}

/// Medians of a broker's runs.
pub type BrokerMedians = BrokerRun;

pub async fn measure(options: &BrokerOptions) -> Result<BrokerReport, BenchError> {
    let peers = Peers::new(&options.setup.site.script)?;
    let batches = options.data.encode()?;
    let mut runs = Vec::new();
    for round in 0..options.rounds {
        let mut order = options.brokers.clone();
        // A, B, then B, A: what drifts hits both alike.
        if round % 2 == 1 {
            order.reverse();
        }
        for kind in order {
            let run = measure_once(options, &peers, kind, &batches).await?;
            info!(
                broker = kind.name(),
                produced = run.produced_per_second,
                fetched = run.fetched_per_second,
                "measured"
            );
            runs.push(run);
        }
    }
    let brokers = options.brokers.iter().filter_map(|kind| medians_of(*kind, &runs)).collect();
    Ok(BrokerReport { data: options.data.clone(), brokers, runs })
}

async fn measure_once(
    options: &BrokerOptions,
    peers: &Peers,
    kind: BrokerKind,
    batches: &[ClosedBatch],
) -> Result<BrokerRun, BenchError> {
    let broker = RunningBroker::start(kind, peers, &options.setup.program)?;
    let cluster = crate::clusters::connect(&broker.address, options.setup.limit).await?;
    let topic = Topic::create(&cluster, TOPIC, options.data.partitions).await?;
    let (cpu, own, begun) =
        (broker.cpu_seconds()?, process::cpu_seconds(std::process::id())?, Instant::now());
    let stored = produce(&topic, batches, options.bytes).await?;
    let (seconds, cpu_after) = (begun.elapsed().as_secs_f64(), broker.cpu_seconds()?);
    let driver = process::cpu_seconds(std::process::id())? - own;
    let (fetch_cpu, fetch_begun) = (broker.cpu_seconds()?, Instant::now());
    let fetched = fetch(&topic, stored.bytes).await?;
    let fetch_seconds = fetch_begun.elapsed().as_secs_f64();
    let gib = stored.gibibytes();
    Ok(BrokerRun {
        broker: kind,
        produced_per_second: stored.records as f64 / seconds,
        produce_cpu_seconds_per_gib: (cpu_after - cpu) / gib,
        driver_cpu_percent: 100.0 * driver / seconds,
        fetched_per_second: stored.records as f64 / fetch_seconds,
        fetch_cpu_seconds_per_gib: (broker.cpu_seconds()? - fetch_cpu) * f64::from(1 << 30) / fetched as f64,
        peak_resident_bytes: broker.peak_resident_bytes()?,
    })
}

async fn produce(topic: &Topic, batches: &[ClosedBatch], bytes: u64) -> Result<Stored, BenchError> {
    let mut stored = Stored::default();
    let mut in_flight = VecDeque::new();
    let mut next = batches.iter().cycle();
    while stored.bytes < bytes {
        let mut request = Vec::with_capacity(topic.partitions as usize);
        for (partition, batch) in (0..topic.partitions).zip(&mut next) {
            stored.add(batch);
            request.push((partition, RecordData::single(batch.bytes().clone())));
        }
        if in_flight.len() == REQUESTS_IN_FLIGHT
            && let Some(oldest) = in_flight.pop_front()
        {
            topic.produced(oldest.await?)?;
        }
        in_flight.push_back(topic.produce(request)?);
        tokio::task::yield_now().await;
    }
    for pending in in_flight {
        topic.produced(pending.await?)?;
    }
    Ok(stored)
}

/// Fetches everything from the beginning, without looking into batches; gives the bytes.
async fn fetch(topic: &Topic, total: u64) -> Result<u64, BenchError> {
    let mut offsets = vec![0_i64; topic.partitions as usize];
    let mut fetched = 0;
    while fetched < total {
        let from = (0..topic.partitions).map(|partition| (partition, offsets[partition as usize]));
        for data in topic.fetched(topic.fetch(from, FETCH)?.await?)? {
            let Some(records) = data.records else { continue };
            let bytes = records.into_bytes();
            fetched += bytes.len() as u64;
            let place = data.partition_index as usize;
            for entry in strait_wire::batch::closed_batches(bytes) {
                if let Ok(strait_wire::batch::Entry::Closed(batch)) = entry {
                    offsets[place] = offsets[place].max(batch.header().next_offset());
                }
            }
        }
    }
    Ok(fetched)
}

fn medians_of(broker: BrokerKind, runs: &[BrokerRun]) -> Option<BrokerMedians> {
    let of =
        |figure: fn(&BrokerRun) -> f64| median(runs.iter().filter(|run| run.broker == broker).map(figure));
    Some(BrokerRun {
        broker,
        produced_per_second: of(|run| run.produced_per_second)?,
        produce_cpu_seconds_per_gib: of(|run| run.produce_cpu_seconds_per_gib)?,
        driver_cpu_percent: of(|run| run.driver_cpu_percent)?,
        fetched_per_second: of(|run| run.fetched_per_second)?,
        fetch_cpu_seconds_per_gib: of(|run| run.fetch_cpu_seconds_per_gib)?,
        peak_resident_bytes: of(|run| run.peak_resident_bytes as f64)? as u64,
    })
}
