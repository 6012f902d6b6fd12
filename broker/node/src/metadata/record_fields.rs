//! The fields of metadata records, in the order of Kafka's definitions.

use strait_broker_core::acl::{AclBinding, Operation, PatternType, Permission, ResourceType};
use strait_wire::codec::{Context, DecodeError, Decoder, EncodeError, Encoder, TagReader, Value};
use strait_wire::ids::Uuid;

use super::record::{
    ACCESS_CONTROL_ENTRY, CLIENT_QUOTA, CONFIG, FEATURE_LEVEL, MetadataRecord, MetadataRecordError,
    PARTITION, PRODUCER_IDS, REMOVE_ACCESS_CONTROL_ENTRY, REMOVE_SCRAM_USER, REMOVE_TOPIC, SCRAM_USER, TOPIC,
};
use super::scram::{ScramUser, read_credential, write_credential};

const FLEXIBLE: Context = Context { version: 0, flexible: true };

pub(super) fn write_fields(record: &MetadataRecord, out: &mut Encoder) -> Result<(), EncodeError> {
    match record {
        MetadataRecord::Topic { name, id } => {
            name.write(FLEXIBLE, out)?;
            id.write(FLEXIBLE, out)?;
        }
        MetadataRecord::Partition { topic_id, index, replica } => {
            out.i32(*index);
            topic_id.write(FLEXIBLE, out)?;
            let (replicas, none) = (vec![*replica], Vec::<i32>::new());
            // Replicas, in-sync replicas, those being removed, those being added.
            [&replicas, &replicas, &none, &none].iter().try_for_each(|list| list.write(FLEXIBLE, out))?;
            out.i32(*replica);
            // Leader epoch, partition epoch.
            out.i32(0);
            out.i32(0);
        }
        MetadataRecord::Config { resource_type, resource, name, value } => {
            out.i8(*resource_type);
            resource.write(FLEXIBLE, out)?;
            name.write(FLEXIBLE, out)?;
            value.write(FLEXIBLE, out)?;
        }
        MetadataRecord::RemoveTopic { id } | MetadataRecord::RemoveAccessControlEntry { id } => {
            id.write(FLEXIBLE, out)?;
        }
        MetadataRecord::ProducerIds { broker_id, next_producer_id } => {
            out.i32(*broker_id);
            // The broker's epoch.
            out.i64(-1);
            out.i64(*next_producer_id);
        }
        MetadataRecord::ScramUser { user, credential } => {
            user.write(FLEXIBLE, out)?;
            write_credential(credential, FLEXIBLE, out)?;
        }
        MetadataRecord::RemoveScramUser(user) => user.write(FLEXIBLE, out)?,
        MetadataRecord::FeatureLevel { name, level } => {
            name.write(FLEXIBLE, out)?;
            out.i16(*level);
        }
        MetadataRecord::AccessControlEntry { id, binding } => {
            id.write(FLEXIBLE, out)?;
            write_binding(binding, out)?;
        }
        MetadataRecord::ClientQuota { entity, key, value } => write_quota(entity, key, *value, out)?,
    }
    Ok(())
}

fn write_binding(binding: &AclBinding, out: &mut Encoder) -> Result<(), EncodeError> {
    out.i8(binding.resource_type.id());
    binding.resource_name.write(FLEXIBLE, out)?;
    out.i8(binding.pattern_type.id());
    binding.principal.write(FLEXIBLE, out)?;
    binding.host.write(FLEXIBLE, out)?;
    out.i8(binding.operation.id());
    out.i8(binding.permission.id());
    Ok(())
}

fn write_quota(
    entity: &[(String, Option<String>)],
    key: &String,
    value: Option<f64>,
    out: &mut Encoder,
) -> Result<(), EncodeError> {
    out.unsigned_varint(u32::try_from(entity.len()).unwrap_or(u32::MAX).saturating_add(1));
    for (kind, name) in entity {
        kind.write(FLEXIBLE, out)?;
        name.write(FLEXIBLE, out)?;
        out.unsigned_varint(0);
    }
    key.write(FLEXIBLE, out)?;
    value.unwrap_or_default().write(FLEXIBLE, out)?;
    value.is_none().write(FLEXIBLE, out)
}

/// None for a record that is not known.
pub(super) fn read_fields(
    key: u32,
    input: &mut Decoder,
) -> Result<Option<MetadataRecord>, MetadataRecordError> {
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
        PRODUCER_IDS => {
            let broker_id = input.i32()?;
            input.i64()?;
            MetadataRecord::ProducerIds { broker_id, next_producer_id: input.i64()? }
        }
        FEATURE_LEVEL => {
            MetadataRecord::FeatureLevel { name: String::read(FLEXIBLE, input)?, level: input.i16()? }
        }
        ACCESS_CONTROL_ENTRY => MetadataRecord::AccessControlEntry {
            id: Uuid::read(FLEXIBLE, input)?,
            binding: read_binding(input)?,
        },
        REMOVE_ACCESS_CONTROL_ENTRY => {
            MetadataRecord::RemoveAccessControlEntry { id: Uuid::read(FLEXIBLE, input)? }
        }
        SCRAM_USER => MetadataRecord::ScramUser {
            user: ScramUser::read(FLEXIBLE, input)?,
            credential: read_credential(FLEXIBLE, input)?,
        },
        REMOVE_SCRAM_USER => MetadataRecord::RemoveScramUser(ScramUser::read(FLEXIBLE, input)?),
        CLIENT_QUOTA => read_quota(input)?,
        _ => return Ok(None),
    }))
}

fn read_binding(input: &mut Decoder) -> Result<AclBinding, MetadataRecordError> {
    fn known<T>(kind: Option<T>, what: &'static str) -> Result<T, MetadataRecordError> {
        kind.ok_or(MetadataRecordError::UnknownRule { what })
    }
    Ok(AclBinding {
        resource_type: known(ResourceType::of_id(input.i8()?), "resource type")?,
        resource_name: String::read(FLEXIBLE, input)?,
        pattern_type: known(PatternType::of_id(input.i8()?), "pattern type")?,
        principal: String::read(FLEXIBLE, input)?,
        host: String::read(FLEXIBLE, input)?,
        operation: known(Operation::of_id(input.i8()?), "operation")?,
        permission: known(Permission::of_id(input.i8()?), "permission")?,
    })
}

fn read_quota(input: &mut Decoder) -> Result<MetadataRecord, DecodeError> {
    let count = input.unsigned_varint()?.saturating_sub(1);
    let mut entity = Vec::new();
    for _ in 0..count {
        entity.push((String::read(FLEXIBLE, input)?, Option::<String>::read(FLEXIBLE, input)?));
        let mut tags = TagReader::new(input)?;
        while tags.next_tag(input)?.is_some() {}
    }
    let key = String::read(FLEXIBLE, input)?;
    let (value, is_removed) = (f64::read(FLEXIBLE, input)?, bool::read(FLEXIBLE, input)?);
    Ok(MetadataRecord::ClientQuota { entity, key, value: (!is_removed).then_some(value) })
}
