//! Frames out of a stream of bytes. A buffer grows with the bytes that came, never with the length announced.

use std::io;
use std::ops::RangeInclusive;
use std::sync::Arc;

use bytes::{Buf, Bytes, BytesMut};
use strait_wire::api_key::ApiKey;
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::memory::{RequestMemory, RequestShare};
use crate::tls::ReadHalf;

/// A long frame's buffer grows by at most this much, or by what it holds, ahead of the bytes that came.
const GROWTH: usize = 1 << 20;
/// Small reads are gathered into a buffer of this size; what is not longer needs no memory that others may hold.
const READ_BUFFER: usize = 16 << 10;
/// Room for a first request.
const FIRST_READ: usize = 256;
/// Requests that came while another was answered are read up to this size.
const READ_AHEAD: usize = 64 << 10;
/// Bytes of the length before a frame.
const LENGTH: usize = 4;
/// Of the key, which comes first in it.
const KEY: usize = 2;
/// Shortest request: key, version, correlation id, no client id.
const SHORTEST: usize = 10;

pub(super) struct Frames<R> {
    reader: R,
    /// Bytes that were read and belong to no frame yet.
    buffer: BytesMut,
    /// Room for the next read: little for the first, since a new stream seems readable before anything came.
    read_bytes: usize,
    allowed: RangeInclusive<usize>,
    max_request_bytes: usize,
    /// Long frames are counted in it.
    memory: Arc<RequestMemory>,
}

/// A frame without its length, and its part of the memory for requests.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) bytes: Bytes,
    pub(super) memory: Option<RequestShare>,
}

/// A stream that may tell when there is something to read, so that an idle one needs no buffer, and how much.
pub(super) trait Readable {
    async fn readable(&self) -> io::Result<()>;

    /// Bytes that came and were not read, as far as is known.
    fn waiting(&self) -> usize {
        0
    }
}

impl Readable for ReadHalf {
    async fn readable(&self) -> io::Result<()> {
        match self {
            Self::Plain(half) => half.readable().await,
            // Only reading tells what is in the records of TLS.
            Self::Tls(_) => Ok(()),
        }
    }

    fn waiting(&self) -> usize {
        match self {
            Self::Plain(half) => {
                let waiting = rustix::io::ioctl_fionread(half.as_ref());
                waiting.ok().and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(0)
            }
            Self::Tls(_) => 0,
        }
    }
}

impl<R: AsyncRead + Readable + Unpin> Frames<R> {
    pub(super) fn new(reader: R, max_request_bytes: usize, memory: Arc<RequestMemory>) -> Self {
        let allowed = SHORTEST..=max_request_bytes;
        Self { reader, buffer: BytesMut::new(), read_bytes: FIRST_READ, allowed, max_request_bytes, memory }
    }

    /// Takes frames of these lengths from now on.
    pub(super) fn allow(&mut self, lengths: RangeInclusive<usize>) {
        self.allowed = lengths;
    }

    /// Takes frames that can be requests from now on.
    pub(super) fn allow_requests(&mut self) {
        self.allow(SHORTEST..=self.max_request_bytes);
    }

    /// Whether the next frame was read already.
    pub(super) fn has_whole(&self) -> bool {
        let length = self.buffer.first_chunk::<LENGTH>().map(|length| i32::from_be_bytes(*length));
        let length = length.and_then(|length| usize::try_from(length).ok());
        length.is_some_and(|length| length <= self.buffer.len() - LENGTH)
    }

    /// The next frame; `None` at the end of the stream between two frames. Dropping the future
    /// loses nothing but a long frame.
    pub(super) async fn next(&mut self) -> io::Result<Option<Frame>> {
        loop {
            if let Some(length) = self.announced()? {
                let whole = LENGTH + length;
                if whole <= self.buffer.len() {
                    self.buffer.advance(LENGTH);
                    let bytes = self.buffer.split_to(length).freeze();
                    return Ok(Some(Frame { bytes, memory: None }));
                }
                if length > READ_BUFFER {
                    self.buffer.advance(LENGTH);
                    return self.long_frame(length).await.map(Some);
                }
            }
            if !self.read().await? {
                return match self.buffer.is_empty() {
                    true => Ok(None),
                    false => Err(io::ErrorKind::UnexpectedEof.into()),
                };
            }
        }
    }

