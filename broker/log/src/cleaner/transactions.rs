//! Transactions as the cleaner meets them (`CleanedTransactionMetadata`): aborted data goes; a marker is not needed
//! any more when nothing of its transaction is left.

use std::collections::{HashMap, HashSet, VecDeque};

use strait_wire::batch::{BatchHeader, ControlKind};

use crate::index::AbortedTransaction;

#[derive(Debug, Default)]
pub(super) struct Transactions {
    /// By first offset.
    coming: VecDeque<AbortedTransaction>,
    /// Aborted ones that are open here, and whether a batch of theirs was seen.
    aborted: HashMap<i64, (AbortedTransaction, bool)>,
    committed: HashSet<i64>,
}

/// What becomes of a marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Marker {
    /// Nothing of its transaction is left.
    pub(super) is_needless: bool,
    /// For the new index of aborted transactions.
    pub(super) aborted: Option<AbortedTransaction>,
}

impl Transactions {
    /// All aborted transactions that touch what is cleaned.
    pub(super) fn new(mut aborted: Vec<AbortedTransaction>) -> Self {
        aborted.sort_unstable_by_key(|transaction| transaction.first_offset);
        Self { coming: aborted.into(), ..Self::default() }
    }

    /// Takes a batch of records; whether they were aborted.
    pub(super) fn on_records(&mut self, header: &BatchHeader) -> bool {
        self.begin_until(header.last_offset());
        if !header.attributes.is_transactional() {
            return false;
        }
        match self.aborted.get_mut(&header.producer_id) {
            Some((_, seen)) => {
                *seen = true;
                true
            }
            None => {
                self.committed.insert(header.producer_id);
                false
            }
        }
    }

    pub(super) fn on_marker(&mut self, header: &BatchHeader, kind: ControlKind) -> Marker {
        self.begin_until(header.last_offset());
        match kind {
            ControlKind::Abort => match self.aborted.remove(&header.producer_id) {
                Some((transaction, true)) => Marker { is_needless: false, aborted: Some(transaction) },
                _ => Marker { is_needless: true, aborted: None },
            },
            ControlKind::Commit => {
                let is_needless = !self.committed.remove(&header.producer_id);
                Marker { is_needless, aborted: None }
            }
            ControlKind::Other(_) => Marker { is_needless: false, aborted: None },
        }
    }

    fn begin_until(&mut self, offset: i64) {
        while let Some(next) = self.coming.pop_front_if(|next| next.first_offset <= offset) {
            self.aborted.entry(next.producer_id).or_insert((next, false));
        }
    }
}
