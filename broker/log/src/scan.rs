//! Walks the batches of a log file: headers through a small window, whole batches when asked.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use strait_wire::batch::{BatchError, BatchHeader, ClosedBatch, HEADER_LENGTH};

use crate::error::{At, LogError};
use crate::store::StoreFile;

const WINDOW: usize = 16 << 10;
const WHOLE_WINDOW: usize = 256 << 10;
const MAGIC: i8 = 2;
/// Where the format of a batch is told.
const MAGIC_AT: usize = 16;

/// Where a batch is, and what its header says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Located {
    pub(crate) position: u64,
    pub(crate) size: usize,
    pub(crate) header: BatchHeader,
}

/// Walks headers up to `end`.
#[derive(Debug)]
pub(crate) struct Scanner {
    file: Arc<dyn StoreFile>,
    path: PathBuf,
    position: u64,
    end: u64,
    /// Offset behind the last header.
    reached: i64,
    window_size: usize,
    window: BytesMut,
    window_at: u64,
}

impl Scanner {
    /// For headers.
    pub(crate) fn new(file: Arc<dyn StoreFile>, path: &Path, position: u64, end: u64) -> Self {
        let (path, window_size) = (path.to_owned(), WINDOW);
        Self { file, path, position, end, reached: 0, window_size, window: BytesMut::new(), window_at: 0 }
    }

