//! One request after another on a connection, byte for byte as a test wants it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use strait_wire::codec::{Decoder, Message, Request, request_frame};
use strait_wire::message::sasl_authenticate::SaslAuthenticateRequest;
use strait_wire::message::sasl_handshake::SaslHandshakeRequest;

const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Wire {
    stream: TcpStream,
    client_id: String,
}

impl Wire {
    /// Connects to `host:port`, or to `user:password@host:port` with SASL PLAIN.
    pub(crate) fn open(address: &str, client_id: &str) -> Result<Self> {
        let (login, address) =
            address.rsplit_once('@').map_or((None, address), |(login, address)| (Some(login), address));
        let stream = TcpStream::connect(address).with_context(|| format!("connecting to {address}"))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        let mut wire = Self { stream, client_id: client_id.to_owned() };
        if let Some((user, password)) = login.and_then(|login| login.split_once(':')) {
            wire.log_in(user, password)?;
        }
        Ok(wire)
    }

    fn log_in(&mut self, user: &str, password: &str) -> Result<()> {
        let handshake = SaslHandshakeRequest { mechanism: "PLAIN".to_owned() };
        let error = self.ask(&handshake, 1)?.error_code;
        let auth_bytes = Bytes::from(format!("\0{user}\0{password}"));
        let answer = self.ask(&SaslAuthenticateRequest { auth_bytes }, 2)?;
        match (error, answer.error_code) {
            (0, 0) => Ok(()),
            errors => bail!("not authenticated: {errors:?}"),
        }
    }

    /// Sends a request and waits for its answer.
    pub(crate) fn ask<R: Request>(&mut self, request: &R, version: i16) -> Result<R::Response> {
        self.tell(request, version)?;
        self.answer::<R>(version)
    }

    /// Sends a request.
    pub(crate) fn tell<R: Request>(&mut self, request: &R, version: i16) -> Result<()> {
        for segment in request_frame(request, version, 7, &self.client_id)? {
            self.stream.write_all(&segment)?;
        }
        Ok(())
    }

    /// Sends requests in one write.
    pub(crate) fn tell_all<R: Request>(&mut self, requests: &[R], version: i16) -> Result<()> {
        let frames = requests.iter().map(|request| request_frame(request, version, 7, &self.client_id));
        let frames: Vec<_> = frames.collect::<Result<_, _>>()?;
        Ok(self.stream.write_all(&frames.concat().concat())?)
    }

    /// Waits for the answer to the oldest request that has none yet.
    pub(crate) fn answer<R: Request>(&mut self, version: i16) -> Result<R::Response> {
        let mut length = [0; 4];
        self.stream.read_exact(&mut length).with_context(|| format!("{} {version}", R::KEY))?;
        let mut frame = vec![0; usize::try_from(i32::from_be_bytes(length))?];
        self.stream.read_exact(&mut frame)?;
        let mut body = Decoder::new(frame.into());
        let _correlation_id = body.i32()?;
        // Of all responses only that of ApiVersions never has tags in its header.
        if version >= R::FLEXIBLE_FROM && R::KEY != strait_wire::api_key::ApiKey::API_VERSIONS {
            body.unsigned_varint()?;
        }
        Ok(R::Response::decode(version, &mut body)?)
    }
}
