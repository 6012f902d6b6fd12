//! Keys that a group may set for itself (`GroupConfig`), with the limits that the broker's keys give by default, and
//! keys of subscriptions to metrics of clients (`ClientMetricsConfigs`).

use super::key::{Key, Kind, key};

const WHOLE: Kind = Kind::Int(0, i32::MAX as i64);
const INTERVAL: Kind = Kind::Int(0, 15_000);
const HEARTBEAT: Kind = Kind::Int(5_000, 15_000);
const SESSION: Kind = Kind::Int(45_000, 60_000);
const ISOLATION: Kind = Kind::Choice(&["read_committed", "read_uncommitted"]);

/// In the order of their names.
pub(crate) const GROUP_KEYS: &[Key] = &[
    key("consumer.assignment.interval.ms", INTERVAL, Some("1000")),
    key("consumer.heartbeat.interval.ms", HEARTBEAT, Some("5000")),
    key("consumer.session.timeout.ms", SESSION, Some("45000")),
    key("share.assignment.interval.ms", INTERVAL, Some("1000")),
    key("share.auto.offset.reset", Kind::Text, Some("latest")),
    key("share.delivery.count.limit", Kind::Int(2, 10), Some("5")),
    key("share.heartbeat.interval.ms", HEARTBEAT, Some("5000")),
    key("share.isolation.level", ISOLATION, Some("read_uncommitted")),
    key("share.partition.max.record.locks", Kind::Int(100, 4_000), Some("2000")),
    key("share.record.lock.duration.ms", Kind::Int(15_000, 60_000), Some("30000")),
    key("share.renew.acknowledge.enable", Kind::Boolean, Some("true")),
    key("share.session.timeout.ms", SESSION, Some("45000")),
    key("streams.assignment.interval.ms", INTERVAL, Some("1000")),
    key("streams.heartbeat.interval.ms", HEARTBEAT, Some("5000")),
    key("streams.initial.rebalance.delay.ms", WHOLE, Some("3000")),
    key("streams.num.standby.replicas", Kind::Int(0, 2), Some("0")),
    key("streams.session.timeout.ms", SESSION, Some("45000")),
];

/// Keys of subscriptions, in the order of their names.
pub(crate) const CLIENT_METRICS_KEYS: &[Key] = &[
    key("interval.ms", Kind::Int(100, 3_600_000), Some("300000")),
    key("match", Kind::Texts, Some("")),
    key("metrics", Kind::Texts, Some("")),
];

/// The broker's key that gives the default of a group's, where there is one.
pub(crate) fn broker_key_of_group(name: &str) -> Option<String> {
    let is_own = ["share.auto.offset.reset", "share.isolation.level", "share.renew.acknowledge.enable"];
    (!is_own.contains(&name)).then(|| format!("group.{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_allowed() {
        for key in GROUP_KEYS.iter().chain(CLIENT_METRICS_KEYS) {
            key.check(key.default.expect("a default")).expect(key.name);
        }
        assert!(GROUP_KEYS.is_sorted_by(|one, other| one.name < other.name));
    }

    #[test]
    fn most_defaults_come_from_the_broker() {
        let broker_key = broker_key_of_group("consumer.session.timeout.ms");
        assert_eq!(broker_key.as_deref(), Some("group.consumer.session.timeout.ms"));
        assert_eq!(broker_key_of_group("share.isolation.level"), None);
    }
}
