//! What a partition's log on disk is made of: the headers of its batches, read from the segment files.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::kafka::Kafka;

const LENGTH_AT: usize = 8;
const MAGIC_AT: usize = 16;
/// Of formats 0 and 1.
const LEGACY_ATTRIBUTES_AT: usize = 17;
const ATTRIBUTES_AT: usize = 21;
const TRANSACTIONAL: i16 = 0x10;
const CONTROL: i16 = 0x20;
/// Of a marker: its record is short and not compressed.
const MARKER_TYPE_AT: usize = 68;
const ABORT: i16 = 0;
const COMMIT: i16 = 1;
const LAST_OFFSET_DELTA_AT: usize = 23;
const PRODUCER_ID_AT: usize = 43;
const COUNT_AT: usize = 57;

/// One batch of format 2, or one message of an older one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Offset of its first record; of an old wrapper message that of its last.
    pub base_offset: i64,
    /// 0, 1 or 2.
    pub magic: u8,
    /// 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd.
    pub codec: u8,
    /// Its producer wrote it in a transaction, or it is the end of one; false in old formats.
    pub is_transactional: bool,
    /// The end of a transaction.
    pub end: Option<End>,
    /// Who wrote it, -1 without a producer and in old formats.
    pub producer_id: i64,
    /// Offsets it spans; 1 in old formats.
    pub span: i64,
    /// Records in it; 1 in old formats.
    pub count: i64,
}

/// How a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Its records count.
    Commit,
    /// They do not.
    Abort,
}

impl Batch {
    /// Compaction took some of its records, not all.
    pub fn has_holes(&self) -> bool {
        self.count > 0 && self.count < self.span
    }
}

/// The batches of a partition, in order.
pub fn batches(kafka: &Kafka, topic: &str, partition: i32) -> Result<Vec<Batch>> {
    let folder = kafka.folder()?.join("data").join(format!("{topic}-{partition}"));
    let mut batches = Vec::new();
    for path in segments(&folder)? {
        let bytes = fs::read(&path)?;
        let mut rest = &bytes[..];
        // Preallocated or half-written bytes at the end are no batch.
        while let Some((batch, size)) = parse(rest) {
            batches.push(batch);
            rest = &rest[size..];
        }
    }
    Ok(batches)
}

fn segments(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "log"));
    paths.sort();
    Ok(paths)
}

fn parse(bytes: &[u8]) -> Option<(Batch, usize)> {
    let base_offset = i64::from_be_bytes(field(bytes, 0)?);
    let length = usize::try_from(i32::from_be_bytes(field(bytes, LENGTH_AT)?)).ok()?;
    let size = length + LENGTH_AT + 4;
    let magic = *bytes.get(MAGIC_AT)?;
    if length == 0 || size > bytes.len() {
        return None;
    }
    let (codec, is_transactional, end, producer_id, span, count) = if magic < 2 {
        (*bytes.get(LEGACY_ATTRIBUTES_AT)? & 7, false, None, -1, 1, 1)
    } else {
        let attributes = i16::from_be_bytes(field(bytes, ATTRIBUTES_AT)?);
        let last_delta = i32::from_be_bytes(field(bytes, LAST_OFFSET_DELTA_AT)?);
        let count = i32::from_be_bytes(field(bytes, COUNT_AT)?);
        let is_transactional = attributes & TRANSACTIONAL != 0;
        let codec = u8::try_from(attributes & 7).ok()?;
        let end = if attributes & CONTROL != 0 { end_of(bytes) } else { None };
        let producer_id = i64::from_be_bytes(field(bytes, PRODUCER_ID_AT)?);
        (codec, is_transactional, end, producer_id, i64::from(last_delta) + 1, i64::from(count))
    };
    Some((Batch { base_offset, magic, codec, is_transactional, end, producer_id, span, count }, size))
}

fn end_of(bytes: &[u8]) -> Option<End> {
    match i16::from_be_bytes(field(bytes, MARKER_TYPE_AT)?) {
        COMMIT => Some(End::Commit),
        ABORT => Some(End::Abort),
        _ => None,
    }
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}
