//! Types of a fixed size.

use super::{Context, Value};
use crate::codec::{DecodeError, Decoder, EncodeError, Encoder};
use crate::ids::Uuid;

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
