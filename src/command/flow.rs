//! `strait flow`: what a running replicator says of its flows.

use clap::Subcommand;

use super::daemon::{DaemonArguments, show};
use super::kafka::Output;
use crate::Failure;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    daemon: DaemonArguments,
    #[arg(long, global = true, value_enum, default_value_t = Output::Table)]
    output: Output,
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// All flows.
    List,
    /// The partitions of a flow with their state.
    Describe { flow: String },
    /// What each partition has still to copy.
    Lag { flow: String },
    /// The flow's groups: what became of each at the target, and why.
    Groups { flow: String },
    /// Rules of access about copied topics: what became of each at the target, and why.
    Acls { flow: String },
    /// Settings of copied topics that are not the same on both sides, and why.
    Configs { flow: String },
    /// Quotas of users and client ids: what became of each at the target, and why.
    ClientQuotas { flow: String },
    /// Users of SCRAM: what became of each at the target, and why.
    ScramUsers { flow: String },
    /// Where a group stands on both sides.
    Group { flow: String, group: String },
    /// Where groups stand by MirrorMaker 2's topic at the target.
    Checkpoints { flow: String },
    /// Signs of life at the target, of the flow and of those further up.
    Heartbeats { flow: String },
}

const FLOW_COLUMNS: [&str; 8] = [
    "id",
    "state",
    "partition_count",
    "records_per_second",
    "lag_records",
    "lag_seconds",
    "records_total",
    "last_error",
];
const PARTITION_COLUMNS: [&str; 6] = ["topic", "partition", "remote_topic", "state", "position", "detail"];
const GROUP_COLUMNS: [&str; 4] = ["id", "state", "reason", "is_memberless"];
const ACL_COLUMNS: [&str; 11] = [
    "topic",
    "pattern",
    "principal",
    "host",
    "operation",
    "permission",
    "remote_topic",
    "remote_pattern",
    "remote_operation",
    "state",
    "reason",
];
const CONFIG_COLUMNS: [&str; 7] =
    ["topic", "remote_topic", "setting", "source_value", "target_value", "state", "reason"];
const QUOTA_COLUMNS: [&str; 7] = ["user", "client_id", "key", "value", "target_value", "state", "reason"];
const USER_COLUMNS: [&str; 6] = ["user", "mechanism", "iterations", "target_iterations", "state", "reason"];
const PLACE_COLUMNS: [&str; 7] =
    ["topic", "partition", "remote_topic", "source_offset", "target_offset", "translation", "sync"];
const LAG_COLUMNS: [&str; 6] = ["topic", "partition", "position", "source_end", "lag_records", "lag_seconds"];
const CHECKPOINT_COLUMNS: [&str; 7] =
    ["group", "remote_topic", "partition", "source_offset", "target_offset", "metadata", "at_ms"];
const HEARTBEAT_COLUMNS: [&str; 4] = ["topic", "source", "target", "at_ms"];

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let of = |flow: &str, rest: &str| format!("/v1/flows/{flow}/{rest}");
    let (path, rows, columns): (String, &str, &[&str]) = match &arguments.action {
        Action::List => ("/v1/flows".to_owned(), "flows", &FLOW_COLUMNS),
        Action::Describe { flow } => (of(flow, "partitions"), "partitions", &PARTITION_COLUMNS),
        Action::Lag { flow } => (of(flow, "partitions"), "partitions", &LAG_COLUMNS),
        Action::Groups { flow } => (of(flow, "groups"), "groups", &GROUP_COLUMNS),
        Action::Acls { flow } => (of(flow, "acls"), "acls", &ACL_COLUMNS),
        Action::Configs { flow } => (of(flow, "configs"), "configs", &CONFIG_COLUMNS),
        Action::ClientQuotas { flow } => (of(flow, "client-quotas"), "client_quotas", &QUOTA_COLUMNS),
        Action::ScramUsers { flow } => (of(flow, "scram-users"), "scram_users", &USER_COLUMNS),
        Action::Group { flow, group } => (of(flow, &format!("groups/{group}")), "partitions", &PLACE_COLUMNS),
        Action::Checkpoints { flow } => (of(flow, "checkpoints"), "checkpoints", &CHECKPOINT_COLUMNS),
        Action::Heartbeats { flow } => (of(flow, "heartbeats"), "heartbeats", &HEARTBEAT_COLUMNS),
    };
    let answer = arguments.daemon.ask(&path, None)?;
    if let Some(reason) = answer["sync"]["reason"].as_str().filter(|reason| !reason.is_empty()) {
        eprintln!("{}: {reason}", answer["sync"]["state"].as_str().unwrap_or_default());
    }
    show(arguments.output, &answer, rows, columns)
}
