//! Requests about groups and transactions.

use anyhow::Result;
use strait_wire::message::add_offsets_to_txn::AddOffsetsToTxnRequest;
use strait_wire::message::add_partitions_to_txn::{AddPartitionsToTxnRequest, AddPartitionsToTxnTopic};
use strait_wire::message::delete_groups::DeleteGroupsRequest;
use strait_wire::message::describe_groups::DescribeGroupsRequest;
use strait_wire::message::describe_transactions::DescribeTransactionsRequest;
use strait_wire::message::end_txn::EndTxnRequest;
use strait_wire::message::find_coordinator::FindCoordinatorRequest;
use strait_wire::message::heartbeat::HeartbeatRequest;
use strait_wire::message::init_producer_id::InitProducerIdRequest;
use strait_wire::message::join_group::{JoinGroupRequest, JoinGroupRequestProtocol};
use strait_wire::message::leave_group::{LeaveGroupRequest, MemberIdentity};
use strait_wire::message::list_groups::ListGroupsRequest;
use strait_wire::message::list_transactions::ListTransactionsRequest;
use strait_wire::message::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use strait_wire::message::offset_delete::{
    OffsetDeleteRequest, OffsetDeleteRequestPartition, OffsetDeleteRequestTopic,
};
use strait_wire::message::offset_fetch::{
    OffsetFetchRequest, OffsetFetchRequestGroup, OffsetFetchRequestTopics,
};
use strait_wire::message::sync_group::SyncGroupRequest;
use strait_wire::message::txn_offset_commit::{
    TxnOffsetCommitRequest, TxnOffsetCommitRequestPartition, TxnOffsetCommitRequestTopic,
};
use strait_wire::message::write_txn_markers::{
    WritableTxnMarker, WritableTxnMarkerTopic, WriteTxnMarkersRequest,
};

use super::{told, told_sorted};
use crate::wire::Wire;

pub(super) fn ask(wire: &mut Wire) -> Result<Vec<String>> {
    let mut answers = Vec::new();
    for name in ["one", "two"] {
        answers.extend(groups(wire, name)?);
        answers.extend(offsets(wire, name)?);
        answers.extend(transactions(wire, name)?);
    }
    let groups = wire.ask(&ListGroupsRequest::default(), 5)?.groups.into_iter();
    answers.push(told_sorted("all groups", groups.map(|group| group.group_id).collect()));
    let all = ListTransactionsRequest { duration_filter: -1, ..Default::default() };
    let all = wire.ask(&all, 1)?.transaction_states.into_iter();
    answers.push(told_sorted("all transactions", all.map(|state| state.transactional_id).collect()));
    let idempotent = InitProducerIdRequest { producer_id: -1, producer_epoch: -1, ..Default::default() };
    answers.push(told("an idempotent producer", &wire.ask(&idempotent, 4)?));
    Ok(answers)
}

fn groups(wire: &mut Wire, name: &str) -> Result<Vec<String>> {
    let group_id = || name.to_owned();
    let mut answers = Vec::new();
    for (key_type, what) in [(0, "group"), (1, "transaction")] {
        let request =
            FindCoordinatorRequest { key_type, coordinator_keys: vec![group_id()], ..Default::default() };
        answers.push(told(&format!("coordinator of {what} {name}"), &wire.ask(&request, 4)?));
    }
    // Its session is too short.
    let join = JoinGroupRequest {
        group_id: group_id(),
        session_timeout_ms: 1,
        protocol_type: "consumer".to_owned(),
        protocols: vec![JoinGroupRequestProtocol { name: "range".to_owned(), ..Default::default() }],
        ..Default::default()
    };
    let (member_id, generation_id) = ("nobody".to_owned(), 1);
    let sync = SyncGroupRequest {
        group_id: group_id(),
        generation_id,
        member_id: member_id.clone(),
        protocol_type: Some("consumer".to_owned()),
        protocol_name: Some("range".to_owned()),
        ..Default::default()
    };
    let beat = HeartbeatRequest {
        group_id: group_id(),
        generation_id,
        member_id: member_id.clone(),
        ..Default::default()
    };
    let member = MemberIdentity { member_id, ..Default::default() };
    let leave = LeaveGroupRequest { group_id: group_id(), members: vec![member], ..Default::default() };
    let describe = DescribeGroupsRequest { groups: vec![group_id()], include_authorized_operations: true };
    let delete = DeleteGroupsRequest { groups_names: vec![format!("{name}-gone")] };
    answers.extend([
        told(&format!("join {name}"), &wire.ask(&join, 5)?),
        told(&format!("sync {name}"), &wire.ask(&sync, 5)?),
        told(&format!("heartbeat {name}"), &wire.ask(&beat, 4)?),
        told(&format!("leave {name}"), &wire.ask(&leave, 4)?),
        told(&format!("describe {name}"), &wire.ask(&describe, 5)?),
        told(&format!("delete {name}-gone"), &wire.ask(&delete, 2)?),
    ]);
    Ok(answers)
}

