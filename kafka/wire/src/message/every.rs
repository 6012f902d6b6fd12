//! All requests with their responses, for code that treats each of them alike.

use super::{
    add_offsets_to_txn, add_partitions_to_txn, alter_client_quotas, alter_configs,
    alter_partition_reassignments, alter_replica_log_dirs, alter_user_scram_credentials, api_versions,
    consumer_group_describe, consumer_group_heartbeat, create_acls, create_partitions, create_topics,
    delete_acls, delete_groups, delete_records, delete_topics, describe_acls, describe_client_quotas,
    describe_cluster, describe_configs, describe_groups, describe_log_dirs, describe_producers,
    describe_quorum, describe_topic_partitions, describe_transactions, describe_user_scram_credentials,
    elect_leaders, end_txn, fetch, find_coordinator, heartbeat, incremental_alter_configs, init_producer_id,
    join_group, leave_group, list_config_resources, list_groups, list_offsets, list_partition_reassignments,
    list_transactions, metadata, offset_commit, offset_delete, offset_fetch, offset_for_leader_epoch,
    produce, sasl_authenticate, sasl_handshake, sync_group, txn_offset_commit, unregister_broker,
    update_features, write_txn_markers,
};
use crate::codec::Request;

/// Something that is done with a request's type and its response's.
pub trait RequestVisitor {
    fn visit<R: Request>(&mut self);
}

macro_rules! every_request {
    ($($file:ident::$request:ident,)*) => {
        /// Shows the visitor each request, in order of API keys.
        pub fn visit_requests(visitor: &mut impl RequestVisitor) {
            $(visitor.visit::<$file::$request>();)*
        }
    };
}

every_request! {
    produce::ProduceRequest,
    fetch::FetchRequest,
    list_offsets::ListOffsetsRequest,
    metadata::MetadataRequest,
    offset_commit::OffsetCommitRequest,
    offset_fetch::OffsetFetchRequest,
    find_coordinator::FindCoordinatorRequest,
    join_group::JoinGroupRequest,
    heartbeat::HeartbeatRequest,
    leave_group::LeaveGroupRequest,
    sync_group::SyncGroupRequest,
    describe_groups::DescribeGroupsRequest,
    list_groups::ListGroupsRequest,
    sasl_handshake::SaslHandshakeRequest,
    api_versions::ApiVersionsRequest,
    create_topics::CreateTopicsRequest,
    delete_topics::DeleteTopicsRequest,
    delete_records::DeleteRecordsRequest,
    init_producer_id::InitProducerIdRequest,
    offset_for_leader_epoch::OffsetForLeaderEpochRequest,
    add_partitions_to_txn::AddPartitionsToTxnRequest,
    add_offsets_to_txn::AddOffsetsToTxnRequest,
    end_txn::EndTxnRequest,
    write_txn_markers::WriteTxnMarkersRequest,
    txn_offset_commit::TxnOffsetCommitRequest,
    describe_acls::DescribeAclsRequest,
    create_acls::CreateAclsRequest,
    delete_acls::DeleteAclsRequest,
    describe_configs::DescribeConfigsRequest,
    alter_configs::AlterConfigsRequest,
    alter_replica_log_dirs::AlterReplicaLogDirsRequest,
    describe_log_dirs::DescribeLogDirsRequest,
    sasl_authenticate::SaslAuthenticateRequest,
    create_partitions::CreatePartitionsRequest,
    delete_groups::DeleteGroupsRequest,
    elect_leaders::ElectLeadersRequest,
    incremental_alter_configs::IncrementalAlterConfigsRequest,
    alter_partition_reassignments::AlterPartitionReassignmentsRequest,
    list_partition_reassignments::ListPartitionReassignmentsRequest,
    offset_delete::OffsetDeleteRequest,
    describe_client_quotas::DescribeClientQuotasRequest,
    alter_client_quotas::AlterClientQuotasRequest,
    describe_user_scram_credentials::DescribeUserScramCredentialsRequest,
    alter_user_scram_credentials::AlterUserScramCredentialsRequest,
    describe_quorum::DescribeQuorumRequest,
    update_features::UpdateFeaturesRequest,
    describe_cluster::DescribeClusterRequest,
    describe_producers::DescribeProducersRequest,
    unregister_broker::UnregisterBrokerRequest,
    describe_transactions::DescribeTransactionsRequest,
    list_transactions::ListTransactionsRequest,
    consumer_group_heartbeat::ConsumerGroupHeartbeatRequest,
    consumer_group_describe::ConsumerGroupDescribeRequest,
    list_config_resources::ListConfigResourcesRequest,
    describe_topic_partitions::DescribeTopicPartitionsRequest,
}
