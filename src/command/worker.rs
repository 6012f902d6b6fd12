//! `strait worker`: the daemons that share flows, by one of them that runs.

use clap::Subcommand;
use serde_json::json;

use super::daemon::{DaemonArguments, show};
use super::kafka::{Output, confirm};
use crate::Failure;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[arg(long, global = true, value_enum, default_value_t = Output::Table)]
    output: Output,
    #[command(flatten)]
    daemon: DaemonArguments,
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// All workers of the group and what they run.
    List,
    /// Move a worker's shares to the others, so that it can be stopped. Started again it takes shares as before.
    Drain {
        /// Its `instance`.
        worker: String,
        /// Let it take shares again.
        #[arg(long)]
        undo: bool,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
        /// Only show what it runs.
        #[arg(long)]
        dry_run: bool,
    },
}

const COLUMNS: [&str; 7] = ["worker", "target", "state", "share_count", "partition_count", "host", "address"];

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let answer = match &arguments.action {
        Action::List => arguments.daemon.ask("/v1/workers", None)?,
        Action::Drain { worker, undo, yes, dry_run } => {
            if !dry_run && !undo {
                confirm(&format!("move all shares of {worker} to other workers"), *yes)?;
            }
            let question = json!({ "dry_run": dry_run, "undo": undo });
            arguments.daemon.ask(&format!("/v1/workers/{worker}/drain"), Some(question))?
        }
    };
    show(arguments.output, &answer, "workers", &COLUMNS)
}
