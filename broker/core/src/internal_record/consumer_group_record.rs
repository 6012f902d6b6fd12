//! The kinds of records of a consumer group.

use bytes::Bytes;

use super::consumer_group::{
    ConsumerGroupCurrentMemberAssignmentKey as CurrentKey,
    ConsumerGroupCurrentMemberAssignmentValue as CurrentValue, ConsumerGroupMemberMetadataKey as MemberKey,
    ConsumerGroupMemberMetadataValue as MemberValue, ConsumerGroupMetadataKey as EpochKey,
    ConsumerGroupMetadataValue as EpochValue, ConsumerGroupPartitionMetadataKey as TopicsKey,
    ConsumerGroupPartitionMetadataValue as TopicsValue, ConsumerGroupRegularExpressionKey as RegexKey,
    ConsumerGroupRegularExpressionValue as RegexValue, ConsumerGroupTargetAssignmentMemberKey as TargetKey,
    ConsumerGroupTargetAssignmentMemberValue as TargetValue,
    ConsumerGroupTargetAssignmentMetadataKey as TargetEpochKey,
    ConsumerGroupTargetAssignmentMetadataValue as TargetEpochValue,
};
use super::prefixed::{EncodedRecord, RecordDecodeError, decode_key, decode_value, encode};
use crate::codec::{Decoder, EncodeError, Message};

const EPOCH_KIND: i16 = 3;
const TOPICS_KIND: i16 = 4;
const MEMBER_KIND: i16 = 5;
const TARGET_EPOCH_KIND: i16 = 6;
const TARGET_KIND: i16 = 7;
const CURRENT_KIND: i16 = 8;
const REGEX_KIND: i16 = 16;
/// All these values have one version.
const VERSION: i16 = 0;

/// A record of a consumer group.
#[derive(Clone, Debug, PartialEq)]
pub struct ConsumerGroupRecord {
    pub group: String,
    pub change: ConsumerGroupChange,
}

/// What such a record says. No value deletes what the key names.
#[derive(Clone, Debug, PartialEq)]
pub enum ConsumerGroupChange {
    /// The group's epoch.
    Epoch(Option<EpochValue>),
    /// Topics as Kafka noted them until 4.0.
    Topics(Option<TopicsValue>),
    /// A member and what it subscribed to.
    Member { member: String, value: Option<MemberValue> },
    /// The epoch of the target assignment.
    TargetEpoch(Option<TargetEpochValue>),
    /// What a member shall have.
    Target { member: String, value: Option<TargetValue> },
    /// What a member has.
    Current { member: String, value: Option<CurrentValue> },
    /// The topics that an expression matches.
    Regex { regex: String, value: Option<RegexValue> },
}

impl ConsumerGroupChange {
    /// Whether it deletes what its key names.
    pub fn is_deletion(&self) -> bool {
        match self {
            Self::Epoch(value) => value.is_none(),
            Self::Topics(value) => value.is_none(),
            Self::Member { value, .. } => value.is_none(),
            Self::TargetEpoch(value) => value.is_none(),
            Self::Target { value, .. } => value.is_none(),
            Self::Current { value, .. } => value.is_none(),
            Self::Regex { value, .. } => value.is_none(),
        }
    }
}

fn record<K: Message, V: Message>(
    kind: i16,
    key: &K,
    value: Option<&V>,
) -> Result<EncodedRecord, EncodeError> {
    let value = value.map(|value| encode(VERSION, VERSION, value)).transpose()?;
    Ok(EncodedRecord { key: encode(kind, 0, key)?, value })
}

impl ConsumerGroupRecord {
    pub(super) fn encode(&self) -> Result<EncodedRecord, EncodeError> {
        let group_id = self.group.clone();
        match &self.change {
            ConsumerGroupChange::Epoch(value) => record(EPOCH_KIND, &EpochKey { group_id }, value.as_ref()),
            ConsumerGroupChange::Topics(value) => {
                record(TOPICS_KIND, &TopicsKey { group_id }, value.as_ref())
            }
            ConsumerGroupChange::Member { member, value } => {
                record(MEMBER_KIND, &MemberKey { group_id, member_id: member.clone() }, value.as_ref())
            }
            ConsumerGroupChange::TargetEpoch(value) => {
                record(TARGET_EPOCH_KIND, &TargetEpochKey { group_id }, value.as_ref())
            }
            ConsumerGroupChange::Target { member, value } => {
                record(TARGET_KIND, &TargetKey { group_id, member_id: member.clone() }, value.as_ref())
            }
            ConsumerGroupChange::Current { member, value } => {
                record(CURRENT_KIND, &CurrentKey { group_id, member_id: member.clone() }, value.as_ref())
            }
            ConsumerGroupChange::Regex { regex, value } => {
                let key = RegexKey { group_id, regular_expression: regex.clone() };
                record(REGEX_KIND, &key, value.as_ref())
            }
        }
    }

    /// `None` for kinds that do not belong to consumer groups.
    pub(super) fn decode(
        kind: i16,
        key: Decoder,
        value: Option<&Bytes>,
    ) -> Result<Option<Self>, RecordDecodeError> {
        let (group, change) = match kind {
            EPOCH_KIND => {
                let EpochKey { group_id } = decode_key(key)?;
                (group_id, ConsumerGroupChange::Epoch(decode_value(value)?))
            }
            TOPICS_KIND => {
                let TopicsKey { group_id } = decode_key(key)?;
                (group_id, ConsumerGroupChange::Topics(decode_value(value)?))
            }
            MEMBER_KIND => {
                let MemberKey { group_id, member_id: member } = decode_key(key)?;
                (group_id, ConsumerGroupChange::Member { member, value: decode_value(value)? })
            }
            TARGET_EPOCH_KIND => {
                let TargetEpochKey { group_id } = decode_key(key)?;
                (group_id, ConsumerGroupChange::TargetEpoch(decode_value(value)?))
            }
            TARGET_KIND => {
                let TargetKey { group_id, member_id: member } = decode_key(key)?;
                (group_id, ConsumerGroupChange::Target { member, value: decode_value(value)? })
            }
            CURRENT_KIND => {
                let CurrentKey { group_id, member_id: member } = decode_key(key)?;
                (group_id, ConsumerGroupChange::Current { member, value: decode_value(value)? })
            }
            REGEX_KIND => {
                let RegexKey { group_id, regular_expression: regex } = decode_key(key)?;
                (group_id, ConsumerGroupChange::Regex { regex, value: decode_value(value)? })
            }
            _ => return Ok(None),
        };
        Ok(Some(Self { group, change }))
    }
}
