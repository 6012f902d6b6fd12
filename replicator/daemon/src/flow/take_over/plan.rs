//! What taking over would do, for a person. Nothing is written.

use serde::Serialize;
use strait_client::{Cluster, ListOffsetsAt};

use super::{TakeOver, TakeOverError};
use crate::configuration::{self, Flow};
use crate::flow::assignment::PartitionName;
use crate::partition_reader::PartitionReader;

/// A partition that a flow would copy.
#[derive(Clone, Debug, Serialize)]
pub struct TakeOverRow {
    pub flow: String,
    pub topic: String,
    pub partition: i32,
    pub remote_topic: String,
    /// Where MirrorMaker 2's positions are looked for.
    pub positions_topic: String,
    /// Whose position it is; nothing where there is none.
    pub connector: Option<String>,
    /// What MirrorMaker 2 says it copied last; nothing where it has no position.
    pub last_copied: Option<i64>,
    /// Next to copy; nothing where the flow begins as it is configured to.
    pub source_offset: Option<i64>,
    pub source_end: i64,
    /// The end of the remote topic.
    pub target_offset: Option<i64>,
    /// For a person.
    pub said: String,
}

/// Looks at both clusters.
pub async fn plan(
    flow: &Flow,
    source: &configuration::Cluster,
    target: &configuration::Cluster,
) -> Result<Vec<TakeOverRow>, TakeOverError> {
    let source = Cluster::connect(source.client_config()).await?;
    let target = Cluster::connect(target.client_config()).await?;
    let selection = flow.selection(flow.policy().map_err(TakeOverError::Configuration)?)?;
    let take_over = TakeOver::read(flow, &source, &target).await?;
    let metadata = source.refresh(None).await?;
    let mut rows = Vec::new();
    for topic in metadata.topics.values() {
        if topic.is_internal || !selection.selects(&topic.name).is_selected() {
            continue;
        }
        let remote_topic = selection.policy.remote_topic(&flow.source, &topic.name);
        for partition in topic.partitions.keys() {
            let name = PartitionName { topic: topic.name.clone(), partition: *partition };
            let resumed = match &take_over {
                Some(take_over) => take_over.resume(&name, &remote_topic).await?,
                None => None,
            };
            let stored = resumed.as_ref().and_then(|resumed| resumed.stored.clone());
            let reader = PartitionReader::new(source.clone(), topic.name.clone(), *partition);
            let said = match &resumed {
                Some(resumed) if resumed.said.is_empty() => "goes on at its next record".to_owned(),
                Some(resumed) => resumed.said.clone(),
                None if flow.take_over.is_empty() => {
                    "take_over names no topic: begins as configured".to_owned()
                }
                None => "not copied by MirrorMaker 2: begins as configured".to_owned(),
            };
            rows.push(TakeOverRow {
                flow: flow.id(),
                topic: topic.name.clone(),
                partition: *partition,
                remote_topic: remote_topic.clone(),
                positions_topic: flow.take_over.clone(),
                last_copied: stored.as_ref().map(|stored| stored.last_copied),
                connector: stored.map(|stored| stored.connector),
                source_offset: resumed.as_ref().map(|resumed| resumed.source_offset),
                source_end: reader.offset(ListOffsetsAt::Latest).await?,
                target_offset: resumed.as_ref().map(|resumed| resumed.target_offset),
                said,
            });
        }
    }
    Ok(rows)
}
