//! A batch with fewer records, as compaction leaves it: offsets, producer and sequence stay
//! (`MemoryRecords.filterTo`).

use super::builder::write_nullable;
use super::closed::ClosedBatch;
use super::compress::Compression;
use super::crc::crc32c;
use super::error::{BatchError, RecordTooLargeError};
use super::header::{Attributes, BatchHeader, CRC_START, DELETE_HORIZON, HEADER_LENGTH, LOG_OVERHEAD};
use super::record::Record;
use super::varint;

const NO_TIMESTAMP: i64 = -1;

impl ClosedBatch {
    /// The batch with only `records`, which are some of its own in their order, maybe none. First and last offset,
    /// leader epoch, producer and sequence stay. A delete horizon takes the place of the base timestamp (KIP-534).
    pub fn retain(
        &self,
        records: &[Record],
        delete_horizon_ms: Option<i64>,
    ) -> Result<ClosedBatch, BatchError> {
        let header = *self.header();
        let Some(first) = records.first() else { return self.emptied() };
        let base_timestamp = delete_horizon_ms.unwrap_or(first.timestamp);
        let newest = records.iter().map(|record| record.timestamp).max().unwrap_or(NO_TIMESTAMP);
        let horizon = if delete_horizon_ms.is_some() { DELETE_HORIZON } else { 0 };
        let payload = header.attributes.compression()?.compress(encode(&header, base_timestamp, records))?;
        let retained = BatchHeader {
            attributes: Attributes(header.attributes.0 & !DELETE_HORIZON | horizon),
            base_timestamp,
            max_timestamp: if header.attributes.is_log_append_time() { header.max_timestamp } else { newest },
            ..header
        };
        finish(retained, records.len(), &payload)
    }

    /// What is kept of a batch for its producer's last sequence.
    fn emptied(&self) -> Result<ClosedBatch, BatchError> {
        let attributes = self.header().attributes;
        let kept = attributes.0 & !DELETE_HORIZON & !attributes.codec_bits() | Compression::None.code();
        let header =
            BatchHeader { attributes: Attributes(kept), base_timestamp: NO_TIMESTAMP, ..*self.header() };
        finish(header, 0, &[])
    }
}

fn encode(header: &BatchHeader, base_timestamp: i64, records: &[Record]) -> Vec<u8> {
    let (mut bytes, mut body) = (Vec::new(), Vec::new());
    for record in records {
        body.clear();
        body.push(0);
        varint::write(record.timestamp.wrapping_sub(base_timestamp), &mut body);
        varint::write(record.offset.wrapping_sub(header.base_offset), &mut body);
        write_nullable(record.key.as_ref(), &mut body);
        write_nullable(record.value.as_ref(), &mut body);
        varint::write(record.headers.len() as i64, &mut body);
        for header in &record.headers {
            write_nullable(Some(&header.key), &mut body);
            write_nullable(header.value.as_ref(), &mut body);
        }
        varint::write(body.len() as i64, &mut bytes);
        bytes.extend_from_slice(&body);
    }
    bytes
}

fn finish(header: BatchHeader, count: usize, payload: &[u8]) -> Result<ClosedBatch, BatchError> {
    let size = HEADER_LENGTH + payload.len();
    let too_large = RecordTooLargeError { offset: header.base_offset, size, limit: i32::MAX as usize };
    let batch_length = i32::try_from(size - LOG_OVERHEAD).map_err(|_| too_large)?;
    let records_count = i32::try_from(count).map_err(|_| BatchError::TooManyRecords { count })?;
    let mut bytes = Vec::with_capacity(size);
    bytes.extend_from_slice(&BatchHeader { batch_length, records_count, ..header }.write());
    bytes.extend_from_slice(payload);
    let crc = crc32c(&bytes[CRC_START..]);
    bytes[17..CRC_START].copy_from_slice(&crc.to_be_bytes());
    ClosedBatch::new(bytes.into())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::super::{BatchBuilder, DecompressionLimit, Stamp, open};
    use super::*;

    const LIMIT: DecompressionLimit = DecompressionLimit(1 << 20);

    fn batch(codec: Compression) -> ClosedBatch {
        let mut builder = BatchBuilder::new(codec, 1_000);
        for (step, key) in ["a", "b", "c"].into_iter().enumerate() {
            let key = Bytes::from_static(key.as_bytes());
            builder.push(1_000 + step as i64, Some(&key), None, &[]);
        }
        let stamp = Stamp { producer_id: 9, producer_epoch: 1, base_sequence: 5, transactional: true };
        builder.finish(stamp, 100).expect("a batch")
    }

    #[test]
    fn what_stays_keeps_its_offsets_and_times() {
        for codec in [Compression::None, Compression::Lz4, Compression::Zstd] {
            let batch = batch(codec);
            let mut records = open(&batch, LIMIT).expect("opens");
            records.remove(0);
            for horizon in [None, Some(77_000)] {
                let retained = batch.retain(&records, horizon).expect("retained");
                assert_eq!(retained.verify_crc(), Ok(()));
                assert_eq!(open(&retained, LIMIT).expect("opens"), records);
                let (before, after) = (batch.header(), retained.header());
                assert_eq!((after.base_offset, after.last_offset()), (100, 102));
                assert_eq!((after.producer_id, after.producer_epoch, after.base_sequence), (9, 1, 5));
                assert_eq!(after.attributes.has_delete_horizon(), horizon.is_some());
                assert_eq!(after.base_timestamp, horizon.unwrap_or(1_001));
                assert_eq!((after.max_timestamp, after.records_count), (before.max_timestamp, 2));
                assert!(after.attributes.is_transactional());
            }
        }
    }

    #[test]
    fn an_emptied_batch_keeps_its_producer_and_sequence() {
        let emptied = batch(Compression::Zstd).retain(&[], Some(5)).expect("emptied");
        assert_eq!(emptied.verify_crc(), Ok(()));
        assert_eq!((emptied.size(), open(&emptied, LIMIT)), (HEADER_LENGTH, Ok(Vec::new())));
        let header = emptied.header();
        assert_eq!((header.base_offset, header.last_offset(), header.base_sequence), (100, 102, 5));
        assert_eq!(header.attributes.compression(), Ok(Compression::None));
        assert!(header.attributes.is_transactional() && !header.attributes.has_delete_horizon());
        assert_eq!((header.base_timestamp, header.max_timestamp), (-1, 1_002));
    }
}
