//! The record batches of one partition in a message: slices written one after the other.

use bytes::{Bytes, BytesMut};

/// Record batches as they travel; never opened by the message layer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecordData(pub Vec<Bytes>);

impl RecordData {
    pub fn single(bytes: Bytes) -> Self {
        Self(vec![bytes])
    }

    /// Bytes in all segments.
    pub fn len(&self) -> usize {
        self.0.iter().map(Bytes::len).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All bytes as one slice; copies only when there are several segments.
    pub fn into_bytes(mut self) -> Bytes {
        if self.0.len() == 1 {
            return self.0.remove(0);
        }
        let mut joined = BytesMut::with_capacity(self.len());
        self.0.iter().for_each(|segment| joined.extend_from_slice(segment));
        joined.freeze()
    }
}
