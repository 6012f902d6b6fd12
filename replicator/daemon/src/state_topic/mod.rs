//! Our compacted topic on the target: producer ids, positions, owners and losses, the part of the state that must
//! survive.

// The copy of it in the data folder.
mod copy;
// Reading what was written since the last look.
mod read;
// Writing again what was lost.
mod restoring;
// Writing records, outside of transactions and in them.
mod write;

use std::time::Duration;

use strait_client::{
    BrokerError, ClientError, Cluster, Connection, ConnectionError, NewTopic, UnsupportedApiError,
};
use strait_replicator_core::rewrite::Poison;
use strait_replicator_core::state_record::StateRecordError;
use strait_wire::batch::BatchError;
use strait_wire::error_code::ErrorCode;
use strait_wire::ids::Uuid;
use tokio::time::Instant;
use tracing::info;

use crate::own_topics::{CURRENT, KNOWN, OwnTopics};
use crate::store::Store;

pub(crate) use read::{Isolation, StateView};

pub(crate) const STATE_PARTITION: i32 = 0;
/// How long a new topic may take until it has a leader.
const CREATE_DEADLINE: Duration = Duration::from_secs(60);

/// Why the state can't be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StateError {
    #[error("state topic: {0}")]
    Client(#[from] ClientError),
    #[error("state topic: {0}")]
    Connection(#[from] ConnectionError),
    #[error("state topic: {0}")]
    Unsupported(#[from] UnsupportedApiError),
    #[error("state topic can't be created: {0}")]
    Create(BrokerError),
    #[error("state topic has no leader")]
    NoLeader,
    #[error("state topic: the target answers {code}")]
    Refused { code: ErrorCode },
    #[error("state topic: no answer for partition {STATE_PARTITION}")]
    Missing,
    #[error("state topic {topic}-{STATE_PARTITION}, batch after offset {offset}: {source}")]
    Batch { topic: &'static str, offset: i64, source: BatchError },
    #[error("state topic {topic}-{STATE_PARTITION}, record at offset {offset}: {source}")]
    Record { topic: &'static str, offset: i64, source: StateRecordError },
    #[error("state topic {topic}-{STATE_PARTITION}, batch after offset {offset}: {source}")]
    Unreadable { topic: &'static str, offset: i64, source: Poison },
    #[error("state topic {topic}-{STATE_PARTITION} lost what was read of it: {reason}")]
    Lost { topic: &'static str, reason: String },
    #[error("state topic: an open transaction has kept it from being read for {waited:?}")]
    Blocked { waited: Duration },
    #[error("state topic: not written within {deadline:?}: {reason}")]
    NotWritten { deadline: Duration, reason: String },
}

impl StateError {
    /// A broker does not take who we say we are, or does not allow us what we asked for.
    pub(crate) fn is_unauthorized(&self) -> bool {
        match self {
            Self::Client(error) => error.is_unauthorized(),
            Self::Connection(error) => error.is_unauthorized(),
            Self::Create(error) => error.code.is_authorization(),
            Self::Refused { code } => code.is_authorization(),
            Self::Unsupported(_)
            | Self::NoLeader
            | Self::Missing
            | Self::Batch { .. }
            | Self::Record { .. }
            | Self::Unreadable { .. }
            | Self::Lost { .. }
            | Self::Blocked { .. }
            | Self::NotWritten { .. } => false,
        }
    }
}

/// The state topic of one cluster.
#[derive(Clone)]
pub(crate) struct StateTopic {
    cluster: Cluster,
    topics: OwnTopics,
    replication_factor: i16,
    /// Has a copy of the topic.
    store: Option<Store>,
}

struct Leader {
    connection: Connection,
    topic_id: Uuid,
}

impl StateTopic {
    /// Finds the topic or creates it.
    pub(crate) async fn open(
        cluster: Cluster,
        replication_factor: i16,
        store: Option<Store>,
    ) -> Result<Self, StateError> {
        let _opening = match &store {
            Some(store) => Some(store.opening().await),
            None => None,
        };
        let topics = match find(&cluster).await? {
            Some(topics) => topics,
            None => {
                create(&cluster, CURRENT.state, replication_factor).await?;
                CURRENT
            }
        };
        let topic = Self { cluster, topics, replication_factor, store };
        topic.adopt_copy().await?;
        Ok(topic)
    }

    /// The topic of a cluster that is only read, where it may be absent.
    pub(crate) fn of(cluster: Cluster) -> Self {
        Self { cluster, topics: CURRENT, replication_factor: -1, store: None }
    }

    /// Asks the cluster whether the topic is there.
    pub(crate) async fn exists(&mut self) -> Result<bool, StateError> {
        let found = find(&self.cluster).await?;
        self.topics = found.unwrap_or(self.topics);
        Ok(found.is_some())
    }

    /// The topic's name.
    pub(crate) fn name(&self) -> &'static str {
        self.topics.state
    }

    /// The name of the topic for chunks of offset maps beside it.
    pub(crate) fn offset_map(&self) -> &'static str {
        self.topics.offset_map
    }

    async fn leader(&self) -> Result<Leader, StateError> {
        let metadata = self.cluster.metadata().await;
        let topic = metadata.topics.get(self.name());
        let partition = topic.and_then(|topic| topic.partitions.get(&STATE_PARTITION));
        let (Some(topic), Some(partition)) = (topic, partition) else { return Err(StateError::NoLeader) };
        let connection = self.cluster.connection_to(partition.leader).await?;
        Ok(Leader { connection, topic_id: topic.id })
    }

    /// Looks for the topic's leader anew, after it did not answer as one.
    async fn find_leader(&self) -> Result<(), StateError> {
        self.cluster.refresh(Some(&[self.name().to_owned()])).await?;
        Ok(())
    }
}

/// Which topics of ours a cluster has.
async fn find(cluster: &Cluster) -> Result<Option<OwnTopics>, StateError> {
    let metadata = cluster.refresh(Some(&KNOWN.map(|topics| topics.state.to_owned()))).await?;
    let is_there =
        |topics: &OwnTopics| metadata.topics.get(topics.state).is_some_and(|topic| topic.error.is_ok());
    Ok(KNOWN.into_iter().find(is_there))
}

async fn create(cluster: &Cluster, name: &str, replication_factor: i16) -> Result<(), StateError> {
    let configs = [
        ("cleanup.policy", "compact"),
        ("min.cleanable.dirty.ratio", "0.1"),
        // What is not compacted yet is read at each start.
        ("segment.bytes", "16777216"),
    ];
    let topic = NewTopic {
        name: name.to_owned(),
        partitions: 1,
        replication_factor,
        configs: configs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
    };
    for (_, result) in cluster.create_topics(vec![topic], false).await? {
        match result {
            Err(error) if error.code != ErrorCode::TOPIC_ALREADY_EXISTS => {
                return Err(StateError::Create(error));
            }
            Ok(()) | Err(_) => {}
        }
    }
    info!(topic = name, "state topic is created");
    let started = Instant::now();
    while started.elapsed() < CREATE_DEADLINE {
        let metadata = cluster.refresh(Some(&[name.to_owned()])).await?;
        let topic = metadata.topics.get(name);
        let partition = topic.and_then(|topic| topic.partitions.get(&STATE_PARTITION));
        if partition.is_some_and(|partition| partition.leader >= 0 && partition.error.is_ok()) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err(StateError::NoLeader)
}
