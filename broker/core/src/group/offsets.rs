//! OffsetCommit, TxnOffsetCommit, OffsetFetch, OffsetDelete, and offsets that are too old.

use strait_wire::error_code::ErrorCode;
use strait_wire::ids::Uuid;
use strait_wire::message::offset_commit::{
    OffsetCommitRequest, OffsetCommitResponse, OffsetCommitResponsePartition, OffsetCommitResponseTopic,
};
use strait_wire::message::offset_delete::{
    OffsetDeleteRequest, OffsetDeleteResponse, OffsetDeleteResponsePartition, OffsetDeleteResponseTopic,
};
use strait_wire::message::offset_fetch::{
    OffsetFetchRequestGroup, OffsetFetchResponseGroup, OffsetFetchResponsePartitions,
    OffsetFetchResponseTopics,
};
use strait_wire::message::txn_offset_commit::{
    TxnOffsetCommitRequest, TxnOffsetCommitResponse, TxnOffsetCommitResponsePartition,
    TxnOffsetCommitResponseTopic,
};

use super::classic::{ClassicGroup, Committer, OffsetAge};
use super::effects::{Effects, Outcome};
use super::groups::Groups;
use crate::group_offsets::{CommittedOffset, Stability};
use crate::internal_record::{GroupRecord, OffsetKey};

/// From this version of OffsetCommit on a group that is not there has an error of its own (KIP-848).
const NOT_FOUND_SINCE: i16 = 9;

/// One partition of a commit.
struct Commit<'a> {
    key: OffsetKey,
    topic_id: Uuid,
    offset: i64,
    leader_epoch: i32,
    metadata: Option<&'a str>,
    expires_ms: Option<i64>,
    producer_id: Option<i64>,
}

impl Groups {
    /// Handles an OffsetCommit. Topics of version 10 carry their names too: the caller filled them in.
    pub fn commit(
        &mut self,
        request: &OffsetCommitRequest,
        version: i16,
        now_ms: i64,
    ) -> Outcome<OffsetCommitResponse> {
        let committer = Committer {
            member_id: &request.member_id,
            instance_id: request.group_instance_id.as_deref(),
            generation: request.generation_id_or_member_epoch,
            is_transactional: false,
        };
        let mut effects = Effects::default();
        let not_found = if version >= NOT_FOUND_SINCE {
            ErrorCode::GROUP_ID_NOT_FOUND
        } else {
            ErrorCode::ILLEGAL_GENERATION
        };
        let checked = self.check_commit(&request.group_id, committer, not_found, now_ms);
        let expires_ms =
            (request.retention_time_ms != -1).then(|| now_ms.saturating_add(request.retention_time_ms));
        let mut topics = Vec::with_capacity(request.topics.len());
        for topic in &request.topics {
            let partitions = topic.partitions.iter().map(|partition| {
                let commit = Commit {
                    key: offset_key(&request.group_id, &topic.name, partition.partition_index),
                    topic_id: topic.topic_id,
                    offset: partition.committed_offset,
                    leader_epoch: partition.committed_leader_epoch,
                    metadata: partition.committed_metadata.as_deref(),
                    expires_ms,
                    producer_id: None,
                };
                let code = checked.and_then(|()| self.commit_one(commit, now_ms, &mut effects));
                let error_code = code.err().unwrap_or_default().0;
                OffsetCommitResponsePartition { partition_index: partition.partition_index, error_code }
            });
            let partitions = partitions.collect();
            let (name, topic_id) = (topic.name.clone(), topic.topic_id);
            topics.push(OffsetCommitResponseTopic { name, topic_id, partitions });
        }
        Outcome { response: OffsetCommitResponse { topics, ..Default::default() }, effects }
    }

    /// Handles a TxnOffsetCommit. The records are appended as a transactional batch of the request's producer; they
    /// count from [`Groups::end_transaction`] on.
    pub fn commit_in_transaction(
        &mut self,
        request: &TxnOffsetCommitRequest,
        now_ms: i64,
    ) -> Outcome<TxnOffsetCommitResponse> {
        let committer = Committer {
            member_id: &request.member_id,
            instance_id: request.group_instance_id.as_deref(),
            generation: request.generation_id,
            is_transactional: true,
        };
        let mut effects = Effects::default();
        let checked = self.check_commit(&request.group_id, committer, ErrorCode::ILLEGAL_GENERATION, now_ms);
        let mut topics = Vec::with_capacity(request.topics.len());
        for topic in &request.topics {
            let partitions = topic.partitions.iter().map(|partition| {
                let commit = Commit {
                    key: offset_key(&request.group_id, &topic.name, partition.partition_index),
                    topic_id: Uuid::ZERO,
                    offset: partition.committed_offset,
                    leader_epoch: partition.committed_leader_epoch,
                    metadata: partition.committed_metadata.as_deref(),
                    expires_ms: None,
                    producer_id: Some(request.producer_id),
                };
                let code = checked.and_then(|()| self.commit_one(commit, now_ms, &mut effects));
                let error_code = code.err().unwrap_or_default().0;
                TxnOffsetCommitResponsePartition { partition_index: partition.partition_index, error_code }
            });
            let partitions = partitions.collect();
            topics.push(TxnOffsetCommitResponseTopic { name: topic.name.clone(), partitions });
        }
        Outcome { response: TxnOffsetCommitResponse { topics, ..Default::default() }, effects }
    }

