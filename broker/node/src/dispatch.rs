//! From a frame to the answer: which API keys are served, in which versions, by which handler.

use bytes::Bytes;
use strait_wire::api_key::ApiKey;
use strait_wire::codec::{
    DecodeError, Decoder, Request, RequestHeader, decode_request_header, response_frame,
};
use strait_wire::message::api_versions::ApiVersionsRequest;
use strait_wire::message::produce::ProduceRequest;

use crate::api;
use crate::broker::Broker;
use crate::connection::ConnectionError;

/// An API key and the versions that are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Served {
    pub(crate) key: ApiKey,
    pub(crate) min_version: i16,
    pub(crate) max_version: i16,
    flexible_from: i16,
}

/// Who asks, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller<'a> {
    pub(crate) version: i16,
    pub(crate) client_id: &'a str,
    /// As Java prints an address: `/127.0.0.1`.
    pub(crate) host: &'a str,
}

macro_rules! served {
    ($($name:ident: $request:path, up to $max:literal;)*) => {
        /// All that is served. Versions above `up to` need what this broker does not have.
        pub(crate) const SERVED: &[Served] = &[
            Served {
                key: ApiVersionsRequest::KEY,
                min_version: <ApiVersionsRequest as strait_wire::codec::Message>::MIN_VERSION,
                max_version: 4,
                flexible_from: <ApiVersionsRequest as strait_wire::codec::Message>::FLEXIBLE_FROM,
            },
            Served {
                key: ProduceRequest::KEY,
                min_version: <ProduceRequest as strait_wire::codec::Message>::MIN_VERSION,
                max_version: 11,
                flexible_from: <ProduceRequest as strait_wire::codec::Message>::FLEXIBLE_FROM,
            },
            $(Served {
                key: <$request as Request>::KEY,
                min_version: <$request as strait_wire::codec::Message>::MIN_VERSION,
                max_version: $max,
                flexible_from: <$request as strait_wire::codec::Message>::FLEXIBLE_FROM,
            },)*
        ];

        async fn handle(
            broker: &Broker,
            host: &str,
            header: &RequestHeader,
            input: &mut Decoder,
        ) -> Result<Option<Vec<Bytes>>, ConnectionError> {
            let (version, correlation_id) = (header.api_version, header.correlation_id);
            let caller = Caller { version, client_id: header.client_id.as_deref().unwrap_or(""), host };
            match ApiKey(header.api_key) {
                ApiKey::PRODUCE => produce(broker, caller, correlation_id, input).await,
                $(key if key == <$request as Request>::KEY => {
                    let request = <$request as strait_wire::codec::Message>::decode(version, input)?;
                    let response = api::$name::handle(broker, caller, request).await;
                    Ok(Some(response_frame::<$request>(&response, version, correlation_id)?))
                })*
                _ => Err(not_served(header)),
            }
        }
    };
}

served! {
    fetch: strait_wire::message::fetch::FetchRequest, up to 17;
    list_offsets: strait_wire::message::list_offsets::ListOffsetsRequest, up to 10;
    metadata: strait_wire::message::metadata::MetadataRequest, up to 13;
    offset_commit: strait_wire::message::offset_commit::OffsetCommitRequest, up to 9;
    offset_fetch: strait_wire::message::offset_fetch::OffsetFetchRequest, up to 9;
    find_coordinator: strait_wire::message::find_coordinator::FindCoordinatorRequest, up to 6;
    join_group: strait_wire::message::join_group::JoinGroupRequest, up to 9;
    heartbeat: strait_wire::message::heartbeat::HeartbeatRequest, up to 4;
    leave_group: strait_wire::message::leave_group::LeaveGroupRequest, up to 5;
    sync_group: strait_wire::message::sync_group::SyncGroupRequest, up to 5;
    describe_groups: strait_wire::message::describe_groups::DescribeGroupsRequest, up to 6;
    list_groups: strait_wire::message::list_groups::ListGroupsRequest, up to 5;
    create_topics: strait_wire::message::create_topics::CreateTopicsRequest, up to 7;
    delete_topics: strait_wire::message::delete_topics::DeleteTopicsRequest, up to 6;
    delete_records: strait_wire::message::delete_records::DeleteRecordsRequest, up to 2;
    init_producer_id: strait_wire::message::init_producer_id::InitProducerIdRequest, up to 5;
    offset_for_leader_epoch: strait_wire::message::offset_for_leader_epoch::OffsetForLeaderEpochRequest, up to 4;
    describe_configs: strait_wire::message::describe_configs::DescribeConfigsRequest, up to 4;
    create_partitions: strait_wire::message::create_partitions::CreatePartitionsRequest, up to 3;
    delete_groups: strait_wire::message::delete_groups::DeleteGroupsRequest, up to 2;
    incremental_alter_configs: strait_wire::message::incremental_alter_configs::IncrementalAlterConfigsRequest, up to 1;
    offset_delete: strait_wire::message::offset_delete::OffsetDeleteRequest, up to 0;
    describe_cluster: strait_wire::message::describe_cluster::DescribeClusterRequest, up to 2;
    describe_producers: strait_wire::message::describe_producers::DescribeProducersRequest, up to 0;
}

