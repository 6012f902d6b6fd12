//! Loads of librdkafka.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use rdkafka::error::KafkaError;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use strait_cluster_tests::topic;
use strait_cluster_tests::writer::Writer;

use super::history::{PARTITIONS, RECORDS, Transactions};

/// Without it the next kill comes before a client that waits longer and longer.
const RECONNECT: (&str, &str) = ("reconnect.backoff.max.ms", "100");
const PAUSE: Duration = Duration::from_millis(2);
/// For all attempts, and of one.
const PATIENCE: Duration = Duration::from_secs(60);
const ATTEMPT: Duration = Duration::from_secs(10);

/// Its thread takes the reports of deliveries, which the end of a transaction waits for.
type Transactional = ThreadedProducer<DefaultProducerContext>;

/// Numbered records of an idempotent producer; gives how many there are once all were acknowledged.
pub(super) fn numbers(address: &str, name: &str, stop: &AtomicBool) -> Result<u64> {
    let mut writer = Writer::open(address, &[("compression.type", "lz4"), ("linger.ms", "5"), RECONNECT])?;
    let mut next = 0;
    while !stop.load(Ordering::Relaxed) {
        for number in next..next + 50 {
            let (partition, value) = (number % PARTITIONS, number.to_string());
            writer.send(BaseRecord::<str, str>::to(name).partition(partition).payload(&value))?;
        }
        next += 50;
        writer.poll();
        thread::sleep(PAUSE);
    }
    writer.flush()
}

/// Transactions over all partitions, each fourth aborted.
pub(super) fn transactions(address: &str, name: &str, stop: &AtomicBool) -> Result<Transactions> {
    let mut told = Transactions::default();
    let mut producer = open(address)?;
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        let aborts = number % 4 == 3;
        let ended = one(&producer, name, number, aborts);
        if ended.is_err() {
            // The next producer of this id ends what this one began.
            producer = open(address)?;
        }
        told.note(number, ended.is_ok(), aborts);
        number += 1;
    }
    Ok(told)
}

fn open(address: &str) -> Result<Transactional> {
    let producer: Transactional = topic::client(address)
        .set("transactional.id", "librdkafka")
        .set("transaction.timeout.ms", "60000")
        .set("linger.ms", "5")
        .set(RECONNECT.0, RECONNECT.1)
        .create()?;
    retry(|| producer.init_transactions(ATTEMPT))?;
    Ok(producer)
}

fn one(producer: &Transactional, name: &str, number: u64, aborts: bool) -> Result<(), KafkaError> {
    producer.begin_transaction()?;
    let value = number.to_string();
    for partition in (0..PARTITIONS).cycle().take(RECORDS * PARTITIONS as usize) {
        let record = BaseRecord::<str, str>::to(name).partition(partition).payload(&value);
        producer.send(record).map_err(|(error, _)| error)?;
    }
    match aborts {
        true => retry(|| producer.abort_transaction(ATTEMPT)),
        false => retry(|| producer.commit_transaction(ATTEMPT)),
    }
}

/// Does again what librdkafka says may be done again, for a while: a producer that waits for an answer longer than that
/// is given up.
fn retry(mut act: impl FnMut() -> Result<(), KafkaError>) -> Result<(), KafkaError> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match act() {
            Err(KafkaError::Transaction(error)) if error.is_retriable() && Instant::now() < deadline => {}
            outcome => return outcome,
        }
    }
}
