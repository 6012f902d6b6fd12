//! The state of a partition: its producers, transactions and the offset up to which it was read.

use std::collections::BTreeMap;

use strait_wire::batch::{BatchHeader, ControlKind, ControlRecord};

use super::admission::{Admission, Append, Check, Marker};
use super::entry::{AppendedBatch, ProducerEntry};
use super::error::ProducerStateError;
use super::open::{CompletedTransaction, Transactions};
use super::snapshot::SnapshotEntry;
use super::verification::{Verification, VerificationGuard};

/// All producers that a partition knows.
#[derive(Clone, Debug, Default)]
pub struct Producers {
    entries: BTreeMap<i64, ProducerEntry>,
    transactions: Transactions,
    verifications: BTreeMap<i64, Verification>,
    guards: u64,
    end_offset: i64,
}

impl Producers {
    /// A partition without producers whose log begins at `start_offset`.
    pub fn new(start_offset: i64) -> Self {
        Self { end_offset: start_offset, ..Self::default() }
    }

    /// The state that a snapshot taken at `end_offset` holds. What expired meanwhile is left out.
    pub fn from_snapshot(
        end_offset: i64,
        entries: impl IntoIterator<Item = SnapshotEntry>,
        now_ms: i64,
        expiration_ms: i64,
    ) -> Self {
        let mut producers = Self::new(end_offset);
        for snapshot in entries {
            let entry = snapshot.entry();
            if let Some(first_offset) = entry.open_since {
                producers.transactions.begin(first_offset, snapshot.producer_id);
            }
            producers.entries.insert(snapshot.producer_id, entry);
        }
        producers.remove_expired(now_ms, expiration_ms);
        producers
    }

    /// What a snapshot at [`Self::end_offset`] keeps, in the order of producer ids.
    pub fn snapshot(&self) -> impl Iterator<Item = SnapshotEntry> {
        self.entries.iter().map(|(producer_id, entry)| SnapshotEntry::of(*producer_id, entry))
    }

    /// The offset behind the last batch that was noted.
    pub fn end_offset(&self) -> i64 {
        self.end_offset
    }

    /// All producers in the order of their ids, for DescribeProducers.
    pub fn iter(&self) -> impl Iterator<Item = (i64, &ProducerEntry)> {
        self.entries.iter().map(|(producer_id, entry)| (*producer_id, entry))
    }

    /// What is known of one producer.
    pub fn get(&self, producer_id: i64) -> Option<&ProducerEntry> {
        self.entries.get(&producer_id)
    }

    /// Whether a batch may be written. Its header has the offsets that it would get.
    ///
    /// # Errors
    /// An old epoch, a gap in the sequence, a batch outside its transaction, a guard that a marker made worthless.
    pub fn admit(&self, header: &BatchHeader, append: Append) -> Result<Admission, ProducerStateError> {
        if header.producer_id < 0 {
            return Ok(Admission::Append);
        }
        self.check(header.producer_id, append, |check| check.batch(header))
    }

    /// Whether a marker may be written.
    ///
    /// # Errors
    /// An old producer epoch or an old coordinator epoch.
    pub fn admit_marker(&self, marker: &Marker, append: Append) -> Result<(), ProducerStateError> {
        self.check(marker.producer_id, append, |check| check.marker(marker))
    }

