//! Creating, widening and configuring remote topics, as the topic plan says.

use std::collections::BTreeMap;

use strait_client::{BrokerError, Cluster, Metadata, NewPartitions, NewTopic, TopicConfigChange};
use strait_replicator_core::topic_plan::{
    ConfigChange, SourceTopic, TargetTopic, TopicAction, TopicConflict, plan,
};
use strait_wire::error_code::ErrorCode;
use tracing::{error, info, warn};

use super::{PlanError, Planner, Selected};

/// Records of the metadata log that one request may cause; a controller refuses above 10,000 (`QuorumController`).
const RECORDS_OF_REQUEST: usize = 4_000;

/// What the plan asks for, by request.
#[derive(Default)]
struct Requests {
    create: Vec<NewTopic>,
    widen: Vec<NewPartitions>,
    alter: Vec<TopicConfigChange>,
}

impl Planner {
    /// Brings remote topics in line with the source's; true when topics changed. The first share does this for all.
    pub(super) async fn apply(
        &mut self,
        selected: &[Selected<'_>],
        target: &Metadata,
    ) -> Result<bool, PlanError> {
        let drift = self.find_drift(selected);
        let requests = self.requests(selected, target);
        if !self.parts.part.is_first() {
            return Ok(false);
        }
        let cluster = self.parts.target.clone();
        let mut changed = false;
        let weight = |topic: &NewTopic| topic.configs.len() + count(topic.partitions);
        for topics in in_requests(requests.create, weight) {
            let results = cluster.create_topics(topics, false).await.map_err(PlanError::Target)?;
            for (topic, result) in results {
                changed |= self.say("remote topic is created", &topic, result.err());
            }
        }
        for topics in in_requests(requests.widen, |topic| count(topic.total)) {
            let results = cluster.create_partitions(topics).await.map_err(PlanError::Target)?;
            for (topic, result) in results {
                changed |= self.say("remote topic is widened", &topic, result.err());
            }
        }
        let refused = self.alter(&cluster, &requests.alter).await?;
        self.show_drift(drift, &refused);
        Ok(changed)
    }

    /// Writes settings; gives the topics whose settings the target does not let be changed.
    async fn alter(
        &mut self,
        cluster: &Cluster,
        changes: &[TopicConfigChange],
    ) -> Result<BTreeMap<String, BrokerError>, PlanError> {
        let mut refused = BTreeMap::new();
        if changes.is_empty() {
            return Ok(refused);
        }
        let settings: BTreeMap<&str, usize> = changes
            .iter()
            .map(|change| (change.topic.as_str(), change.set.len() + change.delete.len()))
            .collect();
        let altered = cluster.incremental_alter_configs(changes, false).await;
        for (topic, result) in altered.map_err(PlanError::Target)? {
            self.settings.target.remove(&topic);
            let error = result.err();
            if self.say("settings of remote topic are changed", &topic, error.clone()) {
                self.written += settings.get(topic.as_str()).copied().unwrap_or(0) as u64;
            }
            refused.extend(error.map(|error| (topic, error)));
        }
        Ok(refused)
    }

    fn requests(&mut self, selected: &[Selected<'_>], target: &Metadata) -> Requests {
        let sources: Vec<SourceTopic> = selected.iter().map(|selected| self.source_topic(selected)).collect();
        let targets = selected.iter().filter_map(|selected| {
            let topic = target.topics.get(&selected.remote)?;
            let configs = self.settings.target.get(&selected.remote).cloned();
            let partitions = i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX);
            let configs = configs.filter(|_| self.parts.flow.sync_topic_configs);
            Some((selected.remote.clone(), TargetTopic { partitions, configs }))
        });
        let targets: BTreeMap<String, TargetTopic> = targets.collect();
        let mut requests = Requests::default();
        self.conflicts.clear();
        for action in plan(&sources, &targets, &self.parts.rules) {
            match action {
                TopicAction::Create { remote_topic, partitions, replication_factor, configs } => {
                    let name = remote_topic;
                    requests.create.push(NewTopic { name, partitions, replication_factor, configs });
                }
                TopicAction::Widen { remote_topic, to, .. } => {
                    requests.widen.push(NewPartitions { topic: remote_topic, total: to });
                }
                TopicAction::AlterConfigs { remote_topic, changes } => {
                    requests.alter.push(change_of(remote_topic, changes));
                }
                TopicAction::Conflict { remote_topic, conflict } => {
                    self.on_conflict(remote_topic, &conflict);
                }
            }
        }
        requests
    }

    fn source_topic(&mut self, selected: &Selected<'_>) -> SourceTopic {
        let flow = self.parts.flow.id();
        let (said, is_first) = (&mut self.said, self.parts.part.is_first());
        let configs = self.settings.of_source(&selected.topic.name, |entry| {
            if is_first && said.insert(format!("{}: {}", selected.remote, entry.name)) {
                let (topic, setting) = (&selected.remote, &entry.name);
                warn!(flow, %topic, %setting, "the target does not know a setting of the source topic, it is left out");
            }
        });
        SourceTopic {
            name: selected.topic.name.clone(),
            remote_name: selected.remote.clone(),
            partitions: i32::try_from(selected.topic.partitions.len()).unwrap_or(i32::MAX),
            configs,
        }
    }

    /// A wider remote topic is only odd; the other conflicts keep its topics from being copied.
    fn on_conflict(&mut self, remote_topic: String, conflict: &TopicConflict) {
        let flow = self.parts.flow.id();
        let is_new = self.parts.part.is_first() && self.said.insert(format!("{remote_topic}: {conflict}"));
        if matches!(conflict, TopicConflict::TargetIsWider { .. }) {
            if is_new {
                warn!(flow, topic = %remote_topic, %conflict, "remote topic differs");
            }
            return;
        }
        if is_new {
            error!(flow, topic = %remote_topic, %conflict, "topic is not copied");
        }
        self.conflicts.insert(remote_topic);
    }

    /// Logs one result of an administration request, an error once; true when the topic is there.
    fn say(&mut self, what: &str, topic: &str, error: Option<BrokerError>) -> bool {
        let flow = self.parts.flow.id();
        match error {
            None => {
                info!(flow, topic, "{what}");
                true
            }
            Some(error) if error.code == ErrorCode::TOPIC_ALREADY_EXISTS => true,
            Some(error) => {
                if self.said.insert(format!("{topic}: {what}: {error}")) {
                    error!(flow, topic, %error, "not done: {what}");
                }
                self.parts.status.update_part(&self.parts.part, |part| {
                    part.last_error = Some(format!("not done: {what}: {topic}: {error}"));
                });
                false
            }
        }
    }
}

fn count(partitions: i32) -> usize {
    usize::try_from(partitions).unwrap_or(0)
}

/// Items in requests of at most [`RECORDS_OF_REQUEST`], each with one item at least.
fn in_requests<T>(items: Vec<T>, weight: impl Fn(&T) -> usize) -> Vec<Vec<T>> {
    let (mut requests, mut left) = (Vec::<Vec<T>>::new(), 0);
    for item in items {
        let records = 1 + weight(&item);
        match requests.last_mut().filter(|_| records <= left) {
            Some(request) => request.push(item),
            None => {
                left = RECORDS_OF_REQUEST;
                requests.push(vec![item]);
            }
        }
        left = left.saturating_sub(records);
    }
    requests
}

fn change_of(topic: String, changes: BTreeMap<String, ConfigChange>) -> TopicConfigChange {
    let mut change = TopicConfigChange { topic, ..TopicConfigChange::default() };
    for (name, wanted) in changes {
        match wanted {
            ConfigChange::Set { value } => {
                change.set.insert(name, value);
            }
            ConfigChange::Delete => change.delete.push(name),
        }
    }
    change
}

#[cfg(test)]
mod tests {
    use super::{RECORDS_OF_REQUEST, in_requests};

    #[test]
    fn requests_stay_below_what_a_controller_takes() {
        let split = |weights: Vec<usize>| in_requests(weights, |weight| *weight);
        assert!(split(Vec::new()).is_empty());
        assert_eq!(split(vec![1_000; 9]), [vec![1_000; 3], vec![1_000; 3], vec![1_000; 3]]);
        assert_eq!(split(vec![RECORDS_OF_REQUEST * 2, 1, 1]), [vec![RECORDS_OF_REQUEST * 2], vec![1, 1]]);
        assert_eq!(split(vec![RECORDS_OF_REQUEST - 1, 1]), [vec![RECORDS_OF_REQUEST - 1], vec![1]]);
    }
}
