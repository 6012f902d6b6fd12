//! The record batches of one partition in a message: slices written one after the other.

use bytes::{Bytes, BytesMut};

/// Record batches as they travel; never opened by the message layer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecordData {
    pub slices: Vec<Bytes>,
    /// So many bytes follow the slices and are not in memory. Whoever sends the frame puts them where its segments have
    /// an empty one. A message that was read has none.
    pub elsewhere: usize,
}

impl RecordData {
    pub fn single(bytes: Bytes) -> Self {
        vec![bytes].into()
    }

    /// Bytes in all slices and elsewhere.
    pub fn len(&self) -> usize {
        self.slices.iter().map(Bytes::len).sum::<usize>() + self.elsewhere
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All slices as one; copies only when there are several.
    pub fn into_bytes(mut self) -> Bytes {
        if self.slices.len() == 1 {
            return self.slices.remove(0);
        }
        let mut joined = BytesMut::with_capacity(self.len());
        self.slices.iter().for_each(|slice| joined.extend_from_slice(slice));
        joined.freeze()
    }
}

impl From<Vec<Bytes>> for RecordData {
    fn from(slices: Vec<Bytes>) -> Self {
        Self { slices, elsewhere: 0 }
    }
}
