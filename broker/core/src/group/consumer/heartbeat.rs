//! A heartbeat of a member: it joins or tells what changed, the target follows, and it gets its next step.

use strait_wire::error_code::ErrorCode;
use strait_wire::message::consumer_group_heartbeat::{ConsumerGroupHeartbeatResponse, TopicPartitions};

use super::member::{AWAY_EPOCH, sorted};
use super::partitions::{assignment, has_only, target_record};
use super::{ConsumerGroup, ConsumerHeartbeat, Current, Member, Refusal, Work, regex};
use crate::internal_record::ConsumerGroupChange;
use crate::internal_record::consumer_group::{
    ConsumerGroupMemberMetadataValue as MemberValue, ConsumerGroupTargetAssignmentMemberValue as TargetValue,
};

impl ConsumerGroup {
    /// Handles a heartbeat of a member that does not leave. A refused one changes nothing.
    pub(in crate::group) fn heartbeat(
        &mut self,
        heartbeat: ConsumerHeartbeat<'_>,
        work: &mut Work<'_>,
    ) -> Result<ConsumerGroupHeartbeatResponse, Refusal> {
        let request = heartbeat.request;
        self.check_room(&request.member_id, work.settings.consumer_max_size)?;
        let id = match request.member_id.as_str() {
            "" => heartbeat.new_member_id.to_string(),
            own => own.to_owned(),
        };
        let replaced = self.check_known(&id, heartbeat)?;
        let (before, metadata) = self.told(&id, replaced.as_deref(), heartbeat);
        self.check_regex(&metadata)?;

        if let Some(old) = replaced {
            self.replace(&old, &id, work);
        }
        let before_assigned =
            self.members.get(&id).map(|member| member.current.assigned.clone()).unwrap_or_default();
        let is_resubscribed = self.update_member(&id, before.as_ref(), metadata, heartbeat, work);
        self.update_target(work);
        self.reconcile(&id, is_resubscribed, heartbeat.reported(), work);
        self.heard(&id, work);

        let current = self.members.get(&id).map(|member| member.current.clone()).unwrap_or_default();
        let tells = heartbeat.is_full() || current.assigned != before_assigned;
        Ok(ConsumerGroupHeartbeatResponse {
            member_id: Some(id),
            member_epoch: current.epoch,
            heartbeat_interval_ms: work.cluster.consumer_times(&self.id).heartbeat_interval_ms,
            assignment: tells.then(|| assignment(&current.assigned)),
            ..Default::default()
        })
    }

    pub(super) fn check_room(&self, member: &str, max_size: usize) -> Result<(), Refusal> {
        if self.members.len() < max_size || self.members.contains_key(member) {
            return Ok(());
        }
        let message = format!("The consumer group has reached its maximum capacity of {max_size} members.");
        Err(Refusal::new(ErrorCode::GROUP_MAX_SIZE_REACHED, message))
    }

    /// Whether the member is who it says. Gives the id of the static member whose place it takes.
    fn check_known(&self, id: &str, heartbeat: ConsumerHeartbeat<'_>) -> Result<Option<String>, Refusal> {
        let (epoch, reported) = (heartbeat.request.member_epoch, heartbeat.reported());
        let known = match heartbeat.request.instance_id.as_deref() {
            None if heartbeat.joins() => return Ok(None),
            None => self.members.get(id).ok_or_else(|| Refusal::unknown_member(id, &self.id))?,
            Some(instance) if heartbeat.joins() => return self.replaced_by(id, instance),
            Some(instance) => self.static_member(instance, id)?,
        };
        check_epoch(&known.current, epoch, reported)?;
        Self::check_state(known, reported)?;
        Ok(None)
    }

    /// The member that holds a static member's name; it has to be the one that asks.
    pub(super) fn static_member(&self, instance: &str, id: &str) -> Result<&Member, Refusal> {
        let unknown =
            || Refusal::new(ErrorCode::UNKNOWN_MEMBER_ID, format!("Instance id {instance} is unknown."));
        let holder = self.static_members.get(instance).ok_or_else(unknown)?;
        if holder != id {
            let message =
                format!("Static member {id} with instance id {instance} was fenced by member {holder}.");
            return Err(Refusal::new(ErrorCode::FENCED_INSTANCE_ID, message));
        }
        self.members.get(holder).ok_or_else(unknown)
    }

    fn replaced_by(&self, id: &str, instance: &str) -> Result<Option<String>, Refusal> {
        let Some(holder) = self.static_members.get(instance) else { return Ok(None) };
        let is_free = self
            .members
            .get(holder)
            .is_none_or(|member| member.is_classic() || member.current.epoch == AWAY_EPOCH);
        if is_free {
            return Ok(Some(holder.clone()));
        }
        let message = format!(
            "Static member {id} with instance id {instance} cannot join the group because the instance id is \
             owned by {holder} member."
        );
        Err(Refusal::new(ErrorCode::UNRELEASED_INSTANCE_ID, message))
    }

