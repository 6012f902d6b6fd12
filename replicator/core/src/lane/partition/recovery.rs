//! Reading the target's tail after a start or a failure, and what follows losses on either side.

use super::{Delivery, PartitionLane, Phase, Position, Tail};
use crate::lane::identity::Origin;
use crate::lane::position::{Beyond, Sequences, beyond};
use crate::lane::state::{PartitionState, Side};
use crate::rewrite::{Poison, SourceRun};

/// Milliseconds between a failure and the next look at the target's tail: doubled from the first to the last.
const BACKOFF_MS: (u64, u64) = (50, 5_000);

impl PartitionLane {
    /// Whether the target's tail shall be read now; the caller answers with `on_tail` or `on_tail_failed`.
    pub fn poll_tail(&mut self, now_ms: u64) -> bool {
        match &mut self.phase {
            Phase::Recovering { retry_at_ms, reading }
                if !*reading && self.in_flight.is_empty() && now_ms >= *retry_at_ms =>
            {
                *reading = true;
                true
            }
            Phase::Recovering { .. } | Phase::Running | Phase::Stopped => false,
        }
    }

    /// Whether the machine waits for its target's tail, now or after a backoff.
    pub fn is_recovering(&self) -> bool {
        matches!(self.phase, Phase::Recovering { .. })
    }

    pub fn on_tail(&mut self, tail: &Tail, now_ms: u64) {
        let adopted = self.adopt_sequences;
        if self.writes_again() {
            self.repeated += (tail.log_end - self.position.target_offset).max(0).unsigned_abs();
        }
        if self.adopt_sequences {
            for (origin, sequence) in tail.sequences.iter() {
                self.position.sequences.set(origin, sequence);
            }
            self.position.target_offset = tail.log_end;
            self.position_changed = true;
            self.adopt_sequences = false;
            if self.position.map.is_empty() {
                self.restart_map();
            }
        }
        match beyond(&self.position, tail) {
            Beyond::Truncated { missing } => {
                let last_offset = self.position.source_offset - 1;
                let first_offset = (last_offset + 1 - missing).max(0);
                self.stop(PartitionState::Truncated { side: Side::Target, first_offset, last_offset });
            }
            Beyond::Records(written) if !adopted && !self.is_replicated(&written, tail) => self.reset(now_ms),
            Beyond::Records(written) if !adopted && !self.can_place(&written, tail) => {
                self.searches_batches = true;
                self.phase = Phase::Recovering { retry_at_ms: now_ms, reading: false };
            }
            Beyond::Records(written) => {
                self.searches_batches = false;
                self.tracks.clear();
                let nothing_beyond = written.is_empty();
                for (origin, already_written) in written {
                    self.track(origin).already_written = already_written;
                }
                if nothing_beyond {
                    self.position.target_offset = self.position.target_offset.max(tail.log_end);
                }
                self.phase = Phase::Running;
                self.state = PartitionState::Running;
            }
        }
    }

    /// Whether what the target holds beyond the position is not told by sequences.
    fn writes_again(&self) -> bool {
        match self.settings.delivery {
            Delivery::AtLeastOnce => !self.adopt_sequences,
            // The position was left by an instance that copied at least once.
            Delivery::Once => self.adopt_sequences && self.position.sequences.is_empty(),
        }
    }

    /// A leader knows of batches that its followers do not have yet, and that would be lost with it: they count when
    /// the high watermark is behind them.
    fn is_replicated(&self, written: &[(Origin, i64)], tail: &Tail) -> bool {
        let records: i64 = written.iter().map(|(_, records)| records).sum();
        self.position.target_offset + records <= tail.log_end
    }

    /// Whether the target offsets of what is written beyond the position are known: they follow the position one by
    /// one, or the log was searched for them.
    fn can_place(&mut self, written: &[(Origin, i64)], tail: &Tail) -> bool {
        let records: i64 = written.iter().map(|(_, records)| records).sum();
        let follows = self.position.target_offset + records == tail.log_end;
        self.written_batches = if follows { None } else { tail.batches.clone() };
        records == 0 || follows || tail.batches.is_some()
    }

    /// Whether the next look at the target's tail shall find our batches beyond the position, as far as is reasonable.
    pub fn searches_batches(&self) -> bool {
        self.searches_batches
    }

    /// The tail could not be read.
    pub fn on_tail_failed(&mut self, now_ms: u64, state: PartitionState) {
        self.reset(now_ms);
        self.state = state;
    }

    /// A batch that can't be copied: the partition stops before it.
    pub fn on_poison(&mut self, poison: &Poison) {
        self.stop(PartitionState::Poisoned { detail: poison.to_string() });
    }

