//! One client: frames come, each is answered before the next one is looked at, so responses are in request order.

// A client that has just come.
mod arrival;
// Who the client is.
mod authentication;
// Frames of bounded size out of a stream.
mod frames;
// Responses in segments, without copying them together.
mod write;

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use strait_broker_core::sasl::SaslSession;
use strait_wire::api_key::ApiKey;
use strait_wire::codec::{Decoder, RequestHeader};
use tokio::io::AsyncWriteExt;

use crate::call::Call;
use crate::clock::now_ms;
use crate::dispatch::{self, Reply, RequestError};
use crate::node::Node;
use crate::sasl::Sasl;
use crate::session::Session;
use crate::tls::{ReadHalf, WriteHalf};

pub(crate) use arrival::Arrival;

use frames::{Frame, Frames};

/// How long the end of a stream with TLS may take to be told.
const FAREWELL: Duration = Duration::from_secs(1);

/// A client's connection.
struct Connection {
    node: Arc<Node>,
    session: Arc<Session>,
    /// How clients authenticate where they have to.
    sasl: Option<Arc<Sasl>>,
    sasl_session: Option<SaslSession>,
    frames: Frames<ReadHalf>,
    writer: WriteHalf,
    idle: Option<Duration>,
}

impl Connection {
    /// Serves the client until it goes, is idle for too long, sends what can't be answered, or `stop` completes between
    /// two requests.
    async fn run(mut self, stop: Pin<&mut impl Future<Output = ()>>) {
        if let Err(error) = self.serve(stop).await
            && !is_gone(&error)
        {
            tracing::info!(peer = %self.session.peer, principal = self.session.principal, %error, "connection closed");
        }
        let _ = tokio::time::timeout(FAREWELL, self.writer.shutdown()).await;
    }

    async fn serve(&mut self, mut stop: Pin<&mut impl Future<Output = ()>>) -> io::Result<()> {
        if let Some(sasl) = self.sasl.clone() {
            let is_known = tokio::select! {
                is_known = self.authenticate(&sasl) => is_known?,
                () = stop.as_mut() => false,
            };
            if !is_known {
                return Ok(());
            }
        }
        loop {
            // What came before the stop is answered.
            let frame = if self.frames.has_whole() {
                self.next_frame().await?
            } else {
                tokio::select! {
                    frame = self.next_frame() => frame?,
                    () = stop.as_mut() => None,
                }
            };
            let Some(Frame { bytes, memory }) = frame else { return Ok(()) };
            let request_bytes = bytes.len();
            let mut body = Decoder::new(bytes);
            let reply = match dispatch::read_header(&mut body) {
                Ok(header) if self.begins_again(&header) => match self.again(header, body).await? {
                    true => continue,
                    false => return Ok(()),
                },
                Ok(_) if self.is_expired() => Some(Reply::Close("its authentication has expired".to_owned())),
                Ok(header) => self.reply(&header, body, request_bytes).await,
                Err(error) => Some(Reply::Close(format!("malformed request header: {error}"))),
            };
            drop(memory);
            match reply {
                Some(Reply::Frame(segments, _held)) => {
                    write::write_all(&mut self.writer, segments, self.idle).await?;
                }
                Some(Reply::Nothing) => {}
                Some(Reply::Close(reason)) => {
                    tracing::info!(peer = %self.session.peer, principal = self.session.principal, reason, "connection closed");
                    return Ok(());
                }
                None => return Ok(()),
            }
        }
    }

    /// None where the client went or was idle for too long.
    async fn next_frame(&mut self) -> io::Result<Option<Frame>> {
        let next = self.frames.next();
        match self.idle {
            Some(idle) => tokio::time::timeout(idle, next).await.unwrap_or(Ok(None)),
            None => next.await,
        }
    }

    /// A handshake begins another authentication where sessions end.
    fn begins_again(&mut self, header: &RequestHeader) -> bool {
        let session = self.sasl_session.as_mut();
        ApiKey(header.api_key) == ApiKey::SASL_HANDSHAKE
            && session.is_some_and(|session| session.may_begin_again(now_ms()))
    }

    fn is_expired(&self) -> bool {
        self.sasl_session.as_ref().is_some_and(|session| session.is_expired(now_ms()))
    }

    async fn again(&mut self, header: RequestHeader, body: Decoder) -> io::Result<bool> {
        let (Some(sasl), Some(session)) = (self.sasl.clone(), self.sasl_session.clone()) else {
            return Ok(false);
        };
        self.authenticate_again(&sasl, session, (header, body)).await
    }

    /// None where the client went before it was answered.
    async fn reply(&mut self, header: &RequestHeader, body: Decoder, request_bytes: usize) -> Option<Reply> {
        let call = self.call(header, request_bytes);
        let answer = dispatch::dispatch(&call, header.api_key, body);
        let answered = tokio::select! {
            biased;
            answered = answer => answered,
            () = self.frames.closed() => return None,
        };
        Some(answered.unwrap_or_else(|error| Reply::Close(refusal(header, &error))))
    }

    fn call(&self, header: &RequestHeader, request_bytes: usize) -> Call {
        Call {
            node: Arc::clone(&self.node),
            version: header.api_version,
            correlation_id: header.correlation_id,
            client_id: header.client_id.clone().unwrap_or_default(),
            session: Arc::clone(&self.session),
            request_bytes,
        }
    }
}

fn refusal(header: &RequestHeader, error: &RequestError) -> String {
    let client_id = header.client_id.as_deref().unwrap_or_default();
    let (key, version) = (ApiKey(header.api_key), header.api_version);
    format!("client id `{client_id}`, {key}, version {version}: {error}")
}

/// Clients that are killed are nothing to tell about.
fn is_gone(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
}
