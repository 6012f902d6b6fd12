//! The bytes of a snapshot file: version, checksum, entries (`ProducerSnapshot`, `ProducerStateManager`).

use bytes::{Bytes, BytesMut};
use strait_wire::batch::crc32c;
use strait_wire_derive::Message;

use super::snapshot::SnapshotEntry;
use crate::codec::{DecodeError, Decoder, EncodeError, Encoder, Message as _};

/// Kafka's only version.
const VERSION: i16 = 1;
/// Where the checksum stands, and where the bytes under it begin.
const CRC_AT: usize = 2;
const ENTRIES_AT: usize = 6;

#[derive(Clone, Debug, PartialEq, Message)]
#[message(versions = "1", flexible = "none")]
struct ProducerSnapshot {
    #[field(versions = "1")]
    crc: u32,
    #[field(versions = "1")]
    producer_entries: Vec<ProducerEntry>,
}

#[derive(Clone, Debug, PartialEq, Message)]
struct ProducerEntry {
    #[field(versions = "1")]
    producer_id: i64,
    #[field(versions = "1")]
    epoch: i16,
    #[field(versions = "1")]
    last_sequence: i32,
    #[field(versions = "1")]
    last_offset: i64,
    #[field(versions = "1")]
    offset_delta: i32,
    #[field(versions = "1")]
    timestamp: i64,
    #[field(versions = "1")]
    coordinator_epoch: i32,
    #[field(versions = "1")]
    current_txn_first_offset: i64,
}

/// A snapshot file that can't be used; an older one may do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotFileError {
    #[error("a snapshot of version {version}")]
    Version { version: i16 },
    #[error("the snapshot can't be read: {0}")]
    Malformed(#[from] DecodeError),
    #[error("the snapshot has checksum {stored:#010x}, its bytes have {computed:#010x}")]
    Corrupt { stored: u32, computed: u32 },
}

impl SnapshotEntry {
    /// The bytes of a snapshot file.
    ///
    /// # Errors
    /// More producers than an array can hold.
    pub fn write_file(entries: impl IntoIterator<Item = Self>) -> Result<Bytes, EncodeError> {
        let producer_entries = entries.into_iter().map(ProducerEntry::from).collect();
        let mut out = Encoder::new();
        out.i16(VERSION);
        ProducerSnapshot { crc: 0, producer_entries }.encode(VERSION, &mut out)?;
        let mut bytes = BytesMut::with_capacity(out.len());
        out.finish().iter().for_each(|segment| bytes.extend_from_slice(segment));
        let crc = crc32c(bytes.get(ENTRIES_AT..).unwrap_or_default());
        bytes[CRC_AT..ENTRIES_AT].copy_from_slice(&crc.to_be_bytes());
        Ok(bytes.freeze())
    }

    /// Reads a snapshot file.
    ///
    /// # Errors
    /// Another version, cut bytes, a wrong checksum.
    pub fn read_file(bytes: &Bytes) -> Result<Vec<Self>, SnapshotFileError> {
        let mut input = Decoder::new(bytes.clone());
        let version = input.i16()?;
        if version != VERSION {
            return Err(SnapshotFileError::Version { version });
        }
        let snapshot = ProducerSnapshot::decode(version, &mut input)?;
        let (stored, computed) = (snapshot.crc, crc32c(bytes.get(ENTRIES_AT..).unwrap_or_default()));
        if stored != computed {
            return Err(SnapshotFileError::Corrupt { stored, computed });
        }
        Ok(snapshot.producer_entries.into_iter().map(Self::from).collect())
    }
}

impl From<SnapshotEntry> for ProducerEntry {
    fn from(entry: SnapshotEntry) -> Self {
        Self {
            producer_id: entry.producer_id,
            epoch: entry.epoch,
            last_sequence: entry.last_sequence,
            last_offset: entry.last_offset,
            offset_delta: entry.offset_delta,
            timestamp: entry.timestamp,
            coordinator_epoch: entry.coordinator_epoch,
            current_txn_first_offset: entry.transaction_first_offset,
        }
    }
}

impl From<ProducerEntry> for SnapshotEntry {
    fn from(entry: ProducerEntry) -> Self {
        Self {
            producer_id: entry.producer_id,
            epoch: entry.epoch,
            last_sequence: entry.last_sequence,
            last_offset: entry.last_offset,
            offset_delta: entry.offset_delta,
            timestamp: entry.timestamp,
            coordinator_epoch: entry.coordinator_epoch,
            transaction_first_offset: entry.current_txn_first_offset,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `ProducerStateManager.writeSnapshot` of Kafka 4.3.1 writes it.
    const GOLDEN: &str = "000111702f8a0000000100000000000000650007000000290000000000000063000000040000018bcfe56800000000030000000000000050";

    fn entry() -> SnapshotEntry {
        SnapshotEntry {
            producer_id: 101,
            epoch: 7,
            last_sequence: 41,
            last_offset: 99,
            offset_delta: 4,
            timestamp: 1_700_000_000_000,
            coordinator_epoch: 3,
            transaction_first_offset: 80,
        }
    }

    #[test]
    fn a_file_is_that_of_kafka() {
        let written = SnapshotEntry::write_file([entry()]).expect("written");
        let digits: String = written.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digits, GOLDEN);
        assert_eq!(SnapshotEntry::read_file(&written), Ok(vec![entry()]));
    }

    #[test]
    fn any_damage_is_found() {
        let written = SnapshotEntry::write_file([entry(), entry()]).expect("written");
        for at in 0..written.len() {
            let mut bytes = written.to_vec();
            bytes[at] ^= 1;
            assert!(SnapshotEntry::read_file(&bytes.into()).is_err(), "byte {at}");
            assert!(SnapshotEntry::read_file(&written.slice(..at)).is_err(), "cut at {at}");
        }
    }
}
