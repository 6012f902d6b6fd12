//! Which source offset became which target offset: runs of constant difference, exact for every record they cover.
//! Bounded: beyond the limit the oldest runs go, and a translation there says so instead of guessing.

use std::collections::VecDeque;

use crate::offsets::{Downstream, Offset, Upstream};

/// Records that kept their distance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    pub source_base: i64,
    pub target_base: i64,
    pub count: i64,
}

/// A translated offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Translation<T> {
    /// The same record, or, of an offset that holds none on the other side, the next one that was copied.
    Exact(T),
    /// The offset is not copied yet: the end of what is.
    NotYetReplicated(T),
    /// The map does not reach back so far.
    Forgotten,
}

/// Why a run does not follow the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "run of {count} records from source {source_base} to target {target_base} does not follow source \
     {source_end}, target {target_end}"
)]
pub struct RunOrderError {
    pub source_base: i64,
    pub target_base: i64,
    pub count: i64,
    pub source_end: i64,
    pub target_end: i64,
}

/// One partition's map.
#[derive(Clone, Debug)]
pub struct OffsetMap {
    runs: VecDeque<Run>,
    max_runs: usize,
    /// Everything in the source below is settled: copied or passed by.
    source_end: i64,
    target_end: i64,
    /// The first offsets that the map knows, once something was forgotten or the copy began later.
    source_begin: i64,
    target_begin: i64,
}

impl OffsetMap {
    /// A map that begins where copying begins, of at most `max_runs` (at least one) runs.
    pub fn new(source_begin: i64, target_begin: i64, max_runs: usize) -> Self {
        assert!(max_runs > 0, "a map holds at least one run");
        Self {
            runs: VecDeque::new(),
            max_runs,
            source_end: source_begin,
            target_end: target_begin,
            source_begin,
            target_begin,
        }
    }

    /// Records from `source_base` on were written from `target_base` on, one by one.
    pub fn push(&mut self, source_base: i64, target_base: i64, count: i64) -> Result<(), RunOrderError> {
        let (Some(source_end), Some(target_end)) =
            (source_base.checked_add(count), target_base.checked_add(count))
        else {
            return Err(self.out_of_order(source_base, target_base, count));
        };
        if count <= 0 || source_base < self.source_end || target_base < self.target_end {
            return Err(self.out_of_order(source_base, target_base, count));
        }
        match self.runs.back_mut() {
            Some(last) if last.source_end() == source_base && last.target_end() == target_base => {
                last.count += count;
            }
            Some(_) | None => self.append(Run { source_base, target_base, count }),
        }
        self.source_end = source_end;
        self.target_end = target_end;
        Ok(())
    }

    /// The source below `source_next` is settled, even where it held nothing to copy.
    pub fn advance(&mut self, source_next: i64) {
        self.source_end = self.source_end.max(source_next);
    }

    /// Where a source offset (a group's next to read) lies on the target. Never later than the record it means.
    pub fn translate(&self, upstream: Upstream<Offset>) -> Translation<Downstream<Offset>> {
        let offset = upstream.value();
        if offset >= self.source_end {
            let end = Downstream::offset(self.target_end);
            return if offset == self.source_end {
                Translation::Exact(end)
            } else {
                Translation::NotYetReplicated(end)
            };
        }
        if offset < self.source_begin {
            return Translation::Forgotten;
        }
        let index = self.runs.partition_point(|run| run.source_end() <= offset);
        let target = self
            .runs
            .get(index)
            .map_or(self.target_end, |run| run.target_base + (offset - run.source_base).max(0));
        Translation::Exact(Downstream::offset(target))
    }

    /// Where a target offset lies in the source: the way back.
    pub fn translate_back(&self, downstream: Downstream<Offset>) -> Translation<Upstream<Offset>> {
        let offset = downstream.value();
        if offset >= self.target_end {
            let end = Upstream::offset(self.source_end);
            return if offset == self.target_end {
                Translation::Exact(end)
            } else {
                Translation::NotYetReplicated(end)
            };
        }
        if offset < self.target_begin {
            return Translation::Forgotten;
        }
        let index = self.runs.partition_point(|run| run.target_end() <= offset);
        let source = self
            .runs
            .get(index)
            .map_or(self.source_end, |run| run.source_base + (offset - run.target_base).max(0));
        Translation::Exact(Upstream::offset(source))
    }

    /// The runs, oldest first.
    pub fn runs(&self) -> impl ExactSizeIterator<Item = &Run> {
        self.runs.iter()
    }

    /// The source offset below which everything is settled.
    pub fn source_end(&self) -> Upstream<Offset> {
        Upstream::offset(self.source_end)
    }

    /// The target offset after the last copied record.
    pub fn target_end(&self) -> Downstream<Offset> {
        Downstream::offset(self.target_end)
    }

    fn append(&mut self, run: Run) {
        if self.runs.len() == self.max_runs
            && let Some(forgotten) = self.runs.pop_front()
        {
            self.source_begin = forgotten.source_end();
            self.target_begin = forgotten.target_end();
        }
        self.runs.push_back(run);
    }

    fn out_of_order(&self, source_base: i64, target_base: i64, count: i64) -> RunOrderError {
        let (source_end, target_end) = (self.source_end, self.target_end);
        RunOrderError { source_base, target_base, count, source_end, target_end }
    }
}

impl Run {
    fn source_end(&self) -> i64 {
        self.source_base + self.count
    }

    fn target_end(&self) -> i64 {
        self.target_base + self.count
    }
}

#[cfg(test)]
mod tests;
