//! Responses in segments: heads of our own and record data as it lies in memory, in vectored writes.

use std::collections::VecDeque;
use std::io::{self, IoSlice};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncWrite, AsyncWriteExt};

/// Slices of one write.
const SLICES: usize = 64;

pub(super) async fn write_all(
    writer: &mut (impl AsyncWrite + Unpin),
    segments: Vec<Bytes>,
) -> io::Result<()> {
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
    writer.flush().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn all_segments_are_written_in_order() {
        let segments: Vec<Bytes> = (0..200_u8).map(|byte| vec![byte; usize::from(byte)].into()).collect();
        let expected = segments.concat();
        let mut written = Vec::new();
        write_all(&mut written, segments).await.expect("written");
        assert_eq!(written, expected);
    }
}
