//! One connection: requests go out in call order, answers come back in the same order.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use strait_wire::codec::{Request, request_frame};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout};

use crate::config::ClientConfig;
use crate::error::{ConnectionError, UnsupportedApiError};
use crate::exchange::{Call, Exchange, Pending};
use crate::io_task::{self, Outgoing, Queued};
use crate::security::{connect_tls, keep_authenticated};
use crate::shared::{Shared, lock};
use crate::transport::BoxedStream;

/// A connection to one broker; clones share it.
#[derive(Clone, Debug)]
pub struct Connection {
    pub(crate) shared: Arc<Shared>,
}

impl Connection {
    /// Connects, learns which versions the broker speaks, and tells who we are.
    pub async fn open(config: &ClientConfig, address: &str) -> Result<Self, ConnectionError> {
        let connection = Self::over(config, address, connect(config, address).await?);
        connection.negotiate().await?;
        if let Some(sasl) = &config.security.sasl {
            let lifetime = connection.authenticate(sasl).await?;
            keep_authenticated(&connection, sasl.clone(), lifetime);
        }
        Ok(connection)
    }

    fn over(config: &ClientConfig, address: &str, stream: BoxedStream) -> Self {
        let (requests, queue) = mpsc::channel(config.max_in_flight.max(1));
        let shared = Arc::new(Shared::new(config, address, requests));
        io_task::spawn(stream, queue, &shared, config.max_frame_bytes);
        Self { shared }
    }

    pub fn address(&self) -> &str {
        &self.shared.address
    }

    pub fn is_closed(&self) -> bool {
        self.shared.closed.load(Ordering::Acquire)
    }

    /// What the broker's last answer said of quotas.
    pub fn last_throttle(&self) -> Duration {
        lock(&self.shared.throttle).last
    }

    /// Until when nothing is sent because of quotas; `None` when nothing holds requests back.
    pub fn throttled_until(&self) -> Option<Instant> {
        self.shared.throttled_until()
    }

    /// The highest version that both sides speak.
    pub fn version_of<R: Request>(&self) -> Result<i16, UnsupportedApiError> {
        let (broker_min, broker_max) =
            lock(&self.shared.versions).get(&R::KEY.0).copied().unwrap_or((-1, -1));
        let highest = broker_max.min(R::MAX_VERSION);
        if highest >= broker_min.max(R::MIN_VERSION) && highest >= 0 {
            return Ok(highest);
        }
        let address = self.shared.address.clone();
        let (our_min, our_max) = (R::MIN_VERSION, R::MAX_VERSION);
        Err(UnsupportedApiError { address, api: R::KEY, broker_min, broker_max, our_min, our_max })
    }

    /// Sends a request at the highest common version and waits for the answer.
    pub async fn call<R: Call>(&self, request: &R) -> Result<R::Response, ConnectionError> {
        let version = self.version_of::<R>()?;
        self.call_at(request, version).await
    }

    pub async fn call_at<R: Call>(&self, request: &R, version: i16) -> Result<R::Response, ConnectionError> {
        self.submit(request, version)?.await
    }

    /// Puts the request on the wire behind all earlier ones; the answer is awaited apart.
    pub fn submit<R: Call>(&self, request: &R, version: i16) -> Result<Pending<R>, ConnectionError> {
        let exchange = self.exchange(request, version)?;
        let begin = self.throttled_until().unwrap_or_else(Instant::now);
        let timeout = Box::pin(tokio::time::sleep_until(begin + self.shared.request_timeout));
        Ok(Pending::new(exchange, timeout, version))
    }

    /// Puts a request that brokers do not answer on the wire behind all earlier ones: produce without acks.
    pub(crate) fn submit_unanswered<R: Call>(
        &self,
        request: &R,
        version: i16,
    ) -> Result<(), ConnectionError> {
        let shared = &self.shared;
        if self.is_closed() {
            return Err(shared.closed_error());
        }
        shared.in_flight.fetch_add(1, Ordering::AcqRel);
        let (outgoing, _) = self.outgoing(request, version)?;
        let queued = shared.requests.try_send(Queued::Request(Outgoing { answer: None, ..outgoing }));
        shared.on_answer();
        queued.map_err(|refused| match refused {
            TrySendError::Full(_) => self.too_many(),
            TrySendError::Closed(_) => shared.closed_error(),
        })
    }

    pub(crate) fn exchange<R: Request>(
        &self,
        request: &R,
        version: i16,
    ) -> Result<Exchange, ConnectionError> {
        let shared = &self.shared;
        if self.is_closed() {
            return Err(shared.closed_error());
        }
        let before = shared.in_flight.fetch_add(1, Ordering::AcqRel);
        if before >= shared.max_in_flight {
            shared.on_answer();
            return Err(self.too_many());
        }
        let (outgoing, answered) = self.outgoing(request, version)?;
        shared.requests.try_send(Queued::Request(outgoing)).map_err(|refused| {
            shared.on_answer();
            match refused {
                TrySendError::Full(_) => self.too_many(),
                TrySendError::Closed(_) => shared.closed_error(),
            }
        })?;
        Ok(Exchange::new(shared.clone(), R::KEY, answered))
    }

    /// A request that counts as in flight already.
    pub(crate) fn outgoing<R: Request>(
        &self,
        request: &R,
        version: i16,
    ) -> Result<(Outgoing, oneshot::Receiver<Bytes>), ConnectionError> {
        let shared = &self.shared;
        let correlation_id = shared.next_correlation.fetch_add(1, Ordering::AcqRel) & i32::MAX;
        let frame = request_frame(request, version, correlation_id, &shared.client_id).map_err(|source| {
            shared.on_answer();
            ConnectionError::Encode { address: shared.address.clone(), api: R::KEY, source }
        })?;
        let (answer, answered) = oneshot::channel();
        Ok((Outgoing { correlation_id, frame, answer: Some(answer) }, answered))
    }

    fn too_many(&self) -> ConnectionError {
        let limit = self.shared.max_in_flight;
        ConnectionError::TooManyInFlight { address: self.shared.address.clone(), limit }
    }
}

/// Opens the stream, and encrypts it, within the time for it.
async fn connect(config: &ClientConfig, address: &str) -> Result<BoxedStream, ConnectionError> {
    let opened = timeout(config.connect_timeout, async {
        let opened = config.transport.open(address).await;
        let stream =
            opened.map_err(|source| ConnectionError::Connect { address: address.to_owned(), source })?;
        match &config.security.tls {
            Some(tls) => connect_tls(tls, address, stream).await,
            None => Ok(stream),
        }
    });
    opened.await.unwrap_or_else(|_| {
        let (address, after) = (address.to_owned(), config.connect_timeout);
        Err(ConnectionError::ConnectTimeout { address, after })
    })
}
