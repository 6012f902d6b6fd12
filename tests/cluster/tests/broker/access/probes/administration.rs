//! Requests about quotas, elections, reassignments, features and the quorum.

use anyhow::Result;
use strait_wire::message::alter_client_quotas::{AlterClientQuotasRequest, EntityData, EntryData, OpData};
use strait_wire::message::alter_partition_reassignments::{
    AlterPartitionReassignmentsRequest, ReassignablePartition, ReassignableTopic,
};
use strait_wire::message::alter_replica_log_dirs::{
    AlterReplicaLogDir, AlterReplicaLogDirTopic, AlterReplicaLogDirsRequest,
};
use strait_wire::message::describe_client_quotas::{ComponentData, DescribeClientQuotasRequest};
use strait_wire::message::describe_quorum::{DescribeQuorumRequest, PartitionData, TopicData};
use strait_wire::message::elect_leaders::{ElectLeadersRequest, TopicPartitions};
use strait_wire::message::list_config_resources::ListConfigResourcesRequest;
use strait_wire::message::list_partition_reassignments::ListPartitionReassignmentsRequest;
use strait_wire::message::list_transactions::ListTransactionsRequest;
use strait_wire::message::unregister_broker::UnregisterBrokerRequest;
use strait_wire::message::update_features::{FeatureUpdateKey, UpdateFeaturesRequest};

use super::told;
use crate::wire::Wire;

/// One of each kind, which is enough to see who may ask.
pub(super) fn ask(wire: &mut Wire) -> Result<Vec<String>> {
    ask_at_most(wire, 1)
}

/// All of them.
pub(in super::super) fn ask_all(wire: &mut Wire) -> Result<Vec<String>> {
    ask_at_most(wire, usize::MAX)
}

fn ask_at_most(wire: &mut Wire, most: usize) -> Result<Vec<String>> {
    let mut answers = quotas(wire, most)?;
    answers.extend(partitions(wire, most)?);
    answers.extend(cluster(wire, most)?);
    Ok(answers)
}

fn quotas(wire: &mut Wire, most: usize) -> Result<Vec<String>> {
    let mut answers = Vec::new();
    let entities: [&[(&str, Option<&str>)]; 6] = [
        &[("user", Some("a"))],
        &[("user", None), ("client-id", Some("b"))],
        &[("ip", Some("10.1.2.3"))],
        &[("ip", None), ("user", None)],
        &[("host", Some("a"))],
        &[("user", Some(""))],
    ];
    for entity in entities.into_iter().take(most) {
        let parts = entity.iter().map(|(kind, name)| EntityData {
            entity_type: (*kind).to_owned(),
            entity_name: name.map(str::to_owned),
        });
        let changes = [
            ("producer_byte_rate", 1.0, false),
            ("producer_byte_rate", 0.5, false),
            ("request_percentage", 0.0, false),
            ("connection_creation_rate", 3.0e9, false),
            ("no_such_rate", 1.0, true),
        ];
        for (key, value, remove) in changes.into_iter().take(most) {
            let ops = vec![OpData { key: key.to_owned(), value, remove }];
            let entries = vec![EntryData { entity: parts.clone().collect(), ops }];
            let request = AlterClientQuotasRequest { entries, validate_only: true };
            answers.push(told(&format!("{key} {value} of {entity:?}"), &wire.ask(&request, 1)?));
        }
    }
    let components = [
        ("user", 0, Some("a")),
        ("user", 0, None),
        ("ip", 1, None),
        ("host", 2, None),
        ("", 2, None),
        ("user", 9, None),
    ];
    for (kind, match_type, name) in components.into_iter().take(most) {
        let component =
            ComponentData { entity_type: kind.to_owned(), match_type, match_: name.map(str::to_owned) };
        let request = DescribeClientQuotasRequest { components: vec![component], strict: true };
        answers.push(told(&format!("quotas {kind} {match_type} {name:?}"), &wire.ask(&request, 1)?));
    }
    Ok(answers)
}

fn partitions(wire: &mut Wire, most: usize) -> Result<Vec<String>> {
    let mut answers = Vec::new();
    for election_type in (0..3).take(most) {
        let topics =
            ["one", "none"].map(|topic| TopicPartitions { topic: topic.to_owned(), partitions: vec![0, 5] });
        let request =
            ElectLeadersRequest { election_type, topic_partitions: Some(topics.into()), timeout_ms: 10_000 };
        answers.push(told(&format!("election {election_type}"), &wire.ask(&request, 2)?));
    }
    let places = [None, Some(vec![1]), Some(vec![2]), Some(vec![1, 1]), Some(vec![])];
    for replicas in places.into_iter().take(most) {
        let topics = ["one", "none"].map(|name| {
            let partition =
                |partition_index| ReassignablePartition { partition_index, replicas: replicas.clone() };
            ReassignableTopic { name: name.to_owned(), partitions: vec![partition(0), partition(5)] }
        });
        let request = AlterPartitionReassignmentsRequest { topics: topics.into(), ..Default::default() };
        answers.push(told(&format!("reassign to {replicas:?}"), &wire.ask(&request, 1)?));
    }
    answers.push(told("reassignments", &wire.ask(&ListPartitionReassignmentsRequest::default(), 0)?));
    let topics = vec![AlterReplicaLogDirTopic { name: "one".to_owned(), partitions: vec![0, 5] }];
    let dirs = vec![AlterReplicaLogDir { path: "/no/such/folder".to_owned(), topics }];
    answers.push(told("move", &wire.ask(&AlterReplicaLogDirsRequest { dirs }, 2)?));
    Ok(answers)
}

fn cluster(wire: &mut Wire, most: usize) -> Result<Vec<String>> {
    let mut answers = Vec::new();
    for topic_name in ["__cluster_metadata", "one"].into_iter().take(most) {
        let partitions = vec![PartitionData { partition_index: 0 }];
        let topics = vec![TopicData { topic_name: topic_name.to_owned(), partitions }];
        answers
            .push(told(&format!("quorum of {topic_name}"), &wire.ask(&DescribeQuorumRequest { topics }, 2)?));
    }
    let levels = [
        ("transaction.version", 2, 1),
        ("transaction.version", 1, 1),
        ("transaction.version", 1, 2),
        ("transaction.version", 9, 1),
        ("transaction.version", 1, 7),
        ("no.such.version", 1, 1),
    ];
    for (feature, max_version_level, upgrade_type) in levels.into_iter().take(most) {
        let feature = feature.to_owned();
        let update = FeatureUpdateKey { feature, max_version_level, upgrade_type, ..Default::default() };
        let what = format!("{update:?}");
        let request = UpdateFeaturesRequest {
            feature_updates: vec![update],
            validate_only: true,
            ..Default::default()
        };
        answers.push(told(&what, &wire.ask(&request, 2)?));
    }
    answers.push(told("unregister", &wire.ask(&UnregisterBrokerRequest { broker_id: 7 }, 0)?));
    for pattern in ["o.*", "("].into_iter().take(most) {
        let transactional_id_pattern = Some(pattern.to_owned());
        let request = ListTransactionsRequest { transactional_id_pattern, ..Default::default() };
        answers.push(told(&format!("transactions {pattern}"), &wire.ask(&request, 2)?));
    }
    for resource_types in [vec![], vec![2, 4, 8, 16, 32], vec![3]].into_iter().take(most) {
        let what = format!("resources {resource_types:?}");
        answers.push(told(&what, &wire.ask(&ListConfigResourcesRequest { resource_types }, 1)?));
    }
    Ok(answers)
}
