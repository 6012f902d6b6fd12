//! Bytes and values: bounded decoding, encoding for vectored writes, tagged fields, frames.

// What can be wrong.
mod error;
// Reading.
mod decoder;
// Writing.
mod encoder;
// Each of Kafka's types on the wire.
mod value;
// Tagged fields of flexible versions.
mod tags;
// Requests and responses with their headers.
mod frame;

pub use decoder::Decoder;
pub use encoder::Encoder;
pub use error::{DecodeError, EncodeError};
pub use frame::{RequestHeader, decode_request_header, request_frame, response_body, response_frame};
pub use tags::{TagReader, TagWriter};
pub use value::{Context, Nullable, Value};

use crate::api_key::ApiKey;

/// A request's or response's body.
pub trait Message: Value + Default + Clone + std::fmt::Debug + PartialEq {
    const NAME: &'static str;
    const MIN_VERSION: i16;
    const MAX_VERSION: i16;
    /// First flexible version; `i16::MAX` when there is none.
    const FLEXIBLE_FROM: i16;

    fn encode(&self, version: i16, out: &mut Encoder) -> Result<(), EncodeError> {
        let (message, min, max) = (Self::NAME, Self::MIN_VERSION, Self::MAX_VERSION);
        if !(min..=max).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message, version, min, max });
        }
        self.write(Context { version, flexible: version >= Self::FLEXIBLE_FROM }, out)
    }

    fn decode(version: i16, input: &mut Decoder) -> Result<Self, DecodeError> {
        let (message, min, max) = (Self::NAME, Self::MIN_VERSION, Self::MAX_VERSION);
        if !(min..=max).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message, version, min, max });
        }
        Self::read(Context { version, flexible: version >= Self::FLEXIBLE_FROM }, input)
    }
}

/// A request and the response it gets.
pub trait Request: Message {
    const KEY: ApiKey;
    type Response: Message;
}
