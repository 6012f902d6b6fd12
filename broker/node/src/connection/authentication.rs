//! A client says who it is, at the start and again before its session ends. Until then nothing else is served.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use strait_broker_core::sasl::{
    Authenticated, Expected, Mechanism, SaslExchange, SaslSession, Step, TokenContext, UnexpectedRequestError,
};
use strait_wire::api_key::ApiKey;
use strait_wire::codec::{Decoder, Message, Request, RequestHeader, response_frame};
use strait_wire::error_code::ErrorCode;
use strait_wire::message::api_versions::ApiVersionsRequest;
use strait_wire::message::sasl_authenticate::{SaslAuthenticateRequest, SaslAuthenticateResponse};
use strait_wire::message::sasl_handshake::{SaslHandshakeRequest, SaslHandshakeResponse};

use super::{Connection, write};
use crate::clock::now_ms;
use crate::dispatch::{self, Reply};
use crate::random;
use crate::sasl::Sasl;
use crate::session::Session;

/// Why a client is not known at the end.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("the client went")]
    Gone,
    /// The client hears of it in a last answer, if there is a form for it.
    #[error("{reason}")]
    Refused { reason: String, answer: Option<Vec<Bytes>> },
}

impl Failure {
    fn refused(reason: impl ToString) -> Self {
        Self::Refused { reason: reason.to_string(), answer: None }
    }
}

/// One authentication on its way.
struct Conversation<'a> {
    connection: &'a mut Connection,
    sasl: &'a Sasl,
    exchange: SaslExchange,
    nonce: String,
}

impl Connection {
    /// Authenticates a client that has just come. False: the connection ends.
    pub(super) async fn authenticate(&mut self, sasl: &Sasl) -> io::Result<bool> {
        let exchange = SaslExchange::new(sasl.settings.mechanisms.clone());
        self.converse(sasl, exchange, None).await
    }

    /// Authenticates a client again that began with this handshake.
    pub(super) async fn authenticate_again(
        &mut self,
        sasl: &Sasl,
        session: SaslSession,
        handshake: (RequestHeader, Decoder),
    ) -> io::Result<bool> {
        let exchange = SaslExchange::again(sasl.settings.mechanisms.clone(), session);
        self.converse(sasl, exchange, Some(handshake)).await
    }

    async fn converse(
        &mut self,
        sasl: &Sasl,
        exchange: SaslExchange,
        first: Option<(RequestHeader, Decoder)>,
    ) -> io::Result<bool> {
        let Ok(nonce) = random::printable() else { return Ok(false) };
        self.frames.allow(0..=sasl.settings.max_receive_bytes);
        let outcome = Box::pin(Conversation { connection: self, sasl, exchange, nonce }.run(first)).await;
        self.frames.allow_requests();
        match outcome {
            Ok(authenticated) => {
                self.become_known(sasl, authenticated);
                Ok(true)
            }
            Err(Failure::Gone) => Ok(false),
            Err(Failure::Io(error)) => Err(error),
            Err(Failure::Refused { reason, answer }) => {
                tracing::info!(peer = %self.session.peer, reason, "failed authentication");
                // Like Kafka: who guesses is held up, and hears of it at the end.
                tokio::time::sleep(sasl.settings.failure_delay).await;
                if let Some(answer) = answer {
                    write::write_all(&mut self.writer, answer, self.idle).await?;
                }
                Ok(false)
            }
        }
    }

    fn become_known(&mut self, sasl: &Sasl, authenticated: Authenticated) {
        let Authenticated { mechanism, name, expires_ms } = authenticated;
        let now_ms = now_ms();
        let principal = format!("User:{name}");
        let lifetime_ms = sasl.lifetime_ms(mechanism, expires_ms, now_ms);
        let session = SaslSession::new(mechanism, name, lifetime_ms, now_ms);
        self.sasl_session = Some(match self.sasl_session.take() {
            Some(before) => before.followed_by(session),
            None => session,
        });
        let (peer, endpoint) = (self.session.peer, Arc::clone(&self.session.endpoint));
        self.session = Arc::new(Session { principal, peer, endpoint });
    }
}

