//! Messages that both know are the same bytes in kafka-protocol, and random ones survive decoding and encoding.

use bytes::{Bytes, BytesMut};
use kafka_protocol::protocol::{Decodable, Encodable, Message as _, VersionRange};
use strait_wire::codec::{Decoder, Encoder, Message, Request};
use strait_wire::message::{RequestVisitor, visit_requests};

use crate::generate::{Random, Style, message};

const CASES: u64 = 60;

/// A message type of kafka-protocol.
struct Oracle {
    name: &'static str,
    versions: VersionRange,
    decode_and_encode: fn(&[u8], i16) -> Result<Vec<u8>, String>,
}

fn decode_and_encode<T: Decodable + Encodable>(bytes: &[u8], version: i16) -> Result<Vec<u8>, String> {
    let mut input = Bytes::copy_from_slice(bytes);
    let decoded = T::decode(&mut input, version).map_err(|error| format!("decode: {error}"))?;
    if !input.is_empty() {
        return Err(format!("{} bytes left over", input.len()));
    }
    let mut out = BytesMut::new();
    decoded.encode(&mut out, version).map_err(|error| format!("encode: {error}"))?;
    Ok(out.to_vec())
}

macro_rules! oracles {
    ($($name:ident,)*) => {
        const ORACLES: &[Oracle] = &[$(Oracle {
            name: stringify!($name),
            versions: kafka_protocol::messages::$name::VERSIONS,
            decode_and_encode: decode_and_encode::<kafka_protocol::messages::$name>,
        },)*];
    };
}

#[rustfmt::skip]
oracles! {
    ProduceRequest, ProduceResponse,
    FetchRequest, FetchResponse,
    ListOffsetsRequest, ListOffsetsResponse,
    MetadataRequest, MetadataResponse,
    OffsetCommitRequest, OffsetCommitResponse,
    OffsetFetchRequest, OffsetFetchResponse,
    FindCoordinatorRequest, FindCoordinatorResponse,
    JoinGroupRequest, JoinGroupResponse,
    HeartbeatRequest, HeartbeatResponse,
    LeaveGroupRequest, LeaveGroupResponse,
    SyncGroupRequest, SyncGroupResponse,
    DescribeGroupsRequest, DescribeGroupsResponse,
    ListGroupsRequest, ListGroupsResponse,
    SaslHandshakeRequest, SaslHandshakeResponse,
    ApiVersionsRequest, ApiVersionsResponse,
    CreateTopicsRequest, CreateTopicsResponse,
    DeleteTopicsRequest, DeleteTopicsResponse,
    DeleteRecordsRequest, DeleteRecordsResponse,
    InitProducerIdRequest, InitProducerIdResponse,
    OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse,
    AddPartitionsToTxnRequest, AddPartitionsToTxnResponse,
    AddOffsetsToTxnRequest, AddOffsetsToTxnResponse,
    EndTxnRequest, EndTxnResponse,
    WriteTxnMarkersRequest, WriteTxnMarkersResponse,
    TxnOffsetCommitRequest, TxnOffsetCommitResponse,
    DescribeAclsRequest, DescribeAclsResponse,
    CreateAclsRequest, CreateAclsResponse,
    DeleteAclsRequest, DeleteAclsResponse,
    DescribeConfigsRequest, DescribeConfigsResponse,
    AlterConfigsRequest, AlterConfigsResponse,
    DescribeLogDirsRequest, DescribeLogDirsResponse,
    SaslAuthenticateRequest, SaslAuthenticateResponse,
    CreatePartitionsRequest, CreatePartitionsResponse,
    DeleteGroupsRequest, DeleteGroupsResponse,
    IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse,
    OffsetDeleteRequest, OffsetDeleteResponse,
    DescribeClientQuotasRequest, DescribeClientQuotasResponse,
    DescribeUserScramCredentialsRequest, DescribeUserScramCredentialsResponse,
    AlterUserScramCredentialsRequest, AlterUserScramCredentialsResponse,
    DescribeClusterRequest, DescribeClusterResponse,
    DescribeProducersRequest, DescribeProducersResponse,
    DescribeTransactionsRequest, DescribeTransactionsResponse,
    ListTransactionsRequest, ListTransactionsResponse,
    ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse,
    ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse,
    DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse,
    AlterClientQuotasRequest, AlterClientQuotasResponse,
    AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse,
    AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse,
    DescribeQuorumRequest, DescribeQuorumResponse,
    ElectLeadersRequest, ElectLeadersResponse,
    ListConfigResourcesRequest, ListConfigResourcesResponse,
    ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse,
    UnregisterBrokerRequest, UnregisterBrokerResponse,
    UpdateFeaturesRequest, UpdateFeaturesResponse,
}

