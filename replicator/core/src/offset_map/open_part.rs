//! The bytes of the open part: what the map reaches back to, then a chunk of the newest runs up to the end.

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::chunk::{self, Chunk, ChunkError};
use super::runs::Runs;
use super::{Bound, OffsetMap};

const VERSION: u8 = 0;
/// Version, and the bound that the map reaches back to.
const HEAD: usize = 17;

/// Why bytes are no open part.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenPartError {
    #[error("the open part of an offset map ends early, after {length} bytes")]
    Truncated { length: usize },
    #[error("version {version} of an offset map is not known, a newer Strait wrote it")]
    UnknownVersion { version: u8 },
    #[error("the open part of an offset map: {0}")]
    Runs(#[from] ChunkError),
    #[error("the open part of an offset map begins before the map")]
    Order,
}

impl OffsetMap {
    /// What is stored with the position.
    pub fn open_part(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(64);
        out.put_u8(VERSION);
        out.put_i64(self.begin.source);
        out.put_i64(self.begin.target);
        chunk::encode_into(&mut out, self.open.from(), self.open.iter().copied(), self.end);
        out.freeze()
    }

    /// The map as it was stored. Its chunks are added one by one; until then what they cover counts as forgotten.
    pub fn restore(bytes: &Bytes) -> Result<Self, OpenPartError> {
        if bytes.len() < HEAD {
            return Err(OpenPartError::Truncated { length: bytes.len() });
        }
        let mut head = bytes.slice(..HEAD);
        let version = head.get_u8();
        if version != VERSION {
            return Err(OpenPartError::UnknownVersion { version });
        }
        let begin = Bound { source: head.get_i64(), target: head.get_i64() };
        let chunk = Chunk::decode(bytes.slice(HEAD..))?;
        let place = chunk.place();
        if place.from.source < begin.source || place.from.target < begin.target {
            return Err(OpenPartError::Order);
        }
        let mut open = Runs::new(place.from);
        for run in chunk.runs()? {
            open.push(run);
        }
        Ok(Self::empty(begin, open, place.to))
    }
}
