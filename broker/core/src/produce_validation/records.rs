//! Keys, timestamps and numbering of the records in a batch.

use strait_wire::batch::BatchHeader;

use super::error::{ProduceError, RecordError};
use super::settings::{TimestampType, Validation};
use super::walk::{RecordView, Walk};

/// The timestamp of a record that has none.
pub(super) const NO_TIMESTAMP: i64 = -1;

/// What the records of a batch say together.
pub(super) struct Summary {
    /// The largest timestamp, -1 when no record has one.
    pub(super) max_timestamp: i64,
    /// Whether offsets count from 0 without gaps.
    pub(super) is_numbered: bool,
}

/// Looks at each record of `records`, the batch's opened payload.
pub(super) fn check(
    header: &BatchHeader,
    records: &[u8],
    validation: &Validation<'_>,
) -> Result<Summary, ProduceError> {
    let mut summary = Summary { max_timestamp: NO_TIMESTAMP, is_numbered: true };
    let mut refused = Refused::default();
    let mut walk = Walk::new(records, header.records_count);
    let mut index = 0;
    while let Some(record) = walk.next_record()? {
        let timestamp = timestamp_of(header, &record);
        refused.check(index, &record, timestamp, header, validation);
        summary.max_timestamp = summary.max_timestamp.max(timestamp);
        summary.is_numbered &= record.offset_delta == i64::from(index);
        index += 1;
    }
    refused.into_result().map(|()| summary)
}

pub(super) fn timestamp_of(header: &BatchHeader, record: &RecordView<'_>) -> i64 {
    if header.attributes.is_log_append_time() {
        return header.max_timestamp;
    }
    header.base_timestamp.wrapping_add(record.timestamp_delta)
}

/// Why a timestamp is refused; `None` when it is not.
pub(super) fn timestamp_refused(
    timestamp: i64,
    header: &BatchHeader,
    validation: &Validation<'_>,
) -> Option<String> {
    let topic = validation.topic;
    if topic.timestamp_type == TimestampType::CreateTime && timestamp != NO_TIMESTAMP {
        let earliest = validation.now_ms.saturating_sub(topic.timestamp_before_max_ms);
        let latest = validation.now_ms.saturating_add(topic.timestamp_after_max_ms);
        let in_range = (earliest..=latest).contains(&timestamp);
        return (!in_range).then(|| {
            format!(
                "Timestamp {timestamp} of message is out of range, it should be within [{earliest}, {latest}]"
            )
        });
    }
    let set_by_producer = header.attributes.is_log_append_time();
    set_by_producer.then(|| "Producers should not set the timestamp type to LogAppendTime".to_owned())
}

/// Most records of a batch that an answer names.
const MOST_ERRORS: usize = 1_024;

#[derive(Default)]
struct Refused {
    timestamp: bool,
    total: usize,
    errors: Vec<RecordError>,
}

impl Refused {
    fn check(
        &mut self,
        index: i32,
        record: &RecordView<'_>,
        timestamp: i64,
        header: &BatchHeader,
        validation: &Validation<'_>,
    ) {
        if validation.topic.is_compacted && record.key.is_none() {
            let message = "Compacted topic cannot accept message without key".to_owned();
            self.add(index, message);
        } else if let Some(message) = timestamp_refused(timestamp, header, validation) {
            self.timestamp = true;
            self.add(index, message);
        }
    }

    fn add(&mut self, index: i32, message: String) {
        self.total += 1;
        if self.errors.len() < MOST_ERRORS {
            self.errors.push(RecordError { index, message });
        }
    }

    fn into_result(self) -> Result<(), ProduceError> {
        if self.errors.is_empty() {
            return Ok(());
        }
        Err(ProduceError::Records { timestamp: self.timestamp, total: self.total, errors: self.errors })
    }
}