fn offsets(wire: &mut Wire, name: &str) -> Result<Vec<String>> {
    let mut answers = Vec::new();
    for topic in ["one", "two", "none"] {
        let committed = OffsetCommitRequestPartition { committed_leader_epoch: -1, ..Default::default() };
        let topics = vec![OffsetCommitRequestTopic {
            name: topic.to_owned(),
            partitions: vec![committed],
            ..Default::default()
        }];
        let commit = OffsetCommitRequest {
            group_id: name.to_owned(),
            generation_id_or_member_epoch: -1,
            topics,
            ..Default::default()
        };
        answers.push(told(&format!("commit {name} {topic}"), &wire.ask(&commit, 8)?));
        let wanted = OffsetFetchRequestTopics {
            name: topic.to_owned(),
            partition_indexes: vec![0],
            ..Default::default()
        };
        let group = OffsetFetchRequestGroup {
            group_id: name.to_owned(),
            member_epoch: -1,
            topics: Some(vec![wanted]),
            ..Default::default()
        };
        let fetch = OffsetFetchRequest { groups: vec![group], ..Default::default() };
        answers.push(told(&format!("committed {name} {topic}"), &wire.ask(&fetch, 8)?));
        let partitions = vec![OffsetDeleteRequestPartition { partition_index: 0 }];
        let topics = vec![OffsetDeleteRequestTopic { name: topic.to_owned(), partitions }];
        let delete = OffsetDeleteRequest { group_id: format!("{name}-gone"), topics };
        answers.push(told(&format!("delete offsets {name} {topic}"), &wire.ask(&delete, 0)?));
    }
    let group = OffsetFetchRequestGroup { group_id: name.to_owned(), member_epoch: -1, ..Default::default() };
    let all = OffsetFetchRequest { groups: vec![group], ..Default::default() };
    let all = wire.ask(&all, 8)?.groups.into_iter();
    let topics = all.flat_map(|group| group.topics.into_iter().map(|topic| topic.name));
    answers.push(told_sorted(&format!("all committed {name}"), topics.collect()));
    Ok(answers)
}

fn transactions(wire: &mut Wire, name: &str) -> Result<Vec<String>> {
    let transactional_id = || name.to_owned();
    let init = InitProducerIdRequest {
        transactional_id: Some(transactional_id()),
        transaction_timeout_ms: 1_000,
        producer_id: -1,
        producer_epoch: -1,
        ..Default::default()
    };
    let mut answers = vec![told(&format!("begin {name}"), &wire.ask(&init, 4)?)];
    for topic in ["one", "two", "none"] {
        let topics = vec![AddPartitionsToTxnTopic { name: topic.to_owned(), partitions: vec![0] }];
        let add = AddPartitionsToTxnRequest {
            v3_and_below_transactional_id: transactional_id(),
            v3_and_below_producer_id: 999,
            v3_and_below_topics: topics,
            ..Default::default()
        };
        answers.push(told(&format!("add {topic} to {name}"), &wire.ask(&add, 3)?));
        let partition = TxnOffsetCommitRequestPartition { committed_leader_epoch: -1, ..Default::default() };
        let topics =
            vec![TxnOffsetCommitRequestTopic { name: topic.to_owned(), partitions: vec![partition] }];
        let commit = TxnOffsetCommitRequest {
            transactional_id: transactional_id(),
            group_id: "one".to_owned(),
            producer_id: 999,
            generation_id: -1,
            topics,
            ..Default::default()
        };
        answers.push(told(&format!("commit {topic} in {name}"), &wire.ask(&commit, 3)?));
    }
    let add = AddOffsetsToTxnRequest {
        transactional_id: transactional_id(),
        producer_id: 999,
        producer_epoch: 0,
        group_id: "one".to_owned(),
    };
    let end = EndTxnRequest { transactional_id: transactional_id(), producer_id: 999, ..Default::default() };
    let describe = DescribeTransactionsRequest { transactional_ids: vec![format!("{name}-gone")] };
    let topics = vec![WritableTxnMarkerTopic { name: "none".to_owned(), partition_indexes: vec![0] }];
    let marker = WritableTxnMarker { producer_id: 999, topics, ..Default::default() };
    answers.extend([
        told(&format!("add offsets to {name}"), &wire.ask(&add, 3)?),
        told(&format!("end {name}"), &wire.ask(&end, 3)?),
        told(&format!("describe {name}-gone"), &wire.ask(&describe, 0)?),
        told("markers", &wire.ask(&WriteTxnMarkersRequest { markers: vec![marker] }, 1)?),
    ]);
    Ok(answers)
}
