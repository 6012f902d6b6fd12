//! What the broker was told: Kafka's own keys of `server.properties`, and where it listens.

// Keys with their types, defaults and limits.
mod key;
// Keys of a single listener.
mod listener_key;
// Login modules of Java.
mod jaas;
// Tokens.
mod bearer;
// Certificates.
mod tls;
// How clients authenticate.
mod sasl;
// Where the broker listens.
mod listeners;
// Settings of the broker that change while it runs.
mod dynamic;
// Settings of groups.
mod group;
// What the settings of a topic mean for its batches and its log.
mod topic_rules;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use strait_broker_core::topic_config::{BrokerConfigs, broker_setting, definitions};

pub(crate) use bearer::{BearerSettings, TokenTrust};
pub(crate) use dynamic::{Reach, reach};
pub(crate) use group::{CLIENT_METRICS_KEYS, GROUP_KEYS, broker_key_of_group};
pub(crate) use key::{Key, Kind};
pub(crate) use listeners::Listener;
pub(crate) use sasl::SaslSettings;
pub(crate) use tls::{ClientAuth, IdentitySource, TlsSettings, TrustSource};
pub(crate) use topic_rules::{TopicRules, topic_rules};

use dynamic::{OTHERS, OTHERS_OF_ONE_BROKER};
use key::{BROKER_KEYS, find};
use listener_key::LISTENER_KEYS;

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
pub struct Settings {
    pub(crate) data: PathBuf,
    pub(crate) listen: String,
    pub(crate) http: Option<String>,
    /// As given, by Kafka's names; each was checked.
    given: Values,
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
        Self { data, listen, http: None, given: Values::new(), in_force: RwLock::default() }
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

    /// All keys that have a meaning, without those of single listeners.
    pub fn names() -> impl Iterator<Item = &'static str> {
        let of_topics = definitions().iter().flat_map(|definition| definition.broker_settings());
        broker_keys().map(|key| key.name).chain(of_topics.map(|setting| setting.name))
    }

    /// The value that was given for a key.
    pub(crate) fn given(&self, key: &str) -> Option<&str> {
        self.given.get(key).map(String::as_str)
    }

    /// Whether the values fit together.
    ///
    /// # Errors
    /// The first key that can't be used with the others.
    pub fn check(&self) -> Result<(), SettingError> {
        let (queued, longest) = ("queued.max.request.bytes", "socket.request.max.bytes");
        if (1..self.number(longest)).contains(&self.number(queued)) {
            let allowed = format!("must not be less than {longest}, which is {}", self.number(longest));
            return Err(SettingError {
                key: queued.to_owned(),
                value: self.text(queued).to_owned(),
                allowed,
            });
        }
        for listener in self.listeners()? {
            if listener.protocol.has_sasl() {
                self.sasl(&listener.name)?;
            }
            if listener.protocol.has_tls() {
                self.tls(&listener)?;
            }
        }
        Ok(())
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

    /// The value from the start, given or by default.
    pub(crate) fn text(&self, key: &str) -> &str {
        let default = broker_key(key).and_then(|known| known.default).unwrap_or_default();
        self.given(key).unwrap_or(default)
    }

    /// The value that a listener has for itself.
    pub(crate) fn given_for(&self, listener: &str, key: &str) -> Option<&str> {
        self.given(&listener_key::of_listener(listener, key))
    }

    /// The value for a listener: its own, else the broker's.
    pub(crate) fn text_for(&self, listener: &str, key: &str) -> &str {
        self.given_for(listener, key).unwrap_or_else(|| self.text(key))
    }

    /// The number in force of a key in the table; values were checked when they were set.
    pub(crate) fn number(&self, key: &str) -> i64 {
        let in_force = self.in_force();
        in_force.get(key).unwrap_or_else(|| self.text(key)).parse().unwrap_or_default()
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
}

/// Whether a value is allowed for a key of the broker or of one of its listeners; false for a key that has no meaning
/// here.
pub(crate) fn check(key: &str, value: &str) -> Result<bool, SettingError> {
    let of_listener = || find(LISTENER_KEYS, listener_key::plain_name(key)?);
    if let Some(known) = broker_key(key).or_else(of_listener) {
        return known.check(value).map(|()| true);
    }
    let Some((setting, _)) = broker_setting(key) else { return Ok(false) };
    let error = |allowed| SettingError { key: key.to_owned(), value: value.to_owned(), allowed };
    setting.check(value).map(|()| true).map_err(error)
}

/// The keys of the broker that topics do not have.
pub(crate) fn broker_keys() -> impl Iterator<Item = &'static Key> {
    [BROKER_KEYS, LISTENER_KEYS, OTHERS, OTHERS_OF_ONE_BROKER].into_iter().flatten()
}

/// The broker's key of this name, also where a mechanism's name stands before it.
fn broker_key(name: &str) -> Option<&'static Key> {
    let others = || find(OTHERS, name).or_else(|| find(OTHERS_OF_ONE_BROKER, name));
    let of_mechanism = || find(LISTENER_KEYS, listener_key::without_mechanism(name));
    find(BROKER_KEYS, name).or_else(of_mechanism).or_else(others)
}

/// Shows no password.
impl fmt::Debug for Settings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<&String> = self.given.keys().collect();
        let Self { data, listen, http, .. } = self;
        let mut shown = formatter.debug_struct("Settings");
        shown.field("data", data).field("listen", listen).field("http", http).field("keys", &keys).finish()
    }
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
    fn every_default_is_allowed() {
        for key in broker_keys() {
            if let Some(default) = key.default {
                key.check(default).expect(key.name);
            }
        }
    }
}