fn encoded<M: Message>(message: &M, version: i16) -> Vec<u8> {
    let mut out = Encoder::new();
    message.encode(version, &mut out).unwrap_or_else(|error| panic!("{} {version}: {error}", M::NAME));
    out.finish().concat()
}

fn decoded<M: Message>(bytes: &[u8], version: i16, what: &str) -> M {
    let mut input = Decoder::new(Bytes::copy_from_slice(bytes));
    let message = M::decode(version, &mut input).unwrap_or_else(|error| panic!("{what}: {error}: {bytes:?}"));
    assert_eq!(input.remaining(), 0, "{what}: bytes left over");
    message
}

/// Counts pairs of message and version that were compared with the oracle.
#[derive(Default)]
struct Comparison {
    compared: usize,
    alone: Vec<String>,
}

impl Comparison {
    fn message<M: Message>(&mut self) {
        let oracle = ORACLES.iter().find(|oracle| oracle.name == M::NAME).expect(M::NAME);
        for version in M::MIN_VERSION..=M::MAX_VERSION {
            let known = (oracle.versions.min..=oracle.versions.max).contains(&version);
            if known {
                self.compared += 1;
            } else {
                self.alone.push(format!("{} {version}", M::NAME));
            }
            for seed in 0..CASES {
                case::<M>(version, seed, known.then_some(oracle));
            }
        }
    }
}

impl RequestVisitor for Comparison {
    fn visit<R: Request>(&mut self) {
        self.message::<R>();
        self.message::<R::Response>();
    }
}

fn case<M: Message>(version: i16, seed: u64, oracle: Option<&Oracle>) {
    let what = format!("{} version {version} seed {seed}", M::NAME);
    let bytes = message::<M>(version, Style::Plain, &mut Random::new(seed));
    let ours: M = decoded(&bytes, version, &what);
    assert_eq!(encoded(&ours, version), bytes, "{what}: {ours:?}");
    if let Some(oracle) = oracle {
        let theirs = (oracle.decode_and_encode)(&bytes, version);
        assert_eq!(theirs.as_deref(), Ok(&*bytes), "{what} in kafka-protocol: {ours:?}");
    }
    let more = message::<M>(version, Style::UnknownTags, &mut Random::new(seed));
    assert_eq!(decoded::<M>(&more, version, &what), ours, "{what} with unknown tags");
}

/// Newer than kafka-protocol 0.18: checked by the schema and by coming back as they were.
const ALONE: [&str; 9] = [
    "ListOffsetsRequest 11",
    "ListOffsetsResponse 11",
    "OffsetCommitRequest 10",
    "OffsetFetchRequest 10",
    "InitProducerIdRequest 6",
    "WriteTxnMarkersRequest 2",
    "WriteTxnMarkersResponse 2",
    "DescribeLogDirsRequest 5",
    "DescribeLogDirsResponse 5",
];

#[test]
fn messages_are_those_of_the_oracle_and_come_back_as_they_were() {
    let mut comparison = Comparison::default();
    visit_requests(&mut comparison);
    assert_eq!((comparison.compared, comparison.alone), (479, ALONE.map(str::to_owned).to_vec()));
}
