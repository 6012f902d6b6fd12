//! Offsets of a flow's groups committed at its target now, by a running replicator.

use serde_json::json;

use crate::Failure;
use crate::command::daemon::{DaemonArguments, show};
use crate::command::kafka::Output;

#[derive(clap::Args)]
pub(super) struct SyncArguments {
    /// Such as east--west.
    flow: String,
    /// Without it all groups of the flow.
    group: Option<String>,
    /// Only say what would be committed.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    daemon: DaemonArguments,
}

const GROUP_COLUMNS: [&str; 4] = ["id", "state", "reason", "is_memberless"];
const PLACE_COLUMNS: [&str; 8] =
    ["group", "topic", "partition", "remote_topic", "source_offset", "target_offset", "translation", "sync"];

pub(super) fn sync(arguments: &SyncArguments, output: Output) -> Result<(), Failure> {
    let flow = &arguments.flow;
    let path = match &arguments.group {
        Some(group) => format!("/v1/flows/{flow}/groups/{group}/sync"),
        None => format!("/v1/flows/{flow}/groups:sync"),
    };
    let answer = arguments.daemon.ask(&path, Some(json!({ "dry_run": arguments.dry_run })))?;
    if output == Output::Table {
        show(output, &answer, "groups", &GROUP_COLUMNS)?;
    }
    show(output, &answer, "partitions", &PLACE_COLUMNS)
}
