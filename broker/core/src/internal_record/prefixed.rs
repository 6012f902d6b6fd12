//! A message behind two bytes: the kind of a key, the version of a value (`CoordinatorRecordSerde`).

use bytes::{Bytes, BytesMut};

use crate::codec::{DecodeError, Decoder, EncodeError, Encoder, Message};

/// Key and value of a record to append. Without a value it deletes what the key names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedRecord {
    pub key: Bytes,
    pub value: Option<Bytes>,
}

/// Bytes in an internal topic that are not what its schemas say.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordDecodeError {
    #[error("key of {kind}: {source}")]
    Key { kind: &'static str, source: DecodeError },
    #[error("value of {kind}: {source}")]
    Value { kind: &'static str, source: DecodeError },
}

pub(super) fn encode<M: Message>(prefix: i16, version: i16, message: &M) -> Result<Bytes, EncodeError> {
    let mut out = Encoder::new();
    out.i16(prefix);
    message.encode(version, &mut out)?;
    let segments = out.finish();
    let mut joined = BytesMut::with_capacity(segments.iter().map(Bytes::len).sum());
    segments.iter().for_each(|segment| joined.extend_from_slice(segment));
    Ok(joined.freeze())
}

/// The kind that a key names, and a reader of what follows.
pub(super) fn key_kind(key: &Bytes) -> Result<(i16, Decoder), RecordDecodeError> {
    let mut input = Decoder::new(key.clone());
    let kind = input.i16().map_err(|source| RecordDecodeError::Key { kind: "unknown", source })?;
    Ok((kind, input))
}

/// The fields of a key; keys have one version.
pub(super) fn decode_key<M: Message>(mut input: Decoder) -> Result<M, RecordDecodeError> {
    M::decode(0, &mut input).map_err(|source| RecordDecodeError::Key { kind: M::NAME, source })
}

/// The fields of a value behind its version.
pub(super) fn decode_value<M: Message>(value: Option<&Bytes>) -> Result<Option<M>, RecordDecodeError> {
    let Some(value) = value else { return Ok(None) };
    let mut input = Decoder::new(value.clone());
    let version = input.i16();
    version
        .and_then(|version| M::decode(version, &mut input))
        .map(Some)
        .map_err(|source| RecordDecodeError::Value { kind: M::NAME, source })
}
