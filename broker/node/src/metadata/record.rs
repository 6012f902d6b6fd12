//! Records of the metadata log, in Kafka's own encoding (`common/metadata/*.json`): version of the frame, API key and
//! version as varints, then the fields in flexible form.

use bytes::Bytes;
use strait_broker_core::acl::AclBinding;
use strait_broker_core::sasl::scram::ScramCredential;
use strait_wire::codec::{DecodeError, Decoder, EncodeError, Encoder, TagReader};
use strait_wire::ids::Uuid;

use super::record_fields::{read_fields, write_fields};
use super::scram::ScramUser;

/// A change of the cluster's metadata.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum MetadataRecord {
    Topic {
        name: String,
        id: Uuid,
    },
    Partition {
        topic_id: Uuid,
        index: i32,
        replica: i32,
    },
    /// `value` is none when the setting was removed.
    Config {
        resource_type: i8,
        resource: String,
        name: String,
        value: Option<String>,
    },
    RemoveTopic {
        id: Uuid,
    },
    ScramUser {
        user: ScramUser,
        credential: ScramCredential,
    },
    RemoveScramUser(ScramUser),
    ProducerIds {
        broker_id: i32,
        next_producer_id: i64,
    },
    FeatureLevel {
        name: String,
        level: i16,
    },
    /// An access rule.
    AccessControlEntry {
        id: Uuid,
        binding: AclBinding,
    },
    RemoveAccessControlEntry {
        id: Uuid,
    },
    ClientQuota {
        /// Types and names; no name is the default.
        entity: Vec<(String, Option<String>)>,
        key: String,
        /// None when the quota was removed.
        value: Option<f64>,
    },
}

