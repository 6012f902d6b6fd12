//! Going on where MirrorMaker 2 stopped: positions from Connect's topic at the target, corrected by where its copy really
//! ends, and its offset syncs for what it copied.

// The end of a copy among the records of the source.
mod aligning;
// What would be done, for a person.
mod plan;
// Positions in Connect's topic.
mod source_offset;

use std::collections::BTreeMap;

use strait_client::{ClientError, Cluster, ListOffsetsAt};
use strait_replicator_core::mirror_maker::{RoughMap, StoredPosition, StoredPositions};
use strait_wire::batch::Record;
use strait_wire::mm2::OffsetSync;
use tracing::{info, warn};

use super::assignment::PartitionName;
use crate::configuration::{Flow, OffsetSyncs, Problem};
use crate::partition_reader::{PartitionError, PartitionReader};

use source_offset::SourceOffset;

pub use plan::{TakeOverRow, plan};

/// Why MirrorMaker 2's state can't be read.
#[derive(Debug, thiserror::Error)]
pub enum TakeOverError {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("{0}")]
    Partition(String),
    #[error("{} = {}: allowed is {}", .0.key, .0.value, .0.allowed)]
    Configuration(Problem),
    #[error(transparent)]
    Pattern(#[from] strait_replicator_core::selection::PatternError),
}

impl From<PartitionError> for TakeOverError {
    fn from(error: PartitionError) -> Self {
        Self::Partition(error.to_string())
    }
}

/// What MirrorMaker 2 left of a flow.
pub(crate) struct TakeOver {
    flow: String,
    source: Cluster,
    target: Cluster,
    positions: BTreeMap<PartitionName, StoredPosition>,
    pub(crate) syncs: BTreeMap<PartitionName, RoughMap>,
}

/// Where a partition goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resumed {
    /// What MirrorMaker 2 stored.
    pub(crate) stored: Option<StoredPosition>,
    /// Next to copy.
    pub(crate) source_offset: i64,
    /// The target's end.
    pub(crate) target_offset: i64,
    /// For a person; empty where MirrorMaker 2's position was true.
    pub(crate) said: String,
}

impl TakeOver {
    /// Nothing where the flow is not told to take over.
    pub(crate) async fn read(
        flow: &Flow,
        source: &Cluster,
        target: &Cluster,
    ) -> Result<Option<Self>, TakeOverError> {
        if flow.take_over.is_empty() {
            return Ok(None);
        }
        let positions = positions(flow, target).await?;
        let syncs = syncs(flow, source, target).await?;
        info!(
            flow = %flow.id(), topic = flow.take_over, positions = positions.len(), synced = syncs.len(),
            "positions and offset syncs of MirrorMaker 2 are read"
        );
        let (source, target) = (source.clone(), target.clone());
        Ok(Some(Self { flow: flow.id(), source, target, positions, syncs }))
    }

    /// Where a partition goes on; nothing where MirrorMaker 2 did not copy it.
    pub(crate) async fn resume(
        &self,
        name: &PartitionName,
        remote_topic: &str,
    ) -> Result<Option<Resumed>, TakeOverError> {
        let stored = self.positions.get(name).cloned();
        let last_copied = stored.as_ref().map(|stored| stored.last_copied);
        let last_synced = self.syncs.get(name).and_then(RoughMap::newest).map(|(upstream, _)| upstream);
        let source = PartitionReader::new(self.source.clone(), name.topic.clone(), name.partition);
        let target = PartitionReader::new(self.target.clone(), remote_topic.to_owned(), name.partition);
        // Killed early it has stored no position; a sync names a record that it has copied too.
        let Some(known) = last_copied.max(last_synced) else {
            return self.resume_unstored(name, &source, &target).await;
        };
        let end = source.offset(ListOffsetsAt::Latest).await?;
        if known >= end {
            warn!(
                flow = %self.flow, topic = name.topic, partition = name.partition, known, end,
                "MirrorMaker 2 copied a topic that was there before this one: its position is not used"
            );
            return Ok(None);
        }
        let resumed = Resumed { stored, ..aligning::resume(&source, &target, known).await? };
        info!(
            flow = %self.flow, topic = name.topic, partition = name.partition, ?last_copied,
            source_offset = resumed.source_offset, target_offset = resumed.target_offset, said = resumed.said,
            "goes on where MirrorMaker 2 stopped"
        );
        Ok(Some(resumed))
    }
}

