//! Keys by which tokens are checked, read again when their file changes.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use strait_broker_core::sasl::BearerToken;
use strait_broker_core::sasl::jwt::{self, Issuer, KeySet, KeySetError};

use crate::settings::{BearerSettings, TokenTrust};

/// Far above every set of keys.
const LIMIT: u64 = 1 << 20;

/// A file of keys that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TokenKeysError {
    #[error("{} can't be read: {source}", .file.display())]
    Unreadable { file: PathBuf, source: io::Error },
    #[error("{} can't be used: {source}", .file.display())]
    Unusable { file: PathBuf, source: KeySetError },
}

/// Tokens at one listener.
pub(super) struct Tokens {
    settings: BearerSettings,
    current: Mutex<Current>,
}

struct Current {
    issuer: Issuer,
    changed: Option<SystemTime>,
}

impl Tokens {
    pub(super) fn new(settings: BearerSettings) -> Result<Self, TokenKeysError> {
        let current = match &settings.trust {
            TokenTrust::Nobody => {
                tracing::warn!("tokens without a signature are taken: anybody can be anyone");
                Current { issuer: Issuer::Nobody, changed: None }
            }
            TokenTrust::File(file) => Current { issuer: Issuer::Keys(read(file)?), changed: changed(file) },
        };
        Ok(Self { settings, current: Mutex::new(current) })
    }

    /// Whose a token is. Why one is not believed is logged; the client does not hear it.
    pub(super) fn check(&self, token: &str, now_ms: i64) -> Option<BearerToken> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let TokenTrust::File(file) = &self.settings.trust {
            current.refresh(file);
        }
        match jwt::validate(token, &current.issuer, &self.settings.rules, now_ms) {
            Ok(token) => Some(token),
            Err(error) => {
                tracing::info!(%error, "token refused");
                None
            }
        }
    }
}

impl Current {
    fn refresh(&mut self, file: &Path) {
        let changed = changed(file);
        if changed == self.changed {
            return;
        }
        self.changed = changed;
        match read(file) {
            Ok(keys) => self.issuer = Issuer::Keys(keys),
            Err(error) => tracing::warn!(%error, "changed keys can't be used, the last ones stay"),
        }
    }
}

fn changed(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).and_then(|metadata| metadata.modified()).ok()
}

fn read(file: &Path) -> Result<KeySet, TokenKeysError> {
    let mut bytes = Vec::new();
    let opened = File::open(file).and_then(|open| open.take(LIMIT).read_to_end(&mut bytes));
    opened.map_err(|source| TokenKeysError::Unreadable { file: file.to_owned(), source })?;
    KeySet::parse(&bytes).map_err(|source| TokenKeysError::Unusable { file: file.to_owned(), source })
}
