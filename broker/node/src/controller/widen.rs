//! More partitions for a topic.

use super::assignment::check_replicas;
use super::open::OpenedTopic;
use super::{ChangeError, Controller};
use crate::topics::Topic;

impl Controller {
    /// Gives a topic `count` partitions in all. `assignments` are the replicas of the new ones, where they were given.
    /// `permit` is asked for the new ones.
    pub(crate) fn widen_topic(
        &self,
        name: &str,
        count: i32,
        assignments: Option<&[Vec<i32>]>,
        validate_only: bool,
        permit: impl FnOnce(usize) -> Result<(), ChangeError>,
    ) -> Result<(), ChangeError> {
        let mut state = self.state();
        let topic = self.topics.by_name(name).ok_or(ChangeError::UnknownTopic)?;
        let present = i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX);
        check_count(name, present, count)?;
        self.check_assignments(count - present, assignments)?;
        permit(usize::try_from(count - present).unwrap_or_default())?;
        if validate_only {
            return Ok(());
        }
        let added = present..count;
        let rules = self.rules(&topic.configs);
        let opened = OpenedTopic { name, id: topic.id, rules: &rules };
        let created = self.create_partitions(opened, added.clone())?;
        let committed = state.commit(self.partition_records(topic.id, added).collect());
        committed.inspect_err(|_| self.discard(created.iter()))?;
        let mut wider = Topic::clone(&topic);
        wider.partitions.extend(created);
        self.topics.put(wider);
        tracing::info!(topic = name, partitions = count, "topic widened");
        Ok(())
    }

    fn check_assignments(&self, added: i32, assignments: Option<&[Vec<i32>]>) -> Result<(), ChangeError> {
        let Some(assignments) = assignments else { return Ok(()) };
        if i32::try_from(assignments.len()).ok() != Some(added) {
            let reason = format!(
                "Attempted to add {added} additional partition(s), but only {} assignment(s) were specified.",
                assignments.len()
            );
            return Err(ChangeError::InvalidReplicaAssignment { reason });
        }
        let node_id = self.settings.node_id();
        assignments.iter().try_for_each(|replicas| check_replicas(replicas, node_id))
    }
}

fn check_count(name: &str, present: i32, count: i32) -> Result<(), ChangeError> {
    let refused = |reason| Err(ChangeError::InvalidPartitions { reason });
    if count < present {
        return refused(format!(
            "The topic {name} currently has {present} partition(s); {count} would not be an increase."
        ));
    }
    if count == present {
        return refused(format!("Topic already has {present} partition(s)."));
    }
    if count - present > 10_000 {
        return refused(format!("Excessively large number of new partitions: {}", count - present));
    }
    Ok(())
}
