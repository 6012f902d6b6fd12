//! Aborted transactions whose marker lies in the segment, 34 bytes each (`TransactionIndex`, `AbortedTxn`). Readers
//! depend on it, so an entry counts once it is in memory: its marker is in the log then, whatever the disk does. The
//! file is there once an entry was written.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::{Buf, BufMut};

use super::table::Table;
use crate::error::LogError;
use crate::store::Store;

const WIDTH: usize = 34;
const VERSION: i16 = 0;

/// A transaction that was aborted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AbortedTransaction {
    pub producer_id: i64,
    /// Its first record.
    pub first_offset: i64,
    /// Its marker.
    pub last_offset: i64,
    /// The last stable offset when the marker was written; ends a search.
    pub last_stable_offset: i64,
}

#[derive(Debug)]
pub(crate) struct TransactionIndex {
    table: Table<WIDTH>,
}

impl TransactionIndex {
    pub(crate) fn open(store: Arc<dyn Store>, path: PathBuf, length: u64) -> Result<Self, LogError> {
        Ok(Self { table: Table::open(store, path, length)? })
    }

    pub(crate) fn length_bytes(&self) -> u64 {
        self.table.length() * WIDTH as u64
    }

    pub(crate) fn path(&self) -> &Path {
        self.table.path()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.table.length() == 0
    }

    pub(crate) fn push(&mut self, transaction: AbortedTransaction) {
        self.table.push(encode(transaction));
        // What can't be written now is written when the segment is closed, or the closing fails.
        let _ = self.table.reserve();
    }

    pub(crate) fn persist(&mut self) -> Result<(), LogError> {
        if self.is_empty() { Ok(()) } else { self.table.persist() }
    }

    pub(crate) fn has_unwritten(&self) -> bool {
        self.table.has_unwritten()
    }

    pub(crate) fn sync(&mut self) -> Result<(), LogError> {
        if self.is_empty() { Ok(()) } else { self.table.sync() }
    }

    /// Adds the transactions that touch `from..to` to `found`. False when later segments can't have one.
    pub(crate) fn collect(
        &self,
        from: i64,
        to: i64,
        found: &mut Vec<AbortedTransaction>,
    ) -> Result<bool, LogError> {
        let mut wants_more = true;
        self.table.visit(0, |entry| {
            let transaction = decode(entry);
            if transaction.last_offset >= from && transaction.first_offset < to {
                found.push(transaction);
            }
            wants_more = transaction.last_stable_offset < to;
            wants_more
        })?;
        Ok(wants_more)
    }

    /// Forgets transactions whose marker is at `offset` or later.
    pub(crate) fn truncate_to(&mut self, offset: i64) -> Result<(), LogError> {
        let entries = self.table.partition_point(|entry| decode(entry).last_offset < offset)?;
        self.table.truncate(entries)
    }
}

fn encode(transaction: AbortedTransaction) -> [u8; WIDTH] {
    let mut entry = [0; WIDTH];
    let mut bytes = entry.as_mut_slice();
    bytes.put_i16(VERSION);
    bytes.put_i64(transaction.producer_id);
    bytes.put_i64(transaction.first_offset);
    bytes.put_i64(transaction.last_offset);
    bytes.put_i64(transaction.last_stable_offset);
    entry
}

fn decode(entry: &[u8; WIDTH]) -> AbortedTransaction {
    let mut bytes = &entry[2..];
    AbortedTransaction {
        producer_id: bytes.get_i64(),
        first_offset: bytes.get_i64(),
        last_offset: bytes.get_i64(),
        last_stable_offset: bytes.get_i64(),
    }
}
