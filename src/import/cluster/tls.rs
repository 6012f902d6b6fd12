//! Encryption: stores, passwords, names of hosts.

use serde_json::{Map, Value};

use super::super::settings::Reader;
use super::secret;

const STORES: [(&str, &str, &str); 2] = [
    ("ssl.truststore", "truststore_file", "truststore_password"),
    ("ssl.keystore", "keystore_file", "keystore_password"),
];
/// Names of our own, for files that Java's clients can't be given.
const PEM_FILES: [(&str, &str); 2] =
    [("pem.certificate.location", "certificate_file"), ("pem.key.location", "key_file")];
const INLINE: [&str; 3] =
    ["ssl.truststore.certificates", "ssl.keystore.certificate.chain", "ssl.keystore.key"];

pub(super) fn translate(reader: &mut Reader<'_>) -> Value {
    let mut tls = Map::new();
    for (prefix, file_key, password_key) in STORES {
        let kind = format!("{prefix}.type");
        let store = reader.text(&kind).unwrap_or_default().to_ascii_uppercase();
        if !matches!(store.as_str(), "" | "JKS" | "PKCS12" | "PEM") {
            reader.refuse(&kind, "allowed are JKS, PKCS12 and PEM; keytool -importkeystore converts others");
        }
        let Some(file) = reader.text(&format!("{prefix}.location")) else { continue };
        tls.insert(file_key.to_owned(), file.into());
        secret::put(reader, &format!("{prefix}.password"), &mut tls, password_key);
    }
    if tls.contains_key("keystore_file") {
        secret::put(reader, "ssl.key.password", &mut tls, "key_password");
    }
    for (name, key) in PEM_FILES {
        if let Some(file) = reader.text(name) {
            tls.insert(key.to_owned(), file.into());
        }
    }
    for name in INLINE.iter().filter(|name| reader.settings.contains_key(**name)) {
        reader.refuse(
            name,
            "certificates and keys can't stand in the file: write them to a PEM file and name it as \
                             ssl.truststore.location or ssl.keystore.location",
        );
    }
    if reader.text("ssl.engine.factory.class").is_some_and(|class| !class.is_empty()) {
        reader.refuse("ssl.engine.factory.class", "a class of others can't be used");
    }
    match reader
        .text("ssl.endpoint.identification.algorithm")
        .map(|text| text.to_ascii_lowercase())
        .as_deref()
    {
        None | Some("https") => {}
        Some("") => {
            tls.insert("verify_hostname".to_owned(), false.into());
        }
        Some(_) => reader.refuse("ssl.endpoint.identification.algorithm", "allowed are https and nothing"),
    }
    Value::Object(tls)
}
