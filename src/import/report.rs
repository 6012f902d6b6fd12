//! What an import can't honour, and what changes nothing here.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// Stands for the value of a key that is not given.
pub(super) const MISSING: &str = "missing";

/// A value that Strait can't honour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) reason: String,
}

/// What was found while a file was read.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) refusals: Vec<Refusal>,
    /// Keys by the reason why they change nothing.
    notes: BTreeMap<String, Vec<String>>,
}

impl Report {
    pub(crate) fn refuse(&mut self, key: &str, value: &str, reason: impl Into<String>) {
        let is_hidden = is_secret(key) && value != MISSING;
        let value = if is_hidden { "(secret)" } else { value }.to_owned();
        let refusal = Refusal { key: key.to_owned(), value, reason: reason.into() };
        if !self.refusals.contains(&refusal) {
            self.refusals.push(refusal);
        }
    }

    pub(crate) fn note(&mut self, key: &str, reason: impl Into<String>) {
        let keys = self.notes.entry(reason.into()).or_default();
        if !keys.iter().any(|known| known == key) {
            keys.push(key.to_owned());
        }
    }

    /// The text for a file that can't be used.
    pub(crate) fn refused(&self, path: &Path) -> String {
        let mut text = format!("error: {}: {} can't be honoured", path.display(), self.refusals.len());
        for Refusal { key, value, reason } in &self.refusals {
            let _ = write!(text, "\n  {key} = {value}: {reason}");
        }
        text
    }

    /// Every key that changes nothing, under its reason.
    pub(crate) fn noted(&self, path: &Path) -> Option<String> {
        if self.notes.is_empty() {
            return None;
        }
        let mut text = format!("{}: keys with no effect, or another one", path.display());
        for (reason, keys) in &self.notes {
            let _ = write!(text, "\n  {}: {reason}", keys.join(", "));
        }
        Some(text)
    }
}

fn is_secret(key: &str) -> bool {
    ["password", "jaas", "secret", "passphrase", "ssl.keystore.key"].iter().any(|word| key.contains(word))
}
