//! The table of served requests: key, versions, handler. What is not in it closes the connection, since no form of an
//! answer is known.

use bytes::Bytes;
use strait_broker_log::FileRange;
use strait_wire::codec::{
    DecodeError, Decoder, EncodeError, Message, Request, RequestHeader, decode_request_header, response_frame,
};
use strait_wire::message;
use strait_wire::message::produce::ProduceRequest;

use crate::api;
use crate::call::Call;
use crate::memory::AnswerShare;

/// Versions of a request that are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Served {
    pub(crate) key: i16,
    pub(crate) min_version: i16,
    pub(crate) max_version: i16,
    flexible_from: i16,
}

/// What follows a request.
#[derive(Debug)]
pub(crate) enum Reply {
    /// A frame in segments, what goes into its gaps, and what it takes of the memory for answers. The client is not heard
    /// for so many milliseconds after it.
    Frame { segments: Vec<Bytes>, files: Vec<FileRange>, throttle_ms: i32, share: Option<AnswerShare> },
    /// Nothing is answered, and the client is not heard for so many milliseconds.
    Nothing { throttle_ms: i32 },
    /// The connection is closed.
    Close(String),
}

/// What a handler gives.
#[derive(Debug)]
pub(crate) enum Answer<R> {
    Response(R),
    /// A response with records, some in files, that takes part of the memory for answers until it was sent.
    Large(R, Vec<FileRange>, AnswerShare),
    /// Nothing is answered, and the client is not heard for so many milliseconds.
    Nothing {
        throttle_ms: i32,
    },
    /// The connection is closed for this reason.
    Close(String),
}

impl<R: Message> From<R> for Answer<R> {
    fn from(response: R) -> Self {
        Self::Response(response)
    }
}

