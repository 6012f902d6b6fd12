//! Keys of MirrorMaker 2's checkpoint and heartbeat connectors, and of its offset syncs.

use serde_json::json;

use super::Draft;
use crate::import::settings::Reader;

const CHECKPOINTS: &str = "emit.checkpoints.enabled";
const HEARTBEATS: &str = "emit.heartbeats.enabled";
const HEARTBEAT_INTERVAL: &str = "emit.heartbeats.interval.seconds";
/// MirrorMaker 2's default.
const HEARTBEAT_MS: i64 = 1_000;
const COPIED: &str = "heartbeats.replication.enabled";
const SYNC: &str = "sync.group.offsets.enabled";
const OFFSET_SYNCS: &str = "emit.offset-syncs.enabled";
const LOCATION: &str = "offset-syncs.topic.location";
/// The longest interval that Strait takes.
const LONGEST_SECONDS: i64 = 3_600;

pub(super) fn translate(reader: &mut Reader<'_>, draft: &mut Draft) {
    // MirrorMaker 2 leaves groups at the target alone unless it is told otherwise.
    let sync = reader.boolean(SYNC).unwrap_or(false);
    draft.set(reader, "sync_groups", SYNC, sync);
    if let Some(checkpoints) = reader.boolean(CHECKPOINTS) {
        draft.set(reader, "checkpoints", CHECKPOINTS, checkpoints);
    }
    let names = ["emit.checkpoints.interval.seconds", "sync.group.offsets.interval.seconds"];
    let given = names.map(|name| (interval_ms(reader, name), name));
    if let Some((milliseconds, name)) =
        given.iter().filter_map(|(interval, name)| Some(((*interval)?, *name))).min()
    {
        draft.set(reader, "group_interval_ms", name, json!(milliseconds));
    }
    offset_syncs(reader, draft);
    heartbeats(reader, draft);
}

fn offset_syncs(reader: &mut Reader<'_>, draft: &mut Draft) {
    if reader.boolean(OFFSET_SYNCS) == Some(false) {
        return draft.set(reader, "offset_syncs", OFFSET_SYNCS, "off");
    }
    match reader.text(LOCATION).as_deref() {
        None | Some("source") => draft.set(reader, "offset_syncs", LOCATION, "source"),
        Some("target") => draft.set(reader, "offset_syncs", LOCATION, "target"),
        Some(_) => reader.refuse(LOCATION, "allowed are source and target"),
    }
}

fn heartbeats(reader: &mut Reader<'_>, draft: &mut Draft) {
    if let Some(copied) = reader.boolean(COPIED) {
        draft.set(reader, "copy_heartbeats", COPIED, copied);
    }
    if reader.boolean(HEARTBEATS) == Some(false) {
        return draft.set(reader, "heartbeat_interval_ms", HEARTBEATS, 0);
    }
    if let Some(milliseconds) = interval_ms(reader, HEARTBEAT_INTERVAL) {
        draft.set(reader, "heartbeat_interval_ms", HEARTBEAT_INTERVAL, json!(milliseconds));
    }
}

/// MirrorMaker 2 writes heartbeats of a pair of clusters even where no flow is enabled.
pub(super) fn heartbeats_back(reader: &mut Reader<'_>, draft: &mut Draft) {
    if reader.boolean(HEARTBEATS) != Some(false) {
        let milliseconds = interval_ms(reader, HEARTBEAT_INTERVAL).unwrap_or(HEARTBEAT_MS);
        draft.set(reader, "source_heartbeat_interval_ms", HEARTBEAT_INTERVAL, json!(milliseconds));
    }
}

/// Seconds as milliseconds, within what Strait takes.
pub(super) fn interval_ms(reader: &mut Reader<'_>, name: &str) -> Option<i64> {
    let seconds = reader.number(name)?;
    if seconds < 1 {
        reader.refuse(name, "allowed is 1 and more");
        return None;
    }
    if seconds > LONGEST_SECONDS {
        reader.note(name, format!("it is done at least every {LONGEST_SECONDS} seconds"));
    }
    Some(seconds.min(LONGEST_SECONDS) * 1_000)
}
