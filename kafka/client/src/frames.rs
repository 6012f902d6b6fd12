//! Frames out of a stream of bytes. A buffer grows with the bytes that came, never with the length announced.

use std::io;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

/// A frame's buffer grows by this much ahead of the bytes that came: an answer of 4 MiB of records and what stands
/// around them fits without growing.
const GROWTH: usize = 5 << 20;
/// Small reads are gathered into a buffer of this size.
const READ_BUFFER: usize = 16 << 10;
/// How an answer of TLS to plain bytes begins: an alert, version 3.
const TLS_ALERT: [u8; 2] = [21, 3];

pub(crate) struct Frames<R> {
    reader: R,
    /// Bytes that were read and belong to no frame yet.
    buffer: BytesMut,
    max_frame_bytes: usize,
}

impl<R: AsyncRead + Unpin> Frames<R> {
    pub(crate) fn new(reader: R, max_frame_bytes: usize) -> Self {
        Self { reader, buffer: BytesMut::new(), max_frame_bytes }
    }

    /// The next frame without its length; `None` at the end of the stream between two frames.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Bytes>> {
        while self.buffer.len() < 4 {
            self.buffer.reserve(READ_BUFFER);
            if self.reader.read_buf(&mut self.buffer).await? == 0 {
                return if self.buffer.is_empty() {
                    Ok(None)
                } else {
                    Err(io::ErrorKind::UnexpectedEof.into())
                };
            }
        }
        let speaks_tls = self.buffer.starts_with(&TLS_ALERT);
        let announced = self.buffer.get_i32();
        let length =
            usize::try_from(announced).ok().filter(|length| (4..=self.max_frame_bytes).contains(length));
        let Some(length) = length else {
            let reason = match speaks_tls {
                true => "the broker speaks TLS here".to_owned(),
                false => format!("a frame of {announced} bytes, {} are allowed", self.max_frame_bytes),
            };
            return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
        };
        if length <= self.buffer.len() {
            return Ok(Some(self.buffer.split_to(length).freeze()));
        }
        self.long_frame(length).await.map(Some)
    }

    /// A frame that is longer than what was read ahead gets a buffer of its own.
    async fn long_frame(&mut self, length: usize) -> io::Result<Bytes> {
        let mut frame = Vec::with_capacity(length.min(GROWTH));
        frame.extend_from_slice(&self.buffer);
        self.buffer.clear();
        while frame.len() < length {
            let missing = length - frame.len();
            if frame.capacity() == frame.len() {
                // Exact: what is held for long shall not be twice as large as what came.
                frame.reserve_exact(missing.min(GROWTH.max(frame.len())));
            }
            let mut limited = (&mut self.reader).take(missing as u64);
            if limited.read_buf(&mut frame).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(frame.into())
    }
}
