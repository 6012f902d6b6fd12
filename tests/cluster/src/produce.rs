//! Produces samples with librdkafka: fixed partitions, exact timestamps, idempotent so that the source itself holds none twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, bail};
use rdkafka::producer::BaseRecord;

use crate::corpus;
use crate::writer::Writer;

/// What to produce, and how.
#[derive(Clone, Debug)]
pub struct Load {
    /// Bootstrap address.
    pub address: String,
    /// An existing topic.
    pub topic: String,
    /// How many partitions it has; record N goes to partition N modulo this.
    pub partitions: i32,
    /// none, gzip, snappy, lz4 or zstd.
    pub codec: &'static str,
    /// Bytes of a batch before compression.
    pub batch_bytes: u32,
}

/// An open producer of one topic.
pub struct Source {
    load: Load,
    writer: Writer,
    started: i64,
    next: u64,
}

impl Source {
    /// Opens the producer. The first record's time is an hour ago.
    pub fn open(load: Load) -> Result<Self> {
        Self::open_aged(load, Duration::from_secs(3_600))
    }

    /// Opens the producer of records of this age; each is an eighth of a millisecond younger than the one before.
    pub fn open_aged(load: Load, age: Duration) -> Result<Self> {
        let batch_bytes = load.batch_bytes.to_string();
        let settings = [("compression.type", load.codec), ("batch.size", batch_bytes.as_str())];
        let writer = Writer::open(&load.address, &settings)?;
        let begun = SystemTime::now() - age;
        let started = i64::try_from(begun.duration_since(SystemTime::UNIX_EPOCH)?.as_millis())?;
        Ok(Self { load, writer, started, next: 0 })
    }

    /// Hands over `count` more records.
    pub fn send(&mut self, count: u64) -> Result<()> {
        for number in self.next..self.next + count {
            self.send_one(number)?;
        }
        self.next += count;
        self.writer.poll();
        Ok(())
    }

    /// Waits until the broker has acknowledged everything; gives how many records that is.
    pub fn finish(self) -> Result<u64> {
        self.writer.flush().with_context(|| format!("producing to {}", self.load.topic))
    }

    fn send_one(&mut self, number: u64) -> Result<()> {
        let sample = corpus::sample(number, self.started);
        let partition = i32::try_from(number % u64::from(self.load.partitions.unsigned_abs()))?;
        let mut record =
            BaseRecord::<str, str>::to(&self.load.topic).partition(partition).timestamp(sample.timestamp);
        record.key = sample.key.as_deref();
        record.payload = sample.value.as_deref();
        record.headers = sample.headers;
        self.writer.send(record).with_context(|| format!("record {number}"))
    }
}

/// Produces `count` records and waits for them.
pub fn all(load: Load, count: u64) -> Result<()> {
    finish(Source::open(load)?, count)
}

/// The same with records of this age.
pub fn all_aged(load: Load, count: u64, age: Duration) -> Result<()> {
    finish(Source::open_aged(load, age)?, count)
}

fn finish(mut source: Source, count: u64) -> Result<()> {
    source.send(count)?;
    source.finish()?;
    Ok(())
}

/// A thread that keeps producing until told to stop.
pub struct Stream {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<u64>>,
}

impl Stream {
    /// Starts it, in bursts, at about `rate` records per second.
    pub fn start(load: Load, rate: u64) -> Result<Self> {
        let mut source = Source::open(load)?;
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            while !told.load(Ordering::Relaxed) {
                let begun = Instant::now();
                source.send(rate.div_ceil(20))?;
                thread::sleep(Duration::from_millis(50).saturating_sub(begun.elapsed()));
            }
            source.finish()
        });
        Ok(Self { stop, thread })
    }

    /// Stops it and gives how many records the source has acknowledged.
    pub fn finish(self) -> Result<u64> {
        self.stop.store(true, Ordering::Relaxed);
        match self.thread.join() {
            Ok(result) => result,
            Err(_) => bail!("the producing thread panicked"),
        }
    }
}
