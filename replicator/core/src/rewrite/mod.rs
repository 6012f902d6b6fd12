//! A fetched batch becomes batches that the target accepts: passed through closed where every rule allows it, opened
//! and re-encoded where one forces it, skipped where it holds nothing to copy. Never repairs what fails its checksum.

mod aborted;
mod left_out;
mod poison;
mod prepared;
mod reencode;

use strait_wire::batch::{ClosedBatch, DecompressionLimit, Entry, LegacyMessageSet, open};

pub use aborted::AbortedTransactions;
pub use left_out::LeftOut;
pub use poison::Poison;
pub use prepared::{Prepared, PreparedKind, SkipReason, SourceOffsets, SourceRun};
pub(crate) use reencode::Encoding;

/// Whose time a record of a LogAppendTime topic keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Timestamps {
    /// What consumers of the source see: the append time. Such batches are re-encoded.
    #[default]
    Source,
    /// What producers gave. Such batches pass closed.
    Producer,
}

/// What the rewriter must know of both topics.
#[derive(Clone, Copy, Debug)]
pub struct RewriteRules {
    /// The remote topic's `max.message.bytes`.
    pub target_max_message_bytes: usize,
    /// The remote topic stamps its own time.
    pub target_log_append_time: bool,
    /// Records of aborted transactions are left out.
    pub read_committed: bool,
    /// What one opened batch may need.
    pub decompression_limit: DecompressionLimit,
    pub timestamps: Timestamps,
}

impl Default for RewriteRules {
    /// Kafka's default `max.message.bytes`, committed records, and 256 MiB for an opened batch.
    fn default() -> Self {
        Self {
            target_max_message_bytes: 1_048_588,
            target_log_append_time: false,
            read_committed: true,
            decompression_limit: DecompressionLimit(256 << 20),
            timestamps: Timestamps::Source,
        }
    }
}

/// Rewrites one partition's batches in the order of the log.
#[derive(Debug)]
pub struct Rewriter {
    rules: RewriteRules,
    aborted: AbortedTransactions,
    left_out: LeftOut,
}

/// What a closed batch needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Pass,
    /// Passes without its LogAppendTime bit, so that who opens it later sees the producers' times.
    PassWithoutAppendTime,
    Open,
}

impl Rewriter {
    pub fn new(rules: RewriteRules) -> Self {
        Self { rules, aborted: AbortedTransactions::default(), left_out: LeftOut::default() }
    }

    pub fn rules(&self) -> &RewriteRules {
        &self.rules
    }

    /// The target's topic changed.
    pub fn set_rules(&mut self, rules: RewriteRules) {
        self.rules = rules;
    }

    /// What is left out from now on.
    pub fn left_out(&mut self) -> &mut LeftOut {
        &mut self.left_out
    }

    /// An answer to a fetch begins, with the transactions that it lists as aborted.
    pub fn begin_fetch(&mut self, aborted: AbortedTransactions) {
        self.aborted = aborted;
    }

    /// Appends what becomes of `entry` to `out`; records below `position` are copied already. After an error `out`
    /// holds what comes before the record that can't be copied.
    pub fn rewrite(&mut self, entry: Entry, position: i64, out: &mut Vec<Prepared>) -> Result<(), Poison> {
        match entry {
            Entry::Closed(batch) => self.rewrite_closed(batch, position, out),
            Entry::Legacy(set) => self.rewrite_legacy(&set, position, out),
        }
    }

    fn rewrite_closed(
        &mut self,
        batch: ClosedBatch,
        position: i64,
        out: &mut Vec<Prepared>,
    ) -> Result<(), Poison> {
        let header = *batch.header();
        let (next, leader_epoch) = (header.next_offset(), header.partition_leader_epoch);
        if self.left_out.covers(header.base_offset, header.last_offset()) {
            out.push(Prepared::skipped(header.base_offset, next, leader_epoch, SkipReason::Refused));
            return Ok(());
        }
        batch.verify_crc().map_err(|source| Poison::CorruptBatch {
            base_offset: header.base_offset,
            last_offset: header.last_offset(),
            source,
        })?;
        let aborted = self.rules.read_committed && self.aborted.covers(&batch)?;
        let skipped = if next <= position {
            Some(SkipReason::BelowPosition)
        } else if header.attributes.is_control() {
            Some(SkipReason::Control)
        } else if aborted {
            Some(SkipReason::Aborted)
        } else if header.records_count == 0 {
            Some(SkipReason::Empty)
        } else {
            None
        };
        if let Some(reason) = skipped {
            let base = header.base_offset.max(position);
            out.push(Prepared::skipped(base, next.max(position), leader_epoch, reason));
            return Ok(());
        }
        match self.way(&batch, position) {
            Way::Pass => {
                out.push(Prepared::closed(batch, next));
                Ok(())
            }
            Way::PassWithoutAppendTime => {
                out.push(Prepared::closed(reencode::without_append_time(&batch)?, next));
                Ok(())
            }
            Way::Open => self.reopen(&batch, position, next, out),
        }
    }

    /// The pass-through predicate, for a batch that holds data to copy.
    fn way(&self, batch: &ClosedBatch, position: i64) -> Way {
        let header = batch.header();
        let passes = batch.is_gap_free()
            && header.base_offset >= position
            && batch.size() <= self.rules.target_max_message_bytes
            && header.attributes.compression().is_ok()
            && !self.left_out.touches(header.base_offset, header.last_offset());
        if !passes {
            return Way::Open;
        }
        if !header.attributes.is_log_append_time() || self.rules.target_log_append_time {
            return Way::Pass;
        }
        match self.rules.timestamps {
            Timestamps::Source => Way::Open,
            Timestamps::Producer => Way::PassWithoutAppendTime,
        }
    }

    fn reopen(
        &self,
        batch: &ClosedBatch,
        position: i64,
        next: i64,
        out: &mut Vec<Prepared>,
    ) -> Result<(), Poison> {
        let header = batch.header();
        let (base_offset, last_offset) = (header.base_offset, header.last_offset());
        let unreadable = |source| Poison::UnreadableBatch { base_offset, last_offset, source };
        let codec = header.attributes.compression().map_err(unreadable)?;
        let stripped;
        let batch = match self.rules.timestamps {
            Timestamps::Producer if header.attributes.is_log_append_time() => {
                stripped = reencode::without_append_time(batch)?;
                &stripped
            }
            Timestamps::Producer | Timestamps::Source => batch,
        };
        let records = open(batch, self.rules.decompression_limit).map_err(unreadable)?;
        let encoding = Encoding {
            codec,
            leader_epoch: header.partition_leader_epoch,
            max_message_bytes: self.rules.target_max_message_bytes,
            left_out: &self.left_out,
        };
        encoding.encode_range(records, base_offset, position, next, out)
    }

    /// Message formats 0 and 1 become format 2.
    fn rewrite_legacy(
        &self,
        set: &LegacyMessageSet,
        position: i64,
        out: &mut Vec<Prepared>,
    ) -> Result<(), Poison> {
        reencode::legacy(set, &self.rules, &self.left_out, position, out)
    }
}

#[cfg(test)]
mod tests;
