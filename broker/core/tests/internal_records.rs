//! Records of the internal topics are the bytes that Kafka 4.3.1's own classes write (`golden/Golden.java`).

use std::collections::BTreeMap;

use bytes::Bytes;
use strait_broker_core::internal_record::consumer_group::{
    ClassicMemberMetadata, ClassicProtocol, ConsumerGroupCurrentMemberAssignmentValue,
    ConsumerGroupMemberMetadataValue, ConsumerGroupMetadataValue, ConsumerGroupPartitionMetadataValue,
    ConsumerGroupRegularExpressionValue, ConsumerGroupTargetAssignmentMemberValue,
    ConsumerGroupTargetAssignmentMetadataValue, TopicMetadata, TopicPartition, TopicPartitions,
};
use strait_broker_core::internal_record::group_metadata::{GroupMetadataValue, MemberMetadata};
use strait_broker_core::internal_record::offset_commit::OffsetCommitValue;
use strait_broker_core::internal_record::transaction_log::{PartitionsSchema, TransactionLogValue};
use strait_broker_core::internal_record::{
    ConsumerGroupChange, ConsumerGroupRecord, EncodedRecord, GroupRecord, OffsetKey, TransactionRecord,
};
use strait_broker_core::topic_partition::java_hash;
use strait_wire::ids::Uuid;

const GOLDEN: &str = include_str!("golden/records-4.3.1.txt");
const NOW: i64 = 1_700_000_000_000;

fn golden() -> BTreeMap<&'static str, &'static str> {
    GOLDEN.lines().map(|line| line.rsplit_once(' ').expect("a name and a value")).collect()
}

fn bytes(name: &str) -> Bytes {
    let text = golden()[name];
    let digits = text.as_bytes().chunks(2).map(|digits| std::str::from_utf8(digits).expect("digits"));
    digits.map(|digits| u8::from_str_radix(digits, 16).expect("a byte")).collect()
}

fn record(key: &str, value: &str) -> EncodedRecord {
    EncodedRecord { key: bytes(key), value: Some(bytes(value)) }
}

fn check_group(record: &GroupRecord, golden: &EncodedRecord) {
    assert_eq!(record.encode().as_ref(), Ok(golden));
    assert_eq!(GroupRecord::decode(&golden.key, golden.value.as_ref()), Ok(Some(record.clone())));
    let deleted = GroupRecord::decode(&golden.key, None).expect("readable").expect("known");
    assert_eq!(deleted.encode().map(|deleted| deleted.value), Ok(None));
    for end in 0..golden.key.len() {
        assert!(GroupRecord::decode(&golden.key.slice(..end), None).is_err(), "a key cut at {end}");
    }
    let value = golden.value.as_ref().expect("a value");
    for end in 0..value.len() {
        let cut = value.slice(..end);
        assert!(GroupRecord::decode(&golden.key, Some(&cut)).is_err(), "a value cut at {end}");
    }
}

#[test]
fn committed_offsets() {
    let key = OffsetKey { group: "g".to_owned(), topic: "orders".to_owned(), partition: 3 };
    let plain = OffsetCommitValue {
        offset: 42,
        leader_epoch: 5,
        metadata: "m".to_owned(),
        commit_timestamp: NOW,
        ..OffsetCommitValue::default()
    };
    let mut id = [0; 16];
    (id[7], id[15]) = (1, 2);
    let with_id = OffsetCommitValue { topic_id: Uuid(id), ..plain.clone() };
    let expiring = OffsetCommitValue { leader_epoch: -1, expire_timestamp: NOW + 1_000, ..plain.clone() };
    for (value, name) in [
        (plain, "offset-value-without-id"),
        (with_id, "offset-value"),
        (expiring, "offset-value-with-expiry"),
    ] {
        let ours = GroupRecord::Offset { key: key.clone(), value: Some(value) };
        check_group(&ours, &record("offset-key", name));
    }
}

#[test]
fn groups() {
    let member = MemberMetadata {
        member_id: "m-1".to_owned(),
        group_instance_id: Some("i".to_owned()),
        client_id: "c".to_owned(),
        client_host: "/127.0.0.1".to_owned(),
        rebalance_timeout: 60_000,
        session_timeout: 10_000,
        subscription: Bytes::from_static(&[1, 2]),
        assignment: Bytes::from_static(&[3]),
    };
    let full = GroupMetadataValue {
        protocol_type: "consumer".to_owned(),
        generation: 4,
        protocol: Some("range".to_owned()),
        leader: Some("m-1".to_owned()),
        current_state_timestamp: NOW,
        members: vec![member],
    };
    let empty = GroupMetadataValue { current_state_timestamp: NOW, ..GroupMetadataValue::default() };
    for (value, name) in [(full, "group-value"), (empty, "group-value-empty")] {
        let ours = GroupRecord::Group { group: "g".to_owned(), value: Some(value) };
        check_group(&ours, &record("group-key", name));
    }
}

