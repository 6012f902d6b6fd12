//! Consumer groups: joins, revocation before assignment, fencing, static members, expressions, commits.

use std::collections::BTreeSet;

use strait_wire::ids::Uuid;
use strait_wire::message::consumer_group_heartbeat::{
    ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, TopicPartitions,
};
use strait_wire::message::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use strait_wire::message::offset_fetch::OffsetFetchRequestGroup;

use super::*;

pub(super) type Set = BTreeSet<(Uuid, i32)>;

/// What a test heartbeats with.
pub(super) fn beat(member: &str, epoch: i32) -> ConsumerGroupHeartbeatRequest {
    ConsumerGroupHeartbeatRequest {
        group_id: GROUP.to_owned(),
        member_id: member.to_owned(),
        member_epoch: epoch,
        ..Default::default()
    }
}

pub(super) fn joining(member: &str, topics: &[&str]) -> ConsumerGroupHeartbeatRequest {
    ConsumerGroupHeartbeatRequest {
        rebalance_timeout_ms: REBALANCE,
        subscribed_topic_names: Some(topics.iter().map(|topic| (*topic).to_owned()).collect()),
        topic_partitions: Some(Vec::new()),
        ..beat(member, 0)
    }
}

fn matching(member: &str, regex: &str) -> ConsumerGroupHeartbeatRequest {
    ConsumerGroupHeartbeatRequest { subscribed_topic_regex: Some(regex.to_owned()), ..joining(member, &[]) }
}

pub(super) fn having(
    request: ConsumerGroupHeartbeatRequest,
    partitions: &Set,
) -> ConsumerGroupHeartbeatRequest {
    let mut topics: Vec<TopicPartitions> = Vec::new();
    for (topic_id, partition) in partitions {
        match topics.last_mut().filter(|last| last.topic_id == *topic_id) {
            Some(last) => last.partitions.push(*partition),
            None => topics.push(TopicPartitions { topic_id: *topic_id, partitions: vec![*partition] }),
        }
    }
    ConsumerGroupHeartbeatRequest { topic_partitions: Some(topics), ..request }
}

pub(super) fn given(response: &ConsumerGroupHeartbeatResponse) -> Option<Set> {
    let topics = response.assignment.as_ref()?.topic_partitions.iter();
    Some(topics.flat_map(|topic| topic.partitions.iter().map(|one| (topic.topic_id, *one))).collect())
}

impl Shard {
    pub(super) fn consumer(
        &mut self,
        request: &ConsumerGroupHeartbeatRequest,
    ) -> ConsumerGroupHeartbeatResponse {
        let caller = Caller { version: 1, client_id: "c", client_host: "/127.0.0.1" };
        let may_describe = |topic: &str| !topic.starts_with("secret");
        let new_member_id = Uuid([9; 16]);
        let heartbeat = ConsumerHeartbeat { request, caller, new_member_id, may_describe: &may_describe };
        let outcome = self.groups.consumer_heartbeat(heartbeat, &self.cluster, self.now_ms);
        if outcome.response.error_code != 0 {
            assert_eq!(outcome.effects, Effects::default(), "a refused heartbeat changes nothing");
        }
        self.perform(outcome.effects, None);
        assert_eq!(
            self.reloaded().consumer(GROUP),
            self.groups.consumer(GROUP),
            "the log gives the same group"
        );
        outcome.response
    }

    fn refused(&mut self, request: &ConsumerGroupHeartbeatRequest) -> ErrorCode {
        ErrorCode(self.consumer(request).error_code)
    }

    fn consumer_state(&self) -> Option<ConsumerState> {
        self.groups.consumer(GROUP).map(ConsumerGroup::state)
    }

    fn commit_for(&mut self, member: &str, epoch: i32, partition: i32, version: i16) -> ErrorCode {
        let partition = OffsetCommitRequestPartition {
            partition_index: partition,
            committed_offset: 7,
            ..Default::default()
        };
        let topic = OffsetCommitRequestTopic {
            name: "t".to_owned(),
            partitions: vec![partition],
            ..Default::default()
        };
        let request = OffsetCommitRequest {
            group_id: GROUP.to_owned(),
            generation_id_or_member_epoch: epoch,
            member_id: member.to_owned(),
            topics: vec![topic],
            ..OffsetCommitRequest::default()
        };
        let outcome = self.groups.commit(&request, version, &self.cluster, self.now_ms);
        self.perform(outcome.effects, None);
        ErrorCode(outcome.response.topics[0].partitions[0].error_code)
    }

