//! Keys of Kafka's clients and of Connect workers.

use super::Effect;

const TUNING: &str = "it tunes Java's clients; Strait's bounds are under [limits] and clusters.ALIAS";
const WORKER: &str = "it is for Connect workers; Strait runs without Kafka Connect";
const FIXED: &str = "Strait has no choice there";
const OTHER_MECHANISM: &str = "it belongs to a way of logging in that Strait does not have";

/// Who a client is and how its stream is encrypted: the same for all clients of a cluster.
const COMMON_TAKEN: &[&str] = &[
    "bootstrap.servers",
    "sasl.client.callback.handler.class",
    "sasl.jaas.config",
    "sasl.login.callback.handler.class",
    "sasl.login.class",
    "sasl.mechanism",
    "sasl.oauthbearer.token.endpoint.url",
    "security.protocol",
    "ssl.endpoint.identification.algorithm",
    "ssl.engine.factory.class",
    "ssl.key.password",
    "ssl.keystore.certificate.chain",
    "ssl.keystore.key",
    "ssl.keystore.location",
    "ssl.keystore.password",
    "ssl.keystore.type",
    "ssl.truststore.certificates",
    "ssl.truststore.location",
    "ssl.truststore.password",
    "ssl.truststore.type",
];
const COMMON_FIXED: &[&str] = &[
    "sasl.login.connect.timeout.ms",
    "sasl.login.read.timeout.ms",
    "sasl.login.refresh.buffer.seconds",
    "sasl.login.refresh.min.period.seconds",
    "sasl.login.refresh.window.factor",
    "sasl.login.refresh.window.jitter",
    "sasl.login.retry.backoff.max.ms",
    "sasl.login.retry.backoff.ms",
    "ssl.cipher.suites",
    "ssl.enabled.protocols",
    "ssl.keymanager.algorithm",
    "ssl.protocol",
    "ssl.provider",
    "ssl.secure.random.implementation",
    "ssl.trustmanager.algorithm",
];
const TUNED: &[&str] = &[
    "acks",
    "allow.auto.create.topics",
    "auto.commit.interval.ms",
    "batch.size",
    "bootstrap.controllers",
    "buffer.memory",
    "check.crcs",
    "client.dns.lookup",
    "client.id",
    "compression.gzip.level",
    "compression.lz4.level",
    "compression.type",
    "compression.zstd.level",
    "connections.max.idle.ms",
    "default.api.timeout.ms",
    "delivery.timeout.ms",
    "enable.auto.commit",
    "enable.idempotence",
    "enable.metrics.push",
    "exclude.internal.topics",
    "fetch.max.bytes",
    "fetch.max.wait.ms",
    "fetch.min.bytes",
    "group.id",
    "group.instance.id",
    "group.protocol",
    "group.remote.assignor",
    "heartbeat.interval.ms",
    "internal.throw.on.fetch.stable.offset.unsupported",
    "key.deserializer",
    "key.serializer",
    "linger.ms",
    "max.block.ms",
    "max.in.flight.requests.per.connection",
    "max.partition.fetch.bytes",
    "max.poll.interval.ms",
    "max.poll.records",
    "max.request.size",
    "metadata.max.age.ms",
    "metadata.max.idle.ms",
    "metadata.recovery.rebootstrap.trigger.ms",
    "metadata.recovery.strategy",
    "metric.reporters",
    "metrics.num.samples",
    "metrics.recording.level",
    "metrics.sample.window.ms",
    "partition.assignment.strategy",
    "partitioner.adaptive.partitioning.enable",
    "partitioner.availability.timeout.ms",
    "partitioner.class",
    "partitioner.ignore.keys",
    "receive.buffer.bytes",
    "reconnect.backoff.max.ms",
    "reconnect.backoff.ms",
    "request.timeout.ms",
    "retries",
    "retry.backoff.max.ms",
    "retry.backoff.ms",
    "security.providers",
    "send.buffer.bytes",
    "session.timeout.ms",
    "share.acknowledgement.mode",
    "share.acquire.mode",
    "socket.connection.setup.timeout.max.ms",
    "socket.connection.setup.timeout.ms",
    "transaction.timeout.ms",
    "transaction.two.phase.commit.enable",
    "transactional.id",
    "value.deserializer",
    "value.serializer",
];
const WORKERS: &[&str] = &[
    "access.control.allow.methods",
    "access.control.allow.origin",
    "admin.listeners",
    "client.dns.lookup",
    "connect.protocol",
    "connector.client.config.override.policy",
    "dedicated.mode.enable.internal.rest",
    "exactly.once.source.support",
    "group.id",
    "heartbeat.interval.ms",
    "listeners",
    "offset.flush.interval.ms",
    "offset.flush.timeout.ms",
    "plugin.discovery",
    "plugin.path",
    "rebalance.timeout.ms",
    "response.http.headers.config",
    "rest.extension.classes",
    "scheduled.rebalance.max.delay.ms",
    "session.timeout.ms",
    "ssl.client.auth",
    "topic.creation.enable",
    "topic.tracking.allow.reset",
    "topic.tracking.enable",
];
const WORKER_PREFIXES: &[&str] = &[
    "config.storage.",
    "header.converter.",
    "inter.worker.",
    "key.converter.",
    "listeners.",
    "offset.storage.",
    "rest.",
    "status.storage.",
    "task.",
    "value.converter.",
    "worker.",
];

/// Whether all clients of a cluster share this key.
pub(crate) fn is_common(name: &str) -> bool {
    client(name).is_some()
}

/// A key that all clients of a cluster share.
pub(crate) fn client(name: &str) -> Option<Effect> {
    if COMMON_TAKEN.contains(&name) {
        Some(Effect::Taken)
    } else if COMMON_FIXED.contains(&name) {
        Some(Effect::Nothing(FIXED))
    } else if name.starts_with("sasl.kerberos.") || name.starts_with("sasl.oauthbearer.") {
        Some(Effect::Nothing(OTHER_MECHANISM))
    } else {
        None
    }
}

/// A key of the consumer that reads the source.
pub(crate) fn consumer(name: &str) -> Option<Effect> {
    match name {
        "auto.offset.reset" | "isolation.level" => Some(Effect::Taken),
        "client.rack" => Some(Effect::Nothing("batches are fetched from leaders only")),
        name => interceptors(name).or_else(|| tuned(name)),
    }
}

/// A key of the producer that writes to the target.
pub(crate) fn producer(name: &str) -> Option<Effect> {
    interceptors(name).or_else(|| tuned(name))
}

/// A key of the client that makes topics.
pub(crate) fn admin(name: &str) -> Option<Effect> {
    tuned(name)
}

/// A key of a Connect worker.
pub(crate) fn worker(name: &str) -> Option<Effect> {
    if name == "offset.storage.topic" {
        return Some(Effect::Taken);
    }
    let is_known = WORKERS.contains(&name) || WORKER_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    is_known.then_some(Effect::Nothing(WORKER))
}

fn interceptors(name: &str) -> Option<Effect> {
    let effect = Effect::Only(&[""], "interceptors are Java classes and can't be used");
    (name == "interceptor.classes").then_some(effect)
}

fn tuned(name: &str) -> Option<Effect> {
    TUNED.contains(&name).then_some(Effect::Nothing(TUNING))
}

/// Every name, for offering the nearest.
pub(super) fn all() -> impl Iterator<Item = &'static str> {
    [COMMON_TAKEN, COMMON_FIXED, TUNED, WORKERS, &["auto.offset.reset", "isolation.level"]]
        .into_iter()
        .flatten()
        .copied()
}
