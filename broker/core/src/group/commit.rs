//! OffsetCommit and TxnOffsetCommit.

use strait_wire::error_code::ErrorCode;
use strait_wire::ids::Uuid;
use strait_wire::message::offset_commit::{
    OffsetCommitRequest, OffsetCommitResponse, OffsetCommitResponsePartition, OffsetCommitResponseTopic,
};
use strait_wire::message::txn_offset_commit::{
    TxnOffsetCommitRequest, TxnOffsetCommitResponse, TxnOffsetCommitResponsePartition,
    TxnOffsetCommitResponseTopic,
};

use super::classic::{ClassicGroup, Committer};
use super::cluster::Cluster;
use super::consumer::PartitionCheck;
use super::effects::{Effects, Outcome};
use super::groups::Groups;
use crate::group_offsets::CommittedOffset;
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
        cluster: &dyn Cluster,
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
        let checked = self.check_commit(&request.group_id, committer, (version, not_found), now_ms);
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
                let code = partition_check(&checked, &commit.key, cluster)
                    .and_then(|()| self.commit_one(commit, now_ms, &mut effects));
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
        version: i16,
        cluster: &dyn Cluster,
        now_ms: i64,
    ) -> Outcome<TxnOffsetCommitResponse> {
        let committer = Committer {
            member_id: &request.member_id,
            instance_id: request.group_instance_id.as_deref(),
            generation: request.generation_id,
            is_transactional: true,
        };
        let mut effects = Effects::default();
        let not_found = ErrorCode::ILLEGAL_GENERATION;
        let checked = self.check_commit(&request.group_id, committer, (version, not_found), now_ms);
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
                let code = partition_check(&checked, &commit.key, cluster)
                    .and_then(|()| self.commit_one(commit, now_ms, &mut effects));
                let error_code = match code.err().unwrap_or_default() {
                    // Transactional producers do not know the newer error.
                    ErrorCode::STALE_MEMBER_EPOCH => ErrorCode::ILLEGAL_GENERATION.0,
                    other => other.0,
                };
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
        (version, not_found): (i16, ErrorCode),
        now_ms: i64,
    ) -> Result<PartitionCheck, ErrorCode> {
        // Kafka takes commits for the group without a name, as its oldest clients made them.
        if group.is_empty() && committer.is_transactional {
            return Err(ErrorCode::INVALID_GROUP_ID);
        }
        if let Some(group) = self.consumer.get(group) {
            return group.check_commit(committer, version);
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
            Ok(PartitionCheck::All)
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
}

/// Whether the one that was checked may commit for a partition.
fn partition_check(
    checked: &Result<PartitionCheck, ErrorCode>,
    key: &OffsetKey,
    cluster: &dyn Cluster,
) -> Result<(), ErrorCode> {
    match checked {
        Ok(PartitionCheck::All) => Ok(()),
        Ok(check) => check.check(cluster.topic(&key.topic).map(|topic| topic.id), key.partition),
        Err(error) => Err(*error),
    }
}

pub(super) fn offset_key(group: &str, topic: &str, partition: i32) -> OffsetKey {
    OffsetKey { group: group.to_owned(), topic: topic.to_owned(), partition }
}