    fn fetch_as(&self, member: Option<&str>, epoch: i32) -> ErrorCode {
        let request = OffsetFetchRequestGroup {
            group_id: GROUP.to_owned(),
            member_id: member.map(str::to_owned),
            member_epoch: epoch,
            ..Default::default()
        };
        ErrorCode(self.groups.fetch(&request, false).error_code)
    }
}

fn set(topic: Uuid, partitions: impl IntoIterator<Item = i32>) -> Set {
    partitions.into_iter().map(|partition| (topic, partition)).collect()
}

fn shard() -> (Shard, Uuid) {
    let mut shard = Shard::new();
    let topic = shard.cluster.put("t", 4);
    (shard, topic)
}

#[test]
fn a_second_member_waits_until_the_first_gave_away() {
    let (mut shard, topic) = shard();
    let first = shard.consumer(&joining("a", &["t"]));
    assert_eq!((first.member_epoch, first.heartbeat_interval_ms), (2, 5_000));
    assert_eq!(given(&first), Some(set(topic, 0..4)));
    assert_eq!(shard.consumer_state(), Some(ConsumerState::Stable));

    shard.pass(2_000);
    let second = shard.consumer(&joining("b", &["t"]));
    assert_eq!((second.member_epoch, given(&second)), (3, Some(Set::new())));
    assert_eq!(shard.consumer_state(), Some(ConsumerState::Reconciling));

    let told = shard.consumer(&beat("a", 2));
    assert_eq!((told.member_epoch, given(&told)), (2, Some(set(topic, 0..2))), "it has to give away first");
    assert_eq!(given(&shard.consumer(&beat("a", 2))), None, "it is told once");
    assert_eq!(given(&shard.consumer(&beat("b", 3))), None, "nothing is free yet");
    let done = shard.consumer(&having(beat("a", 2), &set(topic, 0..2)));
    assert_eq!(done.member_epoch, 3);
    let got = shard.consumer(&beat("b", 3));
    assert_eq!(given(&got), Some(set(topic, 2..4)));
    assert_eq!(shard.consumer_state(), Some(ConsumerState::Stable));
}

#[test]
fn requests_that_make_no_sense() {
    let (mut shard, _) = shard();
    let base = joining("a", &["t"]);
    let cases = [
        (
            ConsumerGroupHeartbeatRequest { group_id: String::new(), ..base.clone() },
            ErrorCode::INVALID_REQUEST,
        ),
        (
            ConsumerGroupHeartbeatRequest { member_id: String::new(), ..base.clone() },
            ErrorCode::INVALID_REQUEST,
        ),
        (
            ConsumerGroupHeartbeatRequest { instance_id: Some(String::new()), ..base.clone() },
            ErrorCode::INVALID_REQUEST,
        ),
        (
            ConsumerGroupHeartbeatRequest { rack_id: Some(" ".to_owned()), ..base.clone() },
            ErrorCode::INVALID_REQUEST,
        ),
        (
            ConsumerGroupHeartbeatRequest { rebalance_timeout_ms: -1, ..base.clone() },
            ErrorCode::INVALID_REQUEST,
        ),
        (
            ConsumerGroupHeartbeatRequest { topic_partitions: None, ..base.clone() },
            ErrorCode::INVALID_REQUEST,
        ),
        (
            ConsumerGroupHeartbeatRequest { subscribed_topic_names: None, ..base.clone() },
            ErrorCode::INVALID_REQUEST,
        ),
        (beat("a", -3), ErrorCode::INVALID_REQUEST),
        (beat("a", -2), ErrorCode::INVALID_REQUEST),
        (
            ConsumerGroupHeartbeatRequest { server_assignor: Some("x".to_owned()), ..base },
            ErrorCode::UNSUPPORTED_ASSIGNOR,
        ),
        (matching("a", "["), ErrorCode::INVALID_REGULAR_EXPRESSION),
        (matching("a", "a)|(b"), ErrorCode::INVALID_REGULAR_EXPRESSION),
        (beat("a", 2), ErrorCode::GROUP_ID_NOT_FOUND),
        (beat("a", -1), ErrorCode::GROUP_ID_NOT_FOUND),
    ];
    for (request, error) in cases {
        assert_eq!(shard.refused(&request), error, "{request:?}");
        assert!(shard.groups.consumer(GROUP).is_none());
    }
}

