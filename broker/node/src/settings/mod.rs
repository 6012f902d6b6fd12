//! What the broker was told: Kafka's own keys of `server.properties`, and where it listens.

// Keys with their types, defaults and limits.
mod key;
// What the settings of a topic mean for its batches and its log.
mod topic_rules;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use strait_broker_core::topic_config::{BrokerConfigs, broker_setting};

pub(crate) use key::{Key, is_dynamic, is_hidden};
pub(crate) use topic_rules::{TopicRules, topic_rules};

use key::{BROKER_KEYS, find};

/// A key whose value can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key} = {value}: {allowed}")]
pub struct SettingError {
    pub key: String,
    pub value: String,
    pub allowed: String,
}

/// Where clients find the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub host: String,
    pub port: u16,
}

/// Values by their keys.
pub(crate) type Values = BTreeMap<String, String>;

/// What a broker is started with, and what was changed since.
#[derive(Debug)]
pub struct Settings {
    pub(crate) data: PathBuf,
    pub(crate) listen: String,
    pub(crate) http: Option<String>,
    /// As given, by Kafka's names; each was checked.
    given: BTreeMap<String, String>,
    /// The same with what was changed while the broker runs.
    in_force: RwLock<Arc<BrokerConfigs>>,
}

impl Clone for Settings {
    fn clone(&self) -> Self {
        Self {
            data: self.data.clone(),
            listen: self.listen.clone(),
            http: self.http.clone(),
            given: self.given.clone(),
            in_force: RwLock::new(self.in_force()),
        }
    }
}

impl Settings {
    /// A broker that keeps its data in `data` and listens on `listen` (`host:port`; port 0 takes any free one).
    pub fn new(data: PathBuf, listen: String) -> Self {
        Self { data, listen, http: None, given: BTreeMap::new(), in_force: RwLock::default() }
    }

    /// Serves health and metrics on `listen` (`host:port`).
    pub fn with_http(mut self, listen: String) -> Self {
        self.http = Some(listen);
        self
    }

    /// Takes one of Kafka's broker keys. Gives false for a key that has no meaning here.
    ///
    /// # Errors
    /// A value that the key does not allow.
    pub fn set(&mut self, key: &str, value: &str) -> Result<bool, SettingError> {
        if !check(key, value)? {
            return Ok(false);
        }
        self.given.insert(key.to_owned(), value.trim().to_owned());
        let in_force = BrokerConfigs { given: self.given.clone(), ..BrokerConfigs::clone(&self.in_force()) };
        *self.in_force.get_mut().unwrap_or_else(PoisonError::into_inner) = Arc::new(in_force);
        Ok(true)
    }

    /// The value that was given for a key.
    pub(crate) fn given(&self, key: &str) -> Option<&str> {
        self.given.get(key).map(String::as_str)
    }

    /// All values, by where they come from.
    pub(crate) fn in_force(&self) -> Arc<BrokerConfigs> {
        Arc::clone(&self.in_force.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts what was set while the broker runs in force: of this broker, and of all.
    pub(crate) fn set_dynamic(&self, dynamic: Values, dynamic_default: Values) {
        let in_force = Arc::new(BrokerConfigs { dynamic, dynamic_default, given: self.given.clone() });
        *self.in_force.write().unwrap_or_else(PoisonError::into_inner) = in_force;
    }

    /// The value in force of a key in the table; values were checked when they were set.
    pub(crate) fn text(&self, key: &str) -> String {
        let default = find(BROKER_KEYS, key).and_then(|known| known.default).unwrap_or_default();
        self.in_force().get(key).unwrap_or(default).to_owned()
    }

    /// The same as a number.
    pub(crate) fn number(&self, key: &str) -> i64 {
        self.text(key).parse().unwrap_or_default()
    }

    /// The same as a size in memory.
    pub(crate) fn size(&self, key: &str) -> usize {
        usize::try_from(self.number(key)).unwrap_or_default()
    }

    pub(crate) fn flag(&self, key: &str) -> bool {
        self.text(key).eq_ignore_ascii_case("true")
    }

    pub(crate) fn node_id(&self) -> i32 {
        let given = self.given("node.id").or(self.given("broker.id")).unwrap_or("1");
        given.parse().unwrap_or(1)
    }

    /// The first of `advertised.listeners`, e.g. `PLAINTEXT://kafka.example:9092`.
    pub(crate) fn advertised(&self) -> Option<Endpoint> {
        let first = self.given("advertised.listeners")?.split(',').next()?;
        let address = first.split_once("://").map_or(first, |(_, address)| address);
        let (host, port) = address.trim().rsplit_once(':')?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Some(Endpoint { host, port: port.parse().ok()? })
    }
}

/// Whether a value is allowed for one of the broker's keys; false for a key that has no meaning here.
pub(crate) fn check(key: &str, value: &str) -> Result<bool, SettingError> {
    if let Some(known) = find(BROKER_KEYS, key) {
        return known.check(value).map(|()| true);
    }
    let Some((setting, _)) = broker_setting(key) else { return Ok(false) };
    let error = |allowed| SettingError { key: key.to_owned(), value: value.to_owned(), allowed };
    setting.check(value).map(|()| true).map_err(error)
}

/// The keys of the broker that topics do not have.
pub(crate) fn broker_keys() -> &'static [Key] {
    BROKER_KEYS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_checked_when_they_are_set() {
        let mut settings = Settings::new(PathBuf::new(), String::new());
        assert_eq!(settings.set("num.partitions", "6"), Ok(true));
        assert_eq!(settings.number("num.partitions"), 6);
        assert_eq!(settings.set("zookeeper.connect", "x"), Ok(false));
        assert!(settings.set("num.partitions", "0").is_err());
        assert!(settings.set("auto.create.topics.enable", "yes").is_err());
        assert_eq!(settings.set("log.retention.ms", "5"), Ok(true));
    }

    #[test]
    fn the_first_advertised_listener_counts() {
        let mut settings = Settings::new(PathBuf::new(), String::new());
        assert_eq!(settings.advertised(), None);
        settings.set("advertised.listeners", "PLAINTEXT://kafka:9092,X://y:1").expect("valid");
        assert_eq!(settings.advertised(), Some(Endpoint { host: "kafka".to_owned(), port: 9092 }));
        settings.set("advertised.listeners", "PLAINTEXT://[::1]:9092").expect("valid");
        assert_eq!(settings.advertised(), Some(Endpoint { host: "::1".to_owned(), port: 9092 }));
    }

    #[test]
    fn every_default_is_allowed() {
        for key in BROKER_KEYS {
            if let Some(default) = key.default {
                key.check(default).expect(key.name);
            }
        }
    }
}
