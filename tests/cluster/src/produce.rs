//! Produces samples with librdkafka: fixed partitions, exact timestamps, idempotent so that the source itself holds none twice.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Result, bail};
use rdkafka::client::ClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};

use crate::{corpus, topic};

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

/// Counts what the broker acknowledged and keeps the first refusal.
#[derive(Default)]
struct Deliveries {
    acknowledged: AtomicU64,
    failure: Mutex<Option<String>>,
}

impl ClientContext for Deliveries {}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, _: ()) {
        match result {
            Ok(_) => {
                self.acknowledged.fetch_add(1, Ordering::Relaxed);
            }
            Err((error, _)) => {
                let mut failure = self.failure.lock().expect("no panic inside");
                failure.get_or_insert_with(|| error.to_string());
            }
        }
    }
}

/// An open producer of one topic.
pub struct Source {
    load: Load,
    producer: BaseProducer<Deliveries>,
    started: i64,
    next: u64,
}

impl Source {
    /// Opens the producer. The first record's time is an hour ago.
    pub fn open(load: Load) -> Result<Self> {
        let producer = topic::client(&load.address)
            .set("enable.idempotence", "true")
            .set("compression.type", load.codec)
            .set("batch.size", load.batch_bytes.to_string())
            .set("batch.num.messages", "100000")
            .set("linger.ms", "20")
            .set("message.timeout.ms", "300000")
            .set("message.max.bytes", "4000000")
            .set("queue.buffering.max.messages", "200000")
            .set("queue.buffering.max.kbytes", "131072")
            .create_with_context(Deliveries::default())?;
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
        let started = i64::try_from(since_epoch.as_millis())? - 3_600_000;
        Ok(Self { load, producer, started, next: 0 })
    }

    /// Hands over `count` more records.
    pub fn send(&mut self, count: u64) -> Result<()> {
        for number in self.next..self.next + count {
            self.send_one(number)?;
        }
        self.next += count;
        self.producer.poll(Duration::ZERO);
        Ok(())
    }

    /// Waits until the broker has acknowledged everything; gives how many records that is.
    pub fn finish(self) -> Result<u64> {
        self.producer.flush(Duration::from_secs(300))?;
        let deliveries = self.producer.context();
        if let Some(failure) = deliveries.failure.lock().expect("no panic inside").as_ref() {
            bail!("producing to {}: {failure}", self.load.topic);
        }
        let acknowledged = deliveries.acknowledged.load(Ordering::Relaxed);
        if acknowledged != self.next {
            bail!("{acknowledged} of {} records to {} were acknowledged", self.next, self.load.topic);
        }
        Ok(acknowledged)
    }

    fn send_one(&self, number: u64) -> Result<()> {
        let sample = corpus::sample(number, self.started);
        let partition = i32::try_from(number % u64::from(self.load.partitions.unsigned_abs()))?;
        let mut record =
            BaseRecord::<str, str>::to(&self.load.topic).partition(partition).timestamp(sample.timestamp);
        record.key = sample.key.as_deref();
        record.payload = sample.value.as_deref();
        record.headers = sample.headers;
        let deadline = Instant::now() + Duration::from_secs(300);
        loop {
            match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back))
                    if Instant::now() < deadline =>
                {
                    record = back;
                    self.producer.poll(Duration::from_millis(10));
                }
                Err((error, _)) => bail!("producing record {number} to {}: {error}", self.load.topic),
            }
        }
    }
}

/// Produces `count` records and waits for them.
pub fn all(load: Load, count: u64) -> Result<()> {
    let mut source = Source::open(load)?;
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
