//! How each of Kafka's types looks on the wire, in plain and in flexible versions (KIP-482).

// Numbers, booleans, ids.
mod fixed;
// Lengths in front of the others.
mod length;
// Strings, bytes, record batches.
mod bytes;
// Arrays, each bounded by the bytes present.
mod array;

use super::decoder::Decoder;
use super::encoder::Encoder;
use super::error::{DecodeError, EncodeError};
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