/// The answer to one frame; none for a produce request that asks for none.
///
/// # Errors
/// What ends the connection: bytes that are no request, or a key or version that is not served.
pub(crate) async fn answer(
    broker: &Broker,
    host: &str,
    frame: Bytes,
) -> Result<Option<Vec<Bytes>>, ConnectionError> {
    let mut input = Decoder::new(frame);
    let header = decode_request_header(&mut input, is_flexible)?;
    if header.api_key == ApiKey::API_VERSIONS.0 {
        return api_versions(&header, &mut input).map(Some);
    }
    let is_served = served(header.api_key)
        .is_some_and(|served| (served.min_version..=served.max_version).contains(&header.api_version));
    if !is_served {
        return Err(not_served(&header));
    }
    handle(broker, host, &header, &mut input).await
}

fn served(api_key: i16) -> Option<&'static Served> {
    SERVED.iter().find(|served| served.key.0 == api_key)
}

fn is_flexible(api_key: i16, version: i16) -> bool {
    served(api_key).is_some_and(|served| version >= served.flexible_from)
}

fn not_served(header: &RequestHeader) -> ConnectionError {
    let (api_key, api_version) = (header.api_key, header.api_version);
    ConnectionError::NotServed {
        client_id: header.client_id.clone().unwrap_or_default(),
        api_key,
        api_version,
    }
}

/// A version that is not known is answered in version 0, which names those that are (KIP-511).
fn api_versions(header: &RequestHeader, input: &mut Decoder) -> Result<Vec<Bytes>, ConnectionError> {
    let is_known = served(header.api_key).is_some_and(|served| header.api_version <= served.max_version);
    let request: Result<ApiVersionsRequest, DecodeError> = match is_known {
        true => strait_wire::codec::Message::decode(header.api_version, input),
        false => Ok(ApiVersionsRequest::default()),
    };
    let response = api::api_versions::handle(&request?, header.api_version, is_known);
    let version = if is_known { header.api_version } else { 0 };
    Ok(response_frame::<ApiVersionsRequest>(&response, version, header.correlation_id)?)
}

async fn produce(
    broker: &Broker,
    caller: Caller<'_>,
    correlation_id: i32,
    input: &mut Decoder,
) -> Result<Option<Vec<Bytes>>, ConnectionError> {
    let request = <ProduceRequest as strait_wire::codec::Message>::decode(caller.version, input)?;
    let wants_answer = request.acks != 0;
    let response = api::produce::handle(broker, caller, request);
    if wants_answer {
        return Ok(Some(response_frame::<ProduceRequest>(&response, caller.version, correlation_id)?));
    }
    // Nobody reads an error: the connection is closed, so that the client looks at the metadata again.
    let answers = response.responses.iter().flat_map(|topic| &topic.partition_responses);
    match answers.into_iter().all(|answer| answer.error_code == 0) {
        true => Ok(None),
        false => Err(ConnectionError::UnacknowledgedFailed),
    }
}
