//! Compaction and flushing of closed segments: planned and adopted under the lock, done without it.

use strait_broker_core::producer_state::Producers;
use strait_broker_log::{LogError, PartitionLog};

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
            let State { log: Some(log), producers, first_dirty, .. } = &*state else { return Ok(()) };
            if !log.config().cleanup_policy.compact {
                return Ok(());
            }
            plan(log, producers, *first_dirty)?
        };
        let Some(plan) = plan else { return Ok(()) };
        let cleaned = plan.run()?;
        let mut state = self.exclusive();
        let State { log: Some(log), first_dirty, .. } = &mut *state else { return Ok(()) };
        if let Some(next) = log.adopt(cleaned, now_ms())? {
            *first_dirty = next;
            tracing::info!(topic = self.topic, partition = self.index, "log compacted");
        }
        Ok(())
    }

    /// Flushes segments that were closed.
    pub(crate) fn flush_closed(&self) -> Result<(), LogError> {
        let plan = match &self.shared().log {
            Some(log) => log.plan_flush()?,
            None => None,
        };
        let Some(plan) = plan else { return Ok(()) };
        let flushed = plan.run();
        self.exclusive().log.as_mut().map_or(Ok(()), |log| log.finish_flush(flushed))
    }

    /// Recovery point, start where it has to be remembered, where cleaning goes on, high watermark.
    pub(crate) fn checkpoints(&self) -> Option<Checkpoints> {
        let state = self.shared();
        let log = state.log.as_ref()?;
        Some(Checkpoints {
            recovery_point: log.recovery_point(),
            log_start: log.checkpointed_start(),
            first_dirty: log.config().cleanup_policy.compact.then_some(state.first_dirty),
            high_watermark: log.end_offset(),
        })
    }
}

/// What the data folder remembers of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Checkpoints {
    pub(crate) recovery_point: i64,
    pub(crate) log_start: Option<i64>,
    pub(crate) first_dirty: Option<i64>,
    pub(crate) high_watermark: i64,
}

fn plan(
    log: &PartitionLog,
    producers: &Producers,
    first_dirty: i64,
) -> Result<Option<strait_broker_log::CleaningPlan>, LogError> {
    let now_ms = now_ms();
    let cleanable = log.cleanable(first_dirty, producers.last_stable_offset(log.end_offset()), now_ms)?;
    if !cleanable.is_due {
        return Ok(None);
    }
    log.plan_cleaning(&cleanable, &snapshot_entries(producers), KEY_BYTES, now_ms)
}