/// A request that can't be answered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestError {
    #[error("key {key}, version {version} is not served")]
    NotServed { key: i16, version: i16 },
    #[error("malformed request: {0}")]
    Decode(#[from] DecodeError),
    #[error("the response can't be written: {0}")]
    Encode(#[from] EncodeError),
}

/// Where a response tells for how long its client is held back.
macro_rules! throttle_time {
    ($response:ident) => {
        Some(&mut $response.throttle_time_ms)
    };
    ($response:ident untold) => {{
        let _ = $response;
        None
    }};
}

macro_rules! served {
    ($($file:ident::$request:ident, $min:literal to $max:literal $(, $untold:ident)?;)*) => {
        /// All requests that are served, in order of their keys.
        pub(crate) const SERVED: &[Served] = &[$(Served {
            key: <message::$file::$request as Request>::KEY.0,
            min_version: $min,
            max_version: $max,
            flexible_from: <message::$file::$request as Message>::FLEXIBLE_FROM,
        },)*];

        async fn answer(call: &Call, key: i16, mut body: Decoder) -> Result<Reply, RequestError> {
            match key {
                $(key if key == <message::$file::$request as Request>::KEY.0 => {
                    let request = message::$file::$request::decode(call.version, &mut body)?;
                    drop(body);
                    // Boxed: the longest future of all handlers would be held for each connection.
                    let answer: Answer<<message::$file::$request as Request>::Response> =
                        Box::pin(api::$file::handle(call, request)).await.into();
                    reply::<message::$file::$request>(call, answer, |response| {
                        throttle_time!(response $($untold)?)
                    })
                })*
                key => Err(RequestError::NotServed { key, version: call.version }),
            }
        }
    };
}

served! {
    produce::ProduceRequest, 3 to 13;
    fetch::FetchRequest, 4 to 17;
    list_offsets::ListOffsetsRequest, 1 to 10;
    metadata::MetadataRequest, 0 to 13;
    offset_commit::OffsetCommitRequest, 2 to 9;
    offset_fetch::OffsetFetchRequest, 1 to 9;
    find_coordinator::FindCoordinatorRequest, 0 to 6;
    join_group::JoinGroupRequest, 0 to 9;
    heartbeat::HeartbeatRequest, 0 to 4;
    leave_group::LeaveGroupRequest, 0 to 5;
    sync_group::SyncGroupRequest, 0 to 5;
    describe_groups::DescribeGroupsRequest, 0 to 6;
    list_groups::ListGroupsRequest, 0 to 5;
    sasl_handshake::SaslHandshakeRequest, 0 to 1, untold;
    api_versions::ApiVersionsRequest, 0 to 4;
    create_topics::CreateTopicsRequest, 2 to 7;
    delete_topics::DeleteTopicsRequest, 1 to 6;
    delete_records::DeleteRecordsRequest, 0 to 2;
    init_producer_id::InitProducerIdRequest, 0 to 5;
    offset_for_leader_epoch::OffsetForLeaderEpochRequest, 2 to 4;
    add_partitions_to_txn::AddPartitionsToTxnRequest, 0 to 5;
    add_offsets_to_txn::AddOffsetsToTxnRequest, 0 to 4;
    end_txn::EndTxnRequest, 0 to 5;
    write_txn_markers::WriteTxnMarkersRequest, 1 to 1, untold;
    txn_offset_commit::TxnOffsetCommitRequest, 0 to 5;
    describe_acls::DescribeAclsRequest, 1 to 3;
    create_acls::CreateAclsRequest, 1 to 3;
    delete_acls::DeleteAclsRequest, 1 to 3;
    describe_configs::DescribeConfigsRequest, 1 to 4;
    alter_configs::AlterConfigsRequest, 0 to 2;
    alter_replica_log_dirs::AlterReplicaLogDirsRequest, 1 to 2;
    describe_log_dirs::DescribeLogDirsRequest, 1 to 4;
    sasl_authenticate::SaslAuthenticateRequest, 0 to 2, untold;
    create_partitions::CreatePartitionsRequest, 0 to 3;
    delete_groups::DeleteGroupsRequest, 0 to 2;
    elect_leaders::ElectLeadersRequest, 0 to 2;
    incremental_alter_configs::IncrementalAlterConfigsRequest, 0 to 1;
    alter_partition_reassignments::AlterPartitionReassignmentsRequest, 0 to 1;
    list_partition_reassignments::ListPartitionReassignmentsRequest, 0 to 0;
    offset_delete::OffsetDeleteRequest, 0 to 0;
    describe_client_quotas::DescribeClientQuotasRequest, 0 to 1;
    alter_client_quotas::AlterClientQuotasRequest, 0 to 1;
    describe_user_scram_credentials::DescribeUserScramCredentialsRequest, 0 to 0;
    alter_user_scram_credentials::AlterUserScramCredentialsRequest, 0 to 0;
    describe_quorum::DescribeQuorumRequest, 0 to 2, untold;
    update_features::UpdateFeaturesRequest, 0 to 2;
    describe_cluster::DescribeClusterRequest, 0 to 2;
    describe_producers::DescribeProducersRequest, 0 to 0;
    unregister_broker::UnregisterBrokerRequest, 0 to 0;
    describe_transactions::DescribeTransactionsRequest, 0 to 0;
    list_transactions::ListTransactionsRequest, 0 to 2;
    consumer_group_heartbeat::ConsumerGroupHeartbeatRequest, 0 to 1;
    consumer_group_describe::ConsumerGroupDescribeRequest, 0 to 1;
    list_config_resources::ListConfigResourcesRequest, 0 to 1;
    describe_topic_partitions::DescribeTopicPartitionsRequest, 0 to 0;
}

/// Tells the client for how long it is held back, by the quota of its requests or by what its request did.
fn held_back(call: &Call, told: Option<&mut i32>) -> i32 {
    let by_requests = call.request_throttle_ms();
    let Some(told) = told else { return by_requests };
    *told = by_requests.max(*told);
    *told
}

/// The frame of an answer. `throttle_time` is where its response tells for how long the client is held back.
fn reply<R: Request>(
    call: &Call,
    mut answer: Answer<R::Response>,
    throttle_time: impl FnOnce(&mut R::Response) -> Option<&mut i32>,
) -> Result<Reply, RequestError> {
    let throttle_ms = match &mut answer {
        Answer::Response(response) | Answer::Large(response, ..) => held_back(call, throttle_time(response)),
        Answer::Nothing { throttle_ms } => *throttle_ms,
        Answer::Close(_) => 0,
    };
    let frame = |response, files, share| {
        let segments = response_frame::<R>(response, call.version, call.correlation_id)?;
        Ok::<_, RequestError>(Reply::Frame { segments, files, throttle_ms, share })
    };
    Ok(match answer {
        Answer::Response(response) => frame(&response, Vec::new(), None)?,
        Answer::Large(response, files, share) => frame(&response, files, Some(share))?,
        Answer::Nothing { .. } => Reply::Nothing { throttle_ms },
        Answer::Close(reason) => Reply::Close(reason),
    })
}

/// Versions of a key that are served.
pub(crate) fn served(key: i16) -> Option<&'static Served> {
    SERVED.iter().find(|served| served.key == key)
}