    /// A marker was appended: the transaction's offsets count from now on, or are forgotten.
    pub fn end_transaction(&mut self, producer_id: i64, is_committed: bool) {
        self.offsets.end_transaction(producer_id, is_committed);
    }

    /// Who takes no part in groups may commit for a group that is not there yet.
    fn check_commit(
        &mut self,
        group: &str,
        committer: Committer<'_>,
        not_found: ErrorCode,
        now_ms: i64,
    ) -> Result<(), ErrorCode> {
        if group.is_empty() {
            return Err(ErrorCode::INVALID_GROUP_ID);
        }
        if !self.classic.contains_key(group) {
            if committer.generation >= 0 {
                return Err(not_found);
            }
            self.classic.insert(group.to_owned(), ClassicGroup::new(group.to_owned(), now_ms));
        }
        let checked = self.with_group(group, now_ms, &mut Effects::default(), |group, work| {
            group.check_commit(committer)?;
            if !committer.is_transactional && group.commit_is_heard() {
                group.heard(committer.member_id, work);
            }
            Ok(())
        });
        checked.unwrap_or(Err(not_found))
    }

    fn commit_one(
        &mut self,
        commit: Commit<'_>,
        now_ms: i64,
        effects: &mut Effects,
    ) -> Result<(), ErrorCode> {
        let metadata = commit.metadata.unwrap_or_default();
        if metadata.len() > self.settings.offset_metadata_max_bytes {
            return Err(ErrorCode::OFFSET_METADATA_TOO_LARGE);
        }
        let offset = CommittedOffset {
            offset: commit.offset,
            leader_epoch: commit.leader_epoch,
            metadata: metadata.to_owned(),
            committed_ms: now_ms,
            expires_ms: commit.expires_ms,
            topic_id: commit.topic_id,
        };
        let value = Some(offset.value());
        effects.records.push(GroupRecord::Offset { key: commit.key.clone(), value });
        self.offsets.commit(commit.key, offset, commit.producer_id);
        Ok(())
    }

    /// Answers one group of an OffsetFetch; without topics all that was committed. With `require_stable` an offset
    /// that an open transaction could change is `UNSTABLE_OFFSET_COMMIT`.
    pub fn fetch(&self, request: &OffsetFetchRequestGroup, require_stable: bool) -> OffsetFetchResponseGroup {
        let group = request.group_id.as_str();
        let topics = match &request.topics {
            None => self.fetch_all(group, require_stable),
            Some(topics) => {
                let topics = topics.iter().map(|topic| OffsetFetchResponseTopics {
                    name: topic.name.clone(),
                    topic_id: topic.topic_id,
                    partitions: topic
                        .partition_indexes
                        .iter()
                        .map(|partition| self.fetch_one(group, &topic.name, *partition, require_stable))
                        .collect(),
                });
                topics.collect()
            }
        };
        OffsetFetchResponseGroup { group_id: group.to_owned(), topics, error_code: 0 }
    }

    fn fetch_all(&self, group: &str, require_stable: bool) -> Vec<OffsetFetchResponseTopics> {
        let mut topics: Vec<OffsetFetchResponseTopics> = Vec::new();
        for (topic, partition, offset) in self.offsets.of_group(group) {
            let fetched = self.fetch_one(group, topic, partition, require_stable);
            match topics.last_mut().filter(|last| last.name == topic) {
                Some(last) => last.partitions.push(fetched),
                None => topics.push(OffsetFetchResponseTopics {
                    name: topic.to_owned(),
                    topic_id: offset.topic_id,
                    partitions: vec![fetched],
                }),
            }
        }
        topics
    }

