//! Tagged fields (KIP-482): number, size and value of each, in order of number.

use bytes::Bytes;

use super::decoder::Decoder;
use super::encoder::Encoder;
use super::error::{DecodeError, EncodeError};
use super::value::{Context, Value};

/// Collects the tagged fields of one struct.
#[derive(Debug, Default)]
pub struct TagWriter {
    fields: Vec<(u32, usize, Vec<Bytes>)>,
}

impl TagWriter {
    /// Adds a field; numbers must grow.
    pub fn add<T: Value>(&mut self, tag: u32, value: &T, context: Context) -> Result<(), EncodeError> {
        let mut encoder = Encoder::new();
        value.write(context, &mut encoder)?;
        self.fields.push((tag, encoder.len(), encoder.finish()));
        Ok(())
    }

    pub fn write(self, out: &mut Encoder) {
        out.unsigned_varint(self.fields.len() as u32);
        for (tag, size, segments) in self.fields {
            out.unsigned_varint(tag);
            out.unsigned_varint(size as u32);
            for segment in &segments {
                out.slice(segment);
            }
        }
    }
}

/// Walks the tagged fields of one struct.
#[derive(Debug)]
pub struct TagReader {
    left: u32,
    previous: Option<u32>,
}

impl TagReader {
    pub fn new(input: &mut Decoder) -> Result<Self, DecodeError> {
        Ok(Self { left: input.unsigned_varint()?, previous: None })
    }

    /// The next field's number and its bytes. Who reads memory out of them lets `input` resume behind them.
    pub fn next_tag(&mut self, input: &mut Decoder) -> Result<Option<(u32, Decoder)>, DecodeError> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let tag = input.unsigned_varint()?;
        if let Some(previous) = self.previous.filter(|previous| *previous >= tag) {
            return Err(DecodeError::TagOrder { tag, previous });
        }
        self.previous = Some(tag);
        let size = input.unsigned_varint()? as usize;
        Ok(Some((tag, input.part(size)?)))
    }
}
