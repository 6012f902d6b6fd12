//! Strings, bytes and record batches behind their length.

use bytes::Bytes;

use super::length::{Width, null, put_length, take_length};
use super::{Context, Value};
use crate::codec::{DecodeError, Decoder, EncodeError, Encoder};
use crate::record_data::RecordData;

impl Value for Option<String> {
    const MIN_SIZE: usize = 1;
    fn write(&self, context: Context, out: &mut Encoder) -> Result<(), EncodeError> {
        put_length(self.as_ref().map(String::len), "string", Width::Short, context, out)?;
        out.raw(self.as_ref().map_or(&[], String::as_bytes));
        Ok(())
    }
    fn read(context: Context, input: &mut Decoder) -> Result<Self, DecodeError> {
        let Some(length) = take_length("string", Width::Short, context, input)? else { return Ok(None) };
        let bytes = input.bytes(length)?;
        let text = std::str::from_utf8(&bytes)
            .map_err(|error| DecodeError::InvalidUtf8 { valid: error.valid_up_to() })?;
        Ok(Some(text.to_owned()))
    }
    fn is_null(&self) -> bool {
        self.is_none()
    }
}

impl Value for String {
    const MIN_SIZE: usize = 1;
    fn write(&self, context: Context, out: &mut Encoder) -> Result<(), EncodeError> {
        put_length(Some(self.len()), "string", Width::Short, context, out)?;
        out.raw(self.as_bytes());
        Ok(())
    }
    fn read(context: Context, input: &mut Decoder) -> Result<Self, DecodeError> {
        Option::<String>::read(context, input)?.ok_or_else(|| null("string", context))
    }
}

impl Value for Option<Bytes> {
    const MIN_SIZE: usize = 1;
    fn write(&self, context: Context, out: &mut Encoder) -> Result<(), EncodeError> {
        put_length(self.as_ref().map(Bytes::len), "bytes", Width::Long, context, out)?;
        if let Some(bytes) = self {
            out.slice(bytes);
        }
        Ok(())
    }
    fn read(context: Context, input: &mut Decoder) -> Result<Self, DecodeError> {
        let Some(length) = take_length("bytes", Width::Long, context, input)? else { return Ok(None) };
        input.bytes(length).map(Some)
    }
    fn is_null(&self) -> bool {
        self.is_none()
    }
}

impl Value for Bytes {
    const MIN_SIZE: usize = 1;
    fn write(&self, context: Context, out: &mut Encoder) -> Result<(), EncodeError> {
        put_length(Some(self.len()), "bytes", Width::Long, context, out)?;
        out.slice(self);
        Ok(())
    }
    fn read(context: Context, input: &mut Decoder) -> Result<Self, DecodeError> {
        Option::<Bytes>::read(context, input)?.ok_or_else(|| null("bytes", context))
    }
}

impl Value for Option<RecordData> {
    const MIN_SIZE: usize = 1;
    fn write(&self, context: Context, out: &mut Encoder) -> Result<(), EncodeError> {
        put_length(self.as_ref().map(RecordData::len), "records", Width::Long, context, out)?;
        if let Some(data) = self {
            data.slices.iter().for_each(|slice| out.slice(slice));
            out.gap(data.elsewhere);
        }
        Ok(())
    }
    fn read(context: Context, input: &mut Decoder) -> Result<Self, DecodeError> {
        Ok(Option::<Bytes>::read(context, input)?.map(RecordData::single))
    }
    fn is_null(&self) -> bool {
        self.is_none()
    }
}
