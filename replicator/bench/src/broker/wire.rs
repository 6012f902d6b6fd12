//! A blocking connection.

use std::io::{self, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use bytes::Bytes;
use socket2::{Domain, Socket, Type};
use strait_client::BrokerError;
use strait_wire::codec::{Request, request_frame, response_body};
use strait_wire::error_code::ErrorCode;

use crate::error::BenchError;

/// A broker that does not answer for so long ends the benchmark.
const LIMIT: Duration = Duration::from_secs(120);

#[derive(Debug)]
pub(super) struct RawConnection {
    address: String,
    pub(super) stream: TcpStream,
    pub(super) reader: BufReader<TcpStream>,
    buffer: Vec<u8>,
}

impl RawConnection {
    /// Reads up to `buffer` bytes at once.
    pub(super) fn open(address: &str, buffer: usize) -> Result<Self, BenchError> {
        let opened = || {
            let stream = connect(address)?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(LIMIT))?;
            stream.set_write_timeout(Some(LIMIT))?;
            let reader = BufReader::with_capacity(buffer, stream.try_clone()?);
            Ok((stream, reader))
        };
        let (stream, reader) = opened().map_err(|source| broken(address, source))?;
        Ok(Self { address: address.to_owned(), stream, reader, buffer: Vec::new() })
    }

    pub(super) fn broken(&self, source: io::Error) -> BenchError {
        broken(&self.address, source)
    }

    pub(super) fn send<R: Request>(&mut self, request: &R, version: i16) -> Result<(), BenchError> {
        let frame = request_frame(request, version, 0, "strait-bench")?.concat();
        self.stream.write_all(&frame).map_err(|source| self.broken(source))
    }

    /// The next answer, shown to `look`; the memory is used again for the one after it.
    pub(super) fn answer<R: Request, T>(
        &mut self,
        version: i16,
        look: impl FnOnce(R::Response) -> Result<T, BenchError>,
    ) -> Result<T, BenchError> {
        let mut length = [0; 4];
        self.reader.read_exact(&mut length).map_err(|source| broken(&self.address, source))?;
        let length = usize::try_from(i32::from_be_bytes(length)).unwrap_or(0);
        self.buffer.resize(length, 0);
        self.reader.read_exact(&mut self.buffer).map_err(|source| broken(&self.address, source))?;
        let frame = Bytes::from(std::mem::take(&mut self.buffer));
        let (_, response) = response_body::<R>(frame.clone(), version)?;
        let looked = look(response);
        self.buffer = Vec::from(frame);
        looked
    }
}

/// Without the timers of a congestion control that paces (BBR), so that the driver costs little.
fn connect(address: &str) -> io::Result<TcpStream> {
    let found = address.to_socket_addrs()?.next();
    let address = found.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the host has no address"))?;
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    let _ = socket.set_tcp_congestion(b"reno");
    socket.connect(&address.into())?;
    Ok(socket.into())
}

fn broken(address: &str, source: io::Error) -> BenchError {
    BenchError::RawConnection { address: address.to_owned(), source }
}

/// Fails on a code that a broker answered for a topic.
pub(super) fn check<R: Request>(topic: &str, code: i16) -> Result<(), BenchError> {
    let code = ErrorCode(code);
    if code.is_ok() {
        return Ok(());
    }
    let error = BrokerError { code, message: None };
    Err(BenchError::Broker { api: R::KEY, topic: topic.to_owned(), error })
}