    fn check<T>(&self, producer_id: i64, append: Append, checked: impl FnOnce(Check<'_>) -> T) -> T {
        let unknown = ProducerEntry::unknown();
        let entry = self.entries.get(&producer_id).unwrap_or(&unknown);
        checked(Check { entry, verification: self.verifications.get(&producer_id), append })
    }

    /// Notes a data batch that was written.
    pub fn appended(&mut self, header: &BatchHeader) {
        self.end_offset = header.next_offset();
        if header.producer_id < 0 {
            return;
        }
        let entry = self.entries.entry(header.producer_id).or_insert_with(ProducerEntry::unknown);
        let was_open = entry.open_since.is_some();
        entry.add(header);
        if let Some(first_offset) = entry.open_since.filter(|_| !was_open) {
            self.transactions.begin(first_offset, header.producer_id);
        }
        if header.attributes.is_transactional() {
            self.verifications.remove(&header.producer_id);
        }
    }

    /// Notes a marker that was written. `None` when it ended no transaction of this partition.
    pub fn marker_appended(&mut self, marker: &Marker) -> Option<CompletedTransaction> {
        self.end_offset = marker.offset.saturating_add(1);
        self.verifications.remove(&marker.producer_id);
        let entry = self.entries.entry(marker.producer_id).or_insert_with(ProducerEntry::unknown);
        let first_offset = entry.open_since;
        entry.end_transaction(marker.producer_epoch, marker.coordinator_epoch, marker.timestamp);
        let first_offset = first_offset?;
        Some(CompletedTransaction {
            producer_id: marker.producer_id,
            first_offset,
            last_offset: marker.offset,
            last_stable_offset: self.transactions.complete(first_offset, marker.offset),
            is_aborted: marker.kind == ControlKind::Abort,
        })
    }

    /// Notes a batch of the log as it is read again. `control` is the record of a control batch; `None` there when
    /// compaction emptied it. Checks nothing.
    pub fn replay(
        &mut self,
        header: &BatchHeader,
        control: Option<ControlRecord>,
    ) -> Option<CompletedTransaction> {
        if !header.attributes.is_control() {
            self.appended(header);
            return None;
        }
        self.end_offset = header.next_offset();
        let control = control.filter(|control| !matches!(control.kind, ControlKind::Other(_)))?;
        let completed = self.marker_appended(&Marker {
            producer_id: header.producer_id,
            producer_epoch: header.producer_epoch,
            kind: control.kind,
            coordinator_epoch: control.coordinator_epoch,
            offset: header.base_offset,
            timestamp: header.max_timestamp,
            transaction_version: 0,
        });
        self.end_offset = header.next_offset();
        completed
    }

    /// Notes a data batch that was written before the snapshot which this state is made of. It has only the newest batch of
    /// each producer, but a producer that was not answered sends all that it had in flight again.
    pub fn recall(&mut self, header: &BatchHeader) {
        let entry = self.entries.get_mut(&header.producer_id);
        if let Some(entry) = entry.filter(|entry| entry.epoch == header.producer_epoch) {
            entry.recall(AppendedBatch::of(header));
        }
    }

    /// The guard for a transactional batch. Where it is a number, the coordinator has to be asked before the append.
    /// `raises_epoch` is true for transaction version 2.
    pub fn verify(&mut self, header: &BatchHeader, raises_epoch: bool, now_ms: i64) -> VerificationGuard {
        let (producer_id, epoch) = (header.producer_id, header.producer_epoch);
        let known = self.entries.get(&producer_id);
        if known.is_some_and(|entry| entry.open_since.is_some() && entry.epoch == epoch) {
            return VerificationGuard::Ongoing;
        }
        let sequence = header.base_sequence;
        let verification = self.verifications.entry(producer_id).or_insert_with(|| {
            self.guards += 1;
            let guard = VerificationGuard::Number(self.guards);
            Verification { guard, started_ms: now_ms, lowest_sequence: sequence, epoch, raises_epoch }
        });
        verification.join(sequence, epoch);
        verification.guard
    }

    /// The high watermark moved: transactions that ended below it are stable.
    pub fn high_watermark_moved(&mut self, high_watermark: i64) {
        self.transactions.forget_below(high_watermark);
    }

    /// The log start moved: transactions that ended below it are gone.
    pub fn log_start_moved(&mut self, log_start_offset: i64) {
        self.transactions.forget_below(log_start_offset);
        self.end_offset = self.end_offset.max(log_start_offset);
    }

    /// Below this offset no transaction is open and no marker is unreplicated.
    pub fn last_stable_offset(&self, high_watermark: i64) -> i64 {
        self.transactions.first_unstable().map_or(high_watermark, |first| first.min(high_watermark))
    }

    /// The first offset of the oldest open transaction: compaction stops there.
    pub fn first_open_offset(&self) -> Option<i64> {
        self.transactions.first_open().map(|(first, _)| first)
    }

    /// Whether the oldest open transaction was left alone longer than a coordinator lets one live.
    pub fn has_late_transaction(&self, now_ms: i64, max_transaction_timeout_ms: i64) -> bool {
        let oldest =
            self.transactions.first_open().and_then(|(_, producer_id)| self.entries.get(&producer_id));
        let limit = max_transaction_timeout_ms.saturating_add(LATE_TRANSACTION_BUFFER_MS);
        oldest.is_some_and(|entry| {
            entry.last_timestamp > 0 && now_ms.saturating_sub(entry.last_timestamp) > limit
        })
    }

    /// Forgets producers that wrote nothing for `expiration_ms` (`producer.id.expiration.ms`), and verifications that
    /// came to nothing. A producer with an open transaction stays.
    pub fn remove_expired(&mut self, now_ms: i64, expiration_ms: i64) {
        let expired = |since: i64| now_ms.saturating_sub(since) >= expiration_ms;
        self.entries.retain(|_, entry| entry.open_since.is_some() || !expired(entry.last_timestamp));
        self.verifications.retain(|_, verification| !expired(verification.started_ms));
    }
}

/// What is added to the longest transaction before one is called late.
const LATE_TRANSACTION_BUFFER_MS: i64 = 5 * 60 * 1000;

/// Equal when the same batches were noted; verifications under way are not compared.
impl PartialEq for Producers {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
            && self.transactions == other.transactions
            && self.end_offset == other.end_offset
    }
}
