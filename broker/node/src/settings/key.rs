//! A key: its type, default and limits (`ConfigDef`), and the broker's own keys.

use super::SettingError;

/// The type of a value, with what is allowed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Boolean,
    /// 32 bits, from a lowest to a highest value.
    Int(i64, i64),
    /// 64 bits, from a lowest value on.
    Long(i64),
    /// From a lowest to a highest value.
    Double(f64, f64),
    /// Any text.
    Text,
    /// One of these.
    Choice(&'static [&'static str]),
    /// Some of these, separated by commas.
    List(&'static [&'static str]),
    /// Any texts, separated by commas.
    Texts,
    /// Any text that is never shown.
    Password,
}

/// A key of the configuration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) default: Option<&'static str>,
}

const INT: Kind = Kind::Int(i32::MIN as i64, i32::MAX as i64);
const COUNT: Kind = Kind::Int(1, i32::MAX as i64);
const SIZE: Kind = Kind::Int(0, i32::MAX as i64);

/// Nobody, or the rules of this broker, which are Kafka's own.
const AUTHORIZER: Kind = Kind::Choice(&["", "org.apache.kafka.metadata.authorizer.StandardAuthorizer"]);
const PROTOCOL_MAP: &str = "SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT";

/// Keys of the broker that mean something here, with Kafka's defaults.
pub(super) const BROKER_KEYS: &[Key] = &[
    key("advertised.listeners", Kind::Text, None),
    key("allow.everyone.if.no.acl.found", Kind::Boolean, Some("false")),
    key("authorizer.class.name", AUTHORIZER, Some("")),
    key("auto.create.topics.enable", Kind::Boolean, Some("true")),
    key("broker.id", INT, None),
    key("controller.listener.names", Kind::Texts, None),
    key("connection.failed.authentication.delay.ms", SIZE, Some("100")),
    key("connections.max.idle.ms", Kind::Long(i64::MIN), Some("600000")),
    key("default.replication.factor", Kind::Int(1, i16::MAX as i64), Some("1")),
    key("delete.topic.enable", Kind::Boolean, Some("true")),
    key("fetch.max.bytes", Kind::Int(1024, i32::MAX as i64), Some("57671680")),
    key("group.consumer.assignment.interval.ms", Kind::Int(0, i32::MAX as i64), Some("1000")),
    key("group.consumer.heartbeat.interval.ms", COUNT, Some("5000")),
    key("group.consumer.max.size", COUNT, Some("2147483647")),
    key("group.consumer.regex.refresh.interval.ms", Kind::Int(10_000, i32::MAX as i64), Some("600000")),
    key("group.consumer.session.timeout.ms", COUNT, Some("45000")),
    key("group.initial.rebalance.delay.ms", INT, Some("3000")),
    key("group.max.session.timeout.ms", INT, Some("1800000")),
    key("group.max.size", COUNT, Some("2147483647")),
    key("group.min.session.timeout.ms", INT, Some("6000")),
    key("inter.broker.listener.name", Kind::Text, None),
    key("listener.security.protocol.map", Kind::Text, Some(PROTOCOL_MAP)),
    key("listeners", Kind::Text, None),
    key("log.cleaner.backoff.ms", Kind::Long(0), Some("15000")),
    key("log.cleaner.enable", Kind::Boolean, Some("true")),
    key("log.flush.offset.checkpoint.interval.ms", SIZE, Some("60000")),
    key("log.retention.check.interval.ms", Kind::Long(1), Some("300000")),
    key("max.connections.per.ip", SIZE, Some("2147483647")),
    key("max.connections.per.ip.overrides", Kind::Text, Some("")),
    key("max.incremental.fetch.session.cache.slots", SIZE, Some("1000")),
    key("node.id", SIZE, None),
    key("num.partitions", COUNT, Some("1")),
    key("offset.metadata.max.bytes", INT, Some("4096")),
    key("offsets.retention.check.interval.ms", Kind::Long(1), Some("600000")),
    key("offsets.retention.minutes", COUNT, Some("10080")),
    key("offsets.topic.num.partitions", COUNT, Some("50")),
    key("offsets.topic.segment.bytes", COUNT, Some("104857600")),
    key("producer.id.expiration.check.interval.ms", COUNT, Some("600000")),
    key("producer.id.expiration.ms", COUNT, Some("86400000")),
    key("queued.max.request.bytes", Kind::Long(i64::MIN), Some("-1")),
    key("socket.listen.backlog.size", COUNT, Some("50")),
    key("socket.request.max.bytes", COUNT, Some("104857600")),
    key("super.users", Kind::Text, None),
    key("transaction.abort.timed.out.transaction.cleanup.interval.ms", COUNT, Some("10000")),
    key("transaction.max.timeout.ms", COUNT, Some("900000")),
    key("transaction.partition.verification.enable", Kind::Boolean, Some("true")),
    key("transaction.state.log.num.partitions", COUNT, Some("50")),
    key("transaction.state.log.segment.bytes", COUNT, Some("104857600")),
    key("transactional.id.expiration.ms", COUNT, Some("604800000")),
];

