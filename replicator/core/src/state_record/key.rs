//! What a record is about.

use bytes::Bytes;

use super::codec::{Reader, Writer};
use super::{
    KIND_ACL, KIND_LOSS, KIND_MAP_CHUNK, KIND_OWNER, KIND_POSITION, KIND_PRODUCER, KIND_QUOTA,
    KIND_TRANSACTIONAL_PRODUCER, KIND_USER, KIND_WORKER, StateRecordError, VERSION, acl, principal,
};
use crate::acl_plan::TopicAcl;
use crate::principal_plan::Principal;
use crate::shares::Part;

/// What a record is about. The newest value of a key counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// The producer id of a flow for records that were first produced to a cluster; a transactional one is a part's.
    Producer { flow: String, origin_cluster_id: String, transactional: bool },
    /// How far a partition is copied.
    Position { flow: String, source_cluster_id: String, topic: String, partition: i32 },
    /// The instance that may write for a part of a flow.
    Owner { flow: String },
    /// A range of the source that was not copied.
    Loss { flow: String, source_cluster_id: String, topic: String, partition: i32, first_offset: i64 },
    /// A chunk of a partition's offset map. These have a topic of their own.
    MapChunk { flow: String, source_cluster_id: String, topic: String, partition: i32, first_offset: i64 },
    /// A rule of access that the flow made at the target, or is about to make.
    Acl { flow: String, source_cluster_id: String, acl: TopicAcl },
    /// A quota or a user that the flow made at the target, or is about to make.
    Principal { flow: String, source_cluster_id: String, principal: Principal },
    /// What was asked of a worker of a group.
    Worker { group: String, instance: String },
}

impl Key {
    /// The flow that the record belongs to, of an owner or a transactional producer id the part; nothing for a worker.
    pub fn flow(&self) -> &str {
        match self {
            Self::Producer { flow, .. }
            | Self::Position { flow, .. }
            | Self::Owner { flow }
            | Self::Loss { flow, .. }
            | Self::MapChunk { flow, .. }
            | Self::Acl { flow, .. }
            | Self::Principal { flow, .. } => flow,
            Self::Worker { .. } => "",
        }
    }

    /// Whether the owner of a part keeps the record.
    pub fn is_of(&self, part: &Part) -> bool {
        match self {
            Self::Owner { flow } | Self::Producer { flow, transactional: true, .. } => {
                *flow == part.to_string()
            }
            Self::Producer { flow, transactional: false, .. } => *flow == part.flow,
            Self::Position { flow, topic, partition, .. }
            | Self::Loss { flow, topic, partition, .. }
            | Self::MapChunk { flow, topic, partition, .. } => {
                *flow == part.flow && part.has(topic, *partition)
            }
            Self::Acl { flow, .. } | Self::Principal { flow, .. } => *flow == part.flow && part.is_first(),
            Self::Worker { .. } => false,
        }
    }

    /// The bytes of the key, the same for equal keys.
    pub fn encode(&self) -> Bytes {
        let mut out = Writer::new(VERSION);
        match self {
            Self::Producer { flow, origin_cluster_id, transactional } => {
                out.u8(if *transactional { KIND_TRANSACTIONAL_PRODUCER } else { KIND_PRODUCER });
                out.string(flow);
                out.string(origin_cluster_id);
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
            Self::Loss { flow, source_cluster_id, topic, partition, first_offset }
            | Self::MapChunk { flow, source_cluster_id, topic, partition, first_offset } => {
                let is_loss = matches!(self, Self::Loss { .. });
                out.u8(if is_loss { KIND_LOSS } else { KIND_MAP_CHUNK });
                out.string(flow);
                out.string(source_cluster_id);
                out.string(topic);
                out.i32(*partition);
                out.i64(*first_offset);
            }
            Self::Acl { flow, source_cluster_id, acl } => {
                out.u8(KIND_ACL);
                out.string(flow);
                out.string(source_cluster_id);
                acl::write(&mut out, acl);
            }
            Self::Principal { flow, source_cluster_id, principal } => {
                let is_quota = matches!(principal, Principal::Quota(_));
                out.u8(if is_quota { KIND_QUOTA } else { KIND_USER });
                out.string(flow);
                out.string(source_cluster_id);
                match principal {
                    Principal::Quota(quota) => principal::write_quota(&mut out, quota),
                    Principal::User(user) => principal::write_user(&mut out, user),
                }
            }
            Self::Worker { group, instance } => {
                out.u8(KIND_WORKER);
                out.string(group);
                out.string(instance);
            }
        }
        out.finish()
    }

    /// Reads a key; every byte must belong to it.
    pub fn decode(bytes: impl AsRef<[u8]>) -> Result<Self, StateRecordError> {
        let mut input = Reader::new(bytes.as_ref())?;
        input.only(VERSION)?;
        let key = match input.u8()? {
            kind @ (KIND_PRODUCER | KIND_TRANSACTIONAL_PRODUCER) => Self::Producer {
                flow: input.string()?,
                origin_cluster_id: input.string()?,
                transactional: kind == KIND_TRANSACTIONAL_PRODUCER,
            },
            KIND_POSITION => Self::Position {
                flow: input.string()?,
                source_cluster_id: input.string()?,
                topic: input.string()?,
                partition: input.i32()?,
            },
            KIND_OWNER => Self::Owner { flow: input.string()? },
            KIND_LOSS => Self::Loss {
                flow: input.string()?,
                source_cluster_id: input.string()?,
                topic: input.string()?,
                partition: input.i32()?,
                first_offset: input.i64()?,
            },
            KIND_MAP_CHUNK => Self::MapChunk {
                flow: input.string()?,
                source_cluster_id: input.string()?,
                topic: input.string()?,
                partition: input.i32()?,
                first_offset: input.i64()?,
            },
            KIND_ACL => Self::Acl {
                flow: input.string()?,
                source_cluster_id: input.string()?,
                acl: acl::read(&mut input)?,
            },
            kind @ (KIND_QUOTA | KIND_USER) => Self::Principal {
                flow: input.string()?,
                source_cluster_id: input.string()?,
                principal: match kind {
                    KIND_QUOTA => Principal::Quota(principal::read_quota(&mut input)?),
                    _ => Principal::User(principal::read_user(&mut input)?),
                },
            },
            KIND_WORKER => Self::Worker { group: input.string()?, instance: input.string()? },
            kind => return Err(StateRecordError::UnknownKind { kind, version: input.version }),
        };
        input.finish()?;
        Ok(key)
    }
}
