//! How a listener wants its clients to authenticate (`BrokerSecurityConfigs`).

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use strait_broker_core::sasl::Mechanism;

use super::bearer::BearerSettings;
use super::{SettingError, Settings, jaas};

const MECHANISMS: &str = "sasl.enabled.mechanisms";
const JAAS: &str = "sasl.jaas.config";
const REAUTHENTICATION: &str = "connections.max.reauth.ms";

/// SASL at one listener.
#[derive(Clone)]
pub(crate) struct SaslSettings {
    pub(crate) mechanisms: Vec<Mechanism>,
    /// Passwords of PLAIN by username.
    pub(crate) users: BTreeMap<String, String>,
    /// Where tokens of OAUTHBEARER are taken.
    pub(crate) bearer: Option<BearerSettings>,
    /// Longest message before a client is known.
    pub(crate) max_receive_bytes: usize,
    /// A refusal is told, and the connection closed, after this time.
    pub(crate) failure_delay: Duration,
    /// How long an authentication counts, by mechanism; 0 and less: as long as the connection.
    pub(crate) max_session_ms: BTreeMap<Mechanism, i64>,
}

impl fmt::Debug for SaslSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("SaslSettings");
        shown.field("mechanisms", &self.mechanisms).finish_non_exhaustive()
    }
}

impl Settings {
    /// SASL at a listener.
    ///
    /// # Errors
    /// A mechanism that is not served, users that can't be read.
    pub(crate) fn sasl(&self, listener: &str) -> Result<SaslSettings, SettingError> {
        let mechanisms = self.mechanisms(listener)?;
        let sessions = mechanisms.iter().map(|mechanism| {
            let given = self.text_of_mechanism(listener, *mechanism, REAUTHENTICATION);
            (*mechanism, given.and_then(|millis| millis.parse().ok()).unwrap_or(0))
        });
        let millis = self.number("connection.failed.authentication.delay.ms");
        let max_receive = self.text_for(listener, "sasl.server.max.receive.size");
        let bearer = mechanisms.contains(&Mechanism::OauthBearer);
        Ok(SaslSettings {
            bearer: bearer.then(|| self.bearer(listener)).transpose()?,
            users: self.plain_users(listener)?,
            max_receive_bytes: max_receive.parse().unwrap_or_default(),
            failure_delay: Duration::from_millis(millis.unsigned_abs()),
            max_session_ms: sessions.collect(),
            mechanisms,
        })
    }

    fn mechanisms(&self, listener: &str) -> Result<Vec<Mechanism>, SettingError> {
        let given = self.text_for(listener, MECHANISMS);
        let names = given.split(',').map(str::trim).filter(|name| !name.is_empty());
        let error = |name: &str| {
            let served: Vec<&str> = Mechanism::ALL.iter().map(|mechanism| mechanism.name()).collect();
            let allowed = format!("listener {listener} wants {name}, served are {}", served.join(", "));
            SettingError { key: MECHANISMS.to_owned(), value: given.to_owned(), allowed }
        };
        let found: Result<Vec<Mechanism>, SettingError> =
            names.map(|name| Mechanism::named(name).ok_or_else(|| error(name))).collect();
        found.and_then(|found| if found.is_empty() { Err(error("no mechanism")) } else { Ok(found) })
    }

    fn plain_users(&self, listener: &str) -> Result<BTreeMap<String, String>, SettingError> {
        let Some(text) = self.text_of_mechanism(listener, Mechanism::Plain, JAAS) else {
            return Ok(BTreeMap::new());
        };
        let hidden = "[hidden]".to_owned();
        jaas::users(text).map_err(|error| {
            let allowed = format!("listener {listener}: {error}");
            SettingError { key: JAAS.to_owned(), value: hidden, allowed }
        })
    }

    /// The value of a mechanism at a listener: of both, of the listener, of the mechanism, of the broker.
    pub(super) fn text_of_mechanism(&self, listener: &str, mechanism: Mechanism, key: &str) -> Option<&str> {
        let of_mechanism = format!("{}.{key}", mechanism.name().to_lowercase());
        self.given_for(listener, &of_mechanism)
            .or_else(|| self.given_for(listener, key))
            .or_else(|| self.given(&of_mechanism))
            .or_else(|| self.given(key))
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use strait_broker_core::sasl::scram::ScramMechanism;

    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Settings {
        let mut settings = Settings::new(PathBuf::new(), "127.0.0.1:9092".to_owned());
        for (key, value) in pairs {
            assert_eq!(settings.set(key, value), Ok(true), "{key}");
        }
        settings
    }

    const MODULE: &str = "org.apache.kafka.common.security.plain.PlainLoginModule required";

    #[test]
    fn the_closest_value_counts() {
        let jaas = |user: &str| format!("{MODULE} user_{user}=\"x\";");
        let settings = settings(&[
            (MECHANISMS, "PLAIN"),
            ("listener.name.inside.sasl.enabled.mechanisms", "SCRAM-SHA-512, PLAIN"),
            ("listener.name.inside.plain.sasl.jaas.config", &jaas("near")),
            (JAAS, &jaas("far")),
            (REAUTHENTICATION, "5000"),
            ("listener.name.inside.scram-sha-512.connections.max.reauth.ms", "7000"),
        ]);
        let inside = settings.sasl("INSIDE").expect("valid");
        let scram = Mechanism::Scram(ScramMechanism::Sha512);
        assert_eq!(inside.mechanisms, [scram, Mechanism::Plain]);
        assert_eq!(inside.users.keys().collect::<Vec<_>>(), ["near"]);
        assert_eq!(inside.max_session_ms, BTreeMap::from([(scram, 7_000), (Mechanism::Plain, 5_000)]));
        let outside = settings.sasl("OUTSIDE").expect("valid");
        assert_eq!(outside.mechanisms, [Mechanism::Plain]);
        assert_eq!(outside.users.keys().collect::<Vec<_>>(), ["far"]);
        assert_eq!(outside.failure_delay, Duration::from_millis(100));
    }

    #[test]
    fn what_is_wrong_is_named_and_no_password_is_shown() {
        let error = settings(&[]).sasl("EAST").expect_err("no Kerberos here");
        assert!(error.to_string().contains("wants GSSAPI"), "{error}");
        let broken = format!("{MODULE} user_alice=\"canary;");
        let error = settings(&[(MECHANISMS, "PLAIN"), (JAAS, &broken)]).sasl("EAST").expect_err("cut");
        assert!(error.to_string().contains("quote") && !error.to_string().contains("canary"), "{error}");
        assert!(!format!("{:?}", settings(&[(JAAS, "canary")])).contains("canary"));
    }
}
