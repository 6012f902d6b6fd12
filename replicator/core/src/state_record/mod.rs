//! The records of our compacted state topic: versioned binary keys and values, decoded within the bytes present.
//! An unknown version is an error, never a guess. Layout: version i16, kind u8, fields; numbers big-endian,
//! a string is its length as the shortest LEB128 and its UTF-8 bytes.

mod acl;
pub(crate) mod codec;
mod key;
mod principal;
mod state;
mod value;

pub use key::Key;
pub use state::{Owner, State};
pub use value::{StoredPosition, Value};

/// The version of keys, and of values that did not change since the first.
pub const VERSION: i16 = 0;
/// The version of positions: with it they carry their offset map. Both are read.
pub const POSITION_VERSION: i16 = 1;

const KIND_PRODUCER: u8 = 1;
const KIND_POSITION: u8 = 2;
const KIND_OWNER: u8 = 3;
const KIND_LOSS: u8 = 4;
const KIND_TRANSACTIONAL_PRODUCER: u8 = 5;
const KIND_MAP_CHUNK: u8 = 6;
const KIND_ACL: u8 = 7;
const KIND_WORKER: u8 = 8;
/// Also of the values of both.
const KIND_QUOTA: u8 = 9;
const KIND_USER: u8 = 10;

/// Why the bytes are no record of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateRecordError {
    #[error(
        "version {version} is not known (this program knows up to {POSITION_VERSION}), a newer Strait wrote it"
    )]
    UnknownVersion { version: i16 },
    #[error("kind {kind} is not known in version {version}")]
    UnknownKind { kind: u8, version: i16 },
    #[error("ends early: {needed} bytes needed at byte {at}, {remaining} left")]
    Truncated { at: usize, needed: u64, remaining: usize },
    #[error("{remaining} bytes are left over at byte {at}")]
    TrailingBytes { at: usize, remaining: usize },
    #[error("the length at byte {at} is not in its shortest form")]
    MalformedLength { at: usize },
    #[error("the string at byte {at} is not UTF-8")]
    NotUtf8 { at: usize },
    #[error("the code {code} at byte {at} is not known")]
    UnknownCode { at: usize, code: i8 },
}

/// Versions that a newer Strait may write. They are counted from 0, so bytes that begin with another byte are of somebody else.
const LAST_VERSION_OF_STRAIT: i16 = 255;

impl StateRecordError {
    /// Whether a newer Strait may have written it: nothing of it is guessed then, and it is not left out.
    pub fn is_of_newer_strait(&self) -> bool {
        match self {
            Self::UnknownVersion { version } => (0..=LAST_VERSION_OF_STRAIT).contains(version),
            Self::UnknownKind { .. } => true,
            Self::Truncated { .. }
            | Self::TrailingBytes { .. }
            | Self::MalformedLength { .. }
            | Self::NotUtf8 { .. }
            | Self::UnknownCode { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests;
