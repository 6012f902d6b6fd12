//! Keys that each listener may have for itself, as `listener.name.<name>.<key>`, and some of them each mechanism too
//! (`ListenerName.configPrefix`, `BrokerSecurityConfigs`).

use super::key::{Key, Kind, key};

const SIZE: Kind = Kind::Int(0, i32::MAX as i64);

const CLIENT_AUTH: Kind = Kind::Choice(&["none", "requested", "required"]);
const TLS_VERSIONS: Kind = Kind::List(&["TLSv1.2", "TLSv1.3"]);
const STORES: Kind = Kind::Choice(&["JKS", "PKCS12", "PEM"]);

/// In the order of their names.
pub(super) const LISTENER_KEYS: &[Key] = &[
    key("connections.max.reauth.ms", Kind::Long(i64::MIN), Some("0")),
    key("max.connection.creation.rate", SIZE, Some("2147483647")),
    key("max.connections", SIZE, Some("2147483647")),
    key("sasl.enabled.mechanisms", Kind::Texts, Some("GSSAPI")),
    key("sasl.jaas.config", Kind::Password, None),
    key("sasl.oauthbearer.clock.skew.seconds", SIZE, Some("30")),
    key("sasl.oauthbearer.expected.audience", Kind::Texts, None),
    key("sasl.oauthbearer.expected.issuer", Kind::Text, None),
    key("sasl.oauthbearer.jwks.endpoint.url", Kind::Text, None),
    key("sasl.oauthbearer.sub.claim.name", Kind::Text, Some("sub")),
    key("sasl.server.callback.handler.class", Kind::Text, None),
    key("sasl.server.max.receive.size", SIZE, Some("524288")),
    key("ssl.client.auth", CLIENT_AUTH, Some("none")),
    key("ssl.enabled.protocols", TLS_VERSIONS, Some("TLSv1.2,TLSv1.3")),
    key("ssl.key.password", Kind::Password, None),
    key("ssl.keystore.certificate.chain", Kind::Password, None),
    key("ssl.keystore.key", Kind::Password, None),
    key("ssl.keystore.location", Kind::Text, None),
    key("ssl.keystore.password", Kind::Password, None),
    key("ssl.keystore.type", STORES, Some("JKS")),
    key("ssl.principal.mapping.rules", Kind::Text, Some("DEFAULT")),
    key("ssl.truststore.certificates", Kind::Password, None),
    key("ssl.truststore.location", Kind::Text, None),
    key("ssl.truststore.password", Kind::Password, None),
    key("ssl.truststore.type", STORES, Some("JKS")),
];

const PREFIX: &str = "listener.name.";

/// The part of a key behind the name of a listener and of a mechanism.
pub(super) fn plain_name(name: &str) -> Option<&str> {
    let (_, key) = name.strip_prefix(PREFIX)?.split_once('.')?;
    Some(without_mechanism(key))
}

/// The part of a key behind the name of a mechanism.
pub(super) fn without_mechanism(name: &str) -> &str {
    const MECHANISMS: [&str; 5] = ["gssapi.", "plain.", "scram-sha-256.", "scram-sha-512.", "oauthbearer."];
    MECHANISMS.iter().find_map(|mechanism| name.strip_prefix(mechanism)).unwrap_or(name)
}

/// The same key for one listener.
pub(super) fn of_listener(listener: &str, key: &str) -> String {
    format!("{PREFIX}{}.{key}", listener.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_listeners_and_mechanisms_before_them() {
        for (name, plain) in [
            ("listener.name.east.max.connections", Some("max.connections")),
            ("listener.name.east.plain.sasl.jaas.config", Some("sasl.jaas.config")),
            ("listener.name.east.scram-sha-256.connections.max.reauth.ms", Some("connections.max.reauth.ms")),
            ("max.connections", None),
            ("listener.name.east", None),
        ] {
            assert_eq!(plain_name(name), plain, "{name}");
        }
        assert_eq!(of_listener("SASL_SSL", "max.connections"), "listener.name.sasl_ssl.max.connections");
    }

    #[test]
    fn in_order() {
        assert!(LISTENER_KEYS.is_sorted_by(|one, other| one.name < other.name));
    }
}
