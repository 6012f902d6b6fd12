//! TLS at a listener (`SslConfigs`, `BrokerSecurityConfigs`).

use std::path::PathBuf;

use strait_broker_core::principal::PrincipalMapping;
use strait_client::{ClientIdentity, Secret, SecretSource, Store};

use super::listeners::Protocol;
use super::{Listener, SettingError, Settings};

const KEY_STORE: &str = "ssl.keystore.location";
const CHAIN: &str = "ssl.keystore.certificate.chain";
const KEY: &str = "ssl.keystore.key";
const KEY_PASSWORD: &str = "ssl.key.password";
const TRUST_STORE: &str = "ssl.truststore.location";
const TRUSTED: &str = "ssl.truststore.certificates";
const CLIENT_AUTH: &str = "ssl.client.auth";
const RULES: &str = "ssl.principal.mapping.rules";

/// TLS at one listener.
#[derive(Clone, Debug)]
pub(crate) struct TlsSettings {
    pub(crate) identity: IdentitySource,
    pub(crate) trust: TrustSource,
    pub(crate) client_auth: ClientAuth,
    pub(crate) has_tls_1_2: bool,
    pub(crate) has_tls_1_3: bool,
    pub(crate) principals: PrincipalMapping,
}

/// Where the broker's certificate and key are.
#[derive(Clone, Debug)]
pub(crate) enum IdentitySource {
    Files(ClientIdentity),
    /// In the settings themselves, as PEM.
    Text {
        chain: String,
        key: Secret,
        key_password: Option<Secret>,
    },
}

/// Who may sign certificates of clients.
#[derive(Clone, Debug)]
pub(crate) enum TrustSource {
    File(Store),
    /// In the settings themselves, as PEM.
    Text(String),
    /// Whom the operating system trusts.
    System,
}

/// Whether clients show a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientAuth {
    None,
    Requested,
    Required,
}

impl Settings {
    /// TLS at a listener.
    ///
    /// # Errors
    /// No certificate of the broker's own, rules for names that can't be read.
    pub(crate) fn tls(&self, listener: &Listener) -> Result<TlsSettings, SettingError> {
        let name = listener.name.as_str();
        let versions = self.text_for(name, "ssl.enabled.protocols");
        let has = |version| versions.split(',').any(|given| given.trim() == version);
        let wrong = |key: &str, allowed: String| {
            let value = self.given_at(name, key).unwrap_or_default().to_owned();
            SettingError { key: key.to_owned(), value, allowed: format!("listener {name}: {allowed}") }
        };
        let rules = PrincipalMapping::parse(self.text_for(name, RULES));
        let identity = self.identity(name);
        Ok(TlsSettings {
            identity: identity
                .ok_or_else(|| wrong(KEY_STORE, "the broker needs a certificate".to_owned()))?,
            trust: self.trust(name),
            client_auth: self.client_auth(listener),
            has_tls_1_2: has("TLSv1.2"),
            has_tls_1_3: has("TLSv1.3"),
            principals: rules.map_err(|error| wrong(RULES, error.to_string()))?,
        })
    }

    fn given_at(&self, listener: &str, key: &str) -> Option<&str> {
        self.given_for(listener, key).or_else(|| self.given(key)).filter(|value| !value.is_empty())
    }

    fn secret_at(&self, listener: &str, key: &str) -> Option<Secret> {
        self.given_at(listener, key).map(|value| Secret::new(value.to_owned()))
    }

    fn identity(&self, listener: &str) -> Option<IdentitySource> {
        let key_password = self.secret_at(listener, KEY_PASSWORD);
        if let Some(file) = self.given_at(listener, KEY_STORE) {
            let store = self.store(listener, file, "ssl.keystore.password");
            let key_password = key_password.map(SecretSource::Value);
            return Some(IdentitySource::Files(ClientIdentity::Store { store, key_password }));
        }
        let chain = self.given_at(listener, CHAIN)?.to_owned();
        Some(IdentitySource::Text { chain, key: self.secret_at(listener, KEY)?, key_password })
    }

    fn trust(&self, listener: &str) -> TrustSource {
        match (self.given_at(listener, TRUST_STORE), self.given_at(listener, TRUSTED)) {
            (Some(file), _) => TrustSource::File(self.store(listener, file, "ssl.truststore.password")),
            (None, Some(text)) => TrustSource::Text(text.to_owned()),
            (None, None) => TrustSource::System,
        }
    }

    fn store(&self, listener: &str, file: &str, password: &str) -> Store {
        let password = self.secret_at(listener, password).map(SecretSource::Value);
        Store { file: PathBuf::from(file), password }
    }

    /// With SASL certificates are asked for only where the listener says so itself (KIP-684).
    fn client_auth(&self, listener: &Listener) -> ClientAuth {
        let given = match listener.protocol {
            Protocol::SaslSsl => self.given_for(&listener.name, CLIENT_AUTH).unwrap_or("none"),
            Protocol::Ssl | Protocol::Plaintext | Protocol::SaslPlaintext => {
                self.text_for(&listener.name, CLIENT_AUTH)
            }
        };
        match given {
            "required" => ClientAuth::Required,
            "requested" => ClientAuth::Requested,
            _ => ClientAuth::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Settings {
        let mut settings = Settings::new(PathBuf::new(), "127.0.0.1:9092".to_owned());
        let listeners = ("listeners", "SSL://:1,SASL_SSL://:2");
        for (key, value) in [listeners].iter().chain(pairs) {
            assert_eq!(settings.set(key, value), Ok(true), "{key}");
        }
        settings
    }

    fn at(settings: &Settings, index: usize) -> Result<TlsSettings, SettingError> {
        settings.tls(&settings.listeners().expect("listeners")[index])
    }

    #[test]
    fn a_listener_may_have_a_certificate_of_its_own() {
        let settings = settings(&[
            ("ssl.keystore.location", "all.jks"),
            ("listener.name.ssl.ssl.keystore.location", "ssl.jks"),
            ("ssl.client.auth", "required"),
            ("ssl.enabled.protocols", "TLSv1.3"),
        ]);
        let file = |tls: &TlsSettings| match &tls.identity {
            IdentitySource::Files(ClientIdentity::Store { store, .. }) => store.file.clone(),
            other => panic!("{other:?}"),
        };
        let (ssl, sasl) = (at(&settings, 0).expect("valid"), at(&settings, 1).expect("valid"));
        assert_eq!((file(&ssl), file(&sasl)), (PathBuf::from("ssl.jks"), PathBuf::from("all.jks")));
        assert_eq!((ssl.client_auth, sasl.client_auth), (ClientAuth::Required, ClientAuth::None));
        assert_eq!((ssl.has_tls_1_2, ssl.has_tls_1_3), (false, true));
    }

    #[test]
    fn what_is_wrong_is_named_and_no_password_is_shown() {
        let error = at(&settings(&[]), 0).expect_err("no certificate");
        assert!(error.to_string().contains("ssl.keystore.location"), "{error}");
        let pairs = [("ssl.keystore.location", "all.jks"), ("ssl.principal.mapping.rules", "RULE:x")];
        let error = at(&settings(&pairs), 0).expect_err("no rule");
        assert!(error.to_string().contains("listener SSL"), "{error}");
        let pairs = [("ssl.keystore.location", "all.jks"), ("ssl.keystore.password", "canary")];
        let tls = at(&settings(&pairs), 0).expect("valid");
        assert!(!format!("{tls:?}").contains("canary"));
    }
}
