//! A request on the wire and its answer.

use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use strait_wire::api_key::ApiKey;
use strait_wire::codec::{Request, response_body};
use tokio::sync::oneshot;
use tokio::time::{Sleep, timeout};

use crate::error::ConnectionError;
use crate::shared::Shared;
use crate::throttle::throttle_of;

/// A request whose answer can be looked at.
pub trait Call: Request<Response: 'static> {}

impl<R: Request<Response: 'static>> Call for R {}

/// A request on the wire.
pub(crate) struct Exchange {
    shared: Arc<Shared>,
    api: ApiKey,
    answered: oneshot::Receiver<Bytes>,
}

impl Exchange {
    pub(crate) fn new(shared: Arc<Shared>, api: ApiKey, answered: oneshot::Receiver<Bytes>) -> Self {
        Self { shared, api, answered }
    }

    fn poll_frame(&mut self, context: &mut Context<'_>) -> Poll<Result<Bytes, ConnectionError>> {
        Pin::new(&mut self.answered)
            .poll(context)
            .map(|answer| answer.map_err(|_| self.shared.closed_error()))
    }

    /// An answer that is late would be taken for the next one: the connection closes.
    fn timed_out(&self, after: Duration) -> ConnectionError {
        self.shared.close("an answer took too long");
        ConnectionError::Timeout { address: self.shared.address.clone(), api: self.api, after }
    }

    pub(crate) async fn within(mut self, after: Duration) -> Result<Bytes, ConnectionError> {
        let frame = timeout(after, std::future::poll_fn(|context| self.poll_frame(context))).await;
        frame.unwrap_or_else(|_| Err(self.timed_out(after)))
    }
}

/// The answer to a submitted request.
pub struct Pending<R> {
    exchange: Exchange,
    timeout: Pin<Box<Sleep>>,
    version: i16,
    request: PhantomData<fn() -> R>,
}

impl<R: Call> Future for Pending<R> {
    type Output = Result<R::Response, ConnectionError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let frame = match self.exchange.poll_frame(context) {
            Poll::Ready(frame) => frame?,
            Poll::Pending => {
                return self.timeout.as_mut().poll(context).map(|()| {
                    let after = self.exchange.shared.request_timeout;
                    Err(self.exchange.timed_out(after))
                });
            }
        };
        Poll::Ready(self.read(frame))
    }
}

impl<R: Call> Pending<R> {
    pub(crate) fn new(exchange: Exchange, timeout: Pin<Box<Sleep>>, version: i16) -> Self {
        Self { exchange, timeout, version, request: PhantomData }
    }

    fn read(&self, frame: Bytes) -> Result<R::Response, ConnectionError> {
        let shared = &self.exchange.shared;
        match response_body::<R>(frame, self.version) {
            Ok((_, response)) => {
                shared.on_throttle(throttle_of(&response));
                Ok(response)
            }
            Err(source) => {
                shared.close("an answer can't be read");
                Err(ConnectionError::Decode { address: shared.address.clone(), api: R::KEY, source })
            }
        }
    }
}
