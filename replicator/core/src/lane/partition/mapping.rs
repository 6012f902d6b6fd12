//! The offset map follows what is acknowledged, committed, or found at the target after a failure.

use super::{PartitionLane, Run};
use crate::lane::identity::Origin;
use crate::lane::position::{Position, Sequence, WrittenBatch};
use crate::offset_map::{ChunkPlace, OffsetMap, SealedChunk, StoredChunk};
use crate::rewrite::SourceRun;

/// The map that was stored with a position; one that begins there where none was, or none that can be read.
pub(super) fn map_of(position: &Position) -> OffsetMap {
    let new = || OffsetMap::new(position.source_offset, position.target_offset);
    if position.map.is_empty() {
        return new();
    }
    let mut map = OffsetMap::restore(&position.map).unwrap_or_else(|_| new());
    map.advance(position.source_offset);
    map
}

impl PartitionLane {
    /// Which source offset became which target offset, up to the position.
    pub fn map(&self) -> &OffsetMap {
        &self.map
    }

    /// Source and target offset of the newest record that was copied since the start.
    pub fn last_copied(&self) -> Option<(i64, i64)> {
        self.last_copied
    }

    fn map_run(&mut self, run: Run) {
        push(&mut self.map, run);
        self.last_copied = Some((run.source_base + run.count - 1, run.target_base + run.count - 1));
    }

    /// The transaction is committed.
    pub(super) fn commit_map(&mut self) {
        let fork = self.fork.take().unwrap_or_else(|| self.with_uncommitted());
        self.map.join(fork);
        if let Some(run) = self.uncommitted_runs.last() {
            self.last_copied = Some((run.source_base + run.count - 1, run.target_base + run.count - 1));
        }
        self.uncommitted_runs.clear();
    }

    /// The map as it will be when the transaction is committed, without its chunks.
    fn with_uncommitted(&self) -> OffsetMap {
        let mut map = self.map.fork();
        for run in &self.uncommitted_runs {
            push(&mut map, *run);
        }
        if let Some(uncommitted) = &self.uncommitted {
            map.advance(uncommitted.source_next);
        }
        map
    }

    /// A position with its map, and the chunks that must be stored before it.
    pub(super) fn with_map_of(&mut self, position: Position) -> (Position, Vec<SealedChunk>) {
        let mut chunks = self.map.merge();
        chunks.extend(self.map.seal());
        let map = self.map.open_part();
        (Position { map, ..position }, chunks)
    }

    /// The same for the open transaction.
    pub(super) fn with_uncommitted_map(&mut self, position: Position) -> (Position, Vec<SealedChunk>) {
        let mut fork = self.with_uncommitted();
        let mut chunks = self.map.merge();
        chunks.extend(fork.seal());
        let map = fork.open_part();
        self.fork = Some(fork);
        (Position { map, ..position }, chunks)
    }

    /// A chunk of the map is stored now.
    pub fn on_chunk_stored(&mut self, place: ChunkPlace) -> bool {
        self.map.set_stored(place)
    }

    /// A chunk of the map will not be stored.
    pub fn on_chunk_given_up(&mut self, place: &ChunkPlace) {
        self.map.give_up(place);
    }

    /// The chunks that were stored before the start.
    pub fn restore_chunks(&mut self, chunks: Vec<StoredChunk>) {
        self.map.restore_stored(chunks);
    }

    /// Forgets chunks of what the source no longer holds, and names those that nobody needs any more.
    pub fn forget_below(&mut self, source_log_start: i64) -> Vec<i64> {
        self.map.forget_below(source_log_start)
    }

    /// Nothing of before can be translated any more: the map begins anew at the position.
    pub(super) fn restart_map(&mut self) {
        self.map = OffsetMap::new(self.position.source_offset, self.position.target_offset);
    }

    /// The position moved.
    pub(super) fn on_moved(&mut self) {
        self.position_changed = true;
        if std::mem::take(&mut self.map_is_broken) {
            self.restart_map();
        }
        self.map.advance(self.position.source_offset);
    }

    /// Records that were acknowledged from `target_base` on.
    pub(super) fn map_acked(&mut self, runs: &[SourceRun], target_base: i64) {
        for run in placed(runs, target_base) {
            self.map_run(run);
        }
    }

    /// Records that the target held already: `runs` are those of `origin` that follow the position. Where they lie is
    /// not known if others wrote between them and the log is too long to be searched: then the map begins anew.
    pub(super) fn map_written(&mut self, origin: Origin, runs: &[SourceRun]) {
        let Some(batches) = &self.written_batches else {
            let target_base = self.position.target_offset;
            self.map_acked(runs, target_base);
            return;
        };
        let first = self.position.sequences.get(origin);
        let found: Option<Vec<Run>> = runs
            .iter()
            .map(|run| find(batches, origin, first, run))
            .collect::<Option<Vec<_>>>()
            .map(|runs| runs.concat());
        match found {
            Some(runs) => runs.into_iter().for_each(|run| self.map_run(run)),
            None => self.map_is_broken = true,
        }
    }
}

/// Where the records of a run lie that begins `run.index` records after the sequence `first`.
fn find(batches: &[WrittenBatch], origin: Origin, first: Sequence, run: &SourceRun) -> Option<Vec<Run>> {
    let mut found = Vec::new();
    let mut done = 0;
    while done < run.count {
        let sequence = first.advance(run.index + done);
        let inside = |batch: &&WrittenBatch| {
            batch.origin == origin && sequence.since(batch.base_sequence) < batch.records
        };
        let batch = batches.iter().find(inside)?;
        let before = sequence.since(batch.base_sequence);
        let count = (batch.records - before).min(run.count - done);
        found.push(Run {
            source_base: run.source_base + done,
            target_base: batch.base_offset + before,
            count,
        });
        done += count;
    }
    Some(found)
}

/// Runs of a batch whose first record got the offset `target_base`.
pub(super) fn placed(runs: &[SourceRun], target_base: i64) -> impl Iterator<Item = Run> {
    runs.iter().map(move |run| Run {
        source_base: run.source_base,
        target_base: target_base + run.index,
        count: run.count,
    })
}

/// What does not follow what is known begins the map anew: after records were lost on either side.
fn push(map: &mut OffsetMap, run: Run) {
    if map.push(run.source_base, run.target_base, run.count).is_err() {
        *map = OffsetMap::new(run.source_base, run.target_base);
        let pushed = map.push(run.source_base, run.target_base, run.count);
        debug_assert!(pushed.is_ok(), "a run follows a map that begins with it");
    }
}
