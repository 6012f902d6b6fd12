//! Does every task on every broker, round after round, and keeps the figures.

use std::sync::Arc;
use std::time::Instant;

use strait_wire::batch::Compression;
use tokio::task::spawn_blocking;

use super::BrokerOptions;
use super::encoded::Load;
use super::memory;
use super::report::{BrokerRun, Driver, Figures, Task, Work};
use super::requests::Requests;
use super::running::RunningBroker;
use super::tools::{Order, Said, Tool};
use crate::clusters::{connect, delete_containing};
use crate::dataset::DataSet;
use crate::error::BenchError;
use crate::peers::Peers;
use crate::process;
use crate::statistics::percentile;
use crate::topic::Topic;

pub(super) const TOPIC: &str = "bench-broker";
/// Bytes of records that are encoded before; they stay in the CPU's cache, as what a network card brings does.
const ENCODED_BYTES: usize = 8 << 20;
/// Before the first round each broker does this part of the work unmeasured.
const WARM_UP_PART: u64 = 4;
/// Before anything is measured each broker does the whole work so many times: until then Java compiles what it runs.
const FIRST_WARM_UPS: u32 = 4;

pub(super) struct Runner<'a> {
    options: &'a BrokerOptions,
    peers: &'a Peers,
    brokers: &'a [RunningBroker<'a>],
    runs: Vec<BrokerRun>,
}

