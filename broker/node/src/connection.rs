//! One client: its requests one after the other, so that answers come in their order.

use std::io::{self, IoSlice};

use bytes::{Buf, Bytes, BytesMut};
use strait_wire::codec::{DecodeError, EncodeError};
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::broker::Broker;
use crate::dispatch;

/// A frame's buffer grows by this much ahead of the bytes that came.
const GROWTH: usize = 1 << 20;
const READ_BUFFER: usize = 16 << 10;
/// Slices of one write.
const SLICES: usize = 64;

/// Why a connection ends.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectionError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("a frame of {length} bytes, {most} are allowed")]
    FrameLength { length: i32, most: usize },
    #[error("request: {0}")]
    Decode(#[from] DecodeError),
    #[error("answer: {0}")]
    Encode(#[from] EncodeError),
    #[error("client {client_id} sends API key {api_key} in version {api_version}, which is not served")]
    NotServed { client_id: String, api_key: i16, api_version: i16 },
    #[error("a produce request without acknowledgement failed")]
    UnacknowledgedFailed,
}

/// Serves until the client hangs up.
pub(crate) async fn serve(mut stream: TcpStream, broker: &Broker, host: &str) -> Result<(), ConnectionError> {
    let most = broker.configuration.request_max_bytes;
    let mut buffer = BytesMut::new();
    while let Some(frame) = next_frame(&mut stream, &mut buffer, most).await? {
        if let Some(segments) = dispatch::answer(broker, host, frame).await? {
            write(&mut stream, segments).await?;
        }
    }
    Ok(())
}

async fn next_frame(
    stream: &mut TcpStream,
    buffer: &mut BytesMut,
    most: usize,
) -> Result<Option<Bytes>, ConnectionError> {
    while buffer.len() < 4 {
        buffer.reserve(READ_BUFFER);
        if stream.read_buf(buffer).await? == 0 {
            let cut = io::Error::from(io::ErrorKind::UnexpectedEof);
            return if buffer.is_empty() { Ok(None) } else { Err(cut.into()) };
        }
    }
    let announced = buffer.get_i32();
    let length = usize::try_from(announced).ok().filter(|length| *length <= most);
    let length = length.ok_or(ConnectionError::FrameLength { length: announced, most })?;
    while buffer.len() < length {
        let missing = length - buffer.len();
        buffer.reserve(missing.min(GROWTH));
        if stream.read_buf(buffer).await? == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
    }
    Ok(Some(buffer.split_to(length).freeze()))
}

async fn write(stream: &mut (impl AsyncWrite + Unpin), segments: Vec<Bytes>) -> io::Result<()> {
    let mut segments = std::collections::VecDeque::from(segments);
    while !segments.is_empty() {
        let slices: Vec<IoSlice<'_>> =
            segments.iter().take(SLICES).map(|bytes| IoSlice::new(bytes)).collect();
        let mut written = stream.write_vectored(&slices).await?;
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