/// What the golden records of a consumer group say, by the names of key and value.
fn consumer_changes() -> Vec<(&'static str, &'static str, ConsumerGroupChange)> {
    let mut id = [0; 16];
    (id[7], id[15]) = (1, 2);
    let (topic_id, member) = (Uuid(id), "m-1".to_owned());
    let topic = TopicMetadata {
        topic_id,
        topic_name: "orders".to_owned(),
        num_partitions: 3,
        partition_metadata: Vec::new(),
    };
    let protocol = ClassicProtocol { name: "range".to_owned(), metadata: Bytes::from_static(&[1, 2]) };
    let plain = ConsumerGroupMemberMetadataValue {
        client_id: "c".to_owned(),
        client_host: "/127.0.0.1".to_owned(),
        rebalance_timeout_ms: -1,
        ..Default::default()
    };
    let full = ConsumerGroupMemberMetadataValue {
        instance_id: Some("i".to_owned()),
        rack_id: Some("r".to_owned()),
        subscribed_topic_names: vec!["orders".to_owned()],
        subscribed_topic_regex: Some("o.*".to_owned()),
        rebalance_timeout_ms: 60_000,
        server_assignor: Some("range".to_owned()),
        classic_member_metadata: Some(ClassicMemberMetadata {
            session_timeout_ms: 10_000,
            supported_protocols: vec![protocol],
        }),
        ..plain.clone()
    };
    let partitions = |partitions: &[i32], epochs: Option<&[i32]>| TopicPartitions {
        topic_id,
        partitions: partitions.to_vec(),
        assignment_epochs: epochs.map(<[i32]>::to_vec),
    };
    let current = ConsumerGroupCurrentMemberAssignmentValue {
        member_epoch: 7,
        previous_member_epoch: 6,
        state: 2,
        assigned_partitions: vec![partitions(&[0, 3], Some(&[5, 7]))],
        partitions_pending_revocation: vec![partitions(&[1], None)],
    };
    let target = TopicPartition { topic_id, partitions: vec![0, 3] };
    let regex =
        ConsumerGroupRegularExpressionValue { topics: vec!["orders".to_owned()], version: 9, timestamp: NOW };
    let epoch = ConsumerGroupMetadataValue { epoch: 7, metadata_hash: -5 };
    let topics = ConsumerGroupPartitionMetadataValue { topics: vec![topic] };
    let target = ConsumerGroupTargetAssignmentMemberValue { topic_partitions: vec![target] };
    let target_epoch =
        ConsumerGroupTargetAssignmentMetadataValue { assignment_epoch: 7, assignment_timestamp: NOW };
    let member = || member.clone();
    vec![
        ("consumer-epoch-key", "consumer-epoch-value", ConsumerGroupChange::Epoch(Some(epoch))),
        ("consumer-topics-key", "consumer-topics-value", ConsumerGroupChange::Topics(Some(topics))),
        (
            "consumer-member-key",
            "consumer-member-value",
            ConsumerGroupChange::Member { member: member(), value: Some(full) },
        ),
        (
            "consumer-member-key",
            "consumer-member-value-plain",
            ConsumerGroupChange::Member { member: member(), value: Some(plain) },
        ),
        (
            "consumer-target-epoch-key",
            "consumer-target-epoch-value",
            ConsumerGroupChange::TargetEpoch(Some(target_epoch)),
        ),
        (
            "consumer-target-key",
            "consumer-target-value",
            ConsumerGroupChange::Target { member: member(), value: Some(target) },
        ),
        (
            "consumer-current-key",
            "consumer-current-value",
            ConsumerGroupChange::Current { member: member(), value: Some(current) },
        ),
        (
            "consumer-regex-key",
            "consumer-regex-value",
            ConsumerGroupChange::Regex { regex: "o.*".to_owned(), value: Some(regex) },
        ),
    ]
}

#[test]
fn consumer_groups() {
    for (key, value, change) in consumer_changes() {
        let ours = GroupRecord::Consumer(ConsumerGroupRecord { group: "g".to_owned(), change });
        check_group(&ours, &record(key, value));
    }
}

#[test]
fn transactions() {
    let topic = PartitionsSchema { topic: "orders".to_owned(), partition_ids: vec![0, 3] };
    let full = TransactionLogValue {
        producer_id: 101,
        previous_producer_id: 100,
        next_producer_id: 102,
        producer_epoch: 7,
        transaction_timeout_ms: 60_000,
        transaction_status: 2,
        transaction_partitions: Some(vec![topic]),
        transaction_last_update_timestamp_ms: NOW,
        transaction_start_timestamp_ms: NOW - 1_000,
        client_transaction_version: 2,
        ..TransactionLogValue::default()
    };
    let empty = TransactionLogValue {
        producer_id: 101,
        transaction_timeout_ms: 60_000,
        transaction_last_update_timestamp_ms: 5,
        transaction_start_timestamp_ms: -1,
        ..TransactionLogValue::default()
    };
    for (value, name) in [(full, "transaction-value"), (empty, "transaction-value-empty")] {
        let ours = TransactionRecord { transactional_id: "tx".to_owned(), value: Some(value) };
        let golden = record("transaction-key", name);
        assert_eq!(ours.encode().as_ref(), Ok(&golden));
        assert_eq!(TransactionRecord::decode(&golden.key, golden.value.as_ref()), Ok(Some(ours)));
    }
}

#[test]
fn kinds_that_are_not_known_are_passed_over() {
    let key = Bytes::from_static(&[0, 77, 1, 2, 3]);
    assert_eq!(GroupRecord::decode(&key, None), Ok(None));
    assert_eq!(TransactionRecord::decode(&key, None), Ok(None));
}

#[test]
fn hashes_are_those_of_java() {
    let hashes = golden();
    let hashes = hashes.iter().filter_map(|(name, hash)| Some((name.strip_prefix("hash-")?, hash)));
    let checked = hashes.map(|(id, hash)| assert_eq!(java_hash(id).to_string(), **hash, "{id}")).count();
    assert_eq!(checked, 6);
}
