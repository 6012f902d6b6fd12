//! Keys and values of a consumer group (KIP-848): its epochs, its members, what each shall have and what each has.

use bytes::Bytes;
use strait_wire::ids::Uuid;
use strait_wire_derive::Message;

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 3, versions = "0", flexible = "none")]
pub struct ConsumerGroupMetadataKey {
    #[field(versions = "0")]
    pub group_id: String,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 3, versions = "0", flexible = "0+")]
pub struct ConsumerGroupMetadataValue {
    #[field(versions = "0+")]
    pub epoch: i32,
    /// Of the topics that are read (KIP-1101); since Kafka 4.1.
    #[field(versions = "0+", tag = 0, tagged = "0+")]
    pub metadata_hash: i64,
}

/// Kafka wrote it until 4.0; read, so that it is removed, and never written.
#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 4, versions = "0", flexible = "none")]
pub struct ConsumerGroupPartitionMetadataKey {
    #[field(versions = "0")]
    pub group_id: String,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 4, versions = "0", flexible = "0+")]
pub struct ConsumerGroupPartitionMetadataValue {
    #[field(versions = "0+")]
    pub topics: Vec<TopicMetadata>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct TopicMetadata {
    #[field(versions = "0+")]
    pub topic_id: Uuid,
    #[field(versions = "0+")]
    pub topic_name: String,
    #[field(versions = "0+")]
    pub num_partitions: i32,
    #[field(versions = "0+")]
    pub partition_metadata: Vec<PartitionMetadata>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct PartitionMetadata {
    #[field(versions = "0+")]
    pub partition: i32,
    #[field(versions = "0+")]
    pub racks: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 5, versions = "0", flexible = "none")]
pub struct ConsumerGroupMemberMetadataKey {
    #[field(versions = "0")]
    pub group_id: String,
    #[field(versions = "0")]
    pub member_id: String,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 5, versions = "0", flexible = "0+")]
pub struct ConsumerGroupMemberMetadataValue {
    #[field(versions = "0+", nullable = "0+")]
    pub instance_id: Option<String>,
    #[field(versions = "0+", nullable = "0+")]
    pub rack_id: Option<String>,
    #[field(versions = "0+")]
    pub client_id: String,
    #[field(versions = "0+")]
    pub client_host: String,
    #[field(versions = "0+")]
    pub subscribed_topic_names: Vec<String>,
    #[field(versions = "0+", nullable = "0+")]
    pub subscribed_topic_regex: Option<String>,
    #[field(versions = "0+", default = "-1")]
    pub rebalance_timeout_ms: i32,
    #[field(versions = "0+", nullable = "0+")]
    pub server_assignor: Option<String>,
    #[field(versions = "0+", nullable = "0+", tag = 0, tagged = "0+", default = "null")]
    pub classic_member_metadata: Option<ClassicMemberMetadata>,
}

/// A member that speaks the classic protocol.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct ClassicMemberMetadata {
    #[field(versions = "0+")]
    pub session_timeout_ms: i32,
    #[field(versions = "0+")]
    pub supported_protocols: Vec<ClassicProtocol>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct ClassicProtocol {
    #[field(versions = "0+")]
    pub name: String,
    #[field(versions = "0+")]
    pub metadata: Bytes,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 6, versions = "0", flexible = "none")]
pub struct ConsumerGroupTargetAssignmentMetadataKey {
    #[field(versions = "0")]
    pub group_id: String,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 6, versions = "0", flexible = "0+")]
pub struct ConsumerGroupTargetAssignmentMetadataValue {
    #[field(versions = "0+")]
    pub assignment_epoch: i32,
    /// Milliseconds (KIP-1263); since Kafka 4.3.
    #[field(versions = "0+", tag = 0, tagged = "0+", ignorable)]
    pub assignment_timestamp: i64,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 7, versions = "0", flexible = "none")]
pub struct ConsumerGroupTargetAssignmentMemberKey {
    #[field(versions = "0")]
    pub group_id: String,
    #[field(versions = "0")]
    pub member_id: String,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 7, versions = "0", flexible = "0+")]
pub struct ConsumerGroupTargetAssignmentMemberValue {
    #[field(versions = "0+")]
    pub topic_partitions: Vec<TopicPartition>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct TopicPartition {
    #[field(versions = "0+")]
    pub topic_id: Uuid,
    #[field(versions = "0+")]
    pub partitions: Vec<i32>,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 8, versions = "0", flexible = "none")]
pub struct ConsumerGroupCurrentMemberAssignmentKey {
    #[field(versions = "0")]
    pub group_id: String,
    #[field(versions = "0")]
    pub member_id: String,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 8, versions = "0", flexible = "0+")]
pub struct ConsumerGroupCurrentMemberAssignmentValue {
    #[field(versions = "0+")]
    pub member_epoch: i32,
    #[field(versions = "0+")]
    pub previous_member_epoch: i32,
    #[field(versions = "0+")]
    pub state: i8,
    #[field(versions = "0+")]
    pub assigned_partitions: Vec<TopicPartitions>,
    #[field(versions = "0+")]
    pub partitions_pending_revocation: Vec<TopicPartitions>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct TopicPartitions {
    #[field(versions = "0+")]
    pub topic_id: Uuid,
    #[field(versions = "0+")]
    pub partitions: Vec<i32>,
    /// In which epoch the member got each of the partitions; since Kafka 4.3.
    #[field(versions = "0+", nullable = "0+", tag = 0, tagged = "0+", default = "null")]
    pub assignment_epochs: Option<Vec<i32>>,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 16, versions = "0", flexible = "none")]
pub struct ConsumerGroupRegularExpressionKey {
    #[field(versions = "0")]
    pub group_id: String,
    #[field(versions = "0")]
    pub regular_expression: String,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 16, versions = "0", flexible = "0+")]
pub struct ConsumerGroupRegularExpressionValue {
    #[field(versions = "0+")]
    pub topics: Vec<String>,
    #[field(versions = "0+")]
    pub version: i64,
    #[field(versions = "0+")]
    pub timestamp: i64,
}
