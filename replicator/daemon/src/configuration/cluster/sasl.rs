//! How Strait tells a cluster who it is.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use strait_client::{SaslConfig, ScramHash, SecretSource};

use super::check::Keys;
use super::secret::Secret;

/// A mechanism and what it needs.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Sasl {
    pub mechanism: Mechanism,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub username: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// A file that something else keeps fresh; read at each authentication.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
pub enum Mechanism {
    #[serde(rename = "PLAIN")]
    Plain,
    #[serde(rename = "SCRAM-SHA-256")]
    ScramSha256,
    #[serde(rename = "SCRAM-SHA-512")]
    ScramSha512,
    #[serde(rename = "OAUTHBEARER")]
    OauthBearer,
}

impl Sasl {
    pub(super) fn files(&self) -> [(&'static str, Option<&PathBuf>); 2] {
        [("password_file", self.password_file.as_ref()), ("token_file", self.token_file.as_ref())]
    }

    pub(super) fn secrets(&self) -> [(&'static str, Option<&Secret>); 1] {
        [("password", self.password.as_ref())]
    }

    pub(super) fn validate(&self, keys: &mut Keys<'_>) {
        let has_user = self.mechanism != Mechanism::OauthBearer;
        let (text, file) = (self.password.as_ref(), self.password_file.as_ref());
        keys.password("password", text, file, has_user);
        if has_user {
            if self.username.is_empty() {
                keys.problem("username", &"\"\"", "a name");
            }
            if text.is_none() && file.is_none() {
                keys.problem("password", &"nothing", "password or password_file");
            }
            if let Some(file) = &self.token_file {
                keys.problem("token_file", &file.display(), "only with mechanism OAUTHBEARER");
            }
        } else {
            if !self.username.is_empty() {
                keys.problem("username", &self.username, "none with mechanism OAUTHBEARER");
            }
            if self.token_file.is_none() {
                keys.problem("token_file", &"nothing", "a file");
            }
        }
    }

    /// Keys that validation finds missing are empty here.
    pub(super) fn client(&self) -> SaslConfig {
        let username = self.username.clone();
        let password = Secret::source(self.password.as_ref(), self.password_file.as_ref())
            .unwrap_or_else(|| SecretSource::File(PathBuf::new()));
        let scram = |hash| SaslConfig::Scram { hash, username: username.clone(), password: password.clone() };
        match self.mechanism {
            Mechanism::Plain => SaslConfig::Plain { username, password },
            Mechanism::ScramSha256 => scram(ScramHash::Sha256),
            Mechanism::ScramSha512 => scram(ScramHash::Sha512),
            Mechanism::OauthBearer => {
                SaslConfig::OauthBearer { token_file: self.token_file.clone().unwrap_or_default() }
            }
        }
    }
}
