//! Rules about topics, with the codes of Kafka's requests.

use super::StateRecordError;
use super::codec::{Reader, Writer};
use crate::acl_plan::{Operation, PatternType, Permission, TopicAcl, TopicPattern};

pub(super) fn write(out: &mut Writer, acl: &TopicAcl) {
    write_topics(out, &acl.topics);
    out.string(&acl.principal);
    out.string(&acl.host);
    out.i8(acl.operation.0);
    out.i8(acl.permission.code());
}

pub(super) fn read(input: &mut Reader<'_>) -> Result<TopicAcl, StateRecordError> {
    Ok(TopicAcl {
        topics: read_topics(input)?,
        principal: input.string()?,
        host: input.string()?,
        operation: Operation(input.i8()?),
        permission: input.code(Permission::from_code)?,
    })
}

pub(super) fn write_topics(out: &mut Writer, topics: &TopicPattern) {
    out.i8(topics.kind.code());
    out.string(&topics.name);
}

pub(super) fn read_topics(input: &mut Reader<'_>) -> Result<TopicPattern, StateRecordError> {
    Ok(TopicPattern { kind: input.code(PatternType::from_code)?, name: input.string()? })
}
