//! Where the broker listens, how, and what clients are told of it (`listeners`, `advertised.listeners`,
//! `listener.security.protocol.map`; `AbstractKafkaConfig`, `SocketServerConfigs`).

use std::collections::BTreeMap;

use super::{Endpoint, SettingError, Settings};

/// What a client speaks to a listener (`SecurityProtocol`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Plaintext,
    Ssl,
    SaslPlaintext,
    SaslSsl,
}

impl Protocol {
    const ALL: [(&'static str, Self); 4] = [
        ("PLAINTEXT", Self::Plaintext),
        ("SSL", Self::Ssl),
        ("SASL_PLAINTEXT", Self::SaslPlaintext),
        ("SASL_SSL", Self::SaslSsl),
    ];

    fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| name.eq_ignore_ascii_case(known)).map(|(_, protocol)| *protocol)
    }

    pub(crate) fn has_sasl(self) -> bool {
        matches!(self, Self::SaslPlaintext | Self::SaslSsl)
    }

    pub(crate) fn has_tls(self) -> bool {
        matches!(self, Self::Ssl | Self::SaslSsl)
    }
}

/// A listener as it was configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listener {
    /// In capitals, as Kafka has it.
    pub(crate) name: String,
    pub(crate) protocol: Protocol,
    /// Empty: all addresses of the machine.
    pub(crate) host: String,
    /// 0: any free one.
    pub(crate) port: u16,
    /// What clients are told, where it is not what they reached.
    pub(crate) advertised: Option<Endpoint>,
}

const LISTENERS: &str = "listeners";
const ADVERTISED: &str = "advertised.listeners";
const PROTOCOL_MAP: &str = "listener.security.protocol.map";
const CONTROLLERS: &str = "controller.listener.names";
const BROKERS: &str = "inter.broker.listener.name";
/// The one listener where the keys name none.
const PLAIN: &str = "PLAINTEXT";

impl Settings {
    /// Listeners for clients. Those of controllers are left out: this broker is its own controller.
    ///
    /// # Errors
    /// A listener that is there twice, has no protocol, or is advertised and not there.
    pub(crate) fn listeners(&self) -> Result<Vec<Listener>, SettingError> {
        let Some(given) = self.given(LISTENERS) else { return Ok(vec![self.only_listener()?]) };
        let error = |allowed: String| wrong(LISTENERS, given, allowed);
        let (protocols, controllers) = (self.protocols()?, self.controller_listeners());
        let advertised = self.advertised_listeners(&controllers)?;
        let mut listeners: Vec<Listener> = Vec::new();
        for (name, address) in entries(LISTENERS, given)? {
            if controllers.contains(&name) {
                continue;
            }
            let Some(protocol) = protocols.get(&name).copied() else {
                return Err(error(format!("no security protocol defined for listener {name}")));
            };
            if listeners.iter().any(|listener| listener.name == name) {
                return Err(error("each listener must have a different name".to_owned()));
            }
            let Endpoint { host, port } = address;
            if port != 0 && listeners.iter().any(|listener| (listener.port, &listener.host) == (port, &host))
            {
                return Err(error("each listener must have a different port".to_owned()));
            }
            let advertised = advertised.get(&name).cloned();
            listeners.push(Listener { name, protocol, host, port, advertised });
        }
        if listeners.is_empty() {
            return Err(error("no listener for clients is left".to_owned()));
        }
        match advertised.keys().find(|name| !listeners.iter().any(|listener| &listener.name == *name)) {
            Some(name) => {
                let allowed = format!("{name} is not in listeners");
                Err(wrong(ADVERTISED, self.given(ADVERTISED).unwrap_or_default(), allowed))
            }
            None => Ok(listeners),
        }
    }

    /// The one at the address that the broker was started with. The first advertised one is its.
    fn only_listener(&self) -> Result<Listener, SettingError> {
        let error = || wrong(LISTENERS, &self.listen, "must be host:port".to_owned());
        let Endpoint { host, port } = endpoint(&self.listen).ok_or_else(error)?;
        let controllers = self.controller_listeners();
        let advertised = entries(ADVERTISED, self.given(ADVERTISED).unwrap_or_default())?;
        let mut advertised = advertised.into_iter().filter(|(name, _)| !controllers.contains(name));
        let advertised = advertised.next().map(|(_, endpoint)| endpoint);
        Ok(Listener { name: PLAIN.to_owned(), protocol: Protocol::Plaintext, host, port, advertised })
    }

    fn advertised_listeners(
        &self,
        controllers: &[String],
    ) -> Result<BTreeMap<String, Endpoint>, SettingError> {
        let given = self.given(ADVERTISED).unwrap_or_default();
        let mut advertised = BTreeMap::new();
        for (name, endpoint) in entries(ADVERTISED, given)? {
            if endpoint.host == "0.0.0.0" {
                let allowed = "0.0.0.0 is no address that a client can reach".to_owned();
                return Err(wrong(ADVERTISED, given, allowed));
            }
            if !controllers.contains(&name) {
                advertised.insert(name, endpoint);
            }
        }
        Ok(advertised)
    }

