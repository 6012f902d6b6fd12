//! One partition: its log and what it knows of its producers, behind one lock. Appends go to the page cache on the
//! caller's thread; readers share the lock. Where a topic wants records flushed, their producers wait without the lock.

// Opening, and what is kept for the next start.
mod open;
// Adding batches.
mod append;
// What readers get.
mod read;
// Waiting for the disk, where a topic wants that.
mod flush;
// Compaction and flushing.
mod upkeep;
// Who waits for more.
mod waiters;

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use strait_broker_core::produce_validation::TopicSettings;
use strait_broker_core::producer_state::Producers;
use strait_broker_log::PartitionLog;
use strait_wire::error_code::ErrorCode;

pub(crate) use append::AppendError;
pub(crate) use open::{Budgets, OpenError, Opening};
pub(crate) use read::{PartitionRead, ReadError};
pub(crate) use waiters::{Waiter, Waiting};

use waiters::Waiters;

/// Which records a reader may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Isolation {
    Uncommitted,
    Committed,
}

/// A partition that this broker leads.
#[derive(Debug)]
pub(crate) struct Partition {
    pub(crate) topic: String,
    pub(crate) index: i32,
    pub(crate) leader_epoch: i32,
    /// The log could not be opened at the start.
    pub(crate) is_offline: bool,
    state: RwLock<State>,
    /// One flush at a time: those who wait for it are served by the next one together.
    flushing: tokio::sync::Mutex<()>,
    waiters: Waiters,
}

#[derive(Debug)]
struct State {
    log: Result<PartitionLog, Absent>,
    producers: Producers,
    rules: TopicSettings,
    /// Where the next compaction begins.
    first_dirty: i64,
}

/// Why a partition has no log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Absent {
    #[error("the partition was deleted")]
    Deleted,
    /// A person has to look at its files.
    #[error("the partition's log can't be opened")]
    Offline,
}

impl Absent {
    /// What a client is answered.
    pub(crate) fn code(self) -> ErrorCode {
        match self {
            Self::Deleted => ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
            Self::Offline => ErrorCode::KAFKA_STORAGE_ERROR,
        }
    }
}

/// The offsets that bound what may be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Offsets {
    pub(crate) log_start: i64,
    pub(crate) last_stable: i64,
    pub(crate) high_watermark: i64,
}

impl Offsets {
    /// Readers see what is below.
    pub(crate) fn readable_end(&self, isolation: Isolation) -> i64 {
        match isolation {
            Isolation::Uncommitted => self.high_watermark,
            Isolation::Committed => self.last_stable,
        }
    }
}

impl State {
    fn offsets(&self) -> Result<Offsets, Absent> {
        let log = self.log.as_ref().map_err(|absent| *absent)?;
        let high_watermark = log.high_watermark();
        let last_stable = self.producers.last_stable_offset(high_watermark);
        Ok(Offsets { log_start: log.start_offset(), last_stable, high_watermark })
    }
}

impl Partition {
    fn shared(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn exclusive(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The offsets that bound what may be read.
    pub(crate) fn offsets(&self) -> Result<Offsets, Absent> {
        self.shared().offsets()
    }

    /// What the topic asks of batches.
    pub(crate) fn produce_rules(&self) -> TopicSettings {
        self.shared().rules
    }

    /// Takes other settings of the topic.
    pub(crate) fn set_rules(&self, rules: &crate::settings::TopicRules) {
        let mut state = self.exclusive();
        state.rules = rules.produce;
        if let Ok(log) = &mut state.log {
            log.set_config(rules.log.clone());
        }
    }

    /// Reads something of the log and the producers.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&PartitionLog, &Producers) -> T) -> Result<T, Absent> {
        let state = self.shared();
        state.log.as_ref().map(|log| look(log, &state.producers)).map_err(|absent| *absent)
    }

    /// Changes something of the log and the producers, and wakes who waits.
    pub(crate) fn change<T>(
        &self,
        change: impl FnOnce(&mut PartitionLog, &mut Producers) -> T,
    ) -> Result<T, Absent> {
        let mut state = self.exclusive();
        let State { log, producers, .. } = &mut *state;
        let changed = log.as_mut().map(|log| change(log, producers)).map_err(|absent| *absent);
        drop(state);
        self.waiters.wake();
        changed
    }

    /// Has `waiter` woken by changes of this partition while the result lives.
    pub(crate) fn wait(&self, waiter: &std::sync::Arc<Waiter>) -> Waiting {
        self.waiters.add(waiter)
    }
}
