//! What a listener with SASL knows of its clients. The rules are in `strait_broker_core::sasl`, the conversation in
//! `connection`.

// Keys by which tokens are checked.
mod tokens;

use std::fmt;

use strait_broker_core::sasl::scram::{ScramCredential, ScramMechanism};
use strait_broker_core::sasl::{BearerToken, Credentials, Mechanism, lifetime_ms};

use crate::node::Node;
use crate::random::{self, NoRandomnessError};
use crate::settings::SaslSettings;

pub use tokens::TokenKeysError;

use tokens::Tokens;

/// SASL at one listener, for all its connections.
pub(crate) struct Sasl {
    pub(crate) settings: SaslSettings,
    /// From which users that do not exist get their salts.
    secret: [u8; 16],
    tokens: Option<Tokens>,
}

/// SASL can't be served with what the settings name.
#[derive(Debug, thiserror::Error)]
pub enum SaslSetupError {
    #[error(transparent)]
    NoRandomness(#[from] NoRandomnessError),
    #[error(transparent)]
    Keys(#[from] TokenKeysError),
}

impl fmt::Debug for Sasl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sasl").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Sasl {
    /// Reads the keys of tokens. Blocks.
    pub(crate) fn new(settings: SaslSettings) -> Result<Self, SaslSetupError> {
        let tokens = settings.bearer.clone().map(Tokens::new).transpose()?;
        Ok(Self { settings, secret: random::number()?.to_be_bytes(), tokens })
    }

    /// Names of what is enabled.
    pub(crate) fn mechanism_names(&self) -> Vec<String> {
        self.settings.mechanisms.iter().map(|mechanism| mechanism.name().to_owned()).collect()
    }

    /// How long an authentication counts; None: as long as the connection.
    pub(crate) fn lifetime_ms(
        &self,
        mechanism: Mechanism,
        credential_expires_ms: Option<i64>,
        now_ms: i64,
    ) -> Option<i64> {
        let allowed_ms = self.settings.max_session_ms.get(&mechanism).copied().unwrap_or(0);
        lifetime_ms(allowed_ms, credential_expires_ms, now_ms)
    }

    pub(crate) fn credentials<'a>(&'a self, node: &'a Node) -> impl Credentials + 'a {
        Known { sasl: self, node }
    }
}

struct Known<'a> {
    sasl: &'a Sasl,
    node: &'a Node,
}

impl Credentials for Known<'_> {
    fn password(&self, username: &str) -> Option<String> {
        self.sasl.settings.users.get(username).cloned()
    }

    fn scram(&self, mechanism: ScramMechanism, username: &str) -> Option<ScramCredential> {
        self.node.controller.scram_users().credential(mechanism, username)
    }

    fn bearer(&self, token: &str, now_ms: i64) -> Option<BearerToken> {
        self.sasl.tokens.as_ref()?.check(token, now_ms)
    }

    fn secret(&self) -> &[u8] {
        &self.sasl.secret
    }
}
