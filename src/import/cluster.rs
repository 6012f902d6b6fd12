//! From a client's keys to those of a cluster.

// `sasl.jaas.config` taken apart.
mod jaas;
// Who Strait is.
mod sasl;
// Passwords, and where they stand.
mod secret;
// Encryption.
mod tls;

use serde_json::{Map, Value};

use super::plan::Purpose;
use super::settings::Reader;

/// The cluster by Strait's keys.
pub(super) fn translate(reader: &mut Reader<'_>, alias: &str, purpose: Purpose) -> Value {
    let mut cluster = Map::new();
    cluster.insert("bootstrap".to_owned(), bootstrap(reader, alias).into());
    let protocol = reader.text("security.protocol").unwrap_or_default().to_ascii_uppercase();
    match protocol.as_str() {
        "" | "PLAINTEXT" | "SSL" | "SASL_PLAINTEXT" | "SASL_SSL" => {}
        _ => {
            reader.refuse("security.protocol", "allowed are PLAINTEXT, SSL, SASL_PLAINTEXT and SASL_SSL");
        }
    }
    for (is_on, prefix) in [(protocol.ends_with("SSL"), "ssl."), (protocol.starts_with("SASL"), "sasl.")] {
        if !is_on {
            unused(reader, prefix, &protocol);
        }
    }
    if protocol.ends_with("SSL") {
        cluster.insert("tls".to_owned(), tls::translate(reader));
    }
    if protocol.starts_with("SASL") {
        cluster.insert("sasl".to_owned(), sasl::translate(reader, alias, purpose));
    }
    Value::Object(cluster)
}

/// Addresses, which Kafka takes with a protocol before them too.
fn bootstrap(reader: &mut Reader<'_>, alias: &str) -> Vec<String> {
    match reader.list("bootstrap.servers") {
        Some(addresses) => addresses
            .iter()
            .map(|address| address.split_once("://").map_or(address.as_str(), |(_, rest)| rest).to_owned())
            .collect(),
        None => {
            if reader.raw("bootstrap.servers").is_none() {
                reader.refuse(&format!("{alias}.bootstrap.servers"), "one or more host:port must be given");
            }
            Vec::new()
        }
    }
}

fn unused(reader: &mut Reader<'_>, prefix: &str, protocol: &str) {
    let protocol = if protocol.is_empty() { "PLAINTEXT" } else { protocol };
    let names: Vec<&String> = reader.settings.keys().filter(|name| name.starts_with(prefix)).collect();
    for name in names {
        reader.note(name, format!("not used with security.protocol {protocol}"));
    }
}
