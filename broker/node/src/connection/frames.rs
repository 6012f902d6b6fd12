//! Frames out of a stream of bytes. A buffer grows with the bytes that came, never with the length announced.

use std::io;
use std::ops::RangeInclusive;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

/// A long frame's buffer grows by at most this much, or by what it holds, ahead of the bytes that came.
const GROWTH: usize = 1 << 20;
/// Small reads are gathered into a buffer of this size.
const READ_BUFFER: usize = 16 << 10;
/// Requests that came while another was answered are read up to this size.
const READ_AHEAD: usize = 64 << 10;
/// Shortest request: key, version, correlation id, no client id.
const SHORTEST: usize = 10;

pub(super) struct Frames<R> {
    reader: R,
    /// Bytes that were read and belong to no frame yet.
    buffer: BytesMut,
    allowed: RangeInclusive<usize>,
    max_request_bytes: usize,
}

impl<R: AsyncRead + Unpin> Frames<R> {
    pub(super) fn new(reader: R, max_request_bytes: usize) -> Self {
        let allowed = SHORTEST..=max_request_bytes;
        Self { reader, buffer: BytesMut::new(), allowed, max_request_bytes }
    }

    /// Takes frames of these lengths from now on.
    pub(super) fn allow(&mut self, lengths: RangeInclusive<usize>) {
        self.allowed = lengths;
    }

    /// Takes frames that can be requests from now on.
    pub(super) fn allow_requests(&mut self) {
        self.allow(SHORTEST..=self.max_request_bytes);
    }

    /// The next frame without its length; `None` at the end of the stream between two frames. Dropping the future
    /// loses nothing but a long frame.
    pub(super) async fn next(&mut self) -> io::Result<Option<Bytes>> {
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
        let announced = self.buffer.get_i32();
        let length = usize::try_from(announced).ok().filter(|length| self.allowed.contains(length));
        let Some(length) = length else {
            let reason = format!("a request of {announced} bytes, {} are allowed", self.allowed.end());
            return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
        };
        if length <= self.buffer.len() {
            return Ok(Some(self.buffer.split_to(length).freeze()));
        }
        self.long_frame(length).await.map(Some)
    }

    /// A frame that is longer than what was read gets a buffer of its own.
    async fn long_frame(&mut self, length: usize) -> io::Result<Bytes> {
        let mut frame = Vec::with_capacity(length.min(GROWTH));
        frame.extend_from_slice(&self.buffer);
        self.buffer.clear();
        while frame.len() < length {
            let missing = length - frame.len();
            if frame.capacity() == frame.len() {
                frame.reserve_exact(missing.min(GROWTH.max(frame.len())));
            }
            let mut limited = (&mut self.reader).take(missing as u64);
            if limited.read_buf(&mut frame).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(frame.into())
    }

    /// Completes when the client has gone; meanwhile reads a little ahead, which is how that is noticed.
    pub(super) async fn closed(&mut self) {
        while self.buffer.len() < READ_AHEAD {
            self.buffer.reserve(READ_BUFFER);
            match self.reader.read_buf(&mut self.buffer).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
        std::future::pending().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(bytes: &[u8]) -> Frames<&[u8]> {
        Frames::new(bytes, 64 << 10)
    }

    #[tokio::test]
    async fn frames_come_one_by_one() {
        let mut bytes = Vec::new();
        for length in [10_usize, 30_000, 11] {
            bytes.extend((length as i32).to_be_bytes());
            bytes.extend(vec![7; length]);
        }
        let mut frames = frames(&bytes);
        for length in [10, 30_000, 11] {
            assert_eq!(frames.next().await.expect("a frame").expect("not the end").len(), length);
        }
        assert_eq!(frames.next().await.expect("the end"), None);
    }

    #[tokio::test]
    async fn lengths_that_no_request_has_are_refused() {
        for length in [-1_i32, 0, 9, (64 << 10) + 1, i32::MAX] {
            let bytes = length.to_be_bytes();
            let error = frames(&bytes).next().await.expect_err("refused");
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{length}");
        }
    }

    #[tokio::test]
    async fn a_cut_frame_is_the_end() {
        let mut bytes = 100_i32.to_be_bytes().to_vec();
        bytes.extend([0; 99]);
        let error = frames(&bytes).next().await.expect_err("cut");
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }

    #[tokio::test]
    async fn what_was_read_ahead_is_not_lost() {
        let mut bytes = 10_i32.to_be_bytes().to_vec();
        bytes.extend([5; 10]);
        let mut frames = frames(&bytes);
        frames.closed().await;
        assert_eq!(frames.next().await.expect("a frame"), Some(Bytes::from_static(&[5; 10])));
    }
}