/// Keys of the authorizer, which Kafka's table does not have, and those that Kafka keeps to itself: nobody is told their
/// values.
const HIDDEN_KEYS: &[&str] =
    &["allow.everyone.if.no.acl.found", "producer.id.expiration.check.interval.ms", "super.users"];

/// Keys that Kafka keeps for its own tests, and tells of only where they were given.
const INTERNAL_KEYS: &[&str] = &["producer.id.expiration.check.interval.ms"];

pub(super) const fn key(name: &'static str, kind: Kind, default: Option<&'static str>) -> Key {
    Key { name, kind, default }
}

pub(crate) fn find(keys: &'static [Key], name: &str) -> Option<&'static Key> {
    keys.iter().find(|key| key.name == name)
}

impl Key {
    /// Whether the key allows a value.
    pub(crate) fn check(&self, value: &str) -> Result<(), SettingError> {
        let trimmed = value.trim();
        let allowed = match self.kind {
            Kind::Boolean => {
                let is_boolean = ["true", "false"].iter().any(|word| trimmed.eq_ignore_ascii_case(word));
                (!is_boolean).then(|| "must be true or false".to_owned())
            }
            Kind::Int(low, high) => {
                let fits = trimmed.parse().is_ok_and(|number: i64| (low..=high).contains(&number));
                (!fits).then(|| format!("must be a number from {low} to {high}"))
            }
            Kind::Long(low) => {
                let fits = trimmed.parse().is_ok_and(|number: i64| number >= low);
                (!fits).then(|| format!("must be a number of at least {low}"))
            }
            Kind::Double(low, high) => {
                let fits = trimmed.parse().is_ok_and(|number: f64| (low..=high).contains(&number));
                (!fits).then(|| format!("must be a number from {low} to {high}"))
            }
            Kind::Text | Kind::Texts | Kind::Password => None,
            Kind::Choice(words) => {
                (!words.contains(&trimmed)).then(|| format!("must be one of {}", words.join(", ")))
            }
            Kind::List(words) => {
                let mut given = trimmed.split(',').map(str::trim).filter(|word| !word.is_empty());
                (!given.all(|word| words.contains(&word))).then(|| format!("must be in {}", words.join(", ")))
            }
        };
        let shown = if self.is_secret() { "[hidden]" } else { value };
        let error = |allowed| SettingError { key: self.name.to_owned(), value: shown.to_owned(), allowed };
        allowed.map_or(Ok(()), |allowed| Err(error(allowed)))
    }

    /// The type as DescribeConfigs numbers it (`ConfigType`).
    pub(crate) fn type_code(&self) -> i8 {
        match self.kind {
            Kind::Boolean => 1,
            Kind::Text | Kind::Choice(_) => 2,
            Kind::Int(..) => 3,
            Kind::Long(_) => 5,
            Kind::Double(..) => 6,
            Kind::List(_) | Kind::Texts => 7,
            Kind::Password => 9,
        }
    }

    /// Whether the key is told without type and value, and only where it was given.
    pub(crate) fn is_hidden(&self) -> bool {
        HIDDEN_KEYS.contains(&self.name)
    }

    /// Whether the key is told of only where it was given.
    pub(crate) fn is_internal(&self) -> bool {
        self.is_hidden() || INTERNAL_KEYS.contains(&self.name)
    }

    pub(crate) fn is_secret(&self) -> bool {
        self.kind == Kind::Password
    }

    pub(crate) fn is_list(&self) -> bool {
        matches!(self.kind, Kind::List(_) | Kind::Texts)
    }
}
