//! Frames: length, header, body. Headers are v1 and v0 in plain versions, v2 and v1 in flexible ones.

use bytes::Bytes;

use super::decoder::Decoder;
use super::encoder::Encoder;
use super::error::{DecodeError, EncodeError};
use super::tags::TagReader;
use super::value::{Context, Value};
use super::{Message, Request};
use crate::api_key::ApiKey;

const PLAIN: Context = Context { version: 0, flexible: false };

/// What stands before a request's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestHeader {
    pub api_key: i16,
    pub api_version: i16,
    pub correlation_id: i32,
    pub client_id: Option<String>,
}

/// A whole request with its length prefix, in segments.
pub fn request_frame<R: Request>(
    request: &R,
    version: i16,
    correlation_id: i32,
    client_id: &str,
) -> Result<Vec<Bytes>, EncodeError> {
    let mut out = Encoder::new();
    out.i16(R::KEY.0);
    out.i16(version);
    out.i32(correlation_id);
    client_id.to_owned().write(PLAIN, &mut out)?;
    if version >= R::FLEXIBLE_FROM {
        out.unsigned_varint(0);
    }
    request.encode(version, &mut out)?;
    framed(out)
}

/// A whole response with its length prefix, in segments; an empty one stands for record data that is elsewhere
/// ([`RecordData::elsewhere`](crate::record_data::RecordData)).
pub fn response_frame<R: Request>(
    response: &R::Response,
    version: i16,
    correlation_id: i32,
) -> Result<Vec<Bytes>, EncodeError> {
    let mut out = Encoder::new();
    out.i32(correlation_id);
    if has_tagged_response_header::<R>(version) {
        out.unsigned_varint(0);
    }
    response.encode(version, &mut out)?;
    framed(out)
}

fn framed(out: Encoder) -> Result<Vec<Bytes>, EncodeError> {
    let length = out.len();
    let prefix = i32::try_from(length).map_err(|_| EncodeError::TooLong { what: "frame", length })?;
    let mut segments = Vec::with_capacity(4);
    segments.push(Bytes::copy_from_slice(&prefix.to_be_bytes()));
    segments.extend(out.finish());
    Ok(segments)
}

/// The correlation id and body of a response frame without its length prefix. Bytes left over are ignored.
pub fn response_body<R: Request>(frame: Bytes, version: i16) -> Result<(i32, R::Response), DecodeError> {
    let mut input = Decoder::new(frame);
    let correlation_id = input.i32()?;
    if has_tagged_response_header::<R>(version) {
        skip_tags(&mut input)?;
    }
    Ok((correlation_id, R::Response::decode(version, &mut input)?))
}

/// The answer to ApiVersions keeps the plain header, so that any client can read it (KIP-511).
fn has_tagged_response_header<R: Request>(version: i16) -> bool {
    R::KEY != ApiKey::API_VERSIONS && version >= R::FLEXIBLE_FROM
}

fn skip_tags(input: &mut Decoder) -> Result<(), DecodeError> {
    let mut tags = TagReader::new(input)?;
    while tags.next_tag(input)?.is_some() {}
    Ok(())
}

/// Reads a request's header; `flexible` tells whether a key and version use the header with tags.
pub fn decode_request_header(
    input: &mut Decoder,
    flexible: impl Fn(i16, i16) -> bool,
) -> Result<RequestHeader, DecodeError> {
    let (api_key, api_version, correlation_id) = (input.i16()?, input.i16()?, input.i32()?);
    let client_id = Option::<String>::read(PLAIN, input)?;
    if flexible(api_key, api_version) {
        skip_tags(input)?;
    }
    Ok(RequestHeader { api_key, api_version, correlation_id, client_id })
}
