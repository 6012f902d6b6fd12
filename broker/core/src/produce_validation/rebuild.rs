//! A batch written anew: another codec, or offsets numbered as they should be. The producer stays.

use bytes::Bytes;
use strait_wire::batch::{BatchBuilder, BatchHeader, ClosedBatch, Compression, Stamp};

use super::error::ProduceError;
use super::records::timestamp_of;
use super::walk::Walk;

/// The records of a batch in the codec `target`, numbered from 0.
pub(super) fn rebuild(
    header: &BatchHeader,
    records: &Bytes,
    target: Compression,
) -> Result<ClosedBatch, ProduceError> {
    let mut walk = Walk::new(records, header.records_count);
    let mut builder = BatchBuilder::new(target, header.base_timestamp);
    while let Some(record) = walk.next_record()? {
        let key = record.key.map(|key| records.slice_ref(key));
        let value = record.value.map(|value| records.slice_ref(value));
        let headers = record.headers(records)?;
        builder.push(timestamp_of(header, &record), key.as_ref(), value.as_ref(), &headers);
    }
    let stamp = Stamp {
        producer_id: header.producer_id,
        producer_epoch: header.producer_epoch,
        base_sequence: header.base_sequence,
        transactional: header.attributes.is_transactional(),
    };
    builder.finish(stamp, 0).map_err(ProduceError::Unreadable)
}
