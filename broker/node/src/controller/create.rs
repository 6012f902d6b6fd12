//! Making topics (`ReplicationControlManager.createTopics`).

use std::collections::BTreeMap;

use strait_broker_core::topic_config::TopicConfigs;
use strait_wire::ids::Uuid;

use super::assignment::check_replicas;
use super::open::OpenedTopic;
use super::{ChangeError, Controller, name};
use crate::metadata::{MetadataRecord, TOPIC_RESOURCE};
use crate::random;
use crate::topics::{GROUP_TOPIC, TRANSACTION_TOPIC, Topic};

/// Most partitions that one request may make, as in Kafka.
const MOST_PARTITIONS: i64 = 10_000;

/// A topic that is asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct NewTopic {
    pub(crate) name: String,
    /// None for the broker's default.
    pub(crate) partitions: Option<i32>,
    /// None for the broker's default.
    pub(crate) replication_factor: Option<i16>,
    /// Replicas by partition; none where the broker chooses.
    pub(crate) assignments: Option<BTreeMap<i32, Vec<i32>>>,
    pub(crate) configs: BTreeMap<String, Option<String>>,
}

impl NewTopic {
    /// A topic with the broker's defaults.
    pub(crate) fn by_default(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }
}

impl Controller {
    /// Makes a topic; with `validate_only` only says what it would be. `permit` is asked for the partitions of what could
    /// be made. Blocks until it is on disk.
    pub(crate) fn create_topic(
        &self,
        wanted: NewTopic,
        validate_only: bool,
        permit: impl FnOnce(usize) -> Result<(), ChangeError>,
    ) -> Result<Topic, ChangeError> {
        let mut state = self.state();
        name::check(&wanted.name)?;
        if self.topics.by_name(&wanted.name).is_some() {
            return Err(ChangeError::TopicExists { name: wanted.name });
        }
        name::check_collision(&wanted.name, &self.topics)?;
        let partitions = self.partition_count(&wanted)?;
        let configs = checked_configs(&wanted.configs)?;
        permit(usize::try_from(partitions).unwrap_or_default())?;
        let (id, name) = (random::uuid()?, wanted.name);
        let rules = self.rules(&configs);
        let mut topic = Topic { id, name, partitions: Vec::new(), configs };
        if validate_only {
            return Ok(topic);
        }
        let opened = OpenedTopic { name: &topic.name, id, rules: &rules };
        let created = self.create_partitions(opened, 0..partitions)?;
        state.commit(self.records(&topic, partitions)).inspect_err(|_| self.discard(created.iter()))?;
        topic.partitions = created;
        self.topics.put(topic.clone());
        tracing::info!(topic = %topic.name, topic_id = %id, partitions, "topic created");
        Ok(topic)
    }

    /// Makes a topic of the broker's own, or gives the one that is there.
    pub(crate) fn ensure_internal(&self, name: &str) -> Result<std::sync::Arc<Topic>, ChangeError> {
        if self.topics.by_name(name).is_none() {
            match self.create_topic(self.internal(name), false, |_| Ok(())) {
                Ok(_) | Err(ChangeError::TopicExists { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        self.topics.by_name(name).ok_or(ChangeError::UnknownTopic)
    }

    /// How an automatically made topic looks.
    pub(crate) fn internal(&self, name: &str) -> NewTopic {
        let (partitions, segment_bytes) = match name {
            GROUP_TOPIC => ("offsets.topic.num.partitions", "offsets.topic.segment.bytes"),
            TRANSACTION_TOPIC => {
                ("transaction.state.log.num.partitions", "transaction.state.log.segment.bytes")
            }
            other => return NewTopic::by_default(other),
        };
        let mut configs = BTreeMap::from([("cleanup.policy", "compact".to_owned())]);
        configs.insert("segment.bytes", self.settings.number(segment_bytes).to_string());
        configs.insert("compression.type", "producer".to_owned());
        if name == TRANSACTION_TOPIC {
            configs.insert("compression.type", "uncompressed".to_owned());
            configs.insert("min.insync.replicas", "1".to_owned());
            configs.insert("unclean.leader.election.enable", "false".to_owned());
        }
        NewTopic {
            name: name.to_owned(),
            partitions: i32::try_from(self.settings.number(partitions)).ok(),
            replication_factor: Some(1),
            assignments: None,
            configs: configs.into_iter().map(|(key, value)| (key.to_owned(), Some(value))).collect(),
        }
    }

    fn partition_count(&self, wanted: &NewTopic) -> Result<i32, ChangeError> {
        if let Some(assignments) = &wanted.assignments {
            return self.assigned_count(assignments);
        }
        let default = i32::try_from(self.settings.number("num.partitions")).unwrap_or(1);
        let partitions = wanted.partitions.unwrap_or(default);
        if partitions < 1 {
            let reason = "Number of partitions was set to an invalid non-positive value.".to_owned();
            return Err(ChangeError::InvalidPartitions { reason });
        }
        check_partitions(partitions.into())?;
        match wanted.replication_factor {
            None | Some(1) => Ok(partitions),
            Some(factor) => Err(ChangeError::InvalidReplicationFactor { factor }),
        }
    }

    fn assigned_count(&self, assignments: &BTreeMap<i32, Vec<i32>>) -> Result<i32, ChangeError> {
        let node_id = self.settings.node_id();
        assignments.values().try_for_each(|replicas| check_replicas(replicas, node_id))?;
        let is_numbered = (0..).zip(assignments.keys()).all(|(expected, found)| expected == *found);
        if !is_numbered {
            let reason = "partitions should be a consecutive 0-based integer sequence".to_owned();
            return Err(ChangeError::InvalidReplicaAssignment { reason });
        }
        let count = i32::try_from(assignments.len()).unwrap_or(i32::MAX);
        check_partitions(count.into()).map(|()| count)
    }

    fn records(&self, topic: &Topic, partitions: i32) -> Vec<MetadataRecord> {
        let mut records = vec![MetadataRecord::Topic { name: topic.name.clone(), id: topic.id }];
        for (name, value) in topic.configs.iter() {
            records.push(MetadataRecord::Config {
                resource_type: TOPIC_RESOURCE,
                resource: topic.name.clone(),
                name: name.to_owned(),
                value: Some(value.to_owned()),
            });
        }
        records.extend(self.partition_records(topic.id, 0..partitions));
        records
    }

    pub(super) fn partition_records(
        &self,
        topic_id: Uuid,
        indexes: std::ops::Range<i32>,
    ) -> impl Iterator<Item = MetadataRecord> {
        let replica = self.settings.node_id();
        indexes.map(move |index| MetadataRecord::Partition { topic_id, index, replica })
    }
}

/// Whether one request may make so many partitions.
pub(crate) fn check_partitions(count: i64) -> Result<(), ChangeError> {
    if count > MOST_PARTITIONS {
        let reason = "Excessively large number of partitions per request.".to_owned();
        return Err(ChangeError::Policy { reason });
    }
    Ok(())
}

/// Settings of a new topic.
fn checked_configs(configs: &BTreeMap<String, Option<String>>) -> Result<TopicConfigs, ChangeError> {
    let nulls: Vec<&str> =
        configs.iter().filter(|(_, value)| value.is_none()).map(|(name, _)| name.as_str()).collect();
    if !nulls.is_empty() {
        let reason = format!("Null value not supported for topic configs: {}", nulls.join(","));
        return Err(ChangeError::InvalidConfig { reason });
    }
    let given = configs.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_deref()?)));
    Ok(TopicConfigs::new(given)?)
}
