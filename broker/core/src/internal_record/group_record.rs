//! The kinds of records in `__consumer_offsets`.

use bytes::Bytes;

use super::consumer_group_record::ConsumerGroupRecord;
use super::group_metadata::{GroupMetadataKey, GroupMetadataValue};
use super::offset_commit::{LegacyOffsetCommitValue, OffsetCommitKey, OffsetCommitValue};
use super::prefixed::{EncodedRecord, RecordDecodeError, decode_key, decode_value, encode, key_kind};
use crate::codec::EncodeError;

const LEGACY_OFFSET_KIND: i16 = 0;
const OFFSET_KIND: i16 = 1;
const GROUP_KIND: i16 = 2;
/// What Kafka 4.3 writes. An expiry time fits into version 1 only.
const GROUP_VERSION: i16 = 3;
const OFFSET_VERSION: i16 = 4;
const OFFSET_VERSION_WITH_EXPIRY: i16 = 1;

/// Whose offset a record is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OffsetKey {
    pub group: String,
    pub topic: String,
    pub partition: i32,
}

/// A record of `__consumer_offsets`. No value deletes what the key names.
#[derive(Clone, Debug, PartialEq)]
pub enum GroupRecord {
    Group { group: String, value: Option<GroupMetadataValue> },
    Offset { key: OffsetKey, value: Option<OffsetCommitValue> },
    Consumer(ConsumerGroupRecord),
}

impl GroupRecord {
    /// Key and value as Kafka 4.3 writes them.
    ///
    /// # Errors
    /// A text is longer than a plain schema can hold.
    pub fn encode(&self) -> Result<EncodedRecord, EncodeError> {
        match self {
            Self::Group { group, value } => {
                let key = encode(GROUP_KIND, 0, &GroupMetadataKey { group: group.clone() })?;
                let value = value.as_ref().map(|value| encode(GROUP_VERSION, GROUP_VERSION, value));
                Ok(EncodedRecord { key, value: value.transpose()? })
            }
            Self::Offset { key, value } => {
                let value = value.as_ref().map(|value| {
                    let expires = value.expire_timestamp != -1;
                    let version = if expires { OFFSET_VERSION_WITH_EXPIRY } else { OFFSET_VERSION };
                    encode(version, version, value)
                });
                Ok(EncodedRecord { key: encode(OFFSET_KIND, 0, &key.message())?, value: value.transpose()? })
            }
            Self::Consumer(record) => record.encode(),
        }
    }

    /// Reads a record. `None` for kinds that are not known here: Kafka passes over them too.
    ///
    /// # Errors
    /// Bytes that are not what the schemas say, or a version above those known.
    pub fn decode(key: &Bytes, value: Option<&Bytes>) -> Result<Option<Self>, RecordDecodeError> {
        let (kind, input) = key_kind(key)?;
        Ok(match kind {
            LEGACY_OFFSET_KIND => {
                let value = decode_value::<LegacyOffsetCommitValue>(value)?;
                let key = OffsetKey::from(decode_key::<OffsetCommitKey>(input)?);
                Some(Self::Offset { key, value: value.map(OffsetCommitValue::from) })
            }
            OFFSET_KIND => {
                let key = OffsetKey::from(decode_key::<OffsetCommitKey>(input)?);
                Some(Self::Offset { key, value: decode_value(value)? })
            }
            GROUP_KIND => {
                let GroupMetadataKey { group } = decode_key(input)?;
                Some(Self::Group { group, value: decode_value(value)? })
            }
            kind => ConsumerGroupRecord::decode(kind, input, value)?.map(Self::Consumer),
        })
    }
}

impl OffsetKey {
    fn message(&self) -> OffsetCommitKey {
        OffsetCommitKey { group: self.group.clone(), topic: self.topic.clone(), partition: self.partition }
    }
}

impl From<OffsetCommitKey> for OffsetKey {
    fn from(key: OffsetCommitKey) -> Self {
        Self { group: key.group, topic: key.topic, partition: key.partition }
    }
}

impl From<LegacyOffsetCommitValue> for OffsetCommitValue {
    fn from(value: LegacyOffsetCommitValue) -> Self {
        let LegacyOffsetCommitValue { offset, metadata, commit_timestamp } = value;
        Self { offset, metadata, commit_timestamp, ..Self::default() }
    }
}
