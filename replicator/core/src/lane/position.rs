//! Positions and sequences: where a partition stands at the source and at the target.

use bytes::Bytes;
use strait_wire::ids::Uuid;

use super::identity::Origin;

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

/// Sequences of the next record to write, by origin; an origin that is not listed begins at 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sequences(Vec<(Origin, Sequence)>);

impl Sequences {
    /// Of a partition that is copied from `offset` on and has written nothing yet.
    pub fn beginning_at(offset: i64) -> Self {
        Self(vec![(Origin::SOURCE, Sequence::from_offset(offset))])
    }

    pub fn get(&self, origin: Origin) -> Sequence {
        self.0.iter().find(|(known, _)| *known == origin).map_or(Sequence(0), |(_, sequence)| *sequence)
    }

    pub fn set(&mut self, origin: Origin, sequence: Sequence) {
        match self.0.iter_mut().find(|(known, _)| *known == origin) {
            Some((_, present)) => *present = sequence,
            None => self.0.push((origin, sequence)),
        }
    }

    /// No origin is listed: batches carried no producer.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = (Origin, Sequence)> {
        self.0.iter().copied()
    }
}

impl FromIterator<(Origin, Sequence)> for Sequences {
    fn from_iter<T: IntoIterator<Item = (Origin, Sequence)>>(listed: T) -> Self {
        Self(listed.into_iter().collect())
    }
}

/// Everything below is at the target. Kept in the target's state topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Zero where the source has no topic ids.
    pub source_topic_id: Uuid,
    /// Leader epoch of the last batch before `source_offset`, -1 when it is not known.
    pub leader_epoch: i32,
    /// Next source offset to copy.
    pub source_offset: i64,
    /// What the next batch is stamped with. Batches in transactions do not count.
    pub sequences: Sequences,
    /// Everything that was copied lies below this target offset.
    pub target_offset: i64,
    /// The newest part of the offset map, where the position is stored or was.
    pub map: Bytes,
}

impl Position {
    /// Of a partition that is copied from `offset` on and has written nothing yet.
    pub fn beginning_at(source_topic_id: Uuid, offset: i64) -> Self {
        let sequences = Sequences::beginning_at(offset);
        Self {
            source_topic_id,
            leader_epoch: -1,
            source_offset: offset,
            sequences,
            target_offset: 0,
            map: Bytes::new(),
        }
    }

    /// No record was ever left out or written under another name: sequences equal source offsets.
    pub fn is_gap_free(&self) -> bool {
        self.sequences.get(Origin::SOURCE) == Sequence::from_offset(self.source_offset)
    }
}

/// What the target's log says of our writes to a partition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tail {
    /// Sequences behind the last batches of ours, for origins of which the broker or the log beyond the position knows.
    pub sequences: Sequences,
    pub log_end: i64,
    /// Our batches beyond the position in the order of the log, as far as they were searched; `None` when they were not.
    pub batches: Option<Vec<WrittenBatch>>,
}

/// A batch of ours in the target's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrittenBatch {
    pub origin: Origin,
    pub base_sequence: Sequence,
    pub base_offset: i64,
    /// Offsets that it takes, with those that compaction emptied.
    pub records: i64,
}

/// Half of the sequence space: a greater distance means "behind".
const HALF: i64 = 1 << 30;

/// What the target holds beyond a stored position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Beyond {
    /// So many records of each origin after the position are already at the target.
    Records(Vec<(Origin, i64)>),
    /// The target holds fewer records than the position says: `missing` of them are gone.
    Truncated { missing: i64 },
}

/// Compares a position with the target's tail.
pub fn beyond(position: &Position, tail: &Tail) -> Beyond {
    let mut written = Vec::new();
    let mut missing = (position.target_offset - tail.log_end).max(0);
    for (origin, sequence) in tail.sequences.iter() {
        let ahead = sequence.since(position.sequences.get(origin));
        if ahead >= HALF {
            missing = missing.max((1 << 31) - ahead);
        } else if ahead > 0 {
            written.push((origin, ahead));
        }
    }
    if missing > 0 { Beyond::Truncated { missing } } else { Beyond::Records(written) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(offset: i64, target_offset: i64) -> Position {
        Position { target_offset, ..Position::beginning_at(Uuid::default(), offset) }
    }

    fn tail(offset: i64, log_end: i64) -> Tail {
        Tail { sequences: Sequences::beginning_at(offset), log_end, batches: None }
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
        assert_eq!(beyond(&at, &tail(100, 40)), Beyond::Records(Vec::new()));
        assert_eq!(beyond(&at, &tail(130, 70)), Beyond::Records(vec![(Origin::SOURCE, 30)]));
        assert_eq!(beyond(&at, &tail(90, 30)), Beyond::Truncated { missing: 10 });
    }

    #[test]
    fn an_origin_that_the_tail_does_not_know_has_written_nothing() {
        let silent = |log_end| Tail { log_end, ..Tail::default() };
        assert_eq!(beyond(&position(100, 40), &silent(40)), Beyond::Records(Vec::new()));
        assert_eq!(beyond(&position(100, 40), &silent(60)), Beyond::Records(Vec::new()), "others wrote");
        assert_eq!(beyond(&position(100, 40), &silent(0)), Beyond::Truncated { missing: 40 });
    }

    #[test]
    fn the_tail_is_compared_across_the_wrap() {
        let at = position(i64::from(i32::MAX) - 4, 0);
        assert_eq!(beyond(&at, &tail((1 << 31) + 5, 10)), Beyond::Records(vec![(Origin::SOURCE, 10)]));
    }

    #[test]
    fn each_origin_is_counted_by_itself() {
        let mut at = position(100, 40);
        at.sequences.set(Origin(1), Sequence::from_offset(7));
        let mut seen = tail(103, 45);
        seen.sequences.set(Origin(1), Sequence::from_offset(9));
        assert_eq!(beyond(&at, &seen), Beyond::Records(vec![(Origin::SOURCE, 3), (Origin(1), 2)]));
    }
}
