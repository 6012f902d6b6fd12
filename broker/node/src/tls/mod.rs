//! TLS at a listener: the broker's certificate, read again when its files change, and the name in the client's.

// Streams with and without it.
mod stream;

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use rustls::crypto::aws_lc_rs::default_provider;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoClientAuth, WebPkiClientVerifier};
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use strait_broker_core::principal;
use strait_client::{ClientIdentity, Identity, SecurityError, system_trust, trusted_from_pem};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

pub(crate) use stream::{ReadHalf, WriteHalf, halves};

use crate::node::blocking;
use crate::session::ANONYMOUS;
use crate::settings::{ClientAuth, IdentitySource, TlsSettings, TrustSource};

/// TLS can't be spoken with what the settings name.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error(transparent)]
    Security(#[from] SecurityError),
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
    #[error("certificates of clients can't be checked: {0}")]
    Verifier(#[from] rustls::server::VerifierBuilderError),
}

/// TLS at one listener, for all its connections.
#[derive(Debug)]
pub(crate) struct Tls {
    settings: TlsSettings,
    current: Mutex<Current>,
}

#[derive(Debug)]
struct Current {
    config: Arc<ServerConfig>,
    /// What its files were like when they were read.
    files: Vec<FileState>,
}

/// When a file was changed and how long it is; None where it can't be seen.
type FileState = Option<(SystemTime, u64)>;

impl Tls {
    /// Reads everything from its files. Blocks.
    pub(crate) fn new(settings: TlsSettings) -> Result<Self, TlsError> {
        let files = states(&settings);
        let current = Mutex::new(Current { config: config(&settings)?, files });
        Ok(Self { settings, current })
    }

    /// The certificate as it is in its files. Those that can't be used are told once, and the last good one stays.
    fn config(&self) -> Arc<ServerConfig> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let files = states(&self.settings);
        if files != current.files {
            match blocking(|| config(&self.settings)) {
                Ok(config) => {
                    tracing::info!("certificates were read again");
                    current.config = config;
                }
                Err(error) => {
                    tracing::warn!(%error, "changed certificates can't be used, the last ones stay")
                }
            }
            current.files = files;
        }
        Arc::clone(&current.config)
    }

    /// The handshake with a client.
    pub(crate) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        TlsAcceptor::from(self.config()).accept(stream).await
    }

    /// Who a client is by its certificate. None: no rule makes a name of it.
    pub(crate) fn principal(&self, stream: &TlsStream<TcpStream>) -> Option<String> {
        let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        let Some(certificate) = shown else { return Some(ANONYMOUS.to_owned()) };
        let name = self.settings.principals.name(&principal::subject(certificate)?)?;
        Some(format!("User:{name}"))
    }
}

fn states(settings: &TlsSettings) -> Vec<FileState> {
    let state = |path: &PathBuf| {
        let metadata = path.metadata().ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    };
    files(settings).iter().map(state).collect()
}

fn files(settings: &TlsSettings) -> Vec<PathBuf> {
    let mut files = Vec::new();
    match &settings.identity {
        IdentitySource::Files(ClientIdentity::Store { store, .. }) => files.push(store.file.clone()),
        IdentitySource::Files(ClientIdentity::Pem { certificate_file, key_file, .. }) => {
            files.extend([certificate_file.clone(), key_file.clone()]);
        }
        IdentitySource::Text { .. } => {}
    }
    if let TrustSource::File(store) = &settings.trust {
        files.push(store.file.clone());
    }
    files
}

fn config(settings: &TlsSettings) -> Result<Arc<ServerConfig>, TlsError> {
    let Identity { chain, key } = match &settings.identity {
        IdentitySource::Files(files) => files.read()?,
        IdentitySource::Text { chain, key, key_password } => {
            Identity::from_pem("ssl.keystore.key", chain, key, key_password.as_ref())?
        }
    };
    let versions: Vec<&'static SupportedProtocolVersion> =
        [(settings.has_tls_1_3, &TLS13), (settings.has_tls_1_2, &TLS12)]
            .into_iter()
            .filter_map(|(is_on, version)| is_on.then_some(version))
            .collect();
    let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()));
    let builder = builder.with_protocol_versions(&versions)?;
    let builder = builder.with_client_cert_verifier(verifier(settings)?);
    Ok(Arc::new(builder.with_single_cert(chain, key)?))
}

fn verifier(settings: &TlsSettings) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    if settings.client_auth == ClientAuth::None {
        return Ok(Arc::new(NoClientAuth));
    }
    let roots = Arc::new(roots(&settings.trust)?);
    let builder = WebPkiClientVerifier::builder_with_provider(roots, Arc::new(default_provider()));
    Ok(match settings.client_auth {
        ClientAuth::Requested => builder.allow_unauthenticated().build()?,
        ClientAuth::None | ClientAuth::Required => builder.build()?,
    })
}

fn roots(trust: &TrustSource) -> Result<RootCertStore, TlsError> {
    let trusted = match trust {
        TrustSource::System => return Ok(system_trust()?),
        TrustSource::File(store) => store.trusted()?,
        TrustSource::Text(text) => trusted_from_pem("ssl.truststore.certificates", text)?,
    };
    let mut roots = RootCertStore::empty();
    for certificate in trusted {
        roots.add(certificate)?;
    }
    Ok(roots)
}
