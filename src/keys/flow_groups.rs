//! Keys of a flow about groups, and about what MirrorMaker 2's tools read.

use super::{Key, Kind};

const PATTERNS: &str = "regular expressions that match whole names; look-around is understood";

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "flows[].groups",
        Kind::TextList,
        Some("['.*']"),
        PATTERNS,
        "groups = ['billing.*']",
        "Which groups' offsets are translated.",
    ),
    Key::new(
        "flows[].groups_exclude",
        Kind::TextList,
        Some("['console-consumer-.*', 'connect-.*', '__.*']"),
        PATTERNS,
        "groups_exclude = ['test-.*']",
        "Which groups are left out; wins over `groups`.",
    ),
    Key::new(
        "flows[].sync_groups",
        Kind::Boolean,
        Some("true"),
        "true, false",
        "sync_groups = false",
        "Translated offsets are committed at the target: never backwards, never while a member is in the group there.",
    ),
    Key::new(
        "flows[].group_interval_ms",
        Kind::Number,
        Some("5000"),
        "100 to 3600000",
        "group_interval_ms = 60000",
        "How often offsets of groups are read and translated.",
    ),
    Key::new(
        "flows[].checkpoints",
        Kind::Boolean,
        Some("true"),
        "true, false",
        "checkpoints = false",
        "Translated offsets are published in MirrorMaker 2's `<source>.checkpoints.internal` of the target.",
    ),
    Key::new(
        "flows[].offset_syncs",
        Kind::Choice,
        Some("'target'"),
        "off, target, source",
        "offset_syncs = \"source\"",
        "Where MirrorMaker 2's offset syncs are published; at the source the flow must be allowed to write.",
    ),
    Key::new(
        "flows[].heartbeat_interval_ms",
        Kind::Number,
        Some("1000"),
        "0 (none), or 100 to 3600000",
        "heartbeat_interval_ms = 0",
        "How often a heartbeat is written to the target's topic `heartbeats`, as MirrorMaker 2 does.",
    ),
    Key::new(
        "flows[].source_heartbeat_interval_ms",
        Kind::Number,
        Some("0"),
        "0 (none), or 100 to 3600000",
        "source_heartbeat_interval_ms = 1000",
        "The same for the way back at the source, as MirrorMaker 2 does where no flow runs back; the flow must be \
         allowed to write there.",
    ),
    Key::new(
        "flows[].copy_heartbeats",
        Kind::Boolean,
        Some("true"),
        "true, false",
        "copy_heartbeats = false",
        "Heartbeats of clusters further up are copied whatever `topics` says, if `rename` is default or identity.",
    ),
];
