//! Lengths: 16 or 32 bits in plain versions, a varint in flexible ones.

use super::Context;
use crate::codec::{DecodeError, Decoder, EncodeError, Encoder};

/// The width of a length in versions that are not flexible.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    Short,
    Long,
}

/// Writes a length; null is -1, or 0 in flexible versions, where lengths are one more.
pub(super) fn put_length(
    length: Option<usize>,
    what: &'static str,
    width: Width,
    context: Context,
    out: &mut Encoder,
) -> Result<(), EncodeError> {
    let Some(length) = length else {
        match (context.flexible, width) {
            (true, _) => out.unsigned_varint(0),
            (false, Width::Short) => out.i16(-1),
            (false, Width::Long) => out.i32(-1),
        }
        return Ok(());
    };
    let too_long = EncodeError::TooLong { what, length };
    if width == Width::Short && length > i16::MAX as usize {
        return Err(too_long);
    }
    let length = i32::try_from(length).ok().filter(|length| *length < i32::MAX).ok_or(too_long)?;
    match (context.flexible, width) {
        (true, _) => out.unsigned_varint(length.unsigned_abs() + 1),
        (false, Width::Short) => out.i16(length as i16),
        (false, Width::Long) => out.i32(length),
    }
    Ok(())
}

pub(super) fn take_length(
    what: &'static str,
    width: Width,
    context: Context,
    input: &mut Decoder,
) -> Result<Option<usize>, DecodeError> {
    let length = match (context.flexible, width) {
        (true, _) => i64::from(input.unsigned_varint()?) - 1,
        (false, Width::Short) => i64::from(input.i16()?),
        (false, Width::Long) => i64::from(input.i32()?),
    };
    if length == -1 {
        return Ok(None);
    }
    usize::try_from(length).map(Some).map_err(|_| DecodeError::InvalidLength { what, length })
}

pub(super) fn null(what: &'static str, context: Context) -> DecodeError {
    DecodeError::UnexpectedNull { field: what, version: context.version }
}
