//! LZ4 frames as Kafka's clients write them: blocks that stand alone, without checksums of their own.

use super::lz4_header;

const MAGIC: [u8; 4] = [0x04, 0x22, 0x4d, 0x18];
/// Version 1 and independent blocks, no checksums, no dictionary; the length of the content may stand there.
const FLAGS: u8 = 0b0110_0000;
const CONTENT_BYTES_FLAG: u8 = 1 << 3;
const CONTENT_BYTES_LENGTH: usize = 8;
/// The block is stored as it is.
const STORED: u32 = 1 << 31;

/// A frame whose header was read.
#[derive(Debug)]
pub(super) struct PlainFrame<'a> {
    rest: &'a [u8],
    /// Most bytes of a block when opened.
    pub(super) block_bytes: usize,
    /// Length of the whole content, where it is said.
    pub(super) content_bytes: Option<u64>,
}

#[derive(Debug)]
pub(super) enum Block<'a> {
    Stored(&'a [u8]),
    Packed(&'a [u8]),
}

/// The frame at the front of `data`; none when it is another kind, or its header is damaged.
pub(super) fn plain(data: &[u8]) -> Option<PlainFrame<'_>> {
    let (flags, descriptor) = (*data.get(MAGIC.len())?, *data.get(MAGIC.len() + 1)?);
    if !data.starts_with(&MAGIC) || flags & !CONTENT_BYTES_FLAG != FLAGS {
        return None;
    }
    let block_bytes = match descriptor {
        0x40 => 64 << 10,
        0x50 => 256 << 10,
        0x60 => 1 << 20,
        0x70 => 4 << 20,
        _ => return None,
    };
    let (at, checksum) = lz4_header::right_checksum(data)?;
    if data[at] != checksum {
        return None;
    }
    let said = (flags & CONTENT_BYTES_FLAG != 0).then(|| data[at - CONTENT_BYTES_LENGTH..at].first_chunk());
    let content_bytes = said.flatten().map(|bytes| u64::from_le_bytes(*bytes));
    Some(PlainFrame { rest: &data[at + 1..], block_bytes, content_bytes })
}

impl<'a> PlainFrame<'a> {
    /// The next block; none at the end of the frame, and where the data ends between two blocks.
    pub(super) fn next_block(&mut self) -> Result<Option<Block<'a>>, &'static str> {
        let Some((head, rest)) = self.rest.split_first_chunk::<4>() else { return Ok(None) };
        let head = u32::from_le_bytes(*head);
        if head == 0 {
            return Ok(None);
        }
        let length = (head & !STORED) as usize;
        if length > self.block_bytes {
            return Err("a block is larger than the frame allows");
        }
        let (block, rest) = rest.split_at_checked(length).ok_or("a block is cut")?;
        self.rest = rest;
        Ok(Some(if head & STORED != 0 { Block::Stored(block) } else { Block::Packed(block) }))
    }
}
