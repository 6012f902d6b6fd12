//! What came of a batch: the error, or what differs between what was sent and what is in the log.

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use strait_wire::batch::{BatchHeader, DecompressionLimit, HEADER_LENGTH, crc32c};
use strait_wire::message::produce::PartitionProduceResponse;

use super::super::requests::{error, fetch, produce};
use super::Case;
use crate::wire::Wire;

const LIMIT: DecompressionLimit = DecompressionLimit(1 << 20);
/// Where the bytes under the checksum begin.
const CRC_START: usize = 21;

/// A topic of one partition, and where its log ends.
pub(super) struct Topic {
    pub(super) name: String,
    end: i64,
}

impl Topic {
    pub(super) fn new(name: String) -> Self {
        Self { name, end: 0 }
    }

    pub(super) fn send(&mut self, wire: &mut Wire, case: &Case) -> Result<String> {
        let bytes = case.bytes.clone();
        let answer = produce(wire, case.version, &self.name, case.transactional_id, bytes)?;
        if answer.error_code != 0 {
            return Ok(refused(&answer));
        }
        if answer.base_offset != self.end {
            bail!("stored at {}, the log ended at {}", answer.base_offset, self.end);
        }
        let fetched = fetch(wire, &self.name, self.end)?;
        self.end = fetched.high_watermark;
        let stored = fetched.records.unwrap_or_default().into_bytes();
        let is_stamped = answer.log_append_time_ms != -1;
        let kind = if is_stamped { "stored with append time" } else { "stored" };
        let stamp = is_stamped.then_some(answer.log_append_time_ms);
        Ok(format!("{kind}: {}", difference(&case.bytes, &stored, answer.base_offset, stamp)?))
    }
}

/// Record errors by their indexes: their messages name the time.
fn refused(answer: &PartitionProduceResponse) -> String {
    let mut text = error(answer.error_code);
    let indexes: Vec<String> =
        answer.record_errors.iter().map(|record| record.batch_index.to_string()).collect();
    if !indexes.is_empty() {
        text.push_str(&format!(" records {}", indexes.join(",")));
    }
    if answer.base_offset != -1 || answer.log_append_time_ms != -1 {
        text.push_str(&format!(" at {} {}", answer.base_offset, answer.log_append_time_ms));
    }
    text
}

/// Offsets count from where the batch was stored. `append_time` is what the answer told.
fn difference(sent: &Bytes, stored: &Bytes, base_offset: i64, append_time: Option<i64>) -> Result<String> {
    let (ours, theirs) = (header(sent)?, header(stored)?);
    let size = theirs.total_size().context("a size")?;
    let batch = stored.get(..size).context("a whole batch")?;
    if crc32c(&batch[CRC_START..]) != theirs.crc {
        bail!("stored under a wrong checksum");
    }
    let mut changed = Vec::new();
    let mut note = |what: &str, sent: i64, stored: i64| {
        if sent != stored {
            changed.push(format!("{what} {stored}"));
        }
    };
    note("base offset", 0, theirs.base_offset - base_offset);
    note("leader epoch", 0, theirs.partition_leader_epoch.into());
    note("magic", ours.magic.into(), theirs.magic.into());
    note("attributes", ours.attributes.0.into(), theirs.attributes.0.into());
    note("last offset delta", ours.last_offset_delta.into(), theirs.last_offset_delta.into());
    note("base timestamp", ours.base_timestamp, theirs.base_timestamp);
    let max_timestamp =
        if append_time == Some(theirs.max_timestamp) { ours.max_timestamp } else { theirs.max_timestamp };
    note("max timestamp", ours.max_timestamp, max_timestamp);
    note("producer id", ours.producer_id, theirs.producer_id);
    note("producer epoch", ours.producer_epoch.into(), theirs.producer_epoch.into());
    note("base sequence", ours.base_sequence.into(), theirs.base_sequence.into());
    note("count", ours.records_count.into(), theirs.records_count.into());
    let payload = stored.slice(HEADER_LENGTH..size);
    if sent.get(HEADER_LENGTH..size) != Some(&payload[..]) {
        changed.push(written_anew(&theirs, &payload)?);
    }
    if stored.len() != size {
        changed.push(format!("{} bytes behind it", stored.len() - size));
    }
    Ok(if changed.is_empty() { "as sent".to_owned() } else { changed.join(", ") })
}

fn header(bytes: &[u8]) -> Result<BatchHeader> {
    BatchHeader::peek(bytes).with_context(|| format!("no batch: {bytes:02x?}"))
}

/// Two libraries compress the same records to other bytes, so records are compared opened.
fn written_anew(header: &BatchHeader, payload: &Bytes) -> Result<String> {
    let codec = header.attributes.compression()?;
    let digits: String = codec.decompress(payload, LIMIT)?.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("records written anew in {}: {digits}", codec.name()))
}
