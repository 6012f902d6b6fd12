//! A password in the configuration: stars wherever it is shown or written, unless it only names where it is.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use strait_client::SecretSource;

use super::super::{Problem, problem};

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

    /// Where the client finds it.
    pub(crate) fn source_of(&self) -> SecretSource {
        match self {
            Self::Text(text) => SecretSource::Value(text.clone()),
            Self::Environment(name) => SecretSource::Environment(name.clone()),
        }
    }

    /// Whether it is there, where no file can stand in for it.
    pub(crate) fn check(&self, key: &str, problems: &mut Vec<Problem>) {
        if self.is_redacted() {
            problems.push(problem(key, STARS, "the secret itself or `${env:NAME}`"));
        } else if let Err(error) = self.source_of().read() {
            let allowed = format!("what can be used: {error}");
            problems.push(problem(key, &self.to_string(), &allowed));
        }
    }

    /// Where the client finds it; the file counts when both are given.
    pub(super) fn source(text: Option<&Self>, file: Option<&PathBuf>) -> Option<SecretSource> {
        match (text, file) {
            (_, Some(file)) => Some(SecretSource::File(file.clone())),
            (Some(secret), None) => Some(secret.source_of()),
            (None, None) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_named() {
        let table = [
            ("canary", None),
            ("***", Some("***")),
            ("${env:STRAIT_NO_SUCH}", Some("${env:STRAIT_NO_SUCH}")),
        ];
        for (text, expected) in table {
            let mut problems = Vec::new();
            Secret::from(text.to_owned()).check("flows[0].scram_passwords.alice", &mut problems);
            let values: Vec<&str> = problems.iter().map(|problem| problem.value.as_str()).collect();
            assert_eq!(values, Vec::from_iter(expected), "{text}");
        }
    }

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
