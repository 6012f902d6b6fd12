//! All checks of a produced batch, in Kafka's order.

use bytes::Bytes;
use strait_wire::batch::{
    Attributes, BatchError, BatchHeader, ClosedBatch, Compression, Decompressor, Entry, closed_batches,
};

use super::error::{ProduceError, RecordError};
use super::rebuild::rebuild;
use super::records::{NO_TIMESTAMP, check, timestamp_refused};
use super::settings::{Depth, TimestampType, Validation};
use crate::batch_header::{is_intact, with_header};

/// zstd came with this version of Produce (KIP-110).
const ZSTD_SINCE: i16 = 7;
const LOG_APPEND_TIME: i16 = 1 << 3;
/// What stays of the attributes when a header is written anew: the codec, and the bits of transactions, markers and
/// tombstones. Bits without a meaning go.
const KEPT: i16 = 0x77;
/// Bytes before the length counts.
const LOG_OVERHEAD: usize = 12;

/// A batch to append. Its base offset is 0; [`crate::batch_header::assign_offset`] puts it in its place.
#[derive(Clone, Debug)]
pub struct ValidBatch {
    /// As it was sent, unless a rule of the topic asked for another header or codec.
    pub batch: ClosedBatch,
    /// The time that the answer tells; -1 where records keep the time of their producer.
    pub log_append_time_ms: i64,
}

/// Checks a batch that [`only_batch`] gave. What is compressed is opened in the memory of `decompressor`.
///
/// # Errors
/// What Kafka refuses, with its code; the first check that fails names it.
pub fn validate(
    batch: &ClosedBatch,
    validation: &Validation<'_>,
    decompressor: &mut Decompressor,
) -> Result<ValidBatch, ProduceError> {
    let (header, topic) = (*batch.header(), validation.topic);
    if header.base_offset != 0 {
        return Err(ProduceError::BaseOffset { base_offset: header.base_offset });
    }
    size_allowed(batch.size(), validation)?;
    batch.verify_crc().map_err(|_| ProduceError::Corrupt)?;
    check_header(&header)?;
    let source = header.attributes.compression().map_err(ProduceError::Unreadable)?;
    let target = topic.compression.target(source);
    let looks_inside = validation.depth == Depth::Full || topic.is_compacted || source != target;
    let batch = if looks_inside {
        opened(batch, target, validation, decompressor)?
    } else {
        check_header_timestamps(&header, validation)?;
        stamped(batch.clone(), header.max_timestamp, validation)?
    };
    size_allowed(batch.size(), validation)?;
    let (size, limit) = (batch.size(), topic.segment_bytes);
    if size > limit {
        return Err(ProduceError::LargerThanSegment { size, limit });
    }
    Ok(ValidBatch { batch, log_append_time_ms: log_append_time(validation).unwrap_or(NO_TIMESTAMP) })
}

/// The batch in one partition's part of a Produce request. Bytes behind it that are no whole batch are left out, as Kafka
/// does.
///
/// # Errors
/// What is no batch, or more than one.
pub fn only_batch(data: &Bytes, validation: &Validation<'_>) -> Result<ClosedBatch, ProduceError> {
    let version = validation.version;
    let mut entries = closed_batches(data.clone());
    let batch = match entries.next() {
        None => return Err(ProduceError::NoBatch),
        Some(Ok(Entry::Legacy(_))) => return Err(ProduceError::OldMagic),
        Some(Ok(Entry::Closed(batch))) => batch,
        Some(Err(BatchError::InvalidCount { count, last_offset_delta, .. }))
            if is_intact(first_entry(data)) =>
        {
            size_allowed(first_entry(data).len(), validation)?;
            return Err(ProduceError::Count { count, last_offset_delta });
        }
        Some(Err(_)) => return Err(ProduceError::Corrupt),
    };
    if version < ZSTD_SINCE && batch.header().attributes.compression() == Ok(Compression::Zstd) {
        return Err(ProduceError::ZstdTooEarly { version });
    }
    match entries.next() {
        None => Ok(batch),
        Some(Ok(_)) => Err(ProduceError::SeveralBatches),
        Some(Err(_)) => Err(ProduceError::Corrupt),
    }
}

