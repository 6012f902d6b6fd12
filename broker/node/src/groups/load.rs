//! Reads all groups of a partition from its log.

use strait_broker_core::group::{GroupSettings, Groups};
use strait_broker_core::internal_record::GroupRecord;
use strait_wire::batch::{ClosedBatch, ControlKind, control_record};

use crate::internal_log::{self, InternalReadError};
use crate::partition::Partition;

pub(super) fn groups(partition: &Partition, settings: GroupSettings) -> Result<Groups, InternalReadError> {
    let mut groups = Groups::new(settings);
    internal_log::each_batch(partition, |batch| replay(batch, &mut groups))?;
    Ok(groups)
}

fn replay(batch: &ClosedBatch, groups: &mut Groups) -> Result<(), InternalReadError> {
    let header = batch.header();
    if header.attributes.is_control() {
        // Compaction may have emptied it.
        if header.records_count > 0 {
            match control_record(batch)?.kind {
                ControlKind::Commit => groups.end_transaction(header.producer_id, true),
                ControlKind::Abort => groups.end_transaction(header.producer_id, false),
                ControlKind::Other(_) => {}
            }
        }
        return Ok(());
    }
    let producer_id = header.attributes.is_transactional().then_some(header.producer_id);
    for record in internal_log::open(batch)? {
        let Some(key) = &record.key else { continue };
        let decoded = GroupRecord::decode(key, record.value.as_ref());
        let decoded =
            decoded.map_err(|source| InternalReadError::Record { offset: record.offset, source })?;
        // Records of kinds that are not known here stay in the log untouched.
        if let Some(decoded) = decoded {
            groups.replay(decoded, producer_id);
        }
    }
    Ok(())
}
