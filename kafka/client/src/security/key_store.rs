//! Certificates and keys out of PEM, PKCS#12 and JKS; what a file is, its first bytes tell.

use std::path::Path;

use p12_keystore::{KeyStore, Pkcs12Archive, Pkcs12ImportPolicy};
use pkcs8::{EncryptedPrivateKeyInfoRef, SecretDocument};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::SecurityError;
use super::file::{self, unusable};
use super::jks;
use super::secret::{Secret, SecretSource};
use super::tls::Store;

/// Our certificate, with those that signed it, and its key.
#[derive(Debug)]
pub struct Identity {
    pub chain: Vec<CertificateDer<'static>>,
    pub key: PrivateKeyDer<'static>,
}

impl Identity {
    /// Reads certificates and key in PEM that came as a text; `name` says in errors where it came from.
    pub fn from_pem(
        name: &str,
        chain: &str,
        key: &Secret,
        key_password: Option<&Secret>,
    ) -> Result<Self, SecurityError> {
        let path = Path::new(name);
        let chain = pem_certificates(path, chain.as_bytes())?;
        Ok(Self { chain, key: pem_key(path, key.expose().as_bytes(), key_password)? })
    }
}

/// Certificates in PEM that came as a text; `name` says in errors where it came from.
pub fn trusted_from_pem(name: &str, text: &str) -> Result<Vec<CertificateDer<'static>>, SecurityError> {
    pem_certificates(Path::new(name), text.as_bytes())
}

enum Format {
    Pem,
    Pkcs12,
    Jks,
}

fn format_of(path: &Path, bytes: &[u8]) -> Result<Format, SecurityError> {
    match bytes {
        [0xfe, 0xed, 0xfe, 0xed, ..] => Ok(Format::Jks),
        [0xce, 0xce, 0xce, 0xce, ..] => {
            Err(unusable(path, "it is JCEKS; `keytool -importkeystore -deststoretype PKCS12` converts it"))
        }
        [0x30, ..] => Ok(Format::Pkcs12),
        _ if bytes.windows(11).any(|window| window == b"-----BEGIN ") => Ok(Format::Pem),
        _ => Err(unusable(path, "it is none of PEM, PKCS#12 and JKS")),
    }
}

/// The certificates that a trust store trusts.
pub(super) fn trusted(store: &Store) -> Result<Vec<CertificateDer<'static>>, SecurityError> {
    let (path, bytes) = (&store.file, file::read(&store.file)?);
    let password = store.password.as_ref().map(SecretSource::read).transpose()?;
    let found: Vec<Vec<u8>> = match format_of(path, &bytes)? {
        Format::Pem => return pem_certificates(path, &bytes),
        Format::Jks => {
            jks::read(&bytes, password.as_ref().map(Secret::expose))
                .map_err(|error| unusable(path, &error.to_string()))?
                .trusted
        }
        Format::Pkcs12 => {
            let archive = Pkcs12Archive::from_pkcs12(&bytes, expose(password.as_ref()))
                .map_err(|error| unusable(path, &error.to_string()))?;
            let trusted = archive.certs.iter().filter(|bag| bag.local_key_id.is_none());
            trusted.map(|bag| bag.cert.as_der().to_vec()).collect()
        }
    };
    match found.is_empty() {
        true => Err(unusable(path, "it holds no trusted certificate")),
        false => Ok(found.into_iter().map(CertificateDer::from).collect()),
    }
}

