//! The daemon's REST resources: flows, their partitions, topics and settings of these, rules of access, quotas, users,
//! groups and ledger, and workers.

// Groups synced on demand.
mod sync;
// What MirrorMaker 2's topics hold.
mod topics_of_mirror_maker;
// Offsets of one side as offsets of the other.
mod translate;
// Those who share flows.
mod workers;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use strait_http::Problem;
use strait_replicator_core::lane::StateName;

use crate::flow::{AskError, FlowHandle};
use crate::status::{DaemonStatus, FlowStatus, GroupStatus};

/// All routes of the daemon.
pub(crate) fn router(status: DaemonStatus, registry: prometheus::Registry) -> Router {
    let ready = status.clone();
    Router::new()
        .route("/v1/flows", get(flows))
        .route("/v1/flows/{id}", get(flow))
        .route("/v1/flows/{id}/topics", get(topics))
        .route("/v1/flows/{id}/partitions", get(partitions))
        .route("/v1/flows/{id}/ledger", get(ledger))
        .route("/v1/flows/{id}/acls", get(acls))
        .route("/v1/flows/{id}/configs", get(configs))
        .route("/v1/flows/{id}/client-quotas", get(client_quotas))
        .route("/v1/flows/{id}/scram-users", get(scram_users))
        .route("/v1/flows/{id}/groups", get(groups))
        .route("/v1/flows/{id}/groups/{group}", get(group))
        .route("/v1/flows/{id}/groups:sync", post(sync::all))
        .route("/v1/flows/{id}/groups/{group}/sync", post(sync::one))
        .route("/v1/flows/{id}/checkpoints", get(topics_of_mirror_maker::checkpoints))
        .route("/v1/flows/{id}/heartbeats", get(topics_of_mirror_maker::heartbeats))
        .route("/v1/flows/{id}/offsets:translate", post(translate::translate))
        .route("/v1/workers", get(workers::list))
        .route("/v1/workers/{worker}/drain", post(workers::drain))
        .with_state(status)
        .merge(strait_http::health(move || is_ready(&ready)))
        .merge(strait_http::metrics(registry))
}

/// Ready once every flow has talked to its clusters.
fn is_ready(status: &DaemonStatus) -> Result<(), String> {
    match status.flows().iter().find(|flow| flow.state == StateName::Unreachable) {
        Some(flow) => Err(format!("flow {} is unreachable", flow.id)),
        None => Ok(()),
    }
}

async fn flows(State(status): State<DaemonStatus>) -> Json<Value> {
    Json(json!({ "flows": status.flows() }))
}

async fn flow(
    State(status): State<DaemonStatus>,
    Path(id): Path<String>,
) -> Result<Json<FlowStatus>, Problem> {
    find(&status, &id).map(Json)
}

async fn partitions(
    State(status): State<DaemonStatus>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    Ok(Json(json!({ "partitions": find(&status, &id)?.partitions })))
}

async fn ledger(State(status): State<DaemonStatus>, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    Ok(Json(json!({ "ledger": find(&status, &id)?.ledger })))
}

async fn groups(State(status): State<DaemonStatus>, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    let flow = find(&status, &id)?;
    let groups: Vec<GroupStatus> = flow.groups.statuses().collect();
    Ok(Json(json!({ "groups": groups, "error": flow.groups_error() })))
}

async fn acls(State(status): State<DaemonStatus>, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    let acls = find(&status, &id)?.acls;
    Ok(Json(json!({ "sync": acls, "acls": &*acls.acls })))
}

async fn configs(State(status): State<DaemonStatus>, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    let configs = find(&status, &id)?.configs;
    Ok(Json(json!({ "sync": configs, "configs": &*configs.configs })))
}

async fn client_quotas(
    State(status): State<DaemonStatus>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let quotas = find(&status, &id)?.client_quotas;
    Ok(Json(json!({ "sync": quotas, "client_quotas": &*quotas.rows })))
}

async fn scram_users(
    State(status): State<DaemonStatus>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let users = find(&status, &id)?.scram_users;
    Ok(Json(json!({ "sync": users, "scram_users": &*users.rows })))
}

async fn group(
    State(status): State<DaemonStatus>,
    Path((id, name)): Path<(String, String)>,
) -> Result<Json<Value>, Problem> {
    let group = find(&status, &id)?.groups.status_of(&name);
    let group = group.ok_or_else(|| Problem::not_found("group", &name))?;
    Ok(Json(json!({ "group": group, "partitions": group.partitions })))
}

async fn topics(State(status): State<DaemonStatus>, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    Ok(Json(json!({ "topics": find(&status, &id)?.topics() })))
}

/// Whom to ask about a flow that runs.
fn handle(flow: &FlowStatus) -> Result<&FlowHandle, Problem> {
    flow.handle.as_ref().ok_or_else(|| not_running(&flow.id))
}

fn not_running(flow: &str) -> Problem {
    let detail = format!("flow {flow} does not run here, so it can't be asked");
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "flow-not-running", "The flow is not running", detail)
}

fn refused(flow: &str, error: &AskError) -> Problem {
    match error {
        AskError::NotRunning(_) => not_running(flow),
        AskError::Failed(reason) => {
            let detail = format!("flow {flow}: {reason}");
            Problem::new(StatusCode::BAD_GATEWAY, "cluster-failed", "A cluster did not do it", detail)
        }
    }
}

fn find(status: &DaemonStatus, id: &str) -> Result<FlowStatus, Problem> {
    status.flow(id).ok_or_else(|| Problem::not_found("flow", id))
}
