//! How the stream to a cluster is encrypted.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use strait_client::{ClientIdentity, Store, TlsConfig, Trust};

use super::check::Keys;
use super::secret::Secret;

/// TLS; the table alone switches it on.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// Certificates in PEM whose signature is trusted; without it and a trust store, those of the system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// Our certificate and those that signed it, in PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_file: Option<PathBuf>,
    /// The key of our certificate, in PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_password: Option<Secret>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_password_file: Option<PathBuf>,
    /// Trusted certificates: JKS, PKCS#12 or PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub truststore_file: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub truststore_password: Option<Secret>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub truststore_password_file: Option<PathBuf>,
    /// Our certificate and its key: JKS, PKCS#12 or PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keystore_file: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keystore_password: Option<Secret>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keystore_password_file: Option<PathBuf>,
    /// The broker's certificate must be made for the host that is connected to.
    #[serde(default = "default_verify_hostname")]
    pub verify_hostname: bool,
}

fn default_verify_hostname() -> bool {
    true
}

impl Default for Tls {
    fn default() -> Self {
        Self {
            ca_file: None,
            certificate_file: None,
            key_file: None,
            key_password: None,
            key_password_file: None,
            truststore_file: None,
            truststore_password: None,
            truststore_password_file: None,
            keystore_file: None,
            keystore_password: None,
            keystore_password_file: None,
            verify_hostname: default_verify_hostname(),
        }
    }
}

impl Tls {
    pub(super) fn files(&self) -> [(&'static str, Option<&PathBuf>); 8] {
        [
            ("ca_file", self.ca_file.as_ref()),
            ("certificate_file", self.certificate_file.as_ref()),
            ("key_file", self.key_file.as_ref()),
            ("key_password_file", self.key_password_file.as_ref()),
            ("truststore_file", self.truststore_file.as_ref()),
            ("truststore_password_file", self.truststore_password_file.as_ref()),
            ("keystore_file", self.keystore_file.as_ref()),
            ("keystore_password_file", self.keystore_password_file.as_ref()),
        ]
    }

    pub(super) fn secrets(&self) -> [(&'static str, Option<&Secret>); 3] {
        [
            ("key_password", self.key_password.as_ref()),
            ("truststore_password", self.truststore_password.as_ref()),
            ("keystore_password", self.keystore_password.as_ref()),
        ]
    }

    pub(super) fn validate(&self, keys: &mut Keys<'_>) {
        if let (Some(file), Some(_)) = (&self.ca_file, &self.truststore_file) {
            keys.problem("ca_file", &file.display(), "only one of ca_file and truststore_file");
        }
        if let (Some(file), Some(_)) = (&self.certificate_file, &self.keystore_file) {
            keys.problem(
                "certificate_file",
                &file.display(),
                "only one of certificate_file and keystore_file",
            );
        }
        match (&self.certificate_file, &self.key_file) {
            (Some(file), None) => {
                keys.problem("certificate_file", &file.display(), "together with key_file");
            }
            (None, Some(file)) => keys.problem("key_file", &file.display(), "together with certificate_file"),
            _ => {}
        }
        let has_key = self.key_file.is_some() || self.keystore_file.is_some();
        keys.password("key_password", self.key_password.as_ref(), self.key_password_file.as_ref(), has_key);
        let (text, file) = (self.truststore_password.as_ref(), self.truststore_password_file.as_ref());
        keys.password("truststore_password", text, file, self.truststore_file.is_some());
        let (text, file) = (self.keystore_password.as_ref(), self.keystore_password_file.as_ref());
        keys.password("keystore_password", text, file, self.keystore_file.is_some());
    }

    pub(super) fn client(&self) -> TlsConfig {
        TlsConfig { trust: self.trust(), identity: self.identity(), verify_hostname: self.verify_hostname }
    }

    fn trust(&self) -> Trust {
        let (text, file) = (self.truststore_password.as_ref(), self.truststore_password_file.as_ref());
        match (&self.ca_file, &self.truststore_file) {
            (Some(file), _) => Trust::Store(Store { file: file.clone(), password: None }),
            (None, Some(store)) => {
                Trust::Store(Store { file: store.clone(), password: Secret::source(text, file) })
            }
            (None, None) => Trust::System,
        }
    }

    fn identity(&self) -> Option<ClientIdentity> {
        let key_password = Secret::source(self.key_password.as_ref(), self.key_password_file.as_ref());
        if let (Some(certificate_file), Some(key_file)) = (&self.certificate_file, &self.key_file) {
            let (certificate_file, key_file) = (certificate_file.clone(), key_file.clone());
            return Some(ClientIdentity::Pem { certificate_file, key_file, key_password });
        }
        let (text, file) = (self.keystore_password.as_ref(), self.keystore_password_file.as_ref());
        self.keystore_file.as_ref().map(|store| {
            let store = Store { file: store.clone(), password: Secret::source(text, file) };
            ClientIdentity::Store { store, key_password }
        })
    }
}
