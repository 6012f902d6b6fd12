//! Keys that a consumer group may set for itself (`GroupConfig`, KIP-848), with the limits that the broker's
//! `group.consumer.*` keys give by default.

use super::key::{Key, Kind, find, key};

/// In the order of their names.
pub(crate) const GROUP_KEYS: &[Key] = &[
    key("consumer.heartbeat.interval.ms", Kind::Int(5_000, 15_000), Some("5000")),
    key("consumer.session.timeout.ms", Kind::Int(45_000, 60_000), Some("45000")),
];

/// The key of a group by its name.
pub(crate) fn group_key(name: &str) -> Option<&'static Key> {
    find(GROUP_KEYS, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_allowed() {
        for key in GROUP_KEYS {
            key.check(key.default.expect("a default")).expect(key.name);
        }
        assert!(group_key("consumer.session.timeout.ms").expect("known").check("30000").is_err());
    }
}