    fn protocols(&self) -> Result<BTreeMap<String, Protocol>, SettingError> {
        let given = self.text(PROTOCOL_MAP);
        let mut protocols: BTreeMap<String, Protocol> =
            Protocol::ALL.iter().map(|(name, protocol)| ((*name).to_owned(), *protocol)).collect();
        for entry in parts(given) {
            let split = entry.split_once(':');
            let found = split.and_then(|(name, protocol)| Some((name, Protocol::named(protocol.trim())?)));
            let Some((name, protocol)) = found else {
                let names: Vec<&str> = Protocol::ALL.iter().map(|(name, _)| *name).collect();
                let allowed = format!("{entry} must be NAME:PROTOCOL with one of {}", names.join(", "));
                return Err(wrong(PROTOCOL_MAP, given, allowed));
            };
            protocols.insert(name.trim().to_uppercase(), protocol);
        }
        Ok(protocols)
    }

    fn controller_listeners(&self) -> Vec<String> {
        parts(self.given(CONTROLLERS).unwrap_or_default()).map(str::to_uppercase).collect()
    }

    /// The listener of brokers, which has rights of its own where there are others beside it.
    pub(crate) fn broker_listener(&self) -> Option<String> {
        self.given(BROKERS).map(str::to_uppercase)
    }
}

fn parts(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|part| !part.is_empty())
}

/// `NAME://host:port`, separated by commas.
fn entries(key: &str, list: &str) -> Result<Vec<(String, Endpoint)>, SettingError> {
    let entry = |part: &str| {
        let (name, address) = part.split_once("://")?;
        Some((name.to_uppercase(), endpoint(address)?))
    };
    let error = |part| wrong(key, list, format!("{part} must be NAME://host:port"));
    parts(list).map(|part| entry(part).ok_or_else(|| error(part))).collect()
}

fn endpoint(address: &str) -> Option<Endpoint> {
    let (host, port) = address.trim().rsplit_once(':')?;
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    Some(Endpoint { host, port: port.parse().ok()? })
}

fn wrong(key: &str, value: &str, allowed: String) -> SettingError {
    SettingError { key: key.to_owned(), value: value.to_owned(), allowed }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Settings {
        let mut settings = Settings::new(PathBuf::new(), "127.0.0.1:9092".to_owned());
        for (key, value) in pairs {
            assert_eq!(settings.set(key, value), Ok(true), "{key}");
        }
        settings
    }

    fn at(host: &str, port: u16) -> Endpoint {
        Endpoint { host: host.to_owned(), port }
    }

    #[test]
    fn without_the_keys_there_is_one_plain_listener() {
        let listeners = settings(&[]).listeners().expect("one");
        let [listener] = &listeners[..] else { panic!("{listeners:?}") };
        assert_eq!((listener.name.as_str(), listener.protocol), (PLAIN, Protocol::Plaintext));
        assert_eq!((listener.host.as_str(), listener.port), ("127.0.0.1", 9092));
        assert_eq!(listener.advertised, None);
        let told = |value| settings(&[(ADVERTISED, value)]).listeners().expect("one")[0].advertised.clone();
        assert_eq!(told("PLAINTEXT://kafka:9092,X://y:1"), Some(at("kafka", 9092)));
        assert_eq!(told("PLAINTEXT://[::1]:9092"), Some(at("::1", 9092)));
    }

    #[test]
    fn a_file_for_kraft_is_understood() {
        let listeners = settings(&[
            (LISTENERS, "PLAINTEXT://:9092,CONTROLLER://:9093,inside://0.0.0.0:9094"),
            (ADVERTISED, "PLAINTEXT://kafka.example:19092,CONTROLLER://localhost:9093"),
            (PROTOCOL_MAP, "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,INSIDE:SASL_PLAINTEXT"),
            (CONTROLLERS, "CONTROLLER"),
        ]);
        let listeners = listeners.listeners().expect("two");
        let [plain, inside] = &listeners[..] else { panic!("{listeners:?}") };
        assert_eq!((plain.host.as_str(), plain.port), ("", 9092));
        assert_eq!(plain.advertised, Some(at("kafka.example", 19092)));
        assert_eq!((inside.name.as_str(), inside.protocol), ("INSIDE", Protocol::SaslPlaintext));
        assert_eq!(inside.advertised, None);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let cases: &[(&[(&str, &str)], &str)] = &[
            (&[(LISTENERS, "EAST://:1")], "no security protocol defined for listener EAST"),
            (&[(LISTENERS, "PLAINTEXT://:1,plaintext://:2")], "different name"),
            (&[(LISTENERS, "PLAINTEXT://:1,SASL_PLAINTEXT://:1")], "different port"),
            (&[(LISTENERS, "PLAINTEXT:1")], "must be NAME://host:port"),
            (&[(LISTENERS, "PLAINTEXT://:x")], "must be NAME://host:port"),
            (&[(LISTENERS, "PLAINTEXT://:1"), (CONTROLLERS, "PLAINTEXT")], "no listener for clients"),
            (&[(LISTENERS, "PLAINTEXT://:1"), (ADVERTISED, "SSL://a:1")], "SSL is not in listeners"),
            (&[(LISTENERS, "PLAINTEXT://:1"), (ADVERTISED, "PLAINTEXT://0.0.0.0:1")], "can reach"),
            (&[(LISTENERS, "PLAINTEXT://:1"), (PROTOCOL_MAP, "PLAINTEXT:TLS")], "NAME:PROTOCOL"),
        ];
        for (pairs, said) in cases {
            let error = settings(pairs).listeners().expect_err(said);
            assert!(error.allowed.contains(said), "{error}");
        }
    }
}
