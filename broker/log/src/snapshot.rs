//! Producer state on disk: `<offset>.snapshot` holds what was known of each producer before that offset
//! (`ProducerStateManager`, version 1, CRC-32C).

use std::path::Path;

use bytes::{Buf, BufMut};
use strait_wire::batch::crc32c;

use crate::error::{At, LogError};
use crate::store::{Store, read_all, replace};

const VERSION: i16 = 1;
/// Version, checksum and count.
const HEAD: usize = 10;
/// Where the bytes under the checksum begin.
const CHECKED: usize = 6;
const ENTRY: usize = 46;

/// One producer: its newest batch, and its open transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProducerSnapshotEntry {
    pub producer_id: i64,
    pub producer_epoch: i16,
    /// Sequence of the last record; -1 when there is none.
    pub last_sequence: i32,
    /// Offset of the last record; -1 when there is none.
    pub last_offset: i64,
    /// Distance from the first offset of the newest batch to its last.
    pub offset_delta: i32,
    /// Largest timestamp of the newest batch.
    pub timestamp: i64,
    pub coordinator_epoch: i32,
    /// First offset of the open transaction; -1 when there is none.
    pub current_txn_first_offset: i64,
}

/// Writes the file so that it is whole or not there.
pub(crate) fn write(
    store: &dyn Store,
    path: &Path,
    entries: &[ProducerSnapshotEntry],
) -> Result<(), LogError> {
    let mut checked = Vec::with_capacity(4 + entries.len() * ENTRY);
    checked.put_u32(u32::try_from(entries.len()).unwrap_or(u32::MAX));
    entries.iter().for_each(|entry| encode(entry, &mut checked));
    let mut bytes = Vec::with_capacity(CHECKED + checked.len());
    bytes.put_i16(VERSION);
    bytes.put_u32(crc32c(&checked));
    bytes.append(&mut checked);
    replace(store, path, bytes).at("replace", path, 0)
}

/// Reads and checks the file.
pub(crate) fn read(store: &dyn Store, path: &Path) -> Result<Vec<ProducerSnapshotEntry>, LogError> {
    let bytes = read_all(store, path).at("read", path, 0)?;
    parse(&bytes).map_err(|what| LogError::corrupt(path, 0, what))
}

fn parse(bytes: &[u8]) -> Result<Vec<ProducerSnapshotEntry>, &'static str> {
    if bytes.len() < HEAD {
        return Err("a snapshot is shorter than its head");
    }
    let mut head = bytes;
    if head.get_i16() != VERSION {
        return Err("the version of a snapshot is not 1");
    }
    if head.get_u32() != crc32c(&bytes[CHECKED..]) {
        return Err("the checksum of a snapshot does not fit");
    }
    let count = head.get_u32();
    let (entries, rest) = head.as_chunks::<ENTRY>();
    if !rest.is_empty() || u32::try_from(entries.len()) != Ok(count) {
        return Err("the length of a snapshot does not fit its count");
    }
    Ok(entries.iter().map(decode).collect())
}

fn encode(entry: &ProducerSnapshotEntry, bytes: &mut Vec<u8>) {
    bytes.put_i64(entry.producer_id);
    bytes.put_i16(entry.producer_epoch);
    bytes.put_i32(entry.last_sequence);
    bytes.put_i64(entry.last_offset);
    bytes.put_i32(entry.offset_delta);
    bytes.put_i64(entry.timestamp);
    bytes.put_i32(entry.coordinator_epoch);
    bytes.put_i64(entry.current_txn_first_offset);
}

fn decode(entry: &[u8; ENTRY]) -> ProducerSnapshotEntry {
    let mut bytes = entry.as_slice();
    ProducerSnapshotEntry {
        producer_id: bytes.get_i64(),
        producer_epoch: bytes.get_i16(),
        last_sequence: bytes.get_i32(),
        last_offset: bytes.get_i64(),
        offset_delta: bytes.get_i32(),
        timestamp: bytes.get_i64(),
        coordinator_epoch: bytes.get_i32(),
        current_txn_first_offset: bytes.get_i64(),
    }
}
