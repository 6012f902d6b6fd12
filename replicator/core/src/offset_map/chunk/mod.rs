//! The bytes of a chunk: its kind, what it covers, and its runs in the shorter of two forms.

// Bits in bytes.
mod bits;
// Offsets that stand nearly alone, as after compaction.
mod elias_fano;
// The high bits of them.
mod high_bits;
// Runs one after the other.
mod listed;
// Offsets that the target skips.
mod skips;
// Numbers of few bytes.
mod varint;

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::sealed::{ChunkPlace, NOT_STORED};
use super::{Bound, CHUNK_RUNS, Run};
use elias_fano::EliasFano;
use listed::Listed;

const LISTED: u8 = 0;
const ELIAS_FANO: u8 = 1;
/// Kind, and both bounds.
const HEAD: usize = 33;

/// Why bytes are no chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChunkError {
    #[error("a chunk of an offset map ends early, at byte {at}")]
    Truncated { at: usize },
    #[error("kind {kind} of a chunk is not known, a newer Strait wrote it")]
    UnknownKind { kind: u8 },
    #[error("a chunk's numbers do not go together at byte {at}")]
    Inconsistent { at: usize },
}

/// A chunk that can be looked into.
#[derive(Clone, Debug)]
pub struct Chunk {
    place: ChunkPlace,
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    Listed(Listed),
    EliasFano(EliasFano),
}

pub(super) fn encode(from: Bound, runs: &[Run], to: Bound) -> Bytes {
    let mut listed = BytesMut::new();
    encode_into(&mut listed, from, runs.iter().copied(), to);
    let mut short = BytesMut::new();
    let is_short = encode_short(&mut short, from, runs, to) && short.len() < listed.len();
    if is_short { short.freeze() } else { listed.freeze() }
}

/// The records one by one; false where there are too many for that.
pub(super) fn encode_short(out: &mut BytesMut, from: Bound, runs: &[Run], to: Bound) -> bool {
    put_head(out, ELIAS_FANO, from, to);
    elias_fano::encode_into(out, from, runs, to)
}

/// The runs one after the other.
pub(super) fn encode_into(out: &mut BytesMut, from: Bound, runs: impl Iterator<Item = Run>, to: Bound) {
    put_head(out, LISTED, from, to);
    listed::encode_into(out, from, runs);
}

fn put_head(out: &mut BytesMut, kind: u8, from: Bound, to: Bound) {
    out.put_u8(kind);
    for number in [from.source, from.target, to.source, to.target] {
        out.put_i64(number);
    }
}

impl Chunk {
    /// Looks at what it covers, and where in it offsets are found.
    pub fn decode(bytes: Bytes) -> Result<Self, ChunkError> {
        if bytes.len() < HEAD {
            return Err(ChunkError::Truncated { at: bytes.len() });
        }
        let mut head = bytes.slice(..HEAD);
        let kind = head.get_u8();
        let from = Bound { source: head.get_i64(), target: head.get_i64() };
        let to = Bound { source: head.get_i64(), target: head.get_i64() };
        let is_ordered =
            0 <= from.source && from.source <= to.source && 0 <= from.target && from.target <= to.target;
        if !is_ordered {
            return Err(ChunkError::Inconsistent { at: 1 });
        }
        let place = ChunkPlace { from, to, stored_at: NOT_STORED };
        let body = bytes.slice(HEAD..);
        let form = match kind {
            LISTED => Form::Listed(Listed::decode(body, place)?),
            ELIAS_FANO => Form::EliasFano(EliasFano::decode(body, place)?),
            kind => return Err(ChunkError::UnknownKind { kind }),
        };
        Ok(Self { place, form })
    }

    /// What it covers.
    pub fn place(&self) -> ChunkPlace {
        self.place
    }

    /// Whether it may become part of a larger one.
    pub fn is_small(&self) -> bool {
        match &self.form {
            Form::Listed(listed) => listed.count() <= CHUNK_RUNS,
            Form::EliasFano(short) => {
                short.records() <= CHUNK_RUNS * elias_fano::MOST_RECORDS_OF_A_RUN as usize
            }
        }
    }

    /// What it takes in memory.
    pub fn resident_bytes(&self) -> usize {
        let of_form = match &self.form {
            Form::Listed(listed) => listed.resident_bytes(),
            Form::EliasFano(short) => short.resident_bytes(),
        };
        size_of_val(self) + of_form
    }

    /// The target offset of the record at or after a source offset that the chunk covers.
    pub fn target_of(&self, source: i64) -> Result<i64, ChunkError> {
        let found = match &self.form {
            Form::Listed(listed) => listed.target_of(source)?,
            Form::EliasFano(short) => short.target_of(source)?,
        };
        Ok(found.unwrap_or(self.place.to.target))
    }

    /// The source offset of the record at or after a target offset that the chunk covers.
    pub fn source_of(&self, target: i64) -> Result<i64, ChunkError> {
        let found = match &self.form {
            Form::Listed(listed) => listed.source_of(target)?,
            Form::EliasFano(short) => short.source_of(target)?,
        };
        Ok(found.unwrap_or(self.place.to.source))
    }

    /// All runs in order.
    pub fn runs(&self) -> Result<Vec<Run>, ChunkError> {
        match &self.form {
            Form::Listed(listed) => listed.runs().collect(),
            Form::EliasFano(short) => short.runs(),
        }
    }
}
