//! First positions of partitions, and topics that were made again under the same name.

use std::collections::BTreeMap;

use strait_client::{IsolationLevel, ListOffsetsAt, Metadata};
use strait_replicator_core::lane::{Origin, Position, Sequence, Sequences};
use strait_replicator_core::selection::full_match;
use strait_replicator_core::state_record::{Key, StoredPosition, Value};
use strait_wire::ids::Uuid;
use tracing::error;

use super::{Begun, PlanError, Planner, Selected};
use crate::configuration::{Delivery, OnLoss, Start};
use crate::flow::assignment::PartitionName;
use crate::flow::lane::{stored, unix_ms};
use crate::flow::take_over::Resumed;
use crate::status::LedgerEntry;

/// A partition without a position of its own topic.
#[derive(Clone, Copy, Debug)]
struct Fresh {
    topic_id: Uuid,
    recreated_at: Option<i64>,
}

impl Planner {
    /// Gives each new partition its position, on the target before anything is produced.
    pub(super) async fn begin_new(
        &mut self,
        selected: &[Selected<'_>],
        target: &Metadata,
    ) -> Result<(), PlanError> {
        self.forget_sequences().await?;
        let mut fresh = BTreeMap::new();
        for Selected { topic, remote } in selected {
            let ready = target.topics.get(remote);
            for partition in topic.partitions.keys() {
                let name = PartitionName { topic: topic.name.clone(), partition: *partition };
                if !self.parts.part.has(&name.topic, name.partition) {
                    continue;
                }
                if !ready.is_some_and(|topic| topic.partitions.contains_key(partition)) {
                    continue;
                }
                if let Some(found) = self.begin_known(&name, topic.id).await? {
                    fresh.insert(name, found);
                }
            }
        }
        if self.parts.has_lost_positions {
            self.keep_untouched(&mut fresh).await?;
        }
        if fresh.is_empty() { Ok(()) } else { self.begin_fresh(fresh).await }
    }

    /// Positions are lost: what has records at the target is not begun, since they would come twice.
    async fn keep_untouched(&mut self, fresh: &mut BTreeMap<PartitionName, Fresh>) -> Result<(), PlanError> {
        let new: Vec<PartitionName> =
            fresh.keys().filter(|name| !self.was_begun(name, fresh)).cloned().collect();
        let remote = |name: &PartitionName| {
            let policy = &self.parts.selection.policy;
            (policy.remote_topic(&self.parts.flow.source, &name.topic), name.partition)
        };
        let places: Vec<(String, i32)> = new.iter().map(&remote).collect();
        let (at, isolation) = (ListOffsetsAt::Latest, IsolationLevel::ReadUncommitted);
        let ends = self.parts.target.list_offsets(&places, at, isolation).await.map_err(PlanError::Target)?;
        let ends: BTreeMap<(String, i32), i64> =
            ends.into_iter().filter_map(|(place, end)| Some((place, end.ok()?.offset))).collect();
        for name in new {
            let end = ends.get(&remote(&name)).copied();
            if end == Some(0) {
                continue;
            }
            fresh.remove(&name);
            // What the target did not tell is asked again with the next plan.
            let Some(end) = end else { continue };
            let state_topic = self.parts.state.name();
            if self.untouched.insert(name.clone()) {
                error!(
                    flow = %self.parts.flow.id(), topic = %name.topic, partition = name.partition, end, state_topic,
                    "its position is lost and the target has records of it: it is not copied"
                );
            }
        }
        Ok(())
    }

    /// What is copied at least once leaves no sequences, so that no later start counts by those of before.
    async fn forget_sequences(&mut self) -> Result<(), PlanError> {
        if self.parts.flow.delivery != Delivery::AtLeastOnce {
            return Ok(());
        }
        let mut names = Vec::new();
        for (name, position) in &mut self.parts.stored {
            if !std::mem::take(&mut position.sequences).is_empty() {
                names.push(name.clone());
            }
        }
        let records: Vec<_> =
            names.iter().filter_map(|name| Some(self.record(name, self.parts.stored.get(name)?))).collect();
        if !records.is_empty() {
            self.parts.state.write(records).await?;
        }
        Ok(())
    }

    /// Goes on from what is known; gives what must be begun.
    async fn begin_known(
        &mut self,
        name: &PartitionName,
        topic_id: Uuid,
    ) -> Result<Option<Fresh>, PlanError> {
        if let Some(begun) = self.begun.get(name) {
            // The lane knows how far the old topic was copied, and says so.
            let is_same = begun.position.source_topic_id == topic_id;
            return Ok((!is_same).then_some(Fresh { topic_id, recreated_at: None }));
        }
        let Some(position) = self.parts.stored.get(name).cloned() else {
            return Ok(Some(Fresh { topic_id, recreated_at: None }));
        };
        if position.source_topic_id == topic_id {
            // What was copied at least once left no sequences.
            let adopt_sequences =
                self.parts.flow.delivery != Delivery::AtLeastOnce && position.sequences.is_empty();
            let begun = Begun { position, adopt_sequences, recreated_at: None };
            self.begun.insert(name.clone(), begun);
            return Ok(None);
        }
        let stopped_at = position.source_offset;
        self.record_recreated(name, stopped_at).await?;
        if self.parts.flow.on_recreated == OnLoss::Stop {
            let begun = Begun { position, adopt_sequences: false, recreated_at: Some(stopped_at) };
            self.begun.insert(name.clone(), begun);
            return Ok(None);
        }
        Ok(Some(Fresh { topic_id, recreated_at: Some(stopped_at) }))
    }

    async fn record_recreated(&self, name: &PartitionName, first_offset: i64) -> Result<(), PlanError> {
        let flow = self.parts.flow.id();
        error!(
            %flow, topic = %name.topic, partition = name.partition, first_offset,
            "source topic was made again: records of the old one from this offset on are not at the target"
        );
        let (reason, last_offset, at_ms) = ("recreated".to_owned(), -1, unix_ms());
        let key = Key::Loss {
            flow: flow.clone(),
            source_cluster_id: self.parts.source_cluster_id.clone(),
            topic: name.topic.clone(),
            partition: name.partition,
            first_offset,
        };
        let value = Value::Loss { reason: reason.clone(), last_offset, at_ms };
        self.parts.state.write(vec![(key, value)]).await?;
        let (topic, partition) = (name.topic.clone(), name.partition);
        let entry = LedgerEntry { topic, partition, reason, first_offset, last_offset, at_ms };
        self.parts.status.record_loss(&flow, entry);
        Ok(())
    }

    async fn begin_fresh(&mut self, fresh: BTreeMap<PartitionName, Fresh>) -> Result<(), PlanError> {
        let mut resumed = self.resumed(&fresh).await?;
        let mut records = Vec::new();
        let mut begun = Vec::new();
        for (name, offset) in self.start_offsets(&fresh).await? {
            let Some(found) = fresh.get(&name) else { continue };
            let mut position = match resumed.remove(&name) {
                Some(Resumed { source_offset, target_offset, .. }) => {
                    Position { target_offset, ..Position::beginning_at(found.topic_id, source_offset) }
                }
                None => Position::beginning_at(found.topic_id, offset),
            };
            if self.parts.flow.delivery == Delivery::AtLeastOnce {
                position.sequences = Sequences::default();
            }
            records.push(self.record(&name, &position));
            begun.push((name, Begun { position, adopt_sequences: true, recreated_at: found.recreated_at }));
        }
        self.parts.state.write(records).await?;
        self.begun.extend(begun);
        Ok(())
    }

    /// Where partitions go on that MirrorMaker 2 copied.
    async fn resumed(
        &self,
        fresh: &BTreeMap<PartitionName, Fresh>,
    ) -> Result<BTreeMap<PartitionName, Resumed>, PlanError> {
        let mut resumed = BTreeMap::new();
        let Some(take_over) = &self.parts.take_over else { return Ok(resumed) };
        for name in fresh.keys().filter(|name| !self.was_begun(name, fresh)) {
            let remote = self.parts.selection.policy.remote_topic(&self.parts.flow.source, &name.topic);
            if let Some(found) = take_over.resume(name, &remote).await? {
                resumed.insert(name.clone(), found);
            }
        }
        Ok(resumed)
    }

    /// The partition was copied under the same name before.
    fn was_begun(&self, name: &PartitionName, fresh: &BTreeMap<PartitionName, Fresh>) -> bool {
        let is_recreated = fresh.get(name).is_some_and(|found| found.recreated_at.is_some());
        is_recreated || self.begun.contains_key(name)
    }

    /// Where each partition begins: a topic that was made again at its beginning, others as the flow says.
    async fn start_offsets(
        &self,
        fresh: &BTreeMap<PartitionName, Fresh>,
    ) -> Result<Vec<(PartitionName, i64)>, PlanError> {
        let mut by_start: BTreeMap<i64, Vec<(String, i32)>> = BTreeMap::new();
        for name in fresh.keys() {
            let start =
                if self.was_begun(name, fresh) { Start::Earliest } else { self.start_of(&name.topic) };
            let place = (name.topic.clone(), name.partition);
            by_start.entry(order_of(start)).or_default().push(place);
        }
        let mut offsets = Vec::new();
        for (order, partitions) in by_start {
            let mut behind_end = Vec::new();
            for ((topic, partition), offset) in self.list(&partitions, start_at(order)).await? {
                if offset < 0 {
                    behind_end.push((topic, partition));
                } else {
                    offsets.push((PartitionName { topic, partition }, offset));
                }
            }
            if !behind_end.is_empty() {
                let ends = self.list(&behind_end, ListOffsetsAt::Latest).await?;
                offsets.extend(
                    ends.into_iter()
                        .map(|((topic, partition), offset)| (PartitionName { topic, partition }, offset)),
                );
            }
        }
        Ok(offsets)
    }

    async fn list(
        &self,
        partitions: &[(String, i32)],
        at: ListOffsetsAt,
    ) -> Result<Vec<((String, i32), i64)>, PlanError> {
        let listed = self.parts.source.list_offsets(partitions, at, IsolationLevel::ReadCommitted).await;
        let listed = listed.map_err(PlanError::Source)?.into_iter();
        Ok(listed.filter_map(|(place, found)| Some((place, found.ok()?.offset))).collect())
    }

    fn start_of(&self, topic: &str) -> Start {
        let starts = self.parts.flow.topic_starts.iter();
        let matching = starts.into_iter().find(|(pattern, _)| {
            full_match(pattern).is_ok_and(|pattern| pattern.is_match(topic).unwrap_or(false))
        });
        matching.map_or(self.parts.flow.start, |(_, start)| *start)
    }

    fn record(&self, name: &PartitionName, position: &Position) -> (Key, Value) {
        let key = Key::Position {
            flow: self.parts.flow.id(),
            source_cluster_id: self.parts.source_cluster_id.clone(),
            topic: name.topic.clone(),
            partition: name.partition,
        };
        let origins = std::slice::from_ref(&self.parts.source_cluster_id);
        (key, Value::Position(stored(position, origins, self.parts.generation)))
    }
}

/// Starts as numbers: what ListOffsets takes for a time.
fn order_of(start: Start) -> i64 {
    match start {
        Start::Earliest => -2,
        Start::Latest => -1,
        Start::Timestamp(millis) => millis,
    }
}

fn start_at(order: i64) -> ListOffsetsAt {
    match order {
        -2 => ListOffsetsAt::Earliest,
        -1 => ListOffsetsAt::Latest,
        millis => ListOffsetsAt::Timestamp(millis),
    }
}

/// A stored position, with origins by number.
pub(in crate::flow) fn position_of(stored: &StoredPosition, origins: &[String]) -> Position {
    let sequences = stored.sequences.iter().filter_map(|(cluster_id, sequence)| {
        let origin = origins.iter().position(|origin| origin == cluster_id)?;
        Some((Origin(u16::try_from(origin).ok()?), Sequence::new(*sequence)?))
    });
    let sequences: Sequences = sequences.collect();
    Position {
        source_topic_id: stored.source_topic_id,
        leader_epoch: stored.leader_epoch,
        source_offset: stored.source_offset,
        sequences,
        target_offset: stored.target_offset,
        map: stored.map.clone(),
    }
}
