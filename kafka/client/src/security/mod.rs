//! Who the broker is and who we are: TLS and SASL. What is named by file is read anew for each connection.

// Values that never show.
mod secret;
// Files with a bound.
mod file;
// Certificates and keys: PEM, PKCS#12, JKS.
mod jks;
mod key_store;
// The encrypted stream.
mod tls;
mod verifier;
// Authentication, and doing it again before it ends.
mod reauthentication;
mod salted;
mod sasl;
mod scram;

use std::io;
use std::path::{Path, PathBuf};

pub use key_store::{Identity, trusted_from_pem};
pub use salted::SaltedPassword;
pub use sasl::{SaslConfig, ScramHash};
pub use secret::{Secret, SecretSource};
pub use tls::{ClientIdentity, Store, TlsConfig, Trust};

pub(crate) use reauthentication::keep_authenticated;
pub(crate) use tls::{connect as connect_tls, is_refusal};

/// How a connection is secured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Security {
    pub tls: Option<TlsConfig>,
    pub sasl: Option<SaslConfig>,
}

impl Security {
    /// Reads every file that is named, as a connection would.
    pub fn check(&self) -> Result<(), SecurityError> {
        if let Some(tls) = &self.tls {
            tls::client_config(tls)?;
        }
        match &self.sasl {
            Some(sasl) => sasl.check(),
            None => Ok(()),
        }
    }

    /// A password or token that anyone between us and the broker can read.
    pub fn sends_secrets_in_clear(&self) -> bool {
        self.tls.is_none() && self.sasl.as_ref().is_some_and(SaslConfig::sends_secret)
    }
}

/// Those whom the operating system trusts.
pub fn system_trust() -> Result<rustls::RootCertStore, SecurityError> {
    tls::roots(&Trust::System)
}

/// Something of our own that is needed for a secure connection can't be used.
#[derive(Debug, thiserror::Error)]
pub enum SecurityError {
    #[error("{} can't be read: {source}", .file.display())]
    Unreadable { file: PathBuf, source: io::Error },
    #[error("{} can't be used: {reason}", .file.display())]
    Unusable { file: PathBuf, reason: String },
    #[error("the environment has no text {name}")]
    NoVariable { name: String },
    #[error("no trusted certificates in the system: {reason}")]
    NoSystemTrust { reason: String },
    #[error("{host} is no name that a certificate can have")]
    NoServerName { host: String },
    #[error("the machine gives no randomness")]
    NoRandomness,
    #[error("a password can't be hashed: {reason}")]
    NotHashed { reason: String },
}

impl SecurityError {
    /// The file that is to blame.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Unreadable { file, .. } | Self::Unusable { file, .. } => Some(file),
            Self::NoVariable { .. }
            | Self::NoSystemTrust { .. }
            | Self::NoServerName { .. }
            | Self::NoRandomness
            | Self::NotHashed { .. } => None,
        }
    }
}
