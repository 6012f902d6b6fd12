//! Loads of our own producer.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use strait_client::{ClientConfig, Producer, ProducerConfig, ProducerError, ProducerRecord};

use super::history::{PARTITIONS, RECORDS, Transactions};

const PAUSE: Duration = Duration::from_millis(2);
const PATIENCE: Duration = Duration::from_secs(60);

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

fn cluster(address: &str) -> ClientConfig {
    let bootstrap = vec![address.to_owned()];
    ClientConfig { bootstrap, request_timeout: Duration::from_secs(5), ..ClientConfig::default() }
}

/// Numbered records of an idempotent producer; gives how many there are once all were acknowledged.
pub(super) fn numbers(address: &str, name: &str, stop: &AtomicBool) -> Result<u64> {
    runtime()?.block_on(async {
        let producer = Producer::new(cluster(address), ProducerConfig::default())?;
        let (mut next, mut deliveries) = (0_u64, Vec::new());
        while !stop.load(Ordering::Relaxed) {
            for number in next..next + 50 {
                let record =
                    ProducerRecord::new(name, number.to_string()).with_partition((number % 3) as i32);
                deliveries.push(producer.send(record).await?);
            }
            next += 50;
            tokio::time::sleep(PAUSE).await;
        }
        producer.flush().await;
        for (number, delivery) in deliveries.into_iter().enumerate() {
            delivery.await.with_context(|| format!("record {number}"))?;
        }
        Ok(next)
    })
}

/// Transactions over all partitions, each fourth aborted.
pub(super) fn transactions(address: &str, name: &str, stop: &AtomicBool) -> Result<Transactions> {
    runtime()?.block_on(async {
        let mut told = Transactions::default();
        let mut producer = open(address).await?;
        let mut number = 0;
        while !stop.load(Ordering::Relaxed) {
            let aborts = number % 4 == 3;
            let ended = one(&producer, name, number, aborts).await;
            if ended.is_err() {
                // The next producer of this id ends what this one began.
                producer = open(address).await?;
            }
            told.note(number, ended.is_ok(), aborts);
            number += 1;
        }
        Ok(told)
    })
}

/// A producer, as soon as the broker lets one begin.
async fn open(address: &str) -> Result<Producer> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match begin(address).await {
            Err(_) if Instant::now() < deadline => tokio::time::sleep(PAUSE).await,
            begun => return Ok(begun?),
        }
    }
}

async fn begin(address: &str) -> Result<Producer, ProducerError> {
    let config = ProducerConfig { transactional_id: Some("own".to_owned()), ..ProducerConfig::default() };
    let producer = Producer::new(cluster(address), config)?;
    producer.init_transactions().await?;
    Ok(producer)
}

async fn one(producer: &Producer, name: &str, number: u64, aborts: bool) -> Result<(), ProducerError> {
    producer.begin_transaction()?;
    for partition in (0..PARTITIONS).cycle().take(RECORDS * PARTITIONS as usize) {
        let record = ProducerRecord::new(name, number.to_string()).with_partition(partition);
        drop(producer.send(record).await?);
    }
    match aborts {
        true => producer.abort_transaction().await,
        false => producer.commit_transaction().await,
    }
}
