//! Checkpoints and heartbeats, as they are in MirrorMaker 2's topics at the target now, whoever wrote them.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use serde_json::{Value, json};
use strait_http::Problem;
use strait_wire::mm2::{Checkpoint, CheckpointKey, Heartbeat};

use super::{find, handle, refused};
use crate::flow::{AskError, FlowHandle};
use crate::internal_topic::InternalTopic;
use crate::status::{DaemonStatus, FlowStatus};

/// Heartbeats are written each second and compacted now and then: the newest tell all.
const NEWEST_HEARTBEATS: i64 = 5_000;

#[derive(Debug, Serialize)]
struct CheckpointRow {
    group: String,
    remote_topic: String,
    partition: i32,
    source_offset: i64,
    target_offset: i64,
    metadata: String,
    /// When it was written, milliseconds since 1970.
    at_ms: i64,
}

#[derive(Debug, Serialize)]
struct HeartbeatRow {
    /// The topic at the target: its name tells by which clusters it came.
    topic: String,
    source: String,
    target: String,
    /// When it was written first, milliseconds since 1970.
    at_ms: i64,
}

pub(super) async fn checkpoints(
    State(status): State<DaemonStatus>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let flow = find(&status, &id)?;
    let rows = read_checkpoints(handle(&flow)?, &flow.source).await;
    Ok(Json(json!({ "checkpoints": rows.map_err(|error| refused(&id, &error))? })))
}

pub(super) async fn heartbeats(
    State(status): State<DaemonStatus>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let flow = find(&status, &id)?;
    let rows = read_heartbeats(handle(&flow)?, &flow).await;
    Ok(Json(json!({ "heartbeats": rows.map_err(|error| refused(&id, &error))? })))
}

async fn read_checkpoints(handle: &FlowHandle, source: &str) -> Result<Vec<CheckpointRow>, AskError> {
    let mut found: BTreeMap<CheckpointKey, CheckpointRow> = BTreeMap::new();
    let topic = topic(handle, handle.policy.checkpoints_topic(source));
    let read = topic.read(|record| {
        let Some(key) = &record.key else { return };
        let value = record.value.as_deref().unwrap_or_default();
        match Checkpoint::decode(key, value) {
            Ok(checkpoint) => {
                let row = CheckpointRow {
                    group: checkpoint.group_id.clone(),
                    remote_topic: checkpoint.topic.clone(),
                    partition: checkpoint.partition,
                    source_offset: checkpoint.upstream_offset,
                    target_offset: checkpoint.downstream_offset,
                    metadata: checkpoint.metadata.clone(),
                    at_ms: record.timestamp,
                };
                found.insert(checkpoint.key(), row);
            }
            // An empty value says that it is there no longer.
            Err(_) if value.is_empty() => {
                if let Ok(key) = CheckpointKey::decode(key) {
                    found.remove(&key);
                }
            }
            // As MirrorMaker 2's readers: what is no checkpoint says nothing.
            Err(_) => {}
        }
    });
    read.await.map_err(|error| AskError::Failed(error.to_string()))?;
    Ok(found.into_values().collect())
}

async fn read_heartbeats(handle: &FlowHandle, flow: &FlowStatus) -> Result<Vec<HeartbeatRow>, AskError> {
    let failed = |reason: String| AskError::Failed(reason);
    let metadata = handle.target.refresh(None).await.map_err(|error| failed(error.to_string()))?;
    let ours = |name: &&String| {
        name.as_str() == "heartbeats"
            || handle.policy.is_heartbeats_topic(name)
                && handle.policy.topic_source(name) == Some(flow.source.as_str())
    };
    let mut rows = Vec::new();
    for name in metadata.topics.keys().filter(ours) {
        let mut newest: BTreeMap<(String, String), i64> = BTreeMap::new();
        let topic = topic(handle, name.clone());
        let read = topic.read_newest(NEWEST_HEARTBEATS, |record| {
            if let (Some(key), Some(value)) = (&record.key, &record.value)
                && let Ok(heartbeat) = Heartbeat::decode(key, value)
            {
                newest.insert((heartbeat.source_alias, heartbeat.target_alias), heartbeat.timestamp);
            }
        });
        read.await.map_err(|error| failed(error.to_string()))?;
        rows.extend(newest.into_iter().map(|((source, target), at_ms)| HeartbeatRow {
            topic: name.clone(),
            source,
            target,
            at_ms,
        }));
    }
    Ok(rows)
}

/// A topic that is only read.
fn topic(handle: &FlowHandle, name: String) -> InternalTopic {
    InternalTopic::new(handle.target.clone(), name, -1)
}
