//! Reading: slices of the received bytes, bounded by the bytes present.

use bytes::{Buf, Bytes};

use super::error::DecodeError;

/// A reader over received bytes.
#[derive(Clone, Debug)]
pub struct Decoder {
    bytes: Bytes,
    /// Memory that arrays may still take.
    allowance: usize,
}

/// Memory that arrays may take for each byte present. An element is larger in memory than on the wire, where an empty
/// string is one byte; real messages need a third of this.
const MEMORY_PER_BYTE: usize = 14;
/// Memory that arrays may take however short the message is.
const MEMORY_OF_ANY: usize = 48 << 10;

/// Longest unsigned varint of 32 bits.
const VARINT_BYTES: usize = 5;

impl Decoder {
    pub fn new(bytes: Bytes) -> Self {
        let allowance = bytes.len().saturating_mul(MEMORY_PER_BYTE).saturating_add(MEMORY_OF_ANY);
        Self { bytes, allowance }
    }

    /// A reader over the next `length` bytes, which takes the allowance with it until `resume`.
    pub(super) fn part(&mut self, length: usize) -> Result<Self, DecodeError> {
        Ok(Self { bytes: self.bytes(length)?, allowance: self.allowance })
    }

    /// Goes on behind a part with what the part left of the allowance.
    pub fn resume(&mut self, part: &Self) {
        self.allowance = part.allowance;
    }

    /// Takes memory for an array out of the allowance.
    pub(super) fn charge(&mut self, wanted: usize) -> Result<(), DecodeError> {
        let allowance = self.allowance;
        let left = allowance.checked_sub(wanted);
        self.allowance = left.ok_or(DecodeError::TooMuchMemory { wanted, allowance })?;
        Ok(())
    }

    /// Bytes not read yet.
    pub fn remaining(&self) -> usize {
        self.bytes.len()
    }

    /// The next `length` bytes, shared with the received buffer.
    pub fn bytes(&mut self, length: usize) -> Result<Bytes, DecodeError> {
        self.require(length)?;
        Ok(self.bytes.split_to(length))
    }

    fn require(&self, wanted: usize) -> Result<(), DecodeError> {
        let present = self.bytes.len();
        if wanted <= present { Ok(()) } else { Err(DecodeError::Truncated { wanted, present }) }
    }

    pub fn i8(&mut self) -> Result<i8, DecodeError> {
        self.require(1)?;
        Ok(self.bytes.get_i8())
    }

    pub fn u8(&mut self) -> Result<u8, DecodeError> {
        self.require(1)?;
        Ok(self.bytes.get_u8())
    }

    pub fn i16(&mut self) -> Result<i16, DecodeError> {
        self.require(2)?;
        Ok(self.bytes.get_i16())
    }

    pub fn u16(&mut self) -> Result<u16, DecodeError> {
        self.require(2)?;
        Ok(self.bytes.get_u16())
    }

    pub fn i32(&mut self) -> Result<i32, DecodeError> {
        self.require(4)?;
        Ok(self.bytes.get_i32())
    }

    pub fn u32(&mut self) -> Result<u32, DecodeError> {
        self.require(4)?;
        Ok(self.bytes.get_u32())
    }

    pub fn i64(&mut self) -> Result<i64, DecodeError> {
        self.require(8)?;
        Ok(self.bytes.get_i64())
    }

    pub fn f64(&mut self) -> Result<f64, DecodeError> {
        self.require(8)?;
        Ok(self.bytes.get_f64())
    }

    /// An unsigned varint of at most 32 bits.
    pub fn unsigned_varint(&mut self) -> Result<u32, DecodeError> {
        let mut value = 0_u32;
        for index in 0..VARINT_BYTES {
            let byte = self.u8()?;
            if index == VARINT_BYTES - 1 && byte > 0x0f {
                break;
            }
            value |= u32::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(DecodeError::VarintTooLong { limit: VARINT_BYTES })
    }
}
