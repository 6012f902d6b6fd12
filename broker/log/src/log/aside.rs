//! What a recovery can't keep in its place: whole batches are never removed.

use std::path::PathBuf;

use super::PartitionLog;
use crate::damage::Damage;
use crate::error::{At, LogError};
use crate::names;
use crate::scan::read_exactly;
use crate::segment::Segment;

/// Bytes that are copied at once.
const CHUNK: u64 = 1 << 20;

impl PartitionLog {
    /// Damage that was found when the log was opened; told once.
    pub fn take_damages(&mut self) -> Vec<Damage> {
        std::mem::take(&mut self.damages)
    }

    /// Cuts a segment behind its last batch. Whole batches, and what had been flushed, are copied first.
    pub(super) fn cut(&mut self, index: usize, has_batches: bool) -> Result<(), LogError> {
        let from = self.end_offset;
        if has_batches || from < self.recovery_point {
            let segment = &self.segments[index];
            let (path, position) = (segment.path().to_owned(), segment.size());
            self.ensure_may_cut(&path, position)?;
            let aside = self.copy_aside(index)?;
            self.damages.push(Damage::PutAside { path, position, from, aside });
        }
        self.segments[index].cut()
    }

    /// Renames the records of a segment that can't follow what is before it.
    pub(super) fn put_segment_aside(&mut self, segment: &Segment) -> Result<(), LogError> {
        if segment.size() > 0 {
            let (path, position, from) = (segment.path().to_owned(), 0, segment.base_offset());
            self.ensure_may_cut(&path, position)?;
            let aside = self.unused_name(from)?;
            self.store.rename(&path, &aside).at("rename", &path, 0)?;
            self.damages.push(Damage::PutAside { path, position, from, aside });
        }
        self.remove_files(segment)
    }

    /// Goes on behind flushed records that are gone: a new record with an old offset would be passed over by groups that
    /// committed a later one.
    pub(super) fn tell_missing(&mut self) -> Result<(), LogError> {
        let (from, to) = (self.end_offset, self.recovery_point);
        let (path, position) = (self.active().path().to_owned(), self.active().size());
        self.ensure_may_cut(&path, position)?;
        self.damages.push(Damage::Missing { path, position, from, to });
        self.end_offset = to;
        Ok(())
    }

    fn ensure_may_cut(&self, path: &std::path::Path, position: u64) -> Result<(), LogError> {
        match self.config.refuses_damage {
            true => Err(LogError::corrupt(path, position, "records that were flushed can't be read")),
            false => Ok(()),
        }
    }

    fn copy_aside(&self, index: usize) -> Result<PathBuf, LogError> {
        let segment = &self.segments[index];
        let aside = self.unused_name(self.end_offset)?;
        let (from, to) = (segment.reader()?, self.store.open_to_write(&aside).at("open", &aside, 0)?);
        let length = from.length().at("look at", segment.path(), 0)?;
        let mut position = segment.size();
        while position < length {
            let chunk = usize::try_from(CHUNK.min(length - position)).unwrap_or(0);
            let bytes = read_exactly(from.as_ref(), segment.path(), position, chunk)?;
            let copied = position - segment.size();
            to.write_at(copied, &[bytes]).at("append to", &aside, copied)?;
            position += chunk as u64;
        }
        to.sync().at("flush", &aside, 0)?;
        self.store.sync_folder(&self.folder).at("flush", &self.folder, 0)?;
        Ok(aside)
    }

    /// `<offset>.aside`, with a number behind it where that is taken.
    fn unused_name(&self, offset: i64) -> Result<PathBuf, LogError> {
        let entries = self.store.list(&self.folder).at("list", &self.folder, 0)?;
        let mut path = names::offset_file(&self.folder, offset, names::ASIDE);
        let mut number = 0;
        while entries.iter().any(|entry| path.ends_with(&entry.name)) {
            number += 1;
            path = names::offset_file(&self.folder, offset, &format!("{}.{number}", names::ASIDE));
        }
        Ok(path)
    }
}
