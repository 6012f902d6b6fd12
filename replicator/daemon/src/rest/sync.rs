//! `POST /v1/flows/{id}/groups:sync` and `.../groups/{group}/sync`: translated offsets committed at the target now, or,
//! as a dry run, what would be.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use strait_http::Problem;

use super::{find, handle, refused};
use crate::flow::{GroupQuestion, Groups};
use crate::status::{DaemonStatus, GroupStatus};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct How {
    #[serde(default)]
    dry_run: bool,
}

pub(super) async fn all(
    State(status): State<DaemonStatus>,
    Path(id): Path<String>,
    Json(how): Json<How>,
) -> Result<Json<Value>, Problem> {
    Ok(Json(shown(&ask(&status, &id, Groups::All, how).await?)))
}

pub(super) async fn one(
    State(status): State<DaemonStatus>,
    Path((id, group)): Path<(String, String)>,
    Json(how): Json<How>,
) -> Result<Json<Value>, Problem> {
    let groups = ask(&status, &id, Groups::Named(vec![group.clone()]), how).await?;
    if groups.is_empty() {
        return Err(Problem::not_found("group", &group));
    }
    Ok(Json(shown(&groups)))
}

async fn ask(
    status: &DaemonStatus,
    id: &str,
    groups: Groups,
    How { dry_run }: How,
) -> Result<Vec<GroupStatus>, Problem> {
    let flow = find(status, id)?;
    let answer = handle(&flow)?.ask_groups(|answer| GroupQuestion::Sync { groups, dry_run, answer }).await;
    answer.map_err(|error| refused(id, &error))
}

/// Groups, and their places as one list.
fn shown(groups: &[GroupStatus]) -> Value {
    let places = groups.iter().flat_map(|group| {
        group.partitions.iter().map(|place| {
            let mut row = Map::from_iter([("group".to_owned(), group.id.clone().into())]);
            if let Ok(Value::Object(place)) = serde_json::to_value(place) {
                row.extend(place);
            }
            Value::Object(row)
        })
    });
    json!({ "groups": groups, "partitions": places.collect::<Vec<_>>() })
}
