//! Record batches: closed (header read, payload untouched), stamped for a produce, opened into records.

// What can be wrong with a batch.
mod error;
// The 61 bytes before the records.
mod header;
// CRC-32C and its linear patch.
mod crc;
// A batch that is moved as it is.
mod closed;
// Its place in a log, outside the checksum.
mod assign;
// The same batch under another producer.
mod stamp;
// Records inside a batch.
mod record;
mod varint;
// Codecs, each with a limit on what comes out.
mod compress;
// The same, into memory that is used again.
mod decompressor;
mod lz4_frame;
// New batches from records.
mod builder;
// A batch with some of its records.
mod retain;
// Commit and abort markers.
mod control;
// Message formats 0 and 1.
mod legacy;
// LZ4 as format 0 framed it.
mod lz4_header;

pub use assign::AssignedBatch;
pub use builder::{BatchBuilder, reencode};
pub use closed::{BatchIter, ClosedBatch, Entry, closed_batches};
pub use compress::{Compression, DecompressionLimit};
pub use control::{ControlKind, ControlRecord, control_record};
pub use crc::crc32c;
pub use decompressor::Decompressor;
pub use error::{BatchError, CorruptBatchError, RecordTooLargeError};
pub use header::{Attributes, BatchHeader, HEADER_LENGTH};
pub use legacy::LegacyMessageSet;
pub use record::{Header, Record, open};
pub use stamp::{Stamp, StampedBatch};
