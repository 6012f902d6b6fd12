//! One file for each API key. A handler gets the request and gives the response; it never touches the connection.

pub(crate) mod add_offsets_to_txn;
pub(crate) mod add_partitions_to_txn;
pub(crate) mod alter_client_quotas;
pub(crate) mod alter_configs;
pub(crate) mod alter_partition_reassignments;
pub(crate) mod alter_replica_log_dirs;
pub(crate) mod alter_user_scram_credentials;
pub(crate) mod api_versions;
pub(crate) mod consumer_group_describe;
pub(crate) mod consumer_group_heartbeat;
pub(crate) mod create_acls;
pub(crate) mod create_partitions;
pub(crate) mod create_topics;
pub(crate) mod delete_acls;
pub(crate) mod delete_groups;
pub(crate) mod delete_records;
pub(crate) mod delete_topics;
pub(crate) mod describe_acls;
pub(crate) mod describe_client_quotas;
pub(crate) mod describe_cluster;
pub(crate) mod describe_configs;
pub(crate) mod describe_groups;
pub(crate) mod describe_log_dirs;
pub(crate) mod describe_producers;
pub(crate) mod describe_quorum;
pub(crate) mod describe_topic_partitions;
pub(crate) mod describe_transactions;
pub(crate) mod describe_user_scram_credentials;
pub(crate) mod elect_leaders;
pub(crate) mod end_txn;
pub(crate) mod fetch;
pub(crate) mod find_coordinator;
pub(crate) mod heartbeat;
pub(crate) mod incremental_alter_configs;
pub(crate) mod init_producer_id;
pub(crate) mod join_group;
pub(crate) mod leave_group;
pub(crate) mod list_config_resources;
pub(crate) mod list_groups;
pub(crate) mod list_offsets;
pub(crate) mod list_partition_reassignments;
pub(crate) mod list_transactions;
pub(crate) mod metadata;
pub(crate) mod offset_commit;
pub(crate) mod offset_delete;
pub(crate) mod offset_fetch;
pub(crate) mod offset_for_leader_epoch;
pub(crate) mod produce;
pub(crate) mod sasl_authenticate;
pub(crate) mod sasl_handshake;
pub(crate) mod sync_group;
pub(crate) mod txn_offset_commit;
pub(crate) mod unregister_broker;
pub(crate) mod update_features;
pub(crate) mod write_txn_markers;

// What several of them share.
mod config_changes;
mod offsets_of;

use strait_broker_core::features::GROUP_VERSION;
use strait_wire::error_code::ErrorCode;

use crate::call::Call;
use crate::partition::Partition;

/// Whether the epoch that a client believes in is the leader's (KIP-320). -1 is not checked.
fn check_epoch(partition: &Partition, current: i32) -> Result<(), ErrorCode> {
    match current {
        -1 => Ok(()),
        _ if partition.is_offline => Err(ErrorCode::KAFKA_STORAGE_ERROR),
        older if older < partition.leader_epoch => Err(ErrorCode::FENCED_LEADER_EPOCH),
        newer if newer > partition.leader_epoch => Err(ErrorCode::UNKNOWN_LEADER_EPOCH),
        _ => Ok(()),
    }
}

/// Whether the new consumer protocol is in force (KIP-848).
fn check_consumer_protocol(call: &Call) -> Result<(), ErrorCode> {
    match call.node.controller.features().get().levels.level(&GROUP_VERSION) {
        0 => Err(ErrorCode::UNSUPPORTED_VERSION),
        _ => Ok(()),
    }
}