    /// The next frame where it is a request of `key`, is not longer than `most`, has come whole and there is memory for it
    /// now.
    pub(super) async fn next_of(&mut self, key: ApiKey, most: usize) -> io::Result<Option<Frame>> {
        if self.buffer.len() < LENGTH + KEY && (self.reader.waiting() == 0 || !self.read().await?) {
            return Ok(None);
        }
        let found = self.buffer.get(LENGTH..LENGTH + KEY).map(|mut key| key.get_i16());
        // What is wrong with a length is told when the frame is the next one.
        let Ok(Some(length)) = self.announced() else { return Ok(None) };
        if found != Some(key.0) || length > most {
            return Ok(None);
        }
        let missing = (LENGTH + length).saturating_sub(self.buffer.len());
        if missing > 0 && missing > self.reader.waiting() {
            return Ok(None);
        }
        if missing == 0 || length <= READ_BUFFER {
            return self.next().await;
        }
        let Some(memory) = self.memory.take_now(length) else { return Ok(None) };
        self.buffer.advance(LENGTH);
        let mut frame = Vec::with_capacity(length);
        self.fill(&mut frame, length).await?;
        Ok(Some(Frame { bytes: frame.into(), memory: Some(memory) }))
    }

    /// Length of the next frame, where so much was read.
    fn announced(&self) -> io::Result<Option<usize>> {
        let Some(announced) = self.buffer.first_chunk::<LENGTH>() else { return Ok(None) };
        let announced = i32::from_be_bytes(*announced);
        let length = usize::try_from(announced).ok().filter(|length| self.allowed.contains(length));
        if length.is_none() {
            let reason = format!("a request of {announced} bytes, {} are allowed", self.allowed.end());
            return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
        }
        Ok(length)
    }

    /// Reads on into the buffer; false at the end of the stream.
    async fn read(&mut self) -> io::Result<bool> {
        if self.buffer.is_empty() {
            self.buffer = BytesMut::new();
            self.reader.readable().await?;
        }
        self.buffer.reserve(self.read_bytes);
        self.read_bytes = READ_BUFFER;
        Ok(self.reader.read_buf(&mut self.buffer).await? > 0)
    }

    /// A frame that is longer than what was read gets a buffer of its own.
    async fn long_frame(&mut self, length: usize) -> io::Result<Frame> {
        let mut memory = self.take_memory(length.min(GROWTH)).await?;
        let mut frame = Vec::with_capacity(length.min(GROWTH));
        loop {
            self.fill(&mut frame, length).await?;
            let missing = length - frame.len();
            if missing == 0 {
                return Ok(Frame { bytes: frame.into(), memory: Some(memory) });
            }
            let more = missing.min(GROWTH.max(frame.len()));
            memory.merge(self.take_memory(more).await?);
            frame.reserve_exact(more);
        }
    }

