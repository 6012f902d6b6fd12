//! Keys of a cluster's encryption and of who Strait is there.

use super::{Key, Kind};

const FILE: &str = "a file";
const SECRET: &str = "the secret itself or `${env:NAME}`";
const STORE: &str = "a file in JKS, PKCS#12 or PEM";

/// A key that has no default.
const fn optional(
    path: &'static str,
    kind: Kind,
    allowed: &'static str,
    example: &'static str,
    what: &'static str,
) -> Key {
    Key::new(path, kind, None, allowed, example, what)
}

pub(super) const KEYS: &[Key] = &[
    optional(
        "clusters.ALIAS.tls.ca_file",
        Kind::Text,
        "a file in PEM; not with truststore_file",
        "ca_file = \"ca.pem\"",
        "Certificates whose signature is trusted; without it and a trust store, those of the system.",
    ),
    optional(
        "clusters.ALIAS.tls.truststore_file",
        Kind::Text,
        STORE,
        "truststore_file = \"trust.jks\"",
        "Certificates whose signature is trusted.",
    ),
    optional(
        "clusters.ALIAS.tls.truststore_password",
        Kind::Secret,
        SECRET,
        "truststore_password = \"${env:TRUST_PASSWORD}\"",
        "Opens the trust store.",
    ),
    optional(
        "clusters.ALIAS.tls.truststore_password_file",
        Kind::Text,
        FILE,
        "truststore_password_file = \"trust.password\"",
        "The same from a file.",
    ),
    optional(
        "clusters.ALIAS.tls.certificate_file",
        Kind::Text,
        "a file in PEM, with key_file; not with keystore_file",
        "certificate_file = \"strait.pem\"",
        "Strait's certificate, for brokers with mutual TLS.",
    ),
    optional(
        "clusters.ALIAS.tls.key_file",
        Kind::Text,
        "a file in PEM, with certificate_file",
        "key_file = \"strait.key\"",
        "The key of that certificate.",
    ),
    optional(
        "clusters.ALIAS.tls.key_password",
        Kind::Secret,
        SECRET,
        "key_password = \"${env:KEY_PASSWORD}\"",
        "Opens the key; in a key store the store's password counts without it.",
    ),
    optional(
        "clusters.ALIAS.tls.key_password_file",
        Kind::Text,
        FILE,
        "key_password_file = \"key.password\"",
        "The same from a file.",
    ),
    optional(
        "clusters.ALIAS.tls.keystore_file",
        Kind::Text,
        STORE,
        "keystore_file = \"strait.p12\"",
        "Strait's certificate and its key in one store.",
    ),
    optional(
        "clusters.ALIAS.tls.keystore_password",
        Kind::Secret,
        SECRET,
        "keystore_password = \"${env:STORE_PASSWORD}\"",
        "Opens the key store.",
    ),
    optional(
        "clusters.ALIAS.tls.keystore_password_file",
        Kind::Text,
        FILE,
        "keystore_password_file = \"store.password\"",
        "The same from a file.",
    ),
    Key::new(
        "clusters.ALIAS.tls.verify_hostname",
        Kind::Boolean,
        Some("true"),
        "true, false",
        "verify_hostname = false",
        "The broker's certificate must be made for the host that is connected to.",
    ),
    optional(
        "clusters.ALIAS.sasl.mechanism",
        Kind::Choice,
        "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER",
        "mechanism = \"SCRAM-SHA-512\"",
        "How Strait proves who it is.",
    )
    .required(),
    optional(
        "clusters.ALIAS.sasl.username",
        Kind::Text,
        "a name; none with OAUTHBEARER",
        "username = \"strait\"",
        "Who Strait is.",
    ),
    optional(
        "clusters.ALIAS.sasl.password",
        Kind::Secret,
        "the secret itself or `${env:NAME}`; none with OAUTHBEARER",
        "password = \"${env:EAST_PASSWORD}\"",
        "The user's password.",
    ),
    optional(
        "clusters.ALIAS.sasl.password_file",
        Kind::Text,
        FILE,
        "password_file = \"east.password\"",
        "The same from a file.",
    ),
    optional(
        "clusters.ALIAS.sasl.token_file",
        Kind::Text,
        "a file, with OAUTHBEARER",
        "token_file = \"east.token\"",
        "A token that something else keeps fresh; read at each authentication.",
    ),
];
