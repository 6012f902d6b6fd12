//! One connection: requests go out in call order, answers come back in the same order.

use std::collections::BTreeMap;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use strait_wire::codec::{Message, Request, request_frame, response_body};
use strait_wire::error_code::ErrorCode;
use strait_wire::message::api_versions::{ApiVersionsRequest, ApiVersionsResponse};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Sleep, timeout};

use crate::config::ClientConfig;
use crate::error::{ConnectionError, UnsupportedApiError};
use crate::io_task::{self, Outgoing};

/// A connection to one broker; clones share it.
#[derive(Clone, Debug)]
pub struct Connection {
    shared: Arc<Shared>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) address: String,
    client_id: String,
    request_timeout: Duration,
    max_in_flight: usize,
    next_correlation: AtomicI32,
    pub(crate) in_flight: AtomicUsize,
    versions: Mutex<BTreeMap<i16, (i16, i16)>>,
    requests: mpsc::UnboundedSender<Outgoing>,
    pub(crate) closed: AtomicBool,
    pub(crate) close_reason: Mutex<String>,
}

impl Shared {
    pub(crate) fn close(&self, reason: &str) {
        if !self.closed.swap(true, Ordering::AcqRel) {
            reason.clone_into(&mut self.close_reason.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }

    fn closed_error(&self) -> ConnectionError {
        let reason = self.close_reason.lock().unwrap_or_else(PoisonError::into_inner).clone();
        ConnectionError::Closed { address: self.address.clone(), reason }
    }
}

impl Connection {
    /// Connects and learns which versions the broker speaks.
    pub async fn open(config: &ClientConfig, address: &str) -> Result<Self, ConnectionError> {
        let connect = timeout(config.connect_timeout, TcpStream::connect(address)).await;
        let stream = connect
            .map_err(|_| ConnectionError::ConnectTimeout {
                address: address.to_owned(),
                after: config.connect_timeout,
            })?
            .map_err(|source| ConnectionError::Connect { address: address.to_owned(), source })?;
        let connection = Self::over(config, address, stream)?;
        connection.negotiate().await?;
        Ok(connection)
    }

    fn over(config: &ClientConfig, address: &str, stream: TcpStream) -> Result<Self, ConnectionError> {
        let failed = |source| ConnectionError::Connect { address: address.to_owned(), source };
        stream.set_nodelay(true).map_err(failed)?;
        // Requests are bounded by `max_in_flight`, which `submit` checks.
        let (requests, queue) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            address: address.to_owned(),
            client_id: config.client_id.clone(),
            request_timeout: config.request_timeout,
            max_in_flight: config.max_in_flight,
            next_correlation: AtomicI32::new(0),
            in_flight: AtomicUsize::new(0),
            versions: Mutex::new(BTreeMap::new()),
            requests,
            closed: AtomicBool::new(false),
            close_reason: Mutex::new(String::new()),
        });
        io_task::spawn(stream, queue, Arc::downgrade(&shared), config.max_frame_bytes);
        Ok(Self { shared })
    }

