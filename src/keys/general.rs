//! Keys of the program, its HTTP server and its bounds.

use super::{Key, Kind};

pub(super) const BEFORE: &[Key] = &[
    Key::new(
        "data_dir",
        Kind::Text,
        Some("\"\""),
        "a folder, or empty",
        "data_dir = \"/var/lib/strait\"",
        "Folder for a copy of what is read at a start; may vanish without loss. It takes 30 MiB of memory.",
    ),
    Key::new(
        "instance",
        Kind::Text,
        Some("\"\""),
        "text; empty: the HTTP address and the host's name",
        "instance = \"a\"",
        "Name of this daemon among those that have the same flows; one of them runs each flow or share.",
    ),
    Key::new(
        "worker_group",
        Kind::Text,
        Some("\"\""),
        "a group id, or empty",
        "worker_group = \"strait\"",
        "Group at the targets by which several daemons share their flows; `instance` must be another one for each. Empty: \
         this daemon claims all of its flows, others with the same stand by.",
    ),
    Key::new(
        "http.listen",
        Kind::Text,
        Some("\"127.0.0.1:8080\""),
        "host:port; port 0 takes any free one",
        "listen = \"0.0.0.0:8080\"",
        "Address of REST, health and metrics.",
    ),
];

pub(super) const LIMITS: &[Key] = &[
    Key::new(
        "limits.memory_bytes",
        Kind::Number,
        Some("25165824"),
        "4194304 to 68719476736",
        "memory_bytes = 67108864",
        "Bytes of batches held between fetch and acknowledgement, for each flow, or each of its shares.",
    ),
    Key::new(
        "limits.fetch_bytes",
        Kind::Number,
        Some("4194304"),
        "65536 to 1073741824",
        "fetch_bytes = 8388608",
        "Bytes of one fetch response.",
    ),
    Key::new(
        "limits.partition_fetch_bytes",
        Kind::Number,
        Some("1048576"),
        "16384 to 1073741824",
        "partition_fetch_bytes = 2097152",
        "Bytes of one partition in a fetch response.",
    ),
    Key::new(
        "limits.requests_in_flight",
        Kind::Number,
        Some("5"),
        "1 to 5",
        "requests_in_flight = 3",
        "Produce requests in flight to one target broker.",
    ),
];
