//! A batch written anew: another codec, or offsets numbered as they should be. The producer stays.

use bytes::Bytes;
use strait_wire::batch::{BatchBuilder, BatchHeader, ClosedBatch, Compression, Stamp};

use super::error::ProduceError;
use super::records::timestamp_of;
use super::walk::Walk;

const NO_EPOCH: i16 = -1;

/// The records of a batch in the codec `target`, numbered from 0. Timestamps count from the first record's. Kafka throws for a producer without an epoch.
pub(super) fn rebuild(
    header: &BatchHeader,
    records: &Bytes,
    target: Compression,
) -> Result<ClosedBatch, ProduceError> {
    let mut walk = Walk::new(records, header.records_count);
    if header.producer_id >= 0 && header.producer_epoch == NO_EPOCH {
        return Err(ProduceError::Epoch { producer_id: header.producer_id });
    }
    let first = Walk::new(records, header.records_count).next_record()?;
    let base_timestamp = first.map_or(header.base_timestamp, |first| timestamp_of(header, &first));
    let mut builder = BatchBuilder::new(target, base_timestamp);
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
