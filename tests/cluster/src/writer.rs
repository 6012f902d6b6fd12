//! A librdkafka producer of records that a test makes itself, plain or in transactions.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use rdkafka::client::ClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, ToBytes};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};

use crate::topic;

const PATIENCE: Duration = Duration::from_secs(300);

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

/// An open producer.
pub struct Writer {
    producer: BaseProducer<Deliveries>,
    sent: u64,
}

impl Writer {
    /// Opens an idempotent producer; `settings` of librdkafka win over the defaults here.
    pub fn open(address: &str, settings: &[(&str, &str)]) -> Result<Self> {
        let mut config = topic::client(address);
        config
            .set("enable.idempotence", "true")
            .set("batch.num.messages", "100000")
            .set("linger.ms", "20")
            .set("message.timeout.ms", "300000")
            .set("message.max.bytes", "4000000")
            .set("queue.buffering.max.messages", "200000")
            .set("queue.buffering.max.kbytes", "131072");
        for (key, value) in settings {
            config.set(*key, *value);
        }
        Ok(Self { producer: config.create_with_context(Deliveries::default())?, sent: 0 })
    }

    /// Opens a producer for transactions.
    pub fn transactional(address: &str, id: &str, settings: &[(&str, &str)]) -> Result<Self> {
        let own = [("transactional.id", id), ("transaction.timeout.ms", "600000")];
        let all: Vec<_> = own.into_iter().chain(settings.iter().copied()).collect();
        let writer = Self::open(address, &all)?;
        writer.producer.init_transactions(PATIENCE)?;
        Ok(writer)
    }

    /// Hands over a record; waits while the queue is full.
    pub fn send<K, V>(&mut self, mut record: BaseRecord<'_, K, V>) -> Result<()>
    where
        K: ToBytes + ?Sized,
        V: ToBytes + ?Sized,
    {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.producer.send(record) {
                Ok(()) => break,
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back))
                    if Instant::now() < deadline =>
                {
                    record = back;
                    self.producer.poll(Duration::from_millis(10));
                }
                Err((error, back)) => bail!("producing to {}: {error}", back.topic),
            }
        }
        self.sent += 1;
        Ok(())
    }

    /// Lets acknowledgements in.
    pub fn poll(&self) {
        self.producer.poll(Duration::ZERO);
    }

    /// Waits until the broker has acknowledged everything; gives how many records that is since the start.
    pub fn flush(&self) -> Result<u64> {
        self.producer.flush(PATIENCE)?;
        let deliveries = self.producer.context();
        if let Some(failure) = deliveries.failure.lock().expect("no panic inside").as_ref() {
            bail!("a record was not taken: {failure}");
        }
        let acknowledged = deliveries.acknowledged.load(Ordering::Relaxed);
        if acknowledged != self.sent {
            bail!("{acknowledged} of {} records were acknowledged", self.sent);
        }
        Ok(acknowledged)
    }

    /// Begins a transaction.
    pub fn begin(&self) -> Result<()> {
        Ok(self.producer.begin_transaction()?)
    }

    /// Commits the transaction with everything that was sent.
    pub fn commit(&self) -> Result<()> {
        self.flush()?;
        Ok(self.producer.commit_transaction(PATIENCE)?)
    }

    /// Aborts the transaction after everything that was sent is in the log.
    pub fn abort(&self) -> Result<()> {
        self.flush()?;
        Ok(self.producer.abort_transaction(PATIENCE)?)
    }
}
