//! The two tasks of a connection: one writes frames, one reads them and hands them to who waits.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{Notify, mpsc, oneshot};

use crate::connection::Shared;

/// A frame on its way out, and who waits for the answer.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) correlation_id: i32,
    pub(crate) frame: Vec<Bytes>,
    pub(crate) answer: oneshot::Sender<Bytes>,
}

type Waiters = Arc<Mutex<VecDeque<(i32, oneshot::Sender<Bytes>)>>>;

/// A frame's buffer grows by this much ahead of the bytes that came.
const GROWTH: usize = 4 << 20;
/// Small reads are gathered into a buffer of this size.
const READ_BUFFER: usize = 16 << 10;
const SLICES: usize = 64;

/// Starts both tasks; they end when the connection is dropped or breaks.
pub(crate) fn spawn(
    stream: TcpStream,
    queue: mpsc::UnboundedReceiver<Outgoing>,
    shared: Weak<Shared>,
    max_frame_bytes: usize,
) {
    let (reader, writer) = stream.into_split();
    let waiters = Waiters::default();
    let ended = Arc::new(Notify::new());
    let (write_waiters, write_shared, write_ended) = (waiters.clone(), shared.clone(), ended.clone());
    tokio::spawn(async move {
        let written = tokio::select! {
            written = write_all(writer, queue, &write_waiters) => written,
            () = write_ended.notified() => Ok(()),
        };
        finish(&write_shared, &write_waiters, written);
        write_ended.notify_one();
    });
    tokio::spawn(async move {
        let mut incoming = Incoming { reader, buffer: BytesMut::new(), max_frame_bytes };
        let read = tokio::select! {
            read = read_all(&mut incoming, &waiters, &shared) => read,
            () = ended.notified() => Ok(()),
        };
        finish(&shared, &waiters, read);
        ended.notify_one();
    });
}

/// Marks the connection closed, then wakes all who wait.
fn finish(shared: &Weak<Shared>, waiters: &Waiters, result: io::Result<()>) {
    if let Some(shared) = shared.upgrade() {
        match result {
            Ok(()) => shared.close("closed"),
            Err(error) => shared.close(&error.to_string()),
        }
    }
    waiters.lock().unwrap_or_else(PoisonError::into_inner).clear();
}

async fn write_all(
    mut writer: OwnedWriteHalf,
    mut queue: mpsc::UnboundedReceiver<Outgoing>,
    waiters: &Waiters,
) -> io::Result<()> {
    while let Some(outgoing) = queue.recv().await {
        let waiter = (outgoing.correlation_id, outgoing.answer);
        waiters.lock().unwrap_or_else(PoisonError::into_inner).push_back(waiter);
        write_segments(&mut writer, outgoing.frame).await?;
    }
    Ok(())
}

async fn write_segments(writer: &mut OwnedWriteHalf, segments: Vec<Bytes>) -> io::Result<()> {
    let mut segments = VecDeque::from(segments);
    while !segments.is_empty() {
        let slices: Vec<IoSlice<'_>> =
            segments.iter().take(SLICES).map(|bytes| IoSlice::new(bytes)).collect();
        let mut written = writer.write_vectored(&slices).await?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        while let Some(first) = segments.front_mut() {
            if written < first.len() {
                first.advance(written);
                break;
            }
            written -= first.len();
            segments.pop_front();
        }
    }
    Ok(())
}

async fn read_all(incoming: &mut Incoming, waiters: &Waiters, shared: &Weak<Shared>) -> io::Result<()> {
    loop {
        let Some(frame) = incoming.frame().await? else {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "closed by the broker"));
        };
        let correlation = frame.first_chunk::<4>().map(|bytes| i32::from_be_bytes(*bytes));
        let waiter = waiters.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let Some((expected, answer)) = waiter else {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "an answer that nobody asked for"));
        };
        if correlation != Some(expected) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "an answer out of order"));
        }
        if let Some(shared) = shared.upgrade() {
            shared.in_flight.fetch_sub(1, Ordering::AcqRel);
        }
        // Nobody may wait any more: that is fine.
        let _ = answer.send(frame);
    }
}

struct Incoming {
    reader: OwnedReadHalf,
    /// Bytes that were read and belong to no frame yet.
    buffer: BytesMut,
    max_frame_bytes: usize,
}

impl Incoming {
    /// The next frame without its length; `None` at the end of the stream between two frames.
    async fn frame(&mut self) -> io::Result<Option<Bytes>> {
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
        let length =
            usize::try_from(announced).ok().filter(|length| (4..=self.max_frame_bytes).contains(length));
        let Some(length) = length else {
            let reason = format!("a frame of {announced} bytes, {} are allowed", self.max_frame_bytes);
            return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
        };
        if length <= self.buffer.len() {
            return Ok(Some(self.buffer.split_to(length).freeze()));
        }
        self.long_frame(length).await.map(Some)
    }

    /// A frame that is longer than what was read ahead gets a buffer of its own.
    async fn long_frame(&mut self, length: usize) -> io::Result<Bytes> {
        let mut frame = BytesMut::with_capacity(length.min(GROWTH));
        frame.extend_from_slice(&self.buffer);
        self.buffer.clear();
        while frame.len() < length {
            let missing = length - frame.len();
            if frame.capacity() == frame.len() {
                frame.reserve(missing.min(GROWTH.max(frame.len())));
            }
            let mut limited = (&mut self.reader).take(missing as u64);
            if limited.read_buf(&mut frame).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(frame.freeze())
    }
}
