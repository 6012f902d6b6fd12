//! Settings of the broker that change while it runs (KIP-226, `DynamicBrokerConfig`): those of this broker win over those
//! of all brokers of the cluster, and both over its file. Keys of Kafka that mean nothing here, such as numbers of its
//! threads, are kept and told, since tools set them; keys that are read at the start only are refused.

use strait_broker_core::topic_config::{ConfigDefinition, definitions};

use super::key::{Key, Kind, find, key};

const COUNT: Kind = Kind::Int(1, i32::MAX as i64);
const RATIO: Kind = Kind::Double(0.0, 1.0);

/// Keys of this broker that it reads again.
const READ_AGAIN: &[&str] =
    &["log.cleaner.backoff.ms", "producer.id.expiration.ms", "transaction.partition.verification.enable"];

/// Kafka's dynamic keys that mean nothing here.
pub(super) const OTHERS: &[Key] = &[
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
pub(super) const OTHERS_OF_ONE_BROKER: &[Key] = &[
    key("sasl.kerberos.kinit.cmd", Kind::Text, Some("/usr/bin/kinit")),
    key("sasl.kerberos.min.time.before.relogin", Kind::Long(0), Some("60000")),
    key("sasl.kerberos.ticket.renew.jitter", RATIO, Some("0.05")),
    key("sasl.kerberos.ticket.renew.window.factor", RATIO, Some("0.8")),
];

/// Where a key may be set while brokers run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// For all brokers, and for one.
    Cluster,
    /// For one broker only.
    Broker,
}

/// Where a key of the broker may be set while it runs; none where it may not. Of the keys for topics that is the first of
/// each meaning.
pub(crate) fn reach(name: &str) -> Option<Reach> {
    if find(OTHERS_OF_ONE_BROKER, name).is_some() {
        return Some(Reach::Broker);
    }
    let is_first = |definition: &ConfigDefinition| {
        definition.broker_settings().next().is_some_and(|setting| setting.name == name)
    };
    let is_known =
        READ_AGAIN.contains(&name) || find(OTHERS, name).is_some() || definitions().iter().any(is_first);
    is_known.then_some(Reach::Cluster)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_at_the_start_stays() {
        assert_eq!(reach("log.cleanup.policy"), Some(Reach::Cluster));
        assert_eq!(reach("log.retention.ms"), Some(Reach::Cluster));
        assert_eq!(reach("log.retention.hours"), None);
        assert_eq!(reach("num.partitions"), None);
        assert_eq!(reach("sasl.kerberos.kinit.cmd"), Some(Reach::Broker));
    }
}
