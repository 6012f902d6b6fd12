//! Commits, transactions, expiry.

use strait_wire::message::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use strait_wire::message::offset_delete::{
    OffsetDeleteRequest, OffsetDeleteRequestPartition, OffsetDeleteRequestTopic,
};
use strait_wire::message::offset_fetch::{OffsetFetchRequestGroup, OffsetFetchRequestTopics};
use strait_wire::message::txn_offset_commit::{
    TxnOffsetCommitRequest, TxnOffsetCommitRequestPartition, TxnOffsetCommitRequestTopic,
};

use super::*;

const DAY: i64 = 24 * 60 * 60 * 1000;

impl Shard {
    pub(super) fn commit(&mut self, member: &str, generation: i32, offset: i64) -> ErrorCode {
        self.commit_with(member, generation, offset, "m", -1)
    }

    fn commit_with(
        &mut self,
        member: &str,
        generation: i32,
        offset: i64,
        metadata: &str,
        retention_time_ms: i64,
    ) -> ErrorCode {
        let partition = OffsetCommitRequestPartition {
            partition_index: 0,
            committed_offset: offset,
            committed_leader_epoch: 5,
            committed_metadata: Some(metadata.to_owned()),
        };
        let topic = OffsetCommitRequestTopic {
            name: "t".to_owned(),
            partitions: vec![partition],
            ..Default::default()
        };
        let request = OffsetCommitRequest {
            group_id: GROUP.to_owned(),
            generation_id_or_member_epoch: generation,
            member_id: member.to_owned(),
            retention_time_ms,
            topics: vec![topic],
            ..OffsetCommitRequest::default()
        };
        let outcome = self.groups.commit(&request, 8, &self.cluster, self.now_ms);
        self.perform(outcome.effects, None);
        ErrorCode(outcome.response.topics[0].partitions[0].error_code)
    }

    pub(super) fn commit_in_transaction(&mut self, producer_id: i64, offset: i64) -> ErrorCode {
        let partition = TxnOffsetCommitRequestPartition {
            partition_index: 0,
            committed_offset: offset,
            ..Default::default()
        };
        let request = TxnOffsetCommitRequest {
            group_id: GROUP.to_owned(),
            producer_id,
            topics: vec![TxnOffsetCommitRequestTopic { name: "t".to_owned(), partitions: vec![partition] }],
            ..TxnOffsetCommitRequest::default()
        };
        let outcome = self.groups.commit_in_transaction(&request, 3, &self.cluster, self.now_ms);
        self.perform(outcome.effects, Some(producer_id));
        ErrorCode(outcome.response.topics[0].partitions[0].error_code)
    }

    fn fetch(&self, require_stable: bool) -> (i64, ErrorCode) {
        let topic = OffsetFetchRequestTopics {
            name: "t".to_owned(),
            partition_indexes: vec![0],
            ..Default::default()
        };
        let request = OffsetFetchRequestGroup {
            group_id: GROUP.to_owned(),
            topics: Some(vec![topic]),
            ..Default::default()
        };
        let response = self.groups.fetch(&request, require_stable);
        let partition = &response.topics[0].partitions[0];
        let all = OffsetFetchRequestGroup { topics: None, ..request };
        let all = self.groups.fetch(&all, require_stable);
        if partition.committed_offset >= 0 {
            assert_eq!(all.topics, response.topics);
        }
        (partition.committed_offset, ErrorCode(partition.error_code))
    }

    fn expire_offsets(&mut self) {
        let effects = self.groups.expire_offsets(self.now_ms);
        self.perform(effects, None);
    }
}

#[test]
fn members_commit_in_their_generation_only() {
    let mut shard = Shard::new();
    let ids = shard.stable(2);
    assert_eq!(shard.commit(&ids[0], 1, 7), ErrorCode::NONE);
    assert_eq!(shard.fetch(true), (7, ErrorCode::NONE));
    assert_eq!(shard.commit(&ids[0], 2, 8), ErrorCode::ILLEGAL_GENERATION);
    assert_eq!(shard.commit("other", 1, 8), ErrorCode::UNKNOWN_MEMBER_ID);
    assert_eq!(shard.commit("", -1, 8), ErrorCode::UNKNOWN_MEMBER_ID);
    shard.join(&ask(&ids[0]));
    assert_eq!(shard.commit(&ids[1], 1, 8), ErrorCode::NONE, "before the next generation");
    shard.join(&ask(&ids[1]));
    assert_eq!(shard.commit(&ids[1], 2, 9), ErrorCode::REBALANCE_IN_PROGRESS);
    assert_eq!(shard.fetch(true), (8, ErrorCode::NONE));
    let reloaded = shard.reloaded();
    assert_eq!(reloaded.offsets(), shard.groups.offsets());
    let stored = reloaded.offsets().get(GROUP, "t", 0).expect("committed");
    assert_eq!((stored.leader_epoch, stored.metadata.as_str()), (5, "m"));
}

#[test]
fn those_without_a_group_commit_to_an_empty_one() {
    let mut shard = Shard::new();
    assert_eq!(shard.commit("", 3, 7), ErrorCode::ILLEGAL_GENERATION);
    assert_eq!(shard.commit("", -1, 7), ErrorCode::NONE);
    assert_eq!(shard.fetch(false), (7, ErrorCode::NONE));
    assert_eq!(shard.groups.list(&[], &[]).len(), 1);
    assert_eq!(shard.reloaded().list(&[], &[]), shard.groups.list(&[], &[]));
}

