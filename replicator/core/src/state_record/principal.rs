//! Quotas and users, each without its value.

use super::StateRecordError;
use super::codec::{Reader, Writer};
use crate::principal_plan::{ClientQuota, EntityName, QuotaEntity, ScramMechanism, ScramUser};

const ABSENT: i8 = 0;
const DEFAULT: i8 = 1;
const NAMED: i8 = 2;

pub(super) fn write_quota(out: &mut Writer, quota: &ClientQuota) {
    write_name(out, quota.entity.user.as_ref());
    write_name(out, quota.entity.client_id.as_ref());
    out.string(&quota.key);
}

pub(super) fn read_quota(input: &mut Reader<'_>) -> Result<ClientQuota, StateRecordError> {
    let entity = QuotaEntity { user: read_name(input)?, client_id: read_name(input)? };
    Ok(ClientQuota { entity, key: input.string()? })
}

pub(super) fn write_user(out: &mut Writer, user: &ScramUser) {
    out.string(&user.name);
    out.i8(user.mechanism.code());
}

pub(super) fn read_user(input: &mut Reader<'_>) -> Result<ScramUser, StateRecordError> {
    Ok(ScramUser { name: input.string()?, mechanism: input.code(ScramMechanism::from_code)? })
}

fn write_name(out: &mut Writer, name: Option<&EntityName>) {
    match name {
        None => out.i8(ABSENT),
        Some(EntityName::Default) => out.i8(DEFAULT),
        Some(EntityName::Named(name)) => {
            out.i8(NAMED);
            out.string(name);
        }
    }
}

fn read_name(input: &mut Reader<'_>) -> Result<Option<EntityName>, StateRecordError> {
    let known = |code| [ABSENT, DEFAULT, NAMED].contains(&code).then_some(code);
    Ok(match input.code(known)? {
        ABSENT => None,
        DEFAULT => Some(EntityName::Default),
        _ => Some(EntityName::Named(input.string()?)),
    })
}