    /// For whole batches: reads further ahead.
    pub(crate) fn whole(file: Arc<dyn StoreFile>, path: &Path, position: u64, end: u64) -> Self {
        Self { window_size: WHOLE_WINDOW, ..Self::new(file, path, position, end) }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The next header, and the walk goes on behind its batch. None at the end; an error when what is there is no
    /// batch of format 2, or cut.
    pub(crate) fn next(&mut self) -> Result<Option<Located>, LogError> {
        if self.position >= self.end {
            return Ok(None);
        }
        let header = BatchHeader::peek(self.head()?);
        let found = located(header, &self.path, self.position, self.end)?;
        self.position += found.size as u64;
        self.reached = found.header.next_offset();
        Ok(Some(found))
    }

    /// The bytes of a batch that this walk found, checked against their checksum.
    pub(crate) fn read(&self, batch: &Located) -> Result<ClosedBatch, LogError> {
        let bytes = match self.window_range(batch.position, batch.size) {
            Some(range) => Bytes::copy_from_slice(&self.window[range]),
            None => read_exactly(self.file.as_ref(), &self.path, batch.position, batch.size)?,
        };
        checked(bytes, &self.path, batch.position)
    }

    /// The next header; damage is passed over where a whole batch follows it.
    pub(crate) fn next_readable(&mut self) -> Result<Option<Located>, LogError> {
        let damage = match self.next() {
            Err(error) if error.is_damage() => error,
            found => return found,
        };
        match self.resume_after(self.position, self.reached)? {
            Some(_) => self.next(),
            None => Err(damage),
        }
    }

    /// Goes to the next whole batch behind damage at `damaged` with an offset of at least `offset`. None when there is
    /// none.
    pub(crate) fn resume_after(&mut self, damaged: u64, offset: i64) -> Result<Option<Located>, LogError> {
        let chained = self.behind(damaged)?.map(|next| self.whole_at(next, offset)).transpose()?.flatten();
        let found = match chained {
            Some(found) => Some(found),
            None => self.search(damaged + 1, offset)?,
        };
        if let Some(found) = &found {
            self.position = found.position;
            self.window.clear();
        }
        Ok(found)
    }

    /// The batch behind `batch`, where it has a lower offset: then the one of `batch` itself, which no checksum covers, is
    /// wrong.
    pub(crate) fn contradicts(&self, batch: &Located, from: i64) -> Result<Option<Located>, LogError> {
        let next = self.whole_at(batch.position + batch.size as u64, from)?;
        Ok(next.filter(|next| next.header.base_offset < batch.header.next_offset()))
    }

    /// Where the batch at `position` says that it ends.
    fn behind(&self, position: u64) -> Result<Option<u64>, LogError> {
        let Some(header) = self.header_at(position)? else { return Ok(None) };
        Ok(header.total_size().map(|size| position + size as u64))
    }

    fn header_at(&self, position: u64) -> Result<Option<BatchHeader>, LogError> {
        header_at(self.file.as_ref(), &self.path, position)
    }

    /// Looks at every byte from `position` on.
    fn search(&self, mut position: u64, offset: i64) -> Result<Option<Located>, LogError> {
        let mut bytes = vec![0; WHOLE_WINDOW];
        loop {
            let read = self.file.read_at(position, &mut bytes).at("read", &self.path, position)?;
            let Some(last) = read.checked_sub(HEADER_LENGTH) else { return Ok(None) };
            for at in (0..=last).filter(|at| bytes[at + MAGIC_AT] == MAGIC as u8) {
                if let Some(found) = self.whole_at(position + at as u64, offset)? {
                    return Ok(Some(found));
                }
            }
            position += last as u64 + 1;
        }
    }

    /// The batch at `position`, where one is there whose offset is possible and whose checksum fits.
    fn whole_at(&self, position: u64, offset: i64) -> Result<Option<Located>, LogError> {
        let Some(header) = self.header_at(position)? else { return Ok(None) };
        let is_possible = header.magic == MAGIC
            && (offset..=offset.saturating_add(i64::from(i32::MAX))).contains(&header.base_offset);
        let size = header.total_size().filter(|size| position + *size as u64 <= self.end);
        let Some(size) = size.filter(|_| is_possible) else { return Ok(None) };
        let bytes = read_exactly(self.file.as_ref(), &self.path, position, size)?;
        let is_whole = checked(bytes, &self.path, position).is_ok();
        Ok(is_whole.then_some(Located { position, size, header }))
    }

    fn window_range(&self, position: u64, length: usize) -> Option<Range<usize>> {
        let start = usize::try_from(position.checked_sub(self.window_at)?).ok()?;
        let range = start..start.checked_add(length)?;
        (range.end <= self.window.len()).then_some(range)
    }

    fn left(&self) -> usize {
        usize::try_from(self.end - self.position).unwrap_or(usize::MAX)
    }

    /// Up to 61 bytes at the position.
    fn head(&mut self) -> Result<&[u8], LogError> {
        let wanted = HEADER_LENGTH.min(self.left());
        if self.window_range(self.position, wanted).is_none() {
            self.window.resize(self.window_size.min(self.left()), 0);
            let read = self.file.read_at(self.position, &mut self.window);
            let read = read.at("read", &self.path, self.position)?;
            self.window.truncate(read);
            self.window_at = self.position;
        }
        let cut = || LogError::corrupt(&self.path, self.position, "the file is shorter than it was");
        self.window_range(self.position, wanted).map(|range| &self.window[range]).ok_or_else(cut)
    }
}

/// The batch at `position`, looked at without what lies around it; an error as of [`Scanner::next`].
pub(crate) fn batch_at(
    file: &dyn StoreFile,
    path: &Path,
    position: u64,
    end: u64,
) -> Result<Located, LogError> {
    located(header_at(file, path, position)?, path, position, end)
}

/// The header at `position`; none where the file ends before it does.
fn header_at(file: &dyn StoreFile, path: &Path, position: u64) -> Result<Option<BatchHeader>, LogError> {
    let mut head = [0; HEADER_LENGTH];
    let read = file.read_at(position, &mut head).at("read", path, position)?;
    Ok(BatchHeader::peek(&head[..read]))
}

/// What `header` at `position` tells of a batch before `end`.
fn located(header: Option<BatchHeader>, path: &Path, position: u64, end: u64) -> Result<Located, LogError> {
    let header = header.ok_or_else(|| LogError::corrupt(path, position, "a header is cut"))?;
    let base_offset = header.base_offset;
    let wrong = |source| LogError::damaged(path, position, source);
    if header.magic != MAGIC {
        return Err(wrong(BatchError::UnknownMagic { base_offset, magic: header.magic }));
    }
    let size = header.total_size().filter(|size| *size as u64 <= end.saturating_sub(position));
    let length = header.batch_length;
    let size = size.ok_or_else(|| wrong(BatchError::InvalidLength { base_offset, length }))?;
    Ok(Located { position, size, header })
}

/// `length` bytes at `position`; an error when the file is shorter.
pub(crate) fn read_exactly(
    file: &dyn StoreFile,
    path: &Path,
    position: u64,
    length: usize,
) -> Result<Bytes, LogError> {
    let mut buffer = BytesMut::zeroed(length);
    let read = file.read_at(position, &mut buffer).at("read", path, position)?;
    if read < length {
        return Err(LogError::corrupt(path, position, "the file is shorter than it was"));
    }
    Ok(buffer.freeze())
}

/// A batch whose checksum fits.
pub(crate) fn checked(bytes: Bytes, path: &Path, position: u64) -> Result<ClosedBatch, LogError> {
    let wrong = |source| LogError::damaged(path, position, source);
    let batch = ClosedBatch::new(bytes).map_err(wrong)?;
    batch.verify_crc().map_err(|error| wrong(error.into()))?;
    Ok(batch)
}
