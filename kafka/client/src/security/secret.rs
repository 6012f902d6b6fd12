//! Passwords and tokens: wiped after use, shown as stars.

use std::fmt;
use std::path::PathBuf;

use zeroize::Zeroizing;

use super::SecurityError;
use super::file;

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

/// Where a secret comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    Value(Secret),
    /// The file's text without the line end behind it.
    File(PathBuf),
    /// A variable of the environment.
    Environment(String),
}

impl SecretSource {
    /// Reads it, as it is now.
    pub fn read(&self) -> Result<Secret, SecurityError> {
        match self {
            Self::Value(secret) => Ok(secret.clone()),
            Self::Environment(name) => match std::env::var(name) {
                Ok(text) => Ok(Secret::new(text)),
                Err(_) => Err(SecurityError::NoVariable { name: name.clone() }),
            },
            Self::File(path) => {
                let text = file::read_text(path)?;
                Ok(Secret::new(text.trim_end_matches(['\r', '\n']).to_owned()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_stars() {
        let source = SecretSource::Value(Secret::new("canary".to_owned()));
        assert_eq!(format!("{source:?}"), "Value(***)");
        assert_eq!(source.read().expect("a value").to_string(), "***");
    }
}
