//! The records of our compacted state topic: versioned binary keys and values, decoded within the bytes present.
//! An unknown version is an error, never a guess. Layout: version i16, kind u8, fields; numbers big-endian,
//! a string is its length as the shortest LEB128 and its UTF-8 bytes.

mod codec;

use bytes::Bytes;
use strait_wire::ids::Uuid;

use codec::{Reader, Writer};

/// The version of keys and values that this code writes and reads.
pub const VERSION: i16 = 0;

const KIND_PRODUCER: u8 = 1;
const KIND_POSITION: u8 = 2;
const KIND_OWNER: u8 = 3;

/// What a record is about. The newest value of a key counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// The producer id of a flow for records that began in a cluster.
    Producer { flow: String, source_cluster_id: String },
    /// How far a partition is copied.
    Position { flow: String, source_cluster_id: String, topic: String, partition: i32 },
    /// The instance that may write for a flow.
    Owner { flow: String },
}

/// What is known under a key of the same kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// The identity that writes, valid at one target cluster only.
    Producer { producer_id: i64, producer_epoch: i16, target_cluster_id: String },
    /// `source_offset` is next to copy, `target_offset` is where it is expected to land.
    Position {
        source_topic_id: Uuid,
        leader_epoch: i32,
        source_offset: i64,
        next_sequence: i32,
        target_offset: i64,
    },
    /// The owner, and how many owners there were.
    Owner { instance: String, generation: i64 },
}

/// Why the bytes are no record of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateRecordError {
    #[error("version {version} is not known (this program knows up to {VERSION}), a newer Strait wrote it")]
    UnknownVersion { version: i16 },
    #[error("kind {kind} is not known in version {VERSION}")]
    UnknownKind { kind: u8 },
    #[error("ends early: {needed} bytes needed at byte {at}, {remaining} left")]
    Truncated { at: usize, needed: u64, remaining: usize },
    #[error("{remaining} bytes are left over at byte {at}")]
    TrailingBytes { at: usize, remaining: usize },
    #[error("the length at byte {at} is not in its shortest form")]
    MalformedLength { at: usize },
    #[error("the string at byte {at} is not UTF-8")]
    NotUtf8 { at: usize },
}

impl Key {
    /// The bytes of the key, the same for equal keys.
    pub fn encode(&self) -> Bytes {
        let mut out = Writer::new(VERSION);
        match self {
            Self::Producer { flow, source_cluster_id } => {
                out.u8(KIND_PRODUCER);
                out.string(flow);
                out.string(source_cluster_id);
            }
            Self::Position { flow, source_cluster_id, topic, partition } => {
                out.u8(KIND_POSITION);
                out.string(flow);
                out.string(source_cluster_id);
                out.string(topic);
                out.i32(*partition);
            }
            Self::Owner { flow } => {
                out.u8(KIND_OWNER);
                out.string(flow);
            }
        }
        out.finish()
    }

    /// Reads a key; every byte must belong to it.
    pub fn decode(bytes: impl AsRef<[u8]>) -> Result<Self, StateRecordError> {
        let mut input = Reader::new(bytes.as_ref())?;
        let key = match input.u8()? {
            KIND_PRODUCER => Self::Producer { flow: input.string()?, source_cluster_id: input.string()? },
            KIND_POSITION => Self::Position {
                flow: input.string()?,
                source_cluster_id: input.string()?,
                topic: input.string()?,
                partition: input.i32()?,
            },
            KIND_OWNER => Self::Owner { flow: input.string()? },
            kind => return Err(StateRecordError::UnknownKind { kind }),
        };
        input.finish()?;
        Ok(key)
    }
}

impl Value {
    /// The bytes of the value.
    pub fn encode(&self) -> Bytes {
        let mut out = Writer::new(VERSION);
        match self {
            Self::Producer { producer_id, producer_epoch, target_cluster_id } => {
                out.u8(KIND_PRODUCER);
                out.i64(*producer_id);
                out.i16(*producer_epoch);
                out.string(target_cluster_id);
            }
            Self::Position { source_topic_id, leader_epoch, source_offset, next_sequence, target_offset } => {
                out.u8(KIND_POSITION);
                out.uuid(*source_topic_id);
                out.i32(*leader_epoch);
                out.i64(*source_offset);
                out.i32(*next_sequence);
                out.i64(*target_offset);
            }
            Self::Owner { instance, generation } => {
                out.u8(KIND_OWNER);
                out.string(instance);
                out.i64(*generation);
            }
        }
        out.finish()
    }

    /// Reads a value; every byte must belong to it.
    pub fn decode(bytes: impl AsRef<[u8]>) -> Result<Self, StateRecordError> {
        let mut input = Reader::new(bytes.as_ref())?;
        let value = match input.u8()? {
            KIND_PRODUCER => Self::Producer {
                producer_id: input.i64()?,
                producer_epoch: input.i16()?,
                target_cluster_id: input.string()?,
            },
            KIND_POSITION => Self::Position {
                source_topic_id: input.uuid()?,
                leader_epoch: input.i32()?,
                source_offset: input.i64()?,
                next_sequence: input.i32()?,
                target_offset: input.i64()?,
            },
            KIND_OWNER => Self::Owner { instance: input.string()?, generation: input.i64()? },
            kind => return Err(StateRecordError::UnknownKind { kind }),
        };
        input.finish()?;
        Ok(value)
    }
}

#[cfg(test)]
mod tests;
