//! `POST /v1/flows/{id}/offsets:translate`: where offsets of the source lie at the target, now.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use strait_http::Problem;

use super::find;
use crate::flow::PartitionName;
use crate::status::{DaemonStatus, GroupPartitionStatus};

/// Offsets in one question.
const MOST_OFFSETS: usize = 100_000;

/// What is asked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    offsets: Vec<SourceOffset>,
}

/// An offset of the source: the next that somebody will read.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct SourceOffset {
    topic: String,
    partition: i32,
    offset: i64,
}

pub(super) async fn translate(
    State(status): State<DaemonStatus>,
    Path(id): Path<String>,
    Json(asked): Json<Asked>,
) -> Result<Json<Value>, Problem> {
    let flow = find(&status, &id)?;
    if asked.offsets.len() > MOST_OFFSETS {
        let detail = format!("{} offsets are asked about, {MOST_OFFSETS} are allowed", asked.offsets.len());
        return Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-many-offsets",
            "Too many offsets",
            detail,
        ));
    }
    let not_running = || {
        let detail = format!("flow {id} does not run here, so it can't translate offsets");
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "flow-not-running", "The flow is not running", detail)
    };
    let translator = flow.translator.ok_or_else(not_running)?;
    let places = asked
        .offsets
        .iter()
        .map(|at| (PartitionName { topic: at.topic.clone(), partition: at.partition }, at.offset));
    let answers = translator.translate(places.collect()).await.map_err(|_| not_running())?;
    let remote_topic = |topic: &str| {
        let copied = flow.partitions.iter().find(|partition| partition.topic == topic);
        copied.map(|partition| partition.remote_topic.clone()).unwrap_or_default()
    };
    let translated: Vec<GroupPartitionStatus> = asked
        .offsets
        .iter()
        .zip(answers)
        .map(|(at, answer)| {
            GroupPartitionStatus::new(&at.topic, at.partition, &remote_topic(&at.topic), at.offset, answer)
        })
        .collect();
    Ok(Json(json!({ "offsets": translated })))
}
