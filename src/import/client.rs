//! A Kafka client's properties file: how a cluster is reached, and settings of a producer or consumer.

use std::collections::BTreeMap;
use std::path::Path;

use strait_client::ClientConfig;

use crate::properties::Entry;
use crate::{Failure, keys, load, properties};

use super::cluster;
use super::names;
use super::plan::Purpose;
use super::providers::Providers;
use super::report::Report;
use super::settings::{Reader, Setting, Settings};

const BOOTSTRAP: &str = "bootstrap.servers";
/// What is about the connection and not about records.
const CONNECTION: [&str; 6] = ["bootstrap.servers", "security.", "sasl.", "ssl.", "config.providers", "pem."];
/// Beginnings of keys that Java's clients do not have by themselves.
const BESIDES: [&str; 2] = ["config.providers", "pem."];

/// A client as a file describes it.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) cluster: ClientConfig,
    /// Everything that is not about the connection.
    pub(crate) settings: BTreeMap<String, String>,
}

/// Reads a file, or nothing, and puts `bootstrap` in place of the addresses in it.
pub(crate) fn client(path: Option<&Path>, bootstrap: Option<&str>) -> Result<Client, Failure> {
    let shown = path.unwrap_or(Path::new("--bootstrap"));
    let entries = match path {
        Some(path) => {
            properties::parse(&super::read(path)?).map_err(|error| load::wrong(path, &error.to_string()))?
        }
        None => Vec::new(),
    };
    let mut all: Settings =
        entries.into_iter().map(|Entry { key, value, .. }| (key.clone(), Setting { key, value })).collect();
    if let Some(value) = bootstrap {
        let setting = Setting { key: BOOTSTRAP.to_owned(), value: value.to_owned() };
        all.insert(BOOTSTRAP.to_owned(), setting);
    }
    if !all.contains_key(BOOTSTRAP) {
        return Err(Failure::WrongInput("error: --bootstrap HOST:PORT must be given".to_owned()));
    }
    for (key, nearest) in unknown(&all) {
        keys::tell_meaningless(key, None, nearest);
    }
    let mut report = Report::default();
    let providers = Providers::declared(&all, &mut report);
    let mut reader = Reader { settings: &all, providers: &providers, report: &mut report };
    let value = cluster::translate(&mut reader, "client", Purpose::Run);
    let is_connection = |key: &String| CONNECTION.iter().any(|prefix| key.starts_with(prefix));
    let mut settings = BTreeMap::new();
    for name in all.keys().filter(|key| !is_connection(key)) {
        settings.extend(reader.text(name).map(|text| (name.clone(), text)));
    }
    if !report.refusals.is_empty() {
        return Err(Failure::WrongInput(report.refused(shown)));
    }
    let mut cluster = load::cluster(shown, value)?;
    if let Some(id) = settings.remove("client.id") {
        cluster.client_id = id;
    }
    Ok(Client { cluster, settings })
}

/// Keys that no client of Kafka has, as far as we know, and those that were perhaps meant.
fn unknown(all: &Settings) -> Vec<(&str, Option<&'static str>)> {
    let is_known = |name: &str| {
        [names::client, names::consumer, names::producer, names::admin].iter().any(|of| of(name).is_some())
            || BESIDES.iter().any(|prefix| name.starts_with(prefix))
    };
    let offer = |name: &str| keys::nearest(name, names::all());
    all.keys().filter(|name| !is_known(name)).map(|name| (name.as_str(), offer(name))).collect()
}

#[cfg(test)]
mod tests {
    use strait_client::{ConsumerConfig, ProducerConfig};

    use super::*;

    fn settings<'a>(keys: impl IntoIterator<Item = &'a str>) -> Settings {
        let setting = |key: &str| (key.to_owned(), Setting { key: key.to_owned(), value: String::new() });
        keys.into_iter().map(setting).collect()
    }

    #[test]
    fn keys_that_nobody_has_are_found() {
        let given = [
            ("security.protcol", Some("security.protocol")),
            ("securty.protocol", Some("security.protocol")),
            ("lingr.ms", Some("linger.ms")),
            ("qqq", None),
        ];
        let mut expected = given.to_vec();
        expected.sort_unstable();
        assert_eq!(unknown(&settings(given.map(|(key, _)| key))), expected);
        let known = ["security.protocol", "sasl.jaas.config", "ssl.key.password", "pem.key.location"];
        let records = ProducerConfig::KEYS.iter().chain(ConsumerConfig::KEYS).copied();
        assert_eq!(unknown(&settings(known.into_iter().chain(records))), []);
    }
}