    /// Reads up to `length` bytes, as far as the buffer has room.
    async fn fill(&mut self, frame: &mut Vec<u8>, length: usize) -> io::Result<()> {
        frame.extend_from_slice(&self.buffer);
        self.buffer.clear();
        let end = length.min(frame.capacity());
        while frame.len() < end {
            let mut limited = (&mut self.reader).take((end - frame.len()) as u64);
            if limited.read_buf(frame).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(())
    }

    async fn take_memory(&self, bytes: usize) -> io::Result<RequestShare> {
        let taken = self.memory.take(bytes).await;
        taken.ok_or_else(|| io::Error::other("queued.max.request.bytes: other requests take all memory"))
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
    use std::time::Duration;

    use tokio::io::{AsyncWriteExt, DuplexStream};

    use super::*;

    impl Readable for &[u8] {
        async fn readable(&self) -> io::Result<()> {
            Ok(())
        }

        fn waiting(&self) -> usize {
            self.len()
        }
    }

    impl Readable for DuplexStream {
        async fn readable(&self) -> io::Result<()> {
            Ok(())
        }
    }

    /// For one frame of 30,000 bytes at a time.
    fn memory() -> Arc<RequestMemory> {
        Arc::new(RequestMemory::with_bytes(40_000, Duration::from_millis(10)))
    }

    fn frames(bytes: &[u8]) -> Frames<&[u8]> {
        Frames::new(bytes, 64 << 10, memory())
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
            assert_eq!(frames.next().await.expect("a frame").expect("not the end").bytes.len(), length);
        }
        assert!(frames.next().await.expect("the end").is_none());
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
    async fn a_long_frame_needs_memory_until_it_is_dropped() {
        let bytes = [&30_000_i32.to_be_bytes()[..], &[0; 30_000]].concat();
        let memory = memory();
        let read = async || Frames::new(&bytes[..], 64 << 10, Arc::clone(&memory)).next().await;
        let first = read().await.expect("a frame");
        assert!(read().await.is_err());
        drop(first);
        assert!(read().await.is_ok());
    }

    #[tokio::test]
    async fn what_came_whole_is_taken_if_it_is_asked_for() {
        let frame = |key: u8, length: i32| {
            [&length.to_be_bytes()[..], &[0, key], &vec![7; length as usize - KEY]].concat()
        };
        let cases = [
            (frame(0, 100), Some(100)),
            (frame(0, 30_000), Some(30_000)),
            (frame(1, 100), None),
            (frame(0, 30_001), None),
            (frame(0, 100)[..103].to_vec(), None),
            (frame(0, 30_000)[..30_003].to_vec(), None),
            (frame(0, 100)[..5].to_vec(), None),
            (5_i32.to_be_bytes().to_vec(), None),
            (Vec::new(), None),
        ];
        for (bytes, expected) in cases {
            let mut frames = frames(&bytes);
            let taken = frames.next_of(ApiKey::PRODUCE, 30_000).await.expect("no error");
            assert_eq!(taken.map(|frame| frame.bytes.len()), expected, "{} bytes", bytes.len());
        }
    }

    #[tokio::test]
    async fn what_is_not_asked_for_stays() {
        let bytes = [&100_i32.to_be_bytes()[..], &[0, 1], &[7; 98]].concat();
        let mut frames = frames(&bytes);
        assert!(frames.next_of(ApiKey::PRODUCE, 1_000).await.expect("no error").is_none());
        assert_eq!(frames.next().await.expect("a frame").expect("not the end").bytes.len(), 100);
    }

    #[tokio::test]
    async fn a_second_long_frame_is_not_waited_for() {
        let bytes = [&30_000_i32.to_be_bytes()[..], &[0; 30_000]].concat().repeat(2);
        let mut frames = frames(&bytes);
        let first = frames.next().await.expect("a frame");
        assert!(frames.next_of(ApiKey::PRODUCE, 30_000).await.expect("no error").is_none());
        drop(first);
        assert!(frames.next_of(ApiKey::PRODUCE, 30_000).await.expect("no error").is_some());
    }

    #[tokio::test]
    async fn a_short_frame_needs_none() {
        let (mut client, server) = tokio::io::duplex(4);
        let (allowed, memory) = (64 << 10, Arc::new(RequestMemory::with_bytes(0, Duration::ZERO)));
        let mut frames = Frames::new(server, allowed, memory);
        let sent = [&READ_BUFFER.to_be_bytes()[4..], &vec![7; READ_BUFFER]].concat();
        let (written, read) = tokio::join!(client.write_all(&sent), frames.next());
        written.expect("sent");
        assert_eq!(read.expect("a frame").expect("not the end").bytes, sent[LENGTH..]);
        client.write_all(&(READ_BUFFER + 1).to_be_bytes()[4..]).await.expect("sent");
        assert!(frames.next().await.is_err(), "a longer one has to be counted");
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
        assert!(!frames.has_whole());
        frames.closed().await;
        assert!(frames.has_whole());
        let frame = frames.next().await.expect("a frame").expect("not the end");
        assert_eq!(frame.bytes, Bytes::from_static(&[5; 10]));
    }
}
