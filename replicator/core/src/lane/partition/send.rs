//! Which batch is sent next, and how it is stamped.

use strait_wire::batch::{ClosedBatch, Stamp};

use super::{Delivery, InFlight, Outgoing, PartitionLane, Phase, Wants, data_of, records_of};
use crate::lane::identity::Identities;
use crate::lane::position::Sequence;
use crate::rewrite::{Prepared, PreparedKind, SourceOffsets};

impl PartitionLane {
    /// What the next batch needs.
    pub fn wants(&self) -> Wants {
        if self.queued_data == 0 || !matches!(self.phase, Phase::Running) {
            return Wants::Nothing;
        }
        let Some(next) = self.queue.iter().find(|item| data_of(item).is_some()) else {
            return Wants::Nothing;
        };
        if let Some(last) = self.in_flight.back() {
            let window =
                if last.transactional || self.is_proven(last.origin) { self.settings.window } else { 1 };
            let alike = last.transactional == next.transactional && last.origin == next.origin;
            if !alike || self.in_flight.len() >= window {
                return Wants::Nothing;
            }
        }
        match (next.transactional, self.uncommitted.is_some()) {
            (true, _) => Wants::Transaction,
            (false, true) => Wants::Nothing,
            (false, false) => Wants::Produce,
        }
    }

    /// Whether a batch of a transaction is not answered yet.
    pub fn has_transactional_in_flight(&self) -> bool {
        self.in_flight.iter().any(|sent| sent.transactional)
    }

    /// The next batch, stamped; in flight from now on. `in_transaction`: this partition is part of an open one.
    pub fn take_outgoing(&mut self, identities: &Identities, in_transaction: bool) -> Option<Outgoing> {
        match self.wants() {
            Wants::Produce => {}
            Wants::Transaction if in_transaction => {}
            Wants::Transaction | Wants::Nothing => return None,
        }
        while let Some(item) = self.queue.pop_front() {
            let Some(batch) = data_of(&item) else {
                self.pass_behind(&item);
                continue;
            };
            let (batch, size) = (batch.clone(), batch.size());
            self.queued_bytes -= size;
            self.queued_data -= 1;
            let stamp = match self.settings.delivery {
                Delivery::Once => self.stamp(&item, records_of(&batch), identities),
                Delivery::AtLeastOnce => Stamp::NONE,
            };
            return Some(self.send(&batch, &item, stamp));
        }
        None
    }

    /// A skipped range moves the position together with what is before it.
    fn pass_behind(&mut self, item: &Prepared) {
        if let Some(last) = self.in_flight.back_mut() {
            (last.source_next, last.leader_epoch) = (item.source_next, item.leader_epoch);
        } else if let Some(uncommitted) = &mut self.uncommitted {
            (uncommitted.source_next, uncommitted.leader_epoch) = (item.source_next, item.leader_epoch);
        } else {
            self.pass(item);
        }
    }

    fn stamp(&mut self, item: &Prepared, records: i64, identities: &Identities) -> Stamp {
        let identity =
            if item.transactional { identities.transactional() } else { identities.of(item.origin) };
        let identity = identity.expect("a batch is queued when its identity is known");
        Stamp {
            producer_id: identity.producer_id,
            producer_epoch: identity.producer_epoch,
            base_sequence: self.take_sequence(item, records).value(),
            transactional: item.transactional,
        }
    }

    fn send(&mut self, batch: &ClosedBatch, item: &Prepared, stamp: Stamp) -> Outgoing {
        let (records, size) = (records_of(batch), batch.size());
        let stamped = batch.restamp(stamp);
        self.in_flight_bytes += size;
        self.in_flight.push_back(InFlight {
            origin: item.origin,
            transactional: item.transactional,
            records,
            size,
            source_base: item.source_base,
            source_next: item.source_next,
            middle: middle_of(item, records),
            leader_epoch: item.leader_epoch,
            runs: item.runs(),
        });
        Outgoing { batch: stamped, size, records }
    }

    fn take_sequence(&mut self, item: &Prepared, records: i64) -> Sequence {
        let next = if item.transactional {
            &mut self.transaction_sequence
        } else {
            &mut self.track(item.origin).next_sequence
        };
        let sequence = *next;
        *next = sequence.advance(records);
        sequence
    }
}

fn middle_of(item: &Prepared, records: i64) -> i64 {
    match &item.kind {
        PreparedKind::Data { offsets: SourceOffsets::Listed(listed), .. } => {
            listed.get(listed.len() / 2).copied().unwrap_or(item.source_base)
        }
        PreparedKind::Data { .. } | PreparedKind::Skipped(_) => item.source_base + records / 2,
    }
}