    async fn negotiate(&self) -> Result<(), ConnectionError> {
        let request = ApiVersionsRequest {
            client_software_name: "strait".to_owned(),
            client_software_version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let response = match self.try_versions(&request, 3).await? {
            Some(response) => response,
            None => {
                self.try_versions(&request, 0).await?.ok_or_else(|| ConnectionError::VersionsRefused {
                    address: self.shared.address.clone(),
                    code: ErrorCode::UNSUPPORTED_VERSION,
                })?
            }
        };
        let versions = response.api_keys.iter().map(|api| (api.api_key, (api.min_version, api.max_version)));
        *self.shared.versions.lock().unwrap_or_else(PoisonError::into_inner) = versions.collect();
        Ok(())
    }

    /// `None`: the broker does not know this version of the question; its answer has the layout of version 0.
    async fn try_versions(
        &self,
        request: &ApiVersionsRequest,
        version: i16,
    ) -> Result<Option<ApiVersionsResponse>, ConnectionError> {
        let frame = self.exchange(request, version)?.within(self.shared.request_timeout).await?;
        let code =
            frame.get(4..6).and_then(|code| code.first_chunk::<2>()).map(|code| i16::from_be_bytes(*code));
        if code == Some(ErrorCode::UNSUPPORTED_VERSION.0) {
            return Ok(None);
        }
        let (_, response) = response_body::<ApiVersionsRequest>(frame, version).map_err(|source| {
            ConnectionError::Decode {
                address: self.shared.address.clone(),
                api: ApiVersionsRequest::KEY,
                source,
            }
        })?;
        let code = ErrorCode(response.error_code);
        if !code.is_ok() {
            return Err(ConnectionError::VersionsRefused { address: self.shared.address.clone(), code });
        }
        Ok(Some(response))
    }

    pub fn address(&self) -> &str {
        &self.shared.address
    }

    pub fn is_closed(&self) -> bool {
        self.shared.closed.load(Ordering::Acquire)
    }

    /// The highest version that both sides speak.
    pub fn version_of<R: Request>(&self) -> Result<i16, UnsupportedApiError> {
        let versions = self.shared.versions.lock().unwrap_or_else(PoisonError::into_inner);
        let (broker_min, broker_max) = versions.get(&R::KEY.0).copied().unwrap_or((-1, -1));
        let highest = broker_max.min(R::MAX_VERSION);
        if highest >= broker_min.max(R::MIN_VERSION) && highest >= 0 {
            return Ok(highest);
        }
        let address = self.shared.address.clone();
        let (our_min, our_max) = (R::MIN_VERSION, R::MAX_VERSION);
        Err(UnsupportedApiError { address, api: R::KEY, broker_min, broker_max, our_min, our_max })
    }

    /// Sends a request at the highest common version and waits for the answer.
    pub async fn call<R: Request>(&self, request: &R) -> Result<R::Response, ConnectionError> {
        let version = self.version_of::<R>()?;
        self.call_at(request, version).await
    }

    pub async fn call_at<R: Request>(
        &self,
        request: &R,
        version: i16,
    ) -> Result<R::Response, ConnectionError> {
        self.submit(request, version)?.await
    }

    /// Puts the request on the wire behind all earlier ones; the answer is awaited apart.
    pub fn submit<R: Request>(&self, request: &R, version: i16) -> Result<Pending<R>, ConnectionError> {
        let exchange = self.exchange(request, version)?;
        let timeout = Box::pin(tokio::time::sleep(self.shared.request_timeout));
        Ok(Pending { exchange, timeout, version, request: PhantomData })
    }

    fn exchange<R: Request>(&self, request: &R, version: i16) -> Result<Exchange, ConnectionError> {
        let shared = &self.shared;
        if self.is_closed() {
            return Err(shared.closed_error());
        }
        if shared.in_flight.fetch_add(1, Ordering::AcqRel) >= shared.max_in_flight {
            shared.in_flight.fetch_sub(1, Ordering::AcqRel);
            let (address, limit) = (shared.address.clone(), shared.max_in_flight);
            return Err(ConnectionError::TooManyInFlight { address, limit });
        }
        let correlation_id = shared.next_correlation.fetch_add(1, Ordering::AcqRel) & i32::MAX;
        let frame = request_frame(request, version, correlation_id, &shared.client_id).map_err(|source| {
            shared.in_flight.fetch_sub(1, Ordering::AcqRel);
            ConnectionError::Encode { address: shared.address.clone(), api: R::KEY, source }
        })?;
        let (answer, answered) = oneshot::channel();
        let outgoing = Outgoing { correlation_id, frame, answer };
        shared.requests.send(outgoing).map_err(|_| shared.closed_error())?;
        Ok(Exchange { shared: shared.clone(), api: R::KEY, answered })
    }
}

/// A request on the wire.
struct Exchange {
    shared: Arc<Shared>,
    api: strait_wire::api_key::ApiKey,
    answered: oneshot::Receiver<Bytes>,
}

impl Exchange {
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

    async fn within(mut self, after: Duration) -> Result<Bytes, ConnectionError> {
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

impl<R: Request> Future for Pending<R> {
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
        let version = self.version;
        Poll::Ready(response_body::<R>(frame, version).map(|(_, response)| response).map_err(|source| {
            let address = self.exchange.shared.address.clone();
            self.exchange.shared.close("an answer can't be read");
            ConnectionError::Decode { address, api: R::KEY, source }
        }))
    }
}

const _: () = assert!(ApiVersionsRequest::MIN_VERSION == 0);
