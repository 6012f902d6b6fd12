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

    /// Everything written, in order.
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
