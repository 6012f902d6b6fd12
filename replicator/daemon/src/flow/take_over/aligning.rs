//! The end of a copy among the records of the source.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};

use strait_client::ListOffsetsAt;
use strait_replicator_core::mirror_maker::{Aligner, Alignment, Fingerprint};
use strait_wire::batch::Record;
use tracing::warn;

use super::{Resumed, TakeOverError};
use crate::partition_reader::PartitionReader;

/// Records at the copy's end that must be found at the source, one after the other.
const TAIL: usize = 32;
/// Offsets at the copy's end that are read for them: markers lie between.
const TAIL_OFFSETS: i64 = 256;
/// Offsets of the source before the place that is known, for records that are read with holes between.
const BEFORE: i64 = 4_096;
/// Records of the source that are looked through.
const MOST_RECORDS: u64 = 5_000_000;

/// Goes on behind the last record that is at the target; that at the source offset `known` is there.
pub(super) async fn resume(
    source: &PartitionReader,
    target: &PartitionReader,
    known: i64,
) -> Result<Resumed, TakeOverError> {
    let (tail, target_offset) = tail(target).await?;
    let resumed = |source_offset, said| Resumed { stored: None, source_offset, target_offset, said };
    if tail.is_empty() {
        let said = "the target holds no record of it, so what was stored counts".to_owned();
        return Ok(resumed(known + 1, said));
    }
    match align(source, &tail, known).await? {
        Alignment::At(offset) if offset == known + 1 => return Ok(resumed(offset, String::new())),
        Alignment::At(offset) => {
            let further = offset - known - 1;
            let said = format!("aligned on the target's end, {further} offsets behind what was stored");
            return Ok(resumed(offset, said));
        }
        Alignment::Ambiguous { first, repeated } => {
            let said = format!("records are alike: up to {repeated} may be copied twice");
            return Ok(resumed(first, said));
        }
        Alignment::NotFound => {}
    }
    let said = "the target does not end with records of the source, so what was stored counts: what was \
                copied behind it is copied twice";
    Ok(resumed(known + 1, said.to_owned()))
}

/// Goes on behind the last record that is at the target, where nothing was stored. Nothing where that is not of the source.
pub(super) async fn resume_unstored(
    source: &PartitionReader,
    target: &PartitionReader,
) -> Result<Option<Resumed>, TakeOverError> {
    let (tail, target_offset) = tail(target).await?;
    if tail.is_empty() {
        return Ok(None);
    }
    let resumed = |source_offset, said| Some(Resumed { stored: None, source_offset, target_offset, said });
    let known = source.offset(ListOffsetsAt::Earliest).await? - 1;
    Ok(match align(source, &tail, known).await? {
        Alignment::At(offset) => {
            resumed(offset, "nothing was stored: aligned on the target's end".to_owned())
        }
        Alignment::Ambiguous { first, repeated } => {
            let said =
                format!("nothing was stored, and records are alike: up to {repeated} may be copied twice");
            resumed(first, said)
        }
        Alignment::NotFound => {
            let (topic, partition) = (&target.topic, target.partition);
            warn!(
                topic,
                partition,
                target_offset,
                "the target holds records that are not found at the source: the partition begins as a new one"
            );
            None
        }
    })
}

/// Looks for the copy's end among the source's records from a little before `known` on.
async fn align(source: &PartitionReader, tail: &[Record], known: i64) -> Result<Alignment, TakeOverError> {
    // A target that stamps its own time changes that of each record.
    for with_time in [true, false] {
        let fingerprints = tail.iter().map(|record| fingerprint(record, with_time)).collect();
        let mut aligner = Aligner::new(fingerprints);
        search(source, known, with_time, &mut aligner).await?;
        if aligner.alignment() != Alignment::NotFound {
            return Ok(aligner.alignment());
        }
    }
    Ok(Alignment::NotFound)
}

/// The last records of the copy, and its end.
async fn tail(target: &PartitionReader) -> Result<(Vec<Record>, i64), TakeOverError> {
    let Some(leader) = target.leader().await? else { return Ok((Vec::new(), 0)) };
    let end = target.offset(ListOffsetsAt::Latest).await?;
    let begin = target.offset(ListOffsetsAt::Earliest).await?;
    let mut tail = VecDeque::with_capacity(TAIL);
    let take = |record| {
        if tail.len() == TAIL {
            tail.pop_front();
        }
        tail.push_back(record);
        true
    };
    target.read(&leader, begin.max(end - TAIL_OFFSETS), take).await?;
    Ok((tail.into(), end))
}

async fn search(
    source: &PartitionReader,
    known: i64,
    with_time: bool,
    aligner: &mut Aligner,
) -> Result<(), TakeOverError> {
    let Some(leader) = source.leader().await? else { return Ok(()) };
    let begin = source.offset(ListOffsetsAt::Earliest).await?;
    let mut left = MOST_RECORDS;
    let mut looked_on = 0;
    let take = |record: Record| {
        aligner.push(record.offset, fingerprint(&record, with_time), record.offset >= known);
        left -= 1;
        // A little further, to see whether it is the only place.
        if aligner.alignment() != Alignment::NotFound {
            looked_on += 1;
        }
        left > 0 && looked_on <= TAIL
    };
    source.read(&leader, begin.max(known - BEFORE), take).await?;
    Ok(())
}

/// The same for equal records in every run of the program. Values of headers do not count: Connect's default converter of
/// headers, SimpleHeaderConverter, writes some in another way.
fn fingerprint(record: &Record, with_time: bool) -> Fingerprint {
    let mut hasher = DefaultHasher::new();
    record.key.hash(&mut hasher);
    record.value.hash(&mut hasher);
    for header in &record.headers {
        header.key.hash(&mut hasher);
    }
    if with_time {
        record.timestamp.hash(&mut hasher);
    }
    hasher.finish()
}
