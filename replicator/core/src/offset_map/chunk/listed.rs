//! Runs one after the other. Each is: twice the distance in the source from the end of the one before, one more if
//! there is a distance at the target as well; that distance; the count. A transaction of 100 records takes two bytes.

use bytes::{Bytes, BytesMut};

use super::{ChunkError, varint};
use crate::offset_map::runs::in_order;
use crate::offset_map::sealed::ChunkPlace;
use crate::offset_map::{Bound, Run};

/// Runs from one place to begin reading at to the next.
const STEP: usize = 32;

#[derive(Clone, Debug)]
pub(super) struct Listed {
    bytes: Bytes,
    place: ChunkPlace,
    count: usize,
    starts: Vec<Start>,
}

/// A place to begin reading at.
#[derive(Clone, Copy, Debug)]
struct Start {
    at: u32,
    /// Where the runs before it end.
    end: Bound,
}

pub(super) fn encode_into(out: &mut BytesMut, from: Bound, runs: impl Iterator<Item = Run>) {
    let mut end = from;
    for run in runs {
        let (source, target) = (run.source_base - end.source, run.target_base - end.target);
        varint::put(out, source << 1 | i64::from(target > 0));
        if target > 0 {
            varint::put(out, target);
        }
        varint::put(out, run.count);
        end = Bound { source: run.source_end(), target: run.target_end() };
    }
}

impl Listed {
    /// Reads all runs once.
    pub(super) fn decode(bytes: Bytes, place: ChunkPlace) -> Result<Self, ChunkError> {
        let mut listed = Self { bytes, place, count: 0, starts: Vec::new() };
        let (mut at, mut end) = (0, place.from);
        while at < listed.bytes.len() {
            if listed.count.is_multiple_of(STEP) {
                let place = u32::try_from(at).map_err(|_| ChunkError::Inconsistent { at })?;
                listed.starts.push(Start { at: place, end });
            }
            listed.read(&mut at, &mut end)?;
            listed.count += 1;
        }
        Ok(listed)
    }

    /// How many runs it has.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// In memory, the bytes included.
    pub(super) fn resident_bytes(&self) -> usize {
        self.bytes.len() + size_of_val(&*self.starts)
    }

    /// All runs.
    pub(super) fn runs(&self) -> impl Iterator<Item = Result<Run, ChunkError>> {
        self.runs_from(|_| false)
    }

    /// Runs from the last place on, before which all runs end as `is_before` says.
    fn runs_from(&self, is_before: impl Fn(Bound) -> bool) -> impl Iterator<Item = Result<Run, ChunkError>> {
        let behind = self.starts.partition_point(|start| is_before(start.end));
        let start = self.starts.get(behind.saturating_sub(1));
        let (mut at, mut end) = start.map_or((0, self.place.from), |start| (start.at as usize, start.end));
        let mut failed = false;
        std::iter::from_fn(move || {
            if failed || at == self.bytes.len() {
                return None;
            }
            let run = self.read(&mut at, &mut end);
            failed = run.is_err();
            Some(run)
        })
    }

    fn read(&self, at: &mut usize, end: &mut Bound) -> Result<Run, ChunkError> {
        let begin = *at;
        let wrong = ChunkError::Inconsistent { at: begin };
        let token = varint::get(&self.bytes, at)?;
        let target = if token & 1 == 1 { varint::get(&self.bytes, at)? } else { 0 };
        let count = varint::get(&self.bytes, at)?;
        let run = Run {
            source_base: end.source.checked_add(token >> 1).ok_or(wrong)?,
            target_base: end.target.checked_add(target).ok_or(wrong)?,
            count,
        };
        *end = in_order(run, *end).map_err(|_| wrong)?;
        if end.source > self.place.to.source || end.target > self.place.to.target {
            return Err(wrong);
        }
        Ok(run)
    }

    pub(super) fn target_of(&self, source: i64) -> Result<Option<i64>, ChunkError> {
        for run in self.runs_from(|end| end.source <= source) {
            let run = run?;
            if run.source_end() > source {
                return Ok(Some(run.target_base + (source - run.source_base).max(0)));
            }
        }
        Ok(None)
    }

    pub(super) fn source_of(&self, target: i64) -> Result<Option<i64>, ChunkError> {
        for run in self.runs_from(|end| end.target <= target) {
            let run = run?;
            if run.target_end() > target {
                return Ok(Some(run.source_base + (target - run.target_base).max(0)));
            }
        }
        Ok(None)
    }
}
