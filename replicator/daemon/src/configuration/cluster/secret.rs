//! A password in the configuration: stars wherever it is shown or written, unless it only names where it is.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use strait_client::SecretSource;

const STARS: &str = "***";

/// A text, or `${env:NAME}` for a variable of the environment.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(from = "String", into = "String")]
pub enum Secret {
    Text(strait_client::Secret),
    Environment(String),
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        match text.strip_prefix("${env:").and_then(|rest| rest.strip_suffix('}')) {
            Some(name) => Self::Environment(name.to_owned()),
            None => Self::Text(strait_client::Secret::new(text)),
        }
    }
}

impl From<Secret> for String {
    fn from(secret: Secret) -> Self {
        match secret {
            Secret::Text(_) => STARS.to_owned(),
            Secret::Environment(name) => format!("${{env:{name}}}"),
        }
    }
}

impl std::fmt::Display for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&String::from(self.clone()))
    }
}

impl Secret {
    /// Stars were written in place of it.
    pub(super) fn is_redacted(&self) -> bool {
        matches!(self, Self::Text(text) if text.expose() == STARS)
    }

    /// Where the client finds it; the file counts when both are given.
    pub(super) fn source(text: Option<&Self>, file: Option<&PathBuf>) -> Option<SecretSource> {
        match (text, file) {
            (_, Some(file)) => Some(SecretSource::File(file.clone())),
            (Some(Self::Text(text)), None) => Some(SecretSource::Value(text.clone())),
            (Some(Self::Environment(name)), None) => Some(SecretSource::Environment(name.clone())),
            (None, None) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_references_are_written() {
        let text = Secret::from("canary".to_owned());
        assert_eq!(serde_json::to_string(&text).expect("JSON"), r#""***""#);
        assert_eq!(format!("{text:?} {text}"), "Text(***) ***");
        let reference = Secret::from("${env:EAST_PASSWORD}".to_owned());
        let written = serde_json::to_string(&reference).expect("JSON");
        assert_eq!(written, r#""${env:EAST_PASSWORD}""#);
        assert_eq!(serde_json::from_str::<Secret>(&written).expect("a secret"), reference);
    }
}