#[test]
fn members_are_fenced_by_their_epoch() {
    let (mut shard, topic) = shard();
    shard.consumer(&joining("a", &["t"]));
    shard.pass(2_000);
    shard.consumer(&joining("b", &["t"]));
    assert_eq!(shard.refused(&beat("other", 2)), ErrorCode::UNKNOWN_MEMBER_ID);
    assert_eq!(shard.refused(&beat("a", 3)), ErrorCode::FENCED_MEMBER_EPOCH);
    shard.consumer(&beat("a", 2));
    let kept = set(topic, 0..2);
    assert_eq!(shard.consumer(&having(beat("a", 2), &kept)).member_epoch, 3);
    // The answer was lost: the member comes with the epoch before.
    assert_eq!(shard.consumer(&having(beat("a", 2), &kept)).member_epoch, 3);
    assert_eq!(shard.refused(&having(beat("a", 2), &set(topic, 0..4))), ErrorCode::FENCED_MEMBER_EPOCH);
    assert_eq!(shard.refused(&beat("a", 2)), ErrorCode::FENCED_MEMBER_EPOCH);
    // Whoever begins anew keeps its place.
    let again = shard.consumer(&joining("a", &["t"]));
    assert_eq!((again.member_epoch, given(&again)), (3, Some(kept)));
}

#[test]
fn silent_and_slow_members_are_thrown_out() {
    let (mut shard, topic) = shard();
    shard.consumer(&joining("a", &["t"]));
    shard.pass(2_000);
    shard.consumer(&joining("b", &["t"]));
    shard.consumer(&beat("a", 2));
    for _ in 0..6 {
        shard.pass(10_000);
        if shard.groups.consumer(GROUP).is_some_and(|group| group.epoch() > 3) {
            break;
        }
        shard.consumer(&beat("a", 2));
        shard.consumer(&beat("b", 3));
    }
    assert_eq!(shard.refused(&beat("a", 2)), ErrorCode::UNKNOWN_MEMBER_ID, "it never gave away");
    assert_eq!(given(&shard.consumer(&beat("b", 3))), Some(set(topic, 0..4)));
    shard.pass(46_000);
    assert_eq!(shard.consumer_state(), Some(ConsumerState::Empty));
    assert_eq!(shard.reloaded().consumer(GROUP), shard.groups.consumer(GROUP));
}

#[test]
fn a_static_member_keeps_its_place() {
    let (mut shard, topic) = shard();
    let named = |member: &str, epoch| {
        let request = if epoch == 0 { joining(member, &["t"]) } else { beat(member, epoch) };
        ConsumerGroupHeartbeatRequest { instance_id: Some("i".to_owned()), ..request }
    };
    shard.consumer(&named("a", 0));
    assert_eq!(shard.refused(&named("b", 0)), ErrorCode::UNRELEASED_INSTANCE_ID);
    assert_eq!(shard.refused(&named("b", 2)), ErrorCode::FENCED_INSTANCE_ID);
    let away = shard.consumer(&named("a", -2));
    assert_eq!((away.member_epoch, shard.generation_of_group()), (-2, 2), "no rebalance");
    let back = shard.consumer(&named("b", 0));
    assert_eq!((back.member_epoch, given(&back)), (2, Some(set(topic, 0..4))));
    assert_eq!(shard.refused(&named("a", 2)), ErrorCode::FENCED_INSTANCE_ID);
    assert_eq!(shard.refused(&beat("a", 2)), ErrorCode::UNKNOWN_MEMBER_ID);
    shard.consumer(&named("b", -2));
    shard.pass(46_000);
    assert_eq!(shard.consumer_state(), Some(ConsumerState::Empty), "it did not come back");
}

