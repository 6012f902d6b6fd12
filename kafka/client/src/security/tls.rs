//! TLS 1.2 and 1.3 over a stream.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WantsClientCert;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{AlertDescription, ClientConfig, ConfigBuilder, RootCertStore};
use tokio_rustls::TlsConnector;

use super::SecurityError;
use super::file::unusable;
use super::key_store::{self, Identity};
use super::secret::SecretSource;
use super::verifier::AnyHostname;
use crate::error::ConnectionError;
use crate::transport::BoxedStream;

/// An encrypted connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsConfig {
    pub trust: Trust,
    /// What a broker with mutual TLS asks for.
    pub identity: Option<ClientIdentity>,
    /// The broker's certificate must be made for the host that is connected to.
    pub verify_hostname: bool,
}

impl Default for TlsConfig {
    fn default() -> Self {
        Self { trust: Trust::System, identity: None, verify_hostname: true }
    }
}

/// Who may sign a broker's certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Whom the operating system trusts.
    System,
    Store(Store),
}

/// A file of certificates or keys: PEM, PKCS#12 or JKS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    pub file: PathBuf,
    pub password: Option<SecretSource>,
}

/// Our certificate and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientIdentity {
    Pem {
        certificate_file: PathBuf,
        key_file: PathBuf,
        key_password: Option<SecretSource>,
    },
    /// Without a password of its own the key has the store's.
    Store {
        store: Store,
        key_password: Option<SecretSource>,
    },
}

impl Store {
    /// The certificates that it trusts.
    pub fn trusted(&self) -> Result<Vec<CertificateDer<'static>>, SecurityError> {
        key_store::trusted(self)
    }
}

impl ClientIdentity {
    /// Reads certificate and key from their files.
    pub fn read(&self) -> Result<Identity, SecurityError> {
        match self {
            Self::Pem { certificate_file, key_file, key_password } => {
                key_store::pem_identity(certificate_file, key_file, key_password.as_ref())
            }
            Self::Store { store, key_password } => key_store::identity(store, key_password.as_ref()),
        }
    }

    fn file(&self) -> &Path {
        match self {
            Self::Pem { certificate_file, .. } => certificate_file,
            Self::Store { store, .. } => &store.file,
        }
    }
}

/// Encrypts a stream to `address` and checks who is there.
pub(crate) async fn connect(
    tls: &TlsConfig,
    address: &str,
    stream: BoxedStream,
) -> Result<BoxedStream, ConnectionError> {
    let own = |source| ConnectionError::Security { address: address.to_owned(), source };
    let (read, name) = (tls.clone(), server_name(address).map_err(own)?);
    let config = tokio::task::spawn_blocking(move || client_config(&read))
        .await
        .map_err(|error| io_failure(address, io::Error::other(error)))?
        .map_err(own)?;
    match TlsConnector::from(Arc::new(config)).connect(name, stream).await {
        Ok(stream) => Ok(Box::new(stream)),
        Err(error) => Err(io_failure(address, error)),
    }
}

fn io_failure(address: &str, source: io::Error) -> ConnectionError {
    let address = address.to_owned();
    if is_refusal(&source) {
        let reason = format!("TLS: {source}");
        return ConnectionError::Unauthorized { address, reason };
    }
    ConnectionError::Tls { address, source }
}

/// The broker does not take our certificate, or wants one.
pub(crate) fn is_refusal(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let Some(rustls::Error::AlertReceived(alert)) = inner else { return false };
    matches!(
        alert,
        AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::NoCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
    )
}

fn server_name(address: &str) -> Result<ServerName<'static>, SecurityError> {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    ServerName::try_from(host.to_owned()).map_err(|_| SecurityError::NoServerName { host: host.to_owned() })
}

/// Reads everything from its files.
pub(super) fn client_config(tls: &TlsConfig) -> Result<ClientConfig, SecurityError> {
    let builder = with_trust(tls)?;
    let Some(identity) = &tls.identity else { return Ok(builder.with_no_client_auth()) };
    let Identity { chain, key } = identity.read()?;
    builder.with_client_auth_cert(chain, key).map_err(|error| unusable(identity.file(), &error.to_string()))
}

fn with_trust(tls: &TlsConfig) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, SecurityError> {
    let (roots, provider) = (roots(&tls.trust)?, Arc::new(default_provider()));
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| SecurityError::NoSystemTrust { reason: error.to_string() })?;
    Ok(match tls.verify_hostname {
        true => builder.with_root_certificates(roots),
        false => {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyHostname { roots, provider }))
        }
    })
}

/// Whoever may sign certificates.
pub(super) fn roots(trust: &Trust) -> Result<RootCertStore, SecurityError> {
    let mut roots = RootCertStore::empty();
    match trust {
        Trust::Store(store) => {
            for certificate in store.trusted()? {
                roots.add(certificate).map_err(|error| unusable(&store.file, &error.to_string()))?;
            }
        }
        Trust::System => {
            let found = rustls_native_certs::load_native_certs();
            roots.add_parsable_certificates(found.certs);
            if roots.is_empty() {
                let reasons: Vec<String> = found.errors.iter().map(ToString::to_string).collect();
                return Err(SecurityError::NoSystemTrust { reason: reasons.join("; ") });
            }
        }
    }
    Ok(roots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_the_host_of_the_address() {
        for (address, name) in
            [("kafka-1:9092", "kafka-1"), ("127.0.0.1:1", "127.0.0.1"), ("[::1]:9092", "::1")]
        {
            assert_eq!(server_name(address).expect("a name").to_str(), name);
        }
        assert!(server_name("no host:9092").is_err());
    }
}