impl TakeOver {
    /// Where a partition goes on of which MirrorMaker 2 stored nothing: it stores first after a minute. Nothing where it
    /// copied nothing, or what the target holds is not of the source.
    async fn resume_unstored(
        &self,
        name: &PartitionName,
        source: &PartitionReader,
        target: &PartitionReader,
    ) -> Result<Option<Resumed>, TakeOverError> {
        let Some(resumed) = aligning::resume_unstored(source, target).await? else { return Ok(None) };
        info!(
            flow = %self.flow, topic = name.topic, partition = name.partition,
            source_offset = resumed.source_offset, target_offset = resumed.target_offset, said = resumed.said,
            "goes on where MirrorMaker 2 stopped"
        );
        Ok(Some(resumed))
    }
}

/// Positions of a source, of the connector that the flow names.
async fn positions(
    flow: &Flow,
    target: &Cluster,
) -> Result<BTreeMap<PartitionName, StoredPosition>, TakeOverError> {
    let mut positions = StoredPositions::of(&flow.mirror_maker_connector);
    let mut malformed = 0_u64;
    for reader in partitions_of(target, &flow.take_over).await? {
        let Some(leader) = reader.leader().await? else { continue };
        let begin = reader.offset(ListOffsetsAt::Earliest).await?;
        let take = |record: Record| {
            let Some(key) = &record.key else { return true };
            match SourceOffset::decode(key, record.value.as_deref()) {
                Ok(Some(found)) if found.cluster == flow.source => {
                    let name = PartitionName { topic: found.topic, partition: found.partition };
                    positions.push(name, found.connector, found.last_copied);
                }
                Ok(_) => {}
                Err(error) => {
                    if malformed == 0 {
                        let (topic, partition) = (&reader.topic, reader.partition);
                        warn!(topic, partition, offset = record.offset, %error, "a record is no position and is left out");
                    }
                    malformed += 1;
                }
            }
            true
        };
        reader.read(&leader, begin, take).await?;
    }
    Ok(positions.finish())
}

/// Offset syncs, wherever MirrorMaker 2 put them.
async fn syncs(
    flow: &Flow,
    source: &Cluster,
    target: &Cluster,
) -> Result<BTreeMap<PartitionName, RoughMap>, TakeOverError> {
    let policy = flow.policy().map_err(TakeOverError::Configuration)?;
    let (cluster, other) = match flow.offset_syncs {
        OffsetSyncs::Off => return Ok(BTreeMap::new()),
        OffsetSyncs::Source => (source, &flow.target),
        OffsetSyncs::Target => (target, &flow.source),
    };
    let mut syncs: BTreeMap<PartitionName, RoughMap> = BTreeMap::new();
    for reader in partitions_of(cluster, &policy.offset_syncs_topic(other)).await? {
        let Some(leader) = reader.leader().await? else { continue };
        let begin = reader.offset(ListOffsetsAt::Earliest).await?;
        let take = |record: Record| {
            if let (Some(key), Some(value)) = (&record.key, &record.value)
                && let Ok(sync) = OffsetSync::decode(key, value)
            {
                let name = PartitionName { topic: sync.topic, partition: sync.partition };
                syncs.entry(name).or_default().push(sync.upstream_offset, sync.downstream_offset);
            }
            true
        };
        reader.read(&leader, begin, take).await?;
    }
    Ok(syncs)
}

/// A topic's partitions; none where it is not there.
async fn partitions_of(cluster: &Cluster, topic: &str) -> Result<Vec<PartitionReader>, TakeOverError> {
    let metadata = cluster.refresh(Some(&[topic.to_owned()])).await?;
    let partitions = metadata.topics.get(topic).into_iter().flat_map(|topic| topic.partitions.keys());
    let reader = |partition: &i32| PartitionReader::new(cluster.clone(), topic.to_owned(), *partition);
    Ok(partitions.map(reader).collect())
}
