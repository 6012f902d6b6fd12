//! What members of a classic consumer group tell each other through the coordinator (`ConsumerProtocol`): a version,
//! then a message. A newer version is read as the newest that is known here; what it has more is left alone.

use bytes::{Bytes, BytesMut};
use strait_wire_derive::Message;

use crate::codec::{DecodeError, Decoder, EncodeError, Encoder, Message};

/// What a member wants, and what it has. Version 1 tells what it has, 2 since which generation, 3 its rack.
#[derive(Clone, Debug, PartialEq, Message)]
#[message(versions = "0-3", flexible = "none")]
pub struct ConsumerProtocolSubscription {
    #[field(versions = "0+")]
    pub topics: Vec<String>,
    #[field(versions = "0+", nullable = "0+", default = "null")]
    pub user_data: Option<Bytes>,
    #[field(versions = "1+", ignorable)]
    pub owned_partitions: Vec<TopicPartitions>,
    #[field(versions = "2+", default = "-1", ignorable)]
    pub generation_id: i32,
    #[field(versions = "3+", nullable = "3+", default = "null", ignorable)]
    pub rack_id: Option<String>,
}

/// What a member gets.
#[derive(Clone, Debug, PartialEq, Message)]
#[message(versions = "0-3", flexible = "none")]
pub struct ConsumerProtocolAssignment {
    #[field(versions = "0+")]
    pub assigned_partitions: Vec<TopicPartitions>,
    #[field(versions = "0+", nullable = "0+", default = "null")]
    pub user_data: Option<Bytes>,
}

/// Partitions of a topic.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct TopicPartitions {
    #[field(versions = "0+")]
    pub topic: String,
    #[field(versions = "0+")]
    pub partitions: Vec<i32>,
}

/// What the sticky assignor keeps in the user data (`StickyAssignor`); version 1 has the generation. No version stands
/// in front of it.
#[derive(Clone, Debug, PartialEq, Message)]
#[message(versions = "0-1", flexible = "none")]
pub struct StickyUserData {
    #[field(versions = "0+")]
    pub previous_assignment: Vec<TopicPartitions>,
    #[field(versions = "1+", default = "-1", ignorable)]
    pub generation: i32,
}

/// The newest version behind its number.
pub fn encode<M: Message>(message: &M) -> Result<Bytes, EncodeError> {
    let mut out = Encoder::new();
    out.i16(M::MAX_VERSION);
    message.encode(M::MAX_VERSION, &mut out)?;
    let mut joined = BytesMut::new();
    out.finish().iter().for_each(|segment| joined.extend_from_slice(segment));
    Ok(joined.freeze())
}

/// Reads the number of a version and a message of that version.
pub fn decode<M: Message>(bytes: Bytes) -> Result<M, DecodeError> {
    let mut input = Decoder::new(bytes);
    let version = input.i16()?;
    M::decode(version.min(M::MAX_VERSION), &mut input)
}
