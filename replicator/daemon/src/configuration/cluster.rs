//! How to reach a Kafka cluster.

// Problems below one key.
mod check;
// Who Strait is, and how streams are encrypted.
mod sasl;
mod secret;
mod tls;

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use strait_client::{ClientConfig, Security, SecurityError};

pub use sasl::{Mechanism, Sasl};
pub use secret::Secret;
pub use tls::Tls;

use super::{Problem, problem};
use check::Keys;

/// How to reach one Kafka cluster.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    /// `host:port` of some brokers.
    pub bootstrap: Vec<String>,
    #[serde(default = "default_client_id")]
    pub client_id: String,
    #[serde(default = "default_request_timeout_ms")]
    pub request_timeout_ms: u64,
    #[serde(default = "default_connect_timeout_ms")]
    pub connect_timeout_ms: u64,
    /// Encryption, and certificates on both sides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// User and password, or a token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sasl: Option<Sasl>,
}

fn default_client_id() -> String {
    "strait".to_owned()
}
fn default_request_timeout_ms() -> u64 {
    30_000
}
fn default_connect_timeout_ms() -> u64 {
    10_000
}

impl Cluster {
    /// What the client is made with.
    pub fn client_config(&self) -> ClientConfig {
        ClientConfig {
            bootstrap: self.bootstrap.clone(),
            client_id: self.client_id.clone(),
            request_timeout: Duration::from_millis(self.request_timeout_ms),
            connect_timeout: Duration::from_millis(self.connect_timeout_ms),
            security: self.security(),
            ..ClientConfig::default()
        }
    }

    fn security(&self) -> Security {
        Security { tls: self.tls.as_ref().map(Tls::client), sasl: self.sasl.as_ref().map(Sasl::client) }
    }

    pub(super) fn validate(&self, key: &str, problems: &mut Vec<Problem>) {
        if self.bootstrap.is_empty() {
            problems.push(problem(&format!("{key}.bootstrap"), "[]", "one or more host:port"));
        }
        for (index, address) in self.bootstrap.iter().enumerate() {
            if !is_address(address) {
                problems.push(problem(&format!("{key}.bootstrap[{index}]"), address, "host:port"));
            }
        }
        let before = problems.len();
        if let Some(tls) = &self.tls {
            tls.validate(&mut Keys { table: format!("{key}.tls"), problems });
        }
        if let Some(sasl) = &self.sasl {
            sasl.validate(&mut Keys { table: format!("{key}.sasl"), problems });
        }
        // Files are read only when it is clear which ones count.
        if problems.len() == before
            && let Err(error) = self.security().check()
        {
            let (name, value) = self.blame(&error);
            problems.push(problem(&format!("{key}.{name}"), &value, &format!("what can be used: {error}")));
        }
    }

    /// The key that names what can't be used, and its value.
    fn blame(&self, error: &SecurityError) -> (String, String) {
        let (tls, sasl) = (self.tls.clone().unwrap_or_default(), self.sasl.as_ref());
        if let Some(file) = error.file() {
            let sasl_files = sasl.map(Sasl::files).unwrap_or_default();
            let named = |table: &str, files: &[(&str, Option<&PathBuf>)]| {
                let found = files.iter().find(|(_, path)| path.is_some_and(|path| path == file));
                found.map(|(key, _)| (format!("{table}.{key}"), file.display().to_string()))
            };
            let found = named("tls", &tls.files()).or_else(|| named("sasl", &sasl_files));
            return found.unwrap_or_else(|| ("tls".to_owned(), file.display().to_string()));
        }
        let sasl_secrets = sasl.map(Sasl::secrets).unwrap_or_default();
        let named = |table: &str, secrets: &[(&str, Option<&Secret>)]| {
            let SecurityError::NoVariable { name } = error else { return None };
            let wanted = Secret::Environment(name.clone());
            let found = secrets.iter().find(|(_, secret)| secret.is_some_and(|secret| *secret == wanted));
            found.map(|(key, _)| (format!("{table}.{key}"), wanted.to_string()))
        };
        let found = named("tls", &tls.secrets()).or_else(|| named("sasl", &sasl_secrets));
        found.unwrap_or_else(|| ("tls".to_owned(), "the table".to_owned()))
    }
}

fn is_address(address: &str) -> bool {
    address
        .rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(tables: &serde_json::Value) -> Vec<String> {
        let mut cluster = serde_json::json!({ "bootstrap": ["kafka:9092"] });
        for (key, table) in tables.as_object().expect("tables") {
            cluster[key] = table.clone();
        }
        let cluster: Cluster = serde_json::from_value(cluster).expect("a cluster");
        let mut problems = Vec::new();
        cluster.validate("clusters.east", &mut problems);
        problems.into_iter().map(|problem| problem.key).collect()
    }

    #[test]
    fn what_is_missing_or_too_much_is_named() {
        let user = |key: &str| serde_json::json!({ "mechanism": "PLAIN", "username": "u", key: "canary" });
        let cases = [
            (serde_json::json!({ "sasl": user("password") }), vec![]),
            (serde_json::json!({ "sasl": { "mechanism": "PLAIN" } }), vec!["sasl.username", "sasl.password"]),
            (serde_json::json!({ "sasl": user("password_file") }), vec!["sasl.password_file"]),
            (serde_json::json!({ "sasl": { "mechanism": "OAUTHBEARER" } }), vec!["sasl.token_file"]),
            (
                serde_json::json!({ "sasl": { "mechanism": "SCRAM-SHA-256", "username": "u", "password": "***" } }),
                vec!["sasl.password"],
            ),
            (
                serde_json::json!({ "sasl": { "mechanism": "PLAIN", "username": "u", "password": "${env:STRAIT_NO_SUCH}" } }),
                vec!["sasl.password"],
            ),
            (serde_json::json!({ "tls": { "ca_file": "/no/such.pem" } }), vec!["tls.ca_file"]),
            (serde_json::json!({ "tls": { "certificate_file": "a" } }), vec!["tls.certificate_file"]),
            (serde_json::json!({ "tls": { "key_file": "a" } }), vec!["tls.key_file"]),
            (serde_json::json!({ "tls": { "ca_file": "a", "truststore_file": "b" } }), vec!["tls.ca_file"]),
            (serde_json::json!({ "tls": { "truststore_password": "x" } }), vec!["tls.truststore_password"]),
        ];
        for (tables, expected) in cases {
            let expected: Vec<String> = expected.iter().map(|key| format!("clusters.east.{key}")).collect();
            assert_eq!(problems(&tables), expected, "{tables}");
        }
    }
}
