//! SASL: who we are, by `SaslHandshake` and `SaslAuthenticate`.

use std::path::PathBuf;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::sasl_authenticate::{SaslAuthenticateRequest, SaslAuthenticateResponse};
use strait_wire::message::sasl_handshake::SaslHandshakeRequest;

use super::SecurityError;
use super::scram::{ScramClient, ScramProof};
use super::secret::{Secret, SecretSource};
use crate::connection::Connection;
use crate::error::ConnectionError;
use crate::reserved::Reserved;

/// With version 0 bytes of SASL travel without frames.
const FRAMED_VERSION: i16 = 1;
/// In a nonce, and in the salt of a password.
const RANDOM_BYTES: usize = 24;
/// What a broker says of a refusal is shown up to this length.
const SHOWN_CHARACTERS: usize = 300;

/// A mechanism and what it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SaslConfig {
    Plain { username: String, password: SecretSource },
    Scram { hash: ScramHash, username: String, password: SecretSource },
    OauthBearer { token_file: PathBuf },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScramHash {
    Sha256,
    Sha512,
}

impl ScramHash {
    /// Kafka's `ScramMechanism`.
    pub(crate) fn code(self) -> i8 {
        match self {
            Self::Sha256 => 1,
            Self::Sha512 => 2,
        }
    }
}

impl SaslConfig {
    pub fn mechanism(&self) -> &'static str {
        match self {
            Self::Plain { .. } => "PLAIN",
            Self::Scram { hash: ScramHash::Sha256, .. } => "SCRAM-SHA-256",
            Self::Scram { hash: ScramHash::Sha512, .. } => "SCRAM-SHA-512",
            Self::OauthBearer { .. } => "OAUTHBEARER",
        }
    }

    pub(super) fn check(&self) -> Result<(), SecurityError> {
        self.read_secret().map(drop)
    }

    pub(super) fn sends_secret(&self) -> bool {
        !matches!(self, Self::Scram { .. })
    }

    fn read_secret(&self) -> Result<Secret, SecurityError> {
        match self {
            Self::Plain { password, .. } | Self::Scram { password, .. } => password.read(),
            Self::OauthBearer { token_file } => SecretSource::File(token_file.clone()).read(),
        }
    }
}

impl Connection {
    /// Tells the broker who we are, while no other request is sent; gives how long it believes that, zero without
    /// end.
    pub(crate) async fn authenticate(&self, sasl: &SaslConfig) -> Result<Duration, ConnectionError> {
        let secret = sasl.read_secret().map_err(|source| self.own_fault(source))?;
        let exchange = Exchange { connection: self, reserved: self.reserve().await?, sasl };
        exchange.handshake().await?;
        let last = match sasl {
            SaslConfig::Plain { username, .. } => {
                let message = format!("\0{username}\0{}", secret.expose());
                exchange.send(message).await?
            }
            SaslConfig::OauthBearer { .. } => exchange.bearer(&secret).await?,
            SaslConfig::Scram { hash, username, .. } => exchange.scram(*hash, username, secret).await?,
        };
        Ok(Duration::from_millis(u64::try_from(last.session_lifetime_ms).unwrap_or(0)))
    }

    fn own_fault(&self, source: SecurityError) -> ConnectionError {
        ConnectionError::Security { address: self.address().to_owned(), source }
    }

    fn unauthorized(&self, reason: &str) -> ConnectionError {
        let reason = reason.chars().take(SHOWN_CHARACTERS).collect();
        ConnectionError::Unauthorized { address: self.address().to_owned(), reason }
    }
}

struct Exchange<'a> {
    connection: &'a Connection,
    reserved: Reserved<'a>,
    sasl: &'a SaslConfig,
}

impl Exchange<'_> {
    async fn handshake(&self) -> Result<(), ConnectionError> {
        let mechanism = self.sasl.mechanism();
        let request = SaslHandshakeRequest { mechanism: mechanism.to_owned() };
        let response = self.reserved.ask(&request, FRAMED_VERSION).await?;
        let reason = match ErrorCode(response.error_code) {
            ErrorCode::NONE => return Ok(()),
            ErrorCode::UNSUPPORTED_SASL_MECHANISM => {
                format!("the broker does not take {mechanism}, it takes {}", response.mechanisms.join(", "))
            }
            ErrorCode::ILLEGAL_SASL_STATE => "the broker takes no SASL here".to_owned(),
            code => format!("{mechanism} is refused: {code}"),
        };
        Err(self.connection.unauthorized(&reason))
    }

    async fn send(&self, message: String) -> Result<SaslAuthenticateResponse, ConnectionError> {
        let request = SaslAuthenticateRequest { auth_bytes: Bytes::from(message) };
        let version = self.connection.version_of::<SaslAuthenticateRequest>()?;
        let response = self.reserved.ask(&request, version).await?;
        let code = ErrorCode(response.error_code);
        if code.is_ok() {
            return Ok(response);
        }
        let said = response.error_message.unwrap_or_else(|| code.to_string());
        Err(self.connection.unauthorized(&format!("{}: {said}", self.sasl.mechanism())))
    }

    /// A broker that does not take the token says why, and waits for a byte before it says no.
    async fn bearer(&self, token: &Secret) -> Result<SaslAuthenticateResponse, ConnectionError> {
        let message = format!("n,,\u{1}auth=Bearer {}\u{1}\u{1}", token.expose().trim());
        let response = self.send(message).await?;
        if response.auth_bytes.is_empty() {
            return Ok(response);
        }
        let said = String::from_utf8_lossy(&response.auth_bytes).into_owned();
        let refused = self.send("\u{1}".to_owned()).await.err();
        let reason = refused.map_or(said.clone(), |error| format!("{said} ({error})"));
        Err(self.connection.unauthorized(&format!("{}: {reason}", self.sasl.mechanism())))
    }

    async fn scram(
        &self,
        hash: ScramHash,
        username: &str,
        password: Secret,
    ) -> Result<SaslAuthenticateResponse, ConnectionError> {
        let nonce = nonce().map_err(|source| self.connection.own_fault(source))?;
        let client = ScramClient::new(hash, username, &nonce);
        let first = self.send(client.first_message()).await?;
        let proof = self.prove(client, text(&first.auth_bytes), password).await?;
        let last = self.send(proof.message.clone()).await?;
        proof
            .verify(&text(&last.auth_bytes))
            .map_err(|error| self.connection.unauthorized(&error.to_string()))?;
        Ok(last)
    }

    /// Many iterations would hold up everything else on this thread.
    async fn prove(
        &self,
        client: ScramClient,
        server_first: String,
        password: Secret,
    ) -> Result<ScramProof, ConnectionError> {
        let proved = tokio::task::spawn_blocking(move || client.prove(&server_first, &password)).await;
        let refused = |reason: String| self.connection.unauthorized(&reason);
        proved.map_err(|error| refused(error.to_string()))?.map_err(|error| refused(error.to_string()))
    }
}

fn text(bytes: &Bytes) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn nonce() -> Result<String, SecurityError> {
    Ok(URL_SAFE_NO_PAD.encode(random_bytes()?))
}

pub(super) fn random_bytes() -> Result<[u8; RANDOM_BYTES], SecurityError> {
    let mut bytes = [0; RANDOM_BYTES];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| SecurityError::NoRandomness)?;
    Ok(bytes)
}
