//! Chunks in a temporary file, read on demand through a cache of bounded bytes.

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use bytes::Bytes;
use strait_replicator_core::offset_map::{Chunk, ChunkPlace};

use crate::error::BenchError;

/// Of the cache, as in the daemon.
pub(super) const CACHED_BYTES: usize = 4 << 20;
/// Before each chunk.
const LENGTH_BYTES: usize = 4;

pub(super) struct ChunkFile {
    file: File,
    writer: BufWriter<File>,
    end: i64,
    cache: HashMap<i64, Chunk>,
    /// The oldest first.
    order: VecDeque<i64>,
    bytes: usize,
}

impl ChunkFile {
    pub(super) fn create() -> Result<Self, BenchError> {
        let file = tempfile::tempfile().map_err(wrong)?;
        let writer = BufWriter::new(file.try_clone().map_err(wrong)?);
        Ok(Self { file, writer, end: 0, cache: HashMap::new(), order: VecDeque::new(), bytes: 0 })
    }

    /// Gives where the chunk is stored.
    pub(super) fn append(&mut self, chunk: &Bytes) -> Result<i64, BenchError> {
        let stored_at = self.end;
        let length = chunk.len() as u32;
        self.writer.write_all(&length.to_be_bytes()).map_err(wrong)?;
        self.writer.write_all(chunk).map_err(wrong)?;
        self.end += (LENGTH_BYTES + chunk.len()) as i64;
        Ok(stored_at)
    }

    /// Of the chunk without its key.
    pub(super) fn length_of(&mut self, place: &ChunkPlace) -> Result<u64, BenchError> {
        self.writer.flush().map_err(wrong)?;
        let mut length = [0; LENGTH_BYTES];
        self.file.read_exact_at(&mut length, place.stored_at.cast_unsigned()).map_err(wrong)?;
        Ok(u64::from(u32::from_be_bytes(length)))
    }

    /// The chunk, from the cache or the file.
    pub(super) fn chunk(&mut self, place: &ChunkPlace) -> Result<&Chunk, BenchError> {
        let at = place.stored_at;
        if !self.cache.contains_key(&at) {
            let mut bytes = vec![0; self.length_of(place)? as usize];
            let begin = at.cast_unsigned() + LENGTH_BYTES as u64;
            self.file.read_exact_at(&mut bytes, begin).map_err(wrong)?;
            let chunk = Chunk::decode(bytes.into())?;
            self.bytes += chunk.resident_bytes();
            self.cache.insert(at, chunk);
            self.order.push_back(at);
            self.evict();
        }
        self.cache.get(&at).ok_or(BenchError::NothingMeasured { reason: "a chunk is larger than the cache" })
    }

    fn evict(&mut self) {
        while self.bytes > CACHED_BYTES
            && let Some(oldest) = self.order.pop_front()
            && let Some(chunk) = self.cache.remove(&oldest)
        {
            self.bytes -= chunk.resident_bytes();
        }
    }

    pub(super) fn cache_bytes(&self) -> usize {
        self.bytes
    }
}

fn wrong(source: std::io::Error) -> BenchError {
    BenchError::File { path: PathBuf::from("temporary file of chunks"), source }
}
