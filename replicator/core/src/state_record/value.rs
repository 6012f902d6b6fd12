//! What is known under a key of the same kind.

use bytes::Bytes;
use strait_wire::ids::Uuid;

use super::codec::{Reader, Writer};
use super::{
    KIND_ACL, KIND_LOSS, KIND_MAP_CHUNK, KIND_OWNER, KIND_POSITION, KIND_PRODUCER, KIND_QUOTA, KIND_WORKER,
    POSITION_VERSION, StateRecordError, VERSION, acl,
};
use crate::acl_plan::AclOrigin;

/// What is known under a key of the same kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// The identity that writes, valid at one target cluster only.
    Producer {
        producer_id: i64,
        producer_epoch: i16,
        target_cluster_id: String,
    },
    Position(StoredPosition),
    /// The owner, and how many owners there were. It is written again at an interval as a sign of life.
    Owner {
        instance: String,
        generation: i64,
    },
    /// `last_offset` is -1 when the range has no known end.
    Loss {
        reason: String,
        last_offset: i64,
        at_ms: i64,
    },
    /// Of the map of a topic with this id.
    MapChunk {
        source_topic_id: Uuid,
        chunk: Bytes,
    },
    /// Where a rule of access comes from.
    Acl(AclOrigin),
    /// Where a quota or a user was set by a person.
    Principal {
        origin_cluster_id: String,
    },
    /// Whether the worker is to give up its shares.
    Worker {
        is_draining: bool,
    },
}

/// How far a partition is copied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredPosition {
    /// The owner's generation that wrote it: one of an earlier owner, written later, does not count.
    pub generation: i64,
    pub source_topic_id: Uuid,
    pub leader_epoch: i32,
    /// Next to copy.
    pub source_offset: i64,
    /// Everything copied lies below it.
    pub target_offset: i64,
    /// Sequence of the next record, by origin cluster id.
    pub sequences: Vec<(String, i32)>,
    /// The newest part of the offset map; empty in records of before there was one.
    pub map: Bytes,
}

impl Value {
    /// The bytes of the value.
    pub fn encode(&self) -> Bytes {
        let mut out = Writer::new(match self {
            Self::Position(_) => POSITION_VERSION,
            Self::Producer { .. }
            | Self::Owner { .. }
            | Self::Loss { .. }
            | Self::MapChunk { .. }
            | Self::Acl(_)
            | Self::Principal { .. }
            | Self::Worker { .. } => VERSION,
        });
        match self {
            Self::Producer { producer_id, producer_epoch, target_cluster_id } => {
                out.u8(KIND_PRODUCER);
                out.i64(*producer_id);
                out.i16(*producer_epoch);
                out.string(target_cluster_id);
            }
            Self::Position(position) => {
                out.u8(KIND_POSITION);
                position.write(&mut out);
            }
            Self::Owner { instance, generation } => {
                out.u8(KIND_OWNER);
                out.string(instance);
                out.i64(*generation);
            }
            Self::Loss { reason, last_offset, at_ms } => {
                out.u8(KIND_LOSS);
                out.string(reason);
                out.i64(*last_offset);
                out.i64(*at_ms);
            }
            Self::MapChunk { source_topic_id, chunk } => {
                out.u8(KIND_MAP_CHUNK);
                out.uuid(*source_topic_id);
                out.bytes(chunk);
            }
            Self::Acl(origin) => {
                out.u8(KIND_ACL);
                out.string(&origin.cluster_id);
                acl::write_topics(&mut out, &origin.topics);
            }
            Self::Principal { origin_cluster_id } => {
                out.u8(KIND_QUOTA);
                out.string(origin_cluster_id);
            }
            Self::Worker { is_draining } => {
                out.u8(KIND_WORKER);
                out.u8(u8::from(*is_draining));
            }
        }
        out.finish()
    }

    /// Reads a value; every byte must belong to it.
    pub fn decode(bytes: impl AsRef<[u8]>) -> Result<Self, StateRecordError> {
        let mut input = Reader::new(bytes.as_ref())?;
        let kind = input.u8()?;
        if kind != KIND_POSITION {
            input.only(VERSION)?;
        }
        let value = match kind {
            KIND_PRODUCER => Self::Producer {
                producer_id: input.i64()?,
                producer_epoch: input.i16()?,
                target_cluster_id: input.string()?,
            },
            KIND_POSITION => Self::Position(StoredPosition::read(&mut input)?),
            KIND_OWNER => Self::Owner { instance: input.string()?, generation: input.i64()? },
            KIND_LOSS => {
                Self::Loss { reason: input.string()?, last_offset: input.i64()?, at_ms: input.i64()? }
            }
            KIND_MAP_CHUNK => Self::MapChunk {
                source_topic_id: input.uuid()?,
                chunk: Bytes::copy_from_slice(input.bytes()?),
            },
            KIND_ACL => {
                Self::Acl(AclOrigin { cluster_id: input.string()?, topics: acl::read_topics(&mut input)? })
            }
            KIND_QUOTA => Self::Principal { origin_cluster_id: input.string()? },
            KIND_WORKER => {
                let known = |code| [0, 1].contains(&code).then_some(code == 1);
                Self::Worker { is_draining: input.code(known)? }
            }
            kind => return Err(StateRecordError::UnknownKind { kind, version: input.version }),
        };
        input.finish()?;
        Ok(value)
    }
}

impl StoredPosition {
    fn write(&self, out: &mut Writer) {
        out.i64(self.generation);
        out.uuid(self.source_topic_id);
        out.i32(self.leader_epoch);
        out.i64(self.source_offset);
        out.i64(self.target_offset);
        // A flow numbers its origins with 16 bits.
        out.i16(i16::from_ne_bytes((self.sequences.len() as u16).to_ne_bytes()));
        for (origin, sequence) in &self.sequences {
            out.string(origin);
            out.i32(*sequence);
        }
        out.bytes(&self.map);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, StateRecordError> {
        let mut position = Self {
            generation: input.i64()?,
            source_topic_id: input.uuid()?,
            leader_epoch: input.i32()?,
            source_offset: input.i64()?,
            target_offset: input.i64()?,
            sequences: Vec::new(),
            map: Bytes::new(),
        };
        for _ in 0..u16::from_ne_bytes(input.i16()?.to_ne_bytes()) {
            position.sequences.push((input.string()?, input.i32()?));
        }
        if input.version >= POSITION_VERSION {
            position.map = Bytes::copy_from_slice(input.bytes()?);
        }
        Ok(position)
    }
}
