//! ConsumerGroupHeartbeat and ConsumerGroupDescribe.

use strait_wire::error_code::ErrorCode;
use strait_wire::message::consumer_group_describe::DescribedGroup;
use strait_wire::message::consumer_group_heartbeat::ConsumerGroupHeartbeatResponse;

use super::cluster::Cluster;
use super::consumer::{self, ConsumerGroup, ConsumerHeartbeat, Leaving, Refusal};
use super::effects::{Effects, Outcome};
use super::groups::Groups;
use crate::internal_record::GroupRecord;

impl Groups {
    /// Handles a ConsumerGroupHeartbeat. A refused one changes nothing.
    pub fn consumer_heartbeat(
        &mut self,
        heartbeat: ConsumerHeartbeat<'_>,
        cluster: &dyn Cluster,
        now_ms: i64,
    ) -> Outcome<ConsumerGroupHeartbeatResponse> {
        let mut effects = Effects::default();
        let handled = heartbeat.check().and_then(|()| match heartbeat.leaves() {
            true => self.consumer_leave(heartbeat, cluster, now_ms, &mut effects),
            false => self.consumer_beat(heartbeat, cluster, now_ms, &mut effects),
        });
        Outcome { response: handled.unwrap_or_else(Refusal::response), effects }
    }

    fn consumer_beat(
        &mut self,
        heartbeat: ConsumerHeartbeat<'_>,
        cluster: &dyn Cluster,
        now_ms: i64,
        effects: &mut Effects,
    ) -> Result<ConsumerGroupHeartbeatResponse, Refusal> {
        let id = heartbeat.request.group_id.as_str();
        if self.consumer.contains_key(id) {
            let handled = self
                .with_consumer(id, cluster, now_ms, effects, |group, work| group.heartbeat(heartbeat, work));
            return handled.unwrap_or_else(|| Err(not_found(id)));
        }
        // A group that is not there yet comes to be with its first member only.
        self.check_new_consumer(heartbeat)?;
        let mut group = ConsumerGroup::new(id.to_owned());
        let mut begun = Effects::default();
        let mut work = consumer::Work {
            settings: &self.settings,
            cluster,
            timers: &mut self.timers,
            effects: &mut begun,
            now_ms,
        };
        let response = group.heartbeat(heartbeat, &mut work)?;
        if self.classic.remove(id).is_some() {
            effects.records.push(GroupRecord::Group { group: id.to_owned(), value: None });
        }
        effects.records.extend(begun.records);
        self.consumer.insert(id.to_owned(), group);
        Ok(response)
    }

    /// A group may begin where none is, and where an empty classic one is.
    fn check_new_consumer(&self, heartbeat: ConsumerHeartbeat<'_>) -> Result<(), Refusal> {
        let id = heartbeat.request.group_id.as_str();
        match self.classic.get(id) {
            None if heartbeat.joins() => Ok(()),
            None => Err(not_found(id)),
            Some(group) if heartbeat.joins() && group.is_unused() => Ok(()),
            Some(_) => Err(no_consumer_group(id)),
        }
    }

    fn consumer_leave(
        &mut self,
        heartbeat: ConsumerHeartbeat<'_>,
        cluster: &dyn Cluster,
        now_ms: i64,
        effects: &mut Effects,
    ) -> Result<ConsumerGroupHeartbeatResponse, Refusal> {
        let id = heartbeat.request.group_id.as_str();
        let group = self.consumer_group(id)?;
        let leaving = group.check_leave(heartbeat)?;
        let member = heartbeat.request.member_id.clone();
        self.with_consumer(id, cluster, now_ms, effects, |group, work| match leaving {
            Leaving::Away => group.go_away(&member, work),
            Leaving::Gone => group.fence(&[member], work),
        });
        Ok(consumer::left(heartbeat))
    }

    fn consumer_group(&self, id: &str) -> Result<&ConsumerGroup, Refusal> {
        match (self.consumer.get(id), self.classic.get(id)) {
            (Some(group), _) => Ok(group),
            (None, Some(_)) => Err(no_consumer_group(id)),
            (None, None) => {
                Err(Refusal::new(ErrorCode::GROUP_ID_NOT_FOUND, format!("Group {id} not found.")))
            }
        }
    }

    /// What ConsumerGroupDescribe tells of a group.
    pub fn describe_consumer(&self, id: &str, cluster: &dyn Cluster) -> DescribedGroup {
        match self.consumer_group(id) {
            Ok(group) => group.describe(cluster),
            Err(refusal) => DescribedGroup {
                error_code: refusal.error.0,
                error_message: Some(refusal.message),
                group_id: id.to_owned(),
                ..DescribedGroup::default()
            },
        }
    }

    /// A consumer group without members gives way to a classic one.
    pub(super) fn make_way_for_classic(&mut self, id: &str, effects: &mut Effects) {
        if self.consumer.get(id).is_some_and(ConsumerGroup::is_empty) {
            self.remove_group(id, effects);
        }
    }

    /// Runs `act` on a consumer group that exists.
    pub(super) fn with_consumer<T>(
        &mut self,
        group: &str,
        cluster: &dyn Cluster,
        now_ms: i64,
        effects: &mut Effects,
        act: impl FnOnce(&mut ConsumerGroup, &mut consumer::Work<'_>) -> T,
    ) -> Option<T> {
        let group = self.consumer.get_mut(group)?;
        let (settings, timers) = (&self.settings, &mut self.timers);
        Some(act(group, &mut consumer::Work { settings, cluster, timers, effects, now_ms }))
    }
}

fn not_found(id: &str) -> Refusal {
    Refusal::new(ErrorCode::GROUP_ID_NOT_FOUND, format!("Consumer group {id} not found."))
}

fn no_consumer_group(id: &str) -> Refusal {
    Refusal::new(ErrorCode::GROUP_ID_NOT_FOUND, format!("Group {id} is not a consumer group."))
}
