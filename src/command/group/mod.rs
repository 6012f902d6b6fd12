//! `strait group`: groups of any Kafka cluster, and of a flow.

// What there is.
mod show;
// Committed offsets to another place.
mod reset;
// Offsets of a flow's groups to its target.
mod sync;

use clap::Subcommand;

use super::kafka::{ConnectionArguments, Output, confirm, refused, run_async};
use crate::Failure;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    connection: ConnectionArguments,
    #[arg(long, global = true, value_enum, default_value_t = Output::Table)]
    output: Output,
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// All groups.
    List,
    /// What groups committed, and how far that is from the end; with --members who is in them.
    Describe {
        #[arg(required = true)]
        groups: Vec<String>,
        #[arg(long)]
        members: bool,
    },
    /// Commit other offsets for a group without members.
    Reset(reset::ResetArguments),
    /// Commit the translated offsets of a flow's groups at its target now, by a running replicator; never backwards,
    /// never while a member is in the group there.
    Sync(sync::SyncArguments),
    /// Delete groups without members, with what they committed.
    Delete {
        #[arg(required = true)]
        groups: Vec<String>,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
        #[arg(long)]
        dry_run: bool,
    },
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    if let Action::Sync(sync) = &arguments.action {
        return sync::sync(sync, arguments.output);
    }
    run_async(async {
        let cluster = arguments.connection.connect().await?;
        match &arguments.action {
            Action::List => show::list(&cluster, arguments.output).await,
            Action::Describe { groups, members: false } => {
                show::offsets(&cluster, arguments.output, groups).await
            }
            Action::Describe { groups, members: true } => {
                show::members(&cluster, arguments.output, groups).await
            }
            Action::Reset(reset) => reset::reset(&cluster, arguments.output, reset).await,
            Action::Sync(sync) => sync::sync(sync, arguments.output),
            Action::Delete { groups, yes, dry_run } => {
                let names = groups.join(", ");
                if *dry_run {
                    show::check_there(&cluster, groups).await?;
                    eprintln!("would be deleted: {names}");
                    return Ok(());
                }
                confirm(&format!("delete {names} with all committed offsets"), *yes)?;
                refused(cluster.delete_groups(groups).await.map_err(failed)?)?;
                eprintln!("deleted: {names}");
                Ok(())
            }
        }
    })
}

fn failed(error: impl Into<anyhow::Error>) -> Failure {
    Failure::Failed(error.into())
}
