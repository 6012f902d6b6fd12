//! Runs one after the other. Each is: twice the distance in the source from the end of the one before, one more if
//! there is a distance at the target as well; that distance; the count. A transaction of 100 records takes two bytes.

use bytes::{Bytes, BytesMut};

use super::{ChunkError, varint};
use crate::offset_map::runs::in_order;
use crate::offset_map::sealed::ChunkPlace;
use crate::offset_map::{Bound, Run};

#[derive(Clone, Debug)]
pub(super) struct Listed {
    bytes: Bytes,
    place: ChunkPlace,
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
    pub(super) fn new(bytes: Bytes, place: ChunkPlace) -> Self {
        Self { bytes, place }
    }

    pub(super) fn runs(&self) -> impl Iterator<Item = Result<Run, ChunkError>> {
        let (mut at, mut end, mut failed) = (0, self.place.from, false);
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
        for run in self.runs() {
            let run = run?;
            if run.source_end() > source {
                return Ok(Some(run.target_base + (source - run.source_base).max(0)));
            }
        }
        Ok(None)
    }

    pub(super) fn source_of(&self, target: i64) -> Result<Option<i64>, ChunkError> {
        for run in self.runs() {
            let run = run?;
            if run.target_end() > target {
                return Ok(Some(run.source_base + (target - run.target_base).max(0)));
            }
        }
        Ok(None)
    }
}
