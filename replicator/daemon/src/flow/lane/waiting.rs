//! Partitions that wait behind an open transaction of the source: found, and said with the producer that holds it.

use std::collections::BTreeMap;

use strait_client::Connection;
use strait_replicator_core::lane::PartitionState;
use strait_wire::message::describe_producers::{DescribeProducersRequest, TopicRequest};
use tracing::warn;

use super::fetching::unix_ms;
use super::{Event, LaneTask};
use crate::flow::slot::Slot;

/// Ticks between looks.
const LOOK_TICKS: u64 = 10;
/// A transaction that has been all there is ahead for so long is said to block.
const BLOCKED_AFTER_MS: u64 = 5_000;

/// What the source says of a partition's open transaction.
pub(super) struct OpenTransaction {
    index: usize,
    producer_id: i64,
    first_offset: i64,
}

impl Slot {
    /// Everything readable is copied, and an open transaction hides what follows.
    fn is_behind_transaction(&self) -> bool {
        self.source_end < self.high_watermark
            && self.lane.position().source_offset >= self.source_end
            && matches!(self.lane.state(), PartitionState::Running)
    }

    /// A fetch was answered: what blocked may be gone.
    pub(super) fn note_progress(&mut self, now_ms: u64) {
        if !self.is_behind_transaction() {
            self.blocked_since_ms = None;
            self.blocked = None;
        } else if self.blocked_since_ms.is_none() {
            self.blocked_since_ms = Some(now_ms);
        }
    }
}

impl LaneTask {
    pub(super) fn look_for_open_transactions(&mut self, ticks: u64) {
        if !ticks.is_multiple_of(LOOK_TICKS) {
            return;
        }
        let now_ms = self.now_ms();
        let mut by_leader: BTreeMap<i32, Vec<(usize, String, i32, i64)>> = BTreeMap::new();
        for (index, slot) in self.slots.iter_mut().enumerate() {
            let Some(slot) = slot else { continue };
            slot.note_progress(now_ms);
            let is_due = slot.blocked_since_ms.is_some_and(|since_ms| now_ms >= since_ms + BLOCKED_AFTER_MS);
            if is_due && slot.blocked.is_none() {
                let name = &slot.assignment.name;
                let asked = (index, name.topic.clone(), name.partition, slot.source_end);
                by_leader.entry(slot.assignment.source.leader).or_default().push(asked);
            }
        }
        for (leader, asked) in by_leader {
            let Some(connection) = self.sources.get(leader).0.connection.clone() else { continue };
            self.events
                .push(Box::pin(async move { Event::OpenTransactions(find(&connection, asked).await) }));
        }
    }

    pub(super) fn on_open_transactions(&mut self, found: Vec<OpenTransaction>) {
        let now_ms = self.now_ms();
        for open in found {
            let Some(slot) = self.slots[open.index].as_mut() else { continue };
            let Some(since_ms) = slot.blocked_since_ms.filter(|_| slot.is_behind_transaction()) else {
                continue;
            };
            let since_ms = unix_ms() - i64::try_from(now_ms - since_ms).unwrap_or(0);
            let name = &slot.assignment.name;
            if slot.blocked.is_none() {
                warn!(
                    flow = %self.parts.flow.id(), topic = %name.topic, partition = name.partition,
                    producer_id = open.producer_id, offset = open.first_offset,
                    "an open transaction at the source holds the partition back"
                );
            }
            slot.blocked = Some(PartitionState::BlockedByTransaction {
                producer_id: open.producer_id,
                first_offset: open.first_offset,
                since_ms,
            });
        }
    }
}

/// The producers whose transactions begin where reading ends; -1 where the source does not tell.
async fn find(connection: &Connection, asked: Vec<(usize, String, i32, i64)>) -> Vec<OpenTransaction> {
    let mut topics: BTreeMap<&str, Vec<i32>> = BTreeMap::new();
    for (_, topic, partition, _) in &asked {
        topics.entry(topic).or_default().push(*partition);
    }
    let topics = topics.into_iter().map(|(name, partition_indexes)| {
        let name = name.to_owned();
        TopicRequest { name, partition_indexes }
    });
    let request = DescribeProducersRequest { topics: topics.collect() };
    let response = connection.call(&request).await.ok();
    let mut holders: BTreeMap<(String, i32), i64> = BTreeMap::new();
    for topic in response.into_iter().flat_map(|response| response.topics) {
        for partition in topic.partitions {
            let open =
                partition.active_producers.iter().filter(|producer| producer.current_txn_start_offset >= 0);
            if let Some(first) = open.min_by_key(|producer| producer.current_txn_start_offset) {
                holders.insert((topic.name.clone(), partition.partition_index), first.producer_id);
            }
        }
    }
    let found = asked.into_iter().map(|(index, topic, partition, first_offset)| {
        let producer_id = holders.get(&(topic, partition)).copied().unwrap_or(-1);
        OpenTransaction { index, producer_id, first_offset }
    });
    found.collect()
}
