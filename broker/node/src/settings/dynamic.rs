//! Settings of the broker that change while it runs (KIP-226, `DynamicBrokerConfig`): those of this broker win over those
//! of all brokers of the cluster, and both over its file. Keys of Kafka that mean nothing here, such as numbers of its
//! threads, are kept and told, since tools set them; keys that are read at the start only are refused.

use std::collections::BTreeMap;

use super::key::{Key, Kind, find, key};
use super::topic;

const COUNT: Kind = Kind::Int(1, i32::MAX as i64);
const RATIO: Kind = Kind::Double(0.0, 1.0);

/// Kafka's dynamic keys that mean nothing here.
const OTHERS: &[Key] = &[
    key("background.threads", COUNT, Some("10")),
    key("log.cleaner.dedupe.buffer.size", Kind::Long(0), Some("134217728")),
    key("log.cleaner.io.buffer.load.factor", Kind::Double(0.0, f64::MAX), Some("0.9")),
    key("log.cleaner.io.buffer.size", Kind::Int(0, i32::MAX as i64), Some("524288")),
    key("log.cleaner.io.max.bytes.per.second", Kind::Double(0.0, f64::MAX), None),
    key("log.cleaner.threads", Kind::Int(0, i32::MAX as i64), Some("1")),
    key("num.io.threads", COUNT, Some("8")),
    key("num.network.threads", COUNT, Some("3")),
    key("num.recovery.threads.per.data.dir", COUNT, Some("2")),
    key("num.replica.fetchers", Kind::Int(0, i32::MAX as i64), Some("1")),
];

/// The same, for one broker only.
const OTHERS_OF_ONE_BROKER: &[Key] = &[
    key("sasl.kerberos.kinit.cmd", Kind::Text, Some("/usr/bin/kinit")),
    key("sasl.kerberos.min.time.before.relogin", Kind::Long(0), Some("60000")),
    key("sasl.kerberos.ticket.renew.jitter", RATIO, Some("0.05")),
    key("sasl.kerberos.ticket.renew.window.factor", RATIO, Some("0.8")),
];

/// The key of that name, where it may change while the broker runs; with `of_cluster` for all brokers at once.
pub(crate) fn dynamic_key(name: &str, of_cluster: bool) -> Option<&'static Key> {
    let of_one = || find(OTHERS_OF_ONE_BROKER, name).filter(|_| !of_cluster);
    topic::by_broker_key(name).or_else(|| find(OTHERS, name)).or_else(of_one)
}

/// Where a dynamic value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DynamicSource {
    Broker,
    Cluster,
}

/// What was set while brokers ran.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DynamicConfigs {
    /// Of this broker.
    pub(crate) own: BTreeMap<String, String>,
    /// Of all brokers.
    pub(crate) cluster: BTreeMap<String, String>,
}

impl DynamicConfigs {
    /// The values of a key, the one in force first.
    pub(crate) fn values(&self, name: &str) -> impl Iterator<Item = (&str, DynamicSource)> {
        let own = self.own.get(name).map(|value| (value.as_str(), DynamicSource::Broker));
        let cluster = self.cluster.get(name).map(|value| (value.as_str(), DynamicSource::Cluster));
        own.into_iter().chain(cluster)
    }

    /// The value in force.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.values(name).next().map(|(value, _)| value)
    }

    /// Keys with values of which the file may know nothing.
    pub(crate) fn others(&self) -> impl Iterator<Item = &'static Key> {
        OTHERS.iter().chain(OTHERS_OF_ONE_BROKER).filter(|key| self.value(key.name).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(name: &str, value: &str) -> BTreeMap<String, String> {
        BTreeMap::from([(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn the_broker_wins_over_the_cluster() {
        let name = "log.retention.ms";
        let mut configs = DynamicConfigs { own: BTreeMap::new(), cluster: set(name, "7") };
        assert_eq!(configs.value(name), Some("7"));
        configs.own = set(name, "5");
        let expected = [("5", DynamicSource::Broker), ("7", DynamicSource::Cluster)];
        assert_eq!(configs.values(name).collect::<Vec<_>>(), expected);
        assert_eq!(configs.others().count(), 0);
        configs.own = set("background.threads", "9");
        assert_eq!(configs.others().map(|key| key.name).collect::<Vec<_>>(), ["background.threads"]);
    }

    #[test]
    fn what_is_read_at_the_start_stays() {
        assert!(dynamic_key("log.cleanup.policy", true).is_some());
        assert!(dynamic_key("num.partitions", false).is_none());
        assert!(dynamic_key("sasl.kerberos.kinit.cmd", false).is_some());
        assert!(dynamic_key("sasl.kerberos.kinit.cmd", true).is_none());
    }

    #[test]
    fn every_default_is_allowed() {
        for key in OTHERS.iter().chain(OTHERS_OF_ONE_BROKER) {
            if let Some(default) = key.default {
                key.check(default).expect(key.name);
            }
        }
    }
}
