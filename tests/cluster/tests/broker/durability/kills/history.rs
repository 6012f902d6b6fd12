//! What a load was promised, and whether the topic keeps it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::{Offset, TopicPartitionList};
use strait_cluster_tests::topic;
use strait_cluster_tests::wait::{self, Attempt};

pub(super) const PARTITIONS: i32 = 3;
/// Records of one transaction in each partition.
pub(super) const RECORDS: usize = 2;
const LIMIT: Duration = Duration::from_secs(60);

/// Transactions of one producer, by what it was told of them.
#[derive(Debug, Default)]
pub(super) struct Transactions {
    pub(super) committed: BTreeSet<u64>,
    pub(super) aborted: BTreeSet<u64>,
    /// Nobody was told what became of them: all of their records are there, or none.
    pub(super) unknown: BTreeSet<u64>,
}

impl Transactions {
    /// Notes how the producer ended a transaction.
    pub(super) fn note(&mut self, number: u64, is_told: bool, aborts: bool) {
        let ended = match (is_told, aborts) {
            (false, _) => &mut self.unknown,
            (true, false) => &mut self.committed,
            (true, true) => &mut self.aborted,
        };
        ended.insert(number);
    }
}

/// Values of each partition up to what a reader of committed records may see. The broker runs.
pub(super) fn committed(address: &str, name: &str) -> Result<Vec<Vec<u64>>> {
    let consumer: BaseConsumer = topic::client(address)
        .set("group.id", "history")
        .set("isolation.level", "read_committed")
        .set("enable.partition.eof", "true")
        .set("check.crcs", "true")
        .create()?;
    let mut assignment = TopicPartitionList::new();
    for partition in 0..PARTITIONS {
        assignment.add_partition_offset(name, partition, Offset::Beginning)?;
    }
    consumer.assign(&assignment)?;
    let mut values = vec![Vec::new(); usize::try_from(PARTITIONS)?];
    let mut open: BTreeSet<i32> = (0..PARTITIONS).collect();
    wait::until(&format!("the end of {name}"), LIMIT, || {
        while let Some(polled) = consumer.poll(Duration::from_millis(200)) {
            match polled {
                Err(KafkaError::PartitionEOF(partition)) => {
                    open.remove(&partition);
                }
                polled => {
                    let message = polled?;
                    let value = std::str::from_utf8(message.payload().context("a value")?)?.parse()?;
                    values[usize::try_from(message.partition())?].push(value);
                }
            }
            if open.is_empty() {
                return Ok(Attempt::Done(()));
            }
        }
        Ok(Attempt::NotYet(format!("{open:?} not at their end")))
    })?;
    Ok(values)
}

/// Numbers below `count`, number N in partition N modulo the partitions: each once and in order.
pub(super) fn check_numbers(address: &str, name: &str, count: u64) -> Result<()> {
    for (partition, values) in (0_u64..).zip(committed(address, name)?) {
        let expected = (0..count).filter(|number| number % PARTITIONS.unsigned_abs() as u64 == partition);
        let expected: Vec<u64> = expected.collect();
        if let Some(at) =
            (0..values.len().max(expected.len())).find(|at| values.get(*at) != expected.get(*at))
        {
            let (found, wanted) = (values.get(at), expected.get(at));
            bail!("{name}-{partition}, record {at}: {found:?} instead of {wanted:?}");
        }
    }
    Ok(())
}

/// Committed transactions are there whole and once, aborted ones not at all, the others whole or not at all.
pub(super) fn check_transactions(address: &str, name: &str, told: &Transactions) -> Result<()> {
    let mut found: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (partition, values) in committed(address, name)?.iter().enumerate() {
        ensure!(values.is_sorted(), "{name}-{partition}: transactions are not in order");
        for value in values {
            found.entry(*value).or_insert_with(|| vec![0; PARTITIONS.unsigned_abs() as usize])[partition] +=
                1;
        }
    }
    for (number, counts) in &found {
        ensure!(counts.iter().all(|count| *count == RECORDS), "transaction {number} is torn: {counts:?}");
        ensure!(!told.aborted.contains(number), "transaction {number} was aborted and is visible");
    }
    let lost: Vec<_> = told.committed.iter().filter(|number| !found.contains_key(number)).collect();
    ensure!(lost.is_empty(), "committed transactions are gone: {lost:?}");
    Ok(())
}