    /// What the member said before, and what it says now. What a request leaves out stays as it was.
    fn told(
        &self,
        id: &str,
        replaced: Option<&str>,
        heartbeat: ConsumerHeartbeat<'_>,
    ) -> (Option<MemberValue>, MemberValue) {
        let request = heartbeat.request;
        let before = self.members.get(replaced.unwrap_or(id)).map(|member| member.metadata.clone());
        let mut metadata = before.clone().unwrap_or_else(|| Member::default().metadata);
        let replace = |old: &mut Option<String>, new: &Option<String>| {
            if new.is_some() {
                old.clone_from(new);
            }
        };
        replace(&mut metadata.instance_id, &request.instance_id);
        replace(&mut metadata.rack_id, &request.rack_id);
        replace(&mut metadata.server_assignor, &request.server_assignor);
        replace(&mut metadata.subscribed_topic_regex, &request.subscribed_topic_regex);
        if request.rebalance_timeout_ms != -1 {
            metadata.rebalance_timeout_ms = request.rebalance_timeout_ms;
        }
        if let Some(names) = &request.subscribed_topic_names {
            metadata.subscribed_topic_names = sorted(names);
        }
        metadata.client_id = heartbeat.caller.client_id.to_owned();
        metadata.client_host = heartbeat.caller.client_host.to_owned();
        metadata.classic_member_metadata = None;
        (before, metadata)
    }

    fn check_regex(&self, metadata: &MemberValue) -> Result<(), Refusal> {
        match metadata.subscribed_topic_regex.as_deref() {
            None | Some("") => Ok(()),
            Some(known) if self.regexes.contains_key(known) => Ok(()),
            Some(new) => regex::compile(new).map(|_| ()),
        }
    }

    /// A static member came back under a new id: it takes over what the old one shall have and has.
    pub(super) fn replace(&mut self, old: &str, id: &str, work: &mut Work<'_>) {
        let Some(Member { metadata, current }) = self.members.get(old).cloned() else { return };
        let target = self.targets.get(old).cloned().unwrap_or_default();
        self.write_removal(old, work);
        work.timers.cancel(&self.session_key(old));
        work.timers.cancel(&self.rebalance_key(old));
        let current = Current { epoch: 0, previous_epoch: 0, ..current };
        let topic_partitions = target_record(&target);
        let member = id.to_owned();
        self.write(ConsumerGroupChange::Member { member: member.clone(), value: Some(metadata) }, work);
        let value = Some(TargetValue { topic_partitions });
        self.write(ConsumerGroupChange::Target { member: member.clone(), value }, work);
        self.write(ConsumerGroupChange::Current { member, value: Some(current.record()) }, work);
    }

    /// Notes what the member says, and begins an epoch where that or the topics changed. Whether it reads other topics.
    fn update_member(
        &mut self,
        id: &str,
        before: Option<&MemberValue>,
        metadata: MemberValue,
        heartbeat: ConsumerHeartbeat<'_>,
        work: &mut Work<'_>,
    ) -> bool {
        let none = Member::default().metadata;
        let said = before.unwrap_or(&none);
        let names_changed = said.subscribed_topic_names != metadata.subscribed_topic_names;
        let regex_changed = said.subscribed_topic_regex != metadata.subscribed_topic_regex;
        if before != Some(&metadata) {
            let member = id.to_owned();
            self.write(ConsumerGroupChange::Member { member, value: Some(metadata) }, work);
        }
        if regex_changed {
            self.drop_regex(said.subscribed_topic_regex.as_deref(), work);
        }
        let resolved = self.resolve_regexes(heartbeat, work);
        let is_first = self.assignment_epoch == 0;
        self.refresh(is_first || names_changed || regex_changed || resolved, work);
        names_changed || regex_changed
    }
}

/// A member may be one epoch behind when an answer was lost, as long as it has nothing that it should not have.
fn check_epoch(current: &Current, epoch: i32, reported: Option<&[TopicPartitions]>) -> Result<(), Refusal> {
    let known = current.epoch;
    let is_repeat = epoch == current.previous_epoch && has_only(reported, &current.assigned);
    let relation = match epoch.cmp(&known) {
        std::cmp::Ordering::Equal => return Ok(()),
        std::cmp::Ordering::Less if is_repeat => return Ok(()),
        std::cmp::Ordering::Less => "smaller",
        std::cmp::Ordering::Greater => "greater",
    };
    let message = format!(
        "The consumer group member has a {relation} member epoch ({epoch}) than the one known by the group \
         coordinator ({known}). The member must abandon all its partitions and rejoin."
    );
    Err(Refusal::new(ErrorCode::FENCED_MEMBER_EPOCH, message))
}