#[test]
fn metadata_has_a_limit() {
    let mut shard = Shard::new();
    let long = "x".repeat(4_097);
    assert_eq!(shard.commit_with("", -1, 7, &long, -1), ErrorCode::OFFSET_METADATA_TOO_LARGE);
    assert_eq!(shard.commit_with("", -1, 7, &long[1..], -1), ErrorCode::NONE);
    assert_eq!(shard.fetch(false).0, 7);
}

#[test]
fn offsets_of_a_transaction_count_when_it_commits() {
    let mut shard = Shard::new();
    assert_eq!(shard.commit("", -1, 5), ErrorCode::NONE);
    assert_eq!(shard.commit_in_transaction(70, 6), ErrorCode::NONE);
    assert_eq!(shard.fetch(false), (5, ErrorCode::NONE));
    assert_eq!(shard.fetch(true), (-1, ErrorCode::UNSTABLE_OFFSET_COMMIT));
    assert_eq!(shard.reloaded().offsets(), shard.groups.offsets());
    shard.groups.end_transaction(70, false);
    assert_eq!(shard.fetch(true), (5, ErrorCode::NONE));
    shard.commit_in_transaction(70, 6);
    shard.groups.end_transaction(70, true);
    assert_eq!(shard.fetch(true), (6, ErrorCode::NONE));
    shard.commit_in_transaction(70, 7);
    shard.commit("", -1, 9);
    shard.groups.end_transaction(70, true);
    assert_eq!(shard.fetch(true), (9, ErrorCode::NONE), "a later plain commit stays");
}

#[test]
fn offsets_of_an_empty_group_age_from_when_it_became_empty() {
    let mut shard = Shard::new();
    let ids = shard.stable(1);
    shard.commit(&ids[0], 1, 7);
    shard.now_ms += 20 * DAY;
    shard.expire_offsets();
    assert_eq!(shard.fetch(false).0, 7, "somebody reads the topic");
    shard.leave(&[(&ids[0], None)]);
    shard.now_ms += 7 * DAY - 1;
    shard.expire_offsets();
    assert_eq!(shard.fetch(false).0, 7);
    shard.now_ms += 1;
    shard.expire_offsets();
    assert_eq!((shard.fetch(false).0, shard.state()), (-1, None), "the group goes with its last offset");
    assert!(shard.reloaded().classic(GROUP).is_none());
}

#[test]
fn offsets_without_a_group_age_from_their_commit_and_pending_ones_hold_them() {
    let mut shard = Shard::new();
    shard.commit("", -1, 7);
    shard.commit_in_transaction(70, 8);
    shard.now_ms += 7 * DAY;
    shard.expire_offsets();
    assert_eq!(shard.fetch(false).0, 7);
    shard.groups.end_transaction(70, false);
    shard.expire_offsets();
    assert_eq!((shard.fetch(false).0, shard.state()), (-1, None));
}

#[test]
fn a_topic_that_nobody_in_a_stable_group_reads_ages() {
    let mut shard = Shard::new();
    let id = shard.new_id();
    shard.join(&Ask { protocols: vec![("range", subscription(&["u"]))], ..ask(&id) });
    shard.pass(3_000);
    shard.sync(&id, 1, &[]);
    shard.commit(&id, 1, 7);
    shard.now_ms += 7 * DAY;
    shard.expire_offsets();
    assert_eq!((shard.fetch(false).0, shard.state()), (-1, Some(State::Stable)));
}

#[test]
fn an_old_client_sets_its_own_time_of_expiry() {
    let mut shard = Shard::new();
    shard.commit_with("", -1, 7, "", 1_000);
    let stored = shard.reloaded().offsets().get(GROUP, "t", 0).map(|offset| offset.expires_ms);
    assert_eq!(stored, Some(Some(shard.now_ms + 1_000)));
    shard.now_ms += 1_000;
    shard.expire_offsets();
    assert_eq!(shard.fetch(false).0, -1);
}

#[test]
fn offsets_are_deleted_where_nobody_reads() {
    let mut shard = Shard::new();
    let ids = shard.stable(1);
    shard.commit(&ids[0], 1, 7);
    let request = OffsetDeleteRequest {
        group_id: GROUP.to_owned(),
        topics: vec![OffsetDeleteRequestTopic {
            name: "t".to_owned(),
            partitions: vec![OffsetDeleteRequestPartition { partition_index: 0 }],
        }],
    };
    let outcome = shard.groups.delete_offsets(&request);
    let code = |response: &strait_wire::message::offset_delete::OffsetDeleteResponse| {
        ErrorCode(response.topics[0].partitions[0].error_code)
    };
    assert_eq!(code(&outcome.response), ErrorCode::GROUP_SUBSCRIBED_TO_TOPIC);
    shard.leave(&[(&ids[0], None)]);
    let outcome = shard.groups.delete_offsets(&request);
    assert_eq!((code(&outcome.response), outcome.effects.records.len()), (ErrorCode::NONE, 1));
    shard.perform(outcome.effects, None);
    assert_eq!(shard.fetch(false).0, -1);
    let unknown = OffsetDeleteRequest { group_id: "x".to_owned(), ..request };
    let response = shard.groups.delete_offsets(&unknown).response;
    assert_eq!(response.error_code, ErrorCode::GROUP_ID_NOT_FOUND.0);
}

#[test]
fn a_deleted_topic_takes_its_offsets_with_it() {
    let mut shard = Shard::new();
    shard.commit("", -1, 7);
    shard.commit_in_transaction(70, 8);
    let effects = shard.groups.topic_deleted("t");
    assert_eq!(effects.records.len(), 1);
    shard.perform(effects, None);
    shard.groups.end_transaction(70, true);
    assert_eq!(shard.fetch(true), (-1, ErrorCode::NONE));
}
