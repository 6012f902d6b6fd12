//! Responses in segments: heads of our own and record data as it lies in memory, in vectored writes.

use std::collections::VecDeque;
use std::io::{self, IoSlice};

use std::time::Duration;

use bytes::{Buf, Bytes};
use strait_broker_log::FileRange;
use tokio::io::{AsyncWrite, AsyncWriteExt};

use crate::tls::WriteHalf;

/// Slices of one write.
const SLICES: usize = 64;

/// Writes segments, and a range of a file in place of each empty one.
pub(super) async fn write_answer(
    writer: &mut WriteHalf,
    mut segments: Vec<Bytes>,
    files: &[FileRange],
    idle: Option<Duration>,
) -> io::Result<()> {
    for range in files {
        let gap = segments.iter().position(Bytes::is_empty).ok_or(io::ErrorKind::InvalidData)?;
        let rest = segments.split_off(gap + 1);
        segments.pop();
        write_all(&mut writer.before_file()?, segments, idle).await?;
        let mut sent = 0;
        while sent < range.length {
            sent += within(idle, writer.send_file(range, sent)).await?;
        }
        segments = rest;
    }
    write_all(writer, segments, idle).await
}

/// Fails when the client takes nothing for as long as `idle`.
pub(super) async fn write_all(
    writer: &mut (impl AsyncWrite + Unpin),
    segments: Vec<Bytes>,
    idle: Option<Duration>,
) -> io::Result<()> {
    let mut segments = VecDeque::from(segments);
    while !segments.is_empty() {
        let slices: Vec<IoSlice<'_>> =
            segments.iter().take(SLICES).map(|bytes| IoSlice::new(bytes)).collect();
        let mut written = within(idle, writer.write_vectored(&slices)).await?;
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
    within(idle, writer.flush()).await
}

async fn within<T>(idle: Option<Duration>, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    match idle {
        Some(idle) => tokio::time::timeout(idle, work).await.unwrap_or(Err(io::ErrorKind::TimedOut.into())),
        None => work.await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn all_segments_are_written_in_order() {
        let segments: Vec<Bytes> = (0..200_u8).map(|byte| vec![byte; usize::from(byte)].into()).collect();
        let expected = segments.concat();
        let mut written = Vec::new();
        write_all(&mut written, segments, None).await.expect("written");
        assert_eq!(written, expected);
    }

    #[tokio::test]
    async fn who_does_not_read_is_not_waited_for() {
        let (mut writer, _reader) = tokio::io::duplex(64);
        let written =
            write_all(&mut writer, vec![vec![1; 100].into()], Some(Duration::from_millis(10))).await;
        assert_eq!(written.expect_err("not taken").kind(), io::ErrorKind::TimedOut);
    }
}