/// The bytes up to where the first batch says that it ends.
fn first_entry(data: &[u8]) -> &[u8] {
    let length = data.get(8..LOG_OVERHEAD).and_then(|length| length.first_chunk::<4>());
    let length = length.and_then(|length| usize::try_from(i32::from_be_bytes(*length)).ok());
    length.and_then(|length| data.get(..length.checked_add(LOG_OVERHEAD)?)).unwrap_or_default()
}

fn size_allowed(size: usize, validation: &Validation<'_>) -> Result<(), ProduceError> {
    let limit = validation.topic.max_message_bytes;
    if size > limit { Err(ProduceError::TooLarge { size, limit }) } else { Ok(()) }
}

fn check_header(header: &BatchHeader) -> Result<(), ProduceError> {
    let (count, last_offset_delta) = (header.records_count, header.last_offset_delta);
    if count <= 0 || i64::from(last_offset_delta) + 1 != i64::from(count) {
        return Err(ProduceError::Count { count, last_offset_delta });
    }
    if header.attributes.is_control() {
        return Err(ProduceError::Control);
    }
    if header.producer_id >= 0 && header.base_sequence < 0 {
        return Err(ProduceError::Sequence { sequence: header.base_sequence });
    }
    Ok(())
}

/// Every record is looked at; the batch is written anew, and its records numbered, only where the codec asks for it.
/// Kafka stores wrong numbers without a codec, which damages its log, and throws with one.
fn opened(
    batch: &ClosedBatch,
    target: Compression,
    validation: &Validation<'_>,
    decompressor: &mut Decompressor,
) -> Result<ClosedBatch, ProduceError> {
    let source = batch.header().attributes.compression().map_err(ProduceError::Unreadable)?;
    let payload = batch.payload();
    let records = decompressor.open(source, &payload, validation.decompression_limit);
    let records = records.map_err(ProduceError::Unreadable)?;
    let summary = check(batch.header(), records, validation)?;
    if source == target {
        return match summary.is_numbered {
            true => stamped(batch.clone(), summary.max_timestamp, validation),
            false => Err(ProduceError::Numbering),
        };
    }
    let rebuilt = rebuild(batch.header(), &Bytes::copy_from_slice(records), target)?;
    stamped(rebuilt, summary.max_timestamp, validation)
}

/// Without the records only the ends of the batch are known.
fn check_header_timestamps(header: &BatchHeader, validation: &Validation<'_>) -> Result<(), ProduceError> {
    let ends = [header.base_timestamp, header.max_timestamp];
    let Some(message) = ends.iter().find_map(|end| timestamp_refused(*end, header, validation)) else {
        return Ok(());
    };
    Err(ProduceError::Records { timestamp: true, total: 1, errors: vec![RecordError { index: 0, message }] })
}

fn log_append_time(validation: &Validation<'_>) -> Option<i64> {
    (validation.topic.timestamp_type == TimestampType::LogAppendTime).then_some(validation.now_ms)
}

/// The batch with the type of timestamp that the topic has, and with the largest one. Untouched when it has both.
fn stamped(
    batch: ClosedBatch,
    max_timestamp: i64,
    validation: &Validation<'_>,
) -> Result<ClosedBatch, ProduceError> {
    let header = *batch.header();
    let append_time = log_append_time(validation);
    let max_timestamp = append_time.unwrap_or(max_timestamp);
    let is_kind = header.attributes.is_log_append_time() == append_time.is_some();
    if is_kind && max_timestamp == header.max_timestamp {
        return Ok(batch);
    }
    let kind = if append_time.is_some() { LOG_APPEND_TIME } else { 0 };
    let attributes = Attributes(header.attributes.0 & KEPT | kind);
    let header = BatchHeader { attributes, max_timestamp, ..header };
    with_header(&batch, header).map_err(ProduceError::Unreadable)
}
