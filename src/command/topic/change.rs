//! What is made, changed and deleted. `--dry-run` asks the brokers whether they would, where they can say so.

use std::collections::BTreeMap;

use strait_client::{Cluster, NewPartitions, NewTopic, TopicConfigChange};

use super::{failed, pair};
use crate::Failure;
use crate::command::kafka::{confirm, refused};

#[derive(clap::Args)]
pub(super) struct CreateArguments {
    topic: String,
    /// The broker's default without it.
    #[arg(long, default_value_t = -1, hide_default_value = true)]
    partitions: i32,
    /// The broker's default without it.
    #[arg(long, default_value_t = -1, hide_default_value = true)]
    replication_factor: i16,
    /// A setting of the topic; may be given often.
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    config: Vec<(String, String)>,
    /// Say what would be done, and change nothing.
    #[arg(long)]
    dry_run: bool,
}

#[derive(clap::Args)]
pub(super) struct DeleteArguments {
    #[arg(required = true)]
    topics: Vec<String>,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
    /// Say what would be done, and change nothing.
    #[arg(long)]
    dry_run: bool,
}

#[derive(clap::Args)]
pub(super) struct AlterArguments {
    topic: String,
    /// Partitions in all, afterwards.
    #[arg(long)]
    partitions: Option<i32>,
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    set: Vec<(String, String)>,
    /// Back to the broker's default.
    #[arg(long, value_name = "KEY")]
    unset: Vec<String>,
    /// Say what would be done, and change nothing.
    #[arg(long)]
    dry_run: bool,
}

fn done(dry_run: bool, what: &str) {
    eprintln!("{}{what}", if dry_run { "would be " } else { "" });
}

pub(super) async fn create(cluster: &Cluster, arguments: &CreateArguments) -> Result<(), Failure> {
    let topic = NewTopic {
        name: arguments.topic.clone(),
        partitions: arguments.partitions,
        replication_factor: arguments.replication_factor,
        configs: arguments.config.iter().cloned().collect(),
    };
    refused(cluster.create_topics(vec![topic], arguments.dry_run).await.map_err(failed)?)?;
    done(arguments.dry_run, &format!("created: {}", arguments.topic));
    Ok(())
}

pub(super) async fn delete(cluster: &Cluster, arguments: &DeleteArguments) -> Result<(), Failure> {
    let names = arguments.topics.join(", ");
    let metadata = cluster.refresh(Some(&arguments.topics)).await.map_err(failed)?;
    if let Some(missing) = arguments.topics.iter().find(|name| !metadata.topics.contains_key(*name)) {
        return Err(failed(anyhow::anyhow!("there is no topic {missing}")));
    }
    if !arguments.dry_run {
        confirm(&format!("delete {names} with all records"), arguments.yes)?;
        refused(cluster.delete_topics(&arguments.topics).await.map_err(failed)?)?;
    }
    done(arguments.dry_run, &format!("deleted: {names}"));
    Ok(())
}

pub(super) async fn alter(cluster: &Cluster, arguments: &AlterArguments) -> Result<(), Failure> {
    let AlterArguments { topic, partitions, set, unset, dry_run } = arguments;
    if partitions.is_none() && set.is_empty() && unset.is_empty() {
        return Err(Failure::WrongInput("error: give --partitions, --set or --unset".to_owned()));
    }
    let metadata = cluster.refresh(Some(std::slice::from_ref(topic))).await.map_err(failed)?;
    let known =
        metadata.topics.get(topic).ok_or_else(|| failed(anyhow::anyhow!("there is no topic {topic}")))?;
    let has = known.partitions.len();
    if let Some(total) = *partitions {
        if usize::try_from(total).is_ok_and(|total| total <= has) || total < 1 {
            let message = format!("error: {topic} has {has} partitions: --partitions must be more");
            return Err(Failure::WrongInput(message));
        }
        if !dry_run {
            let widened = vec![NewPartitions { topic: topic.clone(), total }];
            refused(cluster.create_partitions(widened).await.map_err(failed)?)?;
        }
        done(*dry_run, &format!("widened: {topic} from {has} to {total} partitions"));
    }
    if !set.is_empty() || !unset.is_empty() {
        let set: BTreeMap<String, String> = set.iter().cloned().collect();
        let change = TopicConfigChange { topic: topic.clone(), set, delete: unset.clone() };
        refused(cluster.incremental_alter_configs(&[change], *dry_run).await.map_err(failed)?)?;
        done(*dry_run, &format!("altered: {topic}"));
    }
    Ok(())
}
