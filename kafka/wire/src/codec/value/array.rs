//! Arrays. Memory is taken at once, bounded by the bytes present and by the decoder's allowance.

use super::length::{Width, null, put_length, take_length};
use super::{Context, Value};
use crate::codec::{DecodeError, Decoder, EncodeError, Encoder};
use crate::schema::Struct;

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
        input.charge(count.saturating_mul(size_of::<T>()))?;
        let mut elements = Vec::with_capacity(count);
        for _ in 0..count {
            elements.push(T::read(context, input)?);
        }
        Ok(Some(elements))
    }
    fn is_null(&self) -> bool {
        self.is_none()
    }
}