/// The first key of a key store with its certificates.
pub(super) fn identity(
    store: &Store,
    key_password: Option<&SecretSource>,
) -> Result<Identity, SecurityError> {
    let (path, bytes) = (&store.file, file::read(&store.file)?);
    let password = store.password.as_ref().map(SecretSource::read).transpose()?;
    let key_password = match key_password {
        Some(source) => Some(source.read()?),
        None => password.clone(),
    };
    match format_of(path, &bytes)? {
        Format::Pem => Ok(Identity {
            chain: pem_certificates(path, &bytes)?,
            key: pem_key(path, &bytes, key_password.as_ref())?,
        }),
        Format::Pkcs12 => pkcs12_identity(path, &bytes, expose(password.as_ref())),
        Format::Jks => {
            let refused = |error: jks::JksError| unusable(path, &error.to_string());
            let store = jks::read(&bytes, password.as_ref().map(Secret::expose)).map_err(refused)?;
            let entry = store.keys.first().ok_or_else(|| unusable(path, "it holds no key"))?;
            let key = entry.open(expose(key_password.as_ref())).map_err(refused)?;
            let chain = entry.chain.iter().cloned().map(CertificateDer::from).collect();
            Ok(Identity { chain, key: PrivatePkcs8KeyDer::from(key.to_vec()).into() })
        }
    }
}

/// A certificate with its chain, and its key, in PEM.
pub(super) fn pem_identity(
    certificate_file: &Path,
    key_file: &Path,
    key_password: Option<&SecretSource>,
) -> Result<Identity, SecurityError> {
    let key_password = key_password.map(SecretSource::read).transpose()?;
    let chain = pem_certificates(certificate_file, &file::read(certificate_file)?)?;
    let key = pem_key(key_file, &file::read(key_file)?, key_password.as_ref())?;
    Ok(Identity { chain, key })
}

fn pkcs12_identity(path: &Path, bytes: &[u8], password: &str) -> Result<Identity, SecurityError> {
    let store = KeyStore::from_pkcs12(bytes, password, Pkcs12ImportPolicy::Strict)
        .map_err(|error| unusable(path, &error.to_string()))?;
    let (_, entry) =
        store.private_key_chain().ok_or_else(|| unusable(path, "it holds no key with a certificate"))?;
    let chain = entry.certs().iter().map(|certificate| CertificateDer::from(certificate.as_der().to_vec()));
    let key = PrivatePkcs8KeyDer::from(entry.key().as_der().to_vec());
    Ok(Identity { chain: chain.collect(), key: key.into() })
}

fn pem_certificates(path: &Path, bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, SecurityError> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(bytes).collect();
    match certificates {
        Ok(certificates) if certificates.is_empty() => Err(unusable(path, "it holds no certificate in PEM")),
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(unusable(path, &error.to_string())),
    }
}

fn pem_key(
    path: &Path,
    bytes: &[u8],
    password: Option<&Secret>,
) -> Result<PrivateKeyDer<'static>, SecurityError> {
    let text = std::str::from_utf8(bytes).map_err(|error| unusable(path, &error.to_string()))?;
    if text.contains("Proc-Type: 4,ENCRYPTED") {
        return Err(unusable(path, "its key is encrypted in an old way; `openssl pkcs8 -topk8` converts it"));
    }
    let Some(encrypted) = text.find("-----BEGIN ENCRYPTED PRIVATE KEY-----") else {
        return PrivateKeyDer::from_pem_slice(bytes).map_err(|error| unusable(path, &error.to_string()));
    };
    let password =
        password.ok_or_else(|| unusable(path, "its key is encrypted and no key password is given"))?;
    let end = "-----END ENCRYPTED PRIVATE KEY-----";
    let section = text[encrypted..].find(end).map(|length| &text[encrypted..encrypted + length + end.len()]);
    let section = section.ok_or_else(|| unusable(path, "its key has no end"))?;
    let (_, document) =
        SecretDocument::from_pem(section).map_err(|error| unusable(path, &error.to_string()))?;
    let key = EncryptedPrivateKeyInfoRef::try_from(document.as_bytes())
        .and_then(|encrypted| encrypted.decrypt(password.expose()))
        .map_err(|error| unusable(path, &format!("its key can't be decrypted: {error}")))?;
    Ok(PrivatePkcs8KeyDer::from(key.as_bytes().to_vec()).into())
}

fn expose(password: Option<&Secret>) -> &str {
    password.map_or("", Secret::expose)
}