impl<'a> Runner<'a> {
    pub(super) fn new(
        options: &'a BrokerOptions,
        peers: &'a Peers,
        brokers: &'a [RunningBroker<'a>],
    ) -> Self {
        Self { options, peers, brokers, runs: Vec::new() }
    }

    pub(super) fn into_runs(self) -> Vec<BrokerRun> {
        self.runs
    }

    /// All rounds of one driver with one kind of records.
    pub(super) async fn cell(
        &mut self,
        driver: Driver,
        record_size: usize,
        compression: Compression,
    ) -> Result<(), BenchError> {
        let requests = match driver {
            Driver::Encoded => Some(Arc::new(self.encode(record_size, compression)?)),
            Driver::Java | Driver::Librdkafka => None,
        };
        let brokers = self.brokers;
        let (warm_ups, part) = if self.runs.is_empty() { (FIRST_WARM_UPS, 1) } else { (1, WARM_UP_PART) };
        for broker in brokers {
            let task = Task { driver, work: Work::Produce, record_size, compression };
            for _ in 0..warm_ups {
                self.round(broker, task, requests.as_ref(), part).await?;
            }
        }
        for round in 0..self.options.rounds {
            for kind in self.options.order(round) {
                for broker in brokers.iter().filter(|broker| broker.kind == kind) {
                    let task = Task { driver, work: Work::Produce, record_size, compression };
                    for (work, figures) in self.round(broker, task, requests.as_ref(), 1).await? {
                        let task = Task { work, ..task };
                        tracing::info!(
                            broker = kind.name(),
                            driver = driver.name(),
                            work = work.name(),
                            record_size,
                            codec = compression.name(),
                            rate = figures.records_per_second,
                            cpu = figures.cpu_seconds_per_gib,
                            "measured"
                        );
                        self.runs.push(BrokerRun { round, broker: kind, task, figures });
                    }
                }
            }
        }
        Ok(())
    }

    fn encode(&self, record_size: usize, compression: Compression) -> Result<Requests, BenchError> {
        let options = self.options;
        let data = DataSet {
            records: (ENCODED_BYTES / record_size.max(1)).max(100) as u64,
            partitions: options.partitions,
            compression,
            record_size,
            batch_bytes: options.batch_bytes,
            batch_records: None,
            keys: false,
            seed: 1,
            newest_timestamp: options.newest_timestamp,
        };
        Requests::encode(self.peers.folder(), TOPIC, options.partitions, &data.encode()?)
    }

    async fn round(
        &self,
        broker: &RunningBroker<'_>,
        task: Task,
        requests: Option<&Arc<Requests>>,
        part: u64,
    ) -> Result<Vec<(Work, Figures)>, BenchError> {
        let tool = match task.driver {
            Driver::Encoded => None,
            Driver::Java => Some(Tool::Java),
            Driver::Librdkafka => Some(Tool::Librdkafka(self.options.rdkafka_performance.clone())),
        };
        match (tool, requests) {
            (Some(tool), _) => self.with_tool(broker, task, &tool, part).await,
            (None, Some(requests)) => self.encoded(broker, requests, part).await,
            (None, None) => Ok(Vec::new()),
        }
    }

    async fn encoded(
        &self,
        broker: &RunningBroker<'_>,
        requests: &Arc<Requests>,
        part: u64,
    ) -> Result<Vec<(Work, Figures)>, BenchError> {
        let BrokerOptions { senders, readers, .. } = *self.options;
        let bytes = self.options.bytes / part / senders as u64;
        let (address, requests) = (broker.address.clone(), Arc::clone(requests));
        let count = requests.count_for(bytes);
        let load = Load { address, requests, count, senders, readers };
        let mut figures = Vec::new();
        self.create(broker).await?;
        let (produced, consumed, both) = (load.clone(), load.clone(), load.clone());
        memory::warm(self.peers.folder(), load.content().bytes)?;
        figures.push((Work::Produce, measured(broker, &load, move || produced.produce()).await?));
        memory::write_back().await?;
        let cold = measured(broker, &load, move || consumed.consume().map(|_| Vec::new())).await?;
        figures.push((Work::Cold, cold));
        self.create(broker).await?;
        memory::warm(self.peers.folder(), load.content().bytes)?;
        figures.push((Work::Tail, measured(broker, &load, move || both.produce_and_consume()).await?));
        self.delete(broker).await?;
        Ok(figures)
    }

    async fn with_tool(
        &self,
        broker: &RunningBroker<'_>,
        task: Task,
        tool: &Tool,
        part: u64,
    ) -> Result<Vec<(Work, Figures)>, BenchError> {
        let Task { record_size, compression, .. } = task;
        let records = (self.options.tool_bytes / part / record_size.max(1) as u64).max(1);
        let order = Order {
            address: &broker.address,
            topic: TOPIC,
            partitions: self.options.partitions,
            records,
            record_size,
            compression,
        };
        let gib = (records * record_size as u64) as f64 / f64::from(1 << 30);
        self.create(broker).await?;
        let before = broker.cpu_seconds()?;
        let produced = tool.produce(self.peers, order)?;
        let between = broker.cpu_seconds()?;
        let consumed = tool.consume(self.peers, order)?;
        let after = broker.cpu_seconds()?;
        self.delete(broker).await?;
        let figures = |said: Said, cpu: f64| Figures {
            records_per_second: said.records_per_second,
            cpu_seconds_per_gib: cpu / gib,
            milliseconds_p50: said.p50,
            milliseconds_p99: said.p99,
            driver_cpu_percent: None,
            driver_user_percent: None,
        };
        Ok(vec![
            (Work::Produce, figures(produced, between - before)),
            (Work::Cold, figures(consumed, after - between)),
        ])
    }

    /// An empty topic.
    async fn create(&self, broker: &RunningBroker<'_>) -> Result<(), BenchError> {
        self.delete(broker).await?;
        let cluster = connect(&broker.address, self.options.setup.limit).await?;
        Topic::create(&cluster, TOPIC, self.options.partitions).await.map(drop)
    }

    async fn delete(&self, broker: &RunningBroker<'_>) -> Result<(), BenchError> {
        let cluster = connect(&broker.address, self.options.setup.limit).await?;
        delete_containing(&cluster, TOPIC).await?;
        memory::wait_until_removed(self.peers.folder()).await
    }
}

/// Runs our own driver once on a broker.
async fn measured(
    broker: &RunningBroker<'_>,
    load: &Load,
    work: impl FnOnce() -> Result<Vec<f64>, BenchError> + Send + 'static,
) -> Result<Figures, BenchError> {
    let own_id = std::process::id();
    let content = load.content();
    let (cpu, own, begun) = (broker.cpu_seconds()?, process::cpu_seconds(own_id)?, Instant::now());
    let own_user = process::user_seconds(own_id)?;
    let times = spawn_blocking(work).await.map_err(|_| BenchError::DriverEnded)??;
    let seconds = begun.elapsed().as_secs_f64();
    let cpu = broker.cpu_seconds()? - cpu;
    let own = process::cpu_seconds(own_id)? - own;
    let own_user = process::user_seconds(own_id)? - own_user;
    Ok(Figures {
        records_per_second: content.all_records() as f64 / seconds,
        cpu_seconds_per_gib: cpu * f64::from(1 << 30) / content.bytes as f64,
        milliseconds_p50: percentile(times.iter().copied(), 50.0),
        milliseconds_p99: percentile(times.iter().copied(), 99.0),
        driver_cpu_percent: Some(100.0 * own / seconds),
        driver_user_percent: Some(100.0 * own_user / seconds),
    })
}
