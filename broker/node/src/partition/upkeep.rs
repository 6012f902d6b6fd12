//! Compaction: planned and adopted under the lock, done without it. And what is remembered of a log.

use strait_broker_core::producer_state::Producers;
use strait_broker_log::{LogError, PartitionLog, Remembered};

use super::open::snapshot_entries;
use super::{Partition, State};
use crate::clock::now_ms;

/// Memory for the keys of one compaction.
const KEY_BYTES: usize = 64 << 20;

impl Partition {
    /// Compacts the log when enough of it is dirty.
    pub(crate) fn clean(&self) -> Result<(), LogError> {
        let plan = {
            let state = self.shared();
            let State { log: Ok(log), producers, first_dirty, .. } = &*state else { return Ok(()) };
            if !log.config().cleanup_policy.compact {
                return Ok(());
            }
            plan(log, producers, *first_dirty)?
        };
        let Some(plan) = plan else { return Ok(()) };
        let cleaned = plan.run()?;
        let mut state = self.exclusive();
        let State { log: Ok(log), first_dirty, .. } = &mut *state else { return Ok(()) };
        if let Some(next) = log.adopt(cleaned, now_ms())? {
            *first_dirty = next;
            tracing::info!(topic = self.topic, partition = self.index, "log compacted");
        }
        Ok(())
    }

    /// Closes the file of a log to which nothing is appended, and forgets what reads keep in memory.
    pub(crate) fn release_idle(&self) {
        if let Ok(log) = &mut self.exclusive().log {
            log.release_idle();
        }
    }

    /// Leaves the file of a log to which nothing is appended as long as its batches are.
    pub(crate) fn cut_in_pause(&self) {
        if let Ok(log) = &mut self.exclusive().log {
            log.cut_in_pause();
        }
    }

    /// What the data folder has to remember of the log.
    pub(crate) fn checkpoints(&self) -> Option<Remembered> {
        let state = self.shared();
        let log = state.log.as_ref().ok()?;
        Some(Remembered {
            recovery_point: log.recovery_point(),
            log_start: log.checkpointed_start(),
            cleaner_offset: log.config().cleanup_policy.compact.then_some(state.first_dirty),
            high_watermark: log.high_watermark(),
        })
    }
}

fn plan(
    log: &PartitionLog,
    producers: &Producers,
    first_dirty: i64,
) -> Result<Option<strait_broker_log::CleaningPlan>, LogError> {
    let now_ms = now_ms();
    let cleanable = log.cleanable(first_dirty, producers.last_stable_offset(log.high_watermark()), now_ms)?;
    if !cleanable.is_due {
        return Ok(None);
    }
    log.plan_cleaning(&cleanable, &snapshot_entries(producers), KEY_BYTES, now_ms)
}
