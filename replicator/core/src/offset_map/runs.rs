//! Runs in order, the newest of a map.

use std::collections::VecDeque;

use super::{Bound, Run, RunOrderError};

/// Runs that cover the source from a place on.
#[derive(Clone, Debug)]
pub(super) struct Runs {
    from: Bound,
    runs: VecDeque<Run>,
}

impl Runs {
    pub(super) fn new(from: Bound) -> Self {
        Self { from, runs: VecDeque::new() }
    }

    pub(super) fn from(&self) -> Bound {
        self.from
    }

    pub(super) fn len(&self) -> usize {
        self.runs.len()
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &Run> {
        self.runs.iter()
    }

    /// Adds a run that was found to be in order.
    pub(super) fn push(&mut self, run: Run) {
        match self.runs.back_mut() {
            Some(last) if last.source_end() == run.source_base && last.target_end() == run.target_base => {
                last.count += run.count;
            }
            Some(_) | None => self.runs.push_back(run),
        }
    }

    /// Takes out the oldest runs; they cover the source up to where the first of the others begins.
    pub(super) fn take_oldest(&mut self, count: usize) -> (Bound, Vec<Run>, Bound) {
        let (from, runs): (Bound, Vec<Run>) = (self.from, self.runs.drain(..count).collect());
        let ended =
            runs.last().map_or(from, |last| Bound { source: last.source_end(), target: last.target_end() });
        self.from = self.runs.front().map_or(ended, Run::base);
        (from, runs, self.from)
    }

    /// The target offset of the record at or after a source offset; `None` behind the last one.
    pub(super) fn target_of(&self, source: i64) -> Option<i64> {
        let index = self.runs.partition_point(|run| run.source_end() <= source);
        let run = self.runs.get(index)?;
        Some(run.target_base + (source - run.source_base).max(0))
    }

    /// The source offset of the record at or after a target offset; `None` behind the last one.
    pub(super) fn source_of(&self, target: i64) -> Option<i64> {
        let index = self.runs.partition_point(|run| run.target_end() <= target);
        let run = self.runs.get(index)?;
        Some(run.source_base + (target - run.target_base).max(0))
    }
}

/// The end that a run makes of `end`, if it follows.
pub(super) fn in_order(run: Run, end: Bound) -> Result<Bound, RunOrderError> {
    let Run { source_base, target_base, count } = run;
    let (source, target) = (source_base.checked_add(count), target_base.checked_add(count));
    match (source, target) {
        (Some(source), Some(target))
            if count > 0 && source_base >= end.source && target_base >= end.target =>
        {
            Ok(Bound { source, target })
        }
        _ => {
            let (source_end, target_end) = (end.source, end.target);
            Err(RunOrderError { source_base, target_base, count, source_end, target_end })
        }
    }
}
