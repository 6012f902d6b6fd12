//! Records of the metadata log, in Kafka's own encoding (`common/metadata/*.json`): version of the frame, API key and
//! version as varints, then the fields in flexible form.

use bytes::Bytes;
use strait_broker_core::sasl::scram::ScramCredential;
use strait_wire::codec::{Context, DecodeError, Decoder, EncodeError, Encoder, TagReader, Value};
use strait_wire::ids::Uuid;

use super::scram::{ScramUser, read_credential, write_credential};

/// A change of the cluster's metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
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
}

/// A record of the metadata log that can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetadataRecordError {
    #[error("a metadata record is cut or malformed: {0}")]
    Malformed(#[from] DecodeError),
    #[error("metadata record {key} of version {version} is not known")]
    Unknown { key: u32, version: u32 },
}

const FRAME_VERSION: u32 = 1;
const TOPIC: u32 = 2;
const PARTITION: u32 = 3;
const CONFIG: u32 = 4;
const REMOVE_TOPIC: u32 = 9;
const SCRAM_USER: u32 = 11;
const PRODUCER_IDS: u32 = 15;
const REMOVE_SCRAM_USER: u32 = 22;
const FLEXIBLE: Context = Context { version: 0, flexible: true };

impl MetadataRecord {
    /// The value of a record in the log.
    pub(crate) fn encode(&self) -> Result<Bytes, EncodeError> {
        let mut out = Encoder::new();
        out.unsigned_varint(FRAME_VERSION);
        out.unsigned_varint(self.key());
        out.unsigned_varint(0);
        match self {
            Self::Topic { name, id } => {
                name.write(FLEXIBLE, &mut out)?;
                id.write(FLEXIBLE, &mut out)?;
            }
            Self::Partition { topic_id, index, replica } => {
                out.i32(*index);
                topic_id.write(FLEXIBLE, &mut out)?;
                let (replicas, none) = (vec![*replica], Vec::<i32>::new());
                // Replicas, in-sync replicas, those being removed, those being added.
                [&replicas, &replicas, &none, &none]
                    .iter()
                    .try_for_each(|list| list.write(FLEXIBLE, &mut out))?;
                out.i32(*replica);
                // Leader epoch, partition epoch.
                out.i32(0);
                out.i32(0);
            }
            Self::Config { resource_type, resource, name, value } => {
                out.i8(*resource_type);
                resource.write(FLEXIBLE, &mut out)?;
                name.write(FLEXIBLE, &mut out)?;
                value.write(FLEXIBLE, &mut out)?;
            }
            Self::RemoveTopic { id } => id.write(FLEXIBLE, &mut out)?,
            Self::ScramUser { user, credential } => {
                user.write(FLEXIBLE, &mut out)?;
                write_credential(credential, FLEXIBLE, &mut out)?;
            }
            Self::RemoveScramUser(user) => user.write(FLEXIBLE, &mut out)?,
            Self::ProducerIds { broker_id, next_producer_id } => {
                out.i32(*broker_id);
                // The broker's epoch.
                out.i64(-1);
                out.i64(*next_producer_id);
            }
        }
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

fn read_fields(key: u32, input: &mut Decoder) -> Result<Option<MetadataRecord>, DecodeError> {
    Ok(Some(match key {
        TOPIC => {
            MetadataRecord::Topic { name: String::read(FLEXIBLE, input)?, id: Uuid::read(FLEXIBLE, input)? }
        }
        PARTITION => {
            let (index, topic_id) = (input.i32()?, Uuid::read(FLEXIBLE, input)?);
            for _ in 0..4 {
                Vec::<i32>::read(FLEXIBLE, input)?;
            }
            let replica = input.i32()?;
            input.i32()?;
            input.i32()?;
            MetadataRecord::Partition { topic_id, index, replica }
        }
        CONFIG => MetadataRecord::Config {
            resource_type: input.i8()?,
            resource: String::read(FLEXIBLE, input)?,
            name: String::read(FLEXIBLE, input)?,
            value: Option::<String>::read(FLEXIBLE, input)?,
        },
        REMOVE_TOPIC => MetadataRecord::RemoveTopic { id: Uuid::read(FLEXIBLE, input)? },
        SCRAM_USER => MetadataRecord::ScramUser {
            user: ScramUser::read(FLEXIBLE, input)?,
            credential: read_credential(FLEXIBLE, input)?,
        },
        REMOVE_SCRAM_USER => MetadataRecord::RemoveScramUser(ScramUser::read(FLEXIBLE, input)?),
        PRODUCER_IDS => {
            let broker_id = input.i32()?;
            input.i64()?;
            MetadataRecord::ProducerIds { broker_id, next_producer_id: input.i64()? }
        }
        _ => return Ok(None),
    }))
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn records_are_read_as_they_were_written() {
        let id = Uuid([7; 16]);
        let config = |value: Option<&str>| MetadataRecord::Config {
            resource_type: 2,
            resource: "orders".to_owned(),
            name: "retention.ms".to_owned(),
            value: value.map(str::to_owned),
        };
        for record in [
            MetadataRecord::Topic { name: "orders".to_owned(), id },
            MetadataRecord::Partition { topic_id: id, index: 3, replica: 1 },
            config(Some("5")),
            config(None),
            MetadataRecord::RemoveTopic { id },
            MetadataRecord::ProducerIds { broker_id: 1, next_producer_id: 1 << 40 },
            MetadataRecord::ScramUser { user: user(), credential: credential() },
            MetadataRecord::RemoveScramUser(user()),
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
    fn what_is_not_known_is_named() {
        let unknown = MetadataRecord::decode(Bytes::from_static(&[1, 27, 3, 0]));
        assert_eq!(unknown, Err(MetadataRecordError::Unknown { key: 27, version: 3 }));
    }
}
