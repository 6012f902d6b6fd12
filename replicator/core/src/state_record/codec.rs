//! Writing and reading the primitives of a state record. Reads never go beyond the bytes present.

use bytes::{BufMut, Bytes, BytesMut};
use strait_wire::ids::Uuid;

use super::{POSITION_VERSION, StateRecordError, VERSION};

/// Bytes of the longest LEB128 of 64 bits.
const LONGEST_LENGTH: usize = 10;

pub(crate) struct Writer(BytesMut);

impl Writer {
    pub(crate) fn new(version: i16) -> Self {
        let mut bytes = BytesMut::with_capacity(64);
        bytes.put_i16(version);
        Self(bytes)
    }

    pub(crate) fn u8(&mut self, value: u8) {
        self.0.put_u8(value);
    }

    pub(crate) fn i8(&mut self, value: i8) {
        self.0.put_i8(value);
    }

    pub(crate) fn i16(&mut self, value: i16) {
        self.0.put_i16(value);
    }

    pub(crate) fn i32(&mut self, value: i32) {
        self.0.put_i32(value);
    }

    pub(crate) fn i64(&mut self, value: i64) {
        self.0.put_i64(value);
    }

    pub(crate) fn uuid(&mut self, value: Uuid) {
        self.0.put_slice(&value.0);
    }

    pub(crate) fn string(&mut self, value: &str) {
        self.bytes(value.as_bytes());
    }

    pub(crate) fn bytes(&mut self, value: &[u8]) {
        let mut length = value.len();
        while length >= 0x80 {
            self.0.put_u8((length & 0x7f) as u8 | 0x80);
            length >>= 7;
        }
        self.0.put_u8((length & 0x7f) as u8);
        self.0.put_slice(value);
    }

    pub(crate) fn finish(self) -> Bytes {
        self.0.freeze()
    }
}

pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    pub(crate) version: i16,
}

impl<'a> Reader<'a> {
    /// Reads the version and refuses those that nobody wrote.
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Self, StateRecordError> {
        let mut reader = Self { bytes, at: 0, version: VERSION };
        reader.version = reader.i16()?;
        let version = reader.version;
        let is_known = (VERSION..=POSITION_VERSION).contains(&version);
        if is_known { Ok(reader) } else { Err(StateRecordError::UnknownVersion { version }) }
    }

    /// Refuses another version, where there is only one.
    pub(crate) fn only(&self, version: i16) -> Result<(), StateRecordError> {
        let found = self.version;
        if found == version { Ok(()) } else { Err(StateRecordError::UnknownVersion { version: found }) }
    }

    pub(crate) fn u8(&mut self) -> Result<u8, StateRecordError> {
        Ok(u8::from_be_bytes(self.array()?))
    }

    pub(crate) fn i8(&mut self) -> Result<i8, StateRecordError> {
        Ok(i8::from_be_bytes(self.array()?))
    }

    /// One of the codes that `known` knows.
    pub(crate) fn code<T>(&mut self, known: impl FnOnce(i8) -> Option<T>) -> Result<T, StateRecordError> {
        let (at, code) = (self.at, self.i8()?);
        known(code).ok_or(StateRecordError::UnknownCode { at, code })
    }

    pub(crate) fn i16(&mut self) -> Result<i16, StateRecordError> {
        Ok(i16::from_be_bytes(self.array()?))
    }

    pub(crate) fn i32(&mut self) -> Result<i32, StateRecordError> {
        Ok(i32::from_be_bytes(self.array()?))
    }

    pub(crate) fn i64(&mut self) -> Result<i64, StateRecordError> {
        Ok(i64::from_be_bytes(self.array()?))
    }

    pub(crate) fn uuid(&mut self) -> Result<Uuid, StateRecordError> {
        Ok(Uuid(self.array()?))
    }

    pub(crate) fn string(&mut self) -> Result<String, StateRecordError> {
        let bytes = self.bytes()?;
        let at = self.at - bytes.len();
        let text = std::str::from_utf8(bytes).map_err(|_| StateRecordError::NotUtf8 { at })?;
        Ok(text.to_owned())
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], StateRecordError> {
        let length = self.length()?;
        let at = self.at;
        let remaining = self.bytes.len() - at;
        let truncated = StateRecordError::Truncated { at, needed: length, remaining };
        let length = usize::try_from(length).map_err(|_| truncated)?;
        let bytes = self.bytes[at..].get(..length).ok_or(truncated)?;
        self.at += length;
        Ok(bytes)
    }

    pub(crate) fn finish(self) -> Result<(), StateRecordError> {
        match self.bytes.len() - self.at {
            0 => Ok(()),
            remaining => Err(StateRecordError::TrailingBytes { at: self.at, remaining }),
        }
    }

    fn length(&mut self) -> Result<u64, StateRecordError> {
        let at = self.at;
        let mut value = 0u64;
        for index in 0..LONGEST_LENGTH {
            let byte = self.u8()?;
            let bits = u64::from(byte & 0x7f);
            let shift = 7 * index;
            if bits << shift >> shift != bits {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                let shortest = byte != 0 || index == 0;
                return if shortest { Ok(value) } else { Err(StateRecordError::MalformedLength { at }) };
            }
        }
        Err(StateRecordError::MalformedLength { at })
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], StateRecordError> {
        let rest = &self.bytes[self.at..];
        let array = rest.first_chunk::<N>().ok_or(StateRecordError::Truncated {
            at: self.at,
            needed: N as u64,
            remaining: rest.len(),
        })?;
        self.at += N;
        Ok(*array)
    }
}
