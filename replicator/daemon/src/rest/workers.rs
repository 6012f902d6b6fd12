//! `GET /v1/workers` and `POST /v1/workers/{worker}/drain`: those who share flows, as the groups at the targets know them.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Answer, json};
use strait_http::Problem;
use strait_replicator_core::shares::{Member, Part, decode_parts};
use strait_replicator_core::state_record::{Key, State as KnownState, Value};

use crate::state_topic::{Isolation, StateTopic, StateView};
use crate::status::{DaemonStatus, WorkerHandle};

/// A member of the group at one target.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    worker: String,
    target: String,
    group: String,
    /// As the target sees it.
    host: String,
    /// Its HTTP server's.
    address: String,
    /// `running`, `draining`, `drained`, or `rebalancing` with the group.
    state: &'static str,
    share_count: usize,
    /// Partitions that have a position.
    partition_count: usize,
    shares: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct How {
    #[serde(default)]
    dry_run: bool,
    /// It takes shares again.
    #[serde(default)]
    undo: bool,
}

pub(super) async fn list(State(status): State<DaemonStatus>) -> Result<Json<Answer>, Problem> {
    let found = all(&status).await?;
    Ok(Json(json!({ "workers": found.into_iter().map(|(row, _)| row).collect::<Vec<_>>() })))
}

/// Asks a worker to give up its shares, by a record that it reads.
pub(super) async fn drain(
    State(status): State<DaemonStatus>,
    Path(worker): Path<String>,
    Json(How { dry_run, undo }): Json<How>,
) -> Result<Json<Answer>, Problem> {
    let mut found = all(&status).await?;
    found.retain(|(row, _)| row.worker == worker);
    if found.is_empty() {
        return Err(Problem::not_found("worker", &worker));
    }
    for (row, state) in found.iter().filter(|_| !dry_run) {
        let key = Key::Worker { group: row.group.clone(), instance: worker.clone() };
        let written = match undo {
            true => state.remove(&[key]).await,
            false => state.write(vec![(key, Value::Worker { is_draining: true })]).await,
        };
        written.map_err(|error| failed(&row.target, &error))?;
    }
    Ok(Json(json!({ "workers": found.into_iter().map(|(row, _)| row).collect::<Vec<_>>() })))
}

fn failed(target: &str, error: &dyn std::fmt::Display) -> Problem {
    let detail = format!("target {target}: {error}");
    Problem::new(StatusCode::BAD_GATEWAY, "cluster-failed", "A cluster did not do it", detail)
}

/// All members of all groups that this daemon is in, with the state topics beside them.
async fn all(status: &DaemonStatus) -> Result<Vec<(Row, StateTopic)>, Problem> {
    let mut rows = Vec::new();
    for (target, worker) in status.workers() {
        let not_yet = || failed(&target, &"the target was not reached yet");
        let handle = worker.handle.ok_or_else(not_yet)?;
        let found = members(&target, &worker.group, &handle).await;
        let found = found.map_err(|error| failed(&target, &error))?;
        rows.extend(found.into_iter().map(|row| (row, handle.state.clone())));
    }
    Ok(rows)
}

/// What the coordinator and the state topic say; the text is why they don't.
async fn members(target: &str, group: &str, handle: &WorkerHandle) -> Result<Vec<Row>, String> {
    let described = handle.cluster.describe_groups(&[group.to_owned()]).await;
    let described = described.map_err(|error| error.to_string())?.into_iter().next();
    let Some((_, description)) = described else { return Ok(Vec::new()) };
    let description = description.map_err(|error| error.to_string())?;
    let mut view = StateView::default();
    let read = handle.state.catch_up(&mut view, Isolation::OutsideTransactions).await;
    read.map_err(|error| error.to_string())?;
    let is_stable = description.state == "Stable";
    let mut rows = Vec::with_capacity(description.members.len());
    for member in description.members {
        // While the group rebalances the coordinator tells nothing of these.
        let told = Member::decode(&member.metadata).unwrap_or_default();
        let shares = decode_parts(&member.assignment).unwrap_or_default();
        let state = match (is_stable, told.is_draining, shares.is_empty()) {
            (false, _, _) => "rebalancing",
            (true, true, false) => "draining",
            (true, true, true) => "drained",
            (true, false, _) => "running",
        };
        rows.push(Row {
            worker: member.group_instance_id.unwrap_or(told.instance),
            target: target.to_owned(),
            group: group.to_owned(),
            host: member.client_host.trim_start_matches('/').to_owned(),
            address: told.address,
            state,
            share_count: shares.len(),
            partition_count: partitions(&view.state, &shares),
            shares: shares.iter().map(Part::to_string).collect(),
        });
    }
    rows.sort_by(|one, other| one.worker.cmp(&other.worker));
    Ok(rows)
}

fn partitions(state: &KnownState, shares: &BTreeSet<Part>) -> usize {
    let mut by_flow: BTreeMap<&str, Vec<&Part>> = BTreeMap::new();
    for part in shares {
        by_flow.entry(&part.flow).or_default().push(part);
    }
    let is_of = |key: &Key| match key {
        Key::Position { flow, topic, partition, .. } => by_flow
            .get(flow.as_str())
            .is_some_and(|parts| parts.iter().any(|part| part.has(topic, *partition))),
        _ => false,
    };
    state.iter().filter(|(key, _)| is_of(key)).count()
}