impl Shard {
    fn generation_of_group(&self) -> i32 {
        self.groups.consumer(GROUP).map_or(-1, ConsumerGroup::epoch)
    }
}

#[test]
fn expressions_follow_topics() {
    let (mut shard, topic) = shard();
    shard.cluster.put("secret-t", 1);
    let first = shard.consumer(&matching("a", "t|secret.*|new.*"));
    assert_eq!(given(&first), Some(set(topic, 0..4)), "only what the client may know of, by its whole name");
    let new = shard.cluster.put("new", 1);
    shard.cluster.put("not-new", 1);
    shard.pass(11_000);
    let mut all = set(topic, 0..4);
    all.insert((new, 0));
    assert_eq!(given(&shard.consumer(&beat("a", 2))), Some(all));
    // Another topic makes no difference.
    shard.cluster.put("other", 1);
    shard.pass(11_000);
    assert_eq!(given(&shard.consumer(&beat("a", 3))), None);
    assert_eq!(shard.generation_of_group(), 3);
    shard.cluster.remove("t");
    shard.pass(11_000);
    let less = shard.consumer(&beat("a", 3));
    assert_eq!(given(&less), Some(set(new, [0])));
    let by_name = ConsumerGroupHeartbeatRequest {
        subscribed_topic_names: Some(vec!["new".to_owned()]),
        subscribed_topic_regex: Some(String::new()),
        ..having(beat("a", 3), &set(new, [0]))
    };
    shard.pass(2_000);
    assert_eq!(shard.consumer(&by_name).error_code, 0);
    let removed = shard.log.iter().rev().find_map(|(record, _)| match record {
        GroupRecord::Consumer(record) => match &record.change {
            crate::internal_record::ConsumerGroupChange::Regex { value, .. } => Some(value.is_none()),
            _ => None,
        },
        _ => None,
    });
    assert_eq!(removed, Some(true));
}

#[test]
fn topics_that_come_grow_and_go() {
    let (mut shard, topic) = shard();
    shard.consumer(&joining("a", &["t", "later"]));
    shard.cluster.put("t", 6);
    shard.pass(2_000);
    assert_eq!(given(&shard.consumer(&beat("a", 2))), Some(set(topic, 0..6)));
    let later = shard.cluster.put("later", 1);
    shard.pass(2_000);
    let mut all = set(topic, 0..6);
    all.insert((later, 0));
    assert_eq!(given(&shard.consumer(&beat("a", 3))), Some(all));
    shard.cluster.remove("t");
    shard.pass(2_000);
    assert_eq!(given(&shard.consumer(&beat("a", 4))), Some(set(later, [0])));
    assert_eq!(shard.consumer(&having(beat("a", 4), &set(later, [0]))).member_epoch, 5);
}

#[test]
fn a_new_assignment_waits_for_its_interval() {
    let (mut shard, topic) = shard();
    shard.consumer(&joining("a", &["t"]));
    let second = shard.consumer(&joining("b", &["t"]));
    assert_eq!((second.member_epoch, given(&second)), (2, Some(Set::new())));
    assert_eq!(shard.consumer_state(), Some(ConsumerState::Assigning));
    shard.pass(1_000);
    assert_eq!(given(&shard.consumer(&beat("a", 2))), Some(set(topic, 0..2)));
}

