//! How each of Kafka's types looks on the wire, in plain and in flexible versions (KIP-482).

use bytes::Bytes;

use super::decoder::Decoder;
use super::encoder::Encoder;
use super::error::{DecodeError, EncodeError};
use crate::ids::Uuid;
use crate::record_data::RecordData;
use crate::schema::Struct;

/// The version that is written or read, and whether it is a flexible one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    pub version: i16,
    pub flexible: bool,
}

/// A type of the protocol.
pub trait Value: Sized {
    /// Fewest bytes of one value in any version.
    const MIN_SIZE: usize;
    /// The struct that the value is, or that it holds as an element.
    const STRUCT: Option<&'static Struct> = None;
    fn write(&self, context: Context, out: &mut Encoder) -> Result<(), EncodeError>;
    fn read(context: Context, input: &mut Decoder) -> Result<Self, DecodeError>;
    /// Whether the value is null; only nullable types can be.
    fn is_null(&self) -> bool {
        false
    }
}

/// Elements reserved ahead of what was really read.
const RESERVED_ELEMENTS: usize = 1_024;

macro_rules! number {
    ($type:ty, $method:ident, $size:expr) => {
        impl Value for $type {
            const MIN_SIZE: usize = $size;
            fn write(&self, _: Context, out: &mut Encoder) -> Result<(), EncodeError> {
                out.$method(*self);
                Ok(())
            }
            fn read(_: Context, input: &mut Decoder) -> Result<Self, DecodeError> {
                input.$method()
            }
        }
    };
}

number!(i8, i8, 1);
number!(i16, i16, 2);
number!(u16, u16, 2);
number!(i32, i32, 4);
number!(u32, u32, 4);
number!(i64, i64, 8);
number!(f64, f64, 8);

impl Value for bool {
    const MIN_SIZE: usize = 1;
    fn write(&self, _: Context, out: &mut Encoder) -> Result<(), EncodeError> {
        out.i8(i8::from(*self));
        Ok(())
    }
    fn read(_: Context, input: &mut Decoder) -> Result<Self, DecodeError> {
        // Kafka reads any byte but 0 as true.
        Ok(input.u8()? != 0)
    }
}

impl Value for Uuid {
    const MIN_SIZE: usize = 16;
    fn write(&self, _: Context, out: &mut Encoder) -> Result<(), EncodeError> {
        out.raw(&self.0);
        Ok(())
    }
    fn read(_: Context, input: &mut Decoder) -> Result<Self, DecodeError> {
        let bytes = input.bytes(16)?;
        let mut id = [0; 16];
        id.copy_from_slice(&bytes);
        Ok(Self(id))
    }
}

/// The width of a length in versions that are not flexible.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Width {
    Short,
    Long,
}

/// Writes a length; null is -1, or 0 in flexible versions, where lengths are one more.
fn put_length(
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

fn take_length(
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

fn null(what: &'static str, context: Context) -> DecodeError {
    DecodeError::UnexpectedNull { field: what, version: context.version }
}

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
        for segment in self.iter().flat_map(|data| &data.0) {
            out.slice(segment);
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

impl<T: Value> Value for Vec<T> {
    const MIN_SIZE: usize = 1;
    const STRUCT: Option<&'static Struct> = T::STRUCT;
    fn write(&self, context: Context, out: &mut Encoder) -> Result<(), EncodeError> {
        put_length(Some(self.len()), "array", Width::Long, context, out)?;
        self.iter().try_for_each(|element| element.write(context, out))
    }
    fn read(context: Context, input: &mut Decoder) -> Result<Self, DecodeError> {
        Option::<Vec<T>>::read(context, input)?.ok_or_else(|| null("array", context))
    }
}

impl<T: Value> Value for Option<Vec<T>> {
    const MIN_SIZE: usize = 1;
    const STRUCT: Option<&'static Struct> = T::STRUCT;
    fn write(&self, context: Context, out: &mut Encoder) -> Result<(), EncodeError> {
        match self {
            Some(elements) => elements.write(context, out),
            None => put_length(None, "array", Width::Long, context, out),
        }
    }
    fn read(context: Context, input: &mut Decoder) -> Result<Self, DecodeError> {
        let Some(count) = take_length("array", Width::Long, context, input)? else { return Ok(None) };
        let (element_size, present) = (T::MIN_SIZE, input.remaining());
        if count.saturating_mul(element_size) > present {
            return Err(DecodeError::TooManyElements { count, element_size, present });
        }
        let mut elements = Vec::with_capacity(count.min(RESERVED_ELEMENTS));
        for _ in 0..count {
            elements.push(T::read(context, input)?);
        }
        Ok(Some(elements))
    }
    fn is_null(&self) -> bool {
        self.is_none()
    }
}

/// A struct that may be null: a byte before it says whether it is there.
pub trait Nullable {}

impl<T: Value + Nullable> Value for Option<T> {
    const MIN_SIZE: usize = 1;
    const STRUCT: Option<&'static Struct> = T::STRUCT;
    fn write(&self, context: Context, out: &mut Encoder) -> Result<(), EncodeError> {
        match self {
            Some(present) => {
                out.i8(1);
                present.write(context, out)
            }
            None => {
                out.i8(-1);
                Ok(())
            }
        }
    }
    fn read(context: Context, input: &mut Decoder) -> Result<Self, DecodeError> {
        if input.i8()? < 0 { Ok(None) } else { T::read(context, input).map(Some) }
    }
    fn is_null(&self) -> bool {
        self.is_none()
    }
}
