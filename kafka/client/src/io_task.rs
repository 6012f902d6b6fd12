//! The task of a connection: it writes frames in call order, and hands frames that come to who waits for them.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep_until;

use crate::frames::Frames;
use crate::shared::Shared;
use crate::transport::BoxedStream;

/// A frame on its way out, and who waits for the answer.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) correlation_id: i32,
    pub(crate) frame: Vec<Bytes>,
    /// `None` for a request that the broker does not answer.
    pub(crate) answer: Option<oneshot::Sender<Bytes>>,
}

/// What the queue of a connection holds.
#[derive(Debug)]
pub(crate) enum Queued {
    Request(Outgoing),
    /// These have the connection for themselves until their sender is dropped.
    Alone(mpsc::Receiver<Outgoing>),
}

type Waiters = Mutex<VecDeque<(i32, oneshot::Sender<Bytes>)>>;

const SLICES: usize = 64;

/// Starts the task; it ends when the connection is closed, dropped or broken.
pub(crate) fn spawn(
    stream: BoxedStream,
    mut queue: mpsc::Receiver<Queued>,
    shared: &Arc<Shared>,
    max_frame_bytes: usize,
) {
    let (reader, writer) = tokio::io::split(stream);
    let (ended, shared) = (shared.ended.clone(), Arc::downgrade(shared));
    tokio::spawn(async move {
        let waiters = Waiters::default();
        let mut frames = Frames::new(reader, max_frame_bytes);
        let outcome = tokio::select! {
            written = write_all(writer, &mut queue, &waiters, &shared) => written,
            read = read_all(&mut frames, &waiters, &shared) => read,
            () = ended.notified() => Ok(()),
        };
        if let Some(shared) = shared.upgrade() {
            shared.close_after(outcome);
        }
        // Who waits is woken by dropping the waiters and the queue: after the connection is marked closed.
    });
}

async fn write_all(
    mut writer: WriteHalf<BoxedStream>,
    queue: &mut mpsc::Receiver<Queued>,
    waiters: &Waiters,
    shared: &Weak<Shared>,
) -> io::Result<()> {
    while let Some(queued) = queue.recv().await {
        match queued {
            Queued::Request(outgoing) => {
                let until = shared.upgrade().and_then(|shared| shared.throttled_until());
                if let Some(until) = until {
                    sleep_until(until).await;
                }
                write_one(&mut writer, outgoing, waiters).await?;
            }
            Queued::Alone(mut requests) => {
                while let Some(outgoing) = requests.recv().await {
                    write_one(&mut writer, outgoing, waiters).await?;
                    writer.flush().await?;
                }
            }
        }
        if queue.is_empty() {
            writer.flush().await?;
        }
    }
    Ok(())
}

async fn write_one(
    writer: &mut (impl AsyncWrite + Unpin),
    outgoing: Outgoing,
    waiters: &Waiters,
) -> io::Result<()> {
    if let Some(answer) = outgoing.answer {
        let waiter = (outgoing.correlation_id, answer);
        waiters.lock().unwrap_or_else(PoisonError::into_inner).push_back(waiter);
    }
    let mut segments = VecDeque::from(outgoing.frame);
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

async fn read_all(
    frames: &mut Frames<ReadHalf<BoxedStream>>,
    waiters: &Waiters,
    shared: &Weak<Shared>,
) -> io::Result<()> {
    loop {
        let Some(frame) = frames.next().await? else {
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
            shared.on_answer();
        }
        // Nobody may wait any more: that is fine.
        let _ = answer.send(frame);
    }
}
