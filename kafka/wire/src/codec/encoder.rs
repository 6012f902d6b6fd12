//! Writing: small heads in buffers of our own, record data as separate slices for vectored writes.

use bytes::{BufMut, Bytes, BytesMut};

/// A writer that never copies record data.
#[derive(Debug, Default)]
pub struct Encoder {
    segments: Vec<Bytes>,
    head: BytesMut,
    segment_bytes: usize,
}

/// Shorter slices are copied into the head: a segment of their own costs more.
const COPY_BELOW: usize = 128;

impl Encoder {
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes written so far.
    pub fn len(&self) -> usize {
        self.segment_bytes + self.head.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Everything written, in order; an empty segment for each gap.
    pub fn finish(mut self) -> Vec<Bytes> {
        self.close_head();
        self.segments
    }

    fn close_head(&mut self) {
        if !self.head.is_empty() {
            let head = self.head.split().freeze();
            self.segment_bytes += head.len();
            self.segments.push(head);
        }
    }

    /// Appends a slice without copying it, unless it is small.
    pub fn slice(&mut self, bytes: &Bytes) {
        if bytes.len() < COPY_BELOW {
            self.head.put_slice(bytes);
            return;
        }
        self.close_head();
        self.segment_bytes += bytes.len();
        self.segments.push(bytes.clone());
    }

    /// Leaves `bytes` to whoever sends what was written: an empty segment stands for them.
    pub fn gap(&mut self, bytes: usize) {
        if bytes == 0 {
            return;
        }
        self.close_head();
        self.segment_bytes += bytes;
        self.segments.push(Bytes::new());
    }

    pub fn raw(&mut self, bytes: &[u8]) {
        self.head.put_slice(bytes);
    }

    pub fn i8(&mut self, value: i8) {
        self.head.put_i8(value);
    }

    pub fn i16(&mut self, value: i16) {
        self.head.put_i16(value);
    }

    pub fn u16(&mut self, value: u16) {
        self.head.put_u16(value);
    }

    pub fn i32(&mut self, value: i32) {
        self.head.put_i32(value);
    }

    pub fn u32(&mut self, value: u32) {
        self.head.put_u32(value);
    }

    pub fn i64(&mut self, value: i64) {
        self.head.put_i64(value);
    }

    pub fn f64(&mut self, value: f64) {
        self.head.put_f64(value);
    }

    pub fn unsigned_varint(&mut self, mut value: u32) {
        while value >= 0x80 {
            self.head.put_u8((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.head.put_u8(value as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_counts_and_has_an_empty_segment() {
        let mut out = Encoder::new();
        out.i32(7);
        out.gap(1_000);
        out.gap(0);
        out.i8(1);
        assert_eq!(out.len(), 1_005);
        assert_eq!(out.finish(), [&[0, 0, 0, 7][..], &[], &[1]]);
    }
}