impl Conversation<'_> {
    async fn run(mut self, first: Option<(RequestHeader, Decoder)>) -> Result<Authenticated, Failure> {
        if let Some((header, body)) = first {
            self.request(&header, body).await?;
        }
        loop {
            let frame = self.connection.next_frame().await?.ok_or(Failure::Gone)?;
            let known = match self.exchange.expected() {
                Expected::Token => self.bare_token(&frame.bytes).await?,
                Expected::Request => {
                    let mut body = Decoder::new(frame.bytes);
                    let header = dispatch::read_header(&mut body)
                        .map_err(|error| Failure::refused(format!("malformed request header: {error}")))?;
                    self.request(&header, body).await?
                }
            };
            if let Some(authenticated) = known {
                return Ok(authenticated);
            }
        }
    }

    async fn request(
        &mut self,
        header: &RequestHeader,
        body: Decoder,
    ) -> Result<Option<Authenticated>, Failure> {
        if let Err(unexpected) = self.exchange.permit(ApiKey(header.api_key)) {
            return Err(unexpected_failure(unexpected, header));
        }
        match ApiKey(header.api_key) {
            ApiKey::SASL_HANDSHAKE => self.handshake(header, body).await.map(|()| None),
            ApiKey::SASL_AUTHENTICATE => self.framed_token(header, body).await,
            _ => self.versions(header, body).await.map(|()| None),
        }
    }

    async fn versions(&mut self, header: &RequestHeader, body: Decoder) -> Result<(), Failure> {
        let call = self.connection.call(header, body.remaining());
        let reply = dispatch::dispatch(&call, header.api_key, body).await.map_err(Failure::refused)?;
        if (0..=ApiVersionsRequest::MAX_VERSION).contains(&header.api_version) {
            self.exchange.versions_told();
        }
        match reply {
            Reply::Frame { segments, .. } => self.send(segments).await,
            Reply::Nothing { .. } => Ok(()),
            Reply::Close(reason) => Err(Failure::refused(reason)),
        }
    }

    async fn handshake(&mut self, header: &RequestHeader, body: Decoder) -> Result<(), Failure> {
        let version = header.api_version;
        let request: SaslHandshakeRequest = decoded(version, body)?;
        let is_enabled = self.exchange.handshake(&request.mechanism, version);
        let error = if is_enabled { ErrorCode::NONE } else { ErrorCode::UNSUPPORTED_SASL_MECHANISM };
        let mechanisms = self.sasl.mechanism_names();
        let response = SaslHandshakeResponse { error_code: error.0, mechanisms };
        let answer = frame::<SaslHandshakeRequest>(&response, header)?;
        if is_enabled {
            return self.send(answer).await;
        }
        let reason = format!("unsupported SASL mechanism {}", request.mechanism);
        Err(Failure::Refused { reason, answer: Some(answer) })
    }

    /// A token without a frame of Kafka's around it; a refusal has no form.
    async fn bare_token(&mut self, token: &[u8]) -> Result<Option<Authenticated>, Failure> {
        let (answer, known) = match self.step(token) {
            Ok(Step::Challenge(challenge)) => (challenge, None),
            Ok(Step::Complete { answer, authenticated }) => (answer, Some(authenticated)),
            Err((_, reason)) => return Err(Failure::refused(reason)),
        };
        let length = u32::try_from(answer.len()).unwrap_or(u32::MAX);
        let length = Bytes::copy_from_slice(&length.to_be_bytes());
        self.send(vec![length, answer.into()]).await?;
        Ok(known)
    }

    async fn framed_token(
        &mut self,
        header: &RequestHeader,
        body: Decoder,
    ) -> Result<Option<Authenticated>, Failure> {
        let request: SaslAuthenticateRequest = decoded(header.api_version, body)?;
        let (response, known) = match self.step(&request.auth_bytes) {
            Ok(Step::Challenge(challenge)) => (accepted(challenge), None),
            Ok(Step::Complete { answer, authenticated }) => {
                let Authenticated { mechanism, expires_ms, .. } = authenticated;
                let lifetime_ms = self.sasl.lifetime_ms(mechanism, expires_ms, now_ms());
                let session_lifetime_ms = lifetime_ms.unwrap_or(0);
                let response = SaslAuthenticateResponse { session_lifetime_ms, ..accepted(answer) };
                (response, Some(authenticated))
            }
            Err((None, reason)) => return Err(Failure::refused(reason)),
            Err((Some(told), reason)) => {
                let response = SaslAuthenticateResponse {
                    error_code: ErrorCode::SASL_AUTHENTICATION_FAILED.0,
                    error_message: Some(told),
                    ..Default::default()
                };
                let answer = Some(frame::<SaslAuthenticateRequest>(&response, header)?);
                return Err(Failure::Refused { reason, answer });
            }
        };
        self.send(frame::<SaslAuthenticateRequest>(&response, header)?).await?;
        Ok(known)
    }

    /// What the client is told of a refusal, and what is logged of it.
    fn step(&mut self, token: &[u8]) -> Result<Step, (Option<String>, String)> {
        let mechanism = self.exchange.mechanism().unwrap_or(Mechanism::Plain);
        let context = TokenContext { nonce: &self.nonce, now_ms: now_ms() };
        let node = &self.connection.node;
        let step = self.exchange.token(token, &self.sasl.credentials(node), context);
        step.map_err(|error| {
            (error.told(mechanism, self.exchange.is_again()), format!("{mechanism}: {error}"))
        })
    }

    async fn send(&mut self, segments: Vec<Bytes>) -> Result<(), Failure> {
        let idle = self.connection.idle;
        Ok(write::write_all(&mut self.connection.writer, segments, idle).await?)
    }
}

/// A token is taken. The message is there, and empty.
fn accepted(answer: Vec<u8>) -> SaslAuthenticateResponse {
    SaslAuthenticateResponse {
        auth_bytes: answer.into(),
        error_message: Some(String::new()),
        ..Default::default()
    }
}

/// A handshake in place of a token is answered, anything else only closes the connection.
fn unexpected_failure(unexpected: UnexpectedRequestError, header: &RequestHeader) -> Failure {
    let error_code = ErrorCode::ILLEGAL_SASL_STATE.0;
    let response = SaslHandshakeResponse { error_code, ..Default::default() };
    let is_handshake = unexpected.in_tokens && unexpected.key == ApiKey::SASL_HANDSHAKE;
    let answer = is_handshake.then(|| frame::<SaslHandshakeRequest>(&response, header).ok()).flatten();
    Failure::Refused { reason: unexpected.to_string(), answer }
}

fn decoded<R: Message>(version: i16, mut body: Decoder) -> Result<R, Failure> {
    R::decode(version, &mut body).map_err(|error| Failure::refused(format!("malformed request: {error}")))
}

fn frame<R: Request>(response: &R::Response, header: &RequestHeader) -> Result<Vec<Bytes>, Failure> {
    response_frame::<R>(response, header.api_version, header.correlation_id).map_err(Failure::refused)
}
