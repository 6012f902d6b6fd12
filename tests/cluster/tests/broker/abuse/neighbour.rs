//! A client that does nothing wrong: it writes a record, waits for it to be there, reads it, and so on. It tells how long
//! that took.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::producer::BaseRecord;
use strait_cluster_tests::topic;
use strait_cluster_tests::writer::Writer;

use crate::client;

/// Its topic; one partition.
const TOPIC: &str = "kept";
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct Neighbour {
    address: String,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<Vec<Duration>>>,
}

/// From a record's sending to its reading.
#[derive(Clone, Copy, Debug)]
pub(super) struct Served {
    records: usize,
    median: Duration,
    pub(super) longest: Duration,
}

impl fmt::Display for Served {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { records, median, longest } = self;
        write!(out, "a neighbour's {records} records took {median:?}, at most {longest:?}")
    }
}

impl Neighbour {
    /// Returns when its first record was read.
    pub(super) fn start(address: &str) -> Result<Self> {
        client::create(address, TOPIC, 1, &[])?;
        let stop = Arc::new(AtomicBool::new(false));
        let mut loops = Loop::open(address)?;
        loops.once()?;
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let mut times = Vec::new();
            while !stopped.load(Ordering::Relaxed) {
                times.push(loops.once()?);
            }
            Ok(times)
        });
        Ok(Self { address: address.to_owned(), stop, thread })
    }

    /// How it was served. Every one of its records is there, once.
    pub(super) fn stop(self) -> Result<Served> {
        self.stop.store(true, Ordering::Relaxed);
        let Ok(times) = self.thread.join() else { bail!("the neighbour panicked") };
        let mut times = times?;
        client::assert_all(&self.address, TOPIC, "neighbour", 1 + times.len() as u64)?;
        times.sort_unstable();
        let median = *times.get(times.len() / 2).context("it did nothing")?;
        Ok(Served { records: times.len(), median, longest: *times.last().context("it did nothing")? })
    }
}

struct Loop {
    writer: Writer,
    reader: BaseConsumer,
    number: u64,
}

impl Loop {
    fn open(address: &str) -> Result<Self> {
        let writer = Writer::open(address, &[("linger.ms", "0")])?;
        let reader: BaseConsumer = topic::client(address).set("group.id", "reader").create()?;
        let mut first = rdkafka::TopicPartitionList::new();
        first.add_partition_offset(TOPIC, 0, rdkafka::Offset::Beginning)?;
        reader.assign(&first)?;
        Ok(Self { writer, reader, number: 0 })
    }

    /// A record there and back.
    fn once(&mut self) -> Result<Duration> {
        let begun = Instant::now();
        let (key, value) = (format!("key-{}", self.number % 7), self.number.to_string());
        self.writer.send(BaseRecord::to(TOPIC).key(key.as_str()).payload(value.as_str()))?;
        self.writer.flush()?;
        loop {
            if begun.elapsed() > PATIENCE {
                bail!("record {value} is not read within {PATIENCE:?}");
            }
            let Some(message) = self.reader.poll(Duration::from_millis(100)) else { continue };
            if message?.payload() == Some(value.as_bytes()) {
                break;
            }
        }
        self.number += 1;
        Ok(begun.elapsed())
    }
}