/// A record of the metadata log that can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetadataRecordError {
    #[error("a metadata record is cut or malformed: {0}")]
    Malformed(#[from] DecodeError),
    #[error("metadata record {key} of version {version} is not known")]
    Unknown { key: u32, version: u32 },
    #[error("the {what} of an access rule is not known")]
    UnknownRule { what: &'static str },
}

const FRAME_VERSION: u32 = 1;
pub(super) const TOPIC: u32 = 2;
pub(super) const PARTITION: u32 = 3;
pub(super) const CONFIG: u32 = 4;
pub(super) const REMOVE_TOPIC: u32 = 9;
pub(super) const SCRAM_USER: u32 = 11;
pub(super) const FEATURE_LEVEL: u32 = 12;
pub(super) const CLIENT_QUOTA: u32 = 14;
pub(super) const PRODUCER_IDS: u32 = 15;
pub(super) const ACCESS_CONTROL_ENTRY: u32 = 18;
pub(super) const REMOVE_ACCESS_CONTROL_ENTRY: u32 = 19;
pub(super) const REMOVE_SCRAM_USER: u32 = 22;

impl MetadataRecord {
    /// The value of a record in the log.
    pub(crate) fn encode(&self) -> Result<Bytes, EncodeError> {
        let mut out = Encoder::new();
        out.unsigned_varint(FRAME_VERSION);
        out.unsigned_varint(self.key());
        out.unsigned_varint(0);
        write_fields(self, &mut out)?;
        out.unsigned_varint(0);
        Ok(out.finish().concat().into())
    }

    fn key(&self) -> u32 {
        match self {
            Self::Topic { .. } => TOPIC,
            Self::Partition { .. } => PARTITION,
            Self::Config { .. } => CONFIG,
            Self::RemoveTopic { .. } => REMOVE_TOPIC,
            Self::ScramUser { .. } => SCRAM_USER,
            Self::RemoveScramUser(_) => REMOVE_SCRAM_USER,
            Self::ProducerIds { .. } => PRODUCER_IDS,
            Self::FeatureLevel { .. } => FEATURE_LEVEL,
            Self::AccessControlEntry { .. } => ACCESS_CONTROL_ENTRY,
            Self::RemoveAccessControlEntry { .. } => REMOVE_ACCESS_CONTROL_ENTRY,
            Self::ClientQuota { .. } => CLIENT_QUOTA,
        }
    }

    /// Reads the value of a record in the log.
    pub(crate) fn decode(value: Bytes) -> Result<Self, MetadataRecordError> {
        let mut input = Decoder::new(value);
        let frame = input.unsigned_varint()?;
        let (key, version) = (input.unsigned_varint()?, input.unsigned_varint()?);
        let unknown = MetadataRecordError::Unknown { key, version };
        if frame != FRAME_VERSION || version != 0 {
            return Err(unknown);
        }
        let record = read_fields(key, &mut input)?.ok_or(unknown)?;
        let mut tags = TagReader::new(&mut input)?;
        while tags.next_tag(&mut input)?.is_some() {}
        Ok(record)
    }
}

#[cfg(test)]
mod tests {
    use strait_broker_core::acl::{Operation, PatternType, Permission, ResourceType};

    use super::*;

    fn user() -> ScramUser {
        ScramUser { name: "al".to_owned(), mechanism: 2 }
    }

    fn credential() -> ScramCredential {
        ScramCredential { salt: vec![1], stored_key: vec![2, 2], server_key: vec![3, 3], iterations: 4_096 }
    }

    #[test]
    fn a_user_has_the_bytes_of_kafka() {
        let record = MetadataRecord::ScramUser { user: user(), credential: credential() };
        let expected = [1, 11, 0, 3, b'a', b'l', 2, 2, 1, 3, 2, 2, 3, 3, 3, 0, 0, 16, 0, 0];
        assert_eq!(record.encode().expect("encoded"), expected.as_slice());
    }

    fn rule() -> AclBinding {
        AclBinding {
            resource_type: ResourceType::Topic,
            pattern_type: PatternType::Prefixed,
            resource_name: "ord".to_owned(),
            principal: "User:a".to_owned(),
            host: "*".to_owned(),
            operation: Operation::Write,
            permission: Permission::Deny,
        }
    }

    #[test]
    fn records_are_read_as_they_were_written() {
        let id = Uuid([7; 16]);
        let config = |value: Option<&str>| MetadataRecord::Config {
            resource_type: 2,
            resource: "orders".to_owned(),
            name: "retention.ms".to_owned(),
            value: value.map(str::to_owned),
        };
        let quota = |value| MetadataRecord::ClientQuota {
            entity: vec![("user".to_owned(), Some("a".to_owned())), ("client-id".to_owned(), None)],
            key: "producer_byte_rate".to_owned(),
            value,
        };
        for record in [
            MetadataRecord::Topic { name: "orders".to_owned(), id },
            MetadataRecord::Partition { topic_id: id, index: 3, replica: 1 },
            config(Some("5")),
            config(None),
            MetadataRecord::RemoveTopic { id },
            MetadataRecord::ProducerIds { broker_id: 1, next_producer_id: 1 << 40 },
            MetadataRecord::FeatureLevel { name: "transaction.version".to_owned(), level: 1 },
            MetadataRecord::AccessControlEntry { id, binding: rule() },
            MetadataRecord::RemoveAccessControlEntry { id },
            MetadataRecord::ScramUser { user: user(), credential: credential() },
            MetadataRecord::RemoveScramUser(user()),
            quota(Some(1024.5)),
            quota(None),
        ] {
            let bytes = record.encode().expect("encoded");
            for cut in 0..bytes.len() {
                assert!(MetadataRecord::decode(bytes.slice(..cut)).is_err(), "{record:?} cut at {cut}");
            }
            assert_eq!(MetadataRecord::decode(bytes), Ok(record));
        }
    }

    #[test]
    fn a_topic_has_the_bytes_of_kafka() {
        let record = MetadataRecord::Topic { name: "ab".to_owned(), id: Uuid([9; 16]) };
        let mut expected = vec![1, 2, 0, 3, b'a', b'b'];
        expected.extend([9; 16]);
        expected.push(0);
        assert_eq!(record.encode().expect("encoded"), expected);
    }

    #[test]
    fn rules_and_quotas_have_the_bytes_of_kafka() {
        let entry = MetadataRecord::AccessControlEntry { id: Uuid([9; 16]), binding: rule() };
        let mut expected = vec![1, 18, 0];
        expected.extend([9; 16]);
        expected.extend([2, 4, b'o', b'r', b'd', 4, 7]);
        expected.extend(*b"User:a");
        expected.extend([2, b'*', 4, 2, 0]);
        assert_eq!(entry.encode().expect("encoded"), expected);
        let entity = vec![("ip".to_owned(), None)];
        let quota = MetadataRecord::ClientQuota { entity, key: "k".to_owned(), value: Some(1.0) };
        let mut expected = vec![1, 14, 0, 2, 3, b'i', b'p', 0, 0, 2, b'k'];
        expected.extend(1.0_f64.to_be_bytes());
        expected.extend([0, 0]);
        assert_eq!(quota.encode().expect("encoded"), expected);
    }

    #[test]
    fn rules_of_a_kind_that_is_not_known_are_refused() {
        let entry = MetadataRecord::AccessControlEntry { id: Uuid([9; 16]), binding: rule() };
        let mut bytes = entry.encode().expect("encoded").to_vec();
        // Frame, key, version, id.
        bytes[3 + 16] = 99;
        let unknown = MetadataRecordError::UnknownRule { what: "resource type" };
        assert_eq!(MetadataRecord::decode(bytes.into()), Err(unknown));
    }

    #[test]
    fn what_is_not_known_is_named() {
        let unknown = MetadataRecord::decode(Bytes::from_static(&[1, 27, 3, 0]));
        assert_eq!(unknown, Err(MetadataRecordError::Unknown { key: 27, version: 3 }));
    }
}
