//! Keys of a cluster.

use super::{Key, Kind};

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "clusters.ALIAS.bootstrap",
        Kind::TextList,
        None,
        "one or more host:port",
        "bootstrap = [\"kafka-1:9092\", \"kafka-2:9092\"]",
        "Addresses of some brokers; the others are learned from them.",
    )
    .required(),
    Key::new(
        "clusters.ALIAS.client_id",
        Kind::Text,
        Some("\"strait\""),
        "text",
        "client_id = \"strait-east\"",
        "How brokers name these connections in logs, metrics and quotas.",
    ),
    Key::new(
        "clusters.ALIAS.request_timeout_ms",
        Kind::Number,
        Some("30000"),
        "milliseconds",
        "request_timeout_ms = 60000",
        "How long a broker may take to answer.",
    ),
    Key::new(
        "clusters.ALIAS.connect_timeout_ms",
        Kind::Number,
        Some("10000"),
        "milliseconds",
        "connect_timeout_ms = 5000",
        "How long a connection may take to be made.",
    ),
];
