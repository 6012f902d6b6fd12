//! Positions and sequences: where a partition stands at the source and at the target.

use strait_wire::ids::Uuid;

/// A sequence number of an idempotent producer: counts records, wraps from 2^31 - 1 to 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sequence(i32);

impl Sequence {
    /// The sequence a partition begins with: its first source offset modulo 2^31.
    pub fn from_offset(offset: i64) -> Self {
        Self((offset & i64::from(i32::MAX)) as i32)
    }

    /// A sequence as it stands in a batch; `None` when it is negative (not an idempotent batch).
    pub fn new(value: i32) -> Option<Self> {
        (value >= 0).then_some(Self(value))
    }

    pub fn value(self) -> i32 {
        self.0
    }

    /// The sequence `records` later.
    pub fn advance(self, records: i64) -> Self {
        Self::from_offset(i64::from(self.0) + records)
    }

    /// How many records lie between `earlier` and this one, 0 to 2^31 - 1.
    pub fn since(self, earlier: Self) -> i64 {
        (i64::from(self.0) - i64::from(earlier.0)) & i64::from(i32::MAX)
    }
}

/// Everything below is at the target. Kept in the target's state topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Zero where the source has no topic ids.
    pub source_topic_id: Uuid,
    /// Leader epoch of the last copied batch, -1 before the first.
    pub leader_epoch: i32,
    /// Next source offset to copy.
    pub source_offset: i64,
    /// Sequence of the next record to write.
    pub next_sequence: Sequence,
    /// Target offset that the next record is expected to get.
    pub target_offset: i64,
}

/// What the target's log says of our writes to a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    /// The last batch of ours ends before `next_sequence`; the log ends at `log_end`.
    Ours { next_sequence: Sequence, log_end: i64 },
    /// The log holds nothing that we wrote.
    NothingOfOurs { log_end: i64 },
}

impl Tail {
    pub fn log_end(self) -> i64 {
        match self {
            Self::Ours { log_end, .. } | Self::NothingOfOurs { log_end } => log_end,
        }
    }
}

/// Half of the sequence space: a greater distance means "behind".
const HALF: i64 = 1 << 30;

/// What the target holds beyond a stored position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beyond {
    /// So many records after the position are already at the target.
    Records(i64),
    /// The target holds fewer records than the position says: `missing` of them are gone.
    Truncated { missing: i64 },
}

/// Compares a position with the target's tail.
pub fn beyond(position: &Position, tail: Tail) -> Beyond {
    let records = match tail {
        Tail::Ours { next_sequence, .. } => {
            let ahead = next_sequence.since(position.next_sequence);
            if ahead < HALF { ahead } else { ahead - (1 << 31) }
        }
        Tail::NothingOfOurs { log_end } => log_end - position.target_offset,
    };
    if records < 0 { Beyond::Truncated { missing: -records } } else { Beyond::Records(records) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(offset: i64, target: i64) -> Position {
        Position {
            source_topic_id: Uuid::default(),
            leader_epoch: -1,
            source_offset: offset,
            next_sequence: Sequence::from_offset(offset),
            target_offset: target,
        }
    }

    #[test]
    fn sequences_wrap_from_the_largest_to_zero() {
        let last = Sequence::from_offset(i64::from(i32::MAX));
        assert_eq!(last.advance(1).value(), 0);
        assert_eq!(last.advance(1).since(last), 1);
        assert_eq!(Sequence::from_offset(1 << 31).value(), 0);
    }

    #[test]
    fn the_tail_says_what_is_already_there() {
        let at = position(100, 40);
        let ours = |offset| Tail::Ours { next_sequence: Sequence::from_offset(offset), log_end: 0 };
        assert_eq!(beyond(&at, ours(100)), Beyond::Records(0));
        assert_eq!(beyond(&at, ours(130)), Beyond::Records(30));
        assert_eq!(beyond(&at, ours(90)), Beyond::Truncated { missing: 10 });
        assert_eq!(beyond(&at, Tail::NothingOfOurs { log_end: 40 }), Beyond::Records(0));
        assert_eq!(beyond(&at, Tail::NothingOfOurs { log_end: 0 }), Beyond::Truncated { missing: 40 });
    }

    #[test]
    fn the_tail_is_compared_across_the_wrap() {
        let at = position(i64::from(i32::MAX) - 4, 0);
        let tail = Tail::Ours { next_sequence: Sequence::from_offset((1 << 31) + 5), log_end: 10 };
        assert_eq!(beyond(&at, tail), Beyond::Records(10));
    }
}
