//! Flushes that producers wait for (`flush.messages`). Whoever comes first flushes what all wrote until then; those who
//! came meanwhile find their records flushed, or are served together by the next flush (group commit).

use strait_broker_log::LogError;

use super::{Absent, Partition, State};
use crate::node::blocking;

impl Partition {
    /// Waits until records below `offset` are flushed.
    pub(crate) async fn flushed(&self, offset: i64) -> Result<(), FlushError> {
        let _turn = self.flushing.lock().await;
        blocking(|| self.flush_until(offset))
    }

    /// The same, without a task that could do something else meanwhile.
    pub(crate) fn flush_to(&self, offset: i64) -> Result<(), FlushError> {
        blocking(|| {
            let _turn = self.flushing.blocking_lock();
            self.flush_until(offset)
        })
    }

    /// Flushes all records of a log that was not flushed for `flush.ms`.
    pub(crate) fn flush_if_late(&self, now_ms: i64) -> Result<(), FlushError> {
        let end = match &self.shared().log {
            Ok(log) if log.is_flush_late(now_ms) => log.end_offset(),
            _ => return Ok(()),
        };
        self.flush_to(end)
    }

    /// Flushes segments that were closed.
    pub(crate) fn flush_closed(&self) -> Result<(), LogError> {
        let plan = match &self.shared().log {
            Ok(log) => log.plan_flush_of_closed()?,
            Err(_) => None,
        };
        let Some(plan) = plan else { return Ok(()) };
        let flushed = plan.run();
        self.exclusive().log.as_mut().map_or(Ok(()), |log| log.finish_flush(flushed))
    }

    fn flush_until(&self, offset: i64) -> Result<(), FlushError> {
        loop {
            let plan = {
                let state = self.shared();
                let log = state.log.as_ref().map_err(|absent| *absent)?;
                if log.recovery_point() >= offset.min(log.end_offset()) {
                    return Ok(());
                }
                log.plan_flush()?
            };
            let Some(plan) = plan else { return Ok(()) };
            let flushed = plan.run();
            let mut state = self.exclusive();
            let State { log, producers, .. } = &mut *state;
            let log = log.as_mut().map_err(|absent| *absent)?;
            log.finish_flush(flushed)?;
            producers.high_watermark_moved(log.high_watermark());
            drop(state);
            self.waiters.wake();
        }
    }
}

/// Records were not flushed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FlushError {
    #[error(transparent)]
    Absent(#[from] Absent),
    #[error(transparent)]
    Log(#[from] LogError),
}
