//! What a transactional producer may do next (`TransactionManager`), without I/O.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::error::ProducerError;
use crate::leaders::TopicPartition;

#[derive(Clone, Debug)]
pub(crate) enum Phase {
    Uninitialized,
    Ready,
    Open,
    Committing,
    Aborting,
    /// The transaction can only be aborted.
    Failed(Arc<ProducerError>),
    /// The producer can only be closed.
    Fatal(Arc<ProducerError>),
}

impl Phase {
    fn name(&self) -> &'static str {
        match self {
            Self::Uninitialized => "uninitialized",
            Self::Ready => "ready, without a transaction",
            Self::Open => "in a transaction",
            Self::Committing => "committing",
            Self::Aborting => "aborting",
            Self::Failed(_) => "in a transaction that failed",
            Self::Fatal(_) => "of no use any more",
        }
    }
}

/// Partitions by topic.
#[derive(Clone, Debug, Default)]
pub(crate) struct Partitions(BTreeMap<String, BTreeSet<i32>>);

impl Partitions {
    pub(crate) fn contains(&self, topic: &str, partition: i32) -> bool {
        self.0.get(topic).is_some_and(|partitions| partitions.contains(&partition))
    }

    pub(crate) fn insert(&mut self, topic: &str, partition: i32) {
        match self.0.get_mut(topic) {
            Some(partitions) => partitions.insert(partition),
            None => self.0.entry(topic.to_owned()).or_default().insert(partition),
        };
    }

    /// All of them; afterwards there are none.
    pub(crate) fn take(&mut self) -> Vec<TopicPartition> {
        let topics = std::mem::take(&mut self.0).into_iter();
        topics
            .flat_map(|(topic, partitions)| partitions.into_iter().map(move |index| (topic.clone(), index)))
            .collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A transactional producer's transactions.
#[derive(Debug)]
pub(crate) struct Transaction {
    pub(crate) phase: Phase,
    /// Partitions that the coordinator knows of.
    pub(crate) added: Partitions,
    /// Partitions with records that it does not know of.
    pub(crate) wanted: Partitions,
    /// The coordinator is being told.
    pub(crate) adding: bool,
    /// The coordinator was told of something, or may have been.
    pub(crate) began: bool,
    /// Sequences have holes: the epoch is raised before the next transaction.
    pub(crate) bump: bool,
}

impl Default for Transaction {
    fn default() -> Self {
        let (added, wanted) = Default::default();
        Self { phase: Phase::Uninitialized, added, wanted, adding: false, began: false, bump: false }
    }
}

impl Transaction {
    fn refuse<T>(&self, action: &'static str) -> Result<T, ProducerError> {
        Err(match &self.phase {
            Phase::Failed(error) => ProducerError::Abortable(error.clone()),
            Phase::Fatal(error) => ProducerError::Fatal(error.clone()),
            phase => ProducerError::InvalidState { action, state: phase.name() },
        })
    }

    pub(crate) fn check_init(&self) -> Result<(), ProducerError> {
        match self.phase {
            Phase::Uninitialized => Ok(()),
            _ => self.refuse("initialization"),
        }
    }

    pub(crate) fn on_initialized(&mut self) {
        *self = Self { phase: Phase::Ready, ..Self::default() };
    }

    pub(crate) fn begin(&mut self) -> Result<(), ProducerError> {
        match self.phase {
            Phase::Ready => {
                self.phase = Phase::Open;
                Ok(())
            }
            _ => self.refuse("a new transaction"),
        }
    }

    /// A record, or offsets, may become part of the transaction.
    pub(crate) fn check_open(&self, action: &'static str) -> Result<(), ProducerError> {
        match self.phase {
            Phase::Open => Ok(()),
            _ => self.refuse(action),
        }
    }

    /// A commit that was interrupted may be asked for again.
    pub(crate) fn commit(&mut self) -> Result<(), ProducerError> {
        match self.phase {
            Phase::Open | Phase::Committing => {
                self.phase = Phase::Committing;
                Ok(())
            }
            _ => self.refuse("a commit"),
        }
    }

    pub(crate) fn abort(&mut self) -> Result<(), ProducerError> {
        match &self.phase {
            Phase::Open | Phase::Aborting => {}
            Phase::Failed(_) => self.bump = true,
            _ => return self.refuse("an abort"),
        }
        self.phase = Phase::Aborting;
        Ok(())
    }

    /// The coordinator ended the transaction.
    pub(crate) fn on_ended(&mut self) {
        *self = Self { phase: Phase::Ready, ..Self::default() };
    }

    /// Something of the transaction went wrong. What is fatal stays so.
    pub(crate) fn on_failure(&mut self, error: Arc<ProducerError>, fatal: bool) {
        self.phase = match (&self.phase, fatal) {
            (Phase::Fatal(_), _) => return,
            (_, true) => Phase::Fatal(error),
            (Phase::Open | Phase::Committing, false) => Phase::Failed(error),
            (Phase::Aborting, false) => {
                self.bump = true;
                return;
            }
            (Phase::Uninitialized | Phase::Ready | Phase::Failed(_), false) => return,
        };
    }

    /// Why nothing more is sent; `None` while there is no reason.
    pub(crate) fn failure(&self) -> Option<ProducerError> {
        match &self.phase {
            Phase::Failed(error) => Some(ProducerError::Abortable(error.clone())),
            Phase::Fatal(error) => Some(ProducerError::Fatal(error.clone())),
            _ => None,
        }
    }

    /// A record goes to this partition.
    pub(crate) fn want(&mut self, topic: &str, partition: i32) {
        if !self.added.contains(topic, partition) {
            self.wanted.insert(topic, partition);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_fits_the_phase_is_done() {
        let mut transaction = Transaction::default();
        assert!(transaction.begin().is_err(), "not initialized");
        transaction.check_init().expect("the first time");
        transaction.on_initialized();
        assert!(transaction.check_init().is_err(), "once is enough");
        assert!(transaction.check_open("send").is_err());
        transaction.begin().expect("ready");
        assert!(transaction.begin().is_err(), "one at a time");
        transaction.check_open("send").expect("open");
        transaction.commit().expect("open");
        transaction.commit().expect("asked again");
        assert!(transaction.abort().is_err(), "it may be committed already");
        transaction.on_ended();
        transaction.begin().expect("the next one");
    }

    #[test]
    fn a_failure_leaves_only_the_abort() {
        let mut transaction = Transaction::default();
        transaction.on_initialized();
        transaction.begin().expect("ready");
        transaction.on_failure(Arc::new(ProducerError::Aborted), false);
        let error = transaction.commit().expect_err("it failed");
        assert!(error.is_abortable(), "{error}");
        transaction.abort().expect("that helps");
        assert!(transaction.bump, "sequences have holes");
        transaction.on_ended();
        transaction.begin().expect("again");
        transaction.on_failure(Arc::new(ProducerError::Aborted), true);
        assert!(transaction.abort().expect_err("fenced").is_fatal());
        transaction.on_failure(Arc::new(ProducerError::Closed), false);
        assert!(transaction.failure().expect("it stays").is_fatal());
    }
}
