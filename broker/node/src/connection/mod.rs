//! One client: frames come, each is answered before the next one is looked at, or together with it, so responses are in
//! request order.

// A client that has just come.
mod arrival;
// Who the client is.
mod authentication;
// Frames of bounded size out of a stream.
mod frames;
// From frames to replies; requests that are answered together.
mod requests;
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

use crate::clock::now_ms;
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
            let Some(frame) = frame else { return Ok(()) };
            let (header, request) = match self.received(frame) {
                Ok(received) => received,
                Err(reason) => return self.close(reason),
            };
            if self.begins_again(&header) {
                match self.again(header, request.body).await? {
                    true => continue,
                    false => return Ok(()),
                }
            }
            if self.is_expired() {
                return self.close("its authentication has expired".to_owned());
            }
            let requests = self.with_following(request).await;
            let Some((call, replies)) = self.replies(requests).await else { return Ok(()) };
            let Some(throttle_ms) = self.send(&call, replies).await? else { return Ok(()) };
            if throttle_ms > 0 && !self.stays_after_silence(throttle_ms, stop.as_mut()).await {
                return Ok(());
            }
        }
    }

    /// Ends in good order for a reason that is told in the log.
    fn close(&self, reason: String) -> io::Result<()> {
        tracing::info!(peer = %self.session.peer, principal = self.session.principal, reason, "connection closed");
        Ok(())
    }

    /// Does not hear the client for a while (KIP-219). False: it went, or the broker stops.
    async fn stays_after_silence(
        &mut self,
        throttle_ms: i32,
        stop: Pin<&mut impl Future<Output = ()>>,
    ) -> bool {
        let throttle = Duration::from_millis(throttle_ms.unsigned_abs().into());
        tokio::select! {
            () = tokio::time::sleep(throttle) => true,
            () = self.frames.closed() => false,
            () = stop => false,
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
}

/// Clients that are killed are nothing to tell about.
fn is_gone(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
}
