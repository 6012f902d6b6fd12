//! What can go wrong between us and a broker.

use std::io;
use std::time::Duration;

use strait_wire::api_key::ApiKey;
use strait_wire::codec::{DecodeError, EncodeError};
use strait_wire::error_code::ErrorCode;

use crate::security::SecurityError;

/// The broker speaks no version of a request that we speak.
#[derive(Clone, Debug, thiserror::Error)]
#[error("broker {address} speaks {broker_min} to {broker_max} of {api}, we speak {our_min} to {our_max}")]
pub struct UnsupportedApiError {
    pub address: String,
    pub api: ApiKey,
    pub broker_min: i16,
    pub broker_max: i16,
    pub our_min: i16,
    pub our_max: i16,
}

/// A connection that could not be made, or broke.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    #[error("{address}: {source}")]
    Connect { address: String, source: io::Error },
    #[error("{address}: not connected within {after:?}")]
    ConnectTimeout { address: String, after: Duration },
    #[error("{address}: TLS: {source}")]
    Tls { address: String, source: io::Error },
    /// The broker does not take who we say we are.
    #[error("{address}: not authorized: {reason}")]
    Unauthorized { address: String, reason: String },
    /// What we would show the broker can't be used.
    #[error("{address}: {source}")]
    Security { address: String, source: SecurityError },
    #[error("{address}: no answer to {api} within {after:?}")]
    Timeout { address: String, api: ApiKey, after: Duration },
    #[error("{address}: connection closed: {reason}")]
    Closed { address: String, reason: String },
    #[error("{address}: answer to {api} can't be read: {source}")]
    Decode { address: String, api: ApiKey, source: DecodeError },
    #[error("{address}: {api} can't be written: {source}")]
    Encode { address: String, api: ApiKey, source: EncodeError },
    #[error(transparent)]
    Unsupported(#[from] UnsupportedApiError),
    #[error("{address}: versions are refused: {code}")]
    VersionsRefused { address: String, code: ErrorCode },
    #[error("{address}: {limit} requests are in flight")]
    TooManyInFlight { address: String, limit: usize },
}

impl ConnectionError {
    /// The broker may have acted on the request although no answer came.
    pub fn is_ambiguous(&self) -> bool {
        match self {
            Self::Timeout { .. } | Self::Closed { .. } | Self::Decode { .. } | Self::Unauthorized { .. } => {
                true
            }
            Self::Connect { .. }
            | Self::ConnectTimeout { .. }
            | Self::Tls { .. }
            | Self::Security { .. }
            | Self::Encode { .. }
            | Self::Unsupported(_)
            | Self::VersionsRefused { .. }
            | Self::TooManyInFlight { .. } => false,
        }
    }

    /// It is about who we are: only a person or a new file of credentials helps.
    pub fn is_unauthorized(&self) -> bool {
        matches!(self, Self::Unauthorized { .. } | Self::Security { .. })
    }

    /// The same request to the same broker meets the same end.
    pub(crate) fn is_permanent(&self) -> bool {
        match self {
            Self::Encode { .. }
            | Self::Unsupported(_)
            | Self::VersionsRefused { .. }
            | Self::Tls { .. }
            | Self::Unauthorized { .. }
            | Self::Security { .. } => true,
            Self::Connect { .. }
            | Self::ConnectTimeout { .. }
            | Self::Timeout { .. }
            | Self::Closed { .. }
            | Self::Decode { .. }
            | Self::TooManyInFlight { .. } => false,
        }
    }
}

/// An error that a broker answered for one topic or partition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}{}", .message.as_ref().map(|text| format!(": {text}")).unwrap_or_default())]
pub struct BrokerError {
    pub code: ErrorCode,
    pub message: Option<String>,
}

/// An operation on a cluster that failed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    #[error("no bootstrap address answers: {}", joined(failures))]
    Bootstrap { failures: Vec<ConnectionError> },
    #[error("the addresses lead to cluster {found} now, before it was {expected}")]
    OtherCluster { expected: String, found: String },
    #[error("broker {id} is not in the metadata")]
    UnknownBroker { id: i32 },
    #[error("the cluster names no brokers")]
    NoBrokers,
    #[error("the cluster has no controller")]
    NoController,
    #[error("{api}: {error}")]
    Broker { api: ApiKey, error: BrokerError },
    #[error("not done within {after:?}, last: {last}")]
    Deadline { after: Duration, last: String },
}

impl ClientError {
    /// A broker does not take who we say we are.
    pub fn is_unauthorized(&self) -> bool {
        match self {
            Self::Connection(error) => error.is_unauthorized(),
            Self::Bootstrap { failures } => failures.iter().any(ConnectionError::is_unauthorized),
            Self::OtherCluster { .. }
            | Self::UnknownBroker { .. }
            | Self::NoBrokers
            | Self::NoController
            | Self::Broker { .. }
            | Self::Deadline { .. } => false,
        }
    }
}

fn joined(failures: &[ConnectionError]) -> String {
    let failures: Vec<String> = failures.iter().map(ToString::to_string).collect();
    failures.join("; ")
}