/// The range that holds a version, where it is served.
fn range(key: i16, version: i16) -> Option<&'static Served> {
    served(key).filter(|range| (range.min_version..=range.max_version).contains(&version))
}

/// Reads the header of a request and leaves `frame` at its body. Of what is not served no more is read than what all
/// headers have, so that it can be named.
pub(crate) fn read_header(frame: &mut Decoder) -> Result<RequestHeader, DecodeError> {
    decode_request_header(frame, |key, version| {
        range(key, version).is_some_and(|range| version >= range.flexible_from)
    })
}

/// Answers one request.
pub(crate) async fn dispatch(call: &Call, key: i16, body: Decoder) -> Result<Reply, RequestError> {
    if api::api_versions::is_from_the_future(key, call.version) {
        let segments = api::api_versions::unsupported(call.correlation_id)?;
        return Ok(Reply::Frame { segments, files: Vec::new(), throttle_ms: 0, share: None });
    }
    admit(call, key)?;
    answer(call, key, body).await
}

/// Answers Produce requests that came one behind the other. What follows one that can't be answered is not looked at.
pub(crate) async fn dispatch_produce(
    requests: impl Iterator<Item = (&Call, Decoder)>,
) -> Vec<Result<Reply, RequestError>> {
    let (mut calls, mut decoded, mut refused) = (Vec::new(), Vec::new(), None);
    for (call, body) in requests {
        match decode_produce(call, body) {
            Ok(request) => {
                calls.push(call);
                decoded.push((call, request));
            }
            Err(error) => {
                refused = Some(Err(error));
                break;
            }
        }
    }
    let answers = Box::pin(api::produce::handle_all(decoded)).await;
    let replies = calls.into_iter().zip(answers).map(|(call, answer)| {
        reply::<ProduceRequest>(call, answer, |response| Some(&mut response.throttle_time_ms))
    });
    replies.chain(refused).collect()
}

fn decode_produce(call: &Call, mut body: Decoder) -> Result<ProduceRequest, RequestError> {
    admit(call, ProduceRequest::KEY.0)?;
    Ok(ProduceRequest::decode(call.version, &mut body)?)
}

/// Counts a request that is served.
fn admit(call: &Call, key: i16) -> Result<(), RequestError> {
    let version = call.version;
    range(key, version).ok_or(RequestError::NotServed { key, version })?;
    call.node.requests.count(key);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_is_served_once_in_order_without_gaps() {
        assert!(SERVED.is_sorted_by(|one, other| one.key < other.key));
        assert!(SERVED.iter().all(|served| served.min_version <= served.max_version));
    }
}