#[test]
fn commits_and_fetches_need_the_epoch() {
    let (mut shard, topic) = shard();
    shard.consumer(&joining("a", &["t"]));
    shard.pass(2_000);
    shard.consumer(&joining("b", &["t"]));
    shard.consumer(&beat("a", 2));
    assert_eq!(shard.commit_for("a", 2, 3, 9), ErrorCode::NONE, "what it gives away is its own until then");
    shard.consumer(&having(beat("a", 2), &set(topic, 0..2)));
    assert_eq!(given(&shard.consumer(&beat("b", 3))), Some(set(topic, 2..4)));
    for (member, epoch, partition, version, code) in [
        ("a", 3, 0, 9, ErrorCode::NONE),
        ("a", 2, 0, 9, ErrorCode::NONE),
        ("a", 2, 3, 9, ErrorCode::STALE_MEMBER_EPOCH),
        ("a", 4, 0, 9, ErrorCode::STALE_MEMBER_EPOCH),
        ("b", 2, 3, 9, ErrorCode::STALE_MEMBER_EPOCH),
        ("other", 3, 0, 9, ErrorCode::UNKNOWN_MEMBER_ID),
        ("", -1, 0, 9, ErrorCode::UNKNOWN_MEMBER_ID),
        ("a", 3, 0, 8, ErrorCode::UNSUPPORTED_VERSION),
    ] {
        assert_eq!(shard.commit_for(member, epoch, partition, version), code, "{member} {epoch} {partition}");
    }
    for (member, epoch, code) in [
        (Some("a"), 3, ErrorCode::NONE),
        (Some("a"), 2, ErrorCode::STALE_MEMBER_EPOCH),
        (Some("other"), 3, ErrorCode::UNKNOWN_MEMBER_ID),
        (None, -1, ErrorCode::NONE),
    ] {
        assert_eq!(shard.fetch_as(member, epoch), code, "{member:?} {epoch}");
    }
}

#[test]
fn administrators_see_and_delete_it() {
    let (mut shard, topic) = shard();
    shard.consumer(&joining("a", &["t"]));
    let listed = shard.groups.list(&["stable".to_owned()], &["Consumer".to_owned()]);
    let names: Vec<_> =
        listed.iter().map(|group| (group.group_id.as_str(), group.protocol_type.as_str())).collect();
    assert_eq!(names, [(GROUP, "consumer")]);
    let described = shard.groups.describe_consumer(GROUP, &shard.cluster);
    assert_eq!((described.group_epoch, described.assignment_epoch), (2, 2));
    assert_eq!(described.assignor_name, "uniform");
    let assigned = &described.members[0].assignment.topic_partitions[0];
    assert_eq!((assigned.topic_id, assigned.topic_name.as_str(), assigned.partitions.len()), (topic, "t", 4));
    let classic = shard.groups.describe(GROUP, 6);
    assert_eq!(classic.error_code, ErrorCode::GROUP_ID_NOT_FOUND.0);
    assert_eq!(classic.error_message.as_deref(), Some("Group g is not a classic group."));
    assert_eq!(shard.groups.delete(GROUP).response, ErrorCode::NON_EMPTY_GROUP);
    shard.commit_for("a", 2, 0, 9);
    shard.consumer(&beat("a", -1));
    let deleted = shard.groups.delete(GROUP);
    assert_eq!(deleted.response, ErrorCode::NONE);
    shard.perform(deleted.effects, None);
    let reloaded = shard.reloaded();
    assert_eq!(reloaded.list(&[], &[]), []);
    assert_eq!(reloaded.offsets().of_group(GROUP).count(), 0);
}

#[test]
fn empty_groups_change_their_type() {
    let (mut shard, topic) = shard();
    shard.commit("", -1, 7);
    let first = shard.consumer(&joining("a", &["t"]));
    assert_eq!(given(&first), Some(set(topic, 0..4)));
    assert!(shard.groups.classic(GROUP).is_none());
    assert_eq!(shard.groups.offsets().of_group(GROUP).count(), 1, "offsets stay");
    shard.consumer(&beat("a", -1));
    shard.stable(1);
    assert!(shard.groups.consumer(GROUP).is_none());
    let reloaded = shard.reloaded();
    assert!(reloaded.consumer(GROUP).is_none() && reloaded.classic(GROUP).is_some());
    assert_eq!(reloaded.offsets().of_group(GROUP).count(), 1);
}

#[test]
fn a_group_has_a_largest_size() {
    let mut shard = Shard::with(GroupSettings { consumer_max_size: 1, ..GroupSettings::default() });
    shard.cluster.put("t", 4);
    shard.consumer(&joining("a", &["t"]));
    assert_eq!(shard.refused(&joining("b", &["t"])), ErrorCode::GROUP_MAX_SIZE_REACHED);
    assert_eq!(shard.consumer(&joining("a", &["t"])).error_code, 0);
}