    fn fetch_one(
        &self,
        group: &str,
        topic: &str,
        partition: i32,
        require_stable: bool,
    ) -> OffsetFetchResponsePartitions {
        let none = OffsetFetchResponsePartitions {
            partition_index: partition,
            committed_offset: -1,
            metadata: Some(String::new()),
            ..OffsetFetchResponsePartitions::default()
        };
        if require_stable && self.offsets.stability(group, topic, partition) == Stability::Pending {
            let error_code = ErrorCode::UNSTABLE_OFFSET_COMMIT.0;
            return OffsetFetchResponsePartitions { error_code, ..none };
        }
        self.offsets.get(group, topic, partition).map_or(none, |committed| OffsetFetchResponsePartitions {
            partition_index: partition,
            committed_offset: committed.offset,
            committed_leader_epoch: committed.leader_epoch,
            metadata: Some(committed.metadata.clone()),
            error_code: 0,
        })
    }

    /// Handles an OffsetDelete: of topics that nobody in the group reads.
    pub fn delete_offsets(&mut self, request: &OffsetDeleteRequest) -> Outcome<OffsetDeleteResponse> {
        let refused = |error: ErrorCode| {
            Outcome::only(OffsetDeleteResponse { error_code: error.0, ..Default::default() })
        };
        let Some(group) = self.classic.get(&request.group_id) else {
            return refused(ErrorCode::GROUP_ID_NOT_FOUND);
        };
        if let Err(error) = group.check_offset_delete() {
            return refused(error);
        }
        let known = self.offsets.keys_of_group(&request.group_id);
        let mut topics = Vec::with_capacity(request.topics.len());
        let mut removed = std::collections::BTreeSet::new();
        for topic in &request.topics {
            let is_read = group.is_subscribed(&topic.name);
            let error_code = if is_read { ErrorCode::GROUP_SUBSCRIBED_TO_TOPIC.0 } else { 0 };
            let indexes = topic.partitions.iter().map(|partition| partition.partition_index);
            let keys = indexes.clone().map(|index| offset_key(&request.group_id, &topic.name, index));
            removed.extend(keys.filter(|key| !is_read && known.contains(key)));
            let partitions = indexes
                .map(|partition_index| OffsetDeleteResponsePartition { partition_index, error_code })
                .collect();
            topics.push(OffsetDeleteResponseTopic { name: topic.name.clone(), partitions });
        }
        let mut effects = Effects::default();
        self.remove_offsets(removed, &mut effects);
        Outcome { response: OffsetDeleteResponse { topics, ..Default::default() }, effects }
    }

    /// A topic is gone, and with it what was committed for it.
    pub fn topic_deleted(&mut self, topic: &str) -> Effects {
        let mut effects = Effects::default();
        self.remove_offsets(self.offsets.keys_of_topic(topic), &mut effects);
        effects
    }

    /// Removes offsets that are too old, then groups with nothing left (`offsets.retention.check.interval.ms`).
    pub fn expire_offsets(&mut self, now_ms: i64) -> Effects {
        let mut effects = Effects::default();
        let groups: Vec<String> = self.classic.keys().cloned().collect();
        for group in groups {
            let expired = self.expired_offsets(&group, now_ms);
            self.remove_offsets(expired, &mut effects);
            let is_left =
                self.offsets.of_group(&group).next().is_some() || self.offsets.has_open_transaction(&group);
            if !is_left && self.classic.get(&group).is_some_and(ClassicGroup::is_unused) {
                self.remove_group(&group, &mut effects);
            }
        }
        effects
    }

    fn expired_offsets(&self, id: &str, now_ms: i64) -> std::collections::BTreeSet<OffsetKey> {
        let group = self.classic.get(id);
        let Some((group, age)) = group.and_then(|group| Some((group, group.offset_age()?))) else {
            return Default::default();
        };
        let retention_ms = self.settings.offsets_retention_ms;
        let expired = self.offsets.of_group(id).filter(|(topic, partition, offset)| {
            let base_ms = match age {
                OffsetAge::SinceEmpty(since_ms) => since_ms,
                OffsetAge::SinceCommit => offset.committed_ms,
            };
            !group.is_subscribed(topic)
                && offset.is_expired(base_ms, now_ms, retention_ms)
                && self.offsets.stability(id, topic, *partition) == Stability::Stable
        });
        expired.map(|(topic, partition, _)| offset_key(id, topic, partition)).collect()
    }

    pub(super) fn remove_offsets(
        &mut self,
        keys: impl IntoIterator<Item = OffsetKey>,
        effects: &mut Effects,
    ) {
        for key in keys {
            self.offsets.remove(&key);
            effects.records.push(GroupRecord::Offset { key, value: None });
        }
    }
}

fn offset_key(group: &str, topic: &str, partition: i32) -> OffsetKey {
    OffsetKey { group: group.to_owned(), topic: topic.to_owned(), partition }
}
