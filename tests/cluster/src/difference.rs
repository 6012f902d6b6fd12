//! How two topics differ: the first place, and all of it counted.

use std::collections::HashMap;
use std::fmt;

use crate::digest::Entry;

pub(crate) fn first_difference(source: &[Entry], target: &[Entry]) -> Option<Place> {
    let same = source.iter().zip(target).take_while(|(ours, theirs)| ours.hash == theirs.hash).count();
    if same == source.len() && same == target.len() {
        return None;
    }
    let (wanted, found) = (source.get(same), target.get(same));
    Some(Place {
        partition: 0,
        index: same,
        source_offset: wanted.map(|entry| entry.offset),
        target_offset: found.map(|entry| entry.offset),
        found_at_source: found
            .and_then(|found| source.iter().find(|entry| entry.hash == found.hash))
            .map(|e| e.offset),
    })
}

/// Where two topics part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// In this partition.
    pub partition: i32,
    /// After this many equal records.
    pub index: usize,
    /// The source's record there, if it has one.
    pub source_offset: Option<i64>,
    /// The target's record there, if it has one.
    pub target_offset: Option<i64>,
    /// Where the source first has what the target has there.
    pub found_at_source: Option<i64>,
}

/// How two topics differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Name, records and partitions of the source.
    pub source: (String, usize, usize),
    /// Name, records and partitions of the target.
    pub target: (String, usize, usize),
    /// The first place, in records from a partition's start.
    pub place: Option<Place>,
    /// All of it, without regard to order.
    pub tally: Tally,
}

/// Differences counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// At the source, not at the target.
    pub lost: usize,
    /// More often at the target than at the source.
    pub doubled: usize,
    /// At the target, never at the source.
    pub strange: usize,
}

impl Tally {
    pub(crate) fn add(&mut self, source: &[Entry], target: &[Entry]) {
        let mut counts: HashMap<u64, (usize, usize)> = HashMap::new();
        for entry in source {
            counts.entry(entry.hash).or_default().0 += 1;
        }
        for entry in target {
            counts.entry(entry.hash).or_default().1 += 1;
        }
        for (wanted, found) in counts.values() {
            self.lost += wanted.saturating_sub(*found);
            match wanted {
                0 => self.strange += found,
                _ => self.doubled += found.saturating_sub(*wanted),
            }
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (source, source_records, source_partitions) = &self.source;
        let (target, target_records, target_partitions) = &self.target;
        write!(
            out,
            "{target} ({target_records} records, {target_partitions} partitions) is not {source} ({source_records} \
             records, {source_partitions} partitions): {} lost, {} doubled, {} strange",
            self.tally.lost, self.tally.doubled, self.tally.strange
        )?;
        let Some(place) = self.place else { return Ok(()) };
        write!(
            out,
            "; partition {} first differs after {} records: source offset {}, target offset {}, which the source has at {}",
            place.partition,
            place.index,
            Shown(place.source_offset),
            Shown(place.target_offset),
            Shown(place.found_at_source),
        )
    }
}

struct Shown(Option<i64>);

impl fmt::Display for Shown {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(offset) => write!(out, "{offset}"),
            None => out.write_str("none"),
        }
    }
}
