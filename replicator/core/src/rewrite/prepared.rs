//! What a source range became: a batch to send, or a reason to pass it by.

use strait_wire::batch::ClosedBatch;

use crate::lane::Origin;

/// A source range, in the order of the log.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// First source offset covered; of data, the offset of the first record.
    pub source_base: i64,
    /// Position after it.
    pub source_next: i64,
    /// The source's leader epoch of the batch that it comes from.
    pub leader_epoch: i32,
    pub origin: Origin,
    /// To be written in a transaction together with the position.
    pub transactional: bool,
    pub kind: PreparedKind,
}

/// What a source range became.
#[derive(Clone, Debug)]
pub enum PreparedKind {
    /// A gap-free batch, ready to restamp.
    Data {
        batch: ClosedBatch,
        offsets: SourceOffsets,
        opened: bool,
    },
    Skipped(SkipReason),
}

/// Source offsets of a batch's records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceOffsets {
    /// One after the other from `source_base`.
    Contiguous,
    Listed(Vec<i64>),
}

/// Why a range holds nothing to copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SkipReason {
    /// A transaction's marker.
    Control,
    /// Data of an aborted transaction.
    Aborted,
    /// Compaction left nothing.
    Empty,
    /// Copied already.
    BelowPosition,
    /// A flow brought it here from the target.
    Returning,
    /// The target refused it, and the flow's policy leaves it out.
    Refused,
}

/// Records with consecutive source offsets inside a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceRun {
    pub source_base: i64,
    /// Place of the first one in the batch.
    pub index: i64,
    pub count: i64,
}

impl Prepared {
    /// A range of the source that holds nothing to copy.
    pub fn skipped(source_base: i64, source_next: i64, leader_epoch: i32, reason: SkipReason) -> Self {
        Self::new(source_base, source_next, leader_epoch, PreparedKind::Skipped(reason))
    }

    /// A batch that passes closed.
    pub(super) fn closed(batch: ClosedBatch, source_next: i64) -> Self {
        let header = *batch.header();
        let kind = PreparedKind::Data { batch, offsets: SourceOffsets::Contiguous, opened: false };
        Self::new(header.base_offset, source_next, header.partition_leader_epoch, kind)
    }

    /// A batch encoded from records with these source offsets, of which there is at least one.
    pub(crate) fn encoded(
        batch: ClosedBatch,
        offsets: Vec<i64>,
        source_next: i64,
        leader_epoch: i32,
    ) -> Self {
        let source_base = offsets.first().copied().unwrap_or(source_next);
        let contiguous = offsets.windows(2).all(|pair| pair[1] == pair[0] + 1);
        let offsets = if contiguous { SourceOffsets::Contiguous } else { SourceOffsets::Listed(offsets) };
        let kind = PreparedKind::Data { batch, offsets, opened: true };
        Self::new(source_base, source_next, leader_epoch, kind)
    }

    pub(crate) fn new(source_base: i64, source_next: i64, leader_epoch: i32, kind: PreparedKind) -> Self {
        Self { source_base, source_next, leader_epoch, origin: Origin::SOURCE, transactional: false, kind }
    }

    /// Records to copy.
    pub fn records(&self) -> i64 {
        match &self.kind {
            PreparedKind::Data { batch, .. } => i64::from(batch.header().records_count),
            PreparedKind::Skipped(_) => 0,
        }
    }

    /// The stretches of consecutive source offsets, for the offset map.
    pub fn runs(&self) -> Vec<SourceRun> {
        match &self.kind {
            PreparedKind::Data { offsets: SourceOffsets::Contiguous, .. } => {
                vec![SourceRun { source_base: self.source_base, index: 0, count: self.records() }]
            }
            PreparedKind::Data { offsets: SourceOffsets::Listed(listed), .. } => listed_runs(listed),
            PreparedKind::Skipped(_) => Vec::new(),
        }
    }
}

impl SkipReason {
    /// The stable name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Control => "control",
            Self::Aborted => "aborted",
            Self::Empty => "empty",
            Self::BelowPosition => "below_position",
            Self::Returning => "returning",
            Self::Refused => "refused",
        }
    }
}

fn listed_runs(listed: &[i64]) -> Vec<SourceRun> {
    let mut runs: Vec<SourceRun> = Vec::new();
    for (index, offset) in (0..).zip(listed) {
        match runs.last_mut() {
            Some(run) if run.source_base + run.count == *offset => run.count += 1,
            Some(_) | None => runs.push(SourceRun { source_base: *offset, index, count: 1 }),
        }
    }
    runs
}
