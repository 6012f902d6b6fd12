//! How long a broker wants to be left alone: quotas (KIP-219).

use std::any::Any;
use std::time::Duration;

use strait_wire::message;
use tokio::time::Instant;

/// What a broker last said.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Throttle {
    pub(crate) last: Duration,
    pub(crate) until: Option<Instant>,
}

macro_rules! throttled_responses {
    ($($module:ident :: $response:ident,)*) => {
        /// The throttle time that a response carries.
        pub(crate) fn throttle_of<T: Any>(response: &T) -> Duration {
            let response: &dyn Any = response;
            $(if let Some(response) = response.downcast_ref::<message::$module::$response>() {
                return millis(response.throttle_time_ms);
            })*
            Duration::ZERO
        }
    };
}

throttled_responses! {
    fetch::FetchResponse,
    produce::ProduceResponse,
    list_offsets::ListOffsetsResponse,
    metadata::MetadataResponse,
    offset_for_leader_epoch::OffsetForLeaderEpochResponse,
    offset_commit::OffsetCommitResponse,
    offset_fetch::OffsetFetchResponse,
    find_coordinator::FindCoordinatorResponse,
    init_producer_id::InitProducerIdResponse,
    add_partitions_to_txn::AddPartitionsToTxnResponse,
    end_txn::EndTxnResponse,
    create_topics::CreateTopicsResponse,
    create_partitions::CreatePartitionsResponse,
    delete_topics::DeleteTopicsResponse,
    delete_records::DeleteRecordsResponse,
    describe_configs::DescribeConfigsResponse,
    incremental_alter_configs::IncrementalAlterConfigsResponse,
    describe_acls::DescribeAclsResponse,
    describe_client_quotas::DescribeClientQuotasResponse,
    alter_client_quotas::AlterClientQuotasResponse,
    describe_user_scram_credentials::DescribeUserScramCredentialsResponse,
    alter_user_scram_credentials::AlterUserScramCredentialsResponse,
    describe_producers::DescribeProducersResponse,
    describe_transactions::DescribeTransactionsResponse,
    list_transactions::ListTransactionsResponse,
}

fn millis(throttle_time_ms: i32) -> Duration {
    Duration::from_millis(u64::try_from(throttle_time_ms).unwrap_or(0))
}