    /// The source holds nothing below `log_start`: the range up to it is lost. Returns the lost range; `None` when
    /// what was fetched before must be written first.
    pub fn on_retention_gap(&mut self, log_start: i64) -> Option<(i64, i64)> {
        if log_start <= self.fetch_offset || !self.is_idle() {
            return None;
        }
        let lost = (self.fetch_offset, log_start - 1);
        let written: i64 = self.tracks.iter().map(|(_, track)| track.already_written).sum();
        let lost = if written == 0 { lost } else { self.settle_written(written, lost)? };
        self.move_to(log_start);
        Some(lost)
    }

    /// Sequences of a partition that never had a gap equal source offsets: records that the target holds beyond the
    /// position need not be counted at the source. Returns what of `lost` is not at the target.
    fn settle_written(&mut self, written: i64, lost: (i64, i64)) -> Option<(i64, i64)> {
        let countable = self.position.is_gap_free()
            && self.tracks.iter().all(|(origin, _)| *origin == Origin::SOURCE)
            && self.position.source_offset + written <= lost.1 + 1;
        if !countable {
            let detail = format!(
                "source records {} to {} are gone and {written} of the records after {} are at the target",
                lost.0, lost.1, self.position.source_offset
            );
            self.stop(PartitionState::Diverged { detail });
            return None;
        }
        let run = SourceRun { source_base: self.position.source_offset, index: 0, count: written };
        self.map_written(Origin::SOURCE, &[run]);
        let Position { sequences, target_offset, source_offset, .. } = &mut self.position;
        sequences.set(Origin::SOURCE, sequences.get(Origin::SOURCE).advance(written));
        *target_offset = (*target_offset + written).max(self.map.end().target);
        *source_offset += written;
        let first = lost.0.max(*source_offset);
        self.on_moved();
        self.tracks.clear();
        Some((first, lost.1))
    }

    /// Goes on at another source offset, back or forward; what lies between is the caller's to name.
    pub fn move_to(&mut self, source_offset: i64) {
        let goes_back = source_offset < self.position.source_offset;
        self.position.source_offset = source_offset;
        self.position.leader_epoch = -1;
        if goes_back {
            self.restart_map();
        }
        self.on_moved();
        self.fetch_offset = source_offset;
        self.fetched_epoch = -1;
    }

    /// Takes the target's tail for what was written, after it lost records: the next batch follows it. Returns the
    /// source offset to copy from when it is known, which the position then has.
    pub fn accept_truncated_target(&mut self, tail: &Tail, now_ms: u64) -> Option<i64> {
        let known =
            self.position.is_gap_free() && tail.sequences.iter().all(|(origin, _)| origin == Origin::SOURCE);
        let sequence = tail.sequences.iter().next().map(|(_, sequence)| sequence);
        let missing = match sequence {
            Some(sequence) => self.position.sequences.get(Origin::SOURCE).since(sequence),
            None => self.position.target_offset - tail.log_end,
        };
        let from = self.position.source_offset - missing;
        self.position.sequences = match (self.settings.delivery, sequence, known) {
            (Delivery::AtLeastOnce, ..) => Sequences::default(),
            (Delivery::Once, None, true) => Sequences::beginning_at(from),
            // Where the target knows of none any does.
            (Delivery::Once, None, false) => Sequences::beginning_at(0),
            (Delivery::Once, Some(_), _) => tail.sequences.iter().collect(),
        };
        self.position.target_offset = tail.log_end;
        self.position_changed = true;
        self.restart_map();
        let known = (known && from >= 0).then_some(from);
        if let Some(from) = known {
            self.move_to(from);
        }
        self.resume(now_ms);
        known
    }

    /// Goes back to the acknowledged position; the target's tail is read once nothing is in flight.
    pub fn reset(&mut self, now_ms: u64) {
        if matches!(self.phase, Phase::Stopped) {
            return;
        }
        let backoff = (BACKOFF_MS.0 << self.failures.min(10)).min(BACKOFF_MS.1);
        self.failures = self.failures.saturating_add(1);
        self.recover_at(now_ms + backoff);
    }

    /// Leaves the stop behind: the tail is read and copying goes on.
    pub fn resume(&mut self, now_ms: u64) {
        self.failures = 0;
        self.recover_at(now_ms);
    }

    fn recover_at(&mut self, retry_at_ms: u64) {
        self.drop_queue();
        self.phase = Phase::Recovering { retry_at_ms, reading: false };
        self.state = PartitionState::Waiting;
    }

    /// Stops until a person acts, with the reason.
    pub fn stop(&mut self, state: PartitionState) {
        self.drop_queue();
        self.phase = Phase::Stopped;
        self.state = state;
    }

    fn drop_queue(&mut self) {
        self.queue.clear();
        self.queued_bytes = 0;
        self.queued_data = 0;
        self.uncommitted = None;
        self.uncommitted_runs.clear();
        self.fork = None;
        self.fetch_offset = self.position.source_offset;
        self.fetched_epoch = self.position.leader_epoch;
        self.tracks.clear();
        let below = self.position.source_offset;
        self.cuts.retain(|cut| *cut > below);
        self.generation += 1;
    }
}
