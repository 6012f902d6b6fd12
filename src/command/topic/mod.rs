//! `strait topic`: topics of any Kafka cluster.

// What there is.
mod show;
// What is made, changed and deleted.
mod change;

use clap::Subcommand;

use super::kafka::{ConnectionArguments, Output, run_async};
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
    /// Make a topic.
    Create(change::CreateArguments),
    /// All topics.
    List {
        /// Leave out Kafka's own.
        #[arg(long)]
        exclude_internal: bool,
    },
    /// Partitions of topics with their leaders and offsets; with --configs their settings.
    Describe {
        #[arg(required = true)]
        topics: Vec<String>,
        #[arg(long)]
        configs: bool,
    },
    /// Delete topics and all their records.
    Delete(change::DeleteArguments),
    /// Add partitions, set and unset settings.
    Alter(change::AlterArguments),
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    run_async(async {
        let cluster = arguments.connection.connect().await?;
        match &arguments.action {
            Action::Create(create) => change::create(&cluster, create).await,
            Action::List { exclude_internal } => {
                show::list(&cluster, arguments.output, *exclude_internal).await
            }
            Action::Describe { topics, configs: false } => {
                show::partitions(&cluster, arguments.output, topics).await
            }
            Action::Describe { topics, configs: true } => {
                show::configs(&cluster, arguments.output, topics).await
            }
            Action::Delete(delete) => change::delete(&cluster, delete).await,
            Action::Alter(alter) => change::alter(&cluster, alter).await,
        }
    })
}

/// `key=value`.
fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("must be KEY=VALUE".to_owned()),
    }
}

fn failed(error: impl Into<anyhow::Error>) -> Failure {
    Failure::Failed(error.into())
}
