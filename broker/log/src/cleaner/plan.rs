//! Reads closed segments and writes what stays of them into new ones, named `*.cleaned`.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use strait_wire::batch::{ClosedBatch, open};

use super::filter::{Filter, OPENED};
use super::keys::Keys;
use super::transactions::Transactions;
use crate::budget::Budget;
use crate::config::LogConfig;
use crate::error::LogError;
use crate::index::AbortedTransaction;
use crate::names;
use crate::segment::{Lengths, Segment};
use crate::snapshot::ProducerSnapshotEntry;
use crate::store::Store;

/// What a log gives to have itself cleaned.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) folder: PathBuf,
    pub(crate) config: LogConfig,
    /// Closed segments from the first on; views of their own.
    pub(crate) segments: Vec<Segment>,
    /// Offset behind the last of them.
    pub(crate) end_offset: i64,
    pub(crate) first_dirty: i64,
    /// All that touch the segments.
    pub(crate) aborted: Vec<AbortedTransaction>,
    pub(crate) producers: HashMap<i64, ProducerSnapshotEntry>,
    pub(crate) key_bytes: usize,
    pub(crate) now_ms: i64,
}

/// Work that may be done on any thread, while the log goes on.
#[derive(Debug)]
pub struct CleaningPlan(pub(crate) Request);

/// New segments that wait for their place ([`crate::PartitionLog::adopt`]).
#[derive(Debug)]
pub struct Cleaned {
    pub(crate) groups: Vec<CleanedGroup>,
    pub(crate) next_dirty: i64,
}

/// One new segment and those that it stands for.
#[derive(Debug)]
pub(crate) struct CleanedGroup {
    pub(crate) base_offset: i64,
    pub(crate) lengths: Lengths,
    /// Base offsets and sizes.
    pub(crate) replaced: Vec<(i64, u64)>,
}

impl CleaningPlan {
    /// Reads what is dirty and writes the new segments, flushed. Files of a run that failed are overwritten by the
    /// next, and removed when the log is opened.
    pub fn run(self) -> Result<Cleaned, LogError> {
        let Self(request) = self;
        let keys = find_keys(&request)?;
        let mut filter = Filter {
            keys: &keys,
            transactions: Transactions::new(request.aborted.clone()),
            producers: &request.producers,
            now_ms: request.now_ms,
            delete_retention_ms: request.config.delete_retention_ms,
        };
        let mut groups = Vec::new();
        for group in group(&request, keys.end()) {
            groups.push(clean(&request, group, &mut filter)?);
        }
        Ok(Cleaned { groups, next_dirty: keys.end() })
    }
}

/// The newest offset of each key from the first dirty offset on, as far as memory goes, but of one batch at least.
fn find_keys(request: &Request) -> Result<Keys, LogError> {
    let mut keys = Keys::new(request.key_bytes, request.first_dirty);
    let mut transactions = Transactions::new(request.aborted.clone());
    for segment in &request.segments {
        let Some(first) = segment.locate(request.first_dirty)? else { continue };
        let mut scanner = segment.scanner(first.position)?;
        while let Some(found) = scanner.next()? {
            if keys.is_full() {
                return Ok(keys);
            }
            let header = found.header;
            if !header.attributes.is_control() && !transactions.on_records(&header) {
                let batch = scanner.read(&found)?;
                put_keys(&mut keys, &batch, request.first_dirty)
                    .map_err(|source| LogError::damaged(segment.path(), found.position, source))?;
            } else if header.attributes.is_control() {
                let batch = scanner.read(&found)?;
                let marker = strait_wire::batch::control_record(&batch)
                    .map_err(|source| LogError::damaged(segment.path(), found.position, source))?;
                transactions.on_marker(&header, marker.kind);
            }
            keys.reach(header.next_offset());
        }
    }
    keys.reach(request.end_offset);
    Ok(keys)
}

fn put_keys(
    keys: &mut Keys,
    batch: &ClosedBatch,
    first_dirty: i64,
) -> Result<(), strait_wire::batch::BatchError> {
    for record in open(batch, OPENED)?.iter().filter(|record| record.offset >= first_dirty) {
        if let Some(key) = &record.key {
            keys.put(key, record.offset);
        }
    }
    Ok(())
}

/// Neighbours that fit into one segment together.
fn group(request: &Request, end: i64) -> Vec<&[Segment]> {
    let count = request.segments.partition_point(|segment| segment.base_offset() < end);
    let mut rest = &request.segments[..count];
    let mut groups = Vec::new();
    while let Some(first) = rest.first() {
        let mut size = 0;
        let fits = |segment: &&Segment| {
            size += segment.size();
            let next = rest.iter().find(|next| next.base_offset() > segment.base_offset());
            let end = next.map_or(request.end_offset, Segment::base_offset);
            size <= u64::from(request.config.segment_bytes)
                && i32::try_from(end - first.base_offset()).is_ok()
        };
        let taken = rest.iter().take_while(fits).count().max(1);
        let (group, after) = rest.split_at(taken);
        groups.push(group);
        rest = after;
    }
    groups
}

fn clean(request: &Request, group: &[Segment], filter: &mut Filter<'_>) -> Result<CleanedGroup, LogError> {
    let base_offset = group[0].base_offset();
    let (store, folder) = (request.store.clone(), &request.folder);
    let file = Arc::new(Budget::new(1));
    let mut cleaned = Segment::create_suffixed(store, folder, base_offset, names::CLEANED, request.now_ms)?;
    for segment in group {
        let mut scanner = segment.scanner(0)?;
        while let Some(found) = scanner.next()? {
            let batch = scanner.read(&found)?;
            let kept = filter.keep(&batch);
            let kept = kept.map_err(|source| LogError::damaged(segment.path(), found.position, source))?;
            if let Some(batch) = kept.batch {
                let interval = request.config.index_interval_bytes;
                cleaned.append(
                    std::slice::from_ref(batch.bytes()),
                    &[(batch.header(), batch.size() as u64)],
                    interval,
                    &file,
                )?;
            }
            if let Some(aborted) = kept.aborted {
                cleaned.transactions_mut().push(aborted);
            }
        }
    }
    cleaned.seal()?;
    cleaned.sync()?;
    let replaced = group.iter().map(|segment| (segment.base_offset(), segment.size())).collect();
    Ok(CleanedGroup { base_offset, lengths: cleaned.lengths(), replaced })
}
