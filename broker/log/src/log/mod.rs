//! One partition's log: segments in order of their base offsets, the last of them active (`UnifiedLog`, `LocalLog`).
//!
//! Invariants: there is a segment; `start_offset <= end_offset`; `recovery_point <= end_offset`; `high_watermark <=
//! end_offset`; the files below `end_offset` hold whole batches only, but for damage that a recovery told of.

mod append;
mod aside;
mod clean;
mod file_range;
mod flush;
mod metadata;
mod open;
mod open_transactions;
mod places;
mod producers;
mod read;
mod recovery;
mod retention;
mod timestamps;
mod transactions;
mod truncate;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use append::{AppendInfo, PlacedBatch};
pub use clean::Cleanable;
pub use file_range::FileRange;
pub(crate) use file_range::SENT_FROM_FILE;
pub use flush::{FlushPlan, Flushed};
pub use open::LastShutdown;
pub use producers::Recovered;
pub use read::{LogRead, ReadLimits};
pub use timestamps::TimestampOffset;

use crate::budget::Budget;
use crate::buffers::ReadBuffers;
use crate::config::LogConfig;
use crate::damage::Damage;
use crate::epochs::LeaderEpochs;
use crate::segment::Segment;
use crate::store::Store;
use crate::tail::Tail;

use places::Places;

/// The log of one partition. Owned by one thread at a time; reads go through `&self`.
#[derive(Debug)]
pub struct PartitionLog {
    store: Arc<dyn Store>,
    folder: PathBuf,
    config: LogConfig,
    /// Sorted by base offset; never empty, the last is active.
    segments: Vec<Segment>,
    epochs: LeaderEpochs,
    /// The newest that the file of epochs told when the log was opened.
    told_epoch: Option<i32>,
    tail: Tail,
    files: Arc<Budget>,
    places: Places,
    buffers: Arc<ReadBuffers>,
    start_offset: i64,
    end_offset: i64,
    recovery_point: i64,
    /// Readers see what is below.
    high_watermark: i64,
    truncations: u64,
    /// Counts files that were made, renamed or removed, and up to which count the folder was flushed.
    name_changes: u64,
    flushed_names: u64,
    /// A flush failed: what is on disk is not known.
    is_offline: bool,
    /// Since when records may wait for a flush.
    flushed_ms: i64,
    /// The newest time that a caller told.
    now_ms: i64,
    /// Where producer snapshots are.
    snapshots: BTreeSet<i64>,
    /// What was found when the log was opened.
    damages: Vec<Damage>,
    /// Files that were renamed for removal, and when they may go.
    condemned: Vec<(i64, PathBuf)>,
}

impl PartitionLog {
    /// The folder of the partition.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn config(&self) -> &LogConfig {
        &self.config
    }

    /// Takes other settings; they count from the next append, read or retention on.
    pub fn set_config(&mut self, config: LogConfig) {
        self.tail.set_limit(config.tail_bytes);
        self.config = config;
        self.raise_high_watermark();
    }

    /// Has the file that is kept open count against what all logs of a broker may have open.
    pub fn share_file_budget(&mut self, budget: Arc<Budget>) {
        self.active().release();
        self.files = budget;
    }

    /// Closes the file that is kept open if nothing was appended since the last call, and forgets what searches of the
    /// indexes keep in memory.
    pub fn release_idle(&mut self) {
        self.active().release_if_idle();
        self.segments.iter().for_each(Segment::release_indexes);
    }

    /// Leaves a file to which nothing was appended since the last call as long as its batches are.
    pub fn cut_in_pause(&mut self) {
        self.active().cut_in_pause();
    }

    /// Has the newest batches in memory count against what all logs of a broker may hold.
    pub fn share_tail_budget(&mut self, budget: Arc<Budget>) {
        self.tail.set_budget(budget);
    }

    /// Has reads of files use memory that all logs of a broker share.
    pub fn share_read_buffers(&mut self, buffers: Arc<ReadBuffers>) {
        self.buffers = buffers;
    }

    /// Forgets the batches in memory, as for a log that is not used: others then have room.
    pub fn release_tail(&mut self) {
        self.tail.clear();
    }

    /// First offset that may be read.
    pub fn start_offset(&self) -> i64 {
        self.start_offset
    }

    /// The start, where a segment alone does not tell it: it belongs into the checkpoint of log starts.
    pub fn checkpointed_start(&self) -> Option<i64> {
        (self.start_offset > self.segments[0].base_offset()).then_some(self.start_offset)
    }

    /// Offset of the next record.
    pub fn end_offset(&self) -> i64 {
        self.end_offset
    }

    /// Readers see the records below: all, but with `flush.messages` of 1 only those that were flushed.
    pub fn high_watermark(&self) -> i64 {
        self.high_watermark
    }

    /// All records below this offset were flushed.
    pub fn recovery_point(&self) -> i64 {
        self.recovery_point
    }

    /// Bytes of all segments.
    pub fn size(&self) -> u64 {
        self.segments.iter().map(Segment::size).sum()
    }

    pub fn segment_count(&self) -> usize {
        self.segments.len()
    }

    /// The largest timestamp of a record in milliseconds; -1 when none has one.
    pub fn largest_timestamp(&self) -> i64 {
        let largest = self.segments.iter().filter_map(Segment::largest);
        largest.map(|largest| largest.timestamp).max().unwrap_or(-1)
    }

    /// Notes that the leader of `epoch` began at `start_offset`. Appended batches do so by themselves. The file has it
    /// from the next append on, or when the log is closed: until then nothing in the log is of this epoch.
    pub fn assign_epoch(&mut self, epoch: i32, start_offset: i64) {
        self.note_new_names();
        self.epochs.assign(epoch, start_offset);
    }

    /// The newest leader epoch, also where a power loss took all records of it.
    pub fn latest_epoch(&self) -> Option<i32> {
        self.epochs.latest().map(|latest| latest.epoch).max(self.told_epoch)
    }

    /// The leader epoch of the record at `offset`.
    pub fn epoch_at(&self, offset: i64) -> Option<i32> {
        self.epochs.epoch_at(offset)
    }

    /// The epoch that was found for `epoch`, and the offset after its last record (KIP-101, KIP-279). Both are -1
    /// when the log can't tell.
    pub fn epoch_end_offset(&self, epoch: i32) -> (i32, i64) {
        self.epochs.end_offset(epoch, self.end_offset)
    }

    /// Index of the segment that holds `offset`, or of the one before a hole.
    fn segment_of(&self, offset: i64) -> usize {
        self.segments.partition_point(|segment| segment.base_offset() <= offset).saturating_sub(1)
    }

    fn active(&mut self) -> &mut Segment {
        self.segments.last_mut().expect("a log has an active segment")
    }
}
