//! Work that comes round: retention, compaction, flushed segments, checkpoints, old producers, offsets and
//! transactions. All of it is one task, so that no two of them wait for the same disk.

use std::time::Duration;

use strait_broker_log::LogError;
use strait_wire::batch::Stamp;
use tokio::time::Instant;

use crate::clock::now_ms;
use crate::node::{Node, blocking};
use crate::partition::Partition;
use strait_broker_core::group::Outcome;

type Job = fn(&Node);

struct Due {
    job: Job,
    every: Duration,
    next: Instant,
}

/// How exact `flush.ms` is. In Kafka it does nothing unless `log.flush.scheduler.interval.ms` is set too.
const FLUSH_CHECK: Duration = Duration::from_secs(1);
/// A file to which nothing was appended for this long ends with its last batch, for tools that look into it.
const PAUSE: Duration = Duration::from_secs(1);
/// A file to which nothing was appended for this long is closed; what reads keep in memory goes.
const IDLE: Duration = Duration::from_secs(60);

/// Runs all jobs for ever.
pub(crate) async fn run(node: &Node) {
    let every =
        |key| Duration::from_millis(u64::try_from(node.settings.number(key)).unwrap_or(u64::MAX).max(1));
    let mut jobs: Vec<Due> = [
        (retain as Job, every("log.retention.check.interval.ms")),
        (clean, every("log.cleaner.backoff.ms").max(Duration::from_secs(1))),
        (checkpoint, every("log.flush.offset.checkpoint.interval.ms")),
        (flush_late, FLUSH_CHECK),
        (cut_in_pauses, PAUSE),
        (release_idle, IDLE),
        (expire_producers, every("producer.id.expiration.check.interval.ms")),
        (expire_offsets, every("offsets.retention.check.interval.ms")),
        (tend_coordinators, every("transaction.abort.timed.out.transaction.cleanup.interval.ms")),
    ]
    .into_iter()
    .map(|(job, every)| Due { job, every, next: Instant::now() + every })
    .collect();
    loop {
        let Some(due) = jobs.iter_mut().min_by_key(|due| due.next) else { return };
        tokio::time::sleep_until(due.next).await;
        blocking(|| (due.job)(node));
        due.next = Instant::now() + due.every;
    }
}

fn each_partition(node: &Node, what: &str, job: impl Fn(&Partition) -> Result<(), LogError>) {
    for topic in node.topics.all() {
        for partition in &topic.partitions {
            if let Err(error) = job(partition) {
                let (topic, partition) = (&partition.topic, partition.index);
                tracing::warn!(topic, partition, %error, what, "housekeeping failed");
            }
        }
    }
}

/// Removes old segments.
fn retain(node: &Node) {
    each_partition(node, "retention", |partition| {
        let retained = partition.change(|log, producers| {
            let removed = log.apply_retention(now_ms(), log.high_watermark())?;
            producers.log_start_moved(log.start_offset());
            Ok(removed)
        });
        let removed = retained.unwrap_or_else(|_| Ok(Vec::new()))?;
        if !removed.is_empty() {
            let (topic, partition, segments) = (&partition.topic, partition.index, removed.len());
            tracing::info!(topic, partition, segments, "old segments removed");
        }
        Ok(())
    });
}

/// Compacts logs in which enough is dirty. Reading and writing happen without the lock.
fn clean(node: &Node) {
    if node.settings.flag("log.cleaner.enable") {
        each_partition(node, "compaction", Partition::clean);
    }
}

/// Flushes closed segments, and stores up to where logs need no recovery.
fn checkpoint(node: &Node) {
    each_partition(node, "flush", Partition::flush_closed);
    if let Err(error) = node.controller.checkpoint() {
        tracing::warn!(%error, "checkpoints not stored");
    }
}

/// Flushes records that wait longer than their topic allows.
fn flush_late(node: &Node) {
    for topic in node.topics.all() {
        for partition in &topic.partitions {
            if let Err(error) = partition.flush_if_late(now_ms()) {
                let (topic, partition) = (&partition.topic, partition.index);
                tracing::error!(topic, partition, %error, "records not flushed");
            }
        }
    }
}

fn cut_in_pauses(node: &Node) {
    each_partition(node, "pauses", |partition| {
        partition.cut_in_pause();
        Ok(())
    });
}

fn release_idle(node: &Node) {
    each_partition(node, "what is idle", |partition| {
        partition.release_idle();
        Ok(())
    });
}

fn expire_producers(node: &Node) {
    let expiration_ms = node.settings.number("producer.id.expiration.ms");
    each_partition(node, "producers", |partition| {
        // A partition that is not there has no producers.
        let _ = partition.change(|_, producers| producers.remove_expired(now_ms(), expiration_ms));
        Ok(())
    });
}

fn expire_offsets(node: &Node) {
    for shard in node.groups.shards() {
        let expired = shard.perform(Stamp::NONE, |groups, now_ms| {
            let effects = groups.expire_offsets(now_ms);
            Outcome { response: (), effects }
        });
        if let Err(error) = expired {
            tracing::warn!(%error, "old offsets not removed");
        }
    }
}

/// Also tries again to read what could not be read.
fn tend_coordinators(node: &Node) {
    node.groups.shards().iter().for_each(|shard| shard.read_if_lost());
    node.transactions.shards().iter().for_each(|shard| shard.tend(node));
}
